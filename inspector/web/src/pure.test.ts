import { describe, expect, it } from 'vitest';
import type { Detail, Note, Row } from './api';
import { changesOf } from './changes';
import { clientFor, clientsOf } from './clients';
import { columns, fitting, moved, tidyChosen, widthWithin } from './columns';
import { diff } from './diff';
import { and, filtersLike, parametersOf, quote } from './filters';
import { places } from './find';
import { classOf, clock, count, duration, roundUp, sideOf, size } from './format';
import { tokens } from './highlight';
import { code, fenced, issueText } from './issue';
import { itemFor } from './menu';
import { indexOf, looksLikeText, octetOf } from './octets';
import { heard } from './mute';
import { chooses, readPlace, start, wholeFilter, writePlace } from './place';
import { readFields } from './resend';
import { EventReader } from './stream';
import { pieces, plain } from './visible';
import { heightOf, sliceAt, topFor } from './windowing';

describe('numbers as people read them', () => {
  it('writes sizes', () => {
    expect([0, 812, 1000, 1234, 99_900, 999_499, 999_600, 34_000_000, 5e9].map(size)).toEqual(['0 B', '812 B', '1.0 kB', '1.2 kB', '100 kB', '999 kB', '1.0 MB', '34 MB', '5.0 GB']);
  });
  it('writes durations', () => {
    expect([0, 0.42, 38.4, 999.6, 1234, 61_000].map(duration)).toEqual(['–', '0.4 ms', '38 ms', '1.00 s', '1.23 s', '1 min 1 s']);
  });
  it('rounds an axis up', () => expect([0, 1, 1.2, 3, 7, 648, 1001].map(roundUp)).toEqual([1, 1, 2, 5, 10, 1000, 2000]));
  it('counts', () => expect([count(1, 'note'), count(12_000, 'note')]).toEqual(['1 note', '12,000 notes']));
  it('knows classes', () => expect([0, 103, 204, 599, 999].map(classOf)).toEqual(['none', 'c1', 'c2', 'c5', 'none']));
  it('gives no time for none', () => expect([clock('0001-01-01T00:00:00Z'), clock('nonsense')]).toEqual(['', '']));
});

describe('text from the wire', () => {
  it('leaves plain text alone', () => expect(pieces('a <b> ü')).toEqual([{ text: 'a <b> ü' }]));
  it('names what cannot be seen', () => {
    expect(plain('a\u202eb\0c\u001b[31m\u{e0041}\ufffd')).toBe('a‹RLO›b‹NUL›c‹ESC›[31m‹U+E0041›‹not UTF-8›');
  });
  it('keeps lines where they are wanted', () => {
    expect(plain('a\nb')).toBe('a‹LF›b');
    expect(pieces('a\r\nb\tc', true)).toEqual([{ text: 'a\r\nb\tc' }]);
    expect(pieces('a\rb', true)[1]?.name).toBe('CR');
  });
  it('loses nothing', () => {
    for (const text of ['', '\0', '\0a', 'a\0', 'x\u2066y\u2069\n', '\u{1f600}\u200d']) expect(pieces(text).map((p) => p.text).join('')).toBe(text);
  });
});

describe('octets and indexes', () => {
  it('are turned into each other', () => {
    const text = 'aü€\u{1f600}z';
    for (const [index, octet] of [[0, 0], [1, 1], [2, 3], [3, 6], [5, 10], [6, 11]] as const) {
      expect(octetOf(text, index)).toBe(octet);
      expect(indexOf(text, octet)).toBe(index);
    }
  });
});

describe('content', () => {
  const octets = (...list: number[]) => new Uint8Array(list);
  it('is told from what is no text', () => {
    expect([looksLikeText(new TextEncoder().encode('{"a":"ü"}\r\n\t')), looksLikeText(octets()), looksLikeText(octets(0x41, 0, 0x42)), looksLikeText(octets(0xff, 0xfe, 0x80))]).toEqual(
      [true, true, false, false]);
    expect(looksLikeText(new TextEncoder().encode('Gr\u00fc\u00dfe').subarray(0, 3))).toBe(true); // cut within a letter
    expect(looksLikeText(octets(0x63, 0x61, 0x66, 0xe9, 0x20, 0x61, 0x75, 0x20, 0x6c, 0x61, 0x69, 0x74, 0x20, 0x73, 0x76, 0x70, 0x2e, 0x20, 0x20, 0x20, 0x20))).toBe(true); // ISO-8859-1
  });
});

