package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// see counts exchanges without notes.
func see(t testing.TB, m *metrics.Metrics, texts ...string) {
	t.Helper()
	for _, text := range texts {
		m.Observe(&annotate.Annotated{X: parse(t, text)})
	}
}

func newMetrics() *metrics.Metrics {
	return metrics.New(metrics.Build{Version: "v1", Revision: "abc"}, metrics.Options{})
}

// scrape returns the metrics as Prometheus reads them, or as OpenMetrics.
func scrape(t testing.TB, m *metrics.Metrics, accept string) string {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	m.Handler().ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// expect compares the samples of metrics that are not zero, without the
// "sidenote_" before them.
func expect(t testing.TB, m *metrics.Metrics, names []string, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(scrape(t, m, "")) {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "sidenote_")
		series, value, _ := strings.Cut(line, " ")
		name, _, _ := strings.Cut(series, "{")
		if slices.Contains(names, name) && value != "0" {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wanted (-), got (+):\n%s", diff)
	}
}

var rule = &annotate.Rule{ID: "a/b"}

const answered = "* timing dns=1ms request-sent=2ms first-byte=3ms done=5ms self=100us\n> GET / HTTP/1.1\n>\n> abc\n< HTTP/1.1 200 OK\n<\n< abcdef\n"

func TestObserve(t *testing.T) {
	m := newMetrics()
	notes := []annotate.Note{
		{Rule: rule, Severity: annotate.Warn, Blame: annotate.ByOrigin}, {Rule: rule, Severity: annotate.Warn, Blame: annotate.ByOrigin},
		{Rule: rule, Severity: annotate.Error}, {Rule: rule, Severity: annotate.Error, Blame: annotate.ByClient},
	}
	for range 2 {
		m.Observe(&annotate.Annotated{X: parse(t, answered), Notes: notes})
	}
	see(t, m,
		"* made\n* error connect_refused \"x\"\n> BREW / HTTP/1.1\n>\n< HTTP/1.1 502 Bad Gateway\n<\n",
		"* error made_up \"x\"\n> GET / HTTP/1.1\n>\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 777 Odd\n<\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 103 Early Hints\n< Link: </a>\n<\n< HTTP/1.1 199 Odd\n<\n< HTTP/1.1 502 Bad Gateway\n<\n",
		"* client peer=192.0.2.1:1 reused\n* origin peer=192.0.2.2:80\n* tunnel sent=7 received=9\n> CONNECT a.test:443 HTTP/1.1\n>\n< HTTP/1.1 200 OK\n<\n")
	expect(t, m, []string{"exchanges_total", "errors_total", "notes_total", "interim_responses_total", "request_bytes_total",
		"response_bytes_total", "tunnel_bytes_total", "connection_uses_total"},
		`errors_total{blame="origin",code="connect_refused"} 1`,
		`errors_total{blame="proxy",code="other"} 1`,
		`exchanges_total{class="failed",code="502",method="other"} 1`,
		`exchanges_total{class="failed",code="none",method="GET"} 1`,
		`exchanges_total{class="other",code="other",method="GET"} 1`,
		`exchanges_total{class="server-error",code="502",method="GET"} 1`,
		`exchanges_total{class="success",code="200",method="GET"} 2`,
		`exchanges_total{class="success",code="200",method="CONNECT"} 1`,
		`interim_responses_total{code="103"} 1`,
		`interim_responses_total{code="other"} 1`,
		`notes_total{blame="client",rule="a/b",severity="error"} 2`,
		`notes_total{blame="none",rule="a/b",severity="error"} 2`,
		`notes_total{blame="origin",rule="a/b",severity="warn"} 4`,
		`request_bytes_total 6`,
		`response_bytes_total 12`,
		`tunnel_bytes_total{direction="sent"} 7`,
		`tunnel_bytes_total{direction="received"} 9`,
		`connection_uses_total{reused="true",side="client"} 1`,
		`connection_uses_total{reused="false",side="origin"} 1`)
}

// What others count is read when it is asked for.
func TestReaders(t *testing.T) {
	m := newMetrics()
	m.Sink("log", func() metrics.SinkStats { return metrics.SinkStats{Queued: 1, Limit: 9, Dropped: 2, Failed: 3} })
	m.Sink("save", func() metrics.SinkStats { return metrics.SinkStats{} })
	m.Store(func() metrics.StoreStats { return metrics.StoreStats{Entries: 1, Bytes: 2, Most: 3, Evicted: 4} })
	calls := int64(0)
	m.Proxy(func() metrics.ProxyStats {
		calls++
		return metrics.ProxyStats{InFlight: 1, ClientsOpened: 2, ClientsOpen: 3, OriginsOpened: 4, OriginsOpen: 5, Intercepted: 6, Refused: 7, Tunnels: 8,
			Streams: 9, StreamsReset: 10, StreamsRefused: 11, H2Violations: 12, H2Floods: 13, Messages: 14, MessagesDropped: 15}
	})
	expect(t, m, []string{"connects_total", "connections_open", "connections_opened_total", "in_flight_exchanges",
		"http2_streams_total", "http2_connections_ended_total", "messages_total", "messages_dropped_total",
		"sink_dropped_total", "sink_failed_total", "sink_queued", "sink_queue_limit",
		"store_exchanges", "store_bytes", "store_limit_bytes", "store_evicted_total"},
		`store_exchanges 1`, `store_bytes 2`, `store_limit_bytes 3`, `store_evicted_total 4`,
		`in_flight_exchanges 1`,
		`connections_opened_total{side="client"} 2`, `connections_open{side="client"} 3`,
		`connections_opened_total{side="origin"} 4`, `connections_open{side="origin"} 5`,
		`connects_total{outcome="intercepted"} 6`, `connects_total{outcome="refused"} 7`, `connects_total{outcome="tunnelled"} 8`,
		`http2_streams_total{event="opened"} 9`, `http2_streams_total{event="reset"} 10`, `http2_streams_total{event="refused"} 11`,
		`messages_total 14`, `messages_dropped_total 15`,
		`http2_connections_ended_total{reason="protocol"} 12`, `http2_connections_ended_total{reason="flood"} 13`,
		`sink_queued{sink="log"} 1`, `sink_queue_limit{sink="log"} 9`, `sink_dropped_total{sink="log"} 2`, `sink_failed_total{sink="log"} 3`)
	if before := calls; calls == 0 || scrape(t, m, "") == "" || calls == before {
		t.Errorf("read %d times, and after another scrape %d", before, calls)
	}
}

func TestExpectedFields(t *testing.T) {
	m := newMetrics()
	see(t, m,
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 429 Too Many\n< Retry-After: 1\n<\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 429 Too Many\n<\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 429 Too Many\n< RateLimit: \"a\";r=1\n<\n",
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 401 Unauthorized\n< www-authenticate: Basic\n<\n",
		"* made\n> GET / HTTP/1.1\n>\n< HTTP/1.1 407 Auth\n<\n", // sidenote's own
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 103 Early Hints\n<\n< HTTP/1.1 204 No Content\n<\n",
		"> GET / HTTP/2\n>\n< HTTP/2 426 Upgrade Required\n<\n", // where these fields may not be
		"> GET / HTTP/1.1\n>\n< HTTP/1.1 426 Upgrade Required\n<\n")
	expect(t, m, []string{"expected_fields_total"},
		`expected_fields_total{code="103",field="Link",outcome="missing"} 1`,
		`expected_fields_total{code="401",field="WWW-Authenticate",outcome="present"} 1`,
		`expected_fields_total{code="426",field="Connection",outcome="missing"} 1`,
		`expected_fields_total{code="426",field="Upgrade",outcome="missing"} 1`,
		`expected_fields_total{code="429",field="RateLimit",outcome="missing"} 2`,
		`expected_fields_total{code="429",field="RateLimit",outcome="present"} 1`,
		`expected_fields_total{code="429",field="Retry-After",outcome="missing"} 2`,
		`expected_fields_total{code="429",field="Retry-After",outcome="present"} 1`)
	if text := scrape(t, m, ""); !strings.Contains(text, `{code="401",field="WWW-Authenticate",outcome="missing"} 0`) {
		t.Error("what was never missing has no series, so that a share of it cannot be worked out")
	}
}

func TestRedirects(t *testing.T) {
	m := newMetrics()
	for _, c := range []struct{ scheme, status, location string }{
		{"http", "301", "/next"}, {"https", "301", "https://A.test:443/"}, {"http", "302", "https://a.test/"},
		{"https", "302", "http://a.test/"}, {"http", "303", "http://b.test/"}, {"http", "307", "//b.test"},
		{"http", "308", "http://[/"}, {"http", "304", "/"}, {"http", "300", "/"}, {"http", "301", ""},
	} {
		see(t, m, fmt.Sprintf("* scheme %s\n> GET /x HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 %s X\n< Location: %s\n<\n", c.scheme, c.status, c.location))
	}
	see(t, m, "> GET / HTTP/1.1\n>\n< HTTP/1.1 308 X\n<\n")
	expect(t, m, []string{"redirects_total"},
		`redirects_total{code="301",target="same-origin"} 3`,
		`redirects_total{code="302",target="other-origin"} 1`,
		`redirects_total{code="302",target="cleartext"} 1`,
		`redirects_total{code="303",target="other-origin"} 1`,
		`redirects_total{code="307",target="other-origin"} 1`,
		`redirects_total{code="308",target="nowhere"} 2`)
}

// at is an exchange that began so long after noon.
func at(t *testing.T, after time.Duration, text string) *annotate.Annotated {
	x := parse(t, text)
	x.Started = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC).Add(after)
	return &annotate.Annotated{X: x}
}

