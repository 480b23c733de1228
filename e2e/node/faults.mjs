// Looks for what was once wrong with the inspector's page, each kind of it
// everywhere: room that banners take, numbers that lead elsewhere, links that
// do not show their row, connections that never were, and small screens.
import { ask, check, config, origin, until } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { browser, context, page, bad, refused, step, sound, rows, row, total, filter, details, api } = await openInspector();

/** How much of the window a part has, in pixels. */
const height = async (selector, on = page) => (await on.locator(selector).first().boundingBox()).height;

await step('exchanges to look at', async () => {
  await page.goto(config.link);
  await page.getByText('Waiting for your first request').waitFor();
  await ask('traffic');
  await ask('nowhere');
  await ask('media');
  await until('all exchanges', async () => (await total()) >= 33);
});

/** Checks that a banner is no taller than its words, and that the list or the details have the rest. */
async function modest(what, on = page) {
  const window = on.viewportSize().height;
  check((await height('main', on)) > window - 170, `${what}: the page has ${await height('main', on)} of ${window} px`);
  for (const banner of await on.locator('.banner').all()) check((await banner.boundingBox()).height < 60, `${what}: the banner is ${(await banner.boundingBox()).height} px tall`);
}

await step('banners take a line', async () => {
  await modest('no banner');
  await rows.first().click();
  await page.locator('.tabs').waitFor();
  await page.keyboard.press('d');
  await page.getByText('Pick the exchange to compare with').waitFor();
  await modest('picking');
  await page.keyboard.press('d');
  await page.keyboard.press('Escape');
});

await step('a browser without a session is told the command', async () => {
  const other = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const p = await other.newPage();
  await p.goto(`${origin}/`);
  await p.locator('.banner').getByText(`sidenote open --admin ${new URL(origin).host}`).waitFor();
  await modest('no session', p);
  await other.close();
});

await step('every number of the overview leads to what it counts', async () => {
  await page.goto(`${origin}/#view=overview`);
  await page.locator('.figure').first().waitFor();
  const numbers = page.locator('.figure strong, td button.number');
  const many = await numbers.count();
  check(many > 30, `only ${many} numbers`);
  for (let i = 0; i < many; i++) {
    const number = numbers.nth(i);
    const wanted = Number((await number.innerText()).replace(/\D/g, ''));
    const what = await number.evaluate((n) => n.closest('tr, .figure').textContent);
    await number.click();
    await page.locator('.list').waitFor();
    await until(`${what}: ${wanted} exchanges, there are ${await total()} for ${await page.inputValue('#filter')}`, async () => (await total()) === wanted, 4000);
    await page.goBack();
    await page.locator('.figure').first().waitFor();
  }
  await page.goto(`${origin}/`);
});

