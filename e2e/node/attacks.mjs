// Tries to get at what the inspector shows from other ports of this machine, in
// a browser that has a session: another development server records what the
// browser sends it and replays that, and its pages ask the inspector in every
// way that a page has.
import http from 'node:http';
import { ask, check, config, origin, until } from './script.mjs';
import { openInspector } from './inspector-page.mjs';

const { browser, context, page, refused, step, total } = await openInspector();

/** A development server of another port, which keeps what it is sent. */
const sent = [];
const urls = [];
const evil = http.createServer((q, r) => {
  sent.push(q.headers);
  urls.push(q.url);
  if (q.url === '/stream') {
    r.write('data: 1\n\n');
    return;
  }
  r.setHeader('Content-Type', 'text/html');
  r.end('<!doctype html><title>another server</title><h1>another server</h1>');
});
await new Promise((done) => evil.listen(0, '127.0.0.1', done));
const elsewhere = `http://127.0.0.1:${evil.address().port}`;

const paths = ['exchanges', 'exchanges/1', 'exchanges/1/response/content', 'export?format=har', 'events', 'setup'];

/** Asks the inspector outside the browser, as a server can that was sent some fields. */
const replay = (path, headers) => new Promise((done, failed) => {
  http.get(`${origin}${path}`, { headers }, (r) => {
    let text = '';
    r.on('data', (b) => { text += b; });
    r.on('end', () => done({ status: r.statusCode, text }));
  }).on('error', failed);
});

await step('a browser with a session', async () => {
  await page.goto(config.link);
  await page.getByText('Waiting for your first request').waitFor();
  await ask('traffic');
  await until('28 exchanges', async () => (await total()) >= 28);
});

await step('another port replays what the browser sends it', async () => {
  const p = await context.newPage();
  await p.goto(elsewhere);
  await p.evaluate(async (from) => { await fetch(from, { credentials: 'include' }); }, elsewhere);
  await p.close();
  check(sent.length >= 2, 'the other server was sent nothing');
  const secrets = await context.cookies();
  check(secrets.length === 0, `the browser has cookies: ${JSON.stringify(secrets)}`);
  for (const headers of [...sent, {}]) {
    const { host: _, ...rest } = headers;
    for (const path of [...paths.map((p) => `/api/v1/${p}`), '/debug/pprof/', '/debug/pprof/heap']) {
      const { status, text } = await replay(path, { ...rest, host: new URL(origin).host });
      check(status === 401, `${path} is answered with ${status}: ${text.slice(0, 80)}`);
    }
  }
});

await step('pages of another port ask for themselves', () => refused(async () => {
  const p = await context.newPage();
  await p.goto(elsewhere);
  const got = await p.evaluate(async ({ target, list }) => {
    const out = [];
    for (const path of list) {
      for (const init of [{ credentials: 'include' }, { credentials: 'include', headers: { 'Sidenote-Session': 'x' } }, { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}' }]) {
        try {
          const r = await fetch(`${target}/api/v1/${path}`, init);
          if (r.type !== 'opaque' && r.ok) out.push(`fetch ${path}: ${(await r.text()).slice(0, 80)}`);
        } catch { /* refused */ }
      }
    }
    await new Promise((done) => {
      const events = new EventSource(`${target}/api/v1/events`, { withCredentials: true });
      events.addEventListener('news', (e) => { out.push(`EventSource: ${e.data}`); done(); });
      events.onerror = () => { events.close(); done(); };
    });
    await new Promise((done) => {
      const socket = new WebSocket(`${target.replace('http', 'ws')}/api/v1/events`);
      socket.onopen = () => { out.push('WebSocket'); done(); };
      socket.onerror = done;
    });
    await new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.onload = () => {
        try { out.push(`frame: ${frame.contentWindow.localStorage.getItem('sidenote.session')}`); } catch { /* refused */ }
        done();
      };
      frame.src = `${target}/`;
      document.body.append(frame);
    });
    const opened = window.open(`${target}/`);
    await new Promise((done) => { setTimeout(done, 300); });
    try { if (opened?.localStorage.length) out.push('window.open'); } catch { /* refused */ }
    opened?.close();
    out.push(...Object.keys(localStorage).map((k) => `storage: ${k}`));
    return out;
  }, { target: origin, list: paths });
  check(got.length === 0, got.join('\n'));
  check((await total()) >= 28, 'another page cleared the list');
  await p.close();
}));

