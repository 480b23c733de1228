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
