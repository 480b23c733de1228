// A note as the text of an issue, in Markdown.
import type { Detail, Note } from './api';
import { sideOf } from './format';
import { plain } from './visible';

/** Puts text into a fence that the text cannot end. */
export function fenced(text: string, language = ''): string {
  let fence = '```';
  while (text.includes(fence)) fence += '`';
  return `${fence}${language}\n${text}\n${fence}`;
}

/** A span of code that the text cannot end. */
export function code(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const tick = '`'.repeat(Math.max(0, ...runs.map((r) => r.length)) + 1);
  const space = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return tick + space + text + space + tick;
}

export function issueText(d: Detail, n: Note): string {
  const { before, marked, after } = n.evidence;
  const evidence = plain(before + marked + after);
  const parts = [
    `### ${n.title}`,
    `${code(plain(`${d.method} ${d.url}`))} was answered with ${d.status || 'nothing'}${d.meaning.name ? ` ${d.meaning.name}` : ''}.`,
    `${n.severity}, ${sideOf(n.blame)}: ${plain(n.message)}`,
  ];
  if (evidence.trim()) parts.push(`Where (${plain(n.place.words)}):`, fenced(evidence, 'http'));
  if (n.doc) parts.push(n.doc.trim());
  if (n.help) parts.push(`**What to do:** ${plain(n.help)}`);
  if (n.refs.length) parts.push(n.refs.map((r) => (r.url ? `[${r.text}](${r.url})` : r.text)).join(', '));
  parts.push(`Rule ${code(n.rule)} of sidenote, exchange ${code(d.id)}.`);
  return `${parts.join('\n\n')}\n`;
}
