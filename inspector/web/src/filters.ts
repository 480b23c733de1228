// Filters that links of the page are made of, and the query of a request.

import type { Row } from './api';

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

/** Filters for what is like an exchange, or not, and their names. */
export function filtersLike(row: Pick<Row, 'host' | 'method' | 'route' | 'status' | 'agent' | 'trace'>): [name: string, filter: string][] {
  const host = `host:=${quote(row.host.replace(/:\d+$/, ''))}`;
  const like: [string, string][] = [
    ['Only this host', host],
    ['Only this status', row.status ? `status:${row.status}` : 'is:unanswered'],
  ];
  if (row.route) like.splice(1, 0, ['Only this route', `method:${quote(row.method)} ${host} route:=${quote(row.route)}`]);
  if (row.agent) like.push(['Only this client', `agent:${quote(row.agent)}`]);
  if (row.trace) like.push(['Only this trace', `trace:${quote(row.trace)}`]);
  return [...like, ['Not this host', `-${host}`]];
}
