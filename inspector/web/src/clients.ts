// How each kind of client is pointed at the proxy and made to trust its CA.
import type { Setup } from './api';

export interface Client {
  name: string;
  about: string;
  text: string;
}

const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replace(/'/g, `'\\''`)}'`);

/** What a user agent calls itself, and the client whose way fits it. */
const agents: [RegExp, string][] = [
  [/^curl\//i, 'curl'], [/firefox/i, 'Firefox'], [/^mozilla\//i, 'Browser'], [/python|aiohttp|httpx/i, 'Python'],
  [/okhttp|^java|apache-httpclient/i, 'Java'], [/^go-http-client/i, 'Go'], [/node|undici|axios/i, 'Node'], [/cfnetwork|dalvik/i, 'Phone'],
];

/** The way to connect that fits a user agent; nothing when none is known to. */
export function clientFor(agent: string, clients: readonly Client[]): Client | undefined {
  const name = agents.find(([pattern]) => pattern.test(agent))?.[1];
  return clients.find((c) => c.name === name);
}

export function clientsOf(s: Setup): Client[] {
  const url = new URL(s.proxy);
  const ca = quoted(s.caFile);
  const port = url.port || '80';
  return [
    { name: 'Shell', about: 'Everything that is started from this shell afterwards.', text: s.env.includes('eval') ? s.env : `eval "$(${s.env})"` },
    { name: 'One command', about: 'A command with a proxy of its own, and a verdict when it ends.', text: 'sidenote run -- npm test' },
    { name: 'curl', about: 'One request.', text: `curl --proxy ${s.proxy} --cacert ${ca} https://example.com/` },
    { name: 'Browser', about: 'Chrome or Chromium with a profile of its own. It wants the CA in the system’s store: sidenote ca install.', text: `chromium --proxy-server=${url.host} --proxy-bypass-list='<-loopback>' --user-data-dir="$(mktemp -d)"` },
    { name: 'Firefox', about: 'Settings, Network Settings, Manual proxy; then import the CA under Certificates.', text: `HTTP proxy ${url.hostname}, port ${port}, also for HTTPS\nCA: ${s.caFile}` },
    { name: 'Node', about: 'Node 24, or 22.21 and later. sidenote env serves older ones too.', text: `NODE_USE_ENV_PROXY=1 HTTP_PROXY=${s.proxy} HTTPS_PROXY=${s.proxy} NODE_EXTRA_CA_CERTS=${ca} node app.js` },
    { name: 'Python', about: 'requests, httpx, urllib, aiohttp with trust_env.', text: `HTTP_PROXY=${s.proxy} HTTPS_PROXY=${s.proxy} REQUESTS_CA_BUNDLE=${ca} SSL_CERT_FILE=${ca} python app.py` },
    { name: 'Java', about: 'The CA goes into a trust store first.', text: `keytool -importcert -noprompt -alias sidenote -file ${ca} -keystore sidenote.p12 -storepass changeit\njava -Dhttp.proxyHost=${url.hostname} -Dhttp.proxyPort=${port} -Dhttps.proxyHost=${url.hostname} -Dhttps.proxyPort=${port} -Dhttp.nonProxyHosts= -Djavax.net.ssl.trustStore=sidenote.p12 -Djavax.net.ssl.trustStorePassword=changeit -jar app.jar` },
    { name: 'Go', about: 'Programs that use net/http’s default transport. Go never sends loopback through a proxy.', text: `HTTP_PROXY=${s.proxy} HTTPS_PROXY=${s.proxy} SSL_CERT_FILE=${ca} ./app` },
    { name: 'Docker', about: 'A container on this machine’s network.', text: `docker run --network host -e HTTP_PROXY=${s.proxy} -e HTTPS_PROXY=${s.proxy} -e SSL_CERT_FILE=/sidenote-ca.pem -v ${ca}:/sidenote-ca.pem:ro IMAGE` },
    { name: 'Phone', about: 'Serve on an address that the phone reaches, with credentials; set it as the Wi-Fi’s proxy, and install the CA from the page that the proxy shows at its own address.', text: `sidenote --listen 0.0.0.0:${port} --proxy-auth USER:PASSWORD` },
  ];
}
