// What the server answers, as inspector/openapi.yaml describes it.
import { entered, keepCommand, renewSession, withSession } from './session';

export type Verdict = 'ok' | 'info' | 'warn' | 'error';

export interface RuleIn {
  rule: string;
  severity: 'info' | 'warn' | 'error';
  count: number;
}

export interface Row {
  seq: number;
  id: string;
  at: string;
  status: number;
  class: string;
  verdict: Verdict;
  errors: number;
  warnings: number;
  blame?: string;
  rules?: RuleIn[];
  method: string;
  scheme: string;
  host: string;
  path: string;
  route: string;
  operation?: string;
  effective: "unknown" | "ok" | "partial" | "error" | "failed";
  inside?: string;
  type: string;
  kind: string;
  size: number;
  duration: number;
  wait: number;
  protocol: string;
  client?: string;
  agent?: string;
  trace?: string;
  error?: string;
  source?: string;
  pinned?: boolean;
  byHand?: boolean;
  comment?: string;
}

/** Where an exchange stands in a list. */
export interface Spot {
  spot: 'listed' | 'hidden' | 'aside' | 'later' | 'gone';
  ordinal: number;
}

export interface Stats {
  entries: number;
  bytes: number;
  most: number;
  first: number;
  last: number;
  evicted: number;
  missed: number;
  paused: boolean;
  version: number;
  setAside: number;
  running: number;
}

/** An exchange that has begun and has not ended. */
export interface Running {
  id: string;
  at: string;
  method: string;
  host: string;
  path: string;
  client?: string;
  status: number;
  age: number;
  messages?: number;
}

export interface Window {
  entries: Row[];
  from: number;
  base: number;
  total: number;
  looked: number;
  entire: number;
  aside: Row[];
  stats: Stats;
  took: number;
}

export interface News {
  stats: Stats;
  changed?: number[];
  all?: boolean;
  run: string;
  version: string;
}

export interface Ref {
  text: string;
  url?: string;
}

export interface Note {
  rule: string;
  severity: 'info' | 'warn' | 'error';
  blame: string;
  title: string;
  message: string;
  help: string;
  doc: string;
  refs: Ref[];
  place: { message: string; part: string; interim?: number; field?: string; line: number; words: string };
  evidence: { before: string; marked: string; after: string; cut?: boolean };
  accepted?: string;
  example?: string;
}

export interface FieldLine {
  name: string;
  value: string;
  means?: string;
  known: boolean;
  notes?: number[];
}

export interface Content {
  size: number;
  kept: number;
  complete: boolean;
  truncated: boolean;
  type: string;
  kind: string;
  coding?: string;
  sha256?: string;
}

export interface Message {
  startLine: string;
  version: string;
  wireTrue: boolean;
  made?: boolean;
  at: number;
  fields: FieldLine[];
  trailers: FieldLine[];
  content: Content;
}

export interface Phase {
  name: string;
  start: number;
  end: number;
}

export interface Certificate {
  subject: string;
  issuer: string;
  names: string[];
  notBefore: string;
  notAfter: string;
  sha256: string;
}

export interface Connection {
  peer?: string;
  local?: string;
  reused: boolean;
  attempts?: number;
  proxy?: string;
  closed: boolean;
  tls?: {
    version: string;
    cipher: string;
    alpn?: string;
    sni?: string;
    resumed: boolean;
    clientCert?: boolean;
    certificate?: Certificate;
    chain?: Certificate[];
    verifyError?: string;
  };
}

export interface Detail extends Row {
  run: string;
  url: string;
  meaning: {
    code: number;
    name: string;
    meaning: string;
    fault?: string;
    act?: string;
    retry?: string;
    refs: Ref[];
    expects: { field: string; present: boolean }[];
  };
  stated?: string;
  caching?: string;
  failure?: { code: string; title: string; why: string; act: string; who: string; detail?: string };
  notes: Note[];
  request: Message;
  interim: Message[];
  response: Message | null;
  timing: { phases: Phase[]; total: number; self: number; reused: boolean };
  inbound: Connection;
  outbound: Connection;
  changed: string[];
  tunnel?: { sent: number; received: number };
  messages?: MessageCounts;
}

