package baseline_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/policy/baseline"
)

var today = time.Date(2026, 6, 30, 23, 0, 0, 0, time.UTC)

func parse(t *testing.T, text string) *baseline.Baseline {
	t.Helper()
	b, err := baseline.Parse("b.yaml", []byte(text), today)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func asked(method, host, path string) *exchange.Exchange {
	x := &exchange.Exchange{Scheme: "https", Authority: host}
	x.Request.Method, x.Request.Target = method, path
	return x
}

var (
	rule = &annotate.Rule{ID: "a/b"}
	once = &annotate.Rule{ID: "tls/soon", Once: func(x *exchange.Exchange) string { return x.Authority }}
)

// accepted returns what the baseline says of a note of a rule.
func accepted(b *baseline.Baseline, r *annotate.Rule, x *exchange.Exchange) string {
	notes := []annotate.Note{{Rule: r, Severity: annotate.Error, Blame: annotate.ByOrigin}}
	b.Accept(x, notes)
	return notes[0].Accepted
}

// An operation is part of the route; an entry without one stands for all.
func TestAcceptOperation(t *testing.T) {
	x := asked("POST", "shop.test", "/graphql")
	x.Request.Fields.Add("Content-Type", "application/json")
	x.Request.Content.Kept = []byte(`{"query":"mutation Pay { pay }"}`)
	for route, want := range map[string]bool{"/graphql": true, "/graphql mutation Pay": true, "/graphql mutation Refund": false, "/graph": false} {
		if got := accepted(parse(t, "version: 1\naccepted: [{rule: a/b, route: "+route+"}]"), rule, x) != ""; got != want {
			t.Errorf("%s accepts it: %v", route, got)
		}
	}
	if k := baseline.KeyOf(x, &annotate.Note{Rule: rule}); k.Route != "/graphql mutation Pay" {
		t.Errorf("a new entry has the route %q", k.Route)
	}
}

func TestAccept(t *testing.T) {
	x := asked("GET", "Shop.test:8443", "/orders/17?a=b")
	for _, c := range []struct{ entry, want string }{
		{"rule: a/b", "in the baseline"},
		{"rule: a/b, method: GET, host: SHOP.test, route: '/orders/{id}', blame: origin", "in the baseline"},
		{"rule: a/b, host: 'shop.test:8443'", "in the baseline"},
		{"rule: a/b, host: 'shop.test:*'", "in the baseline"},
		{"rule: a/b, host: 'shop.test:443'", ""},
		{"rule: a/b, host: 'shop.test:8444'", ""},
		{"rule: a/b, host: 'other.test:*'", ""},
		{"rule: a/b, reason: slow, owner: ann, expires: 2026-06-30", "slow; ann; until 2026-06-30"},
		{"rule: a/b, expires: 2026-06-29", ""},
		{"rule: a/c", ""},
		{"rule: a/b, method: POST", ""},
		{"rule: a/b, host: other.test", ""},
		{"rule: a/b, route: /orders", ""},
		{"rule: a/b, blame: client", ""},
	} {
		if got := accepted(parse(t, "version: 1\naccepted: [{"+c.entry+"}]\n"), rule, x); got != c.want {
			t.Errorf("%s: %q, want %q", c.entry, got, c.want)
		}
	}
}

// TestPortsTellServersApart: what is accepted of one server hides nothing of
// another on the same machine.
func TestPortsTellServersApart(t *testing.T) {
	for _, c := range []struct {
		included string // its note is put into the baseline
		writes   string // the host of the entry
		accepts  []string
		refuses  []string
	}{
		{"127.0.0.1:22121", "127.0.0.1:22121", []string{"127.0.0.1:22121"}, []string{"127.0.0.1:22122", "127.0.0.1", "localhost:22121"}},
		{"127.0.0.1:43210", "127.0.0.1:*", []string{"127.0.0.1:43210", "127.0.0.1:51234", "127.0.0.1:80"}, []string{"[::1]:43210"}},
		{"[::1]:43210", "[::1]:*", []string{"[::1]:51234"}, []string{"127.0.0.1:43210"}},
		{"API.localhost:43210", "api.localhost:*", []string{"api.localhost:51234"}, []string{"localhost:43210"}},
		{"shop.test", "shop.test:443", []string{"shop.test", "shop.test:443"}, []string{"shop.test:8443"}},
		{"shop.test:43210", "shop.test:43210", []string{"shop.test:43210"}, []string{"shop.test:43211"}},
		{"[2001:db8::1]", "[2001:db8::1]:443", []string{"[2001:db8::1]:443"}, []string{"[2001:db8::1]:8443", "[2001:db8::2]"}},
	} {
		b := baseline.New("b.yaml", today)
		n := annotate.Note{Rule: rule, Blame: annotate.ByOrigin}
		b.Include(baseline.EntryKey(asked("GET", c.included, "/"), &n), "", "", time.Time{})
		if got := b.Entries()[0].Host; got != c.writes {
			t.Errorf("%s: the entry names %s, want %s", c.included, got, c.writes)
		}
		back := parse(t, string(b.Bytes()))
		for _, host := range c.accepts {
			if accepted(back, rule, asked("GET", host, "/")) == "" {
				t.Errorf("%s: the note of %s is not accepted", c.writes, host)
			}
		}
		for _, host := range c.refuses {
			if accepted(back, rule, asked("GET", host, "/")) != "" {
				t.Errorf("%s: the note of %s is accepted", c.writes, host)
			}
		}
	}
}

// TestNotesThatComeOnce are on whichever request came first.
func TestNotesThatComeOnce(t *testing.T) {
	b := baseline.New("b.yaml", today)
	n := annotate.Note{Rule: once, Blame: annotate.ByOrigin}
	b.Include(baseline.KeyOf(asked("GET", "a.test", "/one"), &n), "", "", time.Time{})
	if got := accepted(b, once, asked("POST", "a.test", "/two")); got == "" {
		t.Error("the same of another request is not accepted")
	}
	if got := accepted(b, once, asked("POST", "b.test", "/two")); got != "" {
		t.Error("the same of another host is accepted")
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"version: 2\nwhatever: 1\n", "b.yaml:1:10: want a baseline of version 1, not \"2\""},
		{"accepted: []\n", "b.yaml:1:1: no version"},
		{"- a\n", "want a baseline"},
		{"version: 1\nacepted: []\n", `b.yaml:2:1: there is no key "acepted" of a baseline; did you mean "accepted"?`},
		{"version: 1\naccepted: a\n", "want a list"},
		{"version: 1\naccepted: [a]\n", "want an entry"},
		{"version: 1\naccepted:\n  - owner: ann\n", "b.yaml:3:5: no rule"},
		{"version: 1\naccepted:\n  - rule: [a]\n", "rule: want a plain value"},
		{"version: 1\naccepted:\n  - rule: a/b\n    expires: soon\n", `b.yaml:4:14: expires: want a day such as 2026-12-31, not "soon"`},
		{"version: 1\n  x: [\n", "b.yaml:"},
	} {
		if _, err := baseline.Parse("b.yaml", []byte(c.text), today); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	text := "version: 1\naccepted:\n- rule: a/b\n  owner: ann\n  expires: 2020-01-01\n- rule: a/old\n  expires: 2020-01-01\n- rule: a/b\n"
	for i := range 12 {
		text += fmt.Sprintf("- rule: x/y%d\n", i)
	}
	b := parse(t, text)
	accepted(b, rule, asked("GET", "a.test", "/"))
	got := b.Warnings()
	if len(got) != 1+10+1+1+1 || got[0] != "b.yaml:3: a/b expired on 2020-01-01, owner ann" || got[1] != "b.yaml:6: a/old was not seen" ||
		got[11] != "3 more entries were not seen" || got[12] != "b.yaml:8: a/b is a duplicate" || !strings.Contains(got[13], "prune") {
		t.Errorf("%q", got)
	}
	if got := b.Summary(); got != "baseline b.yaml with 15 entries, 2 expired" {
		t.Error(got)
	}
}

// TestOrderIsThatOfTheKeys adds entries in any order and gets the same file.
func TestOrderIsThatOfTheKeys(t *testing.T) {
	keys := []baseline.Key{
		{Rule: "b/a"}, {Rule: "a/a", Host: "b"}, {Rule: "a/a", Host: "a", Route: "/{id}", Method: "GET"}, {Rule: "a/a", Host: "a", Route: "/{id}", Method: "DELETE", Blame: "origin|intermediary"},
		{Rule: "a/a", Host: "a", Route: "/#:\"'*", Method: "ON"},
	}
	var want []byte
	for turn := range keys {
		b := baseline.New("b.yaml", today)
		for i := range keys {
			if !b.Include(keys[(i+turn)%len(keys)], "on", "a: b # c", today) {
				t.Error("an entry was there already")
			}
		}
		if b.Include(keys[turn], "", "", today) {
			t.Error("an entry is included twice")
		}
		got := b.Bytes()
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("another order gives\n%s\nand not\n%s", got, want)
		}
		back := parse(t, string(got))
		if len(back.Entries()) != len(keys) || back.Entries()[0].Reason != "a: b # c" || back.Entries()[0].Owner != "on" || !bytes.Equal(back.Bytes(), got) {
			t.Errorf("reading it back changes it:\n%s", back.Bytes())
		}
	}
}

