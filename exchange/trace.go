package exchange

import (
	"encoding/hex"
	"strings"
)

// A TraceID names a trace (W3C Trace Context §3.2.2.3); all zero is none.
type TraceID [16]byte

// A SpanID names one step of a trace (W3C Trace Context §3.2.2.4); all zero is
// none.
type SpanID [8]byte

// String returns the 32 digits of the ID, "" for none.
func (t TraceID) String() string {
	if t == (TraceID{}) {
		return ""
	}
	return hex.EncodeToString(t[:])
}

// String returns the 16 digits of the ID, "" for none.
func (s SpanID) String() string {
	if s == (SpanID{}) {
		return ""
	}
	return hex.EncodeToString(s[:])
}

// A Trace says where an exchange is in a distributed trace. The zero value is
// an exchange of which no trace is known.
type Trace struct {
	ID      TraceID
	Parent  SpanID // the step that sent the request; none where the trace begins here
	Span    SpanID // the exchange with the client; none where no span is made of it
	Sent    SpanID // the exchange with the origin server, a step below Span
	Sampled bool   // anyone who began the trace records it
}

// Traceparent is the field value that makes an origin server's work a step
// below the exchange with it (W3C Trace Context §3.2).
func (t *Trace) Traceparent() string {
	b := make([]byte, 0, traceparentLen)
	b = appendHex(append(b, "00-"...), t.ID[:])
	b = appendHex(append(b, '-'), t.Sent[:])
	if t.Sampled {
		return string(append(b, "-01"...))
	}
	return string(append(b, "-00"...))
}

const traceparentLen = len("00-") + 32 + 1 + 16 + len("-00")

// ParseTraceparent reads the value of a Traceparent field: which trace, which
// step of it, and whether it is sampled. Of a version that is not known yet it
// reads what every version must begin with (W3C Trace Context §3.2.2); ok is
// false for what no version allows.
func ParseTraceparent(s string) (t TraceID, parent SpanID, sampled, ok bool) {
	var version, flags [1]byte
	known := len(s) == traceparentLen
	if len(s) < traceparentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' || !known && s[55] != '-' {
		return TraceID{}, SpanID{}, false, false
	}
	ok = lowerHex(version[:], s[:2]) && lowerHex(t[:], s[3:35]) && lowerHex(parent[:], s[36:52]) && lowerHex(flags[:], s[53:55])
	if !ok || version[0] == 0xff || version[0] == 0 && !known || t == (TraceID{}) || parent == (SpanID{}) {
		return TraceID{}, SpanID{}, false, false
	}
	return t, parent, flags[0]&1 != 0, true
}

// lowerHex reads hexadecimal digits, of which capitals are not allowed.
func lowerHex(to []byte, s string) bool {
	if strings.ContainsAny(s, "ABCDEF") {
		return false
	}
	_, err := hex.Decode(to, []byte(s))
	return err == nil
}

// TraceContext reads the trace that a request says it belongs to. ok is false
// where it says none, or says it wrongly or twice.
func (r *Request) TraceContext() (t TraceID, parent SpanID, sampled, ok bool) {
	if r.Fields.Count(FieldTraceparent) != 1 {
		return TraceID{}, SpanID{}, false, false
	}
	return ParseTraceparent(r.Fields.Value(FieldTraceparent))
}
