// JSON in colours: text cut into tokens, never markup.

export interface Token {
  text: string;
  kind: 'name' | 'string' | 'number' | 'word' | '';
}

const token = /("(?:[^"\\\n]|\\.)*")(\s*:)?|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|\b(true|false|null)\b/g;

export function tokens(text: string): Token[] {
  const out: Token[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) out.push({ text: text.slice(from, to), kind: '' });
  };
  for (const m of text.matchAll(token)) {
    const word = m[1] ?? m[3] ?? m[4] ?? '';
    plain(m.index);
    out.push({ text: word, kind: m[1] ? (m[2] ? 'name' : 'string') : m[3] ? 'number' : 'word' });
    from = m.index + word.length;
  }
  plain(text.length);
  return out;
}
