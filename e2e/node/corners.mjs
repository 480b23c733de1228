// Does with the inspector's page what happens less often: files are dropped,
// contents are very large, exchanges go, the server does not answer.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ask, check, config, origin, until } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { browser, context, page, allow, step, sound, rows, row, total, filter, details } = await openInspector();
const cdp = await context.newCDPSession(page);
const said = (text) => page.getByText(text).first().waitFor();

/** Lets an answer be an error, which the browser logs, while something is done. */
async function refused(work) {
  allow.errors = true;
  await work();
  allow.errors = false;
}

async function write(name, content) {
  const file = path.join(config.dir, name);
  await writeFile(file, content);
  return file;
}

/** Drops files on the page as a desktop does. */
async function drop(...files) {
  const data = { items: [], files, dragOperationsMask: 1 };
  const event = (type) => cdp.send('Input.dispatchDragEvent', { type, x: 700, y: 500, data });
  await event('dragEnter');
  await event('dragOver');
  await said('Drop a HAR or JSONL');
  await event('drop');
  await page.getByText('Drop a HAR or JSONL').waitFor({ state: 'detached' });
}

const exported = async (format) => (await context.request.get(`${origin}/api/v1/export?format=${format}&filter=status:4xx`)).text();

await step('exchanges arrive', async () => {
  await page.goto(config.link);
  await said('Waiting for your first request');
  await ask('traffic');
  await until('28 exchanges', async () => (await total()) >= 28);
});

await step('captures are dropped on the page', async () => {
  const before = await total();
  await drop(await write('one.har', await exported('har')));
  await said('8 exchanges taken from one.har');
  await until('those of the HAR', async () => (await total()) === before + 8);
  const jsonl = await exported('jsonl'); // with those of the HAR
  await drop(await write('two.jsonl', jsonl), await write('three.jsonl', jsonl));
  await said('16 exchanges taken from two.jsonl');
  await said('16 exchanges taken from three.jsonl');
  await until('those of both files', async () => (await total()) === before + 40);
});

await step('half a capture is dropped', async () => {
  const before = await total();
  const har = await exported('har');
  await refused(async () => {
    await drop(await write('half.har', har.slice(0, har.length * 0.7)));
    await page.getByRole('dialog', { name: 'Not everything could be taken' }).waitFor();
  });
  const text = await page.getByRole('dialog').innerText();
  const taken = Number(/half\.har: (\d+) exchanges taken; 1 entry is not/.exec(text)?.[1]);
  check(taken > 0 && taken < 40, `half of a file gives: ${text}`);
  await sound('half a capture');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await until('what could be taken', async () => (await total()) === before + taken);
});

await step('what is no capture is dropped', async () => {
  const before = await total();
  for (const [name, content] of [['cat.png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')], ['notes.txt', 'buy milk\n'], ['empty.har', ''], ['other.json', '{"name":"x"}'], ['list.json', '[1,2]']]) {
    await refused(async () => {
      await drop(await write(name, content));
      await page.getByRole('dialog').getByText(name).first().waitFor();
    });
    const text = await page.getByRole('dialog', { name: 'The file could not be taken' }).innerText();
    check(/HAR|JSONL/.test(text), `${name}: it is not said what can be taken: ${text}`);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  check((await total()) === before, 'something was taken');
  await rows.last().click();
  await details.getByRole('heading').first().waitFor();
  await page.keyboard.press('Escape');
});

await step('names in the address that nothing has', async () => {
  await refused(async () => {
    for (const [hash, text] of [['#x=987654', 'There is no such exchange'], ['#x=18446744073709551616'], ['#x=-1'], ['#x=abc%00'], ['#id=zzzzzz', 'no exchange']]) {
      await page.evaluate((h) => { location.hash = h; }, hash);
      if (text) await said(text);
      else await page.locator('.details').waitFor({ state: 'detached' });
      check((await rows.count()) > 10, `${hash}: the list is gone`);
    }
    await page.evaluate(() => { location.hash = ''; });
    await page.locator('.details').waitFor({ state: 'detached' });
  });
  for (const guess of ['0', '987654', '-1', 'abc', '1%2f..%2f2', '99999999999999999999']) {
    const answer = await context.request.get(`${origin}/api/v1/exchanges/${guess}`);
    const text = await answer.text();
    check(answer.status() === 404 && text.includes('"title"') && !text.includes('shop.localhost'), `${guess} is answered with ${answer.status()}: ${text}`);
  }
});

await browser.close();
process.exit(0);
