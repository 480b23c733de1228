package exchange

import (
	"strings"
	"time"
)

// A StreamMessage is one message of a stream inside of an exchange: a WebSocket
// message or control frame, an event, a gRPC message, a line of JSON. Message,
// the request or the response, is RFC 9110's word for what carries it.
//
// No one changes it once it has been handed out.
type StreamMessage struct {
	Number     int64 // from 1, in the order in which the messages of both directions ended
	FromClient bool
	At         time.Duration // when its last octet had come, since Exchange.Started
	Kind       MessageKind
	Size       int64  // octets of its content, without compression where it could be removed
	Wire       int64  // octets that it took in the stream, with its framing
	Parts      int    // frames of a WebSocket message that came in several; 0 for one
	Content    []byte // the first octets of its content; of an event its data
	Truncated  bool   // Content lacks octets
	Compressed bool   // it was compressed in the stream
	Name       string // type of an event; method of JSON-RPC
	ID         string // ID of an event, or of JSON-RPC
	Code       int    // status code of a WebSocket close; error code of JSON-RPC; 0 without one
	Decoded    string // what binary content says, as JSON; "" where that is not known
	Faults     []MessageFault
}

// A MessageKind says what a StreamMessage is.
type MessageKind string

// The kinds.
const (
	KindText     MessageKind = "text"     // WebSocket
	KindBinary   MessageKind = "binary"   // WebSocket
	KindPing     MessageKind = "ping"     // WebSocket
	KindPong     MessageKind = "pong"     // WebSocket
	KindClose    MessageKind = "close"    // WebSocket
	KindUnknown  MessageKind = "unknown"  // a WebSocket frame with an opcode that has no meaning
	KindEvent    MessageKind = "event"    // of text/event-stream
	KindComment  MessageKind = "comment"  // of text/event-stream, between events
	KindMessage  MessageKind = "message"  // gRPC
	KindTrailers MessageKind = "trailers" // gRPC-Web
	KindLine     MessageKind = "line"     // of newline-delimited JSON
	KindCall     MessageKind = "call"     // JSON-RPC in a body, also a notification
	KindResult   MessageKind = "result"   // JSON-RPC in a body
	KindError    MessageKind = "error"    // JSON-RPC in a body
)

// MessageKinds lists the kinds.
func MessageKinds() []string {
	return []string{
		string(KindText), string(KindBinary), string(KindPing), string(KindPong), string(KindClose), string(KindUnknown),
		string(KindEvent), string(KindComment), string(KindMessage), string(KindTrailers), string(KindLine),
		string(KindCall), string(KindResult), string(KindError),
	}
}

// A MessageFormat says how the messages of a stream are written.
type MessageFormat string

// The formats.
const (
	FormatWebSocket MessageFormat = "websocket"
	FormatSSE       MessageFormat = "sse"
	FormatGRPC      MessageFormat = "grpc"
	FormatGRPCWeb   MessageFormat = "grpc-web"
	FormatNDJSON    MessageFormat = "ndjson"
	FormatJSONRPC   MessageFormat = "json-rpc"
)

// MessageFormats lists the formats.
func MessageFormats() []string {
	return []string{
		string(FormatWebSocket), string(FormatSSE), string(FormatGRPC), string(FormatGRPCWeb), string(FormatNDJSON), string(FormatJSONRPC),
	}
}

// A MessageFault is something wrong with a message, or with what follows the
// last one. Detail has the values at hand.
type MessageFault struct {
	Code   FaultCode
	Detail string
}

// A FaultCode says what is wrong with a message.
type FaultCode string

// The faults of WebSocket (RFC 6455, RFC 7692).
const (
	FaultInvalidUTF8    FaultCode = "invalid-utf8"
	FaultNotMasked      FaultCode = "not-masked"
	FaultMasked         FaultCode = "masked"
	FaultReservedBits   FaultCode = "reserved-bits"
	FaultNotAgreed      FaultCode = "deflate-not-agreed"
	FaultOpcode         FaultCode = "opcode-unknown"
	FaultControlParts   FaultCode = "control-fragmented"
	FaultControlLong    FaultCode = "control-too-long"
	FaultNoBeginning    FaultCode = "continuation-without-beginning"
	FaultInterleaved    FaultCode = "message-in-message"
	FaultLength         FaultCode = "length-not-minimal"
	FaultLengthInvalid  FaultCode = "length-invalid"
	FaultCloseCode      FaultCode = "close-code-invalid"
	FaultClosePayload   FaultCode = "close-payload-invalid"
	FaultNoClose        FaultCode = "close-missing"
	FaultAfterClose     FaultCode = "data-after-close"
	FaultCompression    FaultCode = "compression-broken"
	FaultContextUnknown FaultCode = "compression-context-unknown" // sidenote's own: it did not keep what is needed
)

