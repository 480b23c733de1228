// Works the inspector's page as people do, and says of each step how it went:
// {"step": …, "failed": …}. What it needs done outside the browser it asks for
// with {"ask": …}, and goes on when a line comes.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ask, check, config, origin, until, wait } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { browser, context, page, bad, refused, watch, step, sound, picture, rows, row, total, filter, details, clipboard } = await openInspector();

await step('the first run', async () => {
  await page.goto(config.link);
  await page.getByText('Waiting for your first request').waitFor();
  check(!page.url().includes('key='), 'the key stays in the address');
  await page.getByRole('tab', { name: 'Python' }).click();
  await page.getByText('REQUESTS_CA_BUNDLE').waitFor();
  await sound('the first run');
  await picture('connect');
});

await step('the same link opens nothing twice', async () => {
  const other = await browser.newContext();
  const p = await other.newPage();
  await p.goto(config.link);
  await p.getByRole('heading', { name: 'This browser has no session here' }).waitFor();
  check((await p.locator('.row').count()) === 0, 'something is shown');
  await other.close();
});

await step('exchanges arrive by themselves', async () => {
  await ask('traffic');
  await until('28 exchanges', async () => (await page.locator('#list').count()) > 0 && (await total()) >= 28);
  await row('/v1/cart').waitFor();
  check((await page.locator('footer').innerText()).includes('live'), 'the foot does not say that it is live');
  await sound('the list');
  await picture('list');
});

await step('a client that refuses the CA is told how to trust it', async () => {
  await ask('refuse');
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.getByText('does not trust the CA').first().waitFor();
  await sound('a refusal');
  await page.getByRole('button', { name: 'Exchanges' }).click();
});

await step('the keyboard alone', async () => {
  await row('POST').waitFor();
  await page.locator('#list').focus();
  const picked = async () => Number(await page.locator('[aria-selected=true][role=row]').getAttribute('aria-rowindex'));
  const press = async (key, wanted) => {
    await page.keyboard.press(key);
    await until(`row ${wanted} is picked with ${key}`, async () => (await picked()) === wanted);
  };
  await press('g', 2);
  await press('j', 3);
  await press('ArrowDown', 4);
  await press('k', 3);
  await press('g', 2);
  const orders = Number(await row('POST').getAttribute('aria-rowindex')); // exchanges that end at once come in any order
  for (let at = 3; at <= orders; at++) await press('j', at);
  await page.getByRole('heading', { name: '409 Conflict' }).waitFor();
  await page.keyboard.press('Enter');
  check(await details.evaluate((e) => e === document.activeElement), 'Enter does not lead to the details');
});

await step('notes say what is wrong, where and what to do', async () => {
  const note = page.locator('.note').first();
  check((await note.locator('mark').innerText()) === '400', 'the evidence is not marked');
  for (const text of ['What to do', 'Why', 'RFC 9457', 'content/problem-status-mismatch', 'origin server']) check((await note.innerText()).includes(text), `no ${text}`);
  await sound('notes');
  await picture('notes');
  await note.getByRole('button', { name: 'Copy as issue' }).click();
  await until('the issue is copied', async () => (await clipboard()).startsWith('### '));
});

await step('every tab', async () => {
  const wanted = { 2: 'pencil', 3: 'problem+json', 4: 'sidenote itself', 5: 'Origin server', 6: 'The same request again', 7: 'Pick the other one', 8: 'HTTP/1.1 409' };
  for (const [key, text] of Object.entries(wanted)) {
    await page.keyboard.press(key);
    await details.getByText(text).first().waitFor();
    await sound(`tab ${key}`);
    if (key === '3') await picture('response');
    if (key === '4') await picture('timing');
  }
  await page.keyboard.press('1');
});

await step('content as it is, in octets, and searched', async () => {
  await page.keyboard.press('3');
  for (const [form, text] of [['raw', '{"title":"already'], ['hex', '7b 22 74 69'], ['pretty', '"detail": "order 77']]) {
    await details.getByRole('button', { name: form }).click();
    await until(`the form ${form}`, async () => (await details.locator('pre').innerText()).includes(text));
  }
  await details.getByPlaceholder('Find').fill('ORDER');
  await details.getByText('1 of 2').waitFor();
  check((await details.locator('pre mark').count()) === 2, 'what is found is not marked');
});

await step('copied for other programs', async () => {
  await page.locator('#list').focus();
  await page.keyboard.press('c');
  await until('curl is copied', async () => (await clipboard()).includes('curl') && (await clipboard()).includes('--data-raw'));
  await page.keyboard.press('y');
  await until('the URL is copied', async () => (await clipboard()) === `${config.clear}/v1/orders`);
  for (const [name, text] of [['Python', 'http.client'], ['Go', 'http.NewRequest'], ['fetch', 'await fetch('], ['HTTPie', 'http POST'], ['raw text', 'POST ']]) {
    await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
    await page.getByRole('menuitem', { name: `Copy as ${name}` }).click();
    await until(`${name} is copied`, async () => (await clipboard()).includes(text));
  }
});

