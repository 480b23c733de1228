package proxy

import (
	"crypto/tls"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
)

// refusals remembers which clients do not trust our CA, so that their traffic
// goes on, as a tunnel, for a while.
type refusals struct {
	total atomic.Int64
	now   func() time.Time

	mu    sync.Mutex
	byKey map[refuser]*refusalState
}

// A refuser is a program that may not trust our CA, as far as programs can be
// told apart: one that does not is no reason to think the same of others.
type refuser struct {
	host   string
	client netip.Addr
	says   string // what the program says of itself: its User-Agent, or how its hello looks
}

// refuser is who sent a hello.
func (t *tunnel) refuser(hello *tls.ClientHelloInfo) refuser {
	says := t.to.userAgent
	if says == "" {
		says = fingerprint(hello)
	}
	return refuser{hostOf(t.to.authority), t.ps.in.peer.Addr(), says}
}

// A refusalState is what is known of a refuser.
type refusalState struct {
	count   int       // refusals since the last request that came through
	since   time.Time // of the first of them
	until   time.Time // the client is not offered our certificate before
	trusted bool      // a request came through an intercepted connection once
}

const (
	refusalsAllowed = 2           // so many, and the host is tunnelled for this client
	refusedFor      = time.Minute // for so long, and our certificate is offered again
	maxRefusals     = 4096        // bounds what is remembered
)

func newRefusals() *refusals {
	return &refusals{now: time.Now, byKey: map[refuser]*refusalState{}}
}

func (r *refusals) state(k refuser) *refusalState {
	s, ok := r.byKey[k]
	if !ok {
		if len(r.byKey) >= maxRefusals {
			clear(r.byKey)
		}
		s = &refusalState{}
		r.byKey[k] = s
	}
	return s
}

// standing returns the refusals for which a client's traffic is passed on
// untouched now; nil where it is not.
func (r *refusals) standing(k refuser) *exchange.RefusedCA {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.byKey[k]
	if !ok || s.count < refusalsAllowed || !r.now().Before(s.until) {
		return nil
	}
	return &exchange.RefusedCA{Times: s.count, Since: s.since, Until: s.until}
}

// count counts a refusal. It returns what to say of what follows from it, "" for
// nothing.
func (r *refusals) count(k refuser) (consequence string) {
	r.total.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	s, now := r.state(k), r.now()
	if s.count++; s.count == 1 {
		s.since = now
	}
	if s.count < refusalsAllowed {
		return ""
	}
	s.until = now.Add(refusedFor)
	return "; sidenote passes " + k.host + " on unread for it until " + s.until.Format(time.TimeOnly)
}

// accepted says that a client trusts our CA.
func (r *refusals) accepted(k refuser) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*r.state(k) = refusalState{trusted: true}
}

// trusts reports whether a request of the client has come through to the host.
func (r *refusals) trusts(k refuser) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state(k).trusted
}

// watch returns the watcher of an intercepted connection: GnuTLS verifies after
// the handshake, so that a client which refuses us closes without a request.
func (r *refusals) watch(p *Proxy, x *exchange.Exchange, to route, k refuser) *trustWatcher {
	return &trustWatcher{proxy: p, x: x, to: to, key: k, since: time.Now()}
}

// A trustWatcher waits for the first request of an intercepted connection.
type trustWatcher struct {
	proxy *Proxy
	x     *exchange.Exchange // of the CONNECT
	to    route
	key   refuser
	since time.Time
	done  atomic.Bool
}

// probablyRefused is how soon a client that refuses us closes.
const probablyRefused = time.Second

func (w *trustWatcher) accepted() {
	if !w.done.Swap(true) {
		w.proxy.refused.accepted(w.key)
	}
}

// left says that the client has closed the connection. Where it had said
// nothing, it may have done so because it refuses us.
func (w *trustWatcher) left() {
	if w.done.Swap(true) || time.Since(w.since) > probablyRefused {
		return
	}
	w.x.Timing.Done = max(time.Since(w.x.Started), 1)
	if !w.proxy.refused.trusts(w.key) {
		w.proxy.inBackground(w.judge)
	}
}

// judge takes the connection for refused, unless the client shows meanwhile
// that it trusts us: browsers open a second connection while the first one
// shakes hands, and close it unused when that speaks HTTP/2.
func (w *trustWatcher) judge() {
	select {
	case <-time.After(probablyRefused):
	case <-w.proxy.stop:
	}
	if w.proxy.refused.trusts(w.key) {
		return
	}
	consequence := w.proxy.refused.count(w.key)
	w.x.Err = &exchange.Err{Code: exchange.ErrClientRefusedCA,
		Detail: w.to.client() + " closed after the handshake without a request, probably since it rejects our CA" + consequence}
	w.proxy.done(w.x)
}