await step('another site by a name that leads here', async () => {
  for (const host of ['evil.test', `evil.test:${new URL(origin).port}`, '127.0.0.1.evil.test']) {
    const { status } = await replay('/api/v1/exchanges', { host, 'sidenote-session': await page.evaluate(() => localStorage.getItem('sidenote.session')) });
    check(status === 421, `${host} is answered with ${status}`);
  }
});

/** Opens the exchange of a path, and what sends it again. */
async function edit(p, path) {
  await p.locator('#list .row').filter({ hasText: path }).first().click();
  await p.getByRole('tab', { name: 'Request' }).click();
  await p.getByRole('button', { name: 'Resend' }).click();
  const dialog = p.getByRole('dialog', { name: 'Send again' });
  await dialog.waitFor();
  return dialog;
}

await step('secrets go back to where they came from alone', () => refused(async () => {
  for (const [field, value] of [['URL', `${elsewhere}/v1/cart`], ['Header fields, one per line', `Host: ${new URL(elsewhere).host}`]]) {
    const dialog = await edit(page, 'token=');
    const box = dialog.getByRole('textbox', { name: field });
    const was = await box.inputValue();
    check(was.includes('[redacted:') || field !== 'URL', `the token is not redacted: ${was}`);
    await box.fill(field === 'URL' ? was.replace(/^http:[/][/][^/]+[/]v1[/]cart/, value) : was.replace(/^Host: .*$/mi, value));
    const before = sent.length;
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await dialog.getByText(`Send secrets to`).waitFor();
    check(sent.length === before, 'it was sent without asking');
    await dialog.getByRole('button', { name: 'Send without them' }).click();
    await dialog.waitFor({ state: 'detached' });
    for (const q of urls) check(!q.includes('token=secret'), `a secret was sent to ${q}`);
  }
  check(urls.some((u) => u.startsWith('/v1/cart?token=')), `nothing came: ${urls}`);
  check(sent.some((h) => h.host === new URL(elsewhere).host), 'Host did not follow the URL');
}));

await step('two tabs get the answers to their own requests', async () => {
  const other = await context.newPage();
  await other.goto(`${origin}/`);
  await other.locator('.row').first().waitFor();
  const tabs = [[page, 'left'], [other, 'right']];
  for (let round = 0; round < 3; round++) {
    const dialogs = [];
    for (const [p, name] of tabs) {
      await p.keyboard.press('Escape');
      const dialog = await edit(p, '/v1/orders/77');
      await dialog.getByRole('textbox', { name: 'URL' }).fill(`${config.clear}/v1/orders/77?tab=${name}${round}`);
      dialogs.push(dialog);
    }
    await Promise.all(dialogs.map((d) => d.getByRole('button', { name: 'Send', exact: true }).click()));
    for (const [p, name] of tabs) await p.locator('.details h1').filter({ hasText: `tab=${name}${round}` }).waitFor();
  }
  await other.close();
  await page.keyboard.press('Escape');
});

await step('a stream does not hold the page', async () => {
  const dialog = await edit(page, '/v1/orders/77');
  await dialog.getByRole('textbox', { name: 'URL' }).fill(`${elsewhere}/stream`);
  await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('The response goes on').waitFor();
});

await step('the page that has the session goes on', async () => {
  await ask('one');
  await until('all exchanges', async () => (await total()) >= 36);
  await page.reload();
  await until('all exchanges again', async () => (await total()) >= 36);
  check(!page.url().includes('key='), 'the key stays in the address');
});

evil.closeAllConnections();
evil.close();
await browser.close();
process.exit(0);
