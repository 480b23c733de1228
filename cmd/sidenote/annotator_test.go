package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sidenote/baseline"
	"sidenote/configs"
	"sidenote/exchange"
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
