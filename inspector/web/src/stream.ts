// A stream of server-sent events that carries the session, which the browser's
// own EventSource cannot.
import { entered, renewSession, withSession } from './session';

export interface ServerEvent {
  id: string;
  type: string;
  data: string;
}

/** Cuts a stream of events into events; text may come in any pieces. */
export class EventReader {
  #rest = '';
  #id = '';
  #type = '';
  #data: string[] = [];

  read(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const out: ServerEvent[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length) out.push({ id: this.#id, type: this.#type || 'message', data: this.#data.join('\n') });
        this.#type = '';
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue; // a comment
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'id') this.#id = value;
      else if (name === 'event') this.#type = value;
      else if (name === 'data') this.#data.push(value);
    }
    return out;
  }
}

/** Reads events until the stream ends, which is thrown as well as a failure is. */
export async function follow(path: string, lastID: string, signal: AbortSignal, take: (event: ServerEvent) => void): Promise<never> {
  await entered();
  const headers = withSession({ Accept: 'text/event-stream', ...(lastID ? { 'Last-Event-ID': lastID } : {}) });
  const response = await fetch(`api/v1/${path}`, { headers, signal, cache: 'no-store' });
  renewSession(response);
  if (!response.ok || !response.body) throw new Error(`the stream is answered with ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new EventReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error('the stream ended');
    for (const event of events.read(value)) take(event);
  }
}
