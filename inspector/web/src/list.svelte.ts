// The exchanges that the filter lets through, of which only those near the
// view are held.
import { getJSON, Problem, query, type News, type Row, type Window } from './api';

/** Rows kept beyond the view, and fetched beyond it. */
const spare = 150;
const mostKept = 2000;
const mostAsked = 400;

interface Question {
  filter: string;
  order: string;
  down: boolean;
}

export class List {
  filter = $state('');
  order = $state('time');
  down = $state(false);
  /** How many there are now, and the ordinal of the first. */
  total = $state(0);
  base = $state(0);
  looked = $state(0);
  entire = $state(0);
  aside = $state<Row[]>([]);
  problem = $state<Problem | null>(null);
  /** Counts changes of the rows that are held. */
  rev = $state(0);
  /** True until the first answer to this filter. */
  loading = $state(true);
  follow = $state(true);
  /** The end of the list when following stopped. */
  seenEnd = $state(0);
  took = $state(0);
  /** How far it was scrolled when it was last on the page. */
  top = 0;

  #wanted: Question = { filter: '', order: 'time', down: false };
  #good: Question = this.#wanted; // what the rows that are shown answer
  #fresh = false; // the rows are those of the question before
  #rows = new Map<number, Row>();
  #stale = new Set<number>();
  #first = 0;
  #last = 40;
  #grown = true;
  #running = false;
  #asked = 0; // counts questions, so that an answer to an old one is dropped
  #lastSort = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  get end(): number {
    return this.base + this.total;
  }

  get fresh(): number {
    return this.follow ? 0 : Math.max(0, this.end - this.seenEnd);
  }

  get byTime(): boolean {
    return this.order === 'time';
  }

  row(ordinal: number): Row | undefined {
    void this.rev;
    return this.#rows.get(ordinal);
  }

  /** How many rows are held, which is bounded. */
  get held(): number {
    return this.#rows.size;
  }

  ordinalOf(seq: number): number | undefined {
    void this.rev;
    for (const [ordinal, row] of this.#rows) if (row.seq === seq) return ordinal;
    return undefined;
  }

  /** Asks for another list; false when it is the one that is here. */
  show(filter: string, order: string, down: boolean): boolean {
    const wanted = { filter, order, down };
    if (filter === this.#wanted.filter && order === this.#wanted.order && down === this.#wanted.down) return false;
    this.#good = this.problem ? this.#good : { filter: this.filter, order: this.order, down: this.down };
    this.#wanted = wanted;
    this.ask(wanted);
    this.problem = null;
    this.loading = true;
    this.#fresh = true;
    this.#grown = true;
    this.pump();
    return true;
  }

  private ask(q: Question): void {
    this.filter = q.filter;
    this.order = q.order;
    this.down = q.down;
    this.#asked++;
  }

  forget(): void {
    this.#rows.clear();
    this.#stale.clear();
    this.base = 0;
    this.total = 0;
    this.seenEnd = 0;
    this.#grown = true;
    this.rev++;
    this.pump();
  }

  setFollow(on: boolean): void {
    if (this.follow === on) return;
    this.follow = on;
    this.seenEnd = this.end;
    if (on) {
      this.#grown = true;
      this.pump();
    }
  }

  /** Says which ordinals are seen. */
  want(first: number, last: number): void {
    this.#first = first;
    this.#last = last;
    this.pump();
  }

  heard(news: News): void {
    this.#grown = true;
    if (news.all) {
      for (const ordinal of this.#rows.keys()) this.#stale.add(ordinal);
      this.forget();
      return;
    }
    if (news.changed) {
      const changed = new Set(news.changed);
      for (const [ordinal, row] of this.#rows) if (changed.has(row.seq)) this.#stale.add(ordinal);
    }
    if (!this.byTime) {
      // Sorted anew at most once a second, and only while following.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.resort(), Math.max(0, 1000 - (Date.now() - this.#lastSort)));
      return;
    }
    this.pump();
  }

  private resort(): void {
    this.#lastSort = Date.now();
    if (this.follow) for (const ordinal of this.#rows.keys()) this.#stale.add(ordinal);
    this.pump();
  }

  /** The next part to ask for; null when all that is seen is here. */
  private next(): { from: number | 'tail'; limit: number } | null {
    if (this.#grown && this.follow && this.byTime) {
      return { from: 'tail', limit: Math.min(mostAsked, this.#last - this.#first + 1 + spare) };
    }
    let low = -1;
    let high = -1;
    if (this.#fresh) return { from: 0, limit: Math.min(mostAsked, this.#last - this.#first + 1 + spare) };
    const first = Math.max(this.#first, this.base);
    const last = Math.min(this.#last, this.end - 1);
    for (let o = first; o <= last; o++) {
      if (this.#rows.has(o) && !this.#stale.has(o)) continue;
      if (low < 0) low = o;
      high = o;
    }
    if (low >= 0) {
      const from = Math.max(this.base, low - spare);
      return { from, limit: Math.min(mostAsked, high + spare - from + 1) };
    }
    if (this.#grown) return { from: first, limit: this.total === 0 ? last - first + spare : 0 };
    return null;
  }

  private pump(): void {
    if (this.#running) return;
    const part = this.next();
    if (!part) return;
    this.#running = true;
    this.#grown = false;
    void this.load(part.from, Math.max(0, part.limit)).finally(() => {
      this.#running = false;
      this.pump();
    });
  }

  private async load(from: number | 'tail', limit: number): Promise<void> {
    const asked = this.#asked;
    try {
      const w = await getJSON<Window>(query('exchanges', { filter: this.filter, order: this.order, down: this.down, from, limit: String(limit) }));
      if (asked === this.#asked) this.take(w);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.loading = false;
      if (error instanceof Problem && !error.away) this.refused(error);
      else await new Promise((done) => setTimeout(done, 1000)); // the server is away: there will be news when it is back
    }
  }

  /** A question that cannot be answered leaves what is shown as it was. */
  private refused(problem: Problem): void {
    this.problem = problem;
    this.#fresh = false;
    this.ask(this.#good);
  }

  private take(w: Window): void {
    if (this.#fresh) {
      this.#fresh = false;
      this.#rows.clear();
      this.#stale.clear();
      this.seenEnd = 0;
      this.base = w.base;
    }
    if (w.base < this.base) this.#rows.clear(); // the server counts anew
    for (const ordinal of this.#rows.keys()) if (ordinal < w.base) this.#rows.delete(ordinal);
    w.entries.forEach((row, i) => {
      this.#rows.set(w.from + i, row);
      this.#stale.delete(w.from + i);
    });
    this.base = w.base;
    this.total = w.total;
    this.looked = w.looked;
    this.entire = w.entire;
    this.aside = w.aside;
    this.took = w.took;
    this.loading = false;
    if (w.looked < w.entire) this.#grown = true;
    if (this.follow || this.seenEnd === 0) this.seenEnd = this.end;
    this.prune();
    this.rev++;
  }

  private prune(): void {
    if (this.#rows.size <= mostKept) return;
    for (const ordinal of this.#rows.keys()) {
      if (ordinal < this.#first - 2 * spare || ordinal > this.#last + 2 * spare) {
        this.#rows.delete(ordinal);
        this.#stale.delete(ordinal);
      }
    }
  }
}
