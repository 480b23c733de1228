// Filters that links of the page are made of.

/** A value as it stands in a filter: quoted when it has to be. */
export function quote(value: string): string {
  return /^[\w./:@{}-]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, (c) => `\\${c}`)}"`;
}

/** Both hold. */
export function and(a: string, b: string): string {
  if (!a.trim()) return b;
  return /\bor\b|\|/.test(a) ? `(${a}) ${b}` : `${a} ${b}`;
}

/** The filter of a class, by the first digit of its statuses. */
export function classFilter(digit: number): string {
  return digit === 0 ? 'status:none' : `status:${digit}xx`;
}
