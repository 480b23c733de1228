// Opens a page of a file in Chromium as people see it: light and dark, wide and
// narrow. Prints what axe-core finds, what the page asks of the network and what
// the browser complains about, as JSON. With a folder it also leaves pictures
// and a printed copy there.
//
//   node page.mjs CHROMIUM FILE [FOLDER]
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [executablePath, file, folder] = process.argv.slice(2);
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const found = { violations: [], console: [], requests: [], overflow: [], open: 0, marks: 0, text: '' };
try {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 400]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: false });
      const page = await context.newPage();
      page.on('console', (m) => found.console.push(m.text()));
      page.on('pageerror', (e) => found.console.push(String(e)));
      page.on('dialog', (d) => { found.console.push('dialog: ' + d.message()); d.dismiss(); });
      page.on('request', (r) => { if (!r.url().startsWith('file:') && !r.url().startsWith('data:')) found.requests.push(r.url()); });
      await page.goto(pathToFileURL(path.resolve(file)).href);
      const at = `${colorScheme}-${width}`;
      if (folder) await page.screenshot({ path: path.join(folder, `${at}.png`), fullPage: true });
      await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
      if (folder) await page.screenshot({ path: path.join(folder, `${at}-open.png`), fullPage: true });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) found.overflow.push(`${at}: ${wide} px`);
      found.marks = await page.locator('mark').count();
      found.open = await page.locator('details').count();
      found.text = await page.evaluate(() => document.body.innerText);
      // axe runs in a world of its own, so that the page's policy stands.
      const cdp = await context.newCDPSession(page);
      const { frameTree } = await cdp.send('Page.getFrameTree');
      const { executionContextId } = await cdp.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
      const { readFile } = await import('node:fs/promises');
      await cdp.send('Runtime.evaluate', { contextId: executionContextId, expression: await readFile(axe, 'utf8') });
      const { result } = await cdp.send('Runtime.evaluate', {
        contextId: executionContextId, awaitPromise: true, returnByValue: true,
        expression: 'axe.run().then((r) => r.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html).join(" ")}`))',
      });
      for (const v of result.value ?? ['axe did not run']) found.violations.push(`${at}: ${v}`);
      if (folder && colorScheme === 'light' && width === 1280) {
        await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = false; }));
        await page.pdf({ path: path.join(folder, 'print.pdf'), format: 'A4' });
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(found, null, 1));