func TestCommentsStay(t *testing.T) {
	const text = "# Ours.\nversion: 1\n\n# All of it:\naccepted:\n# b\n# b again\n- rule: b/b # here\n\n# c\n- {rule: c/c}\n"
	b := parse(t, text)
	b.Include(baseline.Key{Rule: "a/a"}, "", "", time.Time{})
	const want = "# Ours.\nversion: 1\n\n# All of it:\naccepted:\n- rule: a/a\n# b\n# b again\n- rule: b/b # here\n# c\n- {rule: c/c}\n"
	if got := string(b.Bytes()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if removed := b.Prune(true); len(removed) != 2 || removed[0].Rule != "b/b" {
		t.Errorf("%v", removed)
	}
	renewed := parse(t, "version: 1\naccepted:\n  # why\n  - rule: a/b\n    owner: ann\n    expires: 2020-01-01\n")
	if !renewed.Include(baseline.Key{Rule: "a/b", Method: "GET"}, "", "", today) {
		t.Error("an expired entry is not renewed")
	}
	if got, want := string(renewed.Bytes()), "version: 1\naccepted:\n  # why\n  - rule: a/b\n    owner: ann\n    expires: 2026-06-30\n"; got != want {
		t.Errorf("%q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("version: 1\naccepted:\n# c\n- rule: a/b\n  method: GET\n  expires: 2026-01-01\n- {rule: c/d, owner: 'x'}\n")
	f.Add("accepted:\n  - rule: a\nversion: 1\n")
	f.Add("version: 1\naccepted: [{rule: a}, {rule: a}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := baseline.Parse("b.yaml", []byte(text), today)
		if err != nil {
			return
		}
		b.Include(baseline.Key{Rule: "a/new", Host: "a.test"}, "ann", "", time.Time{})
		written := b.Bytes()
		back, err := baseline.Parse("b.yaml", written, today)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		keys := func(all []*baseline.Entry) (keys []string) {
			for _, e := range all {
				keys = append(keys, e.Key.String()+"|"+e.Accepted())
			}
			slices.Sort(keys)
			return keys
		}
		if !slices.Equal(keys(b.Entries()), keys(back.Entries())) {
			t.Errorf("%q becomes %q:\n%s", keys(b.Entries()), keys(back.Entries()), written)
		}
		if again := back.Bytes(); !bytes.Equal(again, written) {
			t.Errorf("writing it again changes it:\n%s\n%s", written, again)
		}
	})
}
