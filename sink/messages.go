package sink

import "sidenote/exchange"

// A Message is a message of a stream, on its way to the sinks while the stream is
// open.
type Message struct {
	Of      *exchange.Stream
	Message *exchange.StreamMessage
}

// A MessageSink is a Sink that takes the messages of streams too.
type MessageSink interface {
	Sink
	// TakesMessages reports whether it is to be given messages; it does not change.
	TakesMessages() bool
	// WriteMessage takes a message, as Write takes an exchange.
	WriteMessage(*Message) error
}

// takesMessages reports whether a sink is to be given messages.
func takesMessages(s Sink) bool {
	m, ok := s.(MessageSink)
	return ok && m.TakesMessages()
}

// TakesMessages reports whether some lane takes messages.
func (f *Fanout) TakesMessages() bool {
	for _, l := range f.lanes {
		if takesMessages(l.Sink) {
			return true
		}
	}
	return false
}

// PutMessage hands a message to the sinks that take some, as Put does an exchange.
func (f *Fanout) PutMessage(m *Message) {
	it := item{m: m, size: m.Message.Memory()}
	for _, l := range f.lanes {
		if takesMessages(l.Sink) {
			l.put(it)
		}
	}
}

// TakesMessages reports whether Messages is set.
func (s *JSONSink) TakesMessages() bool { return s.Messages }

// WriteMessage adds the record of a message.
func (s *JSONSink) WriteMessage(m *Message) error {
	e := s.log.Log()
	m.Of.Encode(e, m.Message)
	e.Send()
	return s.lines.flushIfLarge()
}
