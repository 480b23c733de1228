// What is said of one message of a stream, apart from how it is drawn.
import type { StreamMessage } from './api';

/** The kind of a message in a word, with the name that it has itself: "event ping", "close 1001". */
export function wordOf(m: StreamMessage): string {
  return [m.kind, m.name, m.kind === 'close' ? m.code : undefined].filter((part) => part !== undefined && part !== '').join(' ');
}

/** The content of a message in one line. */
export function lineOf(m: StreamMessage): string {
  const text = m.decoded ?? m.text ?? (m.base64 ? `${m.kept} bytes that are no text` : '');
  return text.replace(/\s+/g, ' ').trim();
}

/** Whether a message has a text somewhere that people see of it, in any case. */
export function matches(m: StreamMessage, wanted: string): boolean {
  if (!wanted) return true;
  const w = wanted.toLowerCase();
  return [m.text, m.decoded, m.kind, m.name, m.id].some((part) => part?.toLowerCase().includes(w));
}