// The faults of event streams (HTML §9.2), gRPC and JSON.
const (
	FaultBOM          FaultCode = "byte-order-mark"
	FaultRetry        FaultCode = "retry-invalid"
	FaultFieldUnknown FaultCode = "field-unknown"
	FaultUnfinished   FaultCode = "unfinished" // the stream ended within it
	FaultIDNul        FaultCode = "id-with-nul"
	FaultFlags        FaultCode = "flags-unknown"
	FaultNoCoding     FaultCode = "compressed-without-coding"
	FaultProtobuf     FaultCode = "not-protobuf"
	FaultBase64       FaultCode = "not-base64"
	FaultJSON         FaultCode = "not-json"
	FaultInternal     FaultCode = "internal" // a fault of sidenote's own, which costs the rest of the messages
)

// Messages are the messages of a stream inside of an exchange.
type Messages struct {
	Format MessageFormat
	List   []StreamMessage // in the order of their numbers

	Sent     int64 // how many the client sent
	Received int64 // how many the other side sent
	Dropped  int64 // of these, how many List has no room for
	Unread   int64 // octets of the stream in which no message could be found

	// Faults has each fault of each direction once, where it was first met.
	Faults []StreamFault
}

// A StreamFault is a fault of the messages of one direction.
type StreamFault struct {
	MessageFault
	FromClient bool
	Number     int64 // of the first message that has it; 0 for one of the stream itself
	At         time.Duration
	Times      int64
}

// mostFaults bounds the faults of an exchange: each code may be there for either
// direction.
const mostFaults = 64

// Count takes note of a message that was sent, and of what is wrong with it. It
// does not add it to List.
func (s *Messages) Count(m *StreamMessage) {
	if m.FromClient {
		s.Sent++
	} else {
		s.Received++
	}
	for _, f := range m.Faults {
		s.Fault(StreamFault{MessageFault: f, FromClient: m.FromClient, Number: m.Number, At: m.At})
	}
}

// Fault takes note of a fault.
func (s *Messages) Fault(f StreamFault) {
	for i := range s.Faults {
		if have := &s.Faults[i]; have.Code == f.Code && have.FromClient == f.FromClient {
			have.Times++
			return
		}
	}
	if len(s.Faults) < mostFaults {
		f.Times = max(f.Times, 1)
		s.Faults = append(s.Faults, f)
	}
}

// Last returns the last message of a kind and direction that List has, nil for none.
func (s *Messages) Last(kind MessageKind, fromClient bool) *StreamMessage {
	for i := len(s.List) - 1; i >= 0; i-- {
		if m := &s.List[i]; m.Kind == kind && m.FromClient == fromClient {
			return m
		}
	}
	return nil
}

// memoryOfMessage is the size of a StreamMessage in octets of memory.
const memoryOfMessage = 184

// Memory estimates how many octets of memory a message holds.
func (m *StreamMessage) Memory() int64 {
	n := memoryOfMessage + cap(m.Content) + len(m.Name) + len(m.ID) + len(m.Decoded)
	for i := range m.Faults {
		n += 32 + len(m.Faults[i].Detail)
	}
	return int64(n)
}

// Memory estimates how many octets of memory the messages hold; nil holds none.
func (s *Messages) Memory() (n int64) {
	if s == nil {
		return 0
	}
	for i := range s.List {
		n += s.List[i].Memory()
	}
	return n + 128 + int64(len(s.Faults))*96
}

// Text returns the content of a message as people read it, and reports whether it
// is text: what it was decoded to, or else its content.
func (m *StreamMessage) Text() (string, bool) {
	switch {
	case m.Decoded != "":
		return m.Decoded, true
	case m.Kind == KindBinary, m.Kind == KindMessage, m.Kind == KindUnknown:
		return "", false
	}
	return string(m.Content), true
}

// parseMessageFormat reads a format; ok is false for any that is not ours.
func parseMessageFormat(s string) (f MessageFormat, ok bool) {
	for _, known := range MessageFormats() {
		if strings.EqualFold(s, known) {
			return MessageFormat(known), true
		}
	}
	return "", false
}
