// The columns of the list: which there are, and which fit.

export type ColumnID =
  | 'time' | 'verdict' | 'status' | 'method' | 'host' | 'path' | 'type' | 'size' | 'duration' | 'protocol' | 'client' | 'notes';

export interface Column {
  id: ColumnID;
  title: string;
  /** Width in pixels; path takes what is left. */
  width: number;
  least: number;
  /** The order of the server that a click on the head asks for. */
  order?: string;
  right?: boolean;
  /** What goes first where there is no room: the greatest number. */
  rank: number;
}

export const columns: readonly Column[] = [
  { id: 'time', title: 'Time', width: 104, least: 60, order: 'time', rank: 6 },
  { id: 'verdict', title: 'Verdict', width: 26, least: 24, order: 'verdict', rank: 0 },
  { id: 'status', title: 'Status', width: 52, least: 40, order: 'status', rank: 0 },
  { id: 'method', title: 'Method', width: 76, least: 44, order: 'method', rank: 1 },
  { id: 'host', title: 'Host', width: 180, least: 60, order: 'host', rank: 3 },
  { id: 'path', title: 'Path', width: 240, least: 150, order: 'path', rank: 0 },
  { id: 'type', title: 'Type', width: 76, least: 44, order: 'type', rank: 8 },
  { id: 'size', title: 'Size', width: 70, least: 44, order: 'size', right: true, rank: 7 },
  { id: 'duration', title: 'Duration', width: 150, least: 60, order: 'duration', rank: 4 },
  { id: 'protocol', title: 'Protocol', width: 64, least: 44, rank: 9 },
  { id: 'client', title: 'Client', width: 130, least: 60, rank: 10 },
  { id: 'notes', title: 'Notes', width: 260, least: 60, rank: 5 },
];

export const columnOf = (id: ColumnID): Column => columns.find((c) => c.id === id) as Column;

export interface Chosen {
  id: ColumnID;
  hidden?: boolean;
  width?: number;
}

/** Reads what was remembered: unknown columns go, new ones are added. */
export function tidyChosen(saved: unknown): Chosen[] {
  const list = Array.isArray(saved) ? (saved as Chosen[]) : [];
  const known = list.filter((c, i) => columns.some((k) => k.id === c?.id) && list.findIndex((o) => o?.id === c.id) === i);
  const kept = known.map((c) => ({ id: c.id, hidden: c.hidden === true, width: widthWithin(c.id, c.width) }));
  return [...kept, ...columns.filter((k) => !kept.some((c) => c.id === k.id)).map((k) => ({ id: k.id, hidden: false, width: k.width }))];
}

export function widthWithin(id: ColumnID, width: number | undefined): number {
  const c = columnOf(id);
  if (typeof width !== 'number' || !isFinite(width)) return c.width;
  return Math.round(Math.min(Math.max(width, c.least), 900));
}

/** The columns that fit into so many pixels, in the order that was chosen. */
export function fitting(chosen: Chosen[], room: number): { id: ColumnID; width: number }[] {
  let shown = chosen.filter((c) => !c.hidden).map((c) => ({ id: c.id, width: widthWithin(c.id, c.width), rank: columnOf(c.id).rank }));
  const need = () => shown.reduce((sum, c) => sum + (c.id === 'path' ? columnOf('path').least : c.width), 0);
  while (need() > room && shown.some((c) => c.rank > 0)) {
    const worst = Math.max(...shown.map((c) => c.rank));
    shown = shown.filter((c) => c.rank !== worst);
  }
  return shown.map(({ id, width }) => ({ id, width }));
}

/** Puts a column before another; at the end when that is none. */
export function moved(chosen: Chosen[], id: ColumnID, before: ColumnID | null): Chosen[] {
  if (id === before) return chosen;
  const one = chosen.find((c) => c.id === id);
  if (!one) return chosen;
  const rest = chosen.filter((c) => c.id !== id);
  const at = before === null ? rest.length : rest.findIndex((c) => c.id === before);
  return [...rest.slice(0, at), one, ...rest.slice(at)];
}
