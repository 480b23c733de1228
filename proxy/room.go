package proxy

import (
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h2"
)

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
	_, _ = c.Write(newPage(http.StatusServiceUnavailable, "text/plain; charset=utf-8",
		[]byte("sidenote: as many clients are connected as --max-clients allows. Raise it, or try again later.\n"),
		exchange.Line{Name: "Proxy-Status", Value: "sidenote; error=connection_limit_reached"}, exchange.Line{Name: "Retry-After", Value: "1"}).last())
	go func() { // what the client sends is read, or the answer would be taken back
		defer c.Close()
		if closeWrite(c) == nil {
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
			_, _ = io.Copy(io.Discard, c)
		}
	}()
}

// An idleClient is a client's connection on which nothing is asked.
type idleClient struct {
	in    *inbound
	since int64
	end   func()
}

// makeRoom ends the connections that have been idle longest, a few at once. It
// reports whether there were any.
func (p *Proxy) makeRoom() bool {
	idle := p.idleClients()
	slices.SortFunc(idle, func(a, b idleClient) int { return int(min(max(a.since-b.since, -1), 1)) })
	idle = idle[:min(len(idle), 1+p.config.MaxClients/100)]
	for _, w := range idle {
		w.in.idle.Store(0)
		if w.in.tls != nil {
			go w.end() // which says so to the client first
		} else {
			w.end()
		}
	}
	return len(idle) > 0
}

// idleClients returns the connections on which nothing is asked.
func (p *Proxy) idleClients() (idle []idleClient) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for in := range p.clients {
		if since := in.idle.Load(); since != 0 {
			idle = append(idle, idleClient{in, since, func() { in.Conn.Close() }})
		}
	}
	for in, relay := range p.relays {
		if since := in.idle.Load(); since != 0 {
			idle = append(idle, idleClient{in, since, relay.Shutdown})
		}
	}
	return idle
}

// joinH2 counts a client's connection on HTTP/2 among those that can make room,
// until part is called.
func (p *Proxy) joinH2(in *inbound, relay *h2.Relay) (part func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.relays[in] = relay
	in.idle.Store(time.Now().UnixNano())
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.relays, in)
	}
}
