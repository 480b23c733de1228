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
	origin  originSide
	outer   clientSide    // for proxy clients
	inner   clientSide    // for what is inside of tunnels, and for reverse listeners' clients
	slots   chan struct{} // one for each client connection
	tunnels *handover     // brings connections to inner
	tls     *clientTLS
	refused *refusals

	buffers sync.Pool
	ids     atomic.Uint64
	idStart uint32

	mu        sync.Mutex // guards what follows
	listening []netip.AddrPort
	closers   map[int]func() // ends tunnels and upgraded connections
	closerID  int
	stopping  bool
	stop      chan struct{} // closed when stopping begins

	inFlight atomic.Int64
	h2       h2.Stats
	inbound  connections
	running  sync.WaitGroup  // exchanges, tunnels included
	all      context.Context // of all exchanges
	cutOff   context.CancelCauseFunc
}

// clientSide speaks with clients: it reads requests from the connections of a
// listener and hands them to Proxy.serve. It is the seam for an HTTP/1.1 engine
// of our own.
type clientSide interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

// maxClients bounds how many client connections are open at once. More wait to
// be accepted.
const maxClients = 10000

// connections counts the connections of one side.
type connections struct{ opened, open atomic.Int64 }

// Stats are figures of the moment.
type Stats struct {
	InFlight                      int64 // exchanges that have begun and not ended
	ClientsOpened, ClientsOpen    int64 // connections from clients
	OriginsOpened, OriginsOpen    int64 // connections to origin servers
	Intercepted, Refused, Tunnels int64 // CONNECT requests by what became of them
}

// New makes a proxy.
func New(c Config) *Proxy {
	p := &Proxy{config: c.withDefaults(), closers: map[int]func(){}, stop: make(chan struct{}), idStart: rand.Uint32(), slots: make(chan struct{}, maxClients)}
	p.all, p.cutOff = context.WithCancelCause(context.Background())
	p.buffers.New = func() any { b := make([]byte, 32<<10); return &b }
	p.dialer = newDialer(&p.config, p.isOwn)
	p.origin = newTransports(p.dialer)
	p.tls = newClientTLS(p)
	p.refused = newRefusals()
	p.core = p.newCore()
	p.outer = p.newServer(false)
	p.inner = p.newServer(true)
	p.tunnels = newHandover()
	p.running.Go(func() { p.inner.Serve(p.tunnels) })
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
		return p.forward(passageOf(r.Context()), r), nil
	})
	core.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		ctx.RoundTripper = roundTripper
		return r, nil
	})
	return core
}

// newServer makes the server that speaks with clients. Inside of tunnels
// HTTP/2 is spoken too: on the decrypted octets, which look the same with TLS
// and without.
func (p *Proxy) newServer(h2 bool) *http.Server {
	s := &http.Server{
		Handler:           http.HandlerFunc(p.serve),
		ReadHeaderTimeout: time.Minute,
		IdleTimeout:       10 * time.Minute,
		MaxHeaderBytes:    p.config.MaxHeadBytes,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return p.all },
		ConnContext:       withInbound,
		ConnState: func(c net.Conn, s http.ConnState) {
			if s == http.StateIdle {
				c.(*inbound).idle()
			}
		},
		DisableGeneralOptionsHandler: true, // OPTIONS * is for the origin server
	}
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(h2)
	return s
}

// Serve answers proxy clients on l until Shutdown; it closes l. The error is
// nil after Shutdown.
func (p *Proxy) Serve(l net.Listener) error {
	return p.serveOn(p.outer, l, route{kind: routeForward})
}

// ServeReverse answers clients on l with what the origin server at scheme and
// authority says, for clients that cannot be told to use a proxy.
func (p *Proxy) ServeReverse(l net.Listener, scheme, authority string) error {
	return p.serveOn(p.inner, l, route{kind: routeReverse, scheme: scheme, authority: withPort(authority, scheme)})
}

func (p *Proxy) serveOn(s clientSide, l net.Listener, r route) error {
	p.mu.Lock()
	p.listening = append(p.listening, addrPort(l.Addr()))
	p.mu.Unlock()
	err := s.Serve(&recordingListener{Listener: l, proxy: p, route: r})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// recordingListener makes an inbound of each connection.
type recordingListener struct {
	net.Listener
	proxy *Proxy
	route route
}

// Accept returns the next connection.
func (l *recordingListener) Accept() (net.Conn, error) {
	l.proxy.slots <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.proxy.slots
		return nil, err
	}
	l.proxy.inbound.opened.Add(1)
	l.proxy.inbound.open.Add(1)
	return l.proxy.newInbound(c, l.route), nil
}

