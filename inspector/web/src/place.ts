// What is being looked at, as the address says it, so that it can be shared.
import { columns } from './columns';

export type View = 'exchanges' | 'overview' | 'connect';
export const tabs = ['notes', 'request', 'response', 'timing', 'connection', 'related', 'diff', 'text', 'messages'] as const;
export type Tab = (typeof tabs)[number];

export interface Place {
  view: View;
  filter: string;
  order: string;
  down: boolean;
  group: string;
  scope: string; // filter of the group that was picked
  seq: number;
  id: string; // names an exchange whose seq is not known yet
  run: string; // in which it has that ID; '' for any
  tab: Tab;
  other: number; // to compare with
}

export const start: Place = { view: 'exchanges', filter: '', order: 'time', down: false, group: '', scope: '', seq: 0, id: '', run: '', tab: 'notes', other: 0 };

const views: readonly string[] = ['exchanges', 'overview', 'connect'];

const orders: readonly (string | undefined)[] = columns.map((c) => c.order);

function number(text: string | null): number {
  const n = Number(text ?? 0);
  return Number.isSafeInteger(n) && n > 0 ? n : 0;
}

/** Reads the fragment of an address; what makes no sense is left out. */
export function readPlace(fragment: string): Place {
  const q = new URLSearchParams(fragment.replace(/^#/, ''));
  const view = q.get('view') ?? '';
  const tab = (q.get('tab') ?? '') as Tab;
  return {
    view: views.includes(view) ? (view as View) : 'exchanges',
    filter: q.get('filter') ?? '',
    order: orders.includes(q.get('order') ?? '') ? (q.get('order') as string) : 'time',
    down: q.get('down') === 'true',
    group: q.get('group') ?? '',
    scope: q.get('scope') ?? '',
    seq: number(q.get('x')),
    id: q.get('id') ?? '',
    run: q.get('run') ?? '',
    tab: tabs.includes(tab) ? tab : 'notes',
    other: number(q.get('with')),
  };
}

/** Writes the fragment; what is as at the start is left out. */
export function writePlace(p: Place): string {
  const q = new URLSearchParams();
  if (p.view !== 'exchanges') q.set('view', p.view);
  if (p.filter) q.set('filter', p.filter);
  if (p.order !== 'time') q.set('order', p.order);
  if (p.down) q.set('down', 'true');
  if (p.group) q.set('group', p.group);
  if (p.scope) q.set('scope', p.scope);
  if (p.seq) q.set('x', String(p.seq));
  else if (p.id) q.set('id', p.id);
  if (!p.seq && p.id && p.run) q.set('run', p.run);
  if (chooses(p) && p.tab !== 'notes') q.set('tab', p.tab);
  if (p.seq && p.other) q.set('with', String(p.other));
  const text = q.toString();
  return text ? `#${text}` : '';
}

/** True when an exchange is chosen. */
export function chooses(p: Place): boolean {
  return p.seq > 0 || p.id !== '';
}

/** The filter that holds for the list: what is written, within the group. */
export function wholeFilter(filter: string, scope: string): string {
  if (!scope) return filter;
  return filter.trim() ? `(${filter}) ${scope}` : scope;
}
