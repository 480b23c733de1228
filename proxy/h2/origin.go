package h2

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/net/http2"
)

// readOrigin passes on what the origin server sends until a fault ends the connection,
// and throws the rest away.
func (r *Relay) readOrigin() {
	fault := guarded(r.relayOrigin)
	if r.loses(fault) {
		r.count(fault)
	} else {
		r.stop(fault)
	}
	r.origin.discard()
}

// loses leaves the fault of a connection that broke before the client asked for
// anything to its first request, for which the client is given a moment. A
// connection that just ends, as idle ones do, ends for the client too.
func (r *Relay) loses(f *Fault) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f == nil || r.last != 0 || r.over != nil || errors.Is(f.Err, io.EOF) {
		return false
	}
	r.lost = f
	_ = r.client.conn.SetReadDeadline(time.Now().Add(lastWords))
	return true
}

func (r *Relay) relayOrigin() *Fault {
	settings, fault := r.origin.firstSettings()
	if fault == nil {
		fault = r.passSettings(settings, r.origin, r.client, true)
	}
	for fault == nil {
		if !r.origin.hasFrame() {
			r.origin.flushBack()
			r.client.flush()
		}
		head, f, wrong := r.origin.next()
		if r.isOver.Load() {
			return nil
		}
		if wrong == nil {
			wrong = r.fromOrigin(f)
		}
		switch {
		case wrong == nil:
		case wrong.Connection:
			fault = wrong
		default:
			fault = r.refuseOrigin(head.StreamID, wrong)
		}
	}
	return fault
}

// refuseOrigin resets a stream by a fault of the origin server's.
func (r *Relay) refuseOrigin(id uint32, fault *Fault) *Fault {
	r.config.Stats.Refused.Add(1)
	if s := r.stream(id); s != nil {
		s.fail(fault)
	} else {
		r.origin.writeReset(id, fault.Code)
	}
	return r.spendReset(r.origin)
}

func (r *Relay) fromOrigin(f http2.Frame) *Fault {
	switch f := f.(type) {
	case *http2.HeadersFrame:
		return r.originHeaders(f)
	case *http2.DataFrame:
		return r.originData(f)
	case *http2.RSTStreamFrame:
		return r.originReset(f)
	}
	if fault := r.origin.spendControl(f); fault != nil {
		return fault
	}
	switch f := f.(type) {
	case *http2.WindowUpdateFrame:
		return r.originWindowUpdate(f)
	case *http2.SettingsFrame:
		if f.IsAck() {
			return r.acknowledged(r.origin, r.client)
		}
		return r.passSettings(f, r.origin, r.client, false)
	case *http2.PushPromiseFrame:
		return broken(Origin, http2.ErrCodeProtocol, "§8.4", "PUSH_PROMISE came, though push is off")
	case *http2.PriorityUpdateFrame:
		return broken(Origin, http2.ErrCodeProtocol, "§7.1", "a server sends PRIORITY_UPDATE (RFC 9218)")
	case *http2.GoAwayFrame:
		passFrame(f, r.client)
		r.originGone(f)
		return nil
	}
	passFrame(f, r.client)
	return nil
}

// wasOpened reports whether the origin server was given a stream.
func (r *Relay) wasOpened(id uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return id%2 == 1 && id <= r.passed
}

func (r *Relay) notOpened(f http2.Frame) *Fault {
	h := f.Header()
	return broken(Origin, http2.ErrCodeProtocol, "§5.1", "%s on stream %d, which is not open", h.Type, h.StreamID)
}

// lateFromOrigin takes HEADERS or DATA of a stream that is not open any more. The
// origin server may not know yet of a reset of the client's or ours. After the end
// of its own it knows, and what it sends belongs to no record.
func (r *Relay) lateFromOrigin(f http2.Frame) *Fault {
	h := f.Header()
	if !r.wasOpened(h.StreamID) {
		return r.notOpened(f)
	}
	r.mu.Lock()
	by, known := r.ended.find(h.StreamID)
	r.mu.Unlock()
	if !known || by.cutShort(Origin) {
		return r.origin.spendControl(f)
	}
	fault := closedByOrigin("%s on stream %d, which it has ended", h.Type, h.StreamID)
	fault.Connection = by == 0
	return fault
}

// closedByOrigin makes the fault of a frame that comes after the end of the
// origin server's own message.
func closedByOrigin(format string, a ...any) *Fault {
	return &Fault{By: Origin, Kind: Malformed, Code: http2.ErrCodeStreamClosed, Section: "§5.1", Detail: fmt.Sprintf(format, a...)}
}

// originHeaders takes the head of a response, or trailers.
func (r *Relay) originHeaders(f *http2.HeadersFrame) *Fault {
	p := headersAs(f)
	fields, over, fault := r.origin.readSection(f, r.config.HeadTimeout)
	if fault != nil {
		return fault
	}
	s := r.stream(p.StreamID)
	if s == nil {
		return r.lateFromOrigin(f)
	}
	s.down.Lock()
	defer s.down.Unlock()
	if s.over {
		return nil
	}
	switch {
	case r.hasEnded(s, Origin):
		return closedByOrigin("HEADERS after the end of the response")
	case over:
		return tooLarge(Origin, r.config.MaxHeaderBytes)
	case s.headSent:
		return r.originTrailers(s, p, fields)
	}
	return r.originHead(s, p, fields)
}

