// The keyboard, in one table, from which the help is made too.
import { app } from './app.svelte';
import { prefs } from './prefs.svelte';
import { chooses, tabs } from './place';

export interface Shortcut {
  keys: string[];
  shown: string;
  what: string;
  do: (event: KeyboardEvent) => void;
}

export interface Chapter {
  title: string;
  shortcuts: Shortcut[];
}

/** Goes so many rows down the list. */
export function step(by: number): void {
  const { list } = app;
  if (list.total === 0) return;
  const last = list.end - 1;
  const here = (app.place.seq ? list.ordinalOf(app.place.seq) : undefined) ?? app.spot.ordinal;
  const to = by === -Infinity ? list.base : here === undefined ? (by > 0 && !list.follow ? list.base : last) : Math.min(last, Math.max(list.base, here + by));
  if (by < 0 || to < last) list.setFollow(false);
  pick(to);
}

function pick(ordinal: number): void {
  const row = app.list.row(ordinal);
  app.spot.at(ordinal);
  app.spot.pending = row ? undefined : ordinal; // the list picks it when it is here
  if (row) app.select(row, ordinal);
}

function note(by: number): void {
  const many = app.detail?.notes.length ?? 0;
  if (!many) return;
  if (app.place.tab !== 'notes') app.tab('notes');
  else app.note = (app.note + by + many) % many;
  requestAnimationFrame(() => document.getElementById(`note-${app.note}`)?.focus());
}

export function muteNote(rule: string): void {
  prefs.mute(rule);
  app.tell(`${rule} is muted in this browser`, 'info', () => prefs.unmute(rule));
}

function leave(): void {
  if (app.dialog) app.dialog = '';
  else if (app.picking) app.picking = false;
  else if (chooses(app.place)) {
    app.select(null);
    focusList();
  }
}

/** Gives the list the focus, unless somebody has begun to write elsewhere meanwhile. */
export function focusList(): void {
  const before = document.activeElement;
  requestAnimationFrame(() => {
    const now = document.activeElement;
    if (now === before || !writes(now)) document.getElementById('list')?.focus();
  });
}

const withDetail = (work: (d: NonNullable<typeof app.detail>) => void) => () => {
  if (app.detail) work(app.detail);
};

export const chapters: Chapter[] = [
  {
    title: 'The list',
    shortcuts: [
      { keys: ['j', 'ArrowDown'], shown: 'j ↓', what: 'next exchange', do: () => step(1) },
      { keys: ['k', 'ArrowUp'], shown: 'k ↑', what: 'exchange before', do: () => step(-1) },
      { keys: ['PageDown'], shown: 'PgDn', what: 'a page down', do: () => step(20) },
      { keys: ['PageUp'], shown: 'PgUp', what: 'a page up', do: () => step(-20) },
      { keys: ['g', 'Home'], shown: 'g', what: 'first exchange', do: () => step(-Infinity) },
      { keys: ['G', 'End'], shown: 'G', what: 'latest exchange', do: () => step(Infinity) },
      { keys: ['Enter'], shown: 'Enter', what: 'go into the details', do: () => document.getElementById('details')?.focus() },
      { keys: ['Escape'], shown: 'Esc', what: 'close the details', do: leave },
      { keys: ['/'], shown: '/', what: 'write a filter', do: () => document.getElementById('filter')?.focus() },
      { keys: [' '], shown: 'Space', what: 'follow new exchanges, or stop', do: () => app.list.setFollow(!app.list.follow) },
    ],
  },
  {
    title: 'An exchange',
    shortcuts: [
      ...tabs.map((tab, i) => ({ keys: [String(i + 1)], shown: String(i + 1), what: `the tab ${tab}`, do: () => app.place.seq > 0 && app.tab(tab) })),
      { keys: ['n'], shown: 'n', what: 'next note', do: () => note(1) },
      { keys: ['N'], shown: 'N', what: 'note before', do: () => note(-1) },
      { keys: ['m'], shown: 'm', what: 'mute the rule of this note', do: withDetail((d) => d.notes[app.note] && muteNote(d.notes[app.note]!.rule)) },
      { keys: ['p'], shown: 'p', what: 'pin, so that it stays', do: withDetail((d) => app.change(d.seq, { pinned: !d.pinned })) },
      { keys: ['c'], shown: 'c', what: 'copy as curl', do: () => app.copyAs('curl', 'as curl') },
      { keys: ['y'], shown: 'y', what: 'copy the URL', do: withDetail((d) => app.copyText(d.url, 'the URL')) },
      { keys: ['d'], shown: 'd', what: 'compare with the one picked next', do: withDetail(() => (app.picking = !app.picking)) },
      { keys: ['r'], shown: 'r', what: 'send it again, with changes', do: withDetail(() => (app.dialog = 'resend')) },
    ],
  },
  {
    title: 'The page',
    shortcuts: [
      { keys: ['o'], shown: 'o', what: 'overview, and back', do: () => app.open(app.place.view === 'overview' ? 'exchanges' : 'overview') },
      { keys: ['?'], shown: '?', what: 'this help', do: () => (app.dialog = app.dialog === 'help' ? '' : 'help') },
    ],
  },
];

const table = new Map(chapters.flatMap((c) => c.shortcuts.flatMap((s) => s.keys.map((k) => [k, s] as const))));

const writes = (e: EventTarget | null) => e instanceof HTMLElement && (e.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName));
const presses = (e: EventTarget | null) => e instanceof HTMLElement && e.closest('button, a, summary, [role=tab], [role=menuitem]') !== null;
const scrolls = (e: EventTarget | null) => e instanceof HTMLElement && e.closest('#details') !== null;
const scrollKeys = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', ' '];

/** Does what a key says, unless it belongs to what has the focus. */
export function act(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
  if (app.dialog && event.key !== 'Escape' && event.key !== '?') return;
  if (presses(event.target) && (event.key === 'Enter' || event.key === ' ')) return;
  if (scrolls(event.target) && scrollKeys.includes(event.key)) return;
  const shortcut = table.get(event.key);
  if (!shortcut) return;
  event.preventDefault();
  shortcut.do(event);
}
