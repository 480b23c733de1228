// Arithmetic of a list that is longer than what is shown of it.

/** The tallest element that every browser scrolls exactly. */
const tallest = 12_000_000;

export interface Slice {
  first: number; // index of the first row to draw
  count: number;
  offset: number; // pixels from the top of the list to the first row
}

/** The height of what is scrolled. */
export function heightOf(total: number, row: number): number {
  return Math.min(total * row, tallest);
}

/** The rows that a view shows, and some on either side. */
export function sliceAt(top: number, view: number, total: number, row: number, spare: number): Slice {
  const height = heightOf(total, row);
  const whole = total * row;
  const real = whole > height && height > view ? (top / (height - view)) * (whole - view) : top;
  const at = Math.max(0, Math.min(Math.floor(real / row), total - 1));
  const first = Math.max(0, at - spare);
  const count = Math.max(0, Math.min(total - first, Math.ceil(view / row) + 1 + spare + (at - first)));
  return { first, count, offset: top - real + first * row };
}

/** Where to scroll so that a row is seen; the same place when it is already,
 * and the middle of the view when it is far away. */
export function topFor(index: number, top: number, view: number, total: number, row: number): number {
  const height = heightOf(total, row);
  const whole = total * row;
  const scale = whole > height && height > view ? (height - view) / (whole - view) : 1;
  const real = top / scale;
  const most = Math.max(0, height - view);
  const far = (index + 1) * row < real - view || index * row > real + 2 * view;
  if (far) return Math.min(Math.max(0, (index + 0.5) * row - view / 2) * scale, most);
  if (index * row < real) return index * row * scale;
  if ((index + 1) * row > real + view) return Math.min(((index + 1) * row - view) * scale, most);
  return top;
}
