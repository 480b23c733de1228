package otlp

import (
	"math"
	"strconv"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/inside"
)

// The fields of Span and of what is in it (opentelemetry/proto/trace/v1).
const (
	spanTraceID       = 1
	spanID            = 2
	spanTraceState    = 3
	spanParentID      = 4
	spanName          = 5
	spanKind          = 6
	spanStart         = 7
	spanEnd           = 8
	spanAttributes    = 9
	spanEvents        = 11
	spanEventsDropped = 12
	spanStatus        = 15
	spanFlags         = 16

	kindServer = 2
	kindClient = 3

	eventTime       = 1
	eventName       = 2
	eventAttributes = 3

	statusMessage = 2
	statusCode    = 3
	statusError   = 2

	// Of the flags, the lowest eight bits are those of the trace; then comes
	// whether it is known that the parent is of another process, and whether
	// it is.
	flagSampled     = 1
	flagRemoteKnown = 0x100
	flagRemote      = 0x200
)

// maxEvents bounds the events of a span, as SDKs do. Notes and interim
// responses are bounded where they are made; this is for both together.
const maxEvents = 128

// The names of events.
const (
	eventNote    = "sidenote.note"
	eventInterim = "sidenote.interim_response"
)

// A spanWriter writes one span. Its encoder is not a pointer, so that all of it
// can be on the stack.
type spanWriter struct {
	encoder
	x       *exchange.Exchange
	events  int
	dropped int
}

// serverSpan writes the exchange with the client, its notes as events.
func serverSpan(e *encoder, a *annotate.Annotated, t *exchange.Trace) {
	x := a.X
	w := spanWriter{encoder: *e, x: x}
	w.identity(t.ID, t.Span, t.Parent, remoteFlags(t), kindServer)
	if t.Parent != (exchange.SpanID{}) {
		w.state()
	}
	w.times(x.Started, end(x))
	w.serverAttributes(a)
	for i := range a.Notes {
		if at, more, ok := w.event(eventNote, end(x)); ok {
			noteAttributes(more, x, &a.Notes[i])
			w.close(at)
		}
	}
	w.finish(serverError(x))
	*e = w.encoder
}

func remoteFlags(t *exchange.Trace) uint32 {
	if t.Parent == (exchange.SpanID{}) {
		return flagRemoteKnown
	}
	return flagRemoteKnown | flagRemote
}

// clientSpan writes the exchange with the origin server, its phases as events.
func clientSpan(e *encoder, x *exchange.Exchange, t *exchange.Trace) {
	w := spanWriter{encoder: *e, x: x}
	w.identity(t.ID, t.Sent, t.Span, flagRemoteKnown, kindClient)
	if t.Parent != (exchange.SpanID{}) {
		w.state()
	}
	start := sent(x)
	w.times(start, end(x))
	w.clientAttributes()
	w.phases(start)
	w.interims()
	w.finish(clientError(x))
	*e = w.encoder
}

// end is when both messages had ended.
func end(x *exchange.Exchange) time.Time { return x.Started.Add(max(x.Timing.Done, 0)) }

// sent is when the exchange with the origin server began: what it took to
// connect, before the request head was written. Connections that are opened to
// learn the protocol may have begun before the request.
func sent(x *exchange.Exchange) time.Time {
	t := &x.Timing
	if t.HeadSent == 0 {
		return x.Started
	}
	return x.Started.Add(max(0, t.HeadSent-t.DNS-t.Connect-t.TLS))
}

func (w *spanWriter) identity(trace exchange.TraceID, id, parent exchange.SpanID, flags uint32, kind uint64) {
	w.bytes(spanTraceID, trace[:])
	w.bytes(spanID, id[:])
	if parent != (exchange.SpanID{}) {
		w.bytes(spanParentID, parent[:])
	}
	w.fixed32(spanFlags, flagSampled|flags)
	w.text(spanName, nameOf(w.x.Request.Method))
	w.varint(spanKind, kind)
}