func TestRetries(t *testing.T) {
	const ask = "* client peer=192.0.2.1:1000\n> GET /a HTTP/1.1\n> Host: a.test\n>\n"
	const wait = ask + "< HTTP/1.1 429 X\n< Retry-After: 10\n<\n"
	const waitUntil = ask + "< HTTP/1.1 503 X\n< Retry-After: Fri, 02 Jan 2026 12:00:30 GMT\n<\n"
	const fine = ask + "< HTTP/1.1 200 X\n<\n"
	m := newMetrics()
	m.Observe(at(t, 0, wait))                                                        // told to wait until 10 s
	m.Observe(at(t, 5*time.Second, wait))                                            // early, and told until 15 s
	m.Observe(at(t, 12*time.Second, waitUntil))                                      // early, and told until 30 s
	m.Observe(at(t, 20*time.Second, strings.ReplaceAll(fine, "2.1:1000", "2.2:1")))  // someone else
	m.Observe(at(t, 20*time.Second, strings.ReplaceAll(fine, "/a", "/b")))           // something else
	m.Observe(at(t, 31*time.Second, strings.ReplaceAll(fine, "2.1:1000", "2.1:99"))) // waited, from another port
	m.Observe(at(t, 32*time.Second, fine))                                           // no one said to wait any more
	m.Observe(at(t, 40*time.Second, ask+"< HTTP/1.1 429 X\n< Retry-After: soon\n<\n"))
	m.Observe(at(t, 41*time.Second, ask+"< HTTP/1.1 429 X\n< Retry-After: 1\n< Retry-After: 2\n<\n"))
	expect(t, m, []string{"retry_after_total", "retries_total"},
		`retry_after_total{code="429"} 2`, `retry_after_total{code="503"} 1`,
		`retries_total{outcome="early"} 2`, `retries_total{outcome="waited"} 1`)
}