await step('mute, and undo', async () => {
  await page.keyboard.press('1');
  await page.locator('#list').focus();
  await page.keyboard.press('m');
  await page.getByText('muted in this browser').first().waitFor();
  check((await page.locator('.note').count()) === 0, 'the note is still there');
  await page.reload();
  await page.getByText('of rules that are muted').waitFor();
  await page.getByRole('button', { name: 'Show again' }).click();
  await page.locator('.note').first().waitFor();
});

await step('pin and comment', async () => {
  await page.locator('#list').focus();
  await page.keyboard.press('p');
  await page.getByRole('button', { name: 'Pinned' }).waitFor();
  await page.getByRole('button', { name: 'Comment' }).click();
  await page.getByRole('textbox', { name: 'Comment' }).fill('ask Ada <b>why</b>');
  await sound('the comment');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await row('ask Ada <b>why</b>').waitFor();
});

await step('the help', async () => {
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Help' }).waitFor();
  await sound('the help');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

await step('filter and proposals', async () => {
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  const proposal = page.getByRole('option').filter({ hasText: '409' });
  await refused(async () => { // a half-written filter may be tried on the way
    await page.keyboard.type('status:4');
    await proposal.waitFor();
  });
  check(/409\s*2/.test((await proposal.innerText()).replace(/\n/g, ' ')), `no count: ${await proposal.innerText()}`);
  await sound('proposals');
  await picture('filter');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await until('a proposal is taken', async () => /^status:4\d\d$/.test(await page.inputValue('#filter')));
  await filter('status:4xx');
  await until('only 4xx are shown', async () => (await total()) === 8);
  const other = await context.newPage();
  watch(other);
  await other.goto(page.url());
  await other.locator('#list[aria-rowcount="9"]').waitFor();
  await other.close();
});

await step('a filter that cannot be read', () => refused(async () => {
  await filter('host:shop statu:4');
  await page.getByText('did you mean status:').waitFor();
  check((await page.locator('.shadow span').innerText()) === 'statu', 'the place is not marked');
  check((await total()) === 8, 'the list is gone');
  await sound('an error in the filter');
  await filter('');
  await until('all are shown', async () => (await total()) > 20);
}));

await step('what this browser remembers', async () => {
  await filter('status:5xx');
  await until('5xx alone', async () => (await total()) < 8);
  await page.getByTitle('Saved filters').first().click();
  await page.getByRole('menuitem', { name: 'Save this filter…' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('broken');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Columns…' }).click();
  await sound('columns');
  await page.getByRole('checkbox', { name: 'Protocol' }).uncheck();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Dark', exact: true }).click();
  await filter('');
  await page.reload();
  await until('the list', async () => (await rows.count()) > 10);
  check((await page.locator('html').getAttribute('data-theme')) === 'dark', 'it is not dark');
  check((await page.getByRole('columnheader', { name: 'Protocol' }).count()) === 0, 'the column is there again');
  check((await page.getByRole('columnheader', { name: 'Type' }).count()) === 1, 'another column is gone');
  await page.getByTitle('Saved filters').first().click();
  await page.getByRole('menuitem', { name: 'broken: status:5xx' }).click();
  await until('5xx alone', async () => (await total()) < 8);
  await page.evaluate(() => localStorage.removeItem('sidenote.inspector/1'));
  await filter('');
  await page.reload();
  await until('the list', async () => (await rows.count()) > 10);
});

await step('in another order', async () => {
  const first = await rows.first().innerText();
  await page.getByTitle('Order by duration').click();
  await until('the slowest first', async () => {
    const times = await page.locator('.ms').evaluateAll((all) => all.map((e) => parseFloat(e.textContent) * (e.textContent.endsWith(' s') ? 1000 : 1)));
    return times.length > 10 && times.every((t, i) => i === 0 || isNaN(t) || t <= times[i - 1]);
  });
  check((await page.getByRole('columnheader', { name: /Duration/ }).getAttribute('aria-sort')) === 'descending', 'the head does not say so');
  await page.getByTitle('Order by time').click();
  await until('by time', async () => (await rows.first().innerText()) === first);
});

await step('pause and follow', async () => {
  await page.locator('#list').focus();
  await page.keyboard.press(' ');
  await page.getByRole('button', { name: 'Follow', pressed: false }).waitFor();
  await ask('one');
  await page.getByText('1 new').waitFor();
  await page.keyboard.press(' ');
  await page.getByText('1 new').waitFor({ state: 'detached' });
});

await step('sent again, with changes', async () => {
  await filter('method:POST');
  await until('POST alone', async () => (await total()) === 2);
  await rows.first().click();
  await page.keyboard.press('1');
  await page.getByRole('heading', { name: '409 Conflict' }).waitFor();
  await page.keyboard.press('r');
  await page.getByRole('dialog', { name: 'Send again' }).waitFor();
  await sound('sending again');
  await page.getByRole('textbox', { name: 'Method' }).fill('PUT');
  await page.getByRole('textbox', { name: 'URL' }).fill(`${config.clear}/v1/cart?by=hand`);
  await page.getByRole('textbox', { name: 'Body' }).fill('{"item":"rubber"}');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('heading', { name: '200 OK' }).waitFor();
  await filter('is:byhand');
  await until('the one by hand', async () => (await total()) === 1);
  await row('by hand').waitFor();
  await page.keyboard.press('2');
  await details.getByText('rubber').waitFor();
  await page.keyboard.press('Escape');
  await filter('');
});

await step('two exchanges compared', async () => {
  await filter('path:/v1/orders/');
  await until('orders', async () => (await total()) === 4);
  await rows.nth(0).click();
  await page.keyboard.press('1');
  await page.getByRole('heading', { name: '200 OK' }).waitFor();
  await page.keyboard.press('d');
  await page.getByText('Pick the exchange to compare with').waitFor();
  await rows.nth(1).click();
  await details.locator('pre .gone').filter({ hasText: 'status 200' }).waitFor();
  await details.locator('pre .new').filter({ hasText: 'database is locked' }).waitFor();
  await sound('a difference');
  await picture('diff');
  await page.keyboard.press('Escape');
  await filter('');
});

await step('saved, and taken in again', async () => {
  await until('all are shown', async () => (await total()) > 20);
  const before = await total();
  for (const format of ['HAR', 'JSONL']) {
    await filter('status:5xx');
    await until('5xx alone', async () => (await total()) < before);
    await page.getByRole('button', { name: 'More' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: `Save as ${format}` }).click()]);
    const file = path.join(config.dir, `saved.${format.toLowerCase()}`);
    await download.saveAs(file);
    await filter('');
    await until('all are shown', async () => (await total()) >= before);
    const there = await total();
    await page.setInputFiles('#import', file);
    await page.getByText(/exchanges? imported from/).first().waitFor();
    await until(`exchanges of the ${format}`, async () => (await total()) > there);
  }
});

await step('half a HAR', () => refused(async () => {
  const text = await readFile(path.join(config.dir, 'saved.har'), 'utf8');
  const file = path.join(config.dir, 'half.har');
  await writeFile(file, text.slice(0, text.length * 0.7));
  await page.setInputFiles('#import', file);
  await page.getByRole('dialog').getByText('half.har').first().waitFor();
  await sound('a broken file');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}));

await step('groups', async () => {
  await page.getByTitle('Group the list').first().click();
  await page.getByRole('menuitemcheckbox', { name: 'By route' }).click();
  const group = page.locator('nav.groups button').filter({ hasText: '/v1/orders/{id}' });
  await group.click();
  await until('one route alone', async () => (await rows.count()) > 0 && (await rows.evaluateAll((all) => all.every((r) => r.textContent.includes('/v1/orders/')))));
  await sound('groups');
  await picture('groups');
  await page.getByTitle('Group the list').first().click();
  await page.getByRole('menuitemcheckbox', { name: 'No groups' }).click();
});

await step('the overview', async () => {
  await page.keyboard.press('Escape');
  await page.locator('body').press('o');
  await page.getByText('Slowest routes').waitFor();
  await page.locator('.figure').first().waitFor();
  await sound('the overview');
  await picture('overview');
  await page.getByRole('button', { name: /4xx client/ }).click();
  await until('the filter of the number', async () => (await page.inputValue('#filter')) === 'status:4xx -is:unanswered');
  await filter('');
});

/** Waits until what has changed is drawn. */
const drawn = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Opens a tab by its key. */
async function openTab(key) {
  await page.keyboard.press(key);
  await page.getByRole('tab').nth(Number(key) - 1).and(page.locator('[aria-selected=true]')).waitFor();
}

await step('hostile text is text', () => refused(async () => {
  // a content whose coding is nonsense cannot be set out
  await page.keyboard.press('Escape');
  await ask('hostile');
  await page.evaluate(() => { globalThis.canary = 0; });
  await until('hostile exchanges', async () => (await total()) > 80);
  await filter('path:hostile');
  await until('the filter holds', async () => (await total()) === 1);
  await rows.first().click();
  for (const key of ['1', '2', '4', '5', '6', '7', '8', '3']) await openTab(key);
  await details.getByText('<script>canary=7</script>').first().waitFor();
  check((await details.locator('.unseen').count()) >= 2, 'what cannot be seen is not shown');
  await filter('-path:hostile (body:canary or path:canary or path:at=)');
  const some = Math.min(await total(), 24);
  for (let i = 0; i < some; i++) {
    // one that is open already is not asked for again
    const answer = page.waitForResponse((r) => /\/exchanges\/\d+$/.test(r.url()), { timeout: 2000 }).catch(() => {});
    await Promise.all([answer, page.keyboard.press(i === 0 ? 'g' : 'j')]);
    await openTab(i % 2 ? '3' : '1');
    await drawn();
  }
  await filter('path:/page or path:/logo');
  await until('pages', async () => (await total()) > 0);
  for (const text of ['/page', '/logo.svg']) {
    await row(text).click();
    await page.keyboard.press('3');
    await details.getByRole('button', { name: 'preview' }).click();
    await details.frameLocator('iframe').locator(':root').waitFor();
    await drawn();
  }
  check((await page.evaluate(() => globalThis.canary)) === 0, 'captured content was run');
  check((await page.evaluate(() => getComputedStyle(document.body).direction)) === 'ltr', 'the page was turned round');
  bad.splice(0, bad.length, ...bad.filter((b) => !/Blocked script execution|sandboxed|Refused to load|violates the following Content Security Policy|Loading the image/.test(b)));
  await filter('');
  await page.keyboard.press('Escape');
}));

await step('a link to one exchange', async () => {
  await filter('path:/limit');
  await row('/limit').click();
  await page.keyboard.press('1');
  await page.getByRole('heading', { name: '429 Too Many Requests' }).waitFor();
  const named = (p) => new URLSearchParams(new URL(p.url()).hash.slice(1)).get('x');
  await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
  await page.getByRole('menuitem', { name: 'Copy a link to this' }).click();
  await until('a link by ID is copied', async () => /[#&]id=\w+&run=\w+/.test(await clipboard()));
  const other = await context.newPage();
  watch(other);
  await other.goto(await clipboard());
  await until('its row is picked', async () => (await other.locator('.row.picked').count()) === 1 && named(other) === named(page));
  await other.getByRole('button', { name: 'Filter', exact: true }).click();
  await other.getByRole('menuitem', { name: 'Not this host' }).click();
  await other.getByText('The filter hides this exchange').waitFor();
  await sound('what a filter hides', other);
  await other.getByRole('button', { name: 'Show it' }).click();
  await until('its row is picked again', async () => (await other.locator('.row.picked').count()) === 1);
  await other.close();
  await page.keyboard.press('Escape');
  await filter('');
});

await step('an exchange that is not there', () => refused(async () => {
  await page.evaluate(() => { location.hash = '#x=987654'; });
  await page.getByText('There is no such exchange').waitFor();
  await sound('no such exchange');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
}));

await step('thousands of exchanges', async () => {
  const saved = (await readFile(path.join(config.dir, 'saved.jsonl'), 'utf8')).trim().split('\n')[0];
  const file = path.join(config.dir, 'many.jsonl');
  await writeFile(file, `${saved}\n`.repeat(5000));
  const before = await total();
  await page.setInputFiles('#import', file);
  await until('5000 more', async () => (await total()) >= before + 5000, 4 * wait);
  await page.locator('#list').focus();
  await page.keyboard.press('g');
  for (const part of [0.2, 0.5, 0.9, 0.1]) {
    await page.evaluate((p) => { const l = document.getElementById('list'); l.scrollTop = p * l.scrollHeight; }, part);
    await until('the rows that are seen', async () => (await rows.count()) > 20 && (await page.locator('.waiting').count()) === 0);
  }
  check((await rows.count()) < 120, `${await rows.count()} rows are in the page`);
  await filter('status:5xx');
  await until('a filter over all', async () => (await total()) >= 5000);
  await filter('');
});

await step('the server goes and comes back', () => refused(async () => {
  await ask('stop');
  await page.getByText('sidenote does not respond').first().waitFor();
  check((await rows.count()) > 5, 'what was there is gone');
  await rows.nth(2).click();
  await page.getByText('This cannot be shown now').waitFor();
  await sound('without a server');
  await ask('start');
  await page.getByText('was restarted').first().waitFor();
  await page.getByText('Waiting for your first request').waitFor();
  await ask('one');
  await row('/v1/cart').waitFor();
}));

await step('nothing else was asked for or complained about', async () => check(bad.length === 0, bad.join('\n')));

await browser.close();
process.exit(0);
