package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

// TestSoakManyExchanges loses no record and leaves nothing behind.
func TestSoakManyExchanges(t *testing.T) {
	sequential, concurrent := 10_000, 500
	if raceEnabled {
		sequential, concurrent = 1_000, 200
	}
	a := newAuthority(t)
	var together gate
	clear, secure := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/together" {
			together.pass()
		}
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, r.URL.RawQuery)
	}))
	p := start(t, "--upstream-ca", a.file)
	w := p.way(t)
	get := func(h *http.Client, url, want string) {
		resp, err := h.Get(url)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || string(body) != want {
			t.Errorf("%s: %d %q %v", url, resp.StatusCode, body, err)
		}
	}
	kinds := []struct {
		h    *http.Client
		base string
	}{{w.goClient(t, false), clear.URL}, {w.goClient(t, false), secure.URL}, {w.goClient(t, true), secure.URL}}

	for _, k := range kinds { // what is made once is made
		get(k.h, k.base+"/?warm", "warm")
	}
	closeAll := func() {
		for _, k := range kinds {
			k.h.CloseIdleConnections()
		}
		for _, s := range []*httptest.Server{clear, secure} {
			s.CloseClientConnections()
		}
	}
	closeAll()
	before := p.settled(t)

	began := time.Now()
	for n := range sequential {
		k := kinds[n%len(kinds)]
		get(k.h, fmt.Sprintf("%s/?s%d", k.base, n), fmt.Sprintf("s%d", n))
	}
	t.Logf("%d one after another in %.1f s", sequential, time.Since(began).Seconds())

	began = time.Now()
	together.need(concurrent)
	var wg sync.WaitGroup
	for n := range concurrent {
		k := kinds[n%len(kinds)]
		wg.Go(func() { get(k.h, fmt.Sprintf("%s/together?c%d", k.base, n), fmt.Sprintf("c%d", n)) })
	}
	wg.Wait()
	t.Logf("%d at once in %.1f s, peak memory %d MiB", concurrent, time.Since(began).Seconds(), p.peakMemory()>>20)

	total := float64(len(kinds) + sequential + concurrent)
	eventually(t, "all are counted", func() bool { return p.metric("sidenote_exchanges_total") >= total })
	if got := p.metric("sidenote_exchanges_total", `code="200"`); got != total {
		t.Errorf("metric: %v of %v exchanges", got, total)
	}
	for _, name := range []string{"sidenote_sink_dropped_total", "sidenote_sink_failed_total", "sidenote_in_flight_exchanges"} {
		if got := p.metric(name); got != 0 {
			t.Errorf("%s %v", name, got)
		}
	}
	closeAll()
	after := p.settled(t)
	t.Logf("before: %+v, after: %+v", before, after)
	if after.goroutines > before.goroutines+5 || after.descriptors > before.descriptors+5 {
		t.Errorf("left behind: %+v, and before it was %+v", after, before)
	}
	p.stop()
	for _, file := range []string{p.logFile, p.save} {
		queries := map[string]bool{}
		records := p.records(file)
		for _, r := range records {
			queries[r.text("url.query")] = true
		}
		if len(records) != int(total) || len(queries) != sequential+concurrent+1 {
			t.Errorf("%s: %d records of %d requests, wanted %v of %d", file, len(records), len(queries), total, sequential+concurrent+1)
		}
	}
	if got := len(p.lines()); got != int(total) {
		t.Errorf("%d lines on the console", got)
	}
}

// A gate lets no one pass until all are there.
type gate struct {
	missing atomic.Int64
	open    chan struct{}
}

func (g *gate) need(n int) {
	g.open = make(chan struct{})
	g.missing.Store(int64(n))
}

func (g *gate) pass() {
	if g.missing.Add(-1) == 0 {
		close(g.open)
	}
	select {
	case <-g.open:
	case <-time.After(patience):
	}
}

// holdings are what a process holds on to.
type holdings struct{ goroutines, descriptors int }

// settled waits until no connection is open and returns what is left.
func (p *process) settled(t *testing.T) (h holdings) {
	t.Helper()
	eventually(t, "all connections are closed", func() bool { return p.metric("sidenote_connections_open") == 0 })
	// Connections that were opened to learn what an origin server speaks, and
	// goroutines that close what is closed, take a moment.
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		now := holdings{int(p.metric("go_goroutines")), p.descriptors()}
		if now == h || time.Now().After(end) {
			return now
		}
		h = now
	}
}
