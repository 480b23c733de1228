package h1

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The sizes of a reader's buffer in octets: for heads and small content, and for
// content of which much is still to come.
const (
	smallBuffer = 8 << 10
	largeBuffer = 64 << 10
)

var (
	smallBuffers = sync.Pool{New: func() any { b := make([]byte, smallBuffer); return &b }}
	largeBuffers = sync.Pool{New: func() any { b := make([]byte, largeBuffer); return &b }}
)

// The errors of Fill that do not come from the connection.
var (
	// ErrTimeout says that nothing came before the limit.
	ErrTimeout = errors.New("nothing came in time")
	// ErrInterrupted says that Interrupt ended the wait.
	ErrInterrupted = errors.New("the wait was ended")
	// ErrFull says that the buffer has no room for more.
	ErrFull = errors.New("the buffer is full")
)

// A Reader reads from a connection ahead of what is asked for. It has a buffer
// only while it holds octets, so that an idle connection costs little. One
// goroutine at a time uses it; Interrupt alone may be called by any.
type Reader struct {
	// Sparing has the reader wait for the first octet without a buffer where it
	// cannot do so anyway, at the cost of one more read for each message.
	Sparing bool

	conn   net.Conn
	socket syscall.RawConn // of a TCP connection, whose octets are read without a buffer waiting for them
	try    func(fd uintptr) bool
	first  func() // is to be called when a try finds nothing, before that is waited for; nil for nothing

	buf  *[]byte // from a pool; nil while nothing is held
	much bool    // a large buffer is worth its memory
	from int     // what is held is (*buf)[from:to]
	to   int
	n    int   // what the last try read
	fail error // why it failed
	err  error // why nothing more comes

	limit       time.Time // when a wait ends; zero for never
	armed       time.Time // the deadline that the connection has, at the limit or before it
	interrupted atomic.Bool
	one         [1]byte
}

// NewReader returns a reader of a connection.
func NewReader(c net.Conn) *Reader {
	r := &Reader{conn: c}
	if t, ok := c.(*net.TCPConn); ok && readsSockets {
		if socket, err := t.SyscallConn(); err == nil {
			r.socket, r.try = socket, r.trySocket
		}
	}
	return r
}

// Held returns what has been read and not been skipped. It is valid until the
// next Fill.
func (r *Reader) Held() []byte {
	if r.buf == nil {
		return nil
	}
	return (*r.buf)[r.from:r.to]
}

// Skip drops the first n octets held.
func (r *Reader) Skip(n int) {
	if r.from += n; r.from == r.to {
		r.from, r.to = 0, 0
	}
}

// Rest returns the buffer to its pool while nothing is held.
func (r *Reader) Rest() {
	if r.buf == nil || r.from != r.to {
		return
	}
	switch cap(*r.buf) {
	case smallBuffer:
		smallBuffers.Put(r.buf)
	case largeBuffer:
		largeBuffers.Put(r.buf)
	}
	r.buf, r.from, r.to = nil, 0, 0
}

// Expect says how many octets are to come, so that the buffer fits.
func (r *Reader) Expect(n int64) {
	r.much = n >= 2*smallBuffer
	if r.much && r.buf != nil && len(*r.buf) < largeBuffer {
		r.grow(largeBuffers.Get().(*[]byte))
	}
}

// take takes a buffer from a pool.
func (r *Reader) take() {
	if r.much {
		r.buf = largeBuffers.Get().(*[]byte)
		return
	}
	r.buf = smallBuffers.Get().(*[]byte)
}

// grow moves what is held to a larger buffer.
func (r *Reader) grow(to *[]byte) {
	n := copy(*to, r.Held())
	if r.buf != nil {
		r.from, r.to = 0, 0
		r.Rest()
	}
	r.buf, r.from, r.to = to, 0, n
}

// SetLimit sets when a wait ends; zero for never. It holds for every Fill that
// follows.
func (r *Reader) SetLimit(t time.Time) { r.limit = t }

// Err returns why nothing more comes: io.EOF where the other side ended its half
// of the connection; nil while more may come.
func (r *Reader) Err() error { return r.err }

