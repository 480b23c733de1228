// The session that lets this page in. It lives in the storage of the page's
// origin, which no other port of this machine reads, and goes with each request
// in a field. A cookie would go to every port.

export const sessionField = 'Sidenote-Session';
const key = 'sidenote.session';

let kept = ''; // for a browser that stores nothing

export function session(): string {
  try {
    return localStorage.getItem(key) ?? kept;
  } catch {
    return kept;
  }
}

export function keepSession(token: string): void {
  kept = token;
  try {
    localStorage.setItem(key, token);
  } catch {
    // it lasts as long as the page then
  }
}

/** The fields that a request of the page needs, in addition to others. */
export function withSession(headers?: HeadersInit): Headers {
  const all = new Headers(headers);
  const token = session();
  if (token) all.set(sessionField, token);
  return all;
}

/** Takes the session that a response gives in place of the one before. */
export function renewSession(response: Response): void {
  const token = response.headers.get(sessionField);
  if (token) keepSession(token);
}

let command = '';

/** The command that prints a link to this inspector, as the last refusal names it. */
export const openCommand = (): string => command || `sidenote open --admin ${location.host}`;

/** Keeps the command that a refusal names. */
export function keepCommand(named: string): void {
  command = named;
}

let entering: Promise<void> | undefined;

/** Ends when the page has the session that the link in its address gives. */
export const entered = (): Promise<void> => (entering ??= enter());

/** Calls back when another tab of this browser gets a session. */
export function onSession(work: () => void): void {
  window.addEventListener('storage', (event) => event.key === key && event.newValue && work());
}

/** Trades the key of a link for a session, and takes the key out of the address. */
async function enter(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const link = query.get('key');
  if (!link) return;
  query.delete('key');
  const rest = query.toString();
  history.replaceState(null, '', location.pathname + (rest ? `?${rest}` : '') + location.hash);
  try {
    const headers = withSession({ 'Content-Type': 'application/json' });
    const response = await fetch('api/v1/session', { method: 'POST', headers, body: JSON.stringify({ key: link }) });
    if (response.ok) keepSession(((await response.json()) as { session: string }).session);
  } catch {
    // the page says that the server does not answer
  }
}

/** An address that a browser can load without the session: in a frame, or to save it. */
export async function ticketed(address: string): Promise<string> {
  if (!session()) return address; // credentials are asked for instead
  const { pathname, search } = new URL(address, location.href);
  const headers = withSession({ 'Content-Type': 'application/json' });
  const response = await fetch('api/v1/tickets', { method: 'POST', headers, body: JSON.stringify({ address: pathname + search }) });
  if (!response.ok) return address; // what loads it is told why
  const { ticket } = (await response.json()) as { ticket: string };
  return `${pathname}${search}${search ? '&' : '?'}ticket=${encodeURIComponent(ticket)}`;
}
