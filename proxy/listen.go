package proxy

import (
	"errors"
	"net"
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
