package proxy

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"sidenote/exchange"
)

// An Inside is a network of one place inside the program: whoever dials it
// reaches whoever accepts on it, and nobody else can. So no other program of
// this machine can use the proxy that listens on it.
type Inside struct {
	conns  chan net.Conn
	done   chan struct{}
	close  sync.Once
	dialed atomic.Uint32
}

// NewInside makes one that nobody listens on yet.
func NewInside() *Inside { return &Inside{conns: make(chan net.Conn), done: make(chan struct{})} }

// Accept waits for the next connection.
func (i *Inside) Accept() (net.Conn, error) {
	select {
	case c := <-i.conns:
		return c, nil
	case <-i.done:
		return nil, net.ErrClosed
	}
}

// Close lets nobody in any more. Open connections stay.
func (i *Inside) Close() error {
	i.close.Do(func() { close(i.done) })
	return nil
}

// Addr names the place.
func (i *Inside) Addr() net.Addr { return insideAddr{} }

type insideAddr struct{}

// Network names the network.
func (insideAddr) Network() string { return "inside" }

// String names the only place on it.
func (insideAddr) String() string { return "inside" }

// An insideConn is the proxy's end of a connection. It has no address, but a
// number for a port, by which the exchange on it is found.
type insideConn struct {
	net.Conn
	number uint16
}

// LocalAddr returns the number alone.
func (c insideConn) LocalAddr() net.Addr { return &net.TCPAddr{Port: int(c.number)} }

func (i *Inside) dial(ctx context.Context) (net.Conn, uint16, error) {
	ours, theirs := net.Pipe()
	number := uint16(i.dialed.Add(1))
	select {
	case i.conns <- insideConn{theirs, number}:
		return ours, number, nil
	case <-i.done:
		return nil, 0, net.ErrClosed
	case <-ctx.Done():
		return nil, 0, context.Cause(ctx)
	}
}

// Send sends a request as RoundTrip does. is reports whether an exchange is the
// one that this made: of those that came after it was sent, and of the next
// 65,535 only that one is.
func (i *Inside) Send(r *http.Request) (resp *http.Response, is func(*exchange.Exchange) bool, err error) {
	conn, number, err := i.dial(r.Context())
	if err != nil {
		return nil, nil, err
	}
	is = func(x *exchange.Exchange) bool { return !x.Client.Peer.IsValid() && x.Client.Local.Port() == number }
	resp, err = roundTrip(conn, r)
	return resp, is, err
}

// RoundTrip sends a request to the proxy that accepts here, on a connection of
// its own. The target is in absolute form also for https (RFC 9112 §3.2.2), so
// that the proxy does TLS with the origin server, and nobody has to trust a CA
// of ours.
func (i *Inside) RoundTrip(r *http.Request) (*http.Response, error) {
	conn, _, err := i.dial(r.Context())
	if err != nil {
		return nil, err
	}
	return roundTrip(conn, r)
}

func roundTrip(conn net.Conn, r *http.Request) (*http.Response, error) {
	stop := context.AfterFunc(r.Context(), func() { conn.Close() })
	end := sync.OnceFunc(func() { stop(); conn.Close() })
	go func() { _ = r.WriteProxy(conn) }() // whatever fails shows in the response
	in := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(in, r)
		if err != nil {
			end()
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			resp.Body = &lastBody{resp.Body, end}
			return resp, nil
		}
	}
}

// A lastBody ends the connection with the content.
type lastBody struct {
	io.ReadCloser
	end func()
}

// Close closes the connection too.
func (b *lastBody) Close() error {
	b.end() // first, or the content would be read to its end
	return b.ReadCloser.Close()
}
