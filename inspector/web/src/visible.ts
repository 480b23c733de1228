// Text from the wire may hold characters that hide or move other text. They
// are shown by their names and never acted upon.

export interface Piece {
  text: string;
  /** What the character is, when it is one that cannot be seen. */
  name?: string;
}

const names: Record<number, string> = {
  0x00: 'NUL', 0x07: 'BEL', 0x08: 'BS', 0x09: 'TAB', 0x0a: 'LF', 0x0b: 'VT', 0x0c: 'FF', 0x0d: 'CR', 0x1b: 'ESC', 0x7f: 'DEL', 0x85: 'NEL',
  0x9b: 'CSI', 0xad: 'SHY', 0x200b: 'ZWSP', 0x200c: 'ZWNJ', 0x200d: 'ZWJ', 0x200e: 'LRM', 0x200f: 'RLM', 0x061c: 'ALM',
  0x2028: 'LS', 0x2029: 'PS', 0x202a: 'LRE', 0x202b: 'RLE', 0x202c: 'PDF', 0x202d: 'LRO', 0x202e: 'RLO',
  0x2066: 'LRI', 0x2067: 'RLI', 0x2068: 'FSI', 0x2069: 'PDI', 0xfeff: 'BOM', 0xfffd: 'not UTF-8',
};

const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\ufffd]/u;
const hiddenAll = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\ufffd]/gu;

/** Characters that join others: parts of an emoji, of a flag, and letters of scripts that are written joined. */
const joins = new RegExp(
  [
    '(?<=[\\p{Extended_Pictographic}\\u{1f3fb}-\\u{1f3ff}]\\ufe0f?)\\u200d(?=[\\p{Extended_Pictographic}\\u2640\\u2642])',
    '(?<=\\u{1f3f4})[\\u{e0030}-\\u{e007a}]{3,6}\\u{e007f}',
    '(?<=[\\p{L}\\p{M}])(?<=[\\p{Script=Arabic}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}' +
      '\\p{Script=Malayalam}\\p{Script=Gujarati}\\p{Script=Gurmukhi}\\p{Script=Oriya}\\p{Script=Sinhala}\\p{Script=Khmer}\\p{Script=Mongolian}\\p{Script=Syriac}])' +
      '[\\u200c\\u200d](?=\\p{L})',
  ].join('|'),
  'gu',
);

function nameOf(code: number): string {
  return names[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Cuts text into pieces that can be shown; lines keeps line ends and tabs. */
export function pieces(text: string, lines = false): Piece[] {
  if (!hidden.test(text)) return [{ text }];
  const joined = new Set<number>(); // places of characters that are part of what they join
  for (const match of text.matchAll(joins)) for (let i = 0; i < match[0].length; i++) joined.add(match.index + i);
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(hiddenAll)) {
    const char = match[0];
    if (joined.has(match.index)) continue;
    if (lines && (char === '\n' || char === '\t' || (char === '\r' && text[match.index + 1] === '\n'))) continue;
    if (match.index > from) out.push({ text: text.slice(from, match.index) });
    out.push({ text: char, name: nameOf(char.codePointAt(0) ?? 0) });
    from = match.index + char.length;
  }
  if (from < text.length) out.push({ text: text.slice(from) });
  return out;
}

/** The same as one plain string, for titles and labels. */
export function plain(text: string): string {
  if (!hidden.test(text)) return text;
  return pieces(text).map((p) => (p.name ? `‹${p.name}›` : p.text)).join('');
}
