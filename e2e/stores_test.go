package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidenote/e2e/scale"
)

// TestClickHouse fills the tables of the example with a log, by ClickHouse
// itself, and asks them for what the log says.
func TestClickHouse(t *testing.T) {
	nodePackage(t, "chdb")
	p := start(t, "--log-notes")
	f := newTraffic(t, p)
	f.round(1)
	p.stop()
	log, dir := logged(t, p.logFile), t.TempDir()

	type row struct {
		What, Of string
		N        int
	}
	want := map[row]bool{}
	count := func(what string, in []record, of func(record) string) {
		n := map[string]int{}
		for _, r := range in {
			n[of(r)]++
		}
		for of, n := range n {
			want[row{what, of, n}] = true
		}
	}
	count("path", log["sidenote.exchange/1"], func(r record) string { return r.text("url.path") })
	count("error", log["sidenote.exchange/1"], func(r record) string { return r.text("error.type") })
	count("trace", log["sidenote.exchange/1"], func(r record) string { return r.text("trace_id") })
	count("rule", log["sidenote.note/1"], func(r record) string { return r.text("sidenote.note.rule") })
	count("documented", errorsIn(log["sidenote.note/1"]), func(r record) string { return r.text("sidenote.note.rule") })
	count("slow", log["sidenote.exchange/1"][:1], func(record) string { return "" }) // one takes 300 ms

	got := map[row]bool{}
	err := scale.Script{
		Node: need(t, "node"), Folder: "node", Name: "clickhouse.mjs", Env: plainEnv(dir),
		Config: map[string]string{
			"sql": filepath.Join("..", "..", "configs", "clickhouse", "sidenote.sql"), "log": p.logFile, "dir": dir,
			"queries": strings.Join([]string{
				"SELECT 'path' AS What, `url.path` AS Of, toInt32(count()) AS N FROM sidenote.exchanges GROUP BY Of",
				"SELECT 'error' AS What, `error.type` AS Of, toInt32(count()) AS N FROM sidenote.exchanges GROUP BY Of",
				"SELECT 'trace' AS What, `trace_id` AS Of, toInt32(count()) AS N FROM sidenote.exchanges GROUP BY Of",
				"SELECT 'rule' AS What, `sidenote.note.rule` AS Of, toInt32(count()) AS N FROM sidenote.notes WHERE time > now() - INTERVAL 1 DAY GROUP BY Of",
				"SELECT 'slow' AS What, '' AS Of, toInt32(count()) AS N FROM sidenote.exchanges WHERE `sidenote.timing`.total >= 300 AND `sidenote.timing`.wait >= 300",
				"SELECT 'documented' AS What, rule AS Of, toInt32(n) AS N FROM (" + documentedQuery(t) + ")",
			}, ";"),
		},
	}.Run(func(string) {}, func(line []byte) error {
		var r row
		err := json.Unmarshal(line, &r)
		got[r] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for r := range want {
		if !got[r] {
			t.Errorf("ClickHouse has not %+v", r)
		}
	}
	if len(got) != len(want) || len(want) < 40 {
		t.Errorf("%d rows, and the log has %d", len(got), len(want))
	}
}

func errorsIn(notes []record) (some []record) {
	for _, n := range notes {
		if n.text("sidenote.note.severity") == "error" {
			some = append(some, n)
		}
	}
	return some
}

// documentedQuery is the example of docs/logs.md.
func documentedQuery(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "logs.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, query, found := strings.Cut(string(text), "```sql\n")
	query, _, end := strings.Cut(query, ";\n```")
	if !found || !end {
		t.Fatal("docs/logs.md has no example of a query")
	}
	return query
}
