package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink/otlp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const conflict = `* id 7f3k
* started 2026-01-02T12:04:31Z
* scheme https
* client peer=127.0.0.1:5000
* origin peer=192.0.2.1:443
* timing dns=1ms connect=2ms tls=3ms head-sent=7ms request-sent=8ms first-byte=30ms done=40ms
> POST /v1/orders?x=1 HTTP/2
> Host: api.shop.test
> User-Agent: curl/8.9
> traceparent: ` + traceparent + `
> tracestate: shop=1
>
< HTTP/1.1 409 Conflict
< Content-Type: application/problem+json
<
< {"status": 400}
`

var mismatch = &annotate.Rule{
	ID: "content/problem-status-mismatch", Severity: annotate.Warn, Blame: annotate.ByOrigin,
	Refs: []string{"RFC 9457 §3.1.2"}, Help: "send the same number in both",
}

// conflicting is an exchange that was sent on, with one note.
func conflicting(t testing.TB, mode otlp.ContextMode) *annotate.Annotated {
	t.Helper()
	x := parse(t, conflict)
	x.Interim = []exchange.Response{{Status: 103, At: 9 * time.Millisecond}}
	otlp.Tracer{Mode: mode, Spans: true}.Request(x)
	return &annotate.Annotated{X: x, Notes: []annotate.Note{{
		Rule: mismatch, Severity: annotate.Error, Blame: annotate.ByOrigin,
		Message: "the document says 400\x1b[31m", Place: annotate.ResponseContent(11, 14),
	}}}
}

// exporter starts one that sends to an endpoint. What it says is in log.
func exporter(t testing.TB, endpoint string, change func(*otlp.Options)) (e *otlp.Exporter, log *bytes.Buffer) {
	t.Helper()
	targets, err := otlp.ParseTarget(endpoint, http.Header{"Authorization": {"Bearer s3cret"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log = new(bytes.Buffer)
	o := otlp.Options{
		Targets: targets, Tracer: otlp.Tracer{Mode: otlp.ContextForward}, Log: zerolog.New(log), Where: endpoint,
		Resource: []otlp.Attribute{{Key: "service.name", Value: "sidenote"}, {Key: "service.version", Value: "1"}},
	}
	if change != nil {
		change(&o)
	}
	return otlp.NewFast(o), log
}

func closeIt(t testing.TB, e *otlp.Exporter) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func write(t testing.TB, e *otlp.Exporter, all ...*annotate.Annotated) {
	t.Helper()
	for _, a := range all {
		if err := e.Write(a); err != nil {
			t.Error(err)
		}
	}
}

// TestWhatACollectorGets is the content of both signals, over each protocol.
func TestWhatACollectorGets(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *receiver{"HTTP": receiveHTTP, "gRPC": receiveGRPC} {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s gzip=%v", name, packed), func(t *testing.T) {
				r := start(t)
				e, log := exporter(t, r.url, func(o *otlp.Options) { o.Targets.Traces.Gzip, o.Targets.Logs.Gzip = packed, packed })
				write(t, e, conflicting(t, otlp.ContextForward))
				eventually(t, "a span and a log record come without Close", func() bool { return len(r.allSpans()) == 2 && len(r.allLogs()) == 1 })
				closeIt(t, e)
				wantSpans(t, r.allSpans())
				wantLog(t, r.allLogs()[0])
				if got := r.spans[0].Resource().Attributes().AsRaw(); !cmp.Equal(got, map[string]any{"service.name": "sidenote", "service.version": "1"}) || r.spans[0].ScopeSpans().At(0).Scope().Name() != "sidenote" {
					t.Errorf("resource %v", got)
				}
				if h := r.headers[0]; !slices.Contains(append(h["authorization"], h["Authorization"]...), "Bearer s3cret") { //nolint:staticcheck // gRPC keeps lower case
					t.Errorf("the credentials do not come: %v", h)
				}
				spans, records := e.Stats()
				if spans != (otlp.Counts{Sent: 2}) || records != (otlp.Counts{Sent: 1}) || e.Lost() != 0 || log.Len() > 0 {
					t.Errorf("%+v %+v %d %s", spans, records, e.Lost(), log)
				}
			})
		}
	}
}

