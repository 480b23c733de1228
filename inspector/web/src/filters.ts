// Filters that links of the page are made of, and the query of a request.

/** The parameters of a path's query, decoded as forms are; at most 200. */
export function parametersOf(path: string): [name: string, value: string][] {
  const at = path.indexOf('?');
  return at < 0 ? [] : [...new URLSearchParams(path.slice(at + 1))].slice(0, 200);
}

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
