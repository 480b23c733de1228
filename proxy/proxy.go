package proxy

import (
	"context"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elazarl/goproxy"

	"sidenote/exchange"
	"sidenote/proxy/h2"
)

// A Proxy passes HTTP through. Make one with New, give it listeners with
// Serve and ServeReverse, and stop it with Shutdown.
type Proxy struct {
	config  Config
	core    *goproxy.ProxyHttpServer
	dialer  *dialer
	tls     *clientTLS
	refused *refusals
	pool    pool

	buffers  sync.Pool
	visits   sync.Pool // of *visit
	outgoing sync.Pool // of *[]byte, in which heads are put together
	ids      atomic.Uint64
	idStart  uint32

	mu        sync.Mutex // guards what follows
	listening []netip.AddrPort
	listeners []net.Listener
	clients   map[*inbound]struct{}  // on HTTP/1.x
	relays    map[*inbound]*h2.Relay // of clients on HTTP/2
	closers   map[int]func()         // ends tunnels and upgraded connections
	closerID  int
	stopping  bool
	stop      chan struct{} // closed when stopping begins

	inFlight atomic.Int64
	h2       h2.Stats
	met      limitsMet
	inbound  connections
	messages messageStats
	running  sync.WaitGroup  // exchanges, tunnels included
	all      context.Context // of all exchanges
	cutOff   context.CancelCauseFunc
}

// connections counts the connections of one side.
type connections struct{ opened, open atomic.Int64 }

// Stats are figures of the moment.
type Stats struct {
	InFlight                      int64 // exchanges that have begun and not ended
	ClientsOpened, ClientsOpen    int64 // connections from clients
	OriginsOpened, OriginsOpen    int64 // connections to origin servers
	OriginsShared                 int64 // how often one of them served another client than its first
	Intercepted, Refused, Tunnels int64 // CONNECT requests by what became of them
	FullClients, FullDescriptors  int64 // how often a limit was met
	SlowHeads, SlowBodies         int64 // requests that did not come in time
	UnreadClients, UnreadOrigins  int64 // messages that the other side did not read in time
	Streams, StreamsReset         int64 // HTTP/2 streams that clients opened; those that a peer reset
	StreamsRefused                int64 // those that sidenote refused, by a rule of HTTP/2 or a limit
	Messages, MessagesDropped     int64 // messages of streams that were found; those that no record has
	H2Violations, H2Floods        int64 // HTTP/2 connections that sidenote ended, since a peer broke the protocol or sent too much
}

// New makes a proxy.
func New(c Config) *Proxy {
	p := &Proxy{config: c.withDefaults(), closers: map[int]func(){}, clients: map[*inbound]struct{}{}, relays: map[*inbound]*h2.Relay{}, stop: make(chan struct{}), idStart: rand.Uint32()}
	p.all, p.cutOff = context.WithCancelCause(context.Background())
	p.outgoing.New = func() any { return new([]byte) }
	p.visits.New = func() any { return new(visit) }
	p.buffers.New = func() any { b := make([]byte, 32<<10); return &b }
	p.dialer = newDialer(&p.config, p.isOwn)
	p.tls = newClientTLS(p)
	p.refused = newRefusals()
	p.pool.discard = func(o *outbound) { p.discard(o, exchange.Connection{}) }
	p.core = p.newCore()
	return p
}

// newCore sets goproxy up so that it routes, and changes nothing.
func (p *Proxy) newCore() *goproxy.ProxyHttpServer {
	core := goproxy.NewProxyHttpServer()
	core.Logger = log.New(io.Discard, "", 0)
	core.KeepHeader = true // skips its cleaning of fields, which is incomplete
	core.KeepAcceptEncoding = true
	core.KeepDestinationHeaders = true
	core.ConnectDial = nil // else it takes proxies from the environment
	core.Tr = &http.Transport{}
	core.NonproxyHandler = http.HandlerFunc(p.serveSetup)
	core.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: p.connect}, host
	})
	roundTripper := goproxy.RoundTripperFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
		passageOf(r.Context()).forward()
		return answered, nil
	})
	core.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		ctx.RoundTripper = roundTripper
		return r, nil
	})
	return core
}

// answered is what goproxy gets for a response that the client has got already.
var answered = &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}

// isOwn reports whether an address is one of our listeners, or one that must
// not be reached through us.
func (p *Proxy) isOwn(a netip.AddrPort) bool {
	if p.isListener(a) {
		return true
	}
	for _, f := range p.config.Forbidden {
		if sameListener(f, a) {
			return true
		}
	}
	return false
}

// isListener reports whether an address is one of our listeners.
func (p *Proxy) isListener(a netip.AddrPort) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.listening {
		if sameListener(l, a) {
			return true
		}
	}
	return false
}

func sameListener(l, a netip.AddrPort) bool {
	if l.Port() != a.Port() {
		return false
	}
	if a.Addr().IsUnspecified() { // as a destination it means this machine
		return isLocalAddress(l.Addr())
	}
	return l.Addr() == a.Addr() || l.Addr().IsUnspecified() && isLocalAddress(a.Addr())
}

