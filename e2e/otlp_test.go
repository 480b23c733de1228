package e2e_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

const givenTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// A collector takes OTLP/HTTP, with the collector's own code.
type collector struct {
	mu        sync.Mutex
	resources []map[string]any // of each request with spans
	spans     []ptrace.Span
	logs      []plog.LogRecord
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err == nil && r.URL.Path == "/v1/traces" {
		m := ptraceotlp.NewExportRequest()
		if err = m.UnmarshalProto(b); err == nil {
			c.addSpans(m.Traces())
		}
	} else if err == nil {
		m := plogotlp.NewExportRequest()
		if err = m.UnmarshalProto(b); err == nil {
			c.addLogs(m.Logs())
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (c *collector) addSpans(t ptrace.Traces) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range t.ResourceSpans().All() {
		c.resources = append(c.resources, rs.Resource().Attributes().AsRaw())
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				c.spans = append(c.spans, s)
			}
		}
	}
}

func (c *collector) addLogs(l plog.Logs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rl := range l.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				c.logs = append(c.logs, r)
			}
		}
	}
}

// of returns the spans of an exchange, server first.
func (c *collector) of(id string) (spans []ptrace.Span) {
	for _, s := range c.spans {
		if v, _ := s.Attributes().Get("sidenote.exchange.id"); v.Str() == id {
			spans = append(spans, s)
		}
	}
	return spans
}

// TestTraces sends requests with and without a trace, in each mode, and holds
// together what the origin server got, what the collector got and the log.
func TestTraces(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"forward", "start", "off"} {
		t.Run(mode, func(t *testing.T) {
			var got []string
			origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = append(got, strings.Join(r.Header.Values("Traceparent"), "|"))
				w.WriteHeader(http.StatusMethodNotAllowed)
			}))
			defer origin.Close()
			to := &collector{}
			server := httptest.NewServer(to)
			defer server.Close()
			p := start(t, "--otlp", server.URL, "--trace-context", mode)
			client := p.client()
			p.fetch(client, origin.URL, http.Header{"Traceparent": {givenTraceparent}})
			p.fetch(client, origin.URL, nil)
			p.stop()
			all := p.records(p.logFile)
			if len(all) != 2 || len(got) != 2 || len(to.spans) != 4 || len(to.logs) < 2 {
				t.Fatalf("%d records, %d requests, %d spans, %d log records", len(all), len(got), len(to.spans), len(to.logs))
			}
			if got[0] != givenTraceparent || (got[1] != "") != (mode == "start") {
				t.Errorf("the origin server got %q", got)
			}
			for i, r := range all {
				spans := to.of(r.text("sidenote.exchange.id"))
				server, client := spans[0], spans[1]
				if r.text("trace_id") != server.TraceID().String() || r.text("span_id") != server.SpanID().String() || client.ParentSpanID() != server.SpanID() {
					t.Errorf("exchange %d: the record and the spans differ", i)
				}
				joined := server.ParentSpanID().String() == "b7ad6b7169203331" && strings.Contains(givenTraceparent, server.TraceID().String())
				if joined != (i == 0 && mode != "off") {
					t.Errorf("exchange %d: parent %s", i, server.ParentSpanID())
				}
				if i == 1 && mode == "start" && got[1] != "00-"+client.TraceID().String()+"-"+client.SpanID().String()+"-01" {
					t.Errorf("the origin server got %s, which is not the client span", got[1])
				}
			}
		})
	}
}

// TestCollectorOfTheEnviron has OpenTelemetry's own variables, which count with
// --otlp env only, and name the process in any case.
func TestCollectorOfTheEnviron(t *testing.T) {
	t.Parallel()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }))
	defer origin.Close()
	for name, c := range map[string]struct {
		env         []string
		otlp        string // "" is the URL of the collector
		spans       int
		says, hides string // on stderr
	}{
		"env":      {nil, "env", 2, "sending spans and notes to the OpenTelemetry collector of --otlp", "not sending"},
		"a URL":    {[]string{"OTEL_SDK_DISABLED=true", "OTEL_EXPORTER_OTLP_PROTOCOL=smoke"}, "", 2, "sending spans and notes to", "not sending"},
		"disabled": {[]string{"OTEL_SDK_DISABLED=true"}, "env", 0, "not sending to an OpenTelemetry collector: --otlp uses the environment, where OTEL_SDK_DISABLED is true", "spans and notes"},
		"logs":     {[]string{"OTEL_TRACES_EXPORTER=none"}, "env", 0, "sending spans and notes to", "not sending"},
	} {
		t.Run(name, func(t *testing.T) {
			to := &collector{}
			server := httptest.NewServer(to)
			defer server.Close()
			if c.otlp == "" {
				c.otlp = server.URL
			}
			env := append(c.env, "OTEL_SERVICE_NAME=shop-proxy", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=a%20b,service.name=other", "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL)
			p := startIn(t, env, "--otlp", c.otlp)
			p.fetch(p.client(), origin.URL, nil)
			p.stop()
			if len(to.spans) != c.spans || (len(to.logs) > 0) == (name == "disabled") {
				t.Errorf("%d spans, %d log records", len(to.spans), len(to.logs))
			}
			if said := p.stderr.String(); !strings.Contains(said, c.says) || strings.Contains(said, c.hides) {
				t.Errorf("it says %s", said)
			}
			for _, r := range to.resources {
				if r["service.name"] != "shop-proxy" || r["deployment.environment.name"] != "a b" || r["service.instance.id"] == "" || r["service.version"] == nil {
					t.Errorf("resource %v", r)
				}
			}
		})
	}
}

// TestCollectorThatIsAway has none: traffic goes on, the loss is said once and
// counted, and the end does not wait for it.
func TestCollectorThatIsAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer origin.Close()
	p := start(t, "--otlp", "grpc://"+address)
	client := p.client()
	const n = 20
	for range n {
		if code := p.fetch(client, origin.URL, nil); code != 200 {
			t.Error(code)
		}
	}
	eventually(t, "it is tried again", func() bool { return p.metric("sidenote_otlp_retries_total", `signal="spans"`) > 0 })
	p.stop()
	said := p.stderr.String()
	if strings.Count(said, "cannot send to the collector grpc://"+address) != 1 || !strings.Contains(said, "otlp: lost 20 records") {
		t.Error("the loss is not said, or more than once")
	}
}

// TestCollectorThatIsSilent takes requests and never answers: traffic goes on
// as if there were none, and the end waits for it no longer than is told.
func TestCollectorThatIsSilent(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer silent.Close()
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer origin.Close()
	p := start(t, "--otlp", silent.URL)
	client := p.client()
	const n = 300
	began := time.Now()
	for range n {
		if code := p.fetch(client, origin.URL, nil); code != 200 {
			t.Error(code)
		}
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("%d exchanges took %v", n, took)
	}
	if records := p.metric("sidenote_otlp_records_total", `outcome="sent"`); records != 0 {
		t.Errorf("%v records were sent", records)
	}
	began = time.Now()
	p.signal()
	if code := p.wait(); code != 0 || time.Since(began) > patience/2 {
		t.Errorf("exit code %d after %v", code, time.Since(began))
	}
	if said := p.stderr.String(); strings.Count(said, "cannot send to the collector "+silent.URL) != 1 || !strings.Contains(said, "otlp: lost 300 records") {
		t.Errorf("the loss is not said, or more than once: %s", said)
	}
}
