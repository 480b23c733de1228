package exchange

import (
	"strconv"
	"time"

	"github.com/rs/zerolog"
)

// MessageSchema names the form of the record of one message.
const MessageSchema = "sidenote.message/1"

// A Stream says of which exchange messages are, and how they are written.
type Stream struct {
	ID, Run string
	Started time.Time
	Trace   Trace
	Method  string
	URL     string
	Host    string
	Format  MessageFormat
}

// StreamOf returns the stream of an exchange. It reads of x what is known once the
// heads are; r takes the secrets out, nil leaves them in.
func StreamOf(x *Exchange, format MessageFormat, r *Redactor) *Stream {
	host, _ := x.Server()
	return &Stream{x.ID, x.Run, x.Started, x.Trace, x.Request.Method, r.URI(x.URL()), r.URI(host), format}
}

// Encode writes a message into a zerolog event: a record of its own, of the schema
// "sidenote.message/1".
func (s *Stream) Encode(e *zerolog.Event, m *StreamMessage) {
	var scratch [512]byte
	e.Str("schema", MessageSchema)
	if !s.Started.IsZero() {
		e.RawJSON("time", appendTime(scratch[:0], s.Started.Add(m.At)))
	}
	strUnlessEmpty(e, "sidenote.exchange.id", s.ID)
	strUnlessEmpty(e, "sidenote.run.id", s.Run)
	if s.Trace.ID != (TraceID{}) {
		s.Trace.encode(e)
	}
	e.Str("http.request.method", s.Method)
	e.Str("url.full", s.URL)
	strUnlessEmpty(e, "server.address", s.Host)
	e.Str("sidenote.messages.format", string(s.Format))
	o := object{scratch[:0]}
	o.b = append(o.b, '{')
	m.encode(&o)
	e.RawJSON("sidenote.message", append(o.b, '}'))
}

func (s *Messages) appendJSON(b []byte) []byte {
	o := object{append(b, '{')}
	o.text("format", string(s.Format))
	o.b = strconv.AppendInt(appendKey(o.b, "sent"), s.Sent, 10)
	o.b = strconv.AppendInt(appendKey(o.b, "received"), s.Received, 10)
	o.number("dropped", s.Dropped)
	o.number("unread", s.Unread)
	if len(s.Faults) > 0 {
		o.b = append(appendKey(o.b, "faults"), '[')
		for i := range s.Faults {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = append(o.b, '{')
			s.Faults[i].encode(&o)
			o.b = append(o.b, '}')
		}
		o.b = append(o.b, ']')
	}
	return append(o.b, '}')
}

func (f *StreamFault) encode(o *object) {
	o.text("code", string(f.Code))
	o.text("detail", f.Detail)
	o.text("from", sideName(f.FromClient))
	o.number("number", f.Number)
	o.b = appendMillis(appendKey(o.b, "at"), f.At)
	o.b = strconv.AppendInt(appendKey(o.b, "times"), f.Times, 10)
}

// The names that records have for the sides.
const (
	sideClient = "client"
	sideOrigin = "origin"
)

func sideName(fromClient bool) string {
	if fromClient {
		return sideClient
	}
	return sideOrigin
}

func (s *Messages) appendList(b []byte) []byte {
	o := object{append(b, '[')}
	for i := range s.List {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(o.b, '{')
		s.List[i].encode(&o)
		o.b = append(o.b, '}')
	}
	return append(o.b, ']')
}

func (m *StreamMessage) encode(o *object) {
	o.b = strconv.AppendInt(appendKey(o.b, "number"), m.Number, 10)
	o.text("from", sideName(m.FromClient))
	o.b = appendMillis(appendKey(o.b, "at"), m.At)
	o.text("kind", string(m.Kind))
	o.b = strconv.AppendInt(appendKey(o.b, "size"), m.Size, 10)
	o.b = strconv.AppendInt(appendKey(o.b, "wire_size"), m.Wire, 10)
	o.number("parts", int64(m.Parts))
	o.flag("truncated", m.Truncated)
	o.flag("compressed", m.Compressed)
	o.text("name", m.Name)
	o.text("id", m.ID)
	o.number("code", int64(m.Code))
	o.text("content", string(m.Content))
	o.text("decoded", m.Decoded)
	if len(m.Faults) > 0 {
		o.b = append(appendKey(o.b, "faults"), '[')
		for i := range m.Faults {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = append(o.b, '{')
			o.text("code", string(m.Faults[i].Code))
			o.text("detail", m.Faults[i].Detail)
			o.b = append(o.b, '}')
		}
		o.b = append(o.b, ']')
	}
}

// AppendJSON appends a message as it stands in records, without a line feed.
func (m *StreamMessage) AppendJSON(b []byte) []byte {
	o := object{append(b, '{')}
	m.encode(&o)
	return append(o.b, '}')
}

// MessageProperties returns the keys that Stream.Encode writes, in their order.
func MessageProperties() []Property {
	list := Identity(MessageSchema)
	for i := range list {
		if list[i].Key == "time" {
			list[i].Doc = "when the last byte of the message arrived; RFC 3339, UTC"
		}
	}
	own := map[string]bool{"http.request.method": true, "url.full": true, "server.address": true}
	for _, p := range Properties() {
		if own[p.Key] {
			list = append(list, p)
		}
	}
	return append(list,
		Property{Key: "sidenote.messages.format", Doc: "how the messages of the stream are written", Schema: map[string]any{"enum": MessageFormats()}, Required: true},
		Property{Key: "sidenote.message", Doc: "the message", Members: streamMessageProperties(), Required: true},
	)
}

