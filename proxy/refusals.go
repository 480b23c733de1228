package proxy

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
)

// refusals remembers which clients do not trust our CA, so that their traffic
// goes on, as a tunnel.
type refusals struct {
	total atomic.Int64

	mu    sync.Mutex
	byKey map[refusalKey]*refusalState
}

type refusalKey struct {
	host   string
	client netip.Addr
}

type refusalState struct {
	count    int
	accepted bool // a request came through an intercepted connection: it trusts us
}

const (
	refusalsAllowed = 2    // so many, and the host is tunnelled for this client
	maxRefusals     = 4096 // bounds what is remembered
)

func newRefusals() *refusals { return &refusals{byKey: map[refusalKey]*refusalState{}} }

func (r *refusals) state(host string, client netip.Addr) *refusalState {
	k := refusalKey{host, client}
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

// tunnelled reports whether a host is passed on untouched for a client.
func (r *refusals) tunnelled(host string, client netip.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.byKey[refusalKey{host, client}]
	return ok && !s.accepted && s.count >= refusalsAllowed
}

// count counts a refusal. It returns what to say of what follows from it, "" for
// nothing.
func (r *refusals) count(host string, client netip.Addr) (consequence string) {
	r.total.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state(host, client)
	if s.count++; !s.accepted && s.count >= refusalsAllowed {
		return "; from now on " + host + " is tunnelled for it"
	}
	return ""
}

// watch returns the watcher of an intercepted connection: GnuTLS verifies after
// the handshake, so that a client which refuses us closes without a request.
func (r *refusals) watch(p *Proxy, x *exchange.Exchange, to route) *refusal {
	return &refusal{proxy: p, x: x, to: to, since: time.Now()}
}

// A refusal waits for the first request of an intercepted connection.
type refusal struct {
	proxy *Proxy
	x     *exchange.Exchange // of the CONNECT
	to    route
	since time.Time
	done  atomic.Bool
}

// probablyRefused is how soon a client that refuses us closes.
const probablyRefused = time.Second

func (w *refusal) accepted() {
	if w.done.Swap(true) {
		return
	}
	r := w.proxy.refused
	r.mu.Lock()
	r.state(hostOf(w.to.authority), w.x.Client.Peer.Addr()).accepted = true
	r.mu.Unlock()
}

func (w *refusal) closed(in *inbound) {
	if w.done.Swap(true) || in.count() > 0 || time.Since(w.since) > probablyRefused {
		return
	}
	w.x.Timing.Done = max(time.Since(w.x.Started), 1)
	if !w.trusted() {
		w.proxy.inBackground(w.judge)
	}
}

// judge takes the connection for refused, unless the client shows meanwhile
// that it trusts us: browsers open a second connection while the first one
// shakes hands, and close it unused when that speaks HTTP/2.
func (w *refusal) judge() {
	select {
	case <-time.After(probablyRefused):
	case <-w.proxy.stop:
	}
	if w.trusted() {
		return
	}
	consequence := w.proxy.refused.count(hostOf(w.to.authority), w.x.Client.Peer.Addr())
	w.x.Err = &exchange.Err{Code: exchange.ErrClientRefusedCA,
		Detail: w.to.client() + " closed after the handshake without a request, probably since it rejects our CA" + consequence}
	w.proxy.done(w.x)
}

// trusted reports whether a request of the client came through to the host.
func (w *refusal) trusted() bool {
	r := w.proxy.refused
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state(hostOf(w.to.authority), w.x.Client.Peer.Addr()).accepted
}

func randomKey() (k [32]byte) {
	if _, err := rand.Read(k[:]); err != nil {
		panic(err) // crypto/rand never fails where Go runs
	}
	return k
}

// tlsFacts makes the record's facts of a connection's state.
func tlsFacts(s tls.ConnectionState, sni string) *exchange.TLS {
	t := &exchange.TLS{
		Version: s.Version, Cipher: s.CipherSuite, ALPN: s.NegotiatedProtocol, SNI: sni,
		Resumed: s.DidResume, ECH: s.ECHAccepted,
	}
	if len(s.PeerCertificates) == 0 {
		return t
	}
	t.Certificate = certificateFacts(s.PeerCertificates[0])
	issuers := s.PeerCertificates[1:]
	for _, c := range issuers[:min(len(issuers), exchange.MostChain)] {
		t.Chain = append(t.Chain, certificateFacts(c))
	}
	return t
}

func certificateFacts(c *x509.Certificate) *exchange.Certificate {
	sum := sha256.Sum256(c.Raw)
	facts := &exchange.Certificate{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: append([]string(nil), c.DNSNames...),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, SHA256: hex.EncodeToString(sum[:]),
	}
	for _, ip := range c.IPAddresses {
		facts.Names = append(facts.Names, ip.String())
	}
	return facts
}
