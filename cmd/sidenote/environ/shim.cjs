// Makes versions of Node that know no proxy of the environment use it: http,
// https, fetch and undici. Newer ones do so by themselves with
// NODE_USE_ENV_PROXY, and are left alone. Required through NODE_OPTIONS.
'use strict';

(function useProxyOfEnvironment() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const nativeFetch = major > 23 || (major === 22 && minor >= 21);
  const nativeHTTP = major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
  if (process.env.SIDENOTE !== '1' || (nativeFetch && nativeHTTP)) return;

  let proxy;
  try {
    proxy = new URL(process.env.http_proxy);
  } catch (_) {
    return;
  }
  if (proxy.protocol !== 'http:') return;
  const proxyHost = proxy.hostname.replace(/^\[|\]$/g, '');
  const proxyPort = Number(proxy.port) || 80;
  const authorization = proxy.username
    ? 'Basic ' + Buffer.from(decodeURIComponent(proxy.username) + ':' + decodeURIComponent(proxy.password)).toString('base64')
    : '';
  const direct = (process.env.NO_PROXY || '').toLowerCase().split(/[\s,]+/).filter(Boolean);

  const net = require('net');
  const http = require('http');
  const https = require('https');

  // isDirect tells whether NO_PROXY lets a host pass the proxy by.
  function isDirect(host) {
    host = String(host || 'localhost').toLowerCase().replace(/^\[|\]$/g, '');
    return direct.some((d) => d === '*' || d === host || host.endsWith('.' + d.replace(/^\*?\./, '')));
  }

  function authority(host, port) {
    return (net.isIPv6(host) ? '[' + host + ']' : host) + ':' + port;
  }

  // tunnel asks the proxy for a tunnel and gives its socket to done(error, socket).
  function tunnel(host, port, done) {
    const socket = net.connect({ host: proxyHost, port: proxyPort });
    let head = Buffer.alloc(0);
    function end(error) {
      socket.removeListener('error', end);
      socket.removeListener('close', closed);
      socket.removeListener('readable', read);
      if (error) socket.destroy();
      done(error, error ? undefined : socket);
    }
    function closed() {
      const error = new Error('the proxy closed the connection that was to lead to ' + authority(host, port));
      error.code = 'ECONNRESET';
      end(error);
    }
    function read() {
      for (let piece; (piece = socket.read()) !== null; ) {
        head = Buffer.concat([head, piece]);
        const at = head.indexOf('\r\n\r\n');
        if (at < 0 && head.length < 65536) continue;
        const status = /^HTTP\/1\.\d (\d{3})/.exec(head.toString('latin1'));
        if (at < 0 || !status || status[1] !== '200') {
          return end(new Error('the proxy opens no connection to ' + authority(host, port) + (status ? ': status ' + status[1] : '')));
        }
        const rest = head.subarray(at + 4);
        if (rest.length > 0) socket.unshift(rest);
        return end();
      }
    }
    socket.on('error', end);
    socket.on('close', closed);
    socket.on('readable', read);
    const target = authority(host, port);
    socket.write('CONNECT ' + target + ' HTTP/1.1\r\nHost: ' + target + '\r\n' +
      (authorization && 'Proxy-Authorization: ' + authorization + '\r\n') + '\r\n');
  }

  if (!nativeHTTP) {
    const addRequest = http.Agent.prototype.addRequest;
    const connectPlain = http.Agent.prototype.createConnection;
    const connectSecure = https.Agent.prototype.createConnection;

    function isProxy(options) {
      return options && Number(options.port) === Number(proxyPort) && (options.hostname || options.host) === proxyHost;
    }

    // A request without TLS goes to the proxy itself, in absolute form.
    http.Agent.prototype.addRequest = function (req, options, ...more) {
      const plain = this.protocol === 'http:' && this.createConnection === connectPlain &&
        req.method !== 'CONNECT' && !isProxy(options); // whoever speaks with proxies by himself is let be
      if (plain && typeof options === 'object' && !options.socketPath && !isDirect(options.host)) {
        const port = Number(options.port) || 80;
        const host = options.hostname || options.host || 'localhost';
        if (!/^[a-z]+:\/\//i.test(req.path)) {
          req.path = 'http://' + (port === 80 ? authority(host, port).replace(/:80$/, '') : authority(host, port)) + req.path;
        }
        if (authorization && !req._header) req.setHeader('Proxy-Authorization', authorization);
        options = Object.assign({}, options, { host: proxyHost, hostname: proxyHost, port: proxyPort });
        rewriteHead(req);
      }
      return addRequest.call(this, req, options, ...more);
    };

    // rewriteHead makes a head anew that was made with the old target already.
    function rewriteHead(req) {
      if (typeof req._header !== 'string') return;
      const old = req._header;
      const line = req.method + ' ' + req.path + ' HTTP/1.1';
      req._header = line + (authorization && '\r\nProxy-Authorization: ' + authorization) + old.slice(old.indexOf('\r\n'));
      const first = req.outputData && req.outputData[0];
      if (first && typeof first.data === 'string' && first.data.startsWith(old)) {
        const grown = req._header.length - old.length;
        first.data = req._header + first.data.slice(old.length);
        if (typeof req.outputSize === 'number') req.outputSize += grown;
      }
    }

    // A request with TLS goes through a tunnel.
    https.Agent.prototype.createConnection = function (options, done) {
      if (typeof options !== 'object' || typeof done !== 'function' || options.socketPath || options.socket || isDirect(options.host)) {
        return connectSecure.apply(this, arguments);
      }
      tunnel(options.host || 'localhost', options.port || 443, (error, socket) => {
        if (error) return done(error);
        let secure;
        try {
          secure = connectSecure.call(this, Object.assign({}, options, { socket }));
        } catch (e) {
          socket.destroy();
          return done(e);
        }
        done(null, secure);
      });
    };
  }

  if (!nativeFetch) {
    const key = Symbol.for('undici.globalDispatcher.1');
    const ours = new WeakSet();

    // connect is how an undici Agent opens its connections.
    function connect(options, done) {
      const secure = options.protocol === 'https:';
      const host = options.hostname.replace(/^\[|\]$/g, '');
      const port = Number(options.port) || (secure ? 443 : 80);
      const opened = (error, socket) => {
        if (error) return done(error, null);
        socket.setNoDelay(true);
        if (!secure) return done(null, socket);
        const servername = options.servername || (net.isIP(host) ? '' : host);
        const tls = require('tls').connect({ socket, servername, host, ALPNProtocols: ['http/1.1'] });
        const failed = (e) => done(e, null);
        tls.once('error', failed);
        tls.once('secureConnect', () => {
          tls.removeListener('error', failed);
          done(null, tls);
        });
      };
      if (!isDirect(host)) return tunnel(host, port, opened);
      const socket = net.connect({ host, port });
      const failed = (e) => opened(e);
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.removeListener('error', failed);
        opened(null, socket);
      });
    }

    // replaceDispatcher puts ours in the place of an Agent that has no settings
    // of its own. One that somebody chose stays.
    function replaceDispatcher() {
      const old = globalThis[key];
      if (!old || ours.has(old) || !old.constructor || old.constructor.name !== 'Agent') return;
      const agent = new old.constructor({ connect });
      ours.add(agent);
      globalThis[key] = agent;
    }

    // Node loads its own undici when fetch is first used.
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
    if (descriptor && typeof globalThis.fetch === 'function') {
      const fetch = globalThis.fetch;
      const wrapped = {
        fetch(...args) {
          void globalThis.Headers;
          replaceDispatcher();
          return fetch.apply(this, args);
        },
      }.fetch;
      Object.defineProperty(globalThis, 'fetch', Object.assign({}, { configurable: true, writable: true, enumerable: descriptor.enumerable, value: wrapped }));
    }

    // A package undici sets the same dispatcher when it is loaded.
    const Module = require('module');
    const load = Module._load;
    Module._load = function (request, ...more) {
      const loaded = load.call(this, request, ...more);
      if (request === 'undici' || /[\\/]undici[\\/]index\.js$/.test(request)) replaceDispatcher();
      return loaded;
    };
  }
})();