func wantSpans(t *testing.T, spans []ptrace.Span) {
	t.Helper()
	server, client := spans[0], spans[1]
	const trace = "0af7651916cd43dd8448eb211c80319c"
	if server.TraceID().String() != trace || client.TraceID().String() != trace || server.ParentSpanID().String() != "b7ad6b7169203331" ||
		client.ParentSpanID() != server.SpanID() || server.SpanID().IsEmpty() || client.SpanID().IsEmpty() {
		t.Errorf("IDs: %v %v", server, client)
	}
	if server.TraceState().AsRaw() != "shop=1" || server.Flags() != 0x301 || client.Flags() != 0x101 {
		t.Errorf("state %q, flags %x %x", server.TraceState().AsRaw(), server.Flags(), client.Flags())
	}
	if server.Kind() != ptrace.SpanKindServer || client.Kind() != ptrace.SpanKindClient || server.Name() != "POST" || client.Name() != "POST" {
		t.Errorf("kinds and names: %v %v", server.Kind(), client.Kind())
	}
	at := time.Date(2026, 1, 2, 12, 4, 31, 0, time.UTC)
	for _, c := range []struct {
		got  time.Time
		want time.Duration
	}{
		{server.StartTimestamp().AsTime(), 0}, {server.EndTimestamp().AsTime(), 40 * time.Millisecond},
		{client.StartTimestamp().AsTime(), time.Millisecond}, {client.EndTimestamp().AsTime(), 40 * time.Millisecond},
	} {
		if got := c.got.Sub(at); got != c.want {
			t.Errorf("a time is %v, not %v", got, c.want)
		}
	}
	wantServer := map[string]any{
		"sidenote.exchange.id": "7f3k", "http.request.method": "POST", "server.address": "api.shop.test", "server.port": int64(443),
		"http.response.body.size": int64(15), "url.scheme": "https", "url.path": "/v1/orders", "url.query": "x=1",
		"client.address": "127.0.0.1", "client.port": int64(5000),
		"network.protocol.version": "2", "user_agent.original": "curl/8.9", "http.response.status_code": int64(409),
		"sidenote.effective.outcome": "error", "sidenote.status.class": "client-error", "sidenote.verdict": "error", "sidenote.blame": "origin",
	}
	if d := cmp.Diff(wantServer, server.Attributes().AsRaw()); d != "" {
		t.Error("server span:", d)
	}
	wantClient := map[string]any{
		"sidenote.exchange.id": "7f3k", "http.request.method": "POST", "server.address": "api.shop.test", "server.port": int64(443),
		"http.response.body.size": int64(15), "url.full": "https://api.shop.test/v1/orders?x=1",
		"network.peer.address": "192.0.2.1", "network.peer.port": int64(443), "network.protocol.version": "1.1",
		"http.response.status_code": int64(409), "error.type": "409",
	}
	if d := cmp.Diff(wantClient, client.Attributes().AsRaw()); d != "" {
		t.Error("client span:", d)
	}
	if server.Status().Code() != ptrace.StatusCodeUnset || client.Status().Code() != ptrace.StatusCodeError {
		t.Errorf("status %v %v", server.Status().Code(), client.Status().Code())
	}
	wantEvents(t, server, client, at)
}

func wantEvents(t *testing.T, server, client ptrace.Span, at time.Time) {
	t.Helper()
	if server.Events().Len() != 1 || server.Events().At(0).Name() != "sidenote.note" {
		t.Fatalf("%d events", server.Events().Len())
	}
	note := server.Events().At(0).Attributes().AsRaw()
	if p, _ := note["sidenote.note.fingerprint"].(string); len(p) != 16 {
		t.Errorf("fingerprint %q", p)
	}
	delete(note, "sidenote.note.fingerprint")
	want := map[string]any{
		"sidenote.note.message": `the document says 400\x1b[31m`, "sidenote.note.severity": "error", "sidenote.note.rule": mismatch.ID, "sidenote.note.blame": "origin",
		"sidenote.note.place": "response content, bytes 12-14", "sidenote.note.help": mismatch.Help, "sidenote.note.refs": []any{"RFC 9457 §3.1.2"},
	}
	if d := cmp.Diff(want, note); d != "" {
		t.Error(d)
	}
	var got []string
	for i := range client.Events().Len() {
		e := client.Events().At(i)
		got = append(got, fmt.Sprint(e.Name(), " ", e.Timestamp().AsTime().Sub(at), " ", e.Attributes().AsRaw()))
	}
	if d := cmp.Diff([]string{
		"sidenote.dns.done 2ms map[sidenote.duration_ms:1]",
		"sidenote.connect.done 4ms map[sidenote.duration_ms:2]",
		"sidenote.tls.done 7ms map[sidenote.duration_ms:3]",
		"sidenote.request.sent 8ms map[sidenote.duration_ms:1]",
		"sidenote.response.first_byte 30ms map[sidenote.duration_ms:22]",
		"sidenote.interim_response 9ms map[http.response.status_code:103]",
	}, got); d != "" {
		t.Error(d)
	}
}

