package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesThatWereCutShort cuts every file that sidenote appends to, while it
// runs and before it starts again. It goes on, says what is lost, and each
// record that comes is whole.
func TestFilesThatWereCutShort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stored, log, save := filepath.Join(dir, "store"), filepath.Join(dir, "log.jsonl"), filepath.Join(dir, "save.jsonl")
	args := []string{"--store", stored, "--log-file", log, "--save", save}
	listed := func(p *process, session string, want int) {
		t.Helper()
		eventually(t, "the exchanges are listed", func() bool {
			got := sendRaw(t, p.admin, "GET /api/v1/exchanges?limit=0 HTTP/1.1\r\nHost: "+p.admin+"\r\nSidenote-Session: "+session+"\r\nConnection: close\r\n\r\n")
			_, body, _ := strings.Cut(got, "\r\n\r\n")
			var list struct{ Total int }
			return json.Unmarshal([]byte(body), &list) == nil && list.Total == want
		})
	}
	p := start(t, args...)
	for range 3 {
		p.teapot()
	}
	session := p.session()
	listed(p, session, 3)
	if err := os.Truncate(stored, 8); err != nil {
		t.Fatal(err)
	}
	p.teapot()
	listed(p, session, 4)
	p.stop()

	for _, name := range []string{stored, log, save} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, info.Size()-20); err != nil {
			t.Fatal(err)
		}
	}
	again := start(t, append(args, "--ca-dir", p.caDir)...)
	again.teapot()
	listed(again, session, 1) // the store was cut while it ran, and its only record since then was
	again.stop()
	for _, said := range []string{"--store: " + stored, "--log-file: " + log + " ended in a record cut short", "--save: " + save + " ended in a record cut short"} {
		if strings.Count(again.stderr.String(), said) != 1 {
			t.Errorf("%q is not said once:\n%s", said, again.stderr)
		}
	}
	for _, name := range []string{log, save} {
		if got := len(again.records(name)); got != 4 {
			t.Errorf("%s has %d whole records, want 3 of the first run and 1", name, got)
		}
	}
}
