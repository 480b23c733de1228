//go:build clickhouse

package e2e_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"sidenote/e2e/scale"
)

// A tally is how often something was: of a kind, and which one.
type tally map[[2]string]int

// TestClickHouse fills the tables of the example with a log, by ClickHouse
// itself, and asks them for what the log says. "make clickhouse" runs it: what
// it needs is too large to be fetched for every test run.
func TestClickHouse(t *testing.T) {
	p := start(t, "--log-notes")
	newTraffic(t, p).round(1)
	p.stop()
	want, got := tallyOf(logged(t, p.logFile)), askClickHouse(t, p)
	if !maps.Equal(got, want) || len(want) < 80 {
		t.Errorf("ClickHouse has\n%v\nand the log\n%v", got, want)
	}
}

// tallyOf counts what is asked of ClickHouse too.
func tallyOf(log map[string][]record) tally {
	n := tally{}
	for _, r := range log["sidenote.exchange/1"] {
		for kind, key := range map[string]string{"path": "url.path", "error": "error.type", "trace": "trace_id"} {
			n[[2]string{kind, r.text(key)}]++
		}
		timing, _ := r["sidenote.timing"].(map[string]any)
		if total, _ := timing["total"].(float64); total >= 300 {
			n[[2]string{"slow", ""}]++
		}
	}
	for _, r := range log["sidenote.note/1"] {
		rule := r.text("sidenote.note.rule")
		n[[2]string{"rule", rule}]++
		if r.text("sidenote.note.severity") == "error" {
			n[[2]string{"documented", rule}]++
		}
	}
	return n
}

// askClickHouse makes and fills the tables, and counts.
func askClickHouse(t *testing.T, p *process) tally {
	t.Helper()
	dir, n := t.TempDir(), tally{}
	const count = "toInt32(count()) AS N FROM sidenote."
	queries := []string{
		"SELECT 'path' AS Kind, `url.path` AS Which, " + count + "exchanges GROUP BY Which",
		"SELECT 'error' AS Kind, `error.type` AS Which, " + count + "exchanges GROUP BY Which",
		"SELECT 'trace' AS Kind, `trace_id` AS Which, " + count + "exchanges GROUP BY Which",
		"SELECT 'slow' AS Kind, '' AS Which, " + count + "exchanges WHERE `sidenote.timing`.total >= 300",
		"SELECT 'rule' AS Kind, `sidenote.note.rule` AS Which, " + count + "notes GROUP BY Which",
		"SELECT 'documented' AS Kind, rule AS Which, toInt32(n) AS N FROM (" + documentedQuery(t) + ")",
	}
	err := scale.Script{
		Node: need(t, "node"), Folder: "clickhouse", Name: "fill.mjs", Env: plainEnv(dir),
		Config: map[string]string{
			"sql": filepath.Join("..", "..", "configs", "clickhouse", "sidenote.sql"), "log": p.logFile, "dir": dir,
			"queries": strings.Join(queries, ";"),
		},
	}.Run(func(string) {}, func(line []byte) error {
		var row struct {
			Kind, Which string
			N           int
		}
		err := json.Unmarshal(line, &row)
		n[[2]string{row.Kind, row.Which}] += row.N
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// documentedQuery is the example of docs/logs.md.
func documentedQuery(t *testing.T) string {
	t.Helper()
	_, query, found := strings.Cut(readFile(t, "../docs/logs.md"), "```sql\n")
	query, _, end := strings.Cut(query, ";\n```")
	if !found || !end {
		t.Fatal("docs/logs.md has no example of a query")
	}
	return query
}
