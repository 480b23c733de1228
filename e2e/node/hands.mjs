// Works the inspector's list with keys and with the mouse: every key of the
// help, every order, and the columns.
import { ask, check, config, origin, until } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { browser, context, page, bad, step, rows, row, total, details, clipboard, api } = await openInspector();
const list = page.locator('#list');
const press = (key) => page.keyboard.press(key);
const toast = (text) => page.getByText(text).first();
const gone = (what) => what.waitFor({ state: 'detached' });

/** The place of the selected row in the list, from 1; 0 when there is none. */
async function selected() {
  const one = page.locator('[role=row][aria-selected=true]');
  return (await one.count()) === 0 ? 0 : Number(await one.getAttribute('aria-rowindex')) - 1;
}

/** Presses a key and waits until a row is selected. */
async function moves(key, to) {
  await press(key);
  await until(`${key} selects row ${to}`, async () => (await selected()) === to);
}

async function shows(key, what) {
  await press(key);
  await what.waitFor();
}

await step('exchanges arrive', async () => {
  await page.goto(config.link);
  await page.getByText('Waiting for your first request').waitFor();
  await ask('traffic');
  await ask('three notes');
  await until('29 exchanges', async () => (await total()) >= 29);
});

const tab = (number, name) => [String(number), () => shows(String(number), page.getByRole('tab', { name, selected: true }))];

/** What each key of the help does, in an order in which each finds what it needs. */
const keys = [
  ['g', async () => { await moves('g', 1); await moves('j', 2); await moves('Home', 1); }],
  ['j ↓', async () => { await moves('j', 2); await moves('ArrowDown', 3); }],
  ['k ↑', async () => { await moves('k', 2); await moves('ArrowUp', 1); }],
  ['PgDn', () => moves('PageDown', 21)],
  ['PgUp', () => moves('PageUp', 1)],
  ['G', async () => { const last = await total(); await moves('G', last); await moves('k', last - 1); await moves('End', last); }],
  ['Esc', async () => { await press('Escape'); await gone(page.locator('.details')); check((await selected()) === 0, 'a row is selected'); }],
  ['Space', async () => {
    const follow = (on) => page.getByRole('button', { name: 'Follow', pressed: on });
    if (await follow(false).count()) await shows(' ', follow(true));
    await shows(' ', follow(false));
    await shows(' ', follow(true));
  }],
  ['/', async () => {
    await press('/');
    check((await page.evaluate(() => document.activeElement.id)) === 'filter', 'the filter has not the focus');
    await list.focus();
  }],
  ['Enter', async () => {
    await moves('g', 1);
    await moves('j', 2);
    await page.getByRole('tab', { name: 'Notes' }).waitFor();
    await press('Enter');
    check(await details.evaluate((e) => e === document.activeElement), 'the details have not the focus');
    await list.focus();
  }],
  ...['Notes', 'Request', 'Response', 'Timing', 'Connection', 'Related', 'Diff', 'Text', 'Messages'].map((name, i) => tab(i + 1, name)),
  ['n', async () => {
    await press('1');
    await moves('G', await total());
    await rows.filter({ hasText: '/v1/account' }).first().click();
    await until('three notes', async () => (await page.locator('.note').count()) > 2); // with two there is no telling n and N apart
    await list.focus();
    await press('n');
    await until('the second note has the focus', async () => (await page.evaluate(() => document.activeElement.id)) === 'note-1');
  }],
  ['N', async () => { await press('N'); await until('the first note has the focus', async () => (await page.evaluate(() => document.activeElement.id)) === 'note-0'); }],
  ['m', async () => {
    await shows('m', toast('is muted in this browser'));
    await page.getByRole('button', { name: 'Undo' }).click();
    await gone(toast('is muted in this browser'));
    await list.focus();
  }],
  ['p', async () => {
    const pinned = page.getByRole('button', { name: 'Pinned' });
    await shows('p', pinned);
    await press('p');
    await gone(pinned);
  }],
  ['c', async () => { await press('c'); await until('curl is copied', async () => (await clipboard()).startsWith('curl')); }],
  ['y', async () => { await press('y'); await until('the URL is copied', async () => (await clipboard()).startsWith('http://shop.localhost')); }],
  ['d', async () => { await shows('d', toast('Pick the exchange to compare with')); await press('d'); await gone(toast('Pick the exchange to compare with')); }],
  ['r', async () => { await shows('r', page.getByRole('dialog', { name: 'Send again' })); await press('Escape'); await gone(page.getByRole('dialog')); await list.focus(); }],
  ['o', async () => { await shows('o', toast('Slowest routes')); await shows('o', list); }],
  ['?', async () => { await shows('?', page.getByRole('dialog', { name: 'Help' })); await press('?'); await gone(page.getByRole('dialog')); }],
];

