package message

import (
	"strings"
	"time"

	"sidenote/exchange"
)

// A Reader reads the messages of one direction. Its methods are called one after
// another.
type Reader interface {
	// Take reads octets that passed at a time since the exchange began. They are
	// valid during the call.
	Take(p []byte, at time.Duration)
	// End is the last call; whole says that the stream ended as its framing says.
	End(at time.Duration, whole bool)
}

// Options say what a Reader does with what it finds.
type Options struct {
	Keep       int // octets kept of the content of each message
	FromClient bool

	// Emit is called with each message when it has ended, and owns it.
	Emit func(*exchange.StreamMessage)
	// Fault is called with what is wrong beside messages.
	Fault func(exchange.MessageFault, time.Duration)
	// Unread is called with octets in which no message can be found.
	Unread func(octets int)
}

// mostCompressed bounds the octets that are kept of a compressed message until it
// has been decompressed.
const mostCompressed = 1 << 20

// FormatOf says how the messages of a request or of a response are written, by
// its content type; "" where it has none. JSON-RPC shows in the content alone.
func FormatOf(f *exchange.Fields) exchange.MessageFormat {
	kind, _, _ := strings.Cut(f.Value(exchange.FieldContentType), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case kind == "text/event-stream":
		return exchange.FormatSSE
	case kind == "application/grpc" || strings.HasPrefix(kind, "application/grpc+"):
		return exchange.FormatGRPC
	case strings.HasPrefix(kind, "application/grpc-web"):
		return exchange.FormatGRPCWeb
	}
	switch kind {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/jsonlines",
		"application/json-lines", "application/x-jsonl", "application/jsonlines+json", "application/json-seq", "application/stream+json":
		return exchange.FormatNDJSON
	}
	return ""
}

// ForContent returns what reads the content of a request or of a response, and
// the format; nil where no messages are expected in it.
func ForContent(m *exchange.Message, o Options) (Reader, exchange.MessageFormat) {
	format := FormatOf(&m.Fields)
	if format == "" {
		return nil, ""
	}
	r := readerOf(format, m, o)
	if coding := contentCoding(&m.Fields); coding != "" {
		r = newCoded(r, coding, o)
	}
	return r, format
}

func readerOf(format exchange.MessageFormat, m *exchange.Message, o Options) Reader {
	switch format {
	case exchange.FormatSSE:
		return newEvents(o)
	case exchange.FormatGRPC:
		return newGRPC(o, false, grpcCoding(&m.Fields))
	case exchange.FormatGRPCWeb:
		var r Reader = newGRPC(o, true, grpcCoding(&m.Fields))
		if strings.Contains(strings.ToLower(m.Fields.Value(exchange.FieldContentType)), "grpc-web-text") {
			r = newBase64(r, o)
		}
		return r
	}
	return newLines(o)
}

// contentCoding is the content coding of a message; "" where there is none.
func contentCoding(f *exchange.Fields) string {
	coding := strings.ToLower(strings.TrimSpace(f.Combined(exchange.FieldContentEncoding)))
	if coding == "identity" {
		return ""
	}
	return coding
}

// grpcCoding is what grpc-encoding names; "" where messages cannot be compressed.
func grpcCoding(f *exchange.Fields) string {
	coding := strings.ToLower(strings.TrimSpace(f.Value(exchange.FieldGrpcEncoding)))
	if coding == "identity" {
		return ""
	}
	return coding
}

// IsWebSocket reports whether a response switches to the WebSocket protocol on
// HTTP/1.1 (RFC 6455 §4.2.2).
func IsWebSocket(r *exchange.Response) bool {
	return r.Status == 101 && strings.EqualFold(strings.TrimSpace(r.Fields.Value(exchange.FieldUpgrade)), "websocket")
}