// state writes what other tracing systems added to the context.
func (w *spanWriter) state() {
	if s := w.x.Request.Fields.Combined(exchange.FieldTracestate); s != "" {
		w.text(spanTraceState, clean(s))
	}
}

func (w *spanWriter) times(start, end time.Time) {
	w.fixed64(spanStart, nanos(start))
	w.fixed64(spanEnd, max(nanos(start), nanos(end)))
}

// nanos is a time as OTLP has it. A record from a file may have none.
func nanos(t time.Time) uint64 {
	const last = math.MaxInt64 / int64(time.Second)
	if s := t.Unix(); s < 0 || s >= last {
		return 0
	}
	return uint64(t.UnixNano())
}

// knownMethod returns the method where the conventions know it, else "_OTHER",
// so that no one on the wire makes names of spans.
func knownMethod(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH":
		return method
	}
	return "_OTHER"
}

// nameOf names a span. A route would be better, but only the origin server
// knows which it has.
func nameOf(method string) string {
	if m := knownMethod(method); m != "_OTHER" {
		return m
	}
	return "HTTP"
}

func (w *spanWriter) serverAttributes(a *annotate.Annotated) {
	at, x := attributes{&w.encoder, spanAttributes}, w.x
	w.common(at)
	at.text("url.scheme", x.Scheme)
	at.text("url.path", x.Path())
	at.text("url.query", x.Query())
	peer(at, "client.address", "client.port", &x.Client)
	at.text("network.protocol.version", x.Request.Version.Number())
	at.text("user_agent.original", x.Request.Fields.Value(exchange.FieldUserAgent))
	at.number("http.response.status_code", int64(x.Response.Status))
	at.text("error.type", serverError(x).code)
	at.text("sidenote.status.class", annotate.ClassOf(x))
	at.text("sidenote.effective.outcome", x.Effective().Outcome.String())
	at.text("sidenote.effective.protocol", string(x.Effective().Protocol))
	at.text("sidenote.effective.code", x.Effective().Code)
	w.operation(at)
	at.text("sidenote.verdict", a.Verdict().String())
	at.text("sidenote.reason", annotate.Reason(x))
	at.text("sidenote.blame", string(a.Blame()))
	at.texts("sidenote.changed", x.Changed.Names())
}

// operation are the attributes of what the request asks for.
func (w *spanWriter) operation(at attributes) {
	switch op := w.x.Operation(); op.Protocol {
	case "":
	case inside.GraphQL:
		at.text("graphql.operation.type", op.Type)
		at.text("graphql.operation.name", op.Name)
	default:
		at.text("rpc.system", string(op.Protocol))
		at.text("rpc.method", op.Name)
	}
}

func (w *spanWriter) clientAttributes() {
	at, x := attributes{&w.encoder, spanAttributes}, w.x
	w.common(at)
	at.text("url.full", x.URL())
	peer(at, "network.peer.address", "network.peer.port", &x.Origin)
	if n := x.Origin.Attempts; n > 1 {
		at.number("http.request.resend_count", int64(n-1))
	}
	if tls := x.Origin.TLS; tls != nil {
		at.text("tls.protocol.version", tls.VersionName())
		at.flag("tls.resumed", tls.Resumed)
	}
	at.flag("sidenote.connection.reused", x.Origin.Reused)
	at.text("sidenote.upstream_proxy", x.Origin.Proxy)
	at.text("error.type", clientError(x).code)
	if r := &x.Response; !r.Made && r.Status != 0 {
		at.number("http.response.status_code", int64(r.Status))
		at.text("network.protocol.version", r.Version.Number())
	}
}

// common are the attributes of both spans.
func (w *spanWriter) common(at attributes) {
	x := w.x
	at.text("sidenote.exchange.id", x.ID)
	if m := knownMethod(x.Request.Method); m == "_OTHER" {
		at.text("http.request.method_original", x.Request.Method)
		at.text("http.request.method", m)
	} else {
		at.text("http.request.method", m)
	}
	host, port := x.Server()
	at.text("server.address", host)
	at.number("server.port", int64(port))
	at.number("http.request.body.size", x.Request.Content.Size)
	at.number("http.response.body.size", x.Response.Content.Size)
}