func (r *Relay) originHead(s *Stream, p http2.HeadersFrameParam, fields []field) *Fault {
	head, fault := parseResponse(fields, p.EndStream)
	if fault != nil {
		return fault
	}
	if head.Status < 200 {
		s.tap.Interim(&head)
		r.client.writeFields(p, head.Fields)
		return r.origin.spendControl(&http2.HeadersFrame{FrameHeader: http2.FrameHeader{Type: http2.FrameHeaders}})
	}
	if s.respDeclared, fault = declaredLength(fields, Origin); fault != nil {
		return fault
	}
	if s.method == "HEAD" || head.Status == 204 || head.Status == 304 {
		s.respDeclared = -1
	}
	r.moved()
	s.tap.Response(&head)
	s.headSent = true
	r.client.writeFields(p, head.Fields)
	if p.EndStream {
		r.originEnded(s)
	} else {
		s.toClient.watch(&r.window)
	}
	return nil
}

func (r *Relay) originTrailers(s *Stream, p http2.HeadersFrameParam, fields []field) *Fault {
	if fault := parseTrailers(fields, p.EndStream, Origin); fault != nil {
		return fault
	}
	r.moved()
	s.tap.ResponseTrailers(fields)
	r.client.writeFields(p, fields)
	r.originEnded(s)
	return nil
}

// originEnded ends a response. Content of another length than declared has been
// passed on as it came, for the client to judge.
func (r *Relay) originEnded(s *Stream) {
	if s.respDeclared >= 0 && s.respReceived != s.respDeclared {
		if s.misfit = lengthFault(Origin, s.respDeclared, s.respReceived); s.respReceived < s.respDeclared {
			s.misfit.Kind = Short
		}
	}
	s.tap.ResponseEnd()
	r.half(s, Origin)
}

// originData takes content of a response.
func (r *Relay) originData(f *http2.DataFrame) *Fault {
	s := r.stream(f.StreamID)
	if s == nil {
		r.giveBack(r.origin, f.Length)
		return r.lateFromOrigin(f)
	}
	if len(f.Data()) == 0 && !f.StreamEnded() {
		if fault := r.origin.spendControl(f); fault != nil {
			return fault
		}
	} else {
		r.moved()
	}
	s.down.Lock()
	defer s.down.Unlock()
	switch {
	case s.over:
		r.giveBack(r.origin, f.Length)
		return nil
	case !s.headSent:
		r.giveBack(r.origin, f.Length)
		return malformed(Origin, "§8.1", "DATA before the head of the response")
	case r.hasEnded(s, Origin):
		r.giveBack(r.origin, f.Length)
		return closedByOrigin("DATA after the end of the response")
	}
	if len(f.Data()) > 0 {
		s.respReceived += int64(len(f.Data()))
		s.tap.ResponseContent(f.Data())
	}
	s.toClient.add(-int64(f.Length))
	r.window.take(int64(f.Length), r.client.flush)
	r.client.writeData(f)
	if f.StreamEnded() {
		r.originEnded(s)
	}
	return nil
}

func (r *Relay) originReset(f *http2.RSTStreamFrame) *Fault {
	s := r.stream(f.StreamID)
	if s == nil {
		if !r.wasOpened(f.StreamID) {
			return r.notOpened(f)
		}
		if r.endedInOrder(f.StreamID) {
			r.client.writeReset(f.StreamID, f.ErrCode)
		}
		return r.origin.spendControl(f)
	}
	r.config.Stats.Resets.Add(1)
	s.fail(&Fault{By: Origin, Kind: Reset, Code: f.ErrCode})
	return nil
}

func (r *Relay) originWindowUpdate(f *http2.WindowUpdateFrame) *Fault {
	if s := r.stream(f.StreamID); s != nil {
		s.toOrigin.add(int64(f.Increment))
	} else if f.StreamID != 0 {
		if !r.wasOpened(f.StreamID) {
			return r.notOpened(f)
		}
		if !r.endedInOrder(f.StreamID) {
			return nil
		}
	}
	if f.StreamID == 0 && r.originWindow.add(int64(f.Increment)) > largestWindow {
		return broken(Origin, http2.ErrCodeFlowControl, "§6.9.1", "WINDOW_UPDATE makes the window of the connection larger than %d", largestWindow)
	}
	r.client.write(func(w *http2.Framer) error { return w.WriteWindowUpdate(f.StreamID, f.Increment) })
	return nil
}

// originGone takes the origin server's GOAWAY, which the client has got: the
// streams after the last one that it names have ended.
func (r *Relay) originGone(f *http2.GoAwayFrame) {
	fault := &Fault{By: Origin, Kind: GoneAway, Code: f.ErrCode, Detail: goAwayText(f)}
	r.mu.Lock()
	r.goneAway, r.spared = fault, f.LastStreamID
	r.mu.Unlock()
	for _, s := range r.snapshot() {
		if s.id > f.LastStreamID {
			s.fail(fault)
		}
	}
}
