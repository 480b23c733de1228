package h2

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A side is one of the two connections: what reads it, which one goroutine does,
// and what writes it, which any may.
type side struct {
	peer Peer
	conn net.Conn

	// for the goroutine that reads
	in       *bufio.Reader
	frames   *http2.Framer // reads from in and writes through Write
	readErr  error         // why nothing more comes
	dec      *hpack.Decoder
	fields   []hpack.HeaderField
	size     int // of the section being read, counted as RFC 9113 §6.5.2 does
	most     int
	resets   budget
	controls budget
	maxRead  atomic.Uint32 // octets of a frame's payload that the peer may send
	tableMax atomic.Uint32 // what the peer's encoder may use
	unacked  atomic.Int64  // SETTINGS that the peer was sent and has not acknowledged
	own      atomic.Int64  // those of them, the first, that are ours

	mu       sync.Mutex // guards what follows, and writing
	out      *bufio.Writer
	writing  atomic.Bool         // the peer is being written to, and has not taken it
	pending  atomic.Bool         // out holds something
	hello    func(*http2.Framer) // writes our own SETTINGS, should anything else have to be first; nil where it has been
	enc      *hpack.Encoder
	block    bytes.Buffer
	maxWrite uint32 // octets of a frame's payload that the peer takes
	writeErr error
}

const (
	readBuffer     = 32 << 10
	writeBuffer    = 32 << 10
	smallestFrame  = 16384     // the smallest and the initial SETTINGS_MAX_FRAME_SIZE
	largestFrame   = 256 << 10 // what we let a peer be told
	initialTable   = 4096
	largestTable   = 64 << 10
	initialWindow  = 65535
	largestWindow  = 1<<31 - 1 // RFC 9113 §6.9.1
	frameHeadLen   = 9
	largestSection = 1 << 20 // octets of an encoded field section, or twice MaxHeaderBytes where that is more
)

// writers are buffers that connections hold only while they write.
var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeBuffer) }}

func newSide(peer Peer, c net.Conn, mostFields int) *side {
	d := &side{peer: peer, conn: c, most: mostFields, maxWrite: smallestFrame}
	d.maxRead.Store(smallestFrame)
	d.tableMax.Store(initialTable)
	d.in = bufio.NewReaderSize(readFunc(d.read), readBuffer)
	d.frames = http2.NewFramer(d, d.in)
	d.frames.SetReuseFrames()
	d.dec = hpack.NewDecoder(initialTable, d.emit)
	d.enc = hpack.NewEncoder(&d.block)
	d.resets.start(mostResets, eachReset)
	d.controls.start(mostControls, eachControl)
	return d
}

type readFunc func(p []byte) (int, error)

// Read calls the function.
func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func (d *side) read(p []byte) (int, error) {
	n, err := d.conn.Read(p)
	if err != nil {
		d.readErr = err
	}
	return n, err
}

// hasFrame reports whether a whole frame has come, so that what was written can
// wait for what that frame adds.
func (d *side) hasFrame() bool {
	if d.in.Buffered() < frameHeadLen {
		return false
	}
	h, err := d.in.Peek(frameHeadLen)
	return err == nil && d.in.Buffered() >= frameHeadLen+int(h[0])<<16+int(h[1])<<8+int(h[2])
}

// next reads a frame. A fault that is not of the connection is that of the stream
// of head, and the frame is to be left alone.
func (d *side) next() (head http2.FrameHeader, f http2.Frame, fault *Fault) {
	_, _ = d.in.Peek(frameHeadLen) // what the peer may send counts once it has begun to
	d.frames.SetMaxReadFrameSize(d.maxRead.Load())
	head, err := d.frames.ReadFrameHeader()
	if err == nil {
		f, err = d.frames.ReadFrameForHeader(head)
	}
	if err == nil {
		return head, f, nil
	}
	return head, nil, d.readFault(head, err)
}