func peer(at attributes, address, port string, c *exchange.Connection) {
	if c.Peer.IsValid() {
		var scratch [64]byte
		at.octets(address, c.Peer.Addr().WithZone("").AppendTo(scratch[:0]))
		at.number(port, int64(c.Peer.Port()))
	}
}

// event begins an event, whose attributes come next, and then close. One too
// many is counted; ok is false for it.
func (w *spanWriter) event(name string, when time.Time) (at int, more attributes, ok bool) {
	if w.events >= maxEvents {
		w.dropped++
		return 0, attributes{}, false
	}
	w.events++
	at = w.open(spanEvents)
	w.fixed64(eventTime, nanos(when))
	w.text(eventName, name)
	return at, attributes{&w.encoder, eventAttributes}, true
}

// phases writes an event at the end of each phase that happened.
func (w *spanWriter) phases(start time.Time) {
	t := &w.x.Timing
	connected := start.Add(t.DNS)
	w.phase("sidenote.dns.done", connected, t.DNS)
	w.phase("sidenote.connect.done", connected.Add(t.Connect), t.Connect)
	w.phase("sidenote.tls.done", connected.Add(t.Connect+t.TLS), t.TLS)
	if t.RequestSent != 0 { // a request without content takes no time
		w.phaseDone("sidenote.request.sent", w.x.Started.Add(t.RequestSent), t.RequestSent-t.HeadSent)
	}
	w.phase("sidenote.response.first_byte", w.x.Started.Add(t.FirstByte), t.Wait())
}

func (w *spanWriter) phase(name string, at time.Time, took time.Duration) {
	if took > 0 {
		w.phaseDone(name, at, took)
	}
}

func (w *spanWriter) phaseDone(name string, when time.Time, took time.Duration) {
	if at, more, ok := w.event(name, when); ok {
		more.millis("sidenote.duration_ms", float64(took)/1e6)
		w.close(at)
	}
}

func (w *spanWriter) interims() {
	for i := range w.x.Interim {
		r := &w.x.Interim[i]
		if at, more, ok := w.event(eventInterim, w.x.Started.Add(r.At)); ok {
			more.number("http.response.status_code", int64(r.Status))
			w.close(at)
		}
	}
}

// A spanError is why a span counts as failed; the zero value is that it does not.
type spanError struct{ code, message string }

// serverError follows the conventions: of the status codes only 5xx are errors
// of a server.
func serverError(x *exchange.Exchange) spanError {
	if x.Err != nil {
		return failure(x.Err)
	}
	return statusFrom(&x.Response, 500)
}

// clientError is why the exchange with the origin server failed; to a client
// 4xx are errors too. That the response could not be passed on is not a fault
// of it.
func clientError(x *exchange.Exchange) spanError {
	if x.Err != nil && x.FailedIn() != exchange.PhaseDelivery {
		return failure(x.Err)
	}
	return statusFrom(&x.Response, 400)
}

func statusFrom(r *exchange.Response, least int) spanError {
	if r.Status < least || r.Status > 599 {
		return spanError{}
	}
	return spanError{code: strconv.Itoa(r.Status)}
}

func failure(err *exchange.Err) spanError {
	f, _ := err.Code.Lookup()
	return spanError{code: string(err.Code), message: f.Title}
}

// finish writes what is known at the end.
func (w *spanWriter) finish(err spanError) {
	if w.dropped > 0 {
		w.varint(spanEventsDropped, uint64(w.dropped))
	}
	if err == (spanError{}) {
		return
	}
	at := w.open(spanStatus)
	if err.message != "" {
		w.text(statusMessage, err.message)
	}
	w.varint(statusCode, statusError)
	w.close(at)
}
