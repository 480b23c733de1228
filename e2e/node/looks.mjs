// Looks at the inspector's views in the dark, on a narrow screen and on a wall.
import { ask, config, origin, until, wait } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { browser, context, page, watch, step, sound, picture, total, api } = await openInspector();

const screens = [['dark', 'narrow', 400, 800], ['dark', 'wall', 2560, 1440], ['dark', 'desk', 1440, 900], ['light', 'narrow', 400, 800]];
const views = [['list', () => '', '.row'], ['details', () => `#x=${noted}`, '.note'], ['overview', () => '#view=overview', '.figure']];
let noted; // the number of an exchange with notes

await step('exchanges to look at', async () => {
  await page.goto(config.link);
  await page.getByText('Waiting for your first request').waitFor();
  await ask('traffic');
  await until('28 exchanges', async () => (await total()) >= 28);
  const { entries } = await (await api(`exchanges?filter=status:409`)).json();
  noted = entries[0].seq;
});

for (const [colorScheme, name, width, height] of screens) {
  const other = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce', storageState: await context.storageState() });
  for (const [view, hash, seen] of views) {
    await step(`${view}, ${colorScheme}, ${name}`, async () => {
      const p = await other.newPage();
      p.setDefaultTimeout(wait);
      watch(p);
      await p.goto(`${origin}/${hash()}`);
      await p.locator(seen).first().waitFor();
      if (name !== 'wall') await sound(`${view}, ${colorScheme}, ${name}`, p);
      if (`${view} ${colorScheme}` === 'list dark' || name === 'narrow') await picture(`${view}-${colorScheme}-${name}`, p);
      await p.close();
    });
  }
  await other.close();
}

await browser.close();
process.exit(0);
