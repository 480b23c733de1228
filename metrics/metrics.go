// Package metrics counts what passes through the proxy, for Prometheus. All
// label values come from fixed lists, so nobody on the wire can make new ones.
package metrics

import (
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sidenote/annotate"
	"sidenote/exchange"
)

// Build says what program runs, for sidenote_build_info.
type Build struct {
	Version  string
	Revision string
}

// Metrics holds the collectors and a registry of their own. Its methods are
// safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	exchanges *prometheus.CounterVec
	notes     *prometheus.CounterVec
	errors    *prometheus.CounterVec

	duration      prometheus.Histogram
	phases        [phaseCount]prometheus.Observer
	requestBytes  prometheus.Counter
	responseBytes prometheus.Counter

	// The children of the vectors above, found without building label values.
	byOutcome [2][statusCount]atomic.Pointer[methodCounters]
	byNote    sync.Map // *annotate.Rule → *severityCounters
	byError   sync.Map // exchange.ErrCode → prometheus.Counter
}

// New makes the collectors, each at zero.
func New(build Build) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.exchanges = m.counters("sidenote_exchanges_total",
		"Exchanges that have ended, by class of the final status, status code as the client got it, and request method. Class \"failed\" is an exchange that the other side never answered.",
		"class", "code", "method")
	m.notes = m.counters("sidenote_notes_total",
		"Notes on exchanges, by rule and severity.",
		"rule", "severity")
	m.errors = m.counters("sidenote_errors_total",
		"Exchanges that failed, by error code.",
		"code")
	m.duration = prometheus.NewHistogram(histogram("sidenote_exchange_duration_seconds",
		"Time from the first octet of the request head to the end of both messages."))
	phases := prometheus.NewHistogramVec(histogram("sidenote_phase_duration_seconds",
		"Time spent in each phase of an exchange; a phase that did not happen is not observed. Phase \"self\" is what sidenote spent on the response head."),
		[]string{"phase"})
	for p := range phaseCount {
		m.phases[p] = phases.WithLabelValues(phaseNames[p])
	}
	m.requestBytes = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "sidenote_request_bytes_total", Help: "Octets of request content, before any content coding is removed.",
	})
	m.responseBytes = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "sidenote_response_bytes_total", Help: "Octets of response content, before any content coding is removed.",
	})
	m.registry.MustRegister(m.duration, phases, m.requestBytes, m.responseBytes,
		buildInfo(build),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

// histogram gives the same buckets to all durations: classic ones from 1 ms to
// 10 min, and native ones for servers that read them.
func histogram(name, help string) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help,
		Buckets:                         []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 600},
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

func buildInfo(b Build) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sidenote_build_info", Help: "Always 1; its labels say which program runs.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, EnableOpenMetrics: true})
}

// Gatherer gives the metrics to tests and other exporters.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// SinkStats are the counters of a sink as Sink reads them.
type SinkStats struct {
	Queued          int
	Dropped, Failed uint64
}

// Sink adds the metrics of one sink; read is called whenever they are asked
// for. Call it once for each name.
func (m *Metrics) Sink(name string, read func() SinkStats) {
	label := prometheus.Labels{"sink": name}
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sidenote_sink_dropped_total", ConstLabels: label,
			Help: "Exchanges that a sink never saw, because its queue was full or closed.",
		}, func() float64 { return float64(read().Dropped) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sidenote_sink_failed_total", ConstLabels: label,
			Help: "Exchanges that a sink could not write.",
		}, func() float64 { return float64(read().Failed) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sidenote_sink_queued", ConstLabels: label,
			Help: "Exchanges that wait for a sink.",
		}, func() float64 { return float64(read().Queued) }),
	)
}

// Observe counts an exchange that has ended, with its notes.
func (m *Metrics) Observe(a *annotate.Annotated) {
	x := a.X
	m.outcome(&x.Response, methodIndex(x.Request.Method)).Inc()
	if n := x.Request.Content.Size; n > 0 {
		m.requestBytes.Add(float64(n))
	}
	if n := x.Response.Content.Size; n > 0 {
		m.responseBytes.Add(float64(n))
	}
	if x.Err != nil {
		m.failure(x.Err.Code).Inc()
	}
	t := &x.Timing
	if t.Done > 0 {
		m.duration.Observe(t.Done.Seconds())
	}
	for p, d := range [phaseCount]time.Duration{t.DNS, t.Connect, t.TLS, t.Wait(), t.Receive(), t.Self} {
		if d > 0 {
			m.phases[p].Observe(d.Seconds())
		}
	}
	for i := range a.Notes {
		m.note(&a.Notes[i]).Inc()
	}
}

// The phases that are observed, in the order of Observe.
const phaseCount = 6

var phaseNames = [phaseCount]string{"dns", "connect", "tls", "wait", "receive", "self"}

// other is the label value for what is in no list.
const other = "other"

// The methods with a label of their own: those of RFC 9110 §9 and the others
// that are in wide use. The last is for all the rest.
var methods = [...]string{
	"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
	"PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", other,
}

type methodCounters [len(methods)]atomic.Pointer[child]

// child is a counter in a pointer's reach.
type child struct{ prometheus.Counter }

func methodIndex(method string) int {
	for i, m := range methods[:len(methods)-1] {
		if m == method {
			return i
		}
	}
	return len(methods) - 1
}

// Codes 100 to 599 have a label of their own. Index 0 is for no response and
// index 1 for any other code.
const (
	statusNone  = 0
	statusOther = 1
	statusCount = 600
)

func statusIndex(status int) (index int, label string) {
	switch {
	case status == 0:
		return statusNone, "none"
	case status < 100 || status >= statusCount:
		return statusOther, other
	}
	return status, ""
}

// outcome finds the counter of sidenote_exchanges_total for a response.
func (m *Metrics) outcome(r *exchange.Response, method int) prometheus.Counter {
	index, label := statusIndex(r.Status)
	made := 0
	if r.Made {
		made = 1
	}
	slot := &m.byOutcome[made][index]
	counters := slot.Load()
	if counters == nil {
		slot.CompareAndSwap(nil, new(methodCounters))
		counters = slot.Load()
	}
	if c := counters[method].Load(); c != nil {
		return c.Counter
	}
	if label == "" {
		label = strconv.Itoa(r.Status)
	}
	c := m.exchanges.WithLabelValues(annotate.ClassOf(r), label, methods[method])
	counters[method].Store(&child{c})
	return c
}

func (m *Metrics) failure(code exchange.ErrCode) prometheus.Counter {
	if c, ok := m.byError.Load(code); ok {
		return c.(prometheus.Counter)
	}
	label := other
	if _, known := code.Lookup(); known {
		label = string(code)
	}
	c := m.errors.WithLabelValues(label)
	if label != other {
		m.byError.Store(code, c)
	}
	return c
}

// severityCounters has a place for each severity of a rule's notes.
type severityCounters [annotate.Error + 1]atomic.Pointer[child]

// note finds the counter of sidenote_notes_total for a note. Rules are fixed
// when the program is built, so their number is bounded.
func (m *Metrics) note(n *annotate.Note) prometheus.Counter {
	counters, ok := m.byNote.Load(n.Rule)
	if !ok {
		counters, _ = m.byNote.LoadOrStore(n.Rule, new(severityCounters))
	}
	slot := &counters.(*severityCounters)[n.Severity]
	if c := slot.Load(); c != nil {
		return c.Counter
	}
	c := m.notes.WithLabelValues(n.Rule.ID, n.Severity.String())
	slot.Store(&child{c})
	return c
}