func (d *side) readFault(head http2.FrameHeader, err error) *Fault {
	var (
		stream     http2.StreamError
		connection http2.ConnectionError
	)
	detail := head.Type.String() + " frame"
	if why := d.frames.ErrorDetail(); why != nil {
		detail = why.Error()
	}
	switch {
	case errors.As(err, &stream):
		f := &Fault{By: d.peer, Kind: Malformed, Code: stream.Code, Section: "§6", Detail: detail + " that is malformed"}
		f.Connection = head.Type == http2.FrameHeaders // whose fields the decoder would miss
		return f
	case errors.As(err, &connection):
		return broken(d.peer, http2.ErrCode(connection), "§6", "%s", detail)
	case errors.Is(err, http2.ErrFrameTooLarge):
		return broken(d.peer, http2.ErrCodeFrameSize, "§4.2", "a %s of %d bytes, of which %d are allowed", detail, head.Length, d.maxRead.Load())
	case d.readErr == nil: // a frame ended within a field of its own
		return broken(d.peer, http2.ErrCodeFrameSize, "§4.2", "a %s of %d bytes, which is too short", detail, head.Length)
	}
	return d.closedFault(d.readErr)
}

// closedFault is the fault of a peer whose connection has ended.
func (d *side) closedFault(err error) *Fault {
	return &Fault{By: d.peer, Kind: Closed, Connection: true, Err: err}
}

func (d *side) emit(f hpack.HeaderField) {
	d.size += int(f.Size())
	if d.size > d.most {
		d.dec.SetEmitEnabled(false)
		return
	}
	d.fields = append(d.fields, f)
}

// readSection reads a field section that begins with f, to its end whatever its
// size, since the decoder must not miss any of it. over says that it has more
// octets than it may. The fields are valid until the next section is read.
func (d *side) readSection(f *http2.HeadersFrame, patience time.Duration) (fields []hpack.HeaderField, over bool, fault *Fault) {
	clear(d.fields)
	d.fields, d.size = d.fields[:0], 0
	d.dec.SetEmitEnabled(true)
	d.dec.SetAllowedMaxDynamicTableSize(d.tableMax.Load())
	piece, ended, id := f.HeaderBlockFragment(), f.HeadersEnded(), f.StreamID
	if !ended {
		_ = d.conn.SetReadDeadline(time.Now().Add(patience))
		defer d.conn.SetReadDeadline(time.Time{})
	}
	came := len(piece)
	for pieces := 1; ; pieces++ {
		if _, err := d.dec.Write(piece); err != nil {
			return nil, false, broken(d.peer, http2.ErrCodeCompression, "§4.3", "fields that cannot be decoded: %v", err)
		}
		if ended {
			break
		}
		switch {
		case pieces >= mostPieces:
			return nil, false, flood(d.peer, "more than %d frames of one field section on stream %d", mostPieces, id)
		case came > max(largestSection, 2*d.most):
			return nil, false, flood(d.peer, "a field section of more than %d bytes on stream %d", came, id)
		}
		_, next, fault := d.next()
		if fault != nil && errors.Is(fault.Err, os.ErrDeadlineExceeded) {
			fault = flood(d.peer, "a field section on stream %d that did not end within %v", id, patience)
		}
		if fault != nil {
			return nil, false, fault
		}
		c := next.(*http2.ContinuationFrame) // the Framer takes no other
		piece, ended = c.HeaderBlockFragment(), c.HeadersEnded()
		came += len(piece)
	}
	if err := d.dec.Close(); err != nil {
		return nil, false, broken(d.peer, http2.ErrCodeCompression, "§4.3", "fields that cannot be decoded: %v", err)
	}
	return d.fields, d.size > d.most, nil
}

// allow lets the peer send what it is being told that it may. What it was allowed
// before stays allowed, since it may not have heard yet.
func (d *side) allow(settings []http2.Setting) {
	for _, s := range settings {
		switch s.ID {
		case http2.SettingMaxFrameSize:
			d.maxRead.Store(max(d.maxRead.Load(), s.Val))
		case http2.SettingHeaderTableSize:
			d.tableMax.Store(max(d.tableMax.Load(), s.Val))
		}
	}
}

// obey takes what the peer says that it wants.
func (d *side) obey(s http2.Setting) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch s.ID {
	case http2.SettingMaxFrameSize:
		d.maxWrite = s.Val
	case http2.SettingHeaderTableSize:
		d.enc.SetMaxDynamicTableSize(s.Val) // never more than its own bound
	}
}