func wantLog(t *testing.T, l plog.LogRecord) {
	t.Helper()
	if l.SeverityNumber() != plog.SeverityNumberError || l.SeverityText() != "error" || l.Body().Str() != `the document says 400\x1b[31m` ||
		l.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" || l.SpanID().IsEmpty() || l.Timestamp().AsTime().UnixMilli()%1000 != 40 || l.EventName() != "sidenote.note" || !l.Flags().IsSampled() {
		t.Errorf("%v %q %q %v", l.SeverityNumber(), l.SeverityText(), l.Body().Str(), l.Timestamp())
	}
	got := l.Attributes().AsRaw()
	delete(got, "sidenote.note.fingerprint")
	want := map[string]any{
		"sidenote.exchange.id": "7f3k", "http.request.method": "POST", "url.full": "https://api.shop.test/v1/orders?x=1", "server.address": "api.shop.test", "http.response.status_code": int64(409),
		"sidenote.note.rule": mismatch.ID, "sidenote.note.blame": "origin", "sidenote.note.place": "response content, bytes 12-14",
		"sidenote.note.help": mismatch.Help, "sidenote.note.refs": []any{"RFC 9457 §3.1.2"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSpansOfOtherExchanges(t *testing.T) {
	r := receiveHTTP(t)
	e, _ := exporter(t, r.url, nil)
	refused := parse(t, "* error proxy_loop \"\"\n* made\n> BREW / HTTP/1.1\n> Host: a\n> traceparent: "+traceparent+"\n>\n< HTTP/1.1 508 Loop\n<\n")
	unsampled := conflicting(t, otlp.ContextForward)
	unsampled.X.Trace.Sampled = false
	gone := conflicting(t, otlp.ContextForward)
	gone.X.Err = &exchange.Err{Code: exchange.ErrClientGone}
	gone.X.Response.Status = 200
	write(t, e, &annotate.Annotated{X: refused}, unsampled, gone)
	closeIt(t, e)
	spans := r.allSpans()
	if len(spans) != 3 || len(r.allLogs()) != 2 {
		t.Fatalf("%d spans, %d log records", len(spans), len(r.allLogs()))
	}
	s := spans[0]
	a := s.Attributes().AsRaw()
	if s.Name() != "HTTP" || a["http.request.method"] != "_OTHER" || a["http.request.method_original"] != "BREW" || a["error.type"] != "proxy_loop" ||
		s.Status().Code() != ptrace.StatusCodeError || s.Status().Message() == "" || s.ParentSpanID().String() != "b7ad6b7169203331" || s.StartTimestamp() != 0 {
		t.Errorf("%v %v %v", s.Name(), a, s.Status().Message())
	}
	if spans[1].Status().Code() != ptrace.StatusCodeError || spans[2].Status().Code() != ptrace.StatusCodeUnset {
		t.Error("a client that went away is no fault of the origin server")
	}
	if l := r.allLogs()[0]; l.Flags().IsSampled() {
		t.Error("a trace that nobody records is marked as recorded")
	}
}

func TestManyExchangesComeInOrder(t *testing.T) {
	r := receiveHTTP(t)
	e, _ := exporter(t, r.url, nil)
	const n = 3000
	for i := range n {
		a := conflicting(t, otlp.ContextForward)
		a.X.ID = fmt.Sprint(i)
		write(t, e, a)
		if i%500 == 499 { // more than that may find the queue full, and is dropped
			eventually(t, "the collector has what was written", func() bool { spans, _ := e.Stats(); return spans.Sent >= uint64(2*(i+1)-2*500) })
		}
	}
	closeIt(t, e)
	spans := r.allSpans()
	if len(spans) != 2*n {
		t.Fatalf("%d spans", len(spans))
	}
	for i, s := range spans {
		if id, _ := s.Attributes().Get("sidenote.exchange.id"); id.Str() != fmt.Sprint(i/2) {
			t.Fatalf("span %d is of exchange %s", i, id.Str())
		}
	}
	if requests := len(r.paths); requests > n/4 {
		t.Errorf("%d requests are no batches", requests)
	}
}

// An answerer is a collector that misbehaves as it is told.
func answerer(t *testing.T, answer http.HandlerFunc) (url string, requests *atomic.Int64) {
	requests = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		requests.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func TestTryAgain(t *testing.T) {
	var failures atomic.Int64
	for _, code := range []int{429, 502, 503, 504} {
		failures.Store(2)
		url, requests := answerer(t, func(w http.ResponseWriter, r *http.Request) {
			if failures.Add(-1) >= 0 {
				w.WriteHeader(code)
			}
		})
		e, log := exporter(t, url, func(o *otlp.Options) { o.Targets.Logs = nil })
		write(t, e, conflicting(t, "forward"))
		eventually(t, "the spans are sent again", func() bool { s, _ := e.Stats(); return s.Sent == 2 })
		closeIt(t, e)
		if s, _ := e.Stats(); s.Retries != 2 || s.Failed != 0 || requests.Load() != 3 || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%d: %+v, %d requests, %s", code, s, requests.Load(), log)
		}
	}
}

func TestRetryAfterIsRespected(t *testing.T) {
	var first, second atomic.Int64
	url, _ := answerer(t, func(w http.ResponseWriter, r *http.Request) {
		if first.CompareAndSwap(0, time.Now().UnixMilli()) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(503)
			return
		}
		second.CompareAndSwap(0, time.Now().UnixMilli())
	})
	e, _ := exporter(t, url, func(o *otlp.Options) { o.Targets.Logs = nil })
	write(t, e, conflicting(t, "forward"))
	// The time is longer than this exporter keeps a batch, so that is given up.
	eventually(t, "the batch is given up", func() bool { s, _ := e.Stats(); return s.Failed == 2 })
	write(t, e, conflicting(t, "forward"))
	eventually(t, "the next batch is sent", func() bool { s, _ := e.Stats(); return s.Sent == 2 })
	closeIt(t, e)
	if waited := second.Load() - first.Load(); waited < 1000 {
		t.Errorf("the next batch came after %d ms", waited)
	}
}

// TestSuccess are the ways in which collectors say that they took the records.
func TestSuccess(t *testing.T) {
	for name, c := range map[string]http.HandlerFunc{
		"200 without content": func(http.ResponseWriter, *http.Request) {},
		"202":                 func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
		"204, as Loki":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"JSON": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{}")
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := answerer(t, c)
			e, log := exporter(t, url, nil)
			write(t, e, conflicting(t, "forward"))
			closeIt(t, e)
			if s, l := e.Stats(); s != (otlp.Counts{Sent: 2}) || l != (otlp.Counts{Sent: 1}) || e.Lost() != 0 || log.Len() > 0 {
				t.Errorf("%+v %+v, %d lost, %s", s, l, e.Lost(), log)
			}
		})
	}
}

