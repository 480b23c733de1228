import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';

createServer(async (req, res) => {
  const { pathname } = new URL(req.url, 'http://a.test');
  let body = '';
  for await (const part of req) body += part;
  const json = (status, value) => res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  try {
    if (pathname === '/api/items') return req.method === 'POST' ? json(201, JSON.parse(body)) : json(200, [{ id: 1 }]);
    if (pathname.startsWith('/api/items/')) return req.method === 'DELETE' ? res.writeHead(204).end() : json(200, { id: 1 });
    if (pathname === '/redirect') return res.writeHead(302, { Location: '/api/items' }).end();
    if (pathname === '/cookie') return res.writeHead(200, { 'Set-Cookie': 'lang=de' }).end('ok');
    if (pathname === '/error') throw new Error('shop is closed');
    const file = await readFile(process.env.WORK + (pathname === '/' ? '/index.html' : pathname.replaceAll('..', '')));
    res.end(file);
  } catch (error) {
    res.writeHead(error.code === 'ENOENT' ? 404 : 500).end(String(error));
  }
}).listen(+process.env.PORT, '127.0.0.1');
