package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// An inbound is a client's connection, as a socket or as the inside of a CONNECT
// tunnel. It owns the connections to origin servers that its requests need, so
// that what is bound to a connection stays with its client.
type inbound struct {
	net.Conn
	proxy *Proxy
	route route
	tls   *exchange.TLS // nil in clear
	local netip.AddrPort
	peer  netip.AddrPort
	h2    bool // HTTP/2

	ctx    context.Context // ends with the connection, or when what it carries is given up
	cancel context.CancelCauseFunc

	reader  *h1.Reader // on HTTP/1.x
	pen     pen        // on HTTP/1.x
	origins origins
	watch   watch
	// lookAtClient and lookAtOrigins are what watch begins.
	lookAtClient, lookAtOrigins func()
	lent                        lent     // what goproxy is given of a request on HTTP/1.x
	current                     *passage // the exchange being answered on HTTP/1.x; nil between exchanges

	probed  atomic.Pointer[probe] // nil when there was none, or it went well
	watcher *trustWatcher         // waits for the first request of an intercepted connection
	served  atomic.Int64          // exchanges begun
	idle    atomic.Int64          // since when no exchange runs, in nanoseconds of the Unix epoch; 0 while one does
	rested  time.Time             // when the last exchange ended; zero before the first
	taken   bool                  // somebody else closes the connection
	closed  atomic.Bool
}

// A lent request is what goproxy routes by. Each connection has one, used anew
// for each request.
type lent struct {
	request *http.Request
	url     url.URL
	header  http.Header
	writer  answeredWriter
}

// A route says where requests of a connection go.
type route struct {
	kind      routeKind
	scheme    string // for all but routeForward
	authority string // host:port to connect to
	userAgent string // of the CONNECT request

	serverName string   // that the client asked for in TLS; "" where it asked for none
	alpn       []string // that the client offered, which the origin server is offered too
}

// target is where a connection for the route goes.
func (r route) target() target {
	return target{scheme: r.scheme, authority: r.authority, name: r.serverName, alpn: r.alpn, tunnel: r.kind == routeTunnel}
}

// place names where requests of a route go, so that they can share a connection: the authority, and
// where TLS asks for another name, that too.
func (r route) place() string {
	host, port := exchange.SplitAuthority(r.authority)
	if r.serverName == "" || strings.EqualFold(r.serverName, host) {
		return r.authority
	}
	return net.JoinHostPort(r.serverName+".at."+strings.ReplaceAll(host, ":", "-"), port)
}

// client names the client in a few words, for messages: the product that its
// User-Agent begins with (RFC 9110 §10.1.5), or of a browser, all of which
// begin with the same one, the browser.
func (r route) client() string {
	products := strings.Fields(r.userAgent)
	if len(products) == 0 {
		return "the client"
	}
	if strings.HasPrefix(products[0], "Mozilla/") {
		for _, browser := range [...]string{"Firefox/", "Edg/", "OPR/", "HeadlessChrome/", "Chrome/", "Safari/"} {
			for _, p := range products {
				if strings.HasPrefix(p, browser) {
					return p
				}
			}
		}
	}
	return products[0]
}

type routeKind uint8

const (
	routeForward routeKind = iota // each request names its target: a proxy client's connection
	routeTunnel                   // requests inside a CONNECT tunnel go to its authority
	routeReverse                  // requests to a reverse listener go to its origin server
)

func (p *Proxy) newInbound(c net.Conn, r route) *inbound {
	in := &inbound{Conn: c, proxy: p, route: r}
	in.lookAtClient, in.lookAtOrigins = in.watchClient, in.watchOrigins
	in.peer, in.local = addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())
	in.ctx, in.cancel = context.WithCancelCause(p.all)
	in.idle.Store(time.Now().UnixNano())
	return in
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// begin counts an exchange that begins, and reports whether the connection had
// carried one before.
func (in *inbound) begin() (reused bool) {
	in.idle.Store(0)
	return in.served.Add(1) > 1
}

// abort ends what the connection carries, from another goroutine; the cause
// tells why.
func (in *inbound) abort(cause error) {
	in.watch.mu.Lock()
	defer in.watch.mu.Unlock()
	in.cancel(cause)
	in.origins.interrupt()
	if in.reader != nil {
		in.reader.Interrupt()
		_ = in.Conn.SetWriteDeadline(time.Unix(1, 0))
	}
}

// unwatch stops watching, so that the connections can be read from.
func (in *inbound) unwatch() {
	in.watch.end(func(r *h1.Reader) {
		if in.ctx.Err() == nil {
			r.Resume()
		}
	})
}

// probeFor is how long the failure of a probe is taken for that of the request
// which it was made for.
const probeFor = 10 * time.Second

// A probe is why the origin server could not be reached while the client's
// handshake waited to know what it speaks.
type probe struct {
	err error
	at  time.Time
}

// setProbe leaves the failure of a probe to the first request.
func (in *inbound) setProbe(err error) {
	if err != nil {
		in.probed.Store(&probe{err, time.Now()})
	}
}

