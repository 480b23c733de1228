package message

import (
	"encoding/binary"
	"fmt"
	"time"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// The opcodes of RFC 6455 §5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

const (
	bitFin     = 0x80
	bitRSV1    = 0x40
	bitsRSV23  = 0x30
	bitMask    = 0x80
	mostHeader = 14
	// mostControl is the most that a control frame may carry (RFC 6455 §5.5).
	mostControl = 125
)

// NewWebSocket returns what reads the frames of one direction of a WebSocket.
// extensions is the Sec-WebSocket-Extensions of the response.
func NewWebSocket(extensions string, o Options) Reader {
	_, deflate := deflateOf(extensions)
	return &webSocket{o: o, deflate: deflate}
}

// A webSocket reads frames, and puts them together to messages.
type webSocket struct {
	o       Options
	deflate bool // permessage-deflate was agreed on (RFC 7692)

	header [mostHeader]byte
	have   int // octets of the header

	frame   frame
	data    partial // the message that is being put together
	open    bool    // it has begun, and its last frame has not come
	control partial // the control frame that is being read
	closed  bool    // a close frame has passed
	lost    bool    // a length made no sense: where frames begin is not known
}

// A frame is the frame that is being read.
type frame struct {
	reading bool
	control bool
	fin     bool
	masked  bool
	mask    [4]byte
	turn    int // of the mask
	left    uint64
}

// A partial is a message of which not all has come.
type partial struct {
	m    exchange.StreamMessage
	text utf8Check
}

// Take reads octets of frames.
func (w *webSocket) Take(p []byte, at time.Duration) {
	for len(p) > 0 {
		switch {
		case w.lost:
			w.o.Unread(len(p))
			return
		case !w.frame.reading:
			n := copy(w.header[w.have:w.headerLen()], p)
			w.have += n
			if p = p[n:]; w.have == w.headerLen() {
				w.begin(at)
			}
		default:
			n := int(min(w.frame.left, uint64(len(p))))
			w.payload(p[:n])
			if p = p[n:]; w.frame.left == 0 {
				w.endFrame(at)
			}
		}
	}
}

// headerLen is how many octets the header has, as far as is known.
func (w *webSocket) headerLen() int {
	n := 2
	if w.have < n {
		return n
	}
	switch w.header[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if w.header[1]&bitMask != 0 {
		n += 4
	}
	return n
}

// begin begins a frame whose header has come.
func (w *webSocket) begin(at time.Duration) {
	h := w.header[:w.have]
	w.have = 0
	op := h[0] & 0x0f
	f := frame{reading: true, control: op&0x8 != 0, fin: h[0]&bitFin != 0, masked: h[1]&bitMask != 0}
	rest := h[2:]
	minimal := true
	switch f.left = uint64(h[1] & 0x7f); f.left {
	case 126:
		f.left, rest = uint64(binary.BigEndian.Uint16(rest)), rest[2:]
		minimal = f.left > 125
	case 127:
		f.left, rest = binary.BigEndian.Uint64(rest), rest[8:]
		minimal = f.left > 0xffff
	}
	copy(f.mask[:], rest)
	p := w.partOf(op, f.fin)
	w.frame = f
	p.m.Wire += int64(len(h))
	if f.left>>63 != 0 {
		w.fault(p, exchange.FaultLengthInvalid, "")
		p.m.At = at
		w.emit(p)
		w.lost, w.open, w.frame.reading = true, false, false
		return
	}
	if !minimal {
		w.fault(p, exchange.FaultLength, fmt.Sprintf("%d bytes", f.left))
	}
	w.checkBits(p, h[0], op)
	switch {
	case w.o.FromClient && !f.masked:
		w.fault(p, exchange.FaultNotMasked, "")
	case !w.o.FromClient && f.masked:
		w.fault(p, exchange.FaultMasked, "")
	}
	if w.closed {
		w.fault(p, exchange.FaultAfterClose, string(p.m.Kind))
	}
	if f.left == 0 {
		w.endFrame(at)
	}
}

// partOf returns the message that a frame belongs to, which it may begin.
func (w *webSocket) partOf(op byte, fin bool) *partial {
	if op&0x8 != 0 {
		w.control = partial{m: exchange.StreamMessage{Kind: kindOf(op), FromClient: w.o.FromClient}}
		if !fin {
			w.fault(&w.control, exchange.FaultControlParts, string(w.control.m.Kind))
		}
		if w.control.m.Kind == exchange.KindUnknown {
			w.fault(&w.control, exchange.FaultOpcode, fmt.Sprintf("0x%X", op))
		}
		return &w.control
	}
	switch {
	case op == opContinuation && w.open:
		w.data.m.Parts = max(w.data.m.Parts, 1) + 1
		return &w.data
	case w.open: // which never ends
		w.fault(&w.data, exchange.FaultInterleaved, "")
		w.data.m.Truncated = true
		w.emit(&w.data)
	}
	w.data = partial{m: exchange.StreamMessage{Kind: kindOf(op), FromClient: w.o.FromClient}}
	w.open = true
	switch {
	case op == opContinuation:
		w.fault(&w.data, exchange.FaultNoBeginning, "")
	case w.data.m.Kind == exchange.KindUnknown:
		w.fault(&w.data, exchange.FaultOpcode, fmt.Sprintf("0x%X", op))
	}
	return &w.data
}

func kindOf(op byte) exchange.MessageKind {
	switch op {
	case opText:
		return exchange.KindText
	case opBinary, opContinuation:
		return exchange.KindBinary
	case opClose:
		return exchange.KindClose
	case opPing:
		return exchange.KindPing
	case opPong:
		return exchange.KindPong
	}
	return exchange.KindUnknown
}

// checkBits looks at the reserved bits (RFC 6455 §5.2, RFC 7692 §6).
func (w *webSocket) checkBits(p *partial, first, op byte) {
	if first&bitsRSV23 != 0 {
		w.fault(p, exchange.FaultReservedBits, reservedWords(first))
	}
	if first&bitRSV1 == 0 {
		return
	}
	switch {
	case !w.deflate:
		w.fault(p, exchange.FaultNotAgreed, "")
	case op == opText || op == opBinary:
		p.m.Compressed = true
	default: // not on control frames, nor on later frames of a message
		w.fault(p, exchange.FaultReservedBits, reservedWords(first))
	}
}

func reservedWords(first byte) string {
	s := ""
	for i, bit := range [...]byte{0x40, 0x20, 0x10} {
		if first&bit != 0 {
			if s != "" {
				s += ", "
			}
			s += fmt.Sprintf("RSV%d", i+1)
		}
	}
	return s
}

// part is the message that the present frame belongs to.
func (w *webSocket) part() *partial {
	if w.frame.control {
		return &w.control
	}
	return &w.data
}

// payload takes octets of the frame.
func (w *webSocket) payload(b []byte) {
	p := w.part()
	w.frame.left -= uint64(len(b))
	p.m.Wire += int64(len(b))
	if !w.frame.masked {
		w.plain(p, b)
		return
	}
	var scratch [4 << 10]byte
	for len(b) > 0 {
		n := copy(scratch[:], b)
		w.frame.turn = unmask(scratch[:n], w.frame.mask, w.frame.turn)
		w.plain(p, scratch[:n])
		b = b[n:]
	}
}

// unmask removes a mask (RFC 6455 §5.3), and returns the turn that is next.
func unmask(b []byte, mask [4]byte, turn int) int {
	var turned [8]byte
	for i := range turned {
		turned[i] = mask[(turn+i)&3]
	}
	word := binary.NativeEndian.Uint64(turned[:])
	next := (turn + len(b)) & 3
	for len(b) >= 8 {
		binary.NativeEndian.PutUint64(b, binary.NativeEndian.Uint64(b)^word)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= turned[i]
	}
	return next
}

// plain takes octets of a message as they were before masking.
func (w *webSocket) plain(p *partial, b []byte) {
	m := &p.m
	m.Size += int64(len(b))
	if m.Kind == exchange.KindText && !m.Compressed || m.Kind == exchange.KindClose {
		text := b
		if m.Kind == exchange.KindClose { // whose first two octets are the code
			if skip := 2 - (m.Size - int64(len(b))); skip > 0 {
				text = b[min(skip, int64(len(b))):]
			}
		}
		p.text.take(text)
	}
	most := w.o.Keep
	if m.Compressed {
		most = max(most, mostCompressed)
	}
	m.Content, m.Truncated = keep(m.Content, b, most, m.Truncated)
}

// keep appends as much of b as there is room for.
func keep(kept, b []byte, most int, truncated bool) ([]byte, bool) {
	if room := most - len(kept); len(b) > room || truncated {
		b, truncated = b[:max(min(room, len(b)), 0)], true
	}
	return append(kept, b...), truncated
}

// endFrame ends a frame, and the message where it was the last.
func (w *webSocket) endFrame(at time.Duration) {
	p := w.part()
	w.frame.reading = false
	if !w.frame.control && !w.frame.fin {
		return
	}
	m := &p.m
	m.At = at
	if w.frame.control {
		if m.Size > mostControl {
			w.fault(p, exchange.FaultControlLong, fmt.Sprintf("%d bytes", m.Size))
		}
		if m.Kind == exchange.KindClose {
			w.endClose(p)
		}
	} else {
		w.open = false
	}
	if bad := p.text.end(); bad > 0 {
		if m.Kind == exchange.KindClose {
			bad += 2
		}
		w.fault(p, exchange.FaultInvalidUTF8, fmt.Sprintf("byte %d", bad))
	}
	w.emit(p)
}

// endClose looks at the code of a close frame (RFC 6455 §5.5.1, §7.4).
func (w *webSocket) endClose(p *partial) {
	m := &p.m
	w.closed = true
	switch {
	case m.Size == 0:
		return
	case len(m.Content) < 2:
		if m.Size == 1 {
			w.fault(p, exchange.FaultClosePayload, "1 byte")
		}
		return
	}
	m.Code = int(binary.BigEndian.Uint16(m.Content))
	m.Content = m.Content[2:]
	if !isCloseCode(m.Code) {
		w.fault(p, exchange.FaultCloseCode, fmt.Sprintf("%d", m.Code))
	}
}

// isCloseCode reports whether a code may stand in a close frame: those that are
// registered for it, and those that libraries and applications have for their own.
func isCloseCode(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

func (w *webSocket) fault(p *partial, code exchange.FaultCode, detail string) {
	addFault(&p.m, code, detail)
}

// mostFaultsOfMessage bounds the faults of one message, of which each code is there
// once.
const mostFaultsOfMessage = 16

func addFault(m *exchange.StreamMessage, code exchange.FaultCode, detail string) {
	for i := range m.Faults {
		if m.Faults[i].Code == code {
			return
		}
	}
	if len(m.Faults) < mostFaultsOfMessage {
		m.Faults = append(m.Faults, exchange.MessageFault{Code: code, Detail: detail})
	}
}

// emit hands a message on, and forgets it.
func (w *webSocket) emit(p *partial) {
	m := p.m
	*p = partial{}
	w.o.Emit(&m)
}

// End hands on what has begun, and says when no close frame came.
func (w *webSocket) End(at time.Duration, _ bool) {
	if w.frame.reading && w.frame.control {
		w.cut(&w.control, at)
	}
	if w.open {
		w.cut(&w.data, at)
	}
	if w.have > 0 {
		w.o.Unread(w.have)
	}
	if !w.closed && !w.lost {
		w.o.Fault(exchange.MessageFault{Code: exchange.FaultNoClose}, at)
	}
}

func (w *webSocket) cut(p *partial, at time.Duration) {
	p.m.At, p.m.Truncated = at, true
	w.fault(p, exchange.FaultUnfinished, "")
	w.emit(p)
}

// deflateOf returns the parameters of permessage-deflate that a response agreed
// on; ok is false where it did not.
func deflateOf(extensions string) (params string, ok bool) {
	for e := range field.List(extensions) {
		name, params := e.Text, ""
		for p := range field.Pieces(e.Text, ';') {
			name, params = p.Text, e.Text[p.End():]
			break
		}
		if field.EqualFold(name, "permessage-deflate") {
			return params, true
		}
	}
	return "", false
}
