package exchange_test

import (
	"strings"
	"testing"

	"sidenote/exchange"
)

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestParseTraceparent(t *testing.T) {
	for value, want := range map[string]bool{
		traceparent: true,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00":       true,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff":       true,
		"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01":       true,
		"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later": true,
		"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01later":  false,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later": false,
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01":       false,
		"00-00000000000000000000000000000000-b7ad6b7169203331-01":       false,
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01":       false,
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01":       false,
		"00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01":        false,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0":        false,
		"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01":       false,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01":       false,
		"": false,
	} {
		id, parent, sampled, ok := exchange.ParseTraceparent(value)
		switch {
		case ok != want:
			t.Errorf("%q: %v", value, ok)
		case ok && (id.String() != "0af7651916cd43dd8448eb211c80319c" || parent.String() != "b7ad6b7169203331"):
			t.Errorf("%q: %s %s", value, id, parent)
		case ok && sampled == strings.HasSuffix(value, "-00"):
			t.Errorf("%q: sampled %v", value, sampled)
		case !ok && (id.String() != "" || parent.String() != "" || sampled):
			t.Errorf("%q: %s %s", value, id, parent)
		}
	}
}

func TestTraceContextOfARequest(t *testing.T) {
	for head, want := range map[string]bool{
		"> traceparent: " + traceparent + "\n":                                     true,
		"> traceparent: " + traceparent + "\n> traceparent: " + traceparent + "\n": false,
		"> traceparent: nonsense\n":                                                false,
		"":                                                                         false,
	} {
		x := mustParse(t, "> GET / HTTP/1.1\n> Host: a\n"+head+">\n")
		if _, _, _, ok := x.Request.TraceContext(); ok != want {
			t.Errorf("%q: %v", head, ok)
		}
	}
}

func FuzzTraceparent(f *testing.F) {
	f.Add(traceparent)
	f.Add("cc" + traceparent[2:] + "-x")
	f.Fuzz(func(t *testing.T, s string) {
		id, parent, sampled, ok := exchange.ParseTraceparent(s)
		if !ok {
			return
		}
		tr := exchange.Trace{ID: id, Sent: parent, Sampled: sampled}
		again, p, q, ok := exchange.ParseTraceparent(tr.Traceparent())
		if !ok || again != id || p != parent || q != sampled || !strings.HasPrefix(s[2:], tr.Traceparent()[2:53]) {
			t.Errorf("%q becomes %q", s, tr.Traceparent())
		}
	})
}

func TestTraceIsKeptInRecords(t *testing.T) {
	x := mustParse(t, "> GET /?token=s3cret HTTP/1.1\n> Host: a\n> Authorization: Bearer abc\n>\n")
	x.Trace = exchange.Trace{ID: exchange.TraceID{1}, Parent: exchange.SpanID{2}, Span: exchange.SpanID{3}, Sent: exchange.SpanID{4}, Sampled: true}
	line := x.AppendJSON(nil, exchange.EncodeOptions{Full: true})
	if want := `"trace_id":"01000000000000000000000000000000","span_id":"0300000000000000"`; !strings.Contains(string(line), want) {
		t.Errorf("%s\nlacks %s", line, want)
	}
	y, err := exchange.ParseJSON(line)
	if err != nil || y.Trace != x.Trace {
		t.Errorf("%+v, %v", y, err)
	}
	if y := exchange.NewRedactor(nil).Redact(x, true); y == x || y.Trace != x.Trace {
		t.Errorf("redacted: %+v", y.Trace)
	}
	if _, err := exchange.ParseJSON([]byte(strings.Replace(string(line), `"0300`, `"03zz`, 1))); err == nil {
		t.Error("a span ID that is none is read")
	}
}
