package otlp

import (
	"encoding/binary"
	"math/rand/v2"

	"sidenote/exchange"
)

// A ContextMode says what is done with the W3C Trace Context of requests.
type ContextMode string

// The modes.
const (
	ContextForward ContextMode = "forward" // requests are sent on as they came; the context is read
	ContextStart   ContextMode = "start"   // and a request without one gets one
	ContextOff     ContextMode = "off"     // the context is not even read
)

// A Tracer finds the place of exchanges in traces. It is the Request hook of
// the proxy.
type Tracer struct {
	Mode  ContextMode
	Spans bool // spans are made of exchanges, so that each needs IDs
}

// Request records the trace of an exchange. In mode start it returns a field
// line to add to a request without a trace. It never alters an existing one,
// valid or not.
func (t Tracer) Request(x *exchange.Exchange) []exchange.Line {
	x.Trace = t.read(x)
	f := &x.Request.Fields
	start := t.Mode == ContextStart && !f.Has(exchange.FieldTraceparent) && !f.Has(exchange.FieldTracestate)
	if !start && !t.Spans {
		return nil
	}
	name(&x.Trace)
	if !start {
		return nil
	}
	x.Changed |= exchange.ChangedTraceStarted
	return []exchange.Line{{Name: "traceparent", Value: x.Trace.Traceparent()}}
}

// read returns the trace that the request says it belongs to.
func (t Tracer) read(x *exchange.Exchange) exchange.Trace {
	if t.Mode == ContextOff {
		return exchange.Trace{}
	}
	id, parent, sampled, _ := x.Request.TraceContext()
	return exchange.Trace{ID: id, Parent: parent, Sampled: sampled}
}

// name sets the span IDs of an exchange, and a trace ID if it has none. Trace
// Context requires random IDs, not unpredictable ones.
func name(t *exchange.Trace) {
	if t.ID == (exchange.TraceID{}) {
		binary.BigEndian.PutUint64(t.ID[:8], rand.Uint64())
		binary.BigEndian.PutUint64(t.ID[8:], notZero())
		t.Sampled = true
	}
	binary.BigEndian.PutUint64(t.Span[:], notZero())
	binary.BigEndian.PutUint64(t.Sent[:], notZero())
}

// notZero returns a random number but 0, which would be no ID.
func notZero() uint64 {
	for {
		if n := rand.Uint64(); n != 0 {
			return n
		}
	}
}