// TestRefusals are answers that it makes no sense to send again after.
func TestRefusals(t *testing.T) {
	page := func(code int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"400 with a status": {page(400, "application/x-protobuf", "\x08\x03\x12\x08bad\x1bdata"), `400 Bad Request (\"bad\\x1bdata\")`},
		"404":               {page(404, "text/html", "<h1>no"), "404 Not Found"},
		"500":               {page(500, "text/plain", strings.Repeat("x", 1<<20)), "500 Internal"},
		"a redirect":        {page(302, "text/plain", ""), "302 Found"},
		"a web page":        {page(200, "text/html", "<h1>welcome"), "not a collector's response"},
		"garbage":           {page(200, "application/x-protobuf", "\xff\xff\xff"), "not a collector's response"},
		"garbage within":    {page(200, "application/x-protobuf", "\x0a\x02\xff\xff"), "not a collector's response"},
	} {
		t.Run(name, func(t *testing.T) {
			url, requests := answerer(t, c.answer)
			e, log := exporter(t, url, nil)
			write(t, e, conflicting(t, "forward"), conflicting(t, "forward"))
			eventually(t, "the spans are given up", func() bool { s, l := e.Stats(); return s.Failed == 4 && l.Failed == 2 })
			closeIt(t, e)
			if !strings.Contains(log.String(), c.says) || strings.Count(log.String(), "\n") != 1 || e.Lost() != 2 || requests.Load() > 4 {
				t.Errorf("%d lost, %d requests, %s", e.Lost(), requests.Load(), log)
			}
		})
	}
}

