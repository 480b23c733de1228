package h2

import (
	"golang.org/x/net/http2"
)

// readClient passes on what the client sends until a fault ends the connection, or
// nil where Shutdown does.
func (r *Relay) readClient() *Fault {
	for {
		if !r.client.hasFrame() {
			r.client.flushBack()
			if r.origin != nil {
				r.origin.flush()
			}
			if r.draining.Load() && r.drained() { // wake may have come before a deadline was set
				return nil
			}
		}
		head, f, fault := r.client.next()
		if fault == nil {
			fault = r.fromClient(f)
		}
		switch {
		case fault == nil:
		case fault.Connection:
			if r.drained() {
				return nil
			}
			return fault
		default:
			if fault = r.refuse(head.StreamID, fault); fault != nil {
				return fault
			}
		}
	}
}

func (r *Relay) drained() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draining.Load() && len(r.streams) == 0
}

// refuse resets a stream by a fault of the client's, in both directions.
func (r *Relay) refuse(id uint32, fault *Fault) *Fault {
	r.config.Stats.Refused.Add(1)
	if s := r.stream(id); s != nil {
		s.fail(fault)
	} else {
		r.client.writeReset(id, fault.Code)
	}
	return r.spendReset(r.client)
}

// spendReset counts a stream that a peer threw away, or made us throw away.
func (r *Relay) spendReset(d *side) *Fault {
	if d.resets.spend() {
		return nil
	}
	return flood(d.peer, "too many streams were reset")
}

// spendControl counts a frame that moves nothing on.
func (d *side) spendControl(f http2.Frame) *Fault {
	if d.controls.spend() {
		return nil
	}
	return flood(d.peer, "too many %s frames", f.Header().Type)
}

// moved pays for the control frames that come with the exchange of messages.
func (r *Relay) moved() {
	r.client.controls.add(perFrame)
	if r.origin != nil {
		r.origin.controls.add(perFrame)
	}
}

func (r *Relay) stream(id uint32) *Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.streams[id]
}

// fromClient passes one frame on. A fault of a stream is that of the frame's stream.
func (r *Relay) fromClient(f http2.Frame) *Fault {
	switch f := f.(type) {
	case *http2.HeadersFrame:
		return r.clientHeaders(f)
	case *http2.DataFrame:
		return r.clientData(f)
	case *http2.RSTStreamFrame:
		return r.clientReset(f)
	case *http2.WindowUpdateFrame:
		return r.clientWindowUpdate(f)
	}
	if fault := r.client.spendControl(f); fault != nil {
		return fault
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		switch {
		case f.IsAck():
			return r.acknowledged(r.client, r.origin)
		case r.origin == nil:
			r.client.write(func(f *http2.Framer) error { return f.WriteSettingsAck() })
			return r.obeyAlone(f)
		}
		return r.passSettings(f, r.client, r.origin, false)
	case *http2.PingFrame:
		if r.origin == nil {
			if !f.IsAck() {
				r.client.write(func(w *http2.Framer) error { return w.WritePing(true, f.Data) })
			}
			return nil
		}
	case *http2.PushPromiseFrame:
		return broken(Client, http2.ErrCodeProtocol, "§8.4", "a client sends PUSH_PROMISE")
	case *http2.PriorityFrame:
		if f.StreamDep == f.StreamID {
			return malformed(Client, "§5.3.1", "stream %d depends on itself", f.StreamID)
		}
	}
	if r.origin != nil {
		passFrame(f, r.origin)
	}
	return nil
}

// passFrame passes on a frame of which nothing has to be known here.
func passFrame(f http2.Frame, to *side) {
	to.write(func(w *http2.Framer) error {
		switch f := f.(type) {
		case *http2.PingFrame:
			return w.WritePing(f.IsAck(), f.Data)
		case *http2.PriorityFrame:
			return w.WritePriority(f.StreamID, f.PriorityParam)
		case *http2.PriorityUpdateFrame:
			return w.WritePriorityUpdate(f.PrioritizedStreamID, f.Priority)
		case *http2.GoAwayFrame:
			return w.WriteGoAway(f.LastStreamID, f.ErrCode, f.DebugData())
		case *http2.UnknownFrame:
			return w.WriteRawFrame(f.Type, f.Flags, f.StreamID, f.Payload())
		}
		return nil
	})
}

// clientHeaders takes a request head or trailers.
func (r *Relay) clientHeaders(f *http2.HeadersFrame) *Fault {
	p := headersAs(f)
	fields, over, fault := r.client.readSection(f, r.config.HeadTimeout)
	if fault != nil {
		return fault
	}
	r.moved()
	r.mu.Lock()
	s := r.streams[p.StreamID]
	last := r.last
	var by Peer
	known := false
	if s == nil && p.StreamID <= last {
		by, known = r.ended.find(p.StreamID)
	}
	r.mu.Unlock()
	switch {
	case s != nil:
		return r.clientTrailers(s, p, fields, over)
	case p.StreamID%2 == 0:
		return broken(Client, http2.ErrCodeProtocol, "§5.1.1", "a client opens stream %d, and only odd ones are its own", p.StreamID)
	case p.StreamID > last:
		return r.begin(p, fields, over)
	case by.cutShort(Client):
		return r.client.spendControl(f)
	case known:
		return broken(Client, http2.ErrCodeStreamClosed, "§5.1", "HEADERS on stream %d, which has ended", p.StreamID)
	}
	return broken(Client, http2.ErrCodeProtocol, "§5.1.1", "a client opens stream %d after stream %d", p.StreamID, last)
}