// Fill waits until at least one more octet is held. It makes room for at most
// most octets.
func (r *Reader) Fill(most int) error {
	if r.err != nil {
		return r.err
	}
	if err := r.makeRoom(most); err != nil {
		return err
	}
	for {
		if err := r.arm(); err != nil {
			return err
		}
		n, err := r.read()
		r.to += n
		switch {
		case n > 0:
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				r.err = err
			}
			return nil
		case r.interrupted.Load():
			return ErrInterrupted
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.armed = time.Time{}
			if !r.limit.IsZero() && !time.Now().Before(r.limit) {
				return ErrTimeout
			}
			if err := r.conn.SetReadDeadline(time.Time{}); err != nil {
				return err
			}
		case err != nil:
			r.err = err
			return err
		}
	}
}

// Looks reports whether the reader tries to read before it waits, so that
// FillAfter works.
func (r *Reader) Looks() bool { return r.socket != nil }

// FillAfter is Fill on a connection on which nothing should come before act has
// been called: it calls act, and waits, where nothing has come. acted is false
// where octets came unasked, or the connection has ended; the caller can tell
// that from Held and Err. Only readers that look can do that.
func (r *Reader) FillAfter(act func()) (acted bool, err error) {
	if r.err != nil || r.from < r.to {
		return false, r.err
	}
	r.first = func() { acted = true; act() }
	err = r.Fill(0)
	r.first = nil
	return acted, err
}

// makeRoom moves what is held to the front, or to a larger buffer.
func (r *Reader) makeRoom(most int) error {
	switch {
	case r.buf == nil:
		return nil
	case r.to < len(*r.buf):
		return nil
	case r.from > 0:
		r.to = copy(*r.buf, (*r.buf)[r.from:r.to])
		r.from = 0
		return nil
	case len(*r.buf) >= most:
		return ErrFull
	case len(*r.buf) < largeBuffer:
		r.grow(largeBuffers.Get().(*[]byte))
		return nil
	}
	larger := make([]byte, min(2*len(*r.buf), max(most, largeBuffer)))
	r.grow(&larger)
	return nil
}

// arm sets the connection's deadline, unless it has one already that comes
// before the limit: when that strikes it is set anew, which is rarer than setting
// one for each wait.
func (r *Reader) arm() error {
	if !r.limit.IsZero() && (r.armed.IsZero() || r.limit.Before(r.armed)) {
		if err := r.conn.SetReadDeadline(r.limit); err != nil {
			return err
		}
		r.armed = r.limit
	}
	if r.interrupted.Load() {
		return ErrInterrupted
	}
	return nil
}

// read reads once, and waits for it.
func (r *Reader) read() (int, error) {
	if r.socket != nil {
		r.n, r.fail = 0, nil
		err := r.socket.Read(r.try)
		if err == nil {
			err = r.fail
		}
		if r.n == 0 && err == nil {
			err = io.EOF
		}
		return r.n, r.named(err)
	}
	if r.buf == nil && !r.Sparing {
		r.take()
	}
	if r.buf != nil {
		return r.conn.Read((*r.buf)[r.to:])
	}
	n, err := r.conn.Read(r.one[:])
	if n > 0 {
		r.take()
		(*r.buf)[0] = r.one[0]
	}
	return n, err
}

// named returns an error as package net would have: with the operation and the
// address of the other side.
func (r *Reader) named(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return &net.OpError{Op: "read", Net: "tcp", Source: r.conn.LocalAddr(), Addr: r.conn.RemoteAddr(), Err: err}
}

// Interrupt ends a wait of Fill, and every later one until Resume. Any goroutine
// may call it.
func (r *Reader) Interrupt() {
	r.interrupted.Store(true)
	_ = r.conn.SetReadDeadline(past)
}

var past = time.Unix(1, 0)

// Resume lets Fill wait again.
func (r *Reader) Resume() {
	r.interrupted.Store(false)
	r.armed = time.Time{}
	_ = r.conn.SetReadDeadline(time.Time{})
}
