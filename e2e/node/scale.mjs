// Has the inspector's page open while many exchanges arrive, and says what that
// costs: {"figure": NAME, "value": …, "of": …}.
import { ask, check, config, fromAPI, launch, listOf, origin, say, until, wait } from './script.mjs';

const figure = (name, value, of) => say({ figure: name, value, of });
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
const page = await context.newPage();
page.setDefaultTimeout(wait);
page.on('pageerror', (e) => say({ failed: String(e?.stack ?? e) }));
const cdp = await context.newCDPSession(page);
await cdp.send('Performance.enable');
const { rows, total } = listOf(page);

/** What the page holds when garbage is gone: octets of its heap, and nodes. */
async function holds() {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name) => metrics.find((m) => m.name === name).value;
  return { heap: of('JSHeapUsedSize'), nodes: of('Nodes') };
}

/** Lets exchanges pass, and waits until the page shows all that are kept. */
async function pass(what) {
  await ask(what);
  await until('the page shows the latest exchange', async () => {
    const answer = await fromAPI(page, `exchanges?limit=0`);
    return (await total()) === (await answer.json()).total;
  }, 4 * wait);
}

/** Records a trace of what is done. */
async function traced(work) {
  const events = [];
  const take = ({ value }) => { for (const e of value) events.push(e); };
  cdp.on('Tracing.dataCollected', take);
  const includedCategories = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame', '__metadata'];
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } });
  const began = performance.now();
  await work();
  const took = performance.now() - began;
  const complete = new Promise((done) => cdp.once('Tracing.tracingComplete', done));
  await cdp.send('Tracing.end');
  await complete;
  cdp.off('Tracing.dataCollected', take);
  return { events, took };
}

/** Scrolls two seconds as a wheel does, and returns what was drawn meanwhile. */
async function scrollOnce() {
  await page.locator('#list').evaluate((l) => { l.scrollTop = l.scrollHeight / 2; });
  await until('the rows that are seen', async () => (await rows.count()) > 10 && (await page.locator('.waiting').count()) === 0);
  const box = await page.locator('#list').boundingBox();
  const speed = 2000; // pixels a second
  const { events, took } = await traced(() => cdp.send('Input.synthesizeScrollGesture', {
    x: box.x + box.width / 2, y: box.y + box.height / 2, yDistance: 2 * speed, speed, gestureSourceType: 'mouse', preventFling: true,
  }));
  return { events, took, drawn: events.filter((e) => e.name === 'DrawFrame').length };
}

/** Measures scrolling. Chromium loses a gesture now and then, of which nothing is drawn: it is made again. */
async function scroll() {
  let best = await scrollOnce();
  for (let again = 0; again < 2 && best.drawn < 20; again++) {
    const next = await scrollOnce();
    if (next.drawn > best.drawn) best = next;
  }
  const { events, took, drawn } = best;
  check(drawn > 0, 'the trace has no frames');
  const main = events.find((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain');
  const tasks = events.filter((e) => e.pid === main.pid && e.tid === main.tid && e.ph === 'X' && e.name === 'RunTask');
  const busy = tasks.reduce((sum, e) => sum + (e.tdur ?? 0), 0) / 1000;
  figure('frames', (drawn / took) * 1000, `${drawn} frames in ${(took / 1000).toFixed(1)} s`);
  figure('frame', busy / drawn, `${Math.round(busy)} ms in ${drawn} frames`);
  figure('rows', await rows.count(), `a list of ${await total()}`);
}

/** Writes a filter, and gives the time until the rows that it lets through are seen, in milliseconds. */
const filtered = (text) => page.evaluate((filter) => new Promise((done) => {
  const box = document.getElementById('filter');
  box.value = filter;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  const answered = (list) => list.getEntries().some((e) => new URL(e.name).searchParams.get('filter') === filter);
  let answer = false;
  const observer = new PerformanceObserver((list) => { answer ||= answered(list); });
  observer.observe({ type: 'resource' });
  const began = performance.now();
  box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
  const look = () => {
    if (!answer || document.querySelector('.waiting')) return requestAnimationFrame(look);
    observer.disconnect();
    done(performance.now() - began);
  };
  requestAnimationFrame(look);
}), text);

await page.goto(config.link);
await page.getByText('Waiting for your first request').waitFor();
await pass('first');
const first = await holds();
await pass('rest');
const last = await holds();
figure('heap', last.heap, `${(first.heap / 2 ** 20).toFixed(1)} MiB after the first`);
figure('growth', last.heap - first.heap, '');
figure('nodes', last.nodes, `${first.nodes} after the first`);
await scroll();
await page.locator('#list').focus();
await page.keyboard.press('g');
for (const text of JSON.parse(config.filters)) figure('filter on the page', await filtered(text), text);
await browser.close();
process.exit(0);
