// The difference of two lists of lines.

export interface Line {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

/** Longer lists are compared only at their beginnings and ends. */
const mostCells = 4_000_000;

/** The shortest way from one list to the other: lines kept, gone and new. */
export function diff(a: string[], b: string[]): Line[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (lines: string[]): Line[] => lines.map((text) => ({ kind: 'same', text }));
  return [...same(a.slice(0, head)), ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...same(a.slice(a.length - tail))];
}

function middle(a: string[], b: string[]): Line[] {
  const all = (kind: Line['kind'], lines: string[]): Line[] => lines.map((text) => ({ kind, text }));
  if (!a.length || !b.length || a.length * b.length > mostCells) return [...all('gone', a), ...all('new', b)];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width); // of common lines, from here on
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const here = i * width + j;
      longest[here] = a[i] === b[j] ? longest[here + width + 1]! + 1 : Math.max(longest[here + width]!, longest[here + 1]!);
    }
  }
  const out: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: 'same', text: a[i]! });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)) {
      out.push({ kind: 'gone', text: a[i++]! });
    } else {
      out.push({ kind: 'new', text: b[j++]! });
    }
  }
  return out;
}
