package metrics

import (
	"sort"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sidenote/exchange"
)

// The phases that are observed, in the order of phasesOf.
const phaseCount = 7

var phaseNames = [phaseCount]string{"dns", "connect", "tls", "send", "wait", "receive", "self"}

// buckets are the classic ones of all durations, in seconds.
var buckets = [...]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 600}

// histogram returns the same buckets to all durations: classic ones from 1 ms to
// 10 min, and native ones for servers that read them.
func histogram(name, help string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help,
		Buckets:                         buckets[:],
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

func (m *Metrics) newTimers() {
	duration := prometheus.NewHistogram(histogram("sidenote_exchange_duration_seconds",
		"Time from the first byte of the request head to the end of both messages."))
	phases := prometheus.NewHistogramVec(histogram("sidenote_phase_duration_seconds",
		"Time spent in each phase of an exchange; a phase that did not happen is not observed. Phase \"self\" is what sidenote spent on the response head."),
		[]string{"phase"})
	m.registry.MustRegister(duration, phases)
	m.duration = newTimer(duration)
	for p := range phaseCount {
		m.phases[p] = newTimer(phases.WithLabelValues(phaseNames[p]))
	}
}

func (m *Metrics) observeTimes(x *exchange.Exchange) {
	m.duration.observe(x.Timing.Done, x)
	for p, d := range phasesOf(&x.Timing) {
		m.phases[p].observe(d, x)
	}
}

// phasesOf returns how long each phase took, in the order of phaseNames.
func phasesOf(t *exchange.Timing) [phaseCount]time.Duration {
	return [phaseCount]time.Duration{t.DNS, t.Connect, t.TLS, sendTime(t), t.Wait(), t.Receive(), t.Self}
}

// sendTime is how long the content of the request took to be sent; 0 when it
// had none.
func sendTime(t *exchange.Timing) time.Duration {
	if t.ContentBegun == 0 {
		return 0
	}
	return t.RequestSent - t.ContentBegun
}

// A timer is a histogram of durations with exemplars: exchanges to look at, at
// most one a second for each bucket, since each one allocates.
type timer struct {
	prometheus.Observer
	exemplars prometheus.ExemplarObserver
	last      [len(buckets) + 1]atomic.Int64 // when each bucket got one, in Unix seconds
}

// newTimer takes a histogram, which observes exemplars too.
func newTimer(h prometheus.Observer) *timer {
	t := &timer{Observer: h}
	t.exemplars, _ = h.(prometheus.ExemplarObserver)
	return t
}

// observe counts a duration of an exchange; one that is not above zero did not
// happen.
func (t *timer) observe(d time.Duration, x *exchange.Exchange) {
	if d <= 0 {
		return
	}
	seconds := d.Seconds()
	last, now := &t.last[sort.SearchFloat64s(buckets[:], seconds)], x.Started.Unix()
	if before := last.Load(); t.exemplars == nil || before == now || !last.CompareAndSwap(before, now) {
		t.Observe(seconds)
		return
	}
	if labels := exemplar(x); labels != nil {
		t.exemplars.ObserveWithExemplar(seconds, labels)
		return
	}
	t.Observe(seconds)
}

// mostID bounds an identifier in an exemplar, whose labels may have 128
// characters in all.
const mostID = 32

// exemplar names an exchange, and its trace if it belongs to one; nil when it
// has no usable name.
func exemplar(x *exchange.Exchange) prometheus.Labels {
	if x.ID == "" || len(x.ID) > mostID || !isPlain(x.ID) {
		return nil
	}
	labels := prometheus.Labels{"exchange_id": x.ID}
	if id := x.Trace.ID.String(); id != "" {
		labels["trace_id"] = id
	}
	return labels
}

// isPlain reports whether s has only visible ASCII, so that it can be in a
// label whatever shows it.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
