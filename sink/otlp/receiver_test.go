package otlp_test

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // as collectors have it
	"google.golang.org/grpc/metadata"
)

// A receiver is a collector made of the collector's own code.
type receiver struct {
	url string // of OTLP/HTTP, or of gRPC

	mu      sync.Mutex
	spans   []ptrace.ResourceSpans
	logs    []plog.ResourceLogs
	headers []http.Header
	paths   []string
}

func (r *receiver) addTraces(t ptrace.Traces, path string, h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range t.ResourceSpans().Len() {
		r.spans = append(r.spans, t.ResourceSpans().At(i))
	}
	r.headers, r.paths = append(r.headers, h), append(r.paths, path)
}

func (r *receiver) addLogs(l plog.Logs, path string, h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range l.ResourceLogs().Len() {
		r.logs = append(r.logs, l.ResourceLogs().At(i))
	}
	r.headers, r.paths = append(r.headers, h), append(r.paths, path)
}

// allSpans returns the spans that came.
func (r *receiver) allSpans() (all []ptrace.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rs := range r.spans {
		for i := range rs.ScopeSpans().Len() {
			for j := range rs.ScopeSpans().At(i).Spans().Len() {
				all = append(all, rs.ScopeSpans().At(i).Spans().At(j))
			}
		}
	}
	return all
}

// allLogs returns the log records that came.
func (r *receiver) allLogs() (all []plog.LogRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rl := range r.logs {
		for i := range rl.ScopeLogs().Len() {
			for j := range rl.ScopeLogs().At(i).LogRecords().Len() {
				all = append(all, rl.ScopeLogs().At(i).LogRecords().At(j))
			}
		}
	}
	return all
}

// ServeHTTP speaks OTLP/HTTP.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body := io.Reader(q.Body)
	if q.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(q.Body)
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil || q.Method != "POST" || q.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "what is this?", 400)
		return
	}
	var answer []byte
	switch q.URL.Path {
	case "/v1/traces", "/below/v1/traces":
		m := ptraceotlp.NewExportRequest()
		if err = m.UnmarshalProto(b); err == nil {
			r.addTraces(m.Traces(), q.URL.Path, q.Header)
			answer, err = ptraceotlp.NewExportResponse().MarshalProto()
		}
	case "/v1/logs", "/below/v1/logs":
		m := plogotlp.NewExportRequest()
		if err = m.UnmarshalProto(b); err == nil {
			r.addLogs(m.Logs(), q.URL.Path, q.Header)
			answer, err = plogotlp.NewExportResponse().MarshalProto()
		}
	default:
		http.NotFound(w, q)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(answer)
}

type traceServer struct {
	ptraceotlp.UnimplementedGRPCServer
	*receiver
}

func (s traceServer) Export(ctx context.Context, m ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.addTraces(m.Traces(), "grpc", http.Header(md))
	return ptraceotlp.NewExportResponse(), nil
}

type logServer struct {
	plogotlp.UnimplementedGRPCServer
	*receiver
}

func (s logServer) Export(ctx context.Context, m plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.addLogs(m.Logs(), "grpc", http.Header(md))
	return plogotlp.NewExportResponse(), nil
}

func receiveHTTP(t testing.TB) *receiver {
	r := &receiver{}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

func receiveGRPC(t testing.TB) *receiver {
	r := &receiver{}
	r.url = "grpc://" + serveGRPC(t, &traceServer{receiver: r}, &logServer{receiver: r})
	return r
}

func serveGRPC(t testing.TB, traces ptraceotlp.GRPCServer, logs plogotlp.GRPCServer, options ...grpc.ServerOption) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(options...)
	ptraceotlp.RegisterGRPCServer(s, traces)
	plogotlp.RegisterGRPCServer(s, logs)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// eventually waits until f is true.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never happens: %s", what)
		}
	}
}
