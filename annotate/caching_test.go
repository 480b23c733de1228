package annotate_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// cached makes an exchange of a row's method and status, and of the fields of
// request and response, that came at 2026-01-02T03:04:05Z.
func cached(t *testing.T, methodStatus, request, response string) *exchange.Exchange {
	t.Helper()
	method, status, _ := strings.Cut(methodStatus, " ")
	lines := func(mark, fields string) (s string) {
		for f := range strings.SplitSeq(fields, " ~ ") {
			if f != "" {
				s += mark + f + "\n"
			}
		}
		return s
	}
	text := "* started 2026-01-02T03:04:05Z\n* scheme https\n> " + method + " /x HTTP/1.1\n> Host: a.test\n" + lines("> ", request) + ">\n"
	if status != "0" {
		text += "< HTTP/1.1 " + status + " X\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n" + lines("< ", response) + "<\n"
	}
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestCaching holds the verdict to a table that was judged by hand, row by row,
// after RFC 9111.
func TestCaching(t *testing.T) {
	b, err := os.ReadFile("testdata/caching.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		rows++
		parts := strings.Split(line, "|")
		if len(parts) != 4 {
			t.Fatalf("%d parts: %s", len(parts), line)
		}
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		x := cached(t, parts[0], parts[1], parts[2])
		if got := annotate.CachingOf(x).InWords(x); got != parts[3] {
			t.Errorf("%s\n got: %s", line, got)
		}
	}
	if rows < 60 {
		t.Errorf("%d rows, want at least 60", rows)
	}
}

func TestFreshUntil(t *testing.T) {
	came := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for response, want := range map[string]time.Time{
		"Cache-Control: max-age=60":           came.Add(time.Minute),
		"Cache-Control: max-age=60 ~ Age: 40": came.Add(20 * time.Second),
		"Cache-Control: max-age=60 ~ Age: 90": came.Add(-30 * time.Second),
		"Cache-Control: no-store":             {},
		"":                                    {},
	} {
		c := annotate.CachingOf(cached(t, "GET 200", "", response))
		if got := c.FreshUntil(c.Best()); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", response, got, want)
		}
	}
	x := cached(t, "GET 200", "", "Cache-Control: max-age=60")
	x.Started = time.Time{}
	c := annotate.CachingOf(x)
	if got := c.FreshUntil(c.Best()); !got.IsZero() {
		t.Errorf("without a clock it is %v", got)
	}
}

// Every reason has words.
func TestReasonsNotToStore(t *testing.T) {
	for _, why := range annotate.NotStoredReasons() {
		x := cached(t, "PUT 403", "", "")
		if words := annotate.CachingOf(x).WhyInWords(x, annotate.NotStored(why)); words == "" {
			t.Errorf("%s has no words", why)
		}
	}
}
