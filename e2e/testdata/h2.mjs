// An HTTP/2 origin server that resets streams in every way, and a client of it that
// prints what it saw, a line each. What the server saw is asked for by /saw.
//
//   node h2.mjs serve CERT KEY     prints its port
//   node h2.mjs ask PORT CA [PROXY]
import fs from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';

const codes = [...Array(14).keys(), 77];
const say = (...words) => console.log(...words);
const drain = async (stream) => {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
};

function serve(cert, key) {
  const saw = new Map(); // by the name of a stream, how it ended
  const asked = new Map();
  const note = (name, how) => {
    saw.set(name, how);
    asked.get(name)?.(how);
  };
  const server = http2.createSecureServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key), settings: { enableConnectProtocol: true } });
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', async (s, head) => {
    s.on('error', () => {});
    const [, what, name] = head[':path'].split('/');
    const number = Number(name);
    switch (what) {
      case 'echo': // the head at once, the content when the request has ended
        s.respond({ ':status': 200, 'x-b': ['1', '2'], 'x-a': '3', 'x-order': Object.keys(head).join(' '), 'x-sensitive': head[http2.sensitiveHeaders].join(' ') }, { waitForTrailers: true });
        s.on('wantTrailers', () => s.sendTrailers({ 'x-sum': '7' }));
        s.end(await drain(s));
        return;
      case 'early':
        s.additionalHeaders({ ':status': 103, link: '</a.css>' });
        s.respond({ ':status': 200 }, { endStream: true });
        return;
      case 'empty':
        s.respond({ ':status': number }, { endStream: true });
        return;
      case 'refuse':
        s.close(number);
        return;
      case 'break':
        s.respond({ ':status': 200 });
        s.write('some', () => s.close(number));
        return;
      case 'wait': // until the client resets it
        s.respond({ ':status': 200 });
        s.on('close', () => note(name, s.rstCode));
        s.resume();
        return;
      case 'saw':
        s.respond({ ':status': 200 });
        s.end(String(saw.get(name) ?? (await new Promise((resolve) => asked.set(name, resolve)))));
        return;
      case 'goaway': {
        const { session } = s;
        s.on('close', () => session.goaway(number, 0x7fffffff, Buffer.from('told so')));
        s.respond({ ':status': 200 }, { endStream: true });
        return;
      }
      default: // extended CONNECT
        s.respond({ ':status': 200 });
        s.write(head[':protocol'] + ' ');
        s.pipe(s);
    }
  });
  server.listen(0, '127.0.0.1', () => say(server.address().port));
}

// dial connects directly, or through a tunnel of the proxy's.
function dial(port, proxy) {
  if (!proxy) return Promise.resolve(net.connect(port, '127.0.0.1'));
  const [host, at] = proxy.split(':');
  const c = net.connect(at, host);
  c.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  return new Promise((resolve, reject) => c.once('data', (b) => (/^HTTP\/1.1 200 /.test(b) ? resolve(c) : reject(new Error(String(b))))));
}

async function open(port, ca, proxy) {
  const socket = await dial(port, proxy);
  const secure = tls.connect({ socket, host: '127.0.0.1', ca: fs.readFileSync(ca), ALPNProtocols: ['h2'] });
  const session = http2.connect(`https://127.0.0.1:${port}`, { createConnection: () => secure });
  session.on('error', () => {});
  await new Promise((resolve) => session.once('remoteSettings', resolve));
  return session;
}

// fetch sends a request and returns all that comes of it.
const fetch = (session, head, content, then) => new Promise((resolve) => {
  const got = { interim: [], content: '' };
  const s = session.request({ 'x-order': '1', cookie: ['a=b', 'c=d'], secret: 's', [http2.sensitiveHeaders]: ['secret'], ...head }, { endStream: content === undefined });
  s.on('headers', (h) => got.interim.push(h[':status'], h.link));
  s.on('response', (h) => { got.status = h[':status']; got.fields = JSON.stringify({ ...h, date: undefined }); then?.(s); });
  s.on('trailers', (t) => { got.trailers = JSON.stringify(t); });
  s.on('data', (b) => { got.content += b; });
  s.on('error', () => {}); // the code tells it
  s.on('close', () => resolve({ ...got, code: s.rstCode }));
  if (content) s.end(content);
});

async function ask(port, ca, proxy) {
  const session = await open(port, ca, proxy);
  const tell = async (name, head, ...more) => say(name, JSON.stringify(await fetch(session, head, ...more)));
  await tell('echo', { ':path': '/echo', ':method': 'POST' }, 'content');
  await tell('half-closed', { ':path': '/echo', ':method': 'POST' }, '', (s) => s.end('late'));
  await tell('early', { ':path': '/early' });
  for (const status of [204, 304, 418]) await tell('empty', { ':path': '/empty/' + status });
  await tell('head', { ':path': '/empty/200', ':method': 'HEAD' });
  await tell('connect', { ':path': '/', ':method': 'CONNECT', ':protocol': 'websocket' }, '', (s) => s.end('both ways'));
  for (const code of codes) {
    await tell('refused', { ':path': '/refuse/' + code });
    await tell('broken', { ':path': '/break/' + code, ':method': 'POST' }, ''); // the request has not ended
  }
  for (const code of codes) {
    await tell('given up', { ':path': '/wait/' + code, ':method': 'POST' }, '', (s) => s.close(code));
    say('the server saw', (await fetch(session, { ':path': '/saw/' + code })).content);
  }
  say('ping', await new Promise((resolve) => session.ping(Buffer.from('12345678'), (err, took, b) => resolve(err ?? String(b)))));
  session.close();
  for (const code of codes) {
    const one = await open(port, ca, proxy);
    const gone = new Promise((resolve) => one.once('goaway', (c, last, data) => resolve([c, last, String(data)])));
    await fetch(one, { ':path': '/goaway/' + code });
    say('goaway', JSON.stringify(await gone));
    one.destroy();
  }
  process.exit(0); // whatever is still open
}

const [mode, ...args] = process.argv.slice(2);
await { serve, ask }[mode](...args);
