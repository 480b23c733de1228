package store

import (
	"sync"

	"sidenote/exchange"
)

// An OpenStream is the messages of an exchange that runs. Its methods are safe for
// concurrent use, also when the exchange has ended.
type OpenStream struct {
	of   *exchange.Stream
	most int64

	mu      sync.Mutex // guards what follows
	counts  exchange.Messages
	list    []*exchange.StreamMessage
	bytes   int64
	ended   bool
	wake    chan struct{}
	waiting bool
}

// Message takes note of a message of an exchange that has begun. It keeps m, which
// nobody changes any more.
func (s *Store) Message(x *exchange.Exchange, format exchange.MessageFormat, m *exchange.StreamMessage) {
	s.mu.Lock()
	var stream *OpenStream
	if r, ok := s.running[x]; ok {
		if r.stream == nil {
			r.stream = &OpenStream{of: exchange.StreamOf(x, format, nil), most: s.o.Messages, wake: make(chan struct{})}
		}
		stream = r.stream
	}
	s.mu.Unlock()
	if stream != nil {
		stream.add(m)
	}
}

// add adds a message, for which the oldest ones make room.
func (o *OpenStream) add(m *exchange.StreamMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts.Count(m)
	o.list = append(o.list, m)
	o.bytes += m.Memory()
	for o.bytes > o.most && len(o.list) > 1 {
		o.bytes -= o.list[0].Memory()
		o.list[0] = nil
		o.list = o.list[1:]
		o.counts.Dropped++
	}
	o.notify()
}

func (o *OpenStream) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.notify()
}

// notify wakes anyone who waits. The lock is held.
func (o *OpenStream) notify() {
	if o.waiting {
		close(o.wake)
		o.wake, o.waiting = make(chan struct{}), false
	}
}

// count is how many messages there were.
func (o *OpenStream) count() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts.Sent + o.counts.Received
}

// Of says of which exchange the messages are, with its secrets.
func (o *OpenStream) Of() *exchange.Stream { return o.of }

// A StreamPart is some of the messages of a stream.
type StreamPart struct {
	Counts exchange.Messages // of all messages so far; without its List
	List   []*exchange.StreamMessage
	Ended  bool // the exchange has ended
	// Changed is closed when there is another message, or the exchange has ended.
	Changed <-chan struct{}
}

// After returns the messages with greater numbers than after, at most so many.
func (o *OpenStream) After(after int64, most int) StreamPart {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = true
	p := StreamPart{Counts: o.counts, Ended: o.ended, Changed: o.wake}
	p.Counts.Format = o.of.Format
	p.Counts.Faults = append([]exchange.StreamFault(nil), o.counts.Faults...)
	for _, m := range o.list {
		if len(p.List) >= most {
			break
		}
		if m.Number > after {
			p.List = append(p.List, m)
		}
	}
	return p
}

// Stream returns the messages of the exchange with an ID, while it runs; nil where
// there are none.
func (s *Store) Stream(id string) *OpenStream {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.running {
		if r.ID == id {
			return r.stream
		}
	}
	return nil
}