// isLocalAddress reports whether an address is one of this machine.
func isLocalAddress(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, i := range addrs {
		if n, ok := i.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap() == a {
				return true
			}
		}
	}
	return false
}

// enter counts an exchange in, unless the proxy is stopping.
func (p *Proxy) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return false
	}
	p.running.Add(1)
	p.inFlight.Add(1)
	return true
}

// inBackground runs f, which is to end soon after stopping begins and may
// still hand an exchange over.
func (p *Proxy) inBackground(f func()) {
	p.mu.Lock()
	stopping := p.stopping
	if !stopping {
		p.running.Add(1)
	}
	p.mu.Unlock()
	if stopping {
		f()
		return
	}
	go func() {
		defer p.running.Done()
		f()
	}()
}

func (p *Proxy) leave() {
	p.inFlight.Add(-1)
	p.running.Done()
}

// headKnown calls the hook, and appends the lines to add to the response to
// added.
func (p *Proxy) headKnown(x *exchange.Exchange, added []exchange.Line) []exchange.Line {
	if p.config.Hooks.Head == nil {
		return added
	}
	had := len(added)
	if added = p.config.Hooks.Head(x, added); len(added) > had {
		x.Changed |= exchange.ChangedAnnotated
	}
	return added
}

func (p *Proxy) done(x *exchange.Exchange) {
	if p.config.KeepDigest {
		x.Request.Content.KeepDigest()
		x.Response.Content.KeepDigest()
	}
	if p.config.Hooks.Done != nil {
		p.config.Hooks.Done(x)
	}
}

// register remembers how to end a tunnel that outlives its exchange's turn.
func (p *Proxy) register(end func()) (unregister func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closerID++
	id := p.closerID
	p.closers[id] = end
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.closers, id)
	}
}

// Stats returns the figures of the moment.
func (p *Proxy) Stats() Stats {
	return Stats{
		InFlight:      p.inFlight.Load(),
		ClientsOpened: p.inbound.opened.Load(), ClientsOpen: p.inbound.open.Load(),
		OriginsOpened: p.dialer.opened.Load(), OriginsOpen: p.dialer.open.Load(),
		OriginsShared: p.pool.lent.Load(),
		Intercepted:   p.tls.intercepted.Load(), Refused: p.refused.total.Load(), Tunnels: p.tls.tunnels.Load(),
		FullClients: p.met.clients.Load(), FullDescriptors: p.met.descriptors.Load(),
		SlowHeads: p.met.clientHead.Load(), SlowBodies: p.met.clientBody.Load(),
		UnreadClients: p.met.clientWrite.Load(), UnreadOrigins: p.met.originWrite.Load(),
		Streams: p.h2.Streams.Load(), StreamsReset: p.h2.Resets.Load(), StreamsRefused: p.h2.Refused.Load(),
		Messages: p.messages.found.Load(), MessagesDropped: p.messages.dropped.Load(),
		H2Violations: p.h2.Violations.Load(), H2Floods: p.h2.Floods.Load(),
	}
}

// Shutdown stops accepting, lets running exchanges end, and ends tunnels and
// what is left when ctx ends. Every exchange has been handed over when it returns.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.beginStop()
	p.waitIdle(ctx)
	p.cutOff(errShutdown)
	p.abortClients()
	p.endTunnels()
	ended := make(chan struct{})
	go func() { p.running.Wait(); close(ended) }()
	if !within(time.Second, ended) {
		return errors.New("some exchanges did not end in time")
	}
	return ctx.Err()
}

// beginStop closes the listeners, and the connections on which nothing is asked.
func (p *Proxy) beginStop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping {
		p.stopping = true
		close(p.stop)
	}
	for _, l := range p.listeners {
		l.Close()
	}
	p.pool.close()
	for in := range p.clients {
		if in.idle.Load() != 0 {
			in.Conn.Close()
		}
	}
}

// abortClients ends the exchanges that have not ended in time.
func (p *Proxy) abortClients() {
	p.mu.Lock()
	clients := make([]*inbound, 0, len(p.clients))
	for in := range p.clients {
		clients = append(clients, in)
	}
	p.mu.Unlock()
	for _, in := range clients {
		in.abort(errShutdown)
	}
}

func (p *Proxy) isStopping() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

// within reports whether a channel is closed within a time.
func within(d time.Duration, closed <-chan struct{}) bool {
	select {
	case <-closed:
		return true
	case <-time.After(d):
		return false
	}
}

// waitIdle waits until only tunnels are left, or the context ends.
func (p *Proxy) waitIdle(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		p.mu.Lock()
		tunnels := int64(len(p.closers))
		p.mu.Unlock()
		if p.inFlight.Load() <= tunnels {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *Proxy) endTunnels() {
	p.mu.Lock()
	var ends []func()
	for _, end := range p.closers {
		ends = append(ends, end)
	}
	p.mu.Unlock()
	for _, end := range ends {
		end()
	}
}

// hostOf is the host of an authority, in lower case and without brackets.
func hostOf(authority string) string {
	h, _ := exchange.SplitAuthority(authority)
	return strings.ToLower(h)
}
