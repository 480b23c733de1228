// Opens links to the inspector in Chromium as people do who click on them, and
// prints for each what the page shows, one a line as JSON.
//
//   node links.mjs '{"chromium": PATH, "link": LINK THAT LETS IN, "links": URLS, A LINE EACH}'
import { chromium } from 'playwright-core';

const { chromium: executablePath, link, links } = JSON.parse(process.argv[2]);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(15000);
  await page.goto(link);
  await page.locator('footer .live').waitFor();
  for (const url of links.split('\n')) {
    const errors = [];
    const complain = (error) => errors.push(String(error));
    page.on('pageerror', complain);
    // Away first: an address that differs in its fragment alone loads nothing.
    await page.goto('about:blank');
    const listed = page.waitForResponse((r) => r.url().includes('/api/v1/exchanges?'));
    await page.goto(url);
    await listed;
    await page.locator('footer .live').waitFor();
    const chosen = /[#&](id|x)=/.test(url);
    if (chosen) await page.locator('.details h1, .details .gone h2').first().waitFor();
    const count = async () => Number((await page.locator('#list').getAttribute('aria-rowcount')) ?? 1) - 1;
    const problem = page.locator('#filter-problem');
    for (let i = 0; i < 100 && (await count()) < 1 && (await problem.count()) === 0; i++) await page.waitForTimeout(20);
    console.log(JSON.stringify({
      filter: await page.inputValue('#filter'), total: await count(), errors,
      problem: (await problem.count()) > 0 ? await problem.innerText() : '',
      details: chosen ? await page.locator('.details h1, .details .gone h2').first().innerText() : '',
    }));
    page.off('pageerror', complain);
  }
} finally {
  await browser.close();
}