describe('a long list', () => {
  it('draws what is seen', () => {
    expect(sliceAt(0, 260, 1000, 26, 5)).toEqual({ first: 0, count: 16, offset: 0 });
    expect(sliceAt(2600, 260, 1000, 26, 5)).toEqual({ first: 95, count: 21, offset: 95 * 26 });
    expect(sliceAt(1e9, 260, 3, 26, 5).first + sliceAt(1e9, 260, 3, 26, 5).count).toBe(3);
    expect(sliceAt(0, 260, 0, 26, 5).count).toBe(0);
  });
  it('reaches both ends when it is too long to be scrolled', () => {
    const total = 5_000_000;
    const height = heightOf(total, 26);
    expect(height).toBeLessThan(total * 26);
    expect(sliceAt(0, 600, total, 26, 0).first).toBe(0);
    const last = sliceAt(height - 600, 600, total, 26, 0);
    expect(last.first + last.count).toBe(total);
    expect(topFor(total - 1, 0, 600, total, 26)).toBeCloseTo(height - 600, 0);
  });
  it('scrolls no more than it must', () => {
    expect(topFor(5, 0, 260, 100, 26)).toBe(0);
    expect(topFor(20, 0, 260, 100, 26)).toBe(21 * 26 - 260);
    expect(topFor(10, 520, 260, 100, 26)).toBe(260);
  });
  it('puts what is far away into the middle', () => {
    expect(topFor(50, 0, 260, 100, 26)).toBe(50.5 * 26 - 130);
    expect(topFor(2, 2000, 260, 100, 26)).toBe(0);
    expect(topFor(99, 0, 260, 100, 26)).toBe(100 * 26 - 260);
  });
});

describe('columns', () => {
  it('are read back, whatever was kept', () => {
    for (const kept of [null, 'x', [{ id: 'nonsense' }, null, 7], [{ id: 'host', width: 1e9 }, { id: 'host' }]]) {
      expect(new Set(tidyChosen(kept).map((c) => c.id))).toEqual(new Set(columns.map((c) => c.id)));
    }
    expect(widthWithin('host', NaN)).toBe(180);
  });
  it('fit', () => {
    const all = tidyChosen(null);
    expect(fitting(all, 5000).length).toBe(columns.length);
    expect(fitting(all, 100).map((c) => c.id)).toEqual(['verdict', 'status', 'path']);
  });
  it('are moved', () => expect(moved(tidyChosen(null), 'path', 'time')[0]?.id).toBe('path'));
});

describe('the address', () => {
  it('says where one is', () => {
    const place = { ...start, filter: 'host:a b&c=#d', seq: 12, tab: 'diff' as const, other: 9, group: 'host', scope: 'host:=x' };
    expect(readPlace(writePlace(place))).toEqual(place);
    expect(writePlace(start)).toBe('');
  });
  it('names an exchange by its ID until its number is known', () => {
    const place = { ...start, id: '7f3k', run: 'k3v9', tab: 'text' as const };
    expect(writePlace(place)).toBe('#id=7f3k&run=k3v9&tab=text');
    expect(readPlace('#id=7f3k&run=k3v9&tab=text')).toEqual(place);
    expect(writePlace({ ...place, seq: 3 })).toBe('#x=3&tab=text');
    expect([chooses(start), chooses(place), chooses({ ...start, seq: 1 })]).toEqual([false, true, true]);
  });
  it('leaves out nonsense', () => expect(readPlace('#order=z&view=x&tab=y&x=-1&with=1e99')).toEqual(start));
  it('takes a query apart', () => {
    expect(parametersOf('/a?b=1+2&c=%3Cd%3E&e&b=%zz')).toEqual([['b', '1 2'], ['c', '<d>'], ['e', ''], ['b', '%zz']]);
    expect(parametersOf('/a')).toEqual([]);
  });
  it('finds what is like an exchange', () => {
    const row = { host: 'a b.test:8080', method: 'GET', route: '/x/{id}', status: 0, agent: 'curl/8', trace: '4bf9' };
    expect(filtersLike(row)).toEqual([
      ['Only this host', 'host:="a b.test"'], ['Only this route', 'method:GET host:="a b.test" route:=/x/{id}'], ['Only this status', 'is:unanswered'],
      ['Only this client', 'agent:curl/8'], ['Only this trace', 'trace:4bf9'], ['Not this host', '-host:="a b.test"'],
    ]);
    expect(filtersLike({ host: 'a', method: 'CONNECT', route: '', status: 200 }).map(([name]) => name)).toEqual(['Only this host', 'Only this status', 'Not this host']);
  });
  it('joins filters', () => {
    expect(wholeFilter('a or b', 'host:=x')).toBe('(a or b) host:=x');
    expect(and('a or b', 'c')).toBe('(a or b) c');
    expect(quote('a "b" \\')).toBe('"a \\"b\\" \\\\"');
  });
});