// takeProbe returns the failure of a probe, once: the first request has failed
// with it already, and the next one is to try again.
func (in *inbound) takeProbe() error {
	if in.probed.Load() == nil {
		return nil
	}
	if p := in.probed.Swap(nil); p != nil && time.Since(p.at) < probeFor {
		return p.err
	}
	return nil
}

// handed takes the connection to the origin server that was opened with the
// client's; nil where there is none.
func (in *inbound) handed(o *outbound) {
	if o != nil {
		o.speakH1(in.route.destination())
		in.origins.put(o, true)
	}
}

// discard closes a connection to an origin server that waited for a request and
// cannot be used any more.
func (in *inbound) discard(o *outbound) { in.proxy.discard(o, in.connection(true)) }

// share returns what takes the connections to origin servers that may serve other
// clients; nil where they may not.
func (in *inbound) share() func(*outbound) {
	if !in.proxy.config.ShareConnections || in.route.kind == routeTunnel || in.ctx.Err() != nil {
		return nil
	}
	return in.proxy.pool.put
}

// count is how many exchanges have begun.
func (in *inbound) count() int { return int(in.served.Load()) }

// Close closes the connection and those to origin servers that it owns, and
// tells whoever watched for its first request.
func (in *inbound) Close() error {
	if in.closed.Swap(true) {
		return net.ErrClosed
	}
	err := in.Conn.Close()
	in.cancel(nil)
	in.proxy.inboundClosed(in)
	return err
}

// CloseWrite ends our half of the connection.
func (in *inbound) CloseWrite() error { return closeWrite(in.Conn) }

// send writes to the client within the time that it has to take a piece.
func (in *inbound) send(b []byte) error {
	_, err := in.pen.write(in.Conn, b)
	return err
}

// sendMore is send for what follows a piece of the same message.
func (in *inbound) sendMore(b []byte) error {
	_, err := in.pen.more(in.Conn, b)
	return err
}

// Reset ends the connection with a TCP reset instead of an orderly end.
func (in *inbound) Reset() {
	cutSocket(in.Conn)
	in.Close()
}

// socketOf finds the socket under the layers of a connection; nil where there is
// none.
func socketOf(c net.Conn) *net.TCPConn {
	for {
		switch layer := c.(type) {
		case *net.TCPConn:
			return layer
		case *inbound:
			c = layer.Conn
		case *outbound:
			c = layer.Conn
		case *replayConn:
			c = layer.Conn
		case *alertTap:
			c = layer.Conn
		case *handshakeTap:
			c = layer.Conn
		case *tls.Conn:
			c = layer.NetConn()
		default:
			return nil
		}
	}
}

// connection returns the client's side of a record.
func (in *inbound) connection(reused bool) exchange.Connection {
	return exchange.Connection{Peer: in.peer, Local: in.local, Reused: reused, TLS: in.tls}
}

// takeOver hands the connection to somebody else, with what has been read of it
// beyond the request.
func (in *inbound) takeOver() net.Conn {
	early := bytes.Clone(in.reader.Held())
	in.reader.Skip(len(early))
	in.reader.Rest()
	_ = in.Conn.SetReadDeadline(time.Time{})
	in.taken = true
	return &replayConn{Conn: in, early: early}
}

// closeWrite ends one half of a connection where its kind can, TLS included.
func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

// A watch reads from connections while nobody else does, so that it is noticed
// when the other side ends one: the client's while its answer is awaited, those
// to origin servers while the next request is. It begins a moment later, since
// most waits are over by then.
type watch struct {
	timer *time.Timer

	mu      sync.Mutex // guards what follows
	over    bool       // the connection has ended
	readers []*h1.Reader
	look    func() // what the timer is to start; nil while nothing is to be watched
	wg      sync.WaitGroup
}

// watchAfter is how long a connection is not read from before it is watched.
const watchAfter = 10 * time.Millisecond

// begin lets look run in a moment, unless end is called before. It calls run for
// each connection that is to be watched.
func (w *watch) begin(look func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	w.look = look
	if w.timer == nil {
		w.timer = time.AfterFunc(watchAfter, w.fired)
		return
	}
	w.timer.Reset(watchAfter)
}

func (w *watch) fired() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if look := w.look; look != nil && len(w.readers) == 0 {
		look()
	}
}

// run watches a connection: until it fails, octets come that fill its buffer, or
// end is called. seen is called with what ended the watch. The lock is held.
func (w *watch) run(r *h1.Reader, came func() bool, seen func(err error)) {
	w.readers = append(w.readers, r)
	w.wg.Go(func() {
		for {
			switch err := r.Fill(0); err {
			case nil:
				if came() {
					continue
				}
			case h1.ErrInterrupted, h1.ErrFull:
			default:
				seen(err)
			}
			return
		}
	})
}

// end stops watching. When it returns, nobody else reads from the connections, and
// resume has been called for each.
func (w *watch) end(resume func(*h1.Reader)) {
	w.mu.Lock()
	w.look = nil
	readers := w.readers
	w.readers = nil
	w.mu.Unlock()
	if len(readers) == 0 {
		return
	}
	for _, r := range readers {
		r.Interrupt()
	}
	w.wg.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range readers {
		resume(r)
	}
}

// stop ends watching for good.
func (w *watch) stop() {
	w.mu.Lock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
	w.end(func(*h1.Reader) {})
}
