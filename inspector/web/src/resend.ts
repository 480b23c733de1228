// A request as it is edited before it is sent again.
import type { Detail } from './api';

/** One field a line, as they stand in a head. */
export function fieldsText(d: Detail): string {
  return d.request.fields.map((f) => `${f.name}: ${f.value}`).join('\n');
}

/** Reads fields from lines; a line that is none is given back as wrong. */
export function readFields(text: string): { fields: [string, string][]; wrong: string } {
  const fields: [string, string][] = [];
  for (const line of text.split('\n')) {
    if (!line.trim()) continue;
    const colon = line.indexOf(':');
    if (colon <= 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(line.slice(0, colon))) return { fields: [], wrong: line };
    fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return { fields, wrong: '' };
}

/** Names things as a sentence does: a, b and c. */
export function listed(names: string[]): string {
  const last = names[names.length - 1] ?? '';
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${last}` : last;
}
