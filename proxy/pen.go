package proxy

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// A pen writes to a connection, and gives up when the other side takes longer for
// a piece than it may. One goroutine at a time uses it.
type pen struct {
	limit time.Duration   // 0 for none
	ctx   context.Context // when it has ended, the deadline is that of whoever ended it
	bare  bool            // a write that a deadline has ended can go on: nothing but the socket counts octets
	armed time.Time       // the deadline that the connection has; zero for none
}

// newPen returns a pen for a connection.
func newPen(ctx context.Context, c net.Conn, limit time.Duration) pen {
	_, bare := c.(*net.TCPConn)
	return pen{limit: limit, ctx: ctx, bare: bare}
}

// errNotTaken says that the other side does not read.
var errNotTaken = errors.New("the time to write is over")

// more is write for what follows a piece of the same message: a side that stops
// reading is met here. Each piece has a deadline of its own then, since a write that
// goes on after an early one finds room that the system had kept back, and starts anew.
func (p *pen) more(c net.Conn, b []byte) (int, error) {
	p.armed = time.Time{}
	return p.write(c, b)
}

// write writes all of b to c. The error is errNotTaken where that took too long.
//
// To set a deadline for each message costs as much as a small one. On a bare
// socket one is set that suits this piece and those to come until it strikes, and
// set again then; TLS would be broken by one that strikes early.
func (p *pen) write(c net.Conn, b []byte) (int, error) {
	if p.limit <= 0 {
		return c.Write(b)
	}
	began := time.Now()
	if !p.covers(began) {
		if err := p.arm(c, began); err != nil {
			return 0, err
		}
	}
	written := 0
	for {
		n, err := c.Write(b[written:])
		written += n
		if !errors.Is(err, os.ErrDeadlineExceeded) || p.ctx.Err() != nil {
			return written, err
		}
		if time.Since(began) >= p.limit {
			return written, errNotTaken
		}
		if err := p.arm(c, began); err != nil || !p.bare {
			return written, errors.Join(err, errNotTaken)
		}
	}
}

// covers reports whether the deadline that the connection has will do for a piece
// that is begun.
func (p *pen) covers(began time.Time) bool {
	if p.bare {
		return p.armed.After(began)
	}
	return p.armed.Sub(began) >= p.limit
}

// slack is how much later than it should a deadline strikes at most under TLS, so
// that one is set for all pieces of that time.
const slack = 200 * time.Millisecond

// arm sets the deadline of a piece that was begun. Whoever ends the connection
// says so first and sets its own deadline then, so one of the two is seen.
func (p *pen) arm(c net.Conn, began time.Time) error {
	if p.armed = began.Add(p.limit); !p.bare {
		p.armed = p.armed.Add(slack)
	}
	if err := c.SetWriteDeadline(p.armed); err != nil {
		return err
	}
	if p.ctx.Err() != nil {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// cutSocket ends the socket under a connection at once, with what has not been
// taken: to close TLS waits until its last record has.
func cutSocket(c net.Conn) {
	if t := socketOf(c); t != nil {
		_ = t.SetLinger(0)
		t.Close()
	}
}