await step('links to fifty places show their row', async () => {
  const { entries } = await (await api('exchanges?from=0&limit=100')).json();
  const places = [...entries.slice(0, 12), ...entries.slice(-8)];
  let tried = 0;
  for (const [n, e] of places.entries()) {
    for (const link of [`#x=${e.seq}`, `#id=${e.id}`, `#x=${e.seq}&order=duration&down=true`]) {
      if (++tried > 54) break;
      const p = n % 2 ? page : await context.newPage();
      await p.setViewportSize({ width: 1440, height: 420 });
      await p.goto('about:blank');
      await p.goto(`${origin}/${link}`);
      const picked = p.locator('.row.picked');
      await picked.waitFor();
      await until(`${link} is seen`, async () => picked.evaluate((r) => {
        const list = document.getElementById('list').getBoundingClientRect();
        const box = r.getBoundingClientRect();
        return box.top >= list.top && box.bottom <= list.bottom + 1;
      }));
      if (p !== page) await p.close();
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${origin}/`);
  await rows.first().waitFor();
});

await step('a host that is not there has no connection', async () => {
  await filter('host:nowhere.invalid');
  await until('the failure', async () => (await total()) === 1);
  check((await rows.first().locator('span.status').innerText()) === 'fail', `the row says ${await rows.first().innerText()}`);
  await rows.first().click();
  await page.getByRole('tab', { name: 'Connection' }).click();
  const origin = details.locator('section').filter({ hasText: 'Origin server' });
  await origin.getByText('No connection was made').waitFor();
  for (const text of ['kept open', 'Used before', 'TLS']) check(!(await origin.innerText()).includes(text), `a connection that never was has "${text}"`);
  await page.getByRole('tab', { name: 'Timing' }).click();
  await details.getByText('No connection to the origin server was made').waitFor();
  for (const text of ['Waiting', 'Receiving', 'Sending']) check(!(await details.innerText()).includes(text), `what was never sent has "${text}"`);
  await page.getByRole('tab', { name: 'Notes' }).click();
  const text = await details.innerText();
  check(text.split('What to do').length <= 2, `the failure is told more than once: ${text}`);
  await page.keyboard.press('Escape');
  await filter('');
});

await step('sound and pictures that move are played', async () => {
  await filter('path:/media');
  await until('media', async () => (await total()) === 2);
  for (const [path, tag] of [['/media.wav', 'audio'], ['/media.webm', 'video']]) {
    await row(path).click();
    await page.keyboard.press('3');
    await details.locator(tag).waitFor();
    check((await details.locator('.unseen').count()) === 0, `${path} is shown as red text`);
    if (tag === 'audio') await until('its length is known', () => details.locator(tag).evaluate((a) => a.duration > 0.4));
    else await details.getByText('This browser cannot play it').waitFor(); // it is no video
    await sound(path);
  }
  bad.splice(0, bad.length, ...bad.filter((b) => !/media/.test(b)));
  await page.keyboard.press('Escape');
  await filter('');
});

await step('what runs is seen while it runs', async () => {
  await page.goto(`${origin}/`);
  await rows.first().waitFor();
  const running = page.getByRole('region', { name: 'Running exchanges' });
  const before = await total();
  await ask('hold');
  await running.getByText('waiting for the response').waitFor();
  const first = await running.locator('.age').innerText();
  const text = await running.innerText();
  check(text.includes('/held') && !text.includes('secret'), `what runs is ${text}`);
  await sound('what runs');
  await until('its time goes on', async () => (await running.locator('.age').innerText()) !== first);
  await ask('go on');
  await running.getByText('receiving the response').waitFor();
  check((await total()) === before, 'it is in the list before it has ended');
  await ask('go on');
  await running.waitFor({ state: 'detached' });
  await row('/held').waitFor();
});

await step('nothing is red while a term is typed', () => refused(async () => {
  await page.focus('#filter');
  for (const text of ['statu', 's:', '4', ' hos', 't:', 'shop', ' (', 'is:']) {
    await page.keyboard.type(text);
    await new Promise((done) => { setTimeout(done, 260); });
    check((await page.locator('.box.bad, #filter-problem').count()) === 0, `red after ${await page.inputValue('#filter')}`);
  }
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await page.locator('#filter-problem').waitFor();
  await filter('');
}));

await step('muted rules are neither counted nor lost', async () => {
  await filter('status:409');
  await rows.first().click();
  await page.keyboard.press('1');
  const tab = page.getByRole('tab', { name: 'Notes' });
  const count = async () => Number((await tab.innerText()).replace(/\D/g, '') || 0);
  await page.locator('.note').first().waitFor();
  const before = await count();
  const shown = await page.locator('.note').count();
  check(before === shown, `${before} in the tab, ${shown} notes`);
  await page.locator('#list').focus();
  await page.keyboard.press('m');
  await until('one note fewer in the tab', async () => (await count()) === before - 1 && (await page.locator('.note').count()) === before - 1);
  const rule = await page.evaluate(() => JSON.parse(localStorage.getItem('sidenote.inspector/1')).muted[0]);
  await page.keyboard.press('Escape');
  await page.locator('.details').waitFor({ state: 'detached' }); // it goes back in the browser's history, which takes a moment
  await filter('');
  await page.getByRole('button', { name: 'Overview' }).click();
  await page.locator('.figure').first().waitFor();
  check((await page.locator('.rule').filter({ hasText: rule }).count()) === 0, 'the overview lists a muted rule');
  await page.getByRole('button', { name: 'Muted rules' }).click();
  await page.getByRole('dialog', { name: 'Muted rules' }).getByText(rule).waitFor();
  await sound('muted rules');
  await page.getByRole('button', { name: 'Unmute' }).click();
  await page.keyboard.press('Escape');
  await page.locator('.rule').filter({ hasText: rule }).waitFor();
  await page.getByRole('button', { name: 'Exchanges', exact: true }).click();
});

await step('what fields say stays hidden', async () => {
  await row('/v1/cart').click();
  await page.keyboard.press('3');
  await details.locator('.means').first().waitFor();
  await details.getByRole('checkbox', { name: 'explain fields' }).uncheck();
  await page.reload();
  await details.locator('table').first().waitFor();
  check((await details.locator('.means').count()) === 0, 'they are explained again');
  await details.getByRole('checkbox', { name: 'explain fields' }).check();
});

await step('the exchange itself is as wide as its relatives', async () => {
  await page.getByRole('tab', { name: 'Related' }).click();
  await details.locator('li.this').first().waitFor();
  const widths = await details.locator('li .go').evaluateAll((all) => [...new Set(all.map((a) => Math.round(a.getBoundingClientRect().width)))]);
  check(widths.length === 1, `rows are ${widths} wide`);
  await page.keyboard.press('1');
  await page.keyboard.press('Escape');
});

for (const width of [320, 360, 480, 720, 760, 800, 900, 1024, 1280, 1920, 3840]) {
  await step(`${width} px wide`, async () => {
    const p = await context.newPage();
    await p.setViewportSize({ width, height: width < 720 ? 700 : 450 });
    await p.goto(`${origin}/`);
    await p.locator('.row').first().waitFor();
    const box = await p.locator('#filter').boundingBox();
    check(box.width >= Math.min(220, width - 120), `the filter is ${box.width} px wide`);
    await modest(`${width} px`, p);
    await sound(`${width} px`, p);
    await p.locator('.row').first().click();
    await p.locator('.tabs').waitFor();
    await sound(`details, ${width} px`, p);
    await p.goto(`${origin}/#view=overview`);
    await p.locator('.figure').first().waitFor();
    await sound(`overview, ${width} px`, p);
    await p.close();
  });
}

await step('Back closes the details on a phone', async () => {
  const p = await context.newPage();
  await p.setViewportSize({ width: 390, height: 780 });
  await p.goto(`${origin}/`);
  const look = async (i) => {
    await p.locator('.row').nth(i).waitFor();
    await until('the details', async () => {
      if ((await p.locator('.details').count()) === 0) await p.locator('.row').nth(i).click();
      return (await p.locator('.details').count()) > 0;
    });
  };
  for (let i = 0; i < 3; i++) {
    await look(i);
    await p.goBack();
    await p.locator('.details').waitFor({ state: 'detached' });
    await p.locator('.row').first().waitFor();
  }
  const length = await p.evaluate(() => history.length);
  await look(0);
  await p.getByRole('button', { name: 'Close the details' }).click();
  await p.locator('.details').waitFor({ state: 'detached' });
  await look(0);
  await p.getByRole('button', { name: 'Close the details' }).click();
  await p.locator('.details').waitFor({ state: 'detached' });
  check((await p.evaluate(() => history.length)) <= length + 1, 'each look leaves another step to go back');
  check(p.url().startsWith(origin), 'the page was left');
  await p.close();
});

await step('what is chosen is seen with forced colours', async () => {
  const other = await browser.newContext({ viewport: { width: 1440, height: 900 }, forcedColors: 'active', storageState: await context.storageState() });
  const p = await other.newPage();
  await p.goto(`${origin}/`);
  await p.locator('.row').nth(1).click();
  await p.locator('.tabs').waitFor();
  for (const selector of ['.row.picked', '.tabs [aria-selected=true]', 'nav [aria-current=page]']) {
    const style = await p.locator(selector).evaluate((e) => getComputedStyle(e).outlineStyle);
    check(style !== 'none', `${selector} has no outline`);
  }
  await other.close();
});

await step('nothing else was asked for or complained about', async () => check(bad.length === 0, bad.join('\n')));

await browser.close();
process.exit(0);
