package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/metrics"
)

func parse(t testing.TB, s string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

var rule = &annotate.Rule{ID: "a/b"}

const answered = "* timing dns=1ms request-sent=2ms first-byte=3ms done=5ms self=100us\n> GET / HTTP/1.1\n>\n> abc\n< HTTP/1.1 200 OK\n<\n< abcdef\n"

func TestObserve(t *testing.T) {
	m := metrics.New(metrics.Build{Version: "v1", Revision: "abc"})
	m.Sink("log", func() metrics.SinkStats { return metrics.SinkStats{Queued: 1, Dropped: 2, Failed: 3} })
	notes := []annotate.Note{{Rule: rule, Severity: annotate.Warn}, {Rule: rule, Severity: annotate.Warn}, {Rule: rule, Severity: annotate.Error}}
	for range 2 {
		m.Observe(&annotate.Annotated{X: parse(t, answered), Notes: notes})
	}
	for _, text := range []string{
		"* made\n* error connect_refused \"x\"\n> BREW / HTTP/1.1\n>\n< HTTP/1.1 502 Bad Gateway\n<\n",
		"* error made_up \"x\"\n> GET / HTTP/1.1\n>\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 777 Odd\n<\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 502 Bad Gateway\n<\n",
	} {
		m.Observe(&annotate.Annotated{X: parse(t, text)})
	}
	m.Proxy(func() metrics.ProxyStats {
		return metrics.ProxyStats{InFlight: 1, ClientsOpened: 2, ClientsOpen: 1, Intercepted: 3}
	})
	const want = `
# HELP sidenote_connections_open Connections that are open now, by side.
# TYPE sidenote_connections_open gauge
sidenote_connections_open{side="client"} 1
sidenote_connections_open{side="origin"} 0
# HELP sidenote_connections_opened_total Connections accepted from clients and opened to the other side.
# TYPE sidenote_connections_opened_total counter
sidenote_connections_opened_total{side="client"} 2
sidenote_connections_opened_total{side="origin"} 0
# HELP sidenote_connects_total CONNECT requests by what became of them: TLS intercepted, sidenote's certificate refused by the client, or tunnelled untouched.
# TYPE sidenote_connects_total counter
sidenote_connects_total{outcome="intercepted"} 3
sidenote_connects_total{outcome="refused"} 0
sidenote_connects_total{outcome="tunnelled"} 0
# HELP sidenote_errors_total Exchanges that failed, by error code.
# TYPE sidenote_errors_total counter
sidenote_errors_total{code="connect_refused"} 1
sidenote_errors_total{code="other"} 1
# HELP sidenote_exchanges_total Exchanges that have ended, by class of the final status, status code as the client got it, and request method. Class "failed" is an exchange that the other side never answered.
# TYPE sidenote_exchanges_total counter
sidenote_exchanges_total{class="failed",code="502",method="other"} 1
sidenote_exchanges_total{class="failed",code="none",method="GET"} 1
sidenote_exchanges_total{class="other",code="other",method="GET"} 1
sidenote_exchanges_total{class="server-error",code="502",method="GET"} 1
sidenote_exchanges_total{class="success",code="200",method="GET"} 2
# HELP sidenote_in_flight_exchanges Exchanges that have begun and not ended.
# TYPE sidenote_in_flight_exchanges gauge
sidenote_in_flight_exchanges 1
# HELP sidenote_notes_total Notes on exchanges, by rule and severity.
# TYPE sidenote_notes_total counter
sidenote_notes_total{rule="a/b",severity="error"} 2
sidenote_notes_total{rule="a/b",severity="warn"} 4
# HELP sidenote_request_bytes_total Octets of request content, before any content coding is removed.
# TYPE sidenote_request_bytes_total counter
sidenote_request_bytes_total 6
# HELP sidenote_response_bytes_total Octets of response content, before any content coding is removed.
# TYPE sidenote_response_bytes_total counter
sidenote_response_bytes_total 12
# HELP sidenote_sink_dropped_total Exchanges that a sink never saw, because its queue was full or closed.
# TYPE sidenote_sink_dropped_total counter
sidenote_sink_dropped_total{sink="log"} 2
`
	err := testutil.GatherAndCompare(m.Gatherer(), strings.NewReader(want),
		"sidenote_connects_total", "sidenote_connections_open", "sidenote_connections_opened_total", "sidenote_errors_total", "sidenote_exchanges_total",
		"sidenote_in_flight_exchanges", "sidenote_notes_total", "sidenote_request_bytes_total", "sidenote_response_bytes_total", "sidenote_sink_dropped_total")
	if err != nil {
		t.Error(err)
	}
}

func TestLint(t *testing.T) {
	m := metrics.New(metrics.Build{})
	m.Sink("log", func() metrics.SinkStats { return metrics.SinkStats{} })
	m.Observe(&annotate.Annotated{X: parse(t, answered), Notes: []annotate.Note{{Rule: rule, Severity: annotate.Info}}})
	problems, err := testutil.GatherAndLint(m.Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "sidenote_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestHandler(t *testing.T) {
	m := metrics.New(metrics.Build{Version: "v1"})
	m.Observe(&annotate.Annotated{X: parse(t, answered)})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`sidenote_phase_duration_seconds_count{phase="dns"} 1`, `sidenote_phase_duration_seconds_count{phase="tls"} 0`,
		`sidenote_exchange_duration_seconds_bucket{le="0.005"} 1`, "go_goroutines ", "process_start_time_seconds ", `sidenote_build_info{goversion="go1`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// Nobody on the wire can make new series.
func TestLabelsAreBounded(t *testing.T) {
	m := metrics.New(metrics.Build{})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 500 {
				x := parse(t, answered)
				x.Request.Method = fmt.Sprintf("M%d-%d", worker, i)
				x.Response.Status = 600 + i
				x.Err = &exchange.Err{Code: exchange.ErrCode(x.Request.Method)}
				m.Observe(&annotate.Annotated{X: x})
			}
		})
	}
	wg.Wait()
	for _, name := range []string{"sidenote_exchanges_total", "sidenote_errors_total"} {
		if n, err := testutil.GatherAndCount(m.Gatherer(), name); err != nil || n != 1 {
			t.Errorf("%s has %d series, %v", name, n, err)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	m := metrics.New(metrics.Build{})
	a := &annotate.Annotated{X: parse(b, answered), Notes: []annotate.Note{{Rule: rule, Severity: annotate.Warn}}}
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(a)
	}
}
