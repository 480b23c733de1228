package h2

import (
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

type field = hpack.HeaderField

// begin opens a stream: its request is told, and passed on or answered.
func (r *Relay) begin(p http2.HeadersFrameParam, fields []field, over bool) *Fault {
	r.config.Stats.Streams.Add(1)
	head, fault := parseRequest(fields)
	head.EndStream = p.EndStream
	s := &Stream{relay: r, id: p.StreamID, method: head.Method, tap: noTap{}, declared: -1, respDeclared: -1, clientEnded: p.EndStream}
	if fault == nil {
		s.declared, fault = declaredLength(fields, Client)
	}
	switch {
	case over:
		fault = tooLarge(Client, r.config.MaxHeaderBytes)
	case fault != nil:
	case p.Priority.StreamDep == p.StreamID:
		fault = malformed(Client, "§5.3.1", "stream %d depends on itself", p.StreamID)
	case p.EndStream && s.declared > 0:
		fault = lengthFault(Client, s.declared, 0)
	}
	open, ignored := r.open(s)
	if ignored {
		return r.client.spendControl(&http2.HeadersFrame{FrameHeader: http2.FrameHeader{Type: http2.FrameHeaders}})
	}
	if fault == nil && open > r.config.MaxStreams {
		fault = &Fault{By: Client, Kind: TooMany, Code: http2.ErrCodeRefusedStream, Section: "§5.1.2", Detail: "more streams are open than SETTINGS_MAX_CONCURRENT_STREAMS allows"}
	}
	if r.introduce(s, &head, p, fault) {
		return nil
	}
	if r.unreached != nil || r.isLost() {
		r.comeAgain()
	}
	return r.spendReset(r.client)
}

// open puts a stream on the list of those that are open, and returns how many
// there are; ignored says that no more are taken.
func (r *Relay) open(s *Stream) (open int, ignored bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.draining.Load() {
		return 0, true
	}
	r.last = s.id
	r.streams[s.id] = s
	s.toClient.left, s.toOrigin.left = r.initial[Client], r.initial[Origin]
	return len(r.streams), false
}

// introduce tells the handler of a stream and passes its request on. It reports
// false where the stream ended with that.
func (r *Relay) introduce(s *Stream, head *RequestHead, p http2.HeadersFrameParam, fault *Fault) bool {
	s.up.Lock()
	defer s.up.Unlock()
	s.down.Lock()
	defer s.down.Unlock()
	var answer *Answer
	s.tap, answer = r.config.Handler.Begin(s, head, fault)
	if fault != nil {
		r.config.Stats.Refused.Add(1)
	}
	if fault == nil && answer == nil {
		if fault = r.unreached; fault == nil {
			fault = r.isGone(s)
		}
	}
	if fault == nil && answer == nil {
		s.forward(head, p)
		return true
	}
	if answer == nil {
		s.failLocked(fault)
		return false
	}
	r.take(s, Self)
	s.over = true
	s.answer(answer)
	s.end(fault)
	return false
}

// isGone is the fault of a stream that comes after the origin server's GOAWAY, or
// has a number that it said it will not look at.
func (r *Relay) isGone(s *Stream) *Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost != nil {
		return r.lost
	}
	if r.goneAway != nil && s.id > r.spared {
		return r.goneAway
	}
	return nil
}

func (r *Relay) isLost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost != nil
}

func (s *Stream) forward(head *RequestHead, p http2.HeadersFrameParam) {
	r := s.relay
	r.mu.Lock()
	r.passed = s.id
	r.mu.Unlock()
	s.forwarded = true
	r.origin.writeFields(p, head.Fields)
	if !p.EndStream {
		s.toOrigin.watch(&r.originWindow)
	} else {
		s.tap.RequestEnd()
	}
}

// comeAgain tells the client of an origin server that was not reached to use a new
// connection for what follows, so that the next attempt is made as it would be
// without us.
func (r *Relay) comeAgain() {
	r.mu.Lock()
	first := !r.draining.Swap(true)
	last := r.last
	idle := len(r.streams) == 0
	r.mu.Unlock()
	if first {
		r.client.goAway(last, http2.ErrCodeNo, "")
	}
	if idle {
		r.wake()
	}
}
