// Numbers and times as people read them.

/** Bytes with a unit, three digits wide: 0 B, 812 B, 1.2 kB, 34 MB. */
export function size(octets: number): string {
  if (octets < 0) return '–';
  if (octets < 1000) return `${octets} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = octets;
  let unit = '';
  for (const u of units) {
    if (value < 999.5) break;
    value /= 1000;
    unit = u;
  }
  return (value < 9.95 ? value.toFixed(1) : Math.round(value).toString()) + ' ' + unit;
}

/** Bytes in words. */
export function octets(n: number): string {
  const text = n.toLocaleString('en');
  return n === 1 ? '1 byte' : `${text} bytes`;
}

/** Milliseconds with a unit: 0.4 ms, 38 ms, 1.2 s, 2 min. */
export function duration(ms: number): string {
  if (ms <= 0) return '–';
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9950 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

const two = (n: number) => String(n).padStart(2, '0');

/** The local time of day with milliseconds. */
export function clock(at: string): string {
  const d = new Date(at);
  if (isNaN(d.getTime()) || d.getUTCFullYear() < 1900) return '';
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`;
}

/** The local date and time to the second. */
export function moment(at: string): string {
  const d = new Date(at);
  if (isNaN(d.getTime()) || d.getUTCFullYear() < 1900) return '';
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** A number of things: 1 note, 2 notes, 12,000 notes. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** The next round number at or above n: 1, 2 or 5 times a power of ten. */
export function roundUp(n: number): number {
  if (n <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  for (const step of [1, 2, 5]) if (n <= step * power) return step * power;
  return 10 * power;
}

/** The class of a status, as its colours are named. */
export function classOf(status: number): 'none' | 'c1' | 'c2' | 'c3' | 'c4' | 'c5' {
  const c = Math.floor(status / 100);
  return c >= 1 && c <= 5 ? (`c${c}` as 'c1') : 'none';
}

/** Who is to blame, in words. */
export function sideOf(blame: string): string {
  const words: Record<string, string> = { origin: 'origin server', proxy: 'sidenote' };
  return blame.split('|').map((side) => words[side] ?? side).join(' or ');
}
