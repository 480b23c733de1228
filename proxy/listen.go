package proxy

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// Serve answers proxy clients on l until Shutdown; it closes l. The error is
// nil after Shutdown.
func (p *Proxy) Serve(l net.Listener) error {
	return p.serveOn(l, route{kind: routeForward})
}

// ServeReverse answers clients on l with what the origin server at scheme and
// authority says, for clients that cannot be told to use a proxy.
func (p *Proxy) ServeReverse(l net.Listener, scheme, authority string) error {
	return p.serveOn(l, route{kind: routeReverse, scheme: scheme, authority: withPort(authority, scheme)})
}

// The times to wait after a failure to accept, since what is missing may come
// back: descriptors above all.
const (
	firstPause = 5 * time.Millisecond
	mostPause  = time.Second
)

func (p *Proxy) serveOn(l net.Listener, r route) error {
	if !p.listens(l) {
		l.Close()
		return nil
	}
	defer l.Close()
	pause := firstPause
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = firstPause
			p.accepted(c, r)
		case p.isStopping():
			return nil
		case isExhausted(err), errors.Is(err, syscall.ECONNABORTED):
			p.limited(LimitDescriptors, err)
			time.Sleep(pause)
			pause = min(2*pause, mostPause)
		default:
			return err
		}
	}
}

// listens notes a listener; false when the proxy is stopping.
func (p *Proxy) listens(l net.Listener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return false
	}
	p.listening = append(p.listening, addrPort(l.Addr()))
	p.listeners = append(p.listeners, l)
	return true
}

// accepted begins with a client's connection, if there is room for it.
func (p *Proxy) accepted(c net.Conn, r route) {
	if most := p.config.MaxClients; most > 0 && p.inbound.open.Load() >= int64(most) {
		p.limited(LimitClients, nil)
		if !p.makeRoom() {
			refuseClient(c)
			return
		}
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetNoDelay(true)
	}
	p.inbound.opened.Add(1)
	p.inbound.open.Add(1)
	p.attend(p.newInbound(c, r))
}

// refuseClient answers a client for which there is no room.
func refuseClient(c net.Conn) {
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nProxy-Status: sidenote; error=connection_limit_reached\r\n"+
		"Retry-After: 1\r\nConnection: close\r\nContent-Length: 97\r\n\r\n"+
		"sidenote: as many clients are connected as --max-clients allows. Raise it, or try again later.\r\n\r\n"[:97])
	go func() { // what the client sends is read, or the answer would be taken back
		defer c.Close()
		if closeWrite(c) == nil {
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
			_, _ = io.Copy(io.Discard, c)
		}
	}()
}

// makeRoom closes the connections that have been idle longest, a few at once. It
// reports whether there were any.
func (p *Proxy) makeRoom() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	type waiting struct {
		in    *inbound
		since int64
	}
	var idle []waiting
	for in := range p.clients {
		if since := in.idle.Load(); since != 0 && in.route.kind != routeTunnel {
			idle = append(idle, waiting{in, since})
		}
	}
	slices.SortFunc(idle, func(a, b waiting) int { return int(min(max(a.since-b.since, -1), 1)) })
	closed := false
	for _, w := range idle[:min(len(idle), 1+p.config.MaxClients/100)] {
		w.in.idle.Store(0)
		w.in.Conn.Close()
		closed = true
	}
	return closed
}

// join counts a client's connection on HTTP/1.x in, unless the proxy is stopping.
func (p *Proxy) join(in *inbound) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return false
	}
	p.running.Add(1)
	p.clients[in] = struct{}{}
	return true
}

func (p *Proxy) part(in *inbound) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, in)
}

// inboundClosed keeps the books when a connection is closed.
func (p *Proxy) inboundClosed(in *inbound) {
	if in.route.kind != routeTunnel {
		p.inbound.open.Add(-1)
	}
	if in.watcher != nil && in.count() == 0 {
		in.watcher.left()
	}
}

// A Limit is one of sidenote's own that traffic can run into.
type Limit string

// The limits.
const (
	LimitClients     Limit = "clients"      // as many clients are connected as Config.MaxClients allows
	LimitDescriptors Limit = "descriptors"  // the system gives no more file descriptors
	LimitClientHead  Limit = "client-head"  // a request head did not come within Config.ClientHeadTimeout
	LimitClientBody  Limit = "client-body"  // request content came too slowly for Config.BodyTimeout or BodyRate
	LimitClientWrite Limit = "client-write" // a client did not take a piece of a response within Config.ClientWriteTimeout
	LimitOriginWrite Limit = "origin-write" // an origin server did not take a piece of a request within Config.OriginWriteTimeout
)

// limitsMet counts how often each limit was met.
type limitsMet struct {
	clients, descriptors, clientHead, clientBody, clientWrite, originWrite atomic.Int64
}

func (m *limitsMet) of(l Limit) *atomic.Int64 {
	switch l {
	case LimitClients:
		return &m.clients
	case LimitClientHead:
		return &m.clientHead
	case LimitClientBody:
		return &m.clientBody
	case LimitClientWrite:
		return &m.clientWrite
	case LimitOriginWrite:
		return &m.originWrite
	}
	return &m.descriptors
}

// limited tells that a limit has been met.
func (p *Proxy) limited(l Limit, err error) {
	p.met.of(l).Add(1)
	if p.config.Hooks.Limited != nil {
		p.config.Hooks.Limited(l, err)
	}
}

// isExhausted reports whether the system has no more of what a connection needs:
// descriptors, memory, ports. That is nobody's fault but ours.
func isExhausted(err error) bool {
	for _, e := range [...]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
