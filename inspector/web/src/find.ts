// Searching in a text.

const most = 1000;

/** Where a text is found in another, letters in either case; at most 1000 places. */
export function places(text: string, wanted: string): number[] {
  const found: number[] = [];
  if (!wanted) return found;
  const needle = wanted.toLowerCase();
  const hay = text.toLowerCase();
  if (hay.length !== text.length) return placesExact(text, wanted); // lower case changed the length of something
  for (let at = hay.indexOf(needle); at >= 0 && found.length < most; at = hay.indexOf(needle, at + needle.length)) found.push(at);
  return found;
}

function placesExact(text: string, wanted: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at >= 0 && found.length < most; at = text.indexOf(wanted, at + wanted.length)) found.push(at);
  return found;
}
