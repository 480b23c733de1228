package exchange

import "strconv"

// A Place is where in an exchange something stands: which message, which part
// of it, and which octets. The zero value is the exchange as a whole.
type Place struct {
	Message PlaceMessage
	Part    PlacePart
	Interim int    // which interim response, for InInterim
	Field   string // field name, for PartField and PartTrailer
	Line    int    // index of the field line; -1 for a field that is missing
	Start   int    // first octet within the value, start line or content
	End     int    // octet after the last; equal to Start when it is not a span
}

// PlaceMessage says which message a place is in.
type PlaceMessage uint8

// The messages of an exchange, and its connections.
const (
	InExchange PlaceMessage = iota
	InRequest
	InInterim
	InResponse
	InConnection
)

// PlacePart says which part of a message a place is in.
type PlacePart uint8

// The parts of a message.
const (
	PartMessage PlacePart = iota // the message as a whole
	PartStartLine
	PartField
	PartContent
	PartTrailer
)

var (
	placeMessages = [...]string{"exchange", "request", "interim", "response", "connection"}
	placeParts    = [...]string{"message", "start-line", "field", "content", "trailer"}
)

// String returns the name that records have for a message.
func (m PlaceMessage) String() string { return placeMessages[m] }

// String returns the name that records have for a part.
func (p PlacePart) String() string { return placeParts[p] }

// PlaceMessageNames lists what PlaceMessage.String returns.
func PlaceMessageNames() []string { return placeMessages[:] }

// PlacePartNames lists what PlacePart.String returns.
func PlacePartNames() []string { return placeParts[:] }

// String returns the place in words, bytes counted from 1: "response field
// Location, bytes 5-10".
func (p Place) String() string {
	s := p.Message.String()
	if p.Message == InInterim {
		s += " response"
	}
	switch p.Part {
	case PartStartLine:
		s += " start line"
	case PartField:
		s += " field " + p.Field
		if p.Line < 0 {
			s += " (missing)"
		}
	case PartContent:
		s += " content"
	case PartTrailer:
		s += " trailer " + p.Field
	}
	if p.End > p.Start {
		s += ", bytes " + strconv.Itoa(p.Start+1) + "-" + strconv.Itoa(p.End)
	}
	return s
}

// Message returns the message that a place is in, nil for none.
func (x *Exchange) Message(p Place) *Message {
	switch p.Message {
	case InRequest:
		return &x.Request.Message
	case InResponse:
		return &x.Response.Message
	case InInterim:
		if p.Interim < len(x.Interim) {
			return &x.Interim[p.Interim].Message
		}
	}
	return nil
}

// Text returns the text that a place's Start and End count in: the value of its
// field line, the start line, or the kept content; "" where there is none.
func (x *Exchange) Text(p Place) string {
	m := x.Message(p)
	if m == nil {
		return ""
	}
	switch p.Part {
	case PartField, PartTrailer:
		f := &m.Fields
		if p.Part == PartTrailer {
			f = &m.Trailers
		}
		if p.Line >= 0 && p.Line < f.Len() {
			return f.At(p.Line).Value
		}
	case PartStartLine:
		return x.StartLine(p)
	case PartContent:
		return string(m.DecodedContent().Bytes)
	}
	return ""
}

// StartLine returns the request line or status line of the message that a place is in.
func (x *Exchange) StartLine(p Place) string {
	switch p.Message {
	case InRequest:
		return x.Request.Line()
	case InResponse:
		return x.Response.Line()
	case InInterim:
		if p.Interim < len(x.Interim) {
			return x.Interim[p.Interim].Line()
		}
	}
	return ""
}

// Line is the request line (RFC 9112 §3), written so for every version.
func (r *Request) Line() string { return RequestLine(r.Method, r.Target, r.Version) }

// Line is the status line (RFC 9112 §4), written so for every version.
func (r *Response) Line() string {
	s := StatusLine(r.Version, r.Status, r.Reason)
	if r.Reason == "" {
		return s[:len(s)-1]
	}
	return s
}
