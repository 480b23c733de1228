// Package metrics counts what passes through the proxy, for Prometheus. All
// label values come from fixed or bounded lists, so peers cannot create new
// ones without limit.
package metrics

import (
	"net/http"
	"runtime"
	"strconv"
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

// Options are what a user can change. The zero value is the default.
type Options struct {
	Hosts  bool // count by host too
	Routes bool // count by route too: the path, with "{id}" for what names one thing of many
	// Values is how many hosts, and how many routes of all hosts together, are
	// told apart; DefaultValues when it is not positive. The rest is "other".
	Values int
}

// Metrics holds the collectors and a registry of their own. Its methods are
// safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	outcomes  *outcomes
	effects   effectCounters
	interim   *codeCounters
	expected  *expectations
	notes     *noteCounters
	failures  *failureCounters
	redirects *redirects
	waits     *waits
	routes    *routes // nil when neither hosts nor routes are labels

	duration    *timer
	phases      [phaseCount]*timer
	content     [2]prometheus.Counter // request, response
	tunnelled   [2]prometheus.Counter // sent, received
	connections [2][2]prometheus.Counter
}

// New makes the collectors, each at zero.
func New(build Build, o Options) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.outcomes = newOutcomes(m.counters("sidenote_exchanges_total",
		"Exchanges that have ended, by class of the final status, status code as the client got it, and request method. Class \"failed\" is an exchange that the other side never answered.",
		"class", "code", "method"))
	m.effects = newEffectCounters(m.counters("sidenote_effective_outcomes_total",
		"Exchanges that have ended, by how they ended in effect, and the protocol that tells of an error inside a success; \"none\" where the status tells.",
		"outcome", "protocol"))
	m.interim = newCodeCounters(m.counters("sidenote_interim_responses_total",
		"Interim responses (1xx) that came before the final one, by status code.", "code"))
	m.expected = newExpectations(m.counters("sidenote_expected_fields_total",
		"Responses whose status code calls for a field, by rule or by custom, by code, field, and whether it was there.",
		"code", "field", "outcome"))
	m.notes = newNoteCounters(m.counters("sidenote_notes_total",
		"Notes on exchanges, by rule, severity, and who has to act.", "rule", "severity", "blame"))
	m.failures = newFailureCounters(m.counters("sidenote_errors_total",
		"Exchanges that failed, by error code and who should look.", "code", "blame"))
	m.redirects = newRedirects(m.counters("sidenote_redirects_total",
		"Redirects, by status code and where Location leads: to the same origin, to another one, from https to http (cleartext), or nowhere when it is missing or cannot be read.",
		"code", "target"))
	m.newWaits()
	m.newTimers()
	m.newVolumes()
	if o.Hosts || o.Routes {
		m.routes = m.newRoutes(o)
	}
	m.registry.MustRegister(buildInfo(build),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

// newVolumes makes the counters of octets and connections.
func (m *Metrics) newVolumes() {
	m.content = [2]prometheus.Counter{
		prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sidenote_request_bytes_total", Help: "Bytes of request bodies, before any content coding is removed."}),
		prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sidenote_response_bytes_total", Help: "Bytes of response bodies, before any content coding is removed."}),
	}
	m.registry.MustRegister(m.content[0], m.content[1])
	tunnelled := m.counters("sidenote_tunnel_bytes_total",
		"Bytes through tunnels and upgraded connections that have ended, sent by the client or received from the other side.", "direction")
	m.tunnelled = [2]prometheus.Counter{tunnelled.WithLabelValues("sent"), tunnelled.WithLabelValues("received")}
	uses := m.counters("sidenote_connection_uses_total",
		"Exchanges by side, and whether the connection on that side had carried an earlier one.", "side", "reused")
	for i, side := range [...]string{"client", "origin"} {
		for reused := range m.connections[i] {
			m.connections[i][reused] = uses.WithLabelValues(side, strconv.FormatBool(reused == 1))
		}
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

// Limits of the handler: how many may ask at once, and how long one may wait.
const (
	mostScrapes   = 4
	scrapeTimeout = 10 * time.Second
)

// Handler serves the metrics in the formats of Prometheus and OpenMetrics. Of
// more than a few requests at once the rest are answered with 503.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		Registry: m.registry, EnableOpenMetrics: true,
		MaxRequestsInFlight: mostScrapes, Timeout: scrapeTimeout,
	})
}

// Gatherer returns the metrics to tests and other exporters.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Observe counts an exchange that has ended, with its notes.
func (m *Metrics) Observe(a *annotate.Annotated) {
	for i := range a.Notes {
		m.notes.of(&a.Notes[i]).Inc()
	}
	if a.Late {
		return
	}
	x := a.X
	m.outcomes.of(x).Inc()
	m.effects.of(x.Effective()).Inc()
	for i := range x.Interim {
		m.interim.of(x.Interim[i].Status).Inc()
		m.expected.observe(&x.Interim[i])
	}
	m.expected.observe(&x.Response)
	m.redirects.observe(x)
	m.waits.observe(x)
	if x.Err != nil {
		m.failures.of(x.Err.Code).Inc()
	}
	m.observeTimes(x)
	m.observeVolumes(x)
	if m.routes != nil {
		m.routes.observe(a)
	}
}

func (m *Metrics) observeVolumes(x *exchange.Exchange) {
	add(m.content[0], x.Request.Content.Size)
	add(m.content[1], x.Response.Content.Size)
	add(m.tunnelled[0], x.Tunnel.Sent)
	add(m.tunnelled[1], x.Tunnel.Received)
	for i, c := range [...]*exchange.Connection{&x.Client, &x.Origin} {
		if !c.Peer.IsValid() {
			continue
		}
		reused := 0
		if c.Reused {
			reused = 1
		}
		m.connections[i][reused].Inc()
	}
}

func add(c prometheus.Counter, octets int64) {
	if octets > 0 {
		c.Add(float64(octets))
	}
}

// How many series there can be, whatever comes over the wire.
const (
	// MostSeries bounds all, those of the Go runtime and the process too, as
	// long as neither hosts nor routes are labels.
	MostSeries = 8000
	// MostSeriesPerValue is how many more there can be for each of Options.Values.
	MostSeriesPerValue = 60
)

// other is the label value for what is in no list.
const other = "other"
