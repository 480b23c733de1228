package metrics

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// mostWaits is how many requests are remembered that were told to wait.
const mostWaits = 4096

// waits remembers who was told by Retry-After to come back later (RFC 9110
// §10.2.3), and counts whether they did. What came first is forgotten first.
type waits struct {
	told                     *codeCounters
	early, waited, forgotten prometheus.Counter

	seed  maphash.Seed
	count atomic.Int64 // of until

	mu    sync.Mutex
	until map[uint64]time.Time // by request
	order []uint64             // a ring of what is in until, and of what has come back
	next  int
}

func (m *Metrics) newWaits() {
	told := m.counters("sidenote_retry_after_total",
		"Responses that told the client with a valid Retry-After when to come back, by status code.", "code")
	retries := m.counters("sidenote_retries_total",
		"Requests that were sent again after a Retry-After: early, before its time, or waited. Forgotten are those that never came, or came after sidenote had to make room.",
		"outcome")
	m.waits = &waits{
		told:  newCodeCounters(told),
		early: retries.WithLabelValues("early"), waited: retries.WithLabelValues("waited"), forgotten: retries.WithLabelValues("forgotten"),
		seed: maphash.MakeSeed(), until: make(map[uint64]time.Time), order: make([]uint64, mostWaits),
	}
}

func (w *waits) observe(x *exchange.Exchange) {
	told := x.Response.Status >= 200 && !x.Response.Made && x.Response.Fields.Has(exchange.FieldRetryAfter)
	if !told && w.count.Load() == 0 {
		return
	}
	key := w.key(x)
	w.settle(key, x.Started)
	if !told {
		return
	}
	if until, ok := waitUntil(x); ok {
		w.told.of(x.Response.Status).Inc()
		w.remember(key, until)
	}
}

// key names a request: what it asks for, and who asks.
func (w *waits) key(x *exchange.Exchange) uint64 {
	var h maphash.Hash
	h.SetSeed(w.seed)
	peer := x.Client.Peer.Addr().As16()
	_, _ = h.Write(peer[:]) // a hash never fails
	for _, s := range [...]string{
		x.Request.Fields.Value(exchange.FieldUserAgent), x.Request.Method, x.Scheme, x.Authority, x.PathQuery(),
	} {
		_, _ = h.WriteString(s)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// settle counts a request that had been told to wait. After an early one the
// wait goes on.
func (w *waits) settle(key uint64, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	until, waiting := w.until[key]
	switch {
	case !waiting:
	case at.Before(until):
		w.early.Inc()
	default:
		w.waited.Inc()
		delete(w.until, key)
		w.count.Store(int64(len(w.until)))
	}
}

func (w *waits) remember(key uint64, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.until[key]; !known {
		w.makeRoom()
		w.order[w.next] = key
		w.next = (w.next + 1) % len(w.order)
	}
	w.until[key] = until
	w.count.Store(int64(len(w.until)))
}

// makeRoom forgets what was entered a whole round of the ring ago. A request
// that waits for a second time may so be forgotten a little early.
func (w *waits) makeRoom() {
	if oldest := w.order[w.next]; oldest != 0 {
		if _, still := w.until[oldest]; still {
			delete(w.until, oldest)
			w.forgotten.Inc()
		}
	}
}

// mostSeconds keeps a wait within what time.Duration can hold.
const mostSeconds = int64(10 * 365 * 24 * time.Hour / time.Second)

// waitUntil is when the client may come back; ok is false when Retry-After is
// invalid, or is on several lines.
func waitUntil(x *exchange.Exchange) (until time.Time, ok bool) {
	f := &x.Response.Fields
	if f.Count(exchange.FieldRetryAfter) != 1 {
		return until, false
	}
	answered := x.Started.Add(x.Response.At)
	after, err := field.ParseRetryAfter(f.Value(exchange.FieldRetryAfter), answered)
	switch {
	case err != nil:
		return until, false
	case after.IsDate():
		return after.Date.Time, true
	}
	return answered.Add(time.Duration(min(after.Seconds, mostSeconds)) * time.Second), true
}
