package proxy

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/proxy/h1"
)

// A pool keeps connections to origin servers whose clients have gone, and lends
// them to the next clients, where Config.ShareConnections asks for that. It
// shares nothing that could tell one client from another: neither a connection
// that carried credentials or a challenge, nor one with a request that has them.
type pool struct {
	lent    atomic.Int64    // how often a connection served another client
	discard func(*outbound) // closes one that cannot be used any more

	mu     sync.Mutex // guards what follows
	conns  []sharedConn
	timer  *time.Timer // sweeps; nil while nothing is kept
	closed bool
}

// A sharedConn is a connection that waits in a pool.
type sharedConn struct {
	*outbound
	since time.Time
}

// The bounds of a pool.
const (
	maxShared = 256              // connections in all
	sharedFor = 15 * time.Second // how long one waits: less than servers keep theirs
	sweepEach = time.Second
)

// put keeps a connection that has just been used, the one that has waited longest
// making room, or closes it.
func (p *pool) put(o *outbound) {
	if o.reader.Err() != nil || len(o.reader.Held()) > 0 {
		o.Close()
		return
	}
	o.reader.Resume()
	o.reader.Rest()
	p.mu.Lock()
	var surplus *outbound
	switch {
	case p.closed:
		surplus = o
	case len(p.conns) >= maxShared:
		surplus = p.conns[0].outbound
		p.conns = slices.Delete(p.conns, 0, 1)
		fallthrough
	default:
		p.conns = append(p.conns, sharedConn{o, time.Now()})
		if p.timer == nil {
			p.timer = time.AfterFunc(sweepEach, p.sweep)
		}
	}
	p.mu.Unlock()
	if surplus != nil {
		surplus.Close()
	}
}

// take returns the connection to d that was used last; nil where there is none.
func (p *pool) take(d destination) *outbound {
	for {
		p.mu.Lock()
		i := len(p.conns) - 1
		for i >= 0 && p.conns[i].target != d {
			i--
		}
		if i < 0 {
			p.mu.Unlock()
			return nil
		}
		o := p.conns[i].outbound
		p.conns = slices.Delete(p.conns, i, i+1)
		p.mu.Unlock()
		if o.isQuiet() {
			p.lent.Add(1)
			return o
		}
		p.discard(o)
	}
}

// sweep closes connections that have waited for too long, or that their servers
// have ended.
func (p *pool) sweep() {
	p.mu.Lock()
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	kept := conns[:0]
	for _, c := range conns {
		if time.Since(c.since) < sharedFor && c.isQuiet() {
			kept = append(kept, c)
		} else {
			p.discard(c.outbound)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(kept, p.conns...)
	switch {
	case p.closed:
		p.drop()
	case len(p.conns) == 0:
		p.timer = nil
	default:
		p.timer.Reset(sweepEach)
	}
}

// close closes all connections, and lets none in any more.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.drop()
}

// drop closes what is kept. The lock is held.
func (p *pool) drop() {
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// mayBorrow reports whether a request may go on a connection that served another
// client: one that can be repeated if the origin server has just ended that
// (RFC 9110 §9.2.2), and that says nothing of who asks. The connection of a tunnel
// is opened with it.
func (ps *passage) mayBorrow() bool {
	if !ps.proxy.config.ShareConnections || ps.in.route.kind == routeTunnel || ps.upgrade || ps.turn.frame.End != h1.NoContent {
		return false
	}
	switch ps.x.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return !ps.x.Request.Fields.HasCredentials()
	}
	return false
}

// bindToClient notes what of an exchange keeps a connection from being shared.
func (ps *passage) bindToClient(o *outbound) {
	if ps.proxy.config.ShareConnections && (ps.x.Request.Fields.HasCredentials() || ps.x.Response.Fields.BindsConnection()) {
		o.bound = true
	}
}

// ask sends the request and waits for the head of the answer. A connection
// of another client's that ends without an answer is not the client's to know of:
// the request is sent again on one of its own.
func (ps *passage) ask(c *call, out *h1.Outgoing, from *turn) error {
	c.borrows = ps.mayBorrow()
	for {
		err := c.connect(ps.destination())
		if from != nil {
			ps.in.unwatch() // whoever sends the content reads it
		}
		if err == nil {
			ps.bindToClient(c.o)
			var stale bool
			if stale, err = c.sendAndWait(out, from); stale {
				ps.in.unwatch()
				ps.in.origins.put(c.o, false)
				ps.attempts--
				*c = call{ps: ps, borrows: c.borrows}
				continue
			}
		}
		if err == nil || !c.borrowed || c.came() || !isEnd(err) && !isReset(err) || ps.cause() != nil {
			return err
		}
		ps.in.unwatch()
		ps.in.origins.put(c.o, false)
		*c = call{ps: ps}
	}
}