describe('differences', () => {
  it('are the shortest', () => {
    expect(diff(['a', 'b', 'c'], ['a', 'x', 'c', 'd'])).toEqual([
      { kind: 'same', text: 'a' }, { kind: 'gone', text: 'b' }, { kind: 'new', text: 'x' }, { kind: 'same', text: 'c' }, { kind: 'new', text: 'd' },
    ]);
    expect(diff([], ['a'])).toEqual([{ kind: 'new', text: 'a' }]);
  });
  it('give both lists back', () => {
    const a = [...'abracadabra'];
    const b = [...'alakazambra'];
    const lines = diff(a, b);
    expect(lines.filter((l) => l.kind !== 'new').map((l) => l.text)).toEqual(a);
    expect(lines.filter((l) => l.kind !== 'gone').map((l) => l.text)).toEqual(b);
  });
  it('end for lists that are too long', () => expect(diff(Array(3000).fill('a'), Array(3000).fill('b')).length).toBe(6000));
});

describe('muted rules', () => {
  const row = {
    verdict: 'error', errors: 3, warnings: 2,
    rules: [{ rule: 'a/e', severity: 'error', count: 3 }, { rule: 'b/w', severity: 'warn', count: 1 }, { rule: 'c/w', severity: 'warn', count: 1 }, { rule: 'd/i', severity: 'info', count: 1 }],
  } as Row;
  const after = (...rules: string[]) => {
    const h = heard(row, new Set(rules));
    return `${h.verdict} ${h.errors} ${h.warnings} ${h.rules.length}`;
  };
  it('leave the verdict of what remains', () => {
    expect([after(), after('x/y'), after('b/w'), after('a/e'), after('a/e', 'b/w'), after('a/e', 'b/w', 'c/w'), after('a/e', 'b/w', 'c/w', 'd/i')]).toEqual([
      'error 3 2 4', 'error 3 2 4', 'error 3 1 3', 'warn 0 2 3', 'warn 0 1 2', 'info 0 0 1', 'ok 0 0 0',
    ]);
    expect(heard({ ...row, warnings: 9 }, new Set(['a/e', 'b/w', 'c/w', 'd/i'])).verdict).toBe('warn'); // of rules that the row does not name
  });
});

describe('text of an issue', () => {
  it('cannot be left by what was captured', () => {
    expect(fenced('a\n```\nb').startsWith('````\n')).toBe(true);
    expect(code('a``b')).toBe('```a``b```');
    const note = {
      rule: 'a/b', severity: 'warn', blame: 'origin', title: 't', message: 'm\u202e', help: 'h', doc: 'd', refs: [{ text: 'RFC 1', url: 'https://a.test/' }],
      place: { message: 'response', part: 'field', line: 0, words: 'w' }, evidence: { before: 'x', marked: '```', after: 'z' },
    } as Note;
    const text = issueText({ method: 'GET', url: 'http://a.test/', status: 200, id: 'abc', meaning: { name: 'OK' } } as Detail, note);
    expect(text).toContain('````http\nx```z\n````');
    expect(text).toContain('m‹RLO›');
    expect(text).toContain('[RFC 1](https://a.test/)');
  });
});

