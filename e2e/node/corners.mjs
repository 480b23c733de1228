// Does with the inspector's page what happens less often: files are dropped,
// contents are very large, exchanges go, the server does not answer.
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ask, check, config, origin, until } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { browser, context, page, bad, refused, step, sound, rows, row, total, filter, details, api } = await openInspector();
const cdp = await context.newCDPSession(page);
const said = (text) => page.getByText(text).first().waitFor();

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

const exported = async (format) => (await api(`export?format=${format}&filter=status:4xx`)).text();

await step('exchanges arrive', async () => {
  await page.goto(config.link);
  await said('Waiting for your first request');
  await ask('traffic');
  await until('28 exchanges', async () => (await total()) >= 28);
});

await step('captures are dropped on the page', async () => {
  const before = await total();
  await drop(await write('one.har', await exported('har')));
  await said('8 exchanges imported from one.har');
  await until('those of the HAR', async () => (await total()) === before + 8);
  const jsonl = await exported('jsonl'); // with those of the HAR
  await drop(await write('two.jsonl', jsonl), await write('three.jsonl', jsonl));
  await said('16 exchanges imported from two.jsonl');
  await said('16 exchanges imported from three.jsonl');
  await until('those of both files', async () => (await total()) === before + 40);
});

await step('half a capture is dropped', async () => {
  const before = await total();
  const har = await exported('har');
  await refused(async () => {
    await drop(await write('half.har', har.slice(0, har.length * 0.7)));
    await page.getByRole('dialog', { name: 'Some entries could not be imported' }).waitFor();
  });
  const text = await page.getByRole('dialog').innerText();
  const taken = Number(/half\.har: (\d+) exchanges imported, 1 entry not/.exec(text)?.[1]);
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
    const text = await page.getByRole('dialog', { name: 'The file could not be imported' }).innerText();
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
    const answer = await api(`exchanges/${guess}`);
    const text = await answer.text();
    check(answer.status() === 404 && text.includes('"title"') && !text.includes('shop.localhost'), `${guess} is answered with ${answer.status()}: ${text}`);
  }
});

const content = details.locator('.content').last();
const shown = () => content.locator('pre').innerText();

/** How long the page takes to draw anything, in milliseconds. */
const beat = () => page.evaluate(() => new Promise((done) => { const from = performance.now(); requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - from))); }));

await step('a very large content', async () => {
  await ask('large');
  await filter('path:/large');
  await until('the large one', async () => (await total()) === 1);
  await rows.first().click();
  await page.keyboard.press('3');
  await content.getByText('131 kB of').waitFor();
  check((await content.innerText()).includes(`${config.large} MB`), 'its size is not said');
  for (const [form, text, covers] of [['raw', '{"rows":[{"row":"first needle"},{"row":"ä€', ''], ['hex', '7b 22 72 6f 77 73', '1,048,576'], ['pretty', '{\n  "rows": [\n    {\n      "row": "first needle"', '4,194,304']]) {
    await content.getByRole('button', { name: form }).click();
    await until(`the form ${form}`, async () => (await shown()).includes(text));
    check(!(await shown()).includes('not UTF-8'), `${form}: a character is cut`);
    const cut = `This shows the first ${covers} bytes`;
    if (covers) await content.getByText(cut).waitFor();
    else check((await content.getByText('This shows the first').count()) === 0, `${form} is said to be cut`);
  }
  await content.getByRole('button', { name: 'Show more' }).click();
  await content.getByText('262 kB of').waitFor();
  check(!(await shown()).includes('not UTF-8'), 'a character is cut between two parts');
  await content.getByPlaceholder('Find').fill('needle');
  await content.getByText('1 of 1 in what is shown').waitFor();
  check((await beat()) < 2000, 'the page does not move');
  await sound('a large content');
  const [download] = await Promise.all([page.waitForEvent('download'), content.getByRole('button', { name: 'Save' }).click()]);
  const file = path.join(config.dir, 'large.json');
  await download.saveAs(file);
  check((await stat(file)).size > config.large * 990_000, `saved are ${(await stat(file)).size} octets`);
});

await step('the exchange that is looked at has to make room', async () => {
  await filter('');
  await until('all', async () => (await total()) > 28);
  await page.keyboard.press('Escape');
  await filter('path:/v1/orders/78');
  await until('the filter holds', async () => (await total()) < 28);
  await rows.first().click();
  await page.keyboard.press('1');
  await page.getByRole('heading', { name: '500' }).waitFor();
  await ask('large');
  await ask('large');
  await filter('');
  await until('only large ones', async () => (await rows.count()) > 0 && (await rows.allInnerTexts()).every((text) => text.includes('/large')));
  await page.getByRole('heading', { name: '500' }).waitFor(); // what was read stays
  await refused(async () => {
    await page.keyboard.press('3');
    await details.getByText('had to make room').first().waitFor();
    await page.keyboard.press('c');
    await said('had to make room');
    await page.reload();
    await page.getByRole('heading', { name: 'This exchange is gone' }).waitFor();
    await said('--store-bytes');
    await sound('an exchange that is gone');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
  });
  await rows.first().click();
  await page.keyboard.press('1');
  await page.getByRole('heading', { name: '200 OK' }).waitFor();
});

await step('nothing else was asked for or complained about', async () => check(bad.length === 0, bad.join('\n')));

await browser.close();
process.exit(0);