// What is remembered is bounded, and what is forgotten is counted.
func TestRetriesAreBounded(t *testing.T) {
	m := newMetrics()
	const most = 4096
	for i := range most + 10 {
		m.Observe(at(t, 0, fmt.Sprintf("> GET /%d HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 429 X\n< Retry-After: 99999999999999999999\n<\n", i)))
	}
	m.Observe(at(t, time.Second, "> GET /0 HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 X\n<\n"))
	m.Observe(at(t, time.Second, "> GET /10 HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 X\n<\n"))
	expect(t, m, []string{"retries_total"}, `retries_total{outcome="forgotten"} 10`, `retries_total{outcome="early"} 1`)
}

func TestExemplars(t *testing.T) {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, c := range []struct {
		id, want string
		traced   bool
	}{
		{"7f3k", `{exchange_id="7f3k"}`, false},
		{"7f3k", `{exchange_id="7f3k",trace_id="` + trace + `"}`, true}, // in any order
		{strings.Repeat("x", 200), "", true},                            // no name that can be shown
		{"a\xffb", "", false},
	} {
		m := newMetrics()
		x := parse(t, "* timing request-sent=1ms first-byte=90ms done=95ms\n> GET / HTTP/1.1\n> Traceparent: 00-"+trace+"-00f067aa0ba902b7-01\n>\n< HTTP/1.1 200 OK\n<\n")
		x.ID = c.id
		if c.traced {
			x.Trace.ID, _, _, _ = x.Request.TraceContext()
		}
		m.Observe(&annotate.Annotated{X: x})
		text := scrape(t, m, "application/openmetrics-text")
		for _, name := range []string{`sidenote_exchange_duration_seconds_bucket{le="0.1"} 1`, `sidenote_phase_duration_seconds_bucket{phase="wait",le="0.1"} 1`} {
			_, after, found := strings.Cut(text, name)
			got, _, _ := strings.Cut(after, "\n")
			_, got, _ = strings.Cut(got, " # ")
			if got, _, _ = strings.Cut(got, " "); strings.HasPrefix(got, "{trace_id") {
				id, rest, _ := strings.Cut(strings.Trim(got, "{}"), ",")
				got = "{" + rest + "," + id + "}"
			}
			if !found || got != c.want {
				t.Errorf("%s: the exemplar is %q, not %q", name, got, c.want)
			}
		}
	}
}

