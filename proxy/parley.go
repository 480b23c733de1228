package proxy

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// A parley is the beginning of a conversation of which it is not known in which
// protocol it will be. The origin server is connected to, and both sides are
// listened to: whichever speaks first tells. A client that speaks first is heard
// until its opening can be told; what an origin server says first is passed on.
type parley struct {
	client net.Conn
	limit  int           // octets of a first line
	grace  time.Duration // how long the client is waited for when the origin server has spoken
	cancel context.CancelFunc
	done   chan struct{} // closed when the origin's side has ended

	mu      sync.Mutex // guards what follows
	origin  *outbound
	err     error     // why there is no connection to the origin server
	said    []byte    // what the origin server said first
	silent  bool      // it has neither spoken nor ended the connection
	enough  bool      // it need not be listened to any more
	hurried time.Time // when the client is not waited for any longer; zero while it is
}

const (
	// patience is how long a client may pause in the middle of an opening, or
	// say nothing although the origin server cannot be reached.
	patience = 400 * time.Millisecond
	// helloGrace is how long a client may still begin TLS after the origin server
	// has spoken, so that it is told that this is no port for TLS.
	helloGrace = 100 * time.Millisecond
	// firstWord is how much is read of what an origin server says first.
	firstWord = 1024
)

// past is a deadline that ends a read at once.
var past = time.Unix(1, 0)

// newParley begins one. grace is how long the client is waited for when the
// origin server has spoken. dial connects to the origin server; its context ends when
// the client has gone.
func newParley(ctx context.Context, client net.Conn, limit int, grace time.Duration, dial func(context.Context) (*outbound, error)) *parley {
	y := &parley{client: client, limit: limit, grace: grace, silent: true, done: make(chan struct{})}
	ctx, y.cancel = context.WithCancel(ctx)
	go y.listen(ctx, dial)
	return y
}

// listen connects to the origin server and waits until it speaks.
func (y *parley) listen(ctx context.Context, dial func(context.Context) (*outbound, error)) {
	defer close(y.done)
	o, err := dial(ctx)
	y.mu.Lock()
	y.origin, y.err = o, err
	enough := y.enough
	y.mu.Unlock()
	if err != nil {
		y.hurry(time.Now().Add(patience))
		return
	}
	if enough {
		return
	}
	buf := make([]byte, firstWord)
	n, err := o.Conn.Read(buf)
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	if _, alerted := alertOf(err); n == 0 && alerted { // in TLS 1.3 a server judges the client's certificate after the handshake
		o.Close()
		y.mu.Lock()
		y.origin, y.err = nil, &failure{code: endFailure(err, o, nil).Code, err: err, tried: o}
		y.mu.Unlock()
		y.hurry(time.Now().Add(patience))
		return
	}
	y.mu.Lock()
	y.said, y.silent = buf[:n], false
	o.Conn = &replayConn{Conn: o.Conn, early: buf[:n], end: err}
	y.mu.Unlock()
	y.hurry(time.Now().Add(y.grace))
}

// hurry lets the client be waited for no longer than until t.
func (y *parley) hurry(t time.Time) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.hurried = t
	if !y.enough {
		_ = y.client.SetReadDeadline(t)
	}
}

// wait sets how long the client is waited for, at most. d is zero for no limit.
func (y *parley) wait(d time.Duration) {
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if !y.hurried.IsZero() && (t.IsZero() || y.hurried.Before(t)) {
		t = y.hurried
	}
	_ = y.client.SetReadDeadline(t)
}

// hear reads what the client says until it can be told what it is. early is what
// was read; the error is that of the client's connection, nil where time ran
// out or the origin server spoke. idle is how long both may be silent.
func (y *parley) hear(idle time.Duration) (early []byte, kind opening, err error) {
	defer y.stopListening()
	early = make([]byte, 0, 512)
	for kind == openingUndecided {
		if len(early) == 0 || isLikelyHTTP(early) {
			y.wait(idle)
		} else {
			y.wait(patience)
		}
		if len(early) == cap(early) {
			early = append(early, 0)[:len(early)]
		}
		n, err := y.client.Read(early[len(early):cap(early)])
		early = early[:len(early)+n]
		kind = openingOf(early, y.limit)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return early, kind, err
		}
	}
	return early, kind, nil
}

// stopListening ends the reads of both sides.
func (y *parley) stopListening() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.enough = true
	_ = y.client.SetReadDeadline(time.Time{})
	if y.origin != nil {
		_ = y.origin.Conn.SetReadDeadline(past)
	}
}

// settle returns the connection to the origin server, which is waited for, and
// what that said before the client spoke, which is read from the connection once
// more. The error says why there is no connection.
func (y *parley) settle() (o *outbound, said []byte, err error) {
	<-y.done
	if y.origin != nil {
		_ = y.origin.Conn.SetReadDeadline(time.Time{})
	}
	return y.origin, y.said, y.err
}

// spoke reports whether the origin server spoke or ended the connection. It is
// for after settle.
func (y *parley) spoke() bool { return !y.silent }

// abandon ends it, and the connection to the origin server.
func (y *parley) abandon() {
	y.cancel()
	<-y.done
	if y.origin != nil {
		y.origin.Close()
	}
}