func TestPartialSuccess(t *testing.T) {
	m := ptraceotlp.NewExportResponse()
	m.PartialSuccess().SetRejectedSpans(1)
	m.PartialSuccess().SetErrorMessage("too\x1bold")
	b, err := m.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	url, _ := answerer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(b)
	})
	e, log := exporter(t, url, func(o *otlp.Options) { o.Targets.Logs = nil })
	write(t, e, conflicting(t, "forward"))
	closeIt(t, e)
	if s, _ := e.Stats(); s != (otlp.Counts{Sent: 1, Rejected: 1}) || !strings.Contains(log.String(), `refuses 1 spans (\"too\\x1bold\")`) || e.Lost() != 1 {
		t.Errorf("%+v %s", s, log)
	}
}

func TestDeadCollector(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	for _, endpoint := range []string{"http://" + address, "grpc://" + address} {
		e, log := exporter(t, endpoint, nil)
		write(t, e, conflicting(t, "forward"))
		eventually(t, "the spans are given up", func() bool { s, _ := e.Stats(); return s.Failed == 2 })
		write(t, e, conflicting(t, "forward"))
		closeIt(t, e)
		s, records := e.Stats()
		if s.Failed != 4 || records.Failed != 2 || s.Retries == 0 || e.Lost() != 2 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "refused") {
			t.Errorf("%+v %+v %s", s, records, log)
		}
		if strings.Contains(log.String(), "s3cret") {
			t.Errorf("a secret is told: %s", log)
		}
	}
}

// TestSilentCollector fills all there is to fill: what waits is bounded, the
// rest is counted, and no one waits.
func TestSilentCollector(t *testing.T) {
	release := make(chan struct{})
	url, _ := answerer(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	e, log := exporter(t, url, nil)
	a := conflicting(t, "forward")
	const n = 20000
	start := time.Now()
	for range n {
		write(t, e, a)
	}
	took := time.Since(start)
	s, _ := e.Stats()
	if waits := 2*n - s.Dropped; s.Dropped == 0 || waits*600 > 4*otlp.QueuedBytes {
		t.Errorf("%d dropped", s.Dropped)
	}
	start = time.Now()
	closeIt(t, e)
	if closed := time.Since(start); closed > 3*time.Second || took > 5*time.Second {
		t.Errorf("writing took %v, closing %v", took, closed)
	}
	if s, records := e.Stats(); s.Failed+s.Dropped != 2*n || records.Failed+records.Dropped != n || e.Lost() != n || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("%+v %+v %d %s", s, records, e.Lost(), log)
	}
}

// failingServer is a collector that answers gRPC with an error.
type failingServer struct {
	ptraceotlp.UnimplementedGRPCServer
	errs  func() error
	calls *atomic.Int64
}

func (s failingServer) Export(context.Context, ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.calls.Add(1)
	m := ptraceotlp.NewExportResponse()
	if err := s.errs(); err != nil {
		return m, err
	}
	m.PartialSuccess().SetRejectedSpans(1)
	return m, nil
}