func TestLint(t *testing.T) {
	m := metrics.New(metrics.Build{}, metrics.Options{Hosts: true, Routes: true})
	m.Sink("log", func() metrics.SinkStats { return metrics.SinkStats{} })
	m.Proxy(func() metrics.ProxyStats { return metrics.ProxyStats{} })
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
	m := newMetrics()
	see(t, m, answered)
	text := scrape(t, m, "")
	for _, want := range []string{
		`sidenote_phase_duration_seconds_count{phase="dns"} 1`, `sidenote_phase_duration_seconds_count{phase="tls"} 0`,
		`sidenote_exchange_duration_seconds_bucket{le="0.005"} 1`, "go_goroutines ", "process_start_time_seconds ", `sidenote_build_info{goversion="go1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestRaces(t *testing.T) {
	m := metrics.New(metrics.Build{}, metrics.Options{Hosts: true, Routes: true, Values: 5})
	const each = 200
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range each {
				x := parse(t, fmt.Sprintf("* id x%d\n* timing done=5ms\n> GET /p%d HTTP/1.1\n> Host: h%d\n>\n< HTTP/1.1 %d X\n< Retry-After: 1\n<\n", i, i%9, i%7, 400+i%40))
				m.Observe(&annotate.Annotated{X: x, Notes: []annotate.Note{{Rule: &annotate.Rule{ID: fmt.Sprint(i % 60)}, Severity: annotate.Warn}}})
			}
		})
	}
	wg.Wait()
	sum := 0.0
	for line := range strings.Lines(scrape(t, m, "")) {
		if strings.HasPrefix(line, "sidenote_exchanges_total{") {
			var n float64
			if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ' '):], &n); err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	if sum != 4*each {
		t.Errorf("%v of %d exchanges were counted", sum, 4*each)
	}
}

// TestObserveAllocates holds what every exchange costs to nothing, once its
// counters are made; an exemplar a second is not every exchange.
func TestObserveAllocatesNothing(t *testing.T) {
	m := newMetrics()
	x := parse(t, answered)
	x.Response.Fields.Add("ETag", `"a"`)
	a := &annotate.Annotated{X: x, Notes: []annotate.Note{{Rule: rule, Severity: annotate.Warn}}}
	if n := testing.AllocsPerRun(1000, func() { m.Observe(a) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := newMetrics()
	a := &annotate.Annotated{X: parse(b, answered), Notes: []annotate.Note{{Rule: rule, Severity: annotate.Warn}}}
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(a)
	}
}
