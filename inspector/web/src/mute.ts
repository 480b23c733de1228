// What a row says when some of its rules are muted.
import type { Row, RuleIn, Verdict } from './api';

export interface Heard {
  verdict: Verdict;
  errors: number;
  warnings: number;
  rules: RuleIn[];
}

/** What remains of a row's notes without those of muted rules. A row names its
 * worst rules only; notes of the others are in its counts. */
export function heard(row: Row, muted: ReadonlySet<string>): Heard {
  const all = row.rules ?? [];
  const rules = all.filter((r) => !muted.has(r.rule));
  if (rules.length === all.length) return { verdict: row.verdict, errors: row.errors, warnings: row.warnings, rules };
  const silenced = (severity: string) => all.reduce((sum, r) => sum + (muted.has(r.rule) && r.severity === severity ? r.count : 0), 0);
  const errors = row.errors - silenced('error');
  const warnings = row.warnings - silenced('warn');
  return { verdict: errors > 0 ? 'error' : warnings > 0 ? 'warn' : rules.length > 0 ? 'info' : 'ok', errors, warnings, rules };
}