func TestGRPCErrors(t *testing.T) {
	throttled, err := status.New(codes.ResourceExhausted, "slow down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(20 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err   error
		again bool
	}{
		"unavailable":         {status.Error(codes.Unavailable, "restarting"), true},
		"throttled":           {throttled.Err(), true},
		"exhausted for good":  {status.Error(codes.ResourceExhausted, "quota"), false},
		"not authenticated":   {status.Error(codes.Unauthenticated, "who?"), false},
		"it is not for spans": {status.Error(codes.Unimplemented, "no"), false},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			errs := func() error {
				if calls.Load() <= 2 {
					return c.err
				}
				return nil
			}
			address := serveGRPC(t, &failingServer{errs: errs, calls: &calls}, &plogotlp.UnimplementedGRPCServer{})
			e, log := exporter(t, "grpc://"+address, func(o *otlp.Options) { o.Targets.Logs = nil })
			write(t, e, conflicting(t, "forward"))
			want := otlp.Counts{Failed: 2}
			if c.again {
				want = otlp.Counts{Sent: 1, Rejected: 1, Retries: 2}
			}
			eventually(t, "it is settled", func() bool { s, _ := e.Stats(); return s.Sent+s.Failed > 0 })
			closeIt(t, e)
			if s, _ := e.Stats(); s != want || !strings.Contains(log.String(), status.Convert(c.err).Message()) {
				t.Errorf("%+v, want %+v; %s", s, want, log)
			}
		})
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "日本 ü": "日本 ü", "a\x1b[31m\u202e\xff\x00": `a\x1b[31m\u202e\xff\x00`,
	} {
		if got := otlp.Clean(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := otlp.Clean(strings.Repeat("é", 5000)); len(got) > 4110 || !strings.HasSuffix(got, "é…") {
		t.Errorf("%d octets", len(got))
	}
}

// FuzzSpans reads what is made of any exchange back with the collector's code.
func FuzzSpans(f *testing.F) {
	f.Add(conflict, "m\xff", uint8(3))
	f.Add("> CONNECT a:443 HTTP/1.1\n>\n", "", uint8(0))
	f.Fuzz(func(t *testing.T, text, message string, notes uint8) {
		x, err := exchange.ParseText(text)
		if err != nil {
			return
		}
		otlp.Tracer{Mode: otlp.ContextForward, Spans: true}.Request(x)
		x.Trace.Sampled = true
		a := &annotate.Annotated{X: x}
		for range notes {
			a.Notes = append(a.Notes, annotate.Note{Rule: mismatch, Severity: annotate.Warn, Message: message})
		}
		spans, records := otlp.Encode(a)
		td := ptraceotlp.NewExportRequest()
		ld := plogotlp.NewExportRequest()
		if err := td.UnmarshalProto(spans); err != nil {
			t.Fatal(err)
		}
		if err := ld.UnmarshalProto(records); err != nil {
			t.Fatal(err)
		}
		r := &receiver{}
		r.addTraces(td.Traces(), "", nil)
		r.addLogs(ld.Logs(), "", nil)
		if len(r.allSpans()) != 2 || len(r.allLogs()) != int(notes) {
			t.Fatalf("%d spans, %d log records", len(r.allSpans()), len(r.allLogs()))
		}
		if s := r.allSpans()[0]; s.Events().Len()+int(s.DroppedEventsCount()) != int(notes) {
			t.Errorf("%d events, %d dropped", s.Events().Len(), s.DroppedEventsCount())
		}
	})
}

// BenchmarkWrite is what an exchange with one note costs the traffic's process,
// sending left out.
func BenchmarkWrite(b *testing.B) {
	a := conflicting(b, otlp.ContextForward)
	b.ReportAllocs()
	encode := otlp.Appender()
	for b.Loop() {
		encode(a)
	}
}

// BenchmarkWriteClean is the same for an exchange without notes, on a
// connection that was there.
func BenchmarkWriteClean(b *testing.B) {
	a := conflicting(b, otlp.ContextForward)
	a.Notes, a.X.Interim, a.X.Response.Status = nil, nil, 200
	a.X.Timing.DNS, a.X.Timing.Connect, a.X.Timing.TLS = 0, 0, 0
	b.ReportAllocs()
	encode := otlp.Appender()
	for b.Loop() {
		encode(a)
	}
}

// BenchmarkExport is all that an exchange without notes costs, up to the
// collector's answer: CPU time of this process, which is the collector too.
func BenchmarkExport(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer s.Close()
	e, _ := exporter(b, s.URL, nil)
	a := conflicting(b, otlp.ContextForward)
	a.Notes, a.X.Interim, a.X.Response.Status = nil, nil, 200
	a.X.Timing.DNS, a.X.Timing.Connect, a.X.Timing.TLS = 0, 0, 0
	before := cpuTime(b)
	n := uint64(0)
	for b.Loop() {
		write(b, e, a)
		n++
		if n%2000 == 0 { // no faster than it can be sent
			eventually(b, "they are sent", func() bool { spans, _ := e.Stats(); return spans.Sent+1000 >= 2*n })
		}
	}
	closeIt(b, e)
	b.ReportMetric(float64(cpuTime(b)-before)/float64(n), "cpu-ns/op")
	if spans, _ := e.Stats(); spans.Sent != 2*n {
		b.Errorf("%+v of %d exchanges", spans, n)
	}
}

// cpuTime is the CPU time of this process so far.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