// Write buffers what the Framer writes; mu is held.
func (d *side) Write(p []byte) (int, error) {
	if d.writeErr != nil {
		return 0, d.writeErr
	}
	if d.out == nil {
		d.out = writers.Get().(*bufio.Writer)
		d.out.Reset(d.conn)
	}
	if hello := d.hello; hello != nil {
		if d.hello = nil; !isSettings(p) { // the first frame has to be (RFC 9113 §3.4)
			hello(http2.NewFramer(d.out, nil))
		}
	}
	d.pending.Store(true)
	d.writing.Store(len(p) > d.out.Available())
	n, err := d.out.Write(p)
	d.writing.Store(false)
	return n, d.wrote(err)
}

// isSettings reports whether a frame is SETTINGS and no acknowledgement.
func isSettings(frame []byte) bool {
	return len(frame) >= frameHeadLen && http2.FrameType(frame[3]) == http2.FrameSettings && http2.Flags(frame[4])&http2.FlagSettingsAck == 0
}

// wrote keeps the first error. The peer's own end is left to whoever reads.
func (d *side) wrote(err error) error {
	if err != nil && d.writeErr == nil {
		d.writeErr = err
		if d.peer == Client { // it is gone, and its reader has to hear of it
			d.conn.Close()
		} else { // what it said before it stopped listening is still read
			_ = d.conn.SetReadDeadline(time.Now().Add(lastWords))
		}
	}
	return err
}

// lastWords is how long an origin server that takes nothing more is listened to,
// and a client that was told that the connection ends is waited for.
const lastWords = 2 * time.Second

// flush sends what is buffered.
func (d *side) flush() {
	if !d.pending.Load() {
		return
	}
	d.mu.Lock()
	d.flushLocked()
	d.mu.Unlock()
}

// flushBack is flush for who reads this side, and must not wait for it to be
// written: whoever writes now flushes before it waits for more.
func (d *side) flushBack() {
	if d.pending.Load() && d.mu.TryLock() {
		d.flushLocked()
		d.mu.Unlock()
	}
}

func (d *side) flushLocked() {
	if d.out == nil {
		return
	}
	d.pending.Store(false)
	if d.writeErr == nil {
		d.writing.Store(true)
		d.wrote(d.out.Flush())
		d.writing.Store(false)
	}
	d.out.Reset(io.Discard)
	writers.Put(d.out)
	d.out = nil
}

// write calls the Framer with the lock held.
func (d *side) write(f func(*http2.Framer) error) {
	d.mu.Lock()
	_ = f(d.frames) // Write keeps its error
	d.mu.Unlock()
}

// writeData writes a DATA frame as f came, with the padding that it had.
func (d *side) writeData(f *http2.DataFrame) {
	data := f.Data()
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.Flags.Has(http2.FlagDataPadded) {
		_ = d.frames.WriteDataPadded(f.StreamID, f.StreamEnded(), data, make([]byte, int(f.Length)-len(data)-1))
		return
	}
	_ = d.frames.WriteData(f.StreamID, f.StreamEnded(), data)
}

// writeFields writes a field section: HEADERS, and CONTINUATION where it is larger
// than a frame may be.
func (d *side) writeFields(p http2.HeadersFrameParam, fields []hpack.HeaderField) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.block.Reset()
	for i := range fields {
		_ = d.enc.WriteField(fields[i]) // to memory
	}
	block := d.block.Bytes()
	room := int(d.maxWrite)
	first := room - int(p.PadLength) - 6 // the length of the padding, and a priority
	n := min(len(block), max(first, 1))
	p.BlockFragment, p.EndHeaders = block[:n], n == len(block)
	_ = d.frames.WriteHeaders(p)
	for block = block[n:]; len(block) > 0; block = block[n:] {
		n = min(len(block), room)
		_ = d.frames.WriteContinuation(p.StreamID, n == len(block), block[:n])
	}
	if d.block.Cap() > writeBuffer {
		d.block = bytes.Buffer{}
	}
}

func (d *side) writeReset(id uint32, code http2.ErrCode) {
	d.write(func(f *http2.Framer) error { return f.WriteRSTStream(id, code) })
}
