package message

import (
	"time"

	"sidenote/exchange"
)

// keptInFound is how many octets Find keeps of each message.
const keptInFound = 64 << 10

// Find returns the messages of an exchange that has ended: those of its record, or
// else what the contents that were kept hold, without times. It returns nil where
// there are none.
func Find(x *exchange.Exchange) *exchange.Messages {
	if x.Messages != nil {
		return x.Messages
	}
	if FormatOf(&x.Request.Fields) == "" && FormatOf(&x.Response.Fields) == "" {
		return nil
	}
	s := &exchange.Messages{}
	f := NewFinisher(x, keptInFound, nil)
	findIn(s, f, &x.Request.Message, true)
	findIn(s, f, &x.Response.Message, false)
	return s
}

// findIn adds the messages in the content of a request or response.
func findIn(s *exchange.Messages, f *Finisher, m *exchange.Message, fromClient bool) {
	format := FormatOf(&m.Fields)
	if format == "" {
		return
	}
	if s.Format == "" {
		s.Format = format
	}
	d := m.DecodedContent()
	if d.Err != nil && len(d.Bytes) == 0 {
		return
	}
	r := readerOf(format, m, Options{
		Keep: keptInFound, FromClient: fromClient,
		Emit: func(m *exchange.StreamMessage) {
			m.Number, m.At = s.Sent+s.Received+1, 0
			f.Finish(m)
			s.Count(m)
			s.List = append(s.List, *m)
		},
		Fault: func(fault exchange.MessageFault, _ time.Duration) {
			s.Fault(exchange.StreamFault{MessageFault: fault, FromClient: fromClient})
		},
		Unread: func(n int) { s.Unread += int64(n) },
	})
	r.Take(d.Bytes, 0)
	if d.Whole() {
		r.End(0, true)
	}
}
