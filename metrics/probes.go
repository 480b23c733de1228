package metrics

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sidenote/annotate"
	"sidenote/exchange"
)

// Probes are the metrics of checks that are made again and again. The names of
// the checks are the only labels that come from outside: they are given once. Its
// methods are safe for concurrent use.
type Probes struct {
	registry *prometheus.Registry

	success, status, version, expiry *prometheus.GaugeVec // by check
	duration                         *prometheus.GaugeVec // by check and phase
	notes                            *prometheus.GaugeVec // by check and severity
	rounds, late                     prometheus.Counter
}

// A Probe is how one check went.
type Probe struct {
	Check     string
	Passed    bool
	Exchanges []*exchange.Exchange // of the last try, redirects first; at least one
	Notes     []annotate.Note      // on all of them
}

// NewProbes makes the metrics, without a check yet.
func NewProbes(build Build) *Probes {
	p := &Probes{registry: prometheus.NewRegistry()}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, append([]string{"check"}, labels...))
		p.registry.MustRegister(v)
		return v
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		p.registry.MustRegister(c)
		return c
	}
	p.success = gauge("sidenote_check_success", "1 if the check passed in the last round, and 0 if it failed.")
	p.status = gauge("sidenote_check_status_code", "Status code of the last response to the check; 0 without a response.")
	p.version = gauge("sidenote_check_http_version", "HTTP version of the last response, such as 1.1 or 2; 0 without a response.")
	p.expiry = gauge("sidenote_check_tls_earliest_cert_expiry_timestamp_seconds", "When the first certificate of the server's chain expires, in Unix seconds. There is no series for a check without TLS.")
	p.duration = gauge("sidenote_check_duration_seconds", "Time that the check spent in each phase, with its redirects.", "phase")
	p.notes = gauge("sidenote_check_notes", "Notes on the exchanges of the check, by severity. Notes that a baseline accepts don't count.", "severity")
	p.rounds = counter("sidenote_check_rounds_total", "Rounds of checks that have ended.")
	p.late = counter("sidenote_check_rounds_late_total", "Rounds that took longer than --watch, so that the next one began late.")
	p.registry.MustRegister(buildInfo(build))
	return p
}

// Handler serves the metrics.
func (p *Probes) Handler() http.Handler {
	return promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{
		Registry: p.registry, EnableOpenMetrics: true,
		MaxRequestsInFlight: mostScrapes, Timeout: scrapeTimeout,
	})
}

// Gatherer returns the metrics to tests.
func (p *Probes) Gatherer() prometheus.Gatherer { return p.registry }

// Round counts a round that has ended; late says that it took too long.
func (p *Probes) Round(late bool) {
	p.rounds.Inc()
	if late {
		p.late.Inc()
	}
}

// Observe takes the result of a check in place of the one before.
func (p *Probes) Observe(o Probe) {
	check := strings.ToValidUTF8(o.Check, "\ufffd")
	last := o.Exchanges[len(o.Exchanges)-1]
	passed := 0.0
	if o.Passed {
		passed = 1
	}
	p.success.WithLabelValues(check).Set(passed)
	status, version := 0.0, 0.0
	if s := &last.Response; s.Status != 0 && !s.Made {
		status, version = float64(s.Status), float64(s.Version)/10
	}
	p.status.WithLabelValues(check).Set(status)
	p.version.WithLabelValues(check).Set(version)
	if at, ok := earliestExpiry(last.Origin.TLS); ok {
		p.expiry.WithLabelValues(check).Set(float64(at.Unix()))
	} else {
		p.expiry.DeleteLabelValues(check)
	}
	p.observePhases(check, o.Exchanges)
	p.observeNotes(check, o.Notes)
}

func (p *Probes) observePhases(check string, all []*exchange.Exchange) {
	var sums [phaseCount]time.Duration
	for _, x := range all {
		for i, d := range phasesOf(&x.Timing) {
			sums[i] += d
		}
	}
	for i, d := range sums {
		p.duration.WithLabelValues(check, phaseNames[i]).Set(d.Seconds())
	}
}

func (p *Probes) observeNotes(check string, notes []annotate.Note) {
	counts := map[annotate.Severity]int{}
	for i := range notes {
		if notes[i].Accepted == "" {
			counts[notes[i].Severity]++
		}
	}
	for _, s := range [...]annotate.Severity{annotate.Info, annotate.Warn, annotate.Error} {
		p.notes.WithLabelValues(check, s.String()).Set(float64(counts[s]))
	}
}

// earliestExpiry returns when the first certificate of a chain expires.
func earliestExpiry(t *exchange.TLS) (at time.Time, ok bool) {
	if t == nil || t.Certificate == nil {
		return at, false
	}
	at = t.Certificate.NotAfter
	for _, c := range t.Chain {
		if c.NotAfter.Before(at) {
			at = c.NotAfter
		}
	}
	return at, true
}