func streamProperties() []Property {
	return []Property{
		{Key: "format", Doc: "how they are written", When: whenKnown, Schema: map[string]any{"enum": MessageFormats()}},
		{Key: "sent", Doc: "how many the client sent", Schema: integer(), Required: true},
		{Key: "received", Doc: "how many it received", Schema: integer(), Required: true},
		{Key: "dropped", Doc: "how many of them sidenote did not keep, for lack of room", When: "there are any", Schema: integer()},
		{Key: "unread", Doc: "bytes of the stream in which sidenote found no message", When: "there are any", Schema: integer()},
		{Key: "faults", Doc: "what is wrong with messages, each fault of either side once", When: "something is", List: true, Members: []Property{
			{Key: "code", Doc: "name of the fault", Schema: text(), Required: true},
			{Key: "detail", Doc: "the values found", When: "there are any", Schema: wire()},
			{Key: "from", Doc: "who sent it", Schema: sideSchema(), Required: true},
			{Key: "number", Doc: "number of the first message that has it", When: "a message has it, not the stream", Schema: integer()},
			{Key: "at", Doc: "milliseconds from the beginning to that message", Schema: milliseconds(), Required: true},
			{Key: "times", Doc: "how many messages have it", Schema: integer(), Required: true},
		}},
	}
}

func sideSchema() map[string]any { return map[string]any{"enum": []string{sideClient, sideOrigin}} }

// streamMessageProperties returns what encode writes of a message.
func streamMessageProperties() []Property {
	return []Property{
		{Key: "number", Doc: "counts the messages of the exchange, from 1", Schema: integer(), Required: true},
		{Key: "from", Doc: "who sent it", Schema: sideSchema(), Required: true},
		{Key: "at", Doc: "milliseconds from the beginning to its last byte", Schema: milliseconds(), Required: true},
		{Key: "kind", Doc: "what it is", Schema: map[string]any{"enum": MessageKinds()}, Required: true},
		{Key: "size", Doc: "bytes of its content, decompressed where that is possible", Schema: integer(), Required: true},
		{Key: "wire_size", Doc: "bytes that it took in the stream", Schema: integer(), Required: true},
		{Key: "parts", Doc: "frames that it came in", When: "there were several", Schema: integer()},
		{Key: "truncated", Doc: "its content lacks bytes", When: whenTrue, Schema: yes()},
		{Key: "compressed", Doc: "it was compressed", When: whenTrue, Schema: yes()},
		{Key: "name", Doc: "type of an event, or method of JSON-RPC", When: "it has one", Schema: wire()},
		{Key: "id", Doc: "ID of an event, or of JSON-RPC", When: "it has one", Schema: wire()},
		{Key: "code", Doc: "status code of a WebSocket close, or error code of JSON-RPC", When: "it has one", Schema: integer()},
		{Key: "content", Doc: "its content, or the beginning of it", When: "something was kept", Schema: wire()},
		{Key: "decoded", Doc: "what binary content says, as JSON", When: whenKnown, Schema: wire()},
		{Key: "faults", Doc: "what is wrong with it", When: "something is", List: true, Members: []Property{
			{Key: "code", Doc: "name of the fault", Schema: text(), Required: true},
			{Key: "detail", Doc: "the values found", When: "there are any", Schema: wire()},
		}},
	}
}

// The types below are what a full record has of messages, as encoding/json reads it.

type recordStream struct {
	Format   wireText      `json:"format"`
	Sent     int64         `json:"sent"`
	Received int64         `json:"received"`
	Dropped  int64         `json:"dropped"`
	Unread   int64         `json:"unread"`
	Faults   []recordFault `json:"faults"`
}

type recordFault struct {
	Code   string   `json:"code"`
	Detail wireText `json:"detail"`
	From   string   `json:"from"`
	Number int64    `json:"number"`
	At     millis   `json:"at"`
	Times  int64    `json:"times"`
}

type recordPiece struct {
	Number     int64         `json:"number"`
	From       string        `json:"from"`
	At         millis        `json:"at"`
	Kind       string        `json:"kind"`
	Size       int64         `json:"size"`
	Wire       int64         `json:"wire_size"`
	Parts      int           `json:"parts"`
	Truncated  bool          `json:"truncated"`
	Compressed bool          `json:"compressed"`
	Name       wireText      `json:"name"`
	ID         wireText      `json:"id"`
	Code       int           `json:"code"`
	Content    wireText      `json:"content"`
	Decoded    wireText      `json:"decoded"`
	Faults     []recordFault `json:"faults"`
}

func (r *recordStream) messages(list []recordPiece) *Messages {
	s := &Messages{Sent: r.Sent, Received: r.Received, Dropped: r.Dropped, Unread: r.Unread}
	s.Format, _ = parseMessageFormat(string(r.Format))
	for i := range r.Faults {
		f := &r.Faults[i]
		s.Faults = append(s.Faults, StreamFault{
			MessageFault: MessageFault{FaultCode(f.Code), string(f.Detail)}, FromClient: f.From == sideClient,
			Number: f.Number, At: time.Duration(f.At), Times: f.Times,
		})
	}
	for i := range list {
		p := &list[i]
		m := StreamMessage{
			Number: p.Number, FromClient: p.From == sideClient, At: time.Duration(p.At), Kind: MessageKind(p.Kind), Size: p.Size, Wire: p.Wire,
			Parts: p.Parts, Truncated: p.Truncated, Compressed: p.Compressed, Name: string(p.Name), ID: string(p.ID), Code: p.Code,
			Content: []byte(p.Content), Decoded: string(p.Decoded),
		}
		for _, f := range p.Faults {
			m.Faults = append(m.Faults, MessageFault{FaultCode(f.Code), string(f.Detail)})
		}
		s.List = append(s.List, m)
	}
	return s
}
