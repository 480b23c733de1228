// Does with ClickHouse what configs/clickhouse/sidenote.sql says: makes the
// tables, twice as after an update, and fills them with the lines of a log.
// Prints the results of queries, one row a line as JSON.
//
//   node fill.mjs '{"sql": FILE, "log": FILE, "dir": FOLDER, "queries": QUERIES WITH ; BETWEEN}'
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Session } from 'chdb';

const { sql, log, dir, queries } = JSON.parse(process.argv[2]);
const text = readFileSync(sql, 'utf8');
const session = new Session(path.join(dir, 'clickhouse'));
const statements = text.replace(/^--.*$/gm, '').split(';').map((s) => s.trim()).filter(Boolean);
for (const s of [...statements, ...statements]) session.query(s);

// The comment at the head of the file says how a table is filled: of which
// lines, and with which settings.
const lines = readFileSync(log, 'utf8').split('\n');
const ways = [...text.replace(/^-- ?/gm, '').matchAll(/grep -h '([^']+)'[\s\S]*?clickhouse-client ([^'\\]+)\\\n\s*--query '(INSERT INTO \S+) FORMAT JSONEachRow'/g)];
for (const [, pattern, options, insert] of ways) {
  const file = path.join(dir, 'lines.jsonl');
  writeFileSync(file, lines.filter((l) => l.includes(pattern)).join('\n'));
  const settings = options.trim().split(/\s+/).map((o) => o.replace(/^--(\w+)=(.*)$/, (_, name, value) => `${name}='${value}'`)).join(', ');
  session.query(`${insert} FROM INFILE '${file}' SETTINGS ${settings} FORMAT JSONEachRow`);
}
for (const q of queries.split(';')) {
  for (const row of session.query(q, 'JSONEachRow').trim().split('\n').filter(Boolean)) console.log(row);
}
session.cleanup();