/** What is known of the messages of a stream as a whole. */
export interface MessageCounts {
  format: string;
  sent: number;
  received: number;
  dropped: number;
  unread: number;
  faults: { code: string; detail?: string; from: string; number: number; at: number; times: number }[];
}

/** Messages of a stream. */
export interface StreamMessages extends MessageCounts {
  open: boolean;
  messages: StreamMessage[];
}

export interface StreamMessage {
  number: number;
  from: 'client' | 'origin';
  at: number;
  kind: string;
  size: number;
  wireSize: number;
  parts?: number;
  truncated?: boolean;
  compressed?: boolean;
  name?: string;
  id?: string;
  code?: number;
  kept: number;
  text?: string;
  base64?: string;
  cut?: boolean;
  decoded?: string;
  faults?: { code: string; detail?: string }[];
}

export interface Related {
  redirects: Row[];
  retries: Row[];
  route: Row[];
  connection: Row[];
  trace: Row[];
}

export interface Completion {
  text: string;
  start: number;
  end: number;
  help?: string;
  count?: number;
}

export interface Group {
  value: string;
  filter: string;
  count: number;
  bad: number;
  notes: number;
  last: number;
}

export interface Overview {
  total: number;
  classes: { class: number; count: number; filter: string }[];
  verdicts: { verdict: Verdict; count: number; filter: string }[];
  from: string;
  to: string;
  step: number;
  times: { at: string; classes: number[] }[];
  rules: { rule: string; severity: Verdict; title: string; blame: string; count: number; routes: number; filter: string }[];
  routes: { method: string; host: string; route: string; count: number; median: number; p95: number; most: number; filter: string }[];
  hosts: {
    host: string; count: number; client: number; server: number; failed: number;
    filter: string; clientFilter: string; serverFilter: string; failedFilter: string;
  }[];
  expected: { status: number; field: string; count: number; present: number; filter: string }[];
  took: number;
}

export interface Setup {
  proxy: string;
  caFile: string;
  env: string;
  fingerprint: string;
  showSecrets: boolean;
  version: string;
  run: string;
  resend: boolean;
}

export interface Imported {
  taken: number;
  first: number;
  bad: string[];
  more: number;
  unjudged: string[];
}

/** What the server says went wrong (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly help = '',
    readonly start?: number,
    readonly end?: number,
    /** What has redacted values that would go to another origin, and that origin. */
    readonly secrets: string[] = [],
    readonly origin = '',
  ) {
    super(title);
  }

  /** True when no server answered. */
  get away(): boolean {
    return this.status === 0;
  }

  get sentence(): string {
    return this.help ? `${this.title}; ${this.help}` : this.title;
  }
}

interface ProblemDocument {
  title?: string;
  help?: string;
  start?: number;
  end?: number;
  secrets?: string[];
  origin?: string;
  command?: string;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const p = (await response.json()) as ProblemDocument;
    if (p.command) keepCommand(p.command);
    return new Problem(response.status, p.title ?? response.statusText, p.help, p.start, p.end, p.secrets, p.origin);
  } catch {
    return new Problem(response.status, `the inspector answers ${response.status} ${response.statusText}`);
  }
}

/** Asks the server; whatever is not a success is thrown as a Problem. */
export async function ask(path: string, init?: RequestInit): Promise<Response> {
  await entered();
  let response: Response;
  try {
    response = await fetch(`api/v1/${path}`, { ...init, headers: withSession(init?.headers) });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, 'sidenote does not answer', 'is it still running?');
  }
  renewSession(response);
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function getJSON<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await ask(path, { signal })).json()) as T;
}

export async function sendJSON<T>(method: string, path: string, value: unknown): Promise<T> {
  const response = await ask(path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });
  return (await response.json()) as T;
}

/** Writes parameters; those that are empty are left out. */
export function query(path: string, parameters: Record<string, string | number | boolean | undefined>): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '' && value !== false) q.set(name, String(value));
  }
  const text = q.toString();
  return text ? `${path}?${text}` : path;
}

/** The words for an error that was caught. */
export function wordsOf(error: unknown): string {
  if (error instanceof Problem) return error.sentence;
  return error instanceof Error ? error.message : String(error);
}
