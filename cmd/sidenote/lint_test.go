package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
)

// cleanExchange is one of an API in which nothing is wrong; %d tells it from others.
const cleanExchange = `* started 2026-01-02T03:04:05.123Z
* scheme https
* origin peer=203.0.113.5:443 reused
* timing request-sent=2ms first-byte=41ms response-at=41ms done=43ms
> GET /v1/orders/%d?expand=lines HTTP/1.1
> Host: api.shop.test
> Accept: application/json
> Accept-Encoding: gzip
> Accept-Language: en
> User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< Content-Type: application/json; charset=utf-8
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Strict-Transport-Security: max-age=31536000
< Vary: Accept-Encoding, Origin
< X-Content-Type-Options: nosniff
<
< {"id":%d,"lines":[%s{"sku":"end"}]}
`

// writeHAR writes a HAR of clean exchanges with 1 KiB of content each.
func writeHAR(t testing.TB, entries int) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "clean.har")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := strings.Repeat(`{"sku":"A-7","qty":12345},`, 38)
	err = exchange.WriteHAR(f, func(yield func(*exchange.Exchange) bool) {
		for i := range entries {
			x, err := exchange.ParseText(fmt.Sprintf(cleanExchange, i, i, lines))
			if err != nil {
				t.Fatal(err)
			}
			if !yield(x) {
				return
			}
		}
	}, exchange.HAROptions{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// BenchmarkLint judges a HAR with all rules and prints every exchange.
func BenchmarkLint(b *testing.B) {
	const entries = 2000
	name := writeHAR(b, entries)
	if info, err := os.Stat(name); err == nil {
		b.SetBytes(info.Size())
	}
	b.ReportAllocs()
	for b.Loop() {
		var errs bytes.Buffer
		if code := run(context.Background(), []string{"lint", name}, nil, nil, io.Discard, &errs); code != exitOK {
			b.Fatalf("exit %d: %s", code, errs.String())
		}
	}
	b.ReportMetric(float64(b.N)*entries/b.Elapsed().Seconds(), "exchanges/s")
}

// TestLintIsDeterministic prints the same twice, in the order of the file.
func TestLintIsDeterministic(t *testing.T) {
	name := writeHAR(t, 300)
	for _, format := range []string{"text", "json"} {
		_, first, _ := runIn(t, nil, "lint", "--format", format, name)
		_, second, _ := runIn(t, nil, "lint", "--format", format, name)
		if first != second || strings.Count(first, "\n") < 300 {
			t.Errorf("%s: %d and %d octets", format, len(first), len(second))
		}
		at := -1
		for i := range 300 {
			next := strings.Index(first, fmt.Sprintf("/v1/orders/%d?", i))
			if next <= at {
				t.Fatalf("%s: exchange %d stands at %d, the one before at %d", format, i, next, at)
			}
			at = next
		}
	}
}

// TestLintJudgesAsLive saves a record with its notes and compares them with
// those that lint makes of the same record.
func TestLintJudgesAsLive(t *testing.T) {
	x, err := exchange.ParseText("* id 7f3k\n* started 2026-01-02T03:04:05Z\n> PUT /a HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 405 Method Not Allowed\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n< Content-Length: 0\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "saved.jsonl")
	if err := os.WriteFile(name, x.AppendJSON(nil, exchange.EncodeOptions{Full: true}), 0o600); err != nil {
		t.Fatal(err)
	}
	code, text, errs := runIn(t, nil, "lint", "--format", "json", name)
	var got struct {
		ID     string `json:"sidenote.exchange.id"`
		Source struct {
			File  string
			Entry int
		} `json:"sidenote.source"`
		Notes []struct{ Rule string } `json:"sidenote.notes"`
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != exitPolicy {
		t.Fatalf("exit %d, %v, %s\n%s", code, err, errs, text)
	}
	if got.ID != "7f3k" || got.Source.File != name || got.Source.Entry != 0 ||
		!slices.ContainsFunc(got.Notes, func(n struct{ Rule string }) bool { return n.Rule == "status/405-missing-allow" }) {
		t.Errorf("%+v", got)
	}
}

// TestLintOutputThatCannotBeWritten ends at once, and says so.
func TestLintOutputThatCannotBeWritten(t *testing.T) {
	name := writeHAR(t, 2000)
	for _, format := range []string{"text", "json"} {
		var errs bytes.Buffer
		code := run(context.Background(), []string{"lint", "--format", format, name}, nil, nil, failingWriter{}, &errs)
		if code != exitFailed || !strings.Contains(errs.String(), "can't write the output") {
			t.Errorf("%s: exit %d, %s", format, code, errs.String())
		}
	}
}

// TestLintInterrupted ends while standard input is silent, as a pipe can be for
// ever, and writes what there was until then.
func TestLintInterrupted(t *testing.T) {
	x, err := exchange.ParseText("> PUT /a HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 405 Method Not Allowed\n< Content-Length: 0\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	in, feed := io.Pipe()
	defer feed.Close()
	dir := t.TempDir()
	page, har := filepath.Join(dir, "report.md"), filepath.Join(dir, "all.har")
	const lines = 20
	go func() {
		for range lines {
			_, _ = feed.Write(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
		}
		for countHAR(har) < lines {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"lint", "--report", "markdown=" + page + ",har=" + har, "-"}, nil, in, &out, &errs)
	const want = "sidenote: lint: interrupted; the output contains only what was read until then\n"
	if code != exitFailed || errs.String() != want || !strings.Contains(out.String(), "-- 20 exchanges: 20 4xx; 20 errors") {
		t.Errorf("exit %d, %s\n%s", code, errs.String(), out.String())
	}
	b, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(b), "t was interrupted; the output contains only what was read until then") {
		t.Errorf("%v\n%s", err, b)
	}
	if n := countHAR(har); n != lines {
		t.Errorf("%d exchanges in the HAR", n)
	}
}

// countHAR counts the exchanges of a HAR, as far as it can be read.
func countHAR(name string) (n int) {
	f, err := os.Open(name)
	if err != nil {
		return 0
	}
	defer f.Close()
	_ = exchange.ReadCapture(f, exchange.Capture{Exchange: func(*exchange.Exchange) error { n++; return nil }})
	return n
}

// TestCheckInterrupted ends while a server is silent.
func TestCheckInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" {
			cancel()
			<-r.Context().Done()
		}
	}))
	defer s.Close()
	page := filepath.Join(t.TempDir(), "report.md")
	var out, errs bytes.Buffer
	code := run(ctx, []string{"check", "--report", "markdown=" + page, s.URL + "/a", s.URL + "/silent", s.URL + "/c"}, nil, nil, &out, &errs)
	if code != exitFailed || !strings.Contains(errs.String(), "sidenote: check: interrupted; the output contains") || !strings.Contains(out.String(), "-- 1 exchange: 1 2xx") {
		t.Errorf("exit %d, %s\n%s", code, errs.String(), out.String())
	}
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "t was interrupted; the output contains") || !strings.Contains(string(b), "**1 exchange**") {
		t.Errorf("%v\n%s", err, b)
	}
}

// TestProgress moves a clock and a bar.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := &progress{w: &out, now: func() time.Time { return now }}
	p.begin([]capture{{size: 3e6}, {err: os.ErrNotExist}, {size: 1e6}})
	r := p.counting(strings.NewReader(strings.Repeat("x", 2e6)))
	read := func() { _, _ = r.Read(make([]byte, 1e6)) }
	read()
	if out.Len() > 0 {
		t.Errorf("at once: %q", out.String())
	}
	now = now.Add(progressAfter)
	read()
	if want := "\r\x1b[Klint: [===============               ]  50% of 4 MB"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	read()
	p.clear()
	p.clear()
	if out.String() != "\r\x1b[K" {
		t.Errorf("%q, want it cleared once", out.String())
	}
	p.begin([]capture{{size: 1}, {name: "-"}})
	if p.total != 0 || p.line() != "lint: 2 MB read" {
		t.Errorf("of unknown length: %q", p.line())
	}
	var none *progress
	none.begin(nil)
	none.clear()
	if r := strings.NewReader(""); none.counting(r) != io.Reader(r) {
		t.Error("no bar, and yet the reader is wrapped")
	}
}
