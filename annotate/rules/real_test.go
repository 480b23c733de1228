package rules_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/golden"
)

// TestRealTraffic runs the default rules over what real servers and frameworks
// said through sidenote. Each note of level warn or error in a golden was read
// and found true; docs/decisions tells of them server by server.
func TestRealTraffic(t *testing.T) {
	files, err := filepath.Glob("testdata/real/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("%d captures, want those of 10 servers or more", len(files))
	}
	set := defaultSet(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		t.Run(name, func(t *testing.T) {
			golden.Compare(t, strings.TrimSuffix(file, ".jsonl")+".golden", notesOf(t, set, file))
		})
	}
}

// notesOf lists what the rules have against the exchanges of a capture, one
// note a line: severity, rule, request line and status.
func notesOf(t *testing.T, set *annotate.Set, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b strings.Builder
	memory := annotate.NewMemory(0)
	err = exchange.ReadCapture(f, exchange.Capture{Exchange: func(x *exchange.Exchange) error {
		for _, n := range memory.Once(x, set.All(x, nil)) {
			if n.Severity > annotate.Info {
				fmt.Fprintf(&b, "%-5s %s: %s %s %d\n", n.Severity, n.Rule.ID, x.Request.Method, x.URL(), x.Response.Status)
			}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRealTrafficCutShort keeps less and less of each content: what is not known
// of it must not be held against anybody, so no note may come that the whole
// does not have.
func TestRealTrafficCutShort(t *testing.T) {
	set := defaultSet(t)
	for file, lines := range realTraffic(t) {
		for i, line := range lines {
			whole := notedRules(t, set, line, -1)
			for keep := 0; keep < 256; keep += 7 {
				for id := range notedRules(t, set, line, keep) {
					if !whole[id] {
						t.Errorf("%s:%d: %s comes when only %d bytes are kept", file, i+1, id, keep)
					}
				}
			}
		}
	}
}

// realTraffic returns the records of real traffic by the name of their file, one a
// line.
func realTraffic(t *testing.T) map[string][][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/real/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %d files of real traffic", err, len(files))
	}
	records := make(map[string][][]byte)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		records[file] = bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	}
	return records
}

// notedRules returns the rules with a note of level warn or error on a record of
// which at most keep octets of each content are kept, if keep is not negative.
func notedRules(t *testing.T, set *annotate.Set, line []byte, keep int) map[string]bool {
	t.Helper()
	x, err := exchange.ParseJSON(line)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*exchange.Content{&x.Request.Content, &x.Response.Content} {
		if keep >= 0 && len(c.Kept) > keep {
			c.Kept, c.Truncated = c.Kept[:keep], true
		}
	}
	ids := make(map[string]bool)
	for _, n := range set.All(x, nil) {
		if n.Severity > annotate.Info {
			ids[n.Rule.ID] = true
		}
	}
	return ids
}

// TestRealTrafficHasVerdicts holds that each rule which speaks in a golden was
// read by somebody, who wrote down what they found.
func TestRealTrafficHasVerdicts(t *testing.T) {
	b, err := os.ReadFile("testdata/real/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	verdicts := make(map[string]bool) // and whether the rule speaks
	for line := range strings.Lines(string(b)) {
		if line[0] == '#' {
			continue
		}
		rule, verdict, _ := strings.Cut(line, " ")
		if verdicts[rule] = false; !strings.HasPrefix(verdict, "right: ") {
			t.Errorf("the verdict on %s is %q: mend the rule, then write right", rule, verdict)
		}
	}
	goldens, err := filepath.Glob("testdata/real/*.golden")
	if err != nil || len(goldens) < 60 {
		t.Fatalf("%d goldens, %v", len(goldens), err)
	}
	for _, file := range goldens {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			rule := strings.TrimSuffix(strings.Fields(line)[1], ":")
			if _, ok := verdicts[rule]; !ok {
				t.Errorf("%s: %s has no verdict", file, rule)
			}
			verdicts[rule] = true
		}
	}
	for rule, speaks := range verdicts {
		if !speaks {
			t.Errorf("%s has a verdict and does not speak", rule)
		}
	}
}
