// What this browser remembers.
import { tidyChosen, type Chosen } from './columns';

const key = 'sidenote.inspector/1';

export type Theme = 'system' | 'light' | 'dark';

export interface SavedFilter {
  name: string;
  filter: string;
}

interface Stored {
  theme: Theme;
  columns: Chosen[];
  muted: string[];
  saved: SavedFilter[];
  listShare: number;
  explained: boolean;
}

function load(): Partial<Stored> {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Stored>) ?? {};
  } catch {
    return {}; // nothing was kept, or it cannot be read: the defaults do
  }
}

const texts = (list: unknown): string[] => (Array.isArray(list) ? list.filter((s): s is string => typeof s === 'string') : []);

class Prefs {
  theme = $state<Theme>('system');
  columns = $state<Chosen[]>([]);
  muted = $state<string[]>([]);
  saved = $state<SavedFilter[]>([]);
  /** The share of the width that the list has beside the details. */
  listShare = $state(0.46);
  /** Header fields are shown with what they say. */
  explained = $state(true);

  constructor() {
    const s = load();
    this.theme = s.theme === 'light' || s.theme === 'dark' ? s.theme : 'system';
    this.columns = tidyChosen(s.columns);
    this.muted = texts(s.muted);
    this.saved = (Array.isArray(s.saved) ? s.saved : []).filter((f) => typeof f?.name === 'string' && typeof f.filter === 'string');
    this.explained = s.explained !== false;
    if (typeof s.listShare === 'number') this.listShare = Math.min(Math.max(s.listShare, 0.2), 0.8);
  }

  save(): void {
    const { theme, columns, muted, saved, listShare, explained } = this;
    const s: Stored = { theme, columns, muted, saved, listShare, explained };
    try {
      localStorage.setItem(key, JSON.stringify(s));
    } catch {
      // a browser that keeps nothing works until it is closed
    }
  }

  mute(rule: string): void {
    if (!this.muted.includes(rule)) this.muted = [...this.muted, rule];
    this.save();
  }

  unmute(rule: string): void {
    this.muted = this.muted.filter((r) => r !== rule);
    this.save();
  }

  unmuteAll(): void {
    this.muted = [];
    this.save();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.save();
  }
}

export const prefs = new Prefs();
