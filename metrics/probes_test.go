package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/metrics"
)

// TestProbes: each result takes the place of the one before, also of what it does
// not have any more.
func TestProbes(t *testing.T) {
	p := metrics.NewProbes(metrics.Build{})
	var first, last exchange.Exchange
	first.Response.Version, first.Response.Status, first.Timing.DNS = exchange.HTTP11, 302, time.Second
	last.Response.Version, last.Response.Status, last.Timing.DNS = exchange.HTTP2, 200, 2*time.Second
	leaf, above := exchange.Certificate{NotAfter: time.Unix(3000, 0)}, exchange.Certificate{NotAfter: time.Unix(2000, 0)}
	last.Origin.TLS = &exchange.TLS{Certificate: &leaf, Chain: []*exchange.Certificate{&above}}
	p.Observe(metrics.Probe{Check: "a\xff", Passed: true, Exchanges: []*exchange.Exchange{&first, &last}, Notes: []annotate.Note{
		{Severity: annotate.Warn}, {Severity: annotate.Warn}, {Severity: annotate.Error, Accepted: "known"},
	}})
	p.Round(true)
	for _, want := range []string{
		"sidenote_check_success{check=\"a\ufffd\"} 1", "sidenote_check_status_code{check=\"a\ufffd\"} 200", "sidenote_check_http_version{check=\"a\ufffd\"} 2",
		"sidenote_check_tls_earliest_cert_expiry_timestamp_seconds{check=\"a\ufffd\"} 2000",
		"sidenote_check_duration_seconds{check=\"a\ufffd\",phase=\"dns\"} 3",
		"sidenote_check_notes{check=\"a\ufffd\",severity=\"warn\"} 2", "sidenote_check_notes{check=\"a\ufffd\",severity=\"error\"} 0",
		"sidenote_check_rounds_late_total 1",
	} {
		if got := probed(t, p); !strings.Contains(got, want+"\n") {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	failed := exchange.Exchange{Err: &exchange.Err{Code: exchange.ErrRefused}}
	failed.Response.Status, failed.Response.Made = 502, true // by sidenote itself
	p.Observe(metrics.Probe{Check: "a\xff", Exchanges: []*exchange.Exchange{&failed}})
	got := probed(t, p)
	for _, want := range []string{"sidenote_check_success{check=\"a\ufffd\"} 0", "sidenote_check_status_code{check=\"a\ufffd\"} 0", "sidenote_check_http_version{check=\"a\ufffd\"} 0", "phase=\"dns\"} 0"} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "expiry") {
		t.Errorf("the certificate of before is there still:\n%s", got)
	}
	if problems, err := testutil.GatherAndLint(p.Gatherer()); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// probed returns the metrics as Prometheus reads them.
func probed(t *testing.T, p *metrics.Probes) string {
	t.Helper()
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}
