// The server counts octets of UTF-8, a string of JavaScript UTF-16 units.

/** The index in text of an octet. */
export function indexOf(text: string, octet: number): number {
  let at = 0;
  let index = 0;
  for (const char of text) {
    if (at >= octet) break;
    at += widthOf(char.codePointAt(0) ?? 0);
    index += char.length;
  }
  return index;
}

/** The octet of an index in text. */
export function octetOf(text: string, index: number): number {
  let at = 0;
  for (const char of text.slice(0, index)) at += widthOf(char.codePointAt(0) ?? 0);
  return at;
}

function widthOf(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** True for octets that people may want to read as text, be it not quite UTF-8. */
export function looksLikeText(octets: Uint8Array): boolean {
  const first = octets.subarray(0, 4096);
  if (first.includes(0)) return false;
  const odd = [...new TextDecoder().decode(first, { stream: true })].filter((c) => c === '\ufffd' || (c >= '\x7f' && c <= '\x9f') || (c < ' ' && !'\t\r\n\f'.includes(c))).length;
  return odd * 20 <= first.length;
}
