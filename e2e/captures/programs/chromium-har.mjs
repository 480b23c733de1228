// Has Chromium visit a small shop, and saves the HAR that Playwright makes of it:
// node chromium-har.mjs FILE. It needs what npm installed in e2e/node.
import { chromium } from '../../node/node_modules/playwright-core/index.mjs';
import { createServer } from 'node:http';
const page1 = '<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><link rel=icon href="data:,"><link rel=stylesheet href=/a.css><script src=/app.js defer></script><img src=/no.png alt=""><p>Shop</p>';
const send = (res, status, headers, body) => { res.writeHead(status, { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers }); res.end(body); };
const handler = (req, res) => {
  const cross = { 'Access-Control-Allow-Origin': '*' };
  switch (req.url) {
    case '/': return send(res, 200, { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': 'lang=de; Path=/; HttpOnly; SameSite=Lax' }, page1);
    case '/a.css': return send(res, 200, { 'Content-Type': 'text/css' }, 'p{color:red}');
    case '/app.js': return send(res, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }, `
      const other = 'http://localhost:' + location.port;
      await Promise.allSettled([
        fetch('/api/items').then(r => r.json()), fetch('/api/items', {method:'POST', headers:{'Content-Type':'application/json'}, body:'{"name":"cup"}'}).then(r => r.json()),
        fetch('/redirect').then(r => r.text()), fetch(other + '/open').then(r => r.text()), fetch(other + '/closed').then(r => r.text()),
        fetch(other + '/api/items', {method:'PUT', headers:{'X-Shop':'1'}}), fetch('http://localhost:1/').catch(() => 0), fetch('/api/items/404'),
      ]); document.title = 'done';`.replace('await', '(async () => { await') + '})();');
    case '/redirect': return send(res, 302, { Location: '/api/items' }, '');
    case '/open': return send(res, 200, { 'Content-Type': 'text/plain; charset=utf-8', ...cross }, 'open');
    case '/closed': return send(res, 200, { 'Content-Type': 'text/plain; charset=utf-8' }, 'closed');
    case '/api/items': return send(res, req.method === 'POST' ? 201 : 200, { 'Content-Type': 'application/json', ...(req.method === 'POST' ? { Location: '/api/items/7' } : {}) }, '[{"id":1}]');
    default: return send(res, 404, { 'Content-Type': 'text/plain; charset=utf-8' }, 'no such thing');
  }
};
const server = createServer(handler).listen(0);
const port = server.address().port;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const context = await browser.newContext({ recordHar: { path: process.argv[2], content: 'embed' } });
const page = await context.newPage();
await page.goto(`http://127.0.0.1:${port}/`);
await page.waitForFunction(() => document.title === 'done');
await context.close();
await browser.close();
server.close();
process.exit(0);
