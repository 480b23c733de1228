package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/annotate/rules"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/policy/baseline"
	"sidenote/sink"
)

// TestResponseFieldsKnowTheBaseline: the verdict in a response is that of the log,
// and an entry is not counted twice for it.
func TestResponseFieldsKnowTheBaseline(t *testing.T) {
	p := &program{stderr: &strings.Builder{}}
	c := configs.Default()
	j, err := p.newJudge(&c)
	if err != nil {
		t.Fatal(err)
	}
	if j.baseline, err = baseline.Parse("b.yaml", []byte("version: 1\naccepted: [{rule: status/405-missing-allow}]\n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	x, err := exchange.ParseText("> PUT /orders HTTP/1.1\n> Host: shop.test\n> User-Agent: test\n> Content-Length: 0\n>\n" +
		"< HTTP/1.1 405 Method Not Allowed\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n< Content-Length: 0\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	a := newAnnotator(j)
	a.fields = sink.FieldsFull
	out := http.Header{}
	a.head(x, out)
	if got := out.Get(sink.FieldNameNotes); !strings.Contains(got, "status/405-missing-allow;sev=error;") || !strings.Contains(got, ";accepted") {
		t.Errorf("Sidenote: %s", got)
	}
	ended := a.finish(x)
	if got, want := out.Get(sink.FieldNameExchange), ";verdict="+ended.Verdict().String()+";"; !strings.Contains(got, want) || strings.Contains(got, "verdict=error") {
		t.Errorf("Sidenote-Exchange: %s, want %s", got, want)
	}
	if e := j.baseline.Entries()[0]; e.Seen != 1 {
		t.Errorf("the entry was seen %d times", e.Seen)
	}
}

// TestLiveNotesAreThoseOfCaptures: what is said about a live exchange in two
// halves is what is said about a captured one, also where a rule that the policy
// switches off for the request speaks better than another.
func TestLiveNotesAreThoseOfCaptures(t *testing.T) {
	const text = "* scheme https\n> GET /orders HTTP/1.1\n> Host: shop.test\n> User-Agent: test\n> Sec-Fetch-Dest: document\n> Sec-Fetch-Mode: navigate\n>\n" +
		"< HTTP/1.1 200 OK\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n< Content-Type: text/html; charset=utf-8\n< X-WebKit-CSP: default-src 'self'\n< Content-Length: 39\n<\n< <!doctype html><html><body>hi</body></h\n"
	p := &program{stderr: &strings.Builder{}}
	c := configs.Default()
	c.Policy = filepath.Join(t.TempDir(), "policy.yaml")
	const wanted = "rules:\n  - security/csp-missing: warn\n  - match: shop.test/orders\n    deprecated/csp-obsolete-header: off\n"
	if err := os.WriteFile(c.Policy, []byte(wanted), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := p.newJudge(&c)
	if err != nil {
		t.Fatal(err)
	}
	made := func(live bool) (ids []string) {
		x, err := exchange.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		a := newAnnotator(j)
		if live {
			a.head(x, http.Header{})
		}
		finish := a.whole
		if live {
			finish = a.finish
		}
		for _, n := range finish(x).Notes {
			ids = append(ids, n.Rule.ID)
		}
		return ids
	}
	if live, whole := made(true), made(false); !slices.Equal(live, whole) {
		t.Errorf("live    %v\ncapture %v", live, whole)
	}
}

// TestResponseFieldsAreSuppressed: a response does not carry the notes of rules
// that another says better, since the log has none of them.
func TestResponseFieldsAreSuppressed(t *testing.T) {
	p := &program{stderr: &strings.Builder{}}
	c := configs.Default()
	j, err := p.newJudge(&c)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.All() {
		if len(r.Suppresses) == 0 {
			continue
		}
		for _, text := range r.Bad {
			x, err := exchange.ParseText(text)
			if err != nil {
				t.Fatal(err)
			}
			a := newAnnotator(j)
			a.fields = sink.FieldsFull
			out := http.Header{}
			a.head(x, out)
			shown := out.Get(sink.FieldNameNotes)
			for _, id := range r.Suppresses {
				if strings.Contains(shown, r.ID+";") && strings.Contains(shown, id+";") {
					t.Errorf("%s is in the response though %s says it better", id, r.ID)
				}
			}
		}
	}
}
