package rules_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sidenote/annotate"
	"sidenote/exchange"
)

var update = flag.Bool("update", false, "write the golden files anew")

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
			compareGolden(t, strings.TrimSuffix(file, ".jsonl")+".golden", notesOf(t, set, file))
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

func compareGolden(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), read each note and run the test with -update:\n%s", golden, diff)
	}
}

// TestRealTrafficCutShort keeps less and less of each content: what is not known
// of it must not be held against anybody, so no note may come that the whole
// does not have.
func TestRealTrafficCutShort(t *testing.T) {
	files, err := filepath.Glob("testdata/real/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	set := defaultSet(t)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
			whole := notedRules(t, set, line, -1)
			for keep := 0; keep < 256; keep += 7 {
				for id := range notedRules(t, set, line, keep) {
					if !whole[id] {
						t.Errorf("%s:%d: %s comes when only %d octets are kept", file, i+1, id, keep)
					}
				}
			}
		}
	}
}

// notedRules gives the rules with a note of level warn or error on a record of
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
