// What every script that works the inspector's page begins with. A script gets
// its settings as JSON in its first argument, says what it found as a line of
// JSON each, and asks for what it needs done outside the browser with
// {"ask": …}; it goes on when a line comes.
import readline from 'node:readline';
import { chromium } from 'playwright-core';

export const config = JSON.parse(process.argv[2]);
export const origin = new URL(config.link).origin;

/** How long anything may take that is not measured, in milliseconds. */
export const wait = Number(process.env.SIDENOTE_TEST_WAIT || 15000);

const replies = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

export async function ask(what) {
  say({ ask: what });
  await replies.next();
}

export function check(ok, text) {
  if (!ok) throw new Error(text);
}

/** Waits until something holds, on which no event tells. */
export async function until(what, ok, most = wait) {
  for (const end = Date.now() + most; ; ) {
    if (await ok()) return;
    check(Date.now() < end, `not in time: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export const launch = (...more) => chromium.launch({
  executablePath: config.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...more],
});

/** Asks the inspector for an address of its API with the session of a page. */
export async function fromAPI(page, address) {
  const session = await page.evaluate(() => localStorage.getItem('sidenote.session') ?? '');
  return page.context().request.get(`${origin}/api/v1/${address}`, { headers: { 'Sidenote-Session': session } });
}

/** The list as the page has it: its rows, and how long it says that it is. */
export function listOf(page) {
  const rows = page.locator('#list .row');
  return {
    rows,
    row: (text) => rows.filter({ hasText: text }).first(),
    total: async () => {
      const list = page.locator('#list');
      return (await list.count()) === 0 ? 0 : Number((await list.getAttribute('aria-rowcount')) ?? 1) - 1;
    },
    filter: async (text) => {
      await page.fill('#filter', text);
      await page.press('#filter', 'Enter');
    },
  };
}