describe('small things', () => {
  it('cuts JSON into tokens', () => {
    expect(tokens('{"a": -1.5e3, "b": [true, "x"]}').filter((t) => t.kind).map((t) => `${t.kind} ${t.text}`)).toEqual(['name "a"', 'number -1.5e3', 'name "b"', 'word true', 'string "x"']);
    expect(tokens('"<img').map((t) => t.text).join('')).toBe('"<img');
  });
  it('finds text', () => {
    expect(places('abAB', 'ab')).toEqual([0, 2]);
    expect(places('İab', 'ab')).toEqual([1]);
    expect(places('x', '')).toEqual([]);
  });
  it('reads fields', () => {
    expect(readFields('A: 1\n\nB:2')).toEqual({ fields: [['A', '1'], ['B', '2']], wrong: '' });
    expect(readFields('A: 1\nno field').wrong).toBe('no field');
    expect(readFields('a b: 1').wrong).toBe('a b: 1');
  });
  it('names changes', () => {
    expect(changesOf(['annotated', 'request-host', 'version'], 'request').map((c) => c.name)).toEqual(['request-host', 'version']);
    expect(changesOf(['request-something'], 'response')).toEqual([]);
    expect(changesOf(['something-new'], 'response')[0]?.text).toBe('something-new');
  });
  it('walks a menu', () => expect([itemFor('ArrowDown', 2, 3), itemFor('ArrowUp', 0, 3), itemFor('End', 0, 3), itemFor('x', 0, 3)]).toEqual([0, 2, 2, undefined]));
  it('quotes a path for shells', () => {
    const setup = { proxy: 'http://127.0.0.1:8080', caFile: "/a b/it's.pem", env: 'sidenote env', fingerprint: '', showSecrets: false, version: '', run: '', resend: true };
    const clients = clientsOf(setup);
    expect(clients.find((c) => c.name === 'curl')?.text).toContain(`--cacert '/a b/it'\\''s.pem'`);
    expect(clients[0]?.text).toBe('eval "$(sidenote env)"');
    const way = (agent: string) => clientFor(agent, clients)?.name;
    expect([way('curl/8.9'), way('Go-http-client/1.1'), way('Mozilla/5.0'), way('python-requests/2'), way('okhttp/4'), way('node'), way('thing/1')]).toEqual(
      ['curl', 'Go', 'Browser', 'Python', 'Java', 'Node', undefined]);
  });
});

describe('a stream of events', () => {
  const stream = ': alive\n\nid: 7\nevent: news\ndata: {"a":\ndata: 1}\n\ndata:x\n\nevent: news\n\nid: 8\ndata: last\n\n';
  const events = [
    { id: '7', type: 'news', data: '{"a":\n1}' },
    { id: '7', type: 'message', data: 'x' },
    { id: '8', type: 'message', data: 'last' },
  ];

  it('is read in any pieces', () => {
    for (let size = 1; size <= stream.length; size++) {
      const reader = new EventReader();
      const read = [];
      for (let i = 0; i < stream.length; i += size) read.push(...reader.read(stream.slice(i, i + size)));
      expect(read).toEqual(events);
    }
  });

  it('gives no event that has not ended', () => {
    expect(new EventReader().read('data: half\n')).toEqual([]);
  });
});

describe('characters that join', () => {
  const named = (text: string) => pieces(text).flatMap((p) => p.name ?? []);

  it('are text inside of emoji and joined scripts', () => {
    for (const text of ['👩‍💻', '👨‍👩‍👧‍👦', '🏳️‍🌈', '👩🏽‍🚀', '❤️‍🔥', '🧔‍♂️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌خواهم', 'क्‍ष', 'a 👩‍💻 b']) expect([text, named(text)]).toEqual([text, []]);
  });

  it('are shown everywhere else', () => {
    expect(named('a\u200db')).toEqual(['ZWJ']);
    expect(named('pay\u200cpal')).toEqual(['ZWNJ']);
    expect(named('👩\u200d')).toEqual(['ZWJ']);
    expect(named('\u200d💻')).toEqual(['ZWJ']);
    expect(named('1\u200d2')).toEqual(['ZWJ']);
    expect(named('👩\u200d\u200d💻')).toEqual(['ZWJ', 'ZWJ']);
    expect(named('a\u{e0067}\u{e007f}').length).toBe(2);
    expect(named('\u202e👩‍💻')).toEqual(['RLO']);
  });
});

describe('sides', () => {
  it('are named in words, one or several', () => {
    expect(['origin', 'proxy', 'client', 'origin|intermediary', ''].map(sideOf)).toEqual(['origin server', 'sidenote', 'client', 'origin server or intermediary', '']);
  });
});