await step('the keys of the help are those that are tried', async () => {
  await shows('?', page.getByRole('dialog', { name: 'Help' }));
  const shown = await page.getByRole('dialog').locator('kbd').allInnerTexts();
  const tried = keys.map(([key]) => key);
  check([...shown].sort().join() === [...tried].sort().join(), `the help has ${shown.join(', ')}; tried are ${tried.join(', ')}`);
  await press('Escape');
  await gone(page.getByRole('dialog'));
  await list.focus();
});

for (const [key, work] of keys) await step(`the key ${key}`, work);

await step('Escape and what is written next do not get in each other\'s way', async () => {
  await moves('g', 1);
  const focus = await page.evaluate(async () => {
    for (const key of ['Escape', '/']) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
    return document.activeElement.id;
  });
  check(focus === 'filter', `${focus} has the focus`);
  await press('Escape');
});

const verdicts = ['ok', 'info', 'warn', 'error'];

/** The columns that have an order: the title of the head, the name of the order, and what it goes by. */
const orders = [
  ['verdict', 'verdict', (r) => verdicts.indexOf(r.verdict)], ['status', 'status', (r) => r.status], ['method', 'method', (r) => r.method],
  ['host', 'host', (r) => r.host], ['path', 'path', (r) => r.path], ['type', 'type', (r) => r.type], ['size', 'size', (r) => r.size], ['duration', 'duration', (r) => r.duration],
];

for (const [title, order, of] of orders) {
  await step(`ordered by ${title}`, async () => {
    for (const [down, sort] of [[true, 'descending'], [false, 'ascending']]) {
      await page.getByTitle(`Order by ${title}`).click();
      await page.locator(`[role=columnheader][aria-sort=${sort}]`).filter({ has: page.getByTitle(`Order by ${title}`) }).waitFor();
      const answer = await (await api(`exchanges?from=0&limit=100&order=${order}&down=${down}`)).json();
      const values = answer.entries.map(of);
      check(values.length >= 28 && new Set(values).size > 1, `there is nothing to order: ${values}`);
      for (let i = 1; i < values.length; i++) check(down ? values[i] <= values[i - 1] : values[i] >= values[i - 1], `${sort}: ${values[i]} follows ${values[i - 1]}`);
      const wanted = answer.entries.slice(0, 12).map((r) => r.path).join(' ');
      await until(`the rows ${sort}`, async () => (await page.locator('.cell.path').allInnerTexts()).slice(0, 12).join(' ') === wanted);
    }
    await page.getByTitle(`Order by ${title}`).click();
    await page.locator('[role=columnheader][aria-sort=ascending]').filter({ has: page.getByTitle('Order by time') }).waitFor();
  });
}

const heads = () => page.getByRole('columnheader').evaluateAll((all) => all.map((h) => h.textContent.trim().split(' ')[0]));
const head = (title) => page.getByRole('columnheader', { name: title });
const width = async (title) => (await head(title).boundingBox()).width;

/** Loads the page again, and checks that the columns are as they were. */
async function anew(wanted, wide) {
  await page.reload();
  await row('/v1').waitFor();
  check((await heads()).join() === wanted.join(), `after a reload the heads are ${await heads()}`);
  check(Math.abs((await width('Host')) - wide) < 2, `after a reload the column is ${await width('Host')} wide, not ${wide}`);
}

await step('columns are dragged and resized, and stay so', async () => {
  const before = await heads();
  await head('Host').dragTo(head('Method'));
  const wanted = before.filter((h) => h !== 'Host');
  wanted.splice(wanted.indexOf('Method'), 0, 'Host');
  await until(`the heads are ${wanted}`, async () => (await heads()).join() === wanted.join());

  const wide = await width('Host');
  await anew(wanted, wide);
  const grip = await head('Host').locator('.grip').boundingBox();
  await page.mouse.move(grip.x + 3, grip.y + 5);
  await page.mouse.down();
  await page.mouse.move(grip.x + 73, grip.y + 5, { steps: 4 });
  await page.mouse.up();
  await until('the column is wider', async () => Math.abs((await width('Host')) - wide - 70) < 2);

  await anew(wanted, wide + 70);
  const cells = await rows.first().locator('.cell').evaluateAll((all) => all.map((c) => c.classList[1]));
  check(cells.indexOf('host') === wanted.indexOf('Host'), `the cells are ${cells}`);
  await head('Host').locator('.grip').dblclick();
  await until('the column is as it was', async () => Math.abs((await width('Host')) - wide) < 2);
});

await step('nothing else was asked for or complained about', async () => check(bad.length === 0, bad.join('\n')));

await browser.close();
process.exit(0);
