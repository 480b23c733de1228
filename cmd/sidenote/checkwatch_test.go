package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sidenote/cmd/sidenote/check"
)

// scrape returns the metrics of a watch.
func scrape(t *testing.T, r *running) string {
	t.Helper()
	r.errs.await(t, "metrics at http://", 1)
	url := regexp.MustCompile(`http://\S+/metrics`).FindString(r.errs.String())
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", resp.Status, err, b)
	}
	return string(b)
}

// awaitMetric waits until a scrape has a line.
func awaitMetric(t *testing.T, r *running, line string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text := scrape(t, r)
		if strings.Contains(text, "\n"+line+"\n") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no %q in:\n%s", line, text)
		}
	}
}

// awaitCount waits until a counter without labels has reached a value.
func awaitCount(t *testing.T, r *running, name string, least int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text := scrape(t, r)
		if m := regexp.MustCompile(`(?m)^` + name + ` (\d+)$`).FindStringSubmatch(text); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil && n >= least {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not reach %d:\n%s", name, least, text)
		}
	}
}

// TestWatchTellsChanges: a check is told of at first, when it begins to fail, and
// when it passes again; the metrics follow, and the last round is the verdict.
func TestWatchTellsChanges(t *testing.T) {
	var status, asked atomic.Int64
	status.Store(200)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(int(status.Load()))
	}))
	defer s.Close()
	r := start(t, "check", "--rules", "*=off", "--watch", "100ms", "--admin", "127.0.0.1:0", s.URL+"/a?token=secret", s.URL+"/a?b")
	name := "GET " + s.URL + "/a"
	awaitMetric(t, r, fmt.Sprintf("sidenote_check_success{check=%q} 1", name))
	awaitMetric(t, r, fmt.Sprintf("sidenote_check_success{check=%q} 1", name+" #2"))
	awaitMetric(t, r, fmt.Sprintf("sidenote_check_http_version{check=%q} 1.1", name))
	r.out.await(t, "  ok    "+name, 2)
	for quiet := asked.Load() + 6; asked.Load() < quiet; { // some rounds without a change
		time.Sleep(5 * time.Millisecond)
	}
	if n := strings.Count(r.out.String(), "\n"); n != 2 {
		t.Errorf("%d lines though nothing changed:\n%s", n, &r.out)
	}
	status.Store(503)
	r.out.await(t, "  FAIL  "+name, 2)
	r.out.await(t, "expected status 2xx or 3xx, got 503; was ok for ", 2)
	awaitMetric(t, r, fmt.Sprintf("sidenote_check_success{check=%q} 0", name))
	awaitMetric(t, r, fmt.Sprintf("sidenote_check_status_code{check=%q} 503", name))
	awaitMetric(t, r, fmt.Sprintf("sidenote_check_notes{check=%q,severity=\"error\"} 1", name))
	status.Store(204)
	r.out.await(t, "; was ok for ", 2)
	r.out.await(t, "  was FAIL for ", 2)
	for next := asked.Load() + 3; asked.Load() < next; { // that round has ended
		time.Sleep(5 * time.Millisecond)
	}
	if code := r.end(t); code != exitOK || strings.Contains(r.out.String()+r.errs.String(), "secret") {
		t.Errorf("exit %d\n%s\n%s", code, &r.out, &r.errs)
	}
}

// TestWatchFails: the exit code is that of the last whole round.
func TestWatchFails(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	r := start(t, "check", "--rules", "*=off", "--watch", "100ms", "--admin", "127.0.0.1:0", s.URL)
	awaitCount(t, r, "sidenote_check_rounds_total", 1)
	if code := r.end(t); code != exitPolicy || !strings.Contains(r.out.String(), "  FAIL  GET http") {
		t.Errorf("exit %d\n%s\n%s", code, &r.out, &r.errs)
	}
}

// TestWatchSlowRounds: rounds never overlap, and it is said that one took long.
func TestWatchSlowRounds(t *testing.T) {
	var running, peak, asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		peak.Store(max(peak.Load(), running.Add(1)))
		defer running.Add(-1)
		asked.Add(1)
		time.Sleep(150 * time.Millisecond) // longer than a round may take
	}))
	defer s.Close()
	r := start(t, "check", "--rules", "*=off", "--watch", "100ms", "--admin", "127.0.0.1:0", s.URL)
	r.errs.await(t, "longer than --watch 100ms", 1)
	awaitCount(t, r, "sidenote_check_rounds_late_total", 2)
	if code := r.end(t); code != exitOK || peak.Load() != 1 || strings.Count(r.errs.String(), "longer than --watch") != 1 {
		t.Errorf("exit %d, %d at once\n%s", code, peak.Load(), &r.errs)
	}
}

// TestWatchBudget: what fails no check can fail the round.
func TestWatchBudget(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	r := start(t, "check", "--rules", "*=off", "--watch", "100ms", "--budget", "p95=1ns", s.URL)
	r.out.await(t, "  FAIL  policy", 1)
	r.out.await(t, "  ok    GET ", 1)
	if code := r.end(t); code != exitPolicy {
		t.Errorf("exit %d\n%s\n%s", code, &r.out, &r.errs)
	}
}

func TestProbeNames(t *testing.T) {
	got := probeNames([]check.Check{
		{Name: "a", Method: "GET", URL: "http://x"}, {Method: "GET", URL: "http://u:p@x/b?token=1#f"}, {Method: "GET", URL: "http://x/b"},
		{Name: "GET http://x/b #2", URL: "http://x"}, {Method: "GET", URL: "http://x/b"},
	})
	seen := map[string]bool{}
	for _, name := range got {
		if seen[name] || strings.Contains(name, "token") || strings.Contains(name, "u:p") {
			t.Errorf("%q in %q", name, got)
		}
		seen[name] = true
	}
	if got[1] != "GET http://x/b" || got[2] != "GET http://x/b #2" {
		t.Errorf("%q", got)
	}
}
