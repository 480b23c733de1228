package h2

import (
	"golang.org/x/net/http2/hpack"

	"sidenote/exchange"
)

// A Handler is told of the streams of a connection.
type Handler interface {
	// Begin is called with each request head, in the order in which they came, and
	// returns who is told what becomes of the stream. It may change head.Fields to
	// what is to be passed on. With an Answer the request is not passed on.
	//
	// fault is why the request is refused, nil if it is not. Then head holds what
	// could be read, and without an Answer the client gets RST_STREAM.
	Begin(s *Stream, head *RequestHead, fault *Fault) (Tap, *Answer)

	// Broken is called at most once, when the connection ends by a fault of a
	// peer other than closing. The streams that it takes along are told themselves.
	Broken(f *Fault)
}

// A Tap is told what passes on one stream. The methods about the request are
// called one after another, and those about the response; the two may run at the
// same time. What they are given is valid during the call only. They must not
// call methods of Stream or Relay, but for Stream.Stalls in End.
type Tap interface {
	RequestContent(p []byte)
	RequestTrailers(fields []hpack.HeaderField)
	RequestEnd()

	Interim(head *ResponseHead)  // 1xx
	Response(head *ResponseHead) // may change head.Fields to what is to be passed on
	ResponseContent(p []byte)
	ResponseTrailers(fields []hpack.HeaderField)
	ResponseEnd()

	// Failed asks for an answer where the stream fails before a response head was
	// passed on. nil resets the stream.
	Failed(f *Fault) *Answer

	// End is the last call: nil when both messages ended, else why they did not.
	End(f *Fault)
}

// noTap is the Tap of a stream while its Handler has not returned one.
type noTap struct{ Tap }

// Failed returns no answer.
func (noTap) Failed(*Fault) *Answer { return nil }

// End does nothing.
func (noTap) End(*Fault) {}

// A RequestHead is the field section that opens a stream. The pseudo-fields are
// those of RFC 9113 §8.3.1 and RFC 8441, "" where there is none.
type RequestHead struct {
	Method, Scheme, Authority, Path, Protocol string

	Fields    []hpack.HeaderField // all of them, pseudo-fields too, in the order in which they came
	EndStream bool                // the request has no content
}

// A ResponseHead is the field section of an interim or final response.
type ResponseHead struct {
	Status    int
	Fields    []hpack.HeaderField // all of them, :status too, in the order in which they came
	EndStream bool
}

// An Answer is a response that is given instead of the origin server's.
type Answer struct {
	Status  int
	Fields  []exchange.Line // written in lower case
	Content []byte
}

// Section returns the names of the pseudo-fields in their order, and the places of
// what is never indexed (RFC 7541 §6.2.3), counted through the pseudo-fields and
// then the others.
func Section(fields []hpack.HeaderField) (pseudo []string, never []int) {
	n := 0
	for i := range fields {
		if fields[i].IsPseudo() {
			n++
		}
	}
	pseudo = make([]string, 0, n)
	regular := n
	for i := range fields {
		at := &regular
		if fields[i].IsPseudo() {
			place := len(pseudo)
			at, pseudo = &place, append(pseudo, fields[i].Name)
		}
		if fields[i].Sensitive {
			never = append(never, *at)
		}
		*at++
	}
	return pseudo, never
}

// Lines appends the fields to to that are no pseudo-fields.
func Lines(to *exchange.Fields, fields []hpack.HeaderField) {
	to.Grow(len(fields))
	for i := range fields {
		if !fields[i].IsPseudo() {
			to.Add(fields[i].Name, fields[i].Value)
		}
	}
}