// headersAs returns what a HEADERS frame says beside its fields.
func headersAs(f *http2.HeadersFrame) http2.HeadersFrameParam {
	p := http2.HeadersFrameParam{StreamID: f.StreamID, EndStream: f.StreamEnded(), Priority: f.Priority}
	if f.Flags.Has(http2.FlagHeadersPadded) {
		p.PadLength = padLength(f)
	}
	return p
}

// padLength is how much a HEADERS frame was padded.
func padLength(f *http2.HeadersFrame) uint8 {
	n := int(f.Length) - 1 - len(f.HeaderBlockFragment())
	if f.HasPriority() {
		n -= 5
	}
	return uint8(n)
}

// clientTrailers takes the fields that end a request.
func (r *Relay) clientTrailers(s *Stream, p http2.HeadersFrameParam, fields []field, over bool) *Fault {
	fault := parseTrailers(fields, p.EndStream, Client)
	if over {
		fault = tooLarge(Client, r.config.MaxHeaderBytes)
	}
	s.up.Lock()
	defer s.up.Unlock()
	switch {
	case s.over:
		return nil
	case r.hasEnded(s, Client):
		return &Fault{By: Client, Kind: Malformed, Code: http2.ErrCodeStreamClosed, Section: "§5.1", Detail: "HEADERS after the end of the request"}
	case fault != nil:
		return fault
	case s.declared >= 0 && s.received != s.declared:
		return lengthFault(Client, s.declared, s.received)
	}
	s.tap.RequestTrailers(fields)
	r.origin.writeFields(p, fields)
	s.tap.RequestEnd()
	r.half(s, Client)
	return nil
}

// clientData takes content of a request.
func (r *Relay) clientData(f *http2.DataFrame) *Fault {
	s := r.stream(f.StreamID)
	if s == nil {
		return r.lateData(f)
	}
	if len(f.Data()) == 0 && !f.StreamEnded() {
		if fault := r.client.spendControl(f); fault != nil {
			return fault
		}
	} else {
		r.moved()
	}
	s.up.Lock()
	defer s.up.Unlock()
	if s.over {
		r.giveBack(r.client, f.Length)
		return nil
	}
	if r.hasEnded(s, Client) {
		r.giveBack(r.client, f.Length)
		return &Fault{By: Client, Kind: Malformed, Code: http2.ErrCodeStreamClosed, Section: "§5.1", Detail: "DATA after the end of the request"}
	}
	s.received += int64(len(f.Data()))
	if s.declared >= 0 && (s.received > s.declared || f.StreamEnded() && s.received < s.declared) {
		r.giveBack(r.client, f.Length)
		return lengthFault(Client, s.declared, s.received)
	}
	if len(f.Data()) > 0 {
		s.tap.RequestContent(f.Data())
	}
	r.originWindow.add(-int64(f.Length))
	s.toOrigin.add(-int64(f.Length))
	r.origin.writeData(f)
	if f.StreamEnded() {
		s.tap.RequestEnd()
		r.half(s, Client)
	}
	return nil
}

// lateData takes DATA of a stream that is not open.
func (r *Relay) lateData(f *http2.DataFrame) *Fault {
	r.mu.Lock()
	idle := f.StreamID > r.last || f.StreamID%2 == 0
	by, _ := r.ended.find(f.StreamID)
	r.mu.Unlock()
	if idle {
		return broken(Client, http2.ErrCodeProtocol, "§5.1", "DATA on stream %d, which is not open", f.StreamID)
	}
	r.giveBack(r.client, f.Length)
	if by.cutShort(Client) {
		return r.client.spendControl(f)
	}
	return &Fault{By: Client, Kind: Malformed, Code: http2.ErrCodeStreamClosed, Section: "§5.1", Detail: "DATA on a stream that has ended"}
}

// giveBack allows a peer what content took from the window of the connection that
// is not passed on.
func (r *Relay) giveBack(d *side, n uint32) {
	if n > 0 {
		d.write(func(f *http2.Framer) error { return f.WriteWindowUpdate(0, n) })
	}
}

func (r *Relay) clientReset(f *http2.RSTStreamFrame) *Fault {
	s := r.stream(f.StreamID)
	if s == nil {
		if r.isIdle(f.StreamID) {
			return broken(Client, http2.ErrCodeProtocol, "§5.1", "RST_STREAM on stream %d, which is not open", f.StreamID)
		}
		if r.endedInOrder(f.StreamID) {
			r.origin.writeReset(f.StreamID, f.ErrCode)
		}
		return r.client.spendControl(f)
	}
	r.config.Stats.Resets.Add(1)
	answered := r.hasEnded(s, Origin)
	s.fail(&Fault{By: Client, Kind: Reset, Code: f.ErrCode})
	if answered { // the client has what it asked for
		return nil
	}
	return r.spendReset(r.client)
}

// endedInOrder reports whether both ends have ended a stream, so that what comes
// late is passed on too, and does no harm there.
func (r *Relay) endedInOrder(id uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	by, known := r.ended.find(id)
	return known && by == 0
}

func (r *Relay) isIdle(id uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return id > r.last || id%2 == 0
}

func (r *Relay) clientWindowUpdate(f *http2.WindowUpdateFrame) *Fault {
	if fault := r.client.spendControl(f); fault != nil {
		return fault
	}
	n := f.Increment
	if f.StreamID == 0 {
		n = r.window.add(n)
	} else if s := r.stream(f.StreamID); s != nil {
		s.toClient.add(int64(n))
	} else if r.isIdle(f.StreamID) {
		return broken(Client, http2.ErrCodeProtocol, "§5.1", "WINDOW_UPDATE on stream %d, which is not open", f.StreamID)
	} else if !r.endedInOrder(f.StreamID) {
		return nil
	}
	if n > 0 && r.origin != nil {
		r.origin.write(func(w *http2.Framer) error { return w.WriteWindowUpdate(f.StreamID, n) })
	}
	return nil
}
