// Works the messages of streams in the inspector's page: of one that is open, and
// of one that has ended with very many.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ask, check, config, until } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { page, bad, step, sound, picture, row, details, clipboard, browser } = await openInspector();

const stream = page.getByRole('dialog');
const options = (within) => within.getByRole('option');

await step('what did the stream say, while it is open', async () => {
  await page.goto(config.link);
  await page.locator('footer').getByText('live').waitFor();
  await ask('events');
  await page.getByRole('button', { name: '3 messages' }).click();
  await until('three messages', async () => (await options(stream).count()) === 3);
  check((await stream.innerText()).includes('still open'), 'it does not say that it is open');
  check((await options(stream).first().innerText()).includes('event price'), 'the first is not named');
  await sound('messages while they pass');
});

await step('more come by themselves', async () => {
  await ask('go on');
  await until('five messages', async () => (await options(stream).count()) === 5);
  check((await options(stream).last().innerText()).includes('last'), 'the last is not at the end');
});

await step('one is set out, as it came, and in bytes', async () => {
  await options(stream).first().click();
  const content = stream.getByRole('region', { name: 'Message 1' });
  await content.getByText('"item": "pencil"').waitFor();
  check((await content.innerText()).includes('from the server'), 'no direction');
  await content.getByRole('button', { name: 'hex' }).click();
  await content.getByText('7b 22 69').waitFor();
  await content.getByRole('button', { name: 'raw' }).click();
  await content.getByText('{"item":"pencil"').waitFor();
  await content.getByRole('button', { name: 'Copy' }).click();
  await until('it is copied', async () => (await clipboard()).startsWith('{"item":"pencil"'));
  check((await page.evaluate(() => globalThis.canary)) === undefined, 'a message ran');
  await sound('a message');
});

await step('found and filtered', async () => {
  await stream.getByLabel('Find in the messages').fill('LAST');
  await until('two are found', async () => (await options(stream).count()) === 2);
  await stream.getByLabel('Find in the messages').fill('');
  await stream.getByRole('button', { name: 'sent', exact: true }).click();
  await stream.getByText('No message matches.').waitFor();
  await stream.getByRole('button', { name: 'both' }).click();
});

await step('the end is seen', async () => {
  await ask('go on');
  await until('it is not open any more', async () => !(await stream.innerText()).includes('still open'));
  await page.keyboard.press('Escape');
  await row('/events').waitFor();
});

await step('the tab of an exchange that has ended', async () => {
  await row('/events').click();
  await page.getByRole('tab', { name: /^Messages/ }).click();
  await until('five messages', async () => (await options(details).count()) === 5);
  await picture('messages');
  await sound('the tab of messages');
  const saved = page.waitForEvent('download');
  await details.getByRole('button', { name: 'Save' }).click();
  const file = path.join(config.dir, 'messages.ndjson');
  await (await saved).saveAs(file);
  const lines = (await readFile(file, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  check(lines.length === 5 && lines.every((l) => l.schema === 'sidenote.message/1'), `${lines.length} lines were saved`);
});

await step('twenty thousand stay fluent', async () => {
  await ask('many events');
  await row('more=20000').click();
  await page.getByRole('tab', { name: /^Messages/ }).click();
  await details.getByText('20,003 received').waitFor();
  const list = details.getByRole('listbox');
  await until('all are listed', async () => (await options(details).first().getAttribute('aria-setsize')) === '20003');
  check((await options(details).count()) < 100, 'too many are drawn');
  await list.focus();
  await page.keyboard.press('End');
  await details.getByText('tick 19999').first().waitFor();
  await page.keyboard.press('Home');
  await details.getByRole('region', { name: 'Message 1', exact: true }).waitFor();
});

await step('nothing else was asked for or complained about', async () => check(bad.length === 0, bad.join('\n')));

await browser.close();
process.exit(0);