// inboundClosed keeps the books when a connection is closed.
func (p *Proxy) inboundClosed(in *inbound) {
	if in.route.kind != routeTunnel {
		p.inbound.open.Add(-1)
		<-p.slots
	}
	if in.watcher != nil && in.count() == 0 {
		in.watcher.left()
	}
}

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

// serve answers one request: of a proxy client, inside a tunnel, or at a
// reverse listener.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	in := inboundOf(r.Context())
	if !p.enter() {
		w.Header().Set("Connection", "close")
		http.Error(w, errShutdown.Error(), http.StatusServiceUnavailable)
		return
	}
	defer p.leave()
	if in.watcher != nil {
		in.watcher.accepted()
	}
	ps := p.newPassage(in, r)
	ps.w = &responseWriter{ResponseWriter: w, ps: ps, length: -1}
	aborted := true
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			ps.fail(internalError(v))
		}
		if cut := ps.finish() || aborted; cut {
			if ps.endsWithConnection() {
				in.reset()
			}
			panic(http.ErrAbortHandler)
		}
	}()
	p.answer(ps, r)
	aborted = false
}

// answer routes a request whose record has begun.
func (p *Proxy) answer(ps *passage, r *http.Request) {
	if !ps.multi && r.Body != http.NoBody {
		_ = http.NewResponseController(ps.w.ResponseWriter).EnableFullDuplex()
	}
	r = r.WithContext(ps)
	if page := p.route(ps, r); page != nil {
		ps.sendPage(page)
		return
	}
	p.core.ServeHTTP(ps.w, r)
	ps.w.flushWhole()
	if ps.w.err != nil {
		ps.fail(&exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(ps.w.err)})
	}
}

// endsWithConnection reports whether the client takes the end of the connection
// for that of the content (RFC 9112 §6.3, item 8), so that nothing but a reset
// tells it that some is missing.
func (ps *passage) endsWithConnection() bool {
	return ps.x.Request.Version == exchange.HTTP10 && ps.w.length < 0
}

// mustAbort reports whether the client's connection has to be cut, so that a
// response that was cut short is not taken for a complete one.
func (ps *passage) mustAbort() bool {
	e := ps.x.Err
	if e == nil || ps.x.Response.Made || ps.w.taken {
		return false
	}
	if e.Code == exchange.ErrRequestTruncated {
		return !ps.x.Response.Content.Complete
	}
	return ps.x.Response.Status != 0 && !ps.x.Response.Content.Complete || ps.x.Response.Status == 0
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

// headKnown calls the hook and returns the fields to add.
func (p *Proxy) headKnown(x *exchange.Exchange) http.Header {
	if p.config.Hooks.Head == nil {
		return nil
	}
	out := make(http.Header, 3)
	p.config.Hooks.Head(x, out)
	if len(out) > 0 {
		x.Changed |= exchange.ChangedAnnotated
	}
	return out
}

func (p *Proxy) done(x *exchange.Exchange) {
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
		Intercepted: p.tls.intercepted.Load(), Refused: p.refused.total.Load(), Tunnels: p.tls.tunnels.Load(),
	}
}

// lastWrites is how long connections get for what has been written to them,
// and exchanges that were cut off to end.
const lastWrites = 250 * time.Millisecond

// Shutdown stops accepting, lets running exchanges end, and ends tunnels and
// what is left when ctx ends. Every exchange has been handed over when it returns.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	if !p.stopping {
		p.stopping = true
		close(p.stop)
	}
	p.mu.Unlock()
	closing, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var servers sync.WaitGroup
	for _, s := range []clientSide{p.outer, p.inner} {
		servers.Go(func() { s.Shutdown(closing) })
	}
	p.waitIdle(ctx)
	p.cutOff(errShutdown)
	p.endTunnels()
	// A connection on which nothing was ever asked would be waited for longer.
	time.AfterFunc(lastWrites, giveUp)
	servers.Wait()
	ended := make(chan struct{})
	go func() { p.running.Wait(); close(ended) }()
	within(lastWrites, ended)
	p.outer.Close()
	p.inner.Close()
	p.tunnels.Close()
	p.origin.closeIdle()
	if !within(time.Second, ended) {
		return errors.New("some exchanges did not end in time")
	}
	return ctx.Err()
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

// handover is the listener through which connections reach the inner server.
type handover struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandover() *handover {
	return &handover{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept returns the next connection.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// give hands a connection to the server; false when it is closed.
func (h *handover) give(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.closed:
		return false
	}
}

// Close ends Accept.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is of no use, but must be given.
func (h *handover) Addr() net.Addr { return &net.UnixAddr{Name: "tunnels", Net: "unix"} }

// hostOf is the host of an authority, in lower case and without brackets.
func hostOf(authority string) string {
	h, _ := exchange.SplitAuthority(authority)
	return strings.ToLower(h)
}
