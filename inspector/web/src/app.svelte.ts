// What the page knows and does: one value for the whole page.
import { ask, getJSON, Problem, query, sendJSON, wordsOf, type Detail, type News, type Overview, type Row, type Running, type Setup, type Stats } from './api';
import { List } from './list.svelte';
import { Selected } from './spot.svelte';
import { onSession, ticketed } from './session';
import { follow, type ServerEvent } from './stream';
import { chooses, readPlace, start, tabs, wholeFilter, writePlace, type Place, type Tab, type View } from './place';

export type Link = 'connecting' | 'live' | 'away' | 'refused';

export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error';
  undo?: () => void;
}

const hour = 3_600_000;
const nothing: Stats = { entries: 0, bytes: 0, most: 0, first: 1, last: 0, evicted: 0, missed: 0, paused: false, version: 0, setAside: 0, running: 0 };

class App {
  place = $state<Place>(readPlace(location.hash));
  list = new List();
  stats = $state<Stats>(nothing);
  /** False until the first news came. */
  known = $state(false);
  link = $state<Link>('connecting');
  setup = $state<Setup | null>(null);
  detail = $state<Detail | null>(null);
  detailProblem = $state<Problem | null>(null);
  spot = new Selected(this.list);
  /** Which note is looked at. */
  note = $state(0);
  toasts = $state<Toast[]>([]);
  dialog = $state<'' | 'help' | 'resend' | 'columns' | 'comment' | 'muted' | 'stream'>('');
  /** The running exchange whose messages are watched. */
  watched = $state<Running | null>(null);
  /** True while the next exchange that is picked is compared with this one. */
  picking = $state(false);
  /** What a reader of the screen is told. */
  said = $state('');
  /** Counts news, for views that are computed anew. */
  beat = $state(0);

  #returning: (() => void)[] | undefined; // what was asked for while the browser goes back, which takes a moment
  #beneath: string | undefined; // the fragment that Back leads to, where the page knows
  #run = '';
  #version = '';
  #stream: AbortController | undefined;
  #heard = ''; // the ID of the last event
  #again: ReturnType<typeof setTimeout> | undefined;
  #wanted: AbortController | undefined;
  #toast = 0;

