package proxy

import (
	"errors"
	"net"
	"os"
	"time"
)

// connectSilent handles a client that says nothing in its new tunnel. Either it
// waits for the other side to speak first, as with SMTP or SSH; or it is slow,
// or keeps a connection in store, as browsers do. Who speaks first tells.
func (p *Proxy) connectSilent(ps *passage, client net.Conn, to route) {
	o := p.openTunnel(ps, client, to.authority, true)
	if o == nil {
		p.tls.tunnels.Add(1)
		client.Close()
		return
	}
	early, err := p.firstWord(client, o)
	if errors.Is(err, errOriginSpoke) {
		defer client.Close()
		defer o.Close()
		p.tls.tunnels.Add(1)
		ps.x.Tunnel = p.relay(&replayConn{Conn: client, early: early}, o)
		return
	}
	o.Close() // what is intercepted opens a connection of its own
	p.connected(ps, client, to, early, err)
}

// errOriginSpoke says that the origin server spoke first, or ended the connection.
var errOriginSpoke = errors.New("the origin server spoke first")

// firstWord waits until one of the two speaks. It returns the first octets of the
// client, and errOriginSpoke or the error that came instead. What the origin
// server said is read from o again.
func (p *Proxy) firstWord(client net.Conn, o *outbound) (early []byte, err error) {
	defer p.register(func() { client.Close(); o.Close() })()
	past := time.Unix(1, 0)
	var said []byte
	var readErr error
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		var n int
		n, readErr = o.Conn.Read(buf)
		said = buf[:n]
		_ = client.SetReadDeadline(past) // the client need not be waited for
	}()
	var deadline time.Time
	if idle := p.config.IdleTimeout; idle > 0 {
		deadline = time.Now().Add(idle)
	}
	early, err = peek(client, deadline)
	_ = o.Conn.SetReadDeadline(past)
	<-read
	_ = o.Conn.SetReadDeadline(time.Time{})
	_ = client.SetReadDeadline(time.Time{})
	if len(said) > 0 || !errors.Is(readErr, os.ErrDeadlineExceeded) {
		o.Conn = &replayConn{Conn: o.Conn, early: said}
		return early, errOriginSpoke
	}
	if len(early) == 0 && err == nil {
		err = os.ErrDeadlineExceeded
	}
	return early, err
}
