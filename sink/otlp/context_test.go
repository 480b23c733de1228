package otlp_test

import (
	"testing"

	"sidenote/exchange"
	"sidenote/sink/otlp"
)

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func parse(t testing.TB, text string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestTraceContext(t *testing.T) {
	const valid, broken, state = "> traceparent: " + traceparent + "\n", "> traceparent: x\n", "> tracestate: a=b\n"
	for _, c := range []struct {
		mode         otlp.ContextMode
		spans        bool
		fields       string
		added        bool
		inherits     bool // the trace of the request
		known, spanN bool // a trace is known; spans have IDs
	}{
		{mode: "forward"},
		{mode: "forward", fields: valid, inherits: true, known: true},
		{mode: "forward", fields: valid, spans: true, inherits: true, known: true, spanN: true},
		{mode: "forward", spans: true, known: true, spanN: true},
		{mode: "forward", fields: broken, spans: true, known: true, spanN: true},
		{mode: "forward", fields: broken},
		{mode: "start", added: true, known: true, spanN: true},
		{mode: "start", fields: valid, inherits: true, known: true},
		{mode: "start", fields: broken},
		{mode: "start", fields: state},
		{mode: "off", fields: valid},
		{mode: "off", fields: valid, spans: true, known: true, spanN: true},
	} {
		x := parse(t, "> GET / HTTP/1.1\n> Host: a\n"+c.fields+">\n")
		added := otlp.Tracer{Mode: c.mode, Spans: c.spans}.Request(x)
		tr := &x.Trace
		if (len(added) == 1) != c.added || (x.Changed == exchange.ChangedTraceStarted) != c.added {
			t.Errorf("%+v: added %v, changed %v", c, added, x.Changed.Names())
		}
		if inherits := tr.Parent.String() == "b7ad6b7169203331" && tr.ID.String() == "0af7651916cd43dd8448eb211c80319c"; inherits != c.inherits {
			t.Errorf("%+v: %+v", c, tr)
		}
		if (tr.ID.String() != "") != c.known || (tr.Span.String() != "") != c.spanN || (tr.Sent.String() != "") != c.spanN {
			t.Errorf("%+v: %+v", c, tr)
		}
		if c.added {
			id, parent, sampled, ok := exchange.ParseTraceparent(added[0].Value)
			if !ok || !sampled || id != tr.ID || parent != tr.Sent || added[0].Name != "traceparent" {
				t.Errorf("%+v: %+v", c, added)
			}
		}
	}
}
