// The inspector's page in a browser, for scripts that work it step by step and
// say of each step how it went: {"step": …, "failed": …, "took": …}.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { check, config, fromAPI, launch, listOf, origin, say, until, wait } from './script.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const rules = {
  iframes: false,
  preload: false,
  resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } },
};

const violations = `axe.run(document, ${JSON.stringify(rules)}).then((r) => r.violations.map((v) => v.id + ': ' +
  v.nodes.map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).slice(0, 3).join(' | ')))`;

const worlds = new Map(); // by page: where axe is, until the page is loaded anew

/** A world of its own for axe, so that the page's policy stands. */
async function worldOf(page) {
  const known = worlds.get(page);
  if (known) return known;
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  await session.send('Runtime.evaluate', { contextId, expression: axe });
  const world = { session, contextId };
  worlds.set(page, world);
  page.once('framenavigated', () => worlds.delete(page));
  return world;
}

/** Checks a view with axe. */
async function soundness(what, on) {
  const { session, contextId } = await worldOf(on);
  const { result } = await session.send('Runtime.evaluate', { contextId, awaitPromise: true, returnByValue: true, expression: violations });
  check(Array.isArray(result.value), `axe gave nothing for ${what}`);
  check(result.value.length === 0, `axe on ${what}: ${result.value.join('\n')}`);
  const wide = await on.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(wide <= 0, `${what} is ${wide} px too wide`);
}

/** Opens a browser with a page in which nothing is yet. */
export async function openInspector() {
  const browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, reducedMotion: 'reduce', colorScheme: 'light' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const page = await context.newPage();
  page.setDefaultTimeout(wait);

  const bad = []; // what must never be seen, whatever the step
  let expected = false; // answers that are errors, which the browser logs
  let answered = 0;
  let logged = 0;
  const watch = (p) => {
    p.on('response', (r) => { if (r.status() >= 400) answered++; });
    p.on('console', (m) => {
      const failed = m.text().startsWith('Failed to load resource');
      if (failed && m.text().includes('status of')) logged++;
      if (m.type() === 'error' && !(expected && failed)) bad.push(`console: ${m.text()}`);
    });
    p.on('pageerror', (e) => bad.push(`error: ${e.stack}`));
    p.on('dialog', (d) => { bad.push(`a dialog: ${d.message()}`); void d.dismiss(); });
    p.on('request', (r) => { if (!r.url().startsWith(`${origin}/`) && !r.url().startsWith('data:')) bad.push(`asked for ${r.url()}`); });
  };
  watch(page);

  /** Does what leads to answers that are errors, and waits until the browser has logged them all. */
  async function refused(work) {
    expected = true;
    try {
      await work();
      await until('the browser has logged every error', () => logged >= answered);
    } finally {
      expected = false;
    }
  }

  async function step(name, work) {
    const from = bad.length;
    const began = performance.now();
    const done = (failed) => say({ step: name, failed, took: Math.round(performance.now() - began) });
    try {
      await work();
      check(bad.length === from, bad.slice(from).join('; '));
      done();
    } catch (error) {
      done(String(error?.stack ?? error));
      if (process.env.SIDENOTE_TEST_SHOW) await page.screenshot({ path: path.join(process.env.SIDENOTE_TEST_SHOW, `${name.replaceAll(' ', '-')}.png`) });
    }
  }

  return {
    browser, context, page, bad, refused, watch, step, ...listOf(page),
    sound: (what, on = page) => soundness(what, on),
    picture: async (name, on = page) => { if (config.pictures) await on.screenshot({ path: path.resolve(config.pictures, `inspector-${name}.png`) }); },
    details: page.locator('#details'),
    clipboard: () => page.evaluate(() => navigator.clipboard.readText()),
    api: (address) => fromAPI(page, address),
  };
}
