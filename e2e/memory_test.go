package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// What the program may have resident, in octets.
const (
	mostAtRest      = 40 << 20 // of which the program's own file is 26
	mostBesideStore = 96 << 20
)

// TestSoakMemory: the program is small while nothing happens, and under load it
// takes no more than its store may, and a bound beside it, when the store has been
// filled several times.
func TestSoakMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own")
	}
	const storeBytes, clients, requests = 64 << 20, 16, 40_000
	sizes := [...]int{1 << 10, 1 << 10, 1 << 10, 4 << 10, 30 << 10}
	content := bytes.Repeat([]byte("0123456789abcde\n"), 2<<10)
	a := newAuthority(t)
	clear, _ := servers(t, a, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.RawQuery)
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(content[:sizes[n%len(sizes)]])
	}))
	p := start(t, "--annotate", "full", "--quiet", "--store-bytes", strconv.Itoa(storeBytes))
	atRest := p.peakMemory()
	t.Logf("%d KiB at rest", atRest>>10)
	if atRest > mostAtRest {
		t.Errorf("%d KiB at rest are more than %d", atRest>>10, mostAtRest>>10)
	}
	w := p.way(t)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		h := w.goClient(t, false)
		wg.Go(func() {
			for n := next.Add(1); n <= requests; n = next.Add(1) {
				resp, err := h.Get(clear.URL + "/?" + strconv.Itoa(int(n)))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	eventually(t, "all are counted", func() bool { return p.metric("sidenote_exchanges_total") >= requests })
	if got := p.metric("sidenote_store_evicted_total"); got < requests/2 {
		t.Errorf("only %v exchanges had to make room", got)
	}
	peak := p.peakMemory()
	t.Logf("%d MiB under load, %d of them for the store", peak>>20, storeBytes>>20)
	if peak > storeBytes+mostBesideStore {
		t.Errorf("%d MiB under load are more than %d for the store and %d", peak>>20, storeBytes>>20, mostBesideStore>>20)
	}
}
