package h2

import (
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/exchange"
)

// A Stream is one exchange of a connection.
type Stream struct {
	relay  *Relay
	id     uint32
	method string
	tap    Tap

	// up is held while the request's part is told and passed on, down while the
	// response's is; up is taken first. Both are held to end the stream early.
	up, down sync.Mutex
	over     bool // it has ended; written with both held

	forwarded bool  // the origin server has its head; guarded by up
	declared  int64 // content-length of the request, -1 for none
	received  int64 // octets of its content that came

	headSent     bool  // a final response head was passed on; guarded by down
	respDeclared int64 // content-length of the response, -1 for none
	respReceived int64
	misfit       *Fault // its content had another length

	toClient, toOrigin window // what either allows on the stream

	clientEnded, originEnded bool // guarded by relay.mu
}

// ID is the number of the stream, on both sides.
func (s *Stream) ID() uint32 { return s.id }

// Abort ends the stream: the origin server gets CANCEL, the client an answer of
// Tap.Failed or else INTERNAL_ERROR.
func (s *Stream) Abort(cause error) {
	s.fail(&Fault{By: Self, Kind: Aborted, Code: http2.ErrCodeInternal, Err: cause})
	s.relay.client.flush()
	if o := s.relay.other(); o != nil {
		o.flush()
	}
}

// Held reports whether the client takes no content now: by its windows, or since
// it does not read.
func (s *Stream) Held() bool {
	return s.relay.client.writing.Load() || s.relay.window.isClosed() || s.toClient.room() <= 0
}

func (r *Relay) other() *side {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.origin
}

// half marks one message as ended, and ends the stream when both have.
func (r *Relay) half(s *Stream, by Peer) {
	r.mu.Lock()
	if by == Client {
		s.clientEnded = true
		s.toOrigin.rest()
	} else {
		s.originEnded = true
		s.toClient.rest()
	}
	both := s.clientEnded && s.originEnded
	r.mu.Unlock()
	if both && r.take(s, 0) {
		r.client.resets.add(1)
		s.end(s.misfit)
	}
}

// hasEnded reports whether a peer has ended its message.
func (r *Relay) hasEnded(s *Stream, by Peer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if by == Client {
		return s.clientEnded
	}
	return s.originEnded
}

// take removes a stream, and reports false when it was removed before. by is who
// reset it, 0 where both messages ended.
func (r *Relay) take(s *Stream, by Peer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.streams[s.id] != s {
		return false
	}
	delete(r.streams, s.id)
	r.ended.put(s.id, by)
	if r.draining.Load() && len(r.streams) == 0 && r.over == nil {
		r.wake()
	}
	return true
}

// fail ends a stream early: the peers that do not know are told.
func (s *Stream) fail(f *Fault) {
	s.up.Lock()
	defer s.up.Unlock()
	s.down.Lock()
	defer s.down.Unlock()
	s.failLocked(f)
}

func (s *Stream) failLocked(f *Fault) {
	r := s.relay
	if s.over || !r.take(s, f.resetBy()) {
		return
	}
	s.over = true
	if o := r.other(); o != nil && s.forwarded && !(f.By == Origin && (f.Kind == Reset || f.Kind == GoneAway || f.Connection)) {
		o.writeReset(s.id, f.originCode())
	}
	if guarded(func() *Fault { s.tellClient(f); return nil }) != nil {
		r.client.writeReset(s.id, http2.ErrCodeInternal)
	}
	s.end(f)
}

// end is the last call of the tap.
func (s *Stream) end(f *Fault) { guarded(func() *Fault { s.tap.End(f); return nil }) }

// resetBy is who ended the stream with RST_STREAM, or made us do so.
func (f *Fault) resetBy() Peer {
	if f.Kind == Reset {
		return f.By
	}
	return Self
}

// originCode is the code with which the origin server is told.
func (f *Fault) originCode() http2.ErrCode {
	if f.By == Origin || f.By == Client && f.Kind == Reset {
		return f.Code
	}
	return http2.ErrCodeCancel
}

// tellClient tells the client that a stream has failed, with an answer where there
// can be one. A reset is passed on as it came, GOAWAY says it all, and so does
// the end of the connection.
func (s *Stream) tellClient(f *Fault) {
	switch {
	case f.By == Client && (f.Kind == Reset || f.Connection), f.Kind == GoneAway:
		return
	case f.By == Origin && f.Kind == Reset:
		s.relay.client.writeReset(s.id, f.Code)
		return
	}
	if !s.headSent {
		if a := s.tap.Failed(f); a != nil {
			s.answer(a)
			return
		}
	}
	if !f.Connection || f.By == Self {
		s.relay.client.writeReset(s.id, f.Code)
	}
}

// answer writes a response of our own. Its content waits for nothing: what the
// client's windows do not take is left out with a reset.
func (s *Stream) answer(a *Answer) {
	r := s.relay
	content := a.Content
	if s.method == http.MethodHead {
		content = nil
	}
	fits := len(content) == 0 || r.window.takeOwn(int64(len(content)), s.toClient.room())
	s.headSent = true
	r.client.writeFields(http2.HeadersFrameParam{StreamID: s.id, EndStream: len(content) == 0}, answerFields(a))
	if !fits {
		r.client.writeReset(s.id, http2.ErrCodeInternal)
		return
	}
	for len(content) > 0 {
		n := min(len(content), smallestFrame)
		piece, end := content[:n], n == len(content)
		r.client.write(func(f *http2.Framer) error { return f.WriteData(s.id, end, piece) })
		content = content[n:]
	}
	if !r.hasEnded(s, Client) {
		r.client.writeReset(s.id, http2.ErrCodeNo) // the rest of the request is not wanted (RFC 9113 §8.1)
	}
}

func answerFields(a *Answer) []hpack.HeaderField {
	fields := []hpack.HeaderField{{Name: ":status", Value: strconv.Itoa(a.Status)}}
	for i := range a.Fields {
		fields = append(fields, Field(a.Fields[i]))
	}
	return fields
}

// Field makes a field of a line, with its name as HTTP/2 has it.
func Field(l exchange.Line) hpack.HeaderField {
	return hpack.HeaderField{Name: strings.ToLower(l.Name), Value: l.Value}
}

// recentStreams remembers how the latest streams ended, for frames that come late.
type recentStreams struct {
	ring []endedStream
	next int
}

type endedStream struct {
	id uint32
	by Peer // who reset it, after which the others may still send in good faith; 0 where both messages ended
}

const mostRecent = 1024

func (e *recentStreams) put(id uint32, by Peer) {
	if len(e.ring) < mostRecent {
		e.ring = append(e.ring, endedStream{id, by})
		return
	}
	e.ring[e.next] = endedStream{id, by}
	e.next = (e.next + 1) % mostRecent
}

// find returns how a stream ended; known is false for one that never was, or ended
// long ago.
func (e *recentStreams) find(id uint32) (by Peer, known bool) {
	for i := range e.ring { // the latest first
		at := &e.ring[(e.next+len(e.ring)-1-i)%len(e.ring)]
		if at.id == id {
			return at.by, true
		}
	}
	return 0, false
}
