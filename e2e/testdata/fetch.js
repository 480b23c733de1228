// Fetches what stdin lists with http and https; see exchanges_test.go for the form.
'use strict';
const http = require('http');
const https = require('https');
const tls = require('tls');

const proxy = process.env.http_proxy && new URL(process.env.http_proxy);

// TunnelAgent asks the proxy for a tunnel to each origin server.
class TunnelAgent extends https.Agent {
  createConnection(options, done) {
    const authority = `${options.host}:${options.port}`;
    const connect = http.request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: authority });
    connect.on('error', done);
    connect.on('connect', (response, socket) => {
      if (response.statusCode !== 200) return done(new Error(`CONNECT: ${response.statusCode}`));
      done(null, tls.connect({ ...options, socket }));
    });
    connect.end();
  }
}

const agent = proxy ? new TunnelAgent({ keepAlive: true }) : new https.Agent({ keepAlive: true });

function ask(method, url, headers) {
  const u = new URL(url);
  if (u.protocol === 'https:') return https.request(u, { method, headers, agent });
  if (!proxy) return http.request(u, { method, headers });
  return http.request({ host: proxy.hostname, port: proxy.port, method, path: url, headers: { ...headers, Host: u.host } });
}

function fetch(method, url, field, body) {
  return new Promise((resolve, reject) => {
    const headers = {};
    const colon = field.indexOf(': ');
    if (colon > 0) headers[field.slice(0, colon)] = field.slice(colon + 2);
    if (body.length) headers['Content-Length'] = body.length;
    const request = ask(method, url, headers);
    request.on('error', reject);
    request.on('response', (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        let text = `${response.statusCode} ${response.statusMessage}\n`;
        for (let i = 0; i < response.rawHeaders.length; i += 2) text += `${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}\n`;
        process.stdout.write(`${text}\n${Buffer.concat(parts).toString('base64')}\n`);
        resolve();
      });
    });
    request.end(body.length ? body : undefined);
  });
}

(async () => {
  const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean);
  for (const line of lines) {
    const [method, url, field, body] = line.split('\t');
    await fetch(method, url, field, Buffer.from(body, 'base64'));
  }
  agent.destroy();
})();