  begin(): void {
    window.addEventListener('hashchange', () => {
      this.#beneath = undefined;
      this.arrive(readPlace(location.hash));
      this.returned();
    });
    document.addEventListener('visibilitychange', () => (document.hidden ? this.disconnect() : this.connect()));
    onSession(() => this.link === 'refused' && this.connect());
    setInterval(() => this.#stream && void this.loadSetup(), hour); // the page is in use while it is open
    this.arrive(this.place);
    this.connect();
    void this.loadSetup();
  }

  // Where the page is.

  /** Shows a place; found says that the list knows where its exchange stands. */
  private arrive(place: Place, found = false): void {
    const was = this.place;
    const other = place.seq !== was.seq || place.id !== was.id || !this.detail;
    this.place = place;
    const anew = this.list.show(wholeFilter(place.filter, place.scope), place.order, place.down);
    if (other) this.load();
    if (!place.seq) this.spot.forget();
    else if ((other || anew) && !found) void this.spot.find(place.seq);
  }

  /** Goes elsewhere; with keep the way back leads to where one is now. */
  go(change: Partial<Place>, keep = false, found = false): void {
    if (this.#returning) {
      this.#returning.push(() => this.go(change, keep, found));
      return;
    }
    const place = { ...this.place, ...change };
    const fragment = writePlace(place);
    const address = location.pathname + location.search + fragment;
    if (keep && fragment !== location.hash) {
      this.#beneath = location.hash;
      history.pushState(null, '', address);
    } else history.replaceState(null, '', address);
    this.arrive(place, found);
  }

  /** The browser has gone back: what was asked for meanwhile is done. */
  private returned(): void {
    const asked = this.#returning ?? [];
    this.#returning = undefined;
    for (const go of asked) go();
  }

  /** Shows what a filter lets through. */
  find(filter: string): void {
    this.go({ ...start, filter, group: this.place.group }, true);
  }

  open(view: View): void {
    this.go({ view }, true);
  }

  tab(tab: Tab): void {
    if (tabs.includes(tab)) this.go({ tab });
  }

  // The selected exchange.

  select(row: Row | number | null, ordinal?: number): void {
    const seq = typeof row === 'number' ? row : (row?.seq ?? 0);
    if (this.picking && seq && seq !== this.place.seq) {
      this.picking = false;
      this.go({ other: seq, tab: 'diff' });
      return;
    }
    const at = ordinal ?? (seq ? this.list.ordinalOf(seq) : undefined);
    if (at !== undefined) this.spot.at(at);
    this.note = 0;
    const tab = this.place.tab === 'diff' ? 'notes' : this.place.tab;
    const change: Partial<Place> = { seq, id: '', run: '', other: 0, tab, view: 'exchanges' };
    if (!seq && writePlace({ ...this.place, ...change }) === this.#beneath) {
      this.#beneath = undefined;
      this.#returning = [];
      setTimeout(() => this.returned(), 1000); // should the browser not go anywhere
      history.back(); // to where the details were opened from, as the browser's own Back does
      return;
    }
    this.go(change, seq > 0 && !chooses(this.place), at !== undefined);
  }

  private load(): void {
    this.#wanted?.abort();
    this.detailProblem = null;
    const { seq, id, run } = this.place;
    if (!seq) this.detail = null;
    if (!chooses(this.place)) return;
    const wanted = new AbortController();
    this.#wanted = wanted;
    const failed = (error: unknown) => {
      if (wanted.signal.aborted) return;
      this.detail = null;
      this.detailProblem = error instanceof Problem ? error : new Problem(0, wordsOf(error));
    };
    if (!seq) {
      getJSON<Row>(query(`ids/${encodeURIComponent(id)}`, { run }), wanted.signal).then((row) => this.go({ seq: row.seq, id: '', run: '' }), failed);
      return;
    }
    // Whoever runs through the list does not want each exchange on the way.
    setTimeout(() => {
      if (wanted.signal.aborted) return;
      getJSON<Detail>(`exchanges/${seq}`, wanted.signal).then(
        (d) => {
          this.detail = d;
          this.said = `${d.method} ${d.status || 'no response'}, ${d.notes.length} notes`;
        },
        failed,
      );
    }, this.detail ? 40 : 0);
  }

  /** Shows the messages of an exchange that runs. */
  watch(running: Running): void {
    this.watched = running;
    this.dialog = 'stream';
  }

  reload(): void {
    this.load();
  }

  // The stream of news.

  private connect(): void {
    this.disconnect();
    const stream = new AbortController();
    this.#stream = stream;
    const hear = (event: ServerEvent) => {
      this.#heard = event.id;
      this.hear(JSON.parse(event.data) as News);
    };
    follow('events', this.#heard, stream.signal, hear).catch(() => {
      if (this.#stream !== stream) return;
      this.disconnect();
      void this.whyAway();
    });
  }

  private disconnect(): void {
    clearTimeout(this.#again);
    this.#stream?.abort();
    this.#stream = undefined;
  }

  /** A stream does not say why it broke; another request does. */
  private async whyAway(): Promise<void> {
    try {
      await ask('setup');
      if (this.link === 'live') this.link = 'connecting';
    } catch (error) {
      this.link = error instanceof Problem && error.status === 401 ? 'refused' : 'away';
    }
    if (document.hidden || this.link === 'refused') return; // nothing changes until a link is opened
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.connect(), 1000);
  }

  private hear(news: News): void {
    const back = this.link === 'away';
    this.link = 'live';
    if (this.#version && this.#version !== news.version) {
      location.reload(); // another program serves another page
      return;
    }
    const restarted = this.#run !== '' && this.#run !== news.run;
    this.#run = news.run;
    this.#version = news.version;
    this.stats = news.stats;
    this.known = true;
    this.beat++;
    if (restarted) this.restarted();
    else this.list.heard(news);
    if (back && !restarted) this.tell('sidenote is back');
    if (news.all || (news.changed && news.changed.includes(this.place.seq))) this.load();
  }

  private restarted(): void {
    this.tell('sidenote was restarted, and the list starts over');
    this.detail = null;
    this.list.forget();
    void this.loadSetup();
    if (this.place.seq) this.select(null);
  }

  private async loadSetup(): Promise<void> {
    try {
      this.setup = await getJSON<Setup>('setup');
    } catch {
      // the stream says that the server is away
    }
  }

  // Things to do.

  tell(text: string, kind: Toast['kind'] = 'info', undo?: () => void): void {
    const id = ++this.#toast;
    this.toasts = [...this.toasts.slice(-3), { id, text, kind, undo }];
    setTimeout(() => this.untell(id), kind === 'error' || undo ? 8000 : 3500);
  }

  untell(id: number): void {
    this.toasts = this.toasts.filter((t) => t.id !== id);
  }

  /** Does something that may fail, and says so when it does. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.tell(wordsOf(error), 'error');
    }
  }

  copyText(text: string, what: string): void {
    void this.attempt(async () => {
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        copyByHand(text); // the page is not served over TLS, or may not write there
      }
      this.tell(`copied ${what}`);
    });
  }

  copyAs(form: string, name: string): void {
    const seq = this.place.seq;
    if (seq) void this.attempt(async () => this.copyText(await (await ask(query(`exchanges/${seq}/copy`, { as: form }))).text(), name));
  }

  change(seq: number, what: { pinned?: boolean; comment?: string }): void {
    void this.attempt(async () => {
      const row = await sendJSON<Row>('PATCH', `exchanges/${seq}`, what);
      if (this.detail?.seq === seq) this.detail = { ...this.detail, pinned: row.pinned, comment: row.comment };
      if (what.pinned !== undefined) this.tell(what.pinned ? 'pinned: it stays when older exchanges are dropped' : 'unpinned');
    });
  }

  record(on: boolean): void {
    void this.attempt(async () => {
      this.stats = await sendJSON<Stats>('POST', 'pause', { on: !on });
    });
  }

  clear(pinned: boolean): void {
    void this.attempt(async () => {
      this.stats = await sendJSON<Stats>('POST', 'clear', { pinned });
      this.select(null);
      this.tell(pinned ? 'cleared' : 'cleared all but pinned exchanges');
    });
  }

  /** Saves one exchange as a file, or what the filter lets through. */
  export(format: 'har' | 'jsonl', seq?: number): void {
    this.saveFile(query('api/v1/export', seq ? { format, seq } : { format, filter: this.list.filter }));
  }

  /** Lets the browser save what an address gives. */
  saveFile(address: string): void {
    void this.attempt(async () => {
      const link = document.createElement('a');
      link.href = await ticketed(address);
      link.download = '';
      link.click();
    });
  }

  overview(): Promise<Overview> {
    return getJSON<Overview>(query('overview', { filter: this.list.filter }));
  }
}

function copyByHand(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('this browser does not let the page copy');
}

export const app = new App();
