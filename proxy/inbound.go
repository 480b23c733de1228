package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sidenote/exchange"
)

// An inbound is a client's connection, as a socket or as the inside of a
// CONNECT tunnel. It records the heads of requests, and writes those of
// responses from the record.
type inbound struct {
	net.Conn
	proxy *Proxy
	route route
	tls   *exchange.TLS // nil in clear
	local netip.AddrPort
	peer  netip.AddrPort

	// origin is the connection to the origin server that was opened with this
	// one, for its first request; nil where there is none, or it is taken.
	origin   atomic.Pointer[outbound]
	recorder headRecorder
	probed   atomic.Pointer[probe] // nil when there was none, or it went well

	mu       sync.Mutex // guards what follows
	writer   headWriter
	current  *passage // the exchange being answered on HTTP/1.x; nil between exchanges
	wrote    bool     // something was written since the head being handled was read
	bodyDone bool     // and the request content has ended
	next     bool     // the recorder waits for the next head already
	served   int      // exchanges begun
	multi    bool     // HTTP/2: heads cannot be told apart, and are not recorded
	hijacked bool

	began   time.Time
	watcher *refusal // waits for the first request of an intercepted connection
	closed  atomic.Bool
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
	in := &inbound{Conn: c, proxy: p, route: r, began: time.Now()}
	in.peer, in.local = addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())
	in.recorder.limit = p.config.MaxHeadBytes + 4096
	in.recorder.start()
	return in
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// Read records heads as they pass.
func (in *inbound) Read(p []byte) (int, error) {
	n, err := in.Conn.Read(p)
	in.recorder.feed(p[:n], nil)
	return n, err
}

// Write replaces response heads by those made from the record. What net/http
// writes while no exchange runs is its refusal of a malformed request, which
// gets a better answer and a record.
func (in *inbound) Write(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.multi || in.hijacked {
		return in.Conn.Write(p)
	}
	if in.current == nil && in.writer.pending == nil && isRefusal(p) {
		_, err := in.Conn.Write(in.proxy.refuseMalformed(in, p))
		return len(p), err
	}
	in.wrote = true
	if in.bodyDone {
		in.nextHead()
	}
	out := in.writer.rewrite(p)
	if len(out) == 0 {
		return len(p), nil
	}
	n, err := in.Conn.Write(out)
	if err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}

// nextHead lets the recorder wait for the next request, once for each.
func (in *inbound) nextHead() {
	in.bodyDone, in.next = false, true
	in.recorder.start()
}

// isRefusal reports whether net/http is about to refuse a request by itself.
func isRefusal(p []byte) bool {
	return len(p) > 12 && bytes.HasPrefix(p, []byte("HTTP/1.")) && (p[9] == '4' || p[9] == '5')
}

// begin takes the head of the request that has just been read, and marks the
// connection as answering it.
func (in *inbound) begin(ps *passage) (head string, began time.Time, reused bool) {
	head, began, _ = in.recorder.take()
	in.mu.Lock()
	defer in.mu.Unlock()
	in.served++
	in.current, in.wrote, in.bodyDone, in.next = ps, false, false, false
	return head, began, in.served > 1
}

// beginMulti counts an exchange of an HTTP/2 connection.
func (in *inbound) beginMulti() (reused bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.served++
	in.multi = true
	return in.served > 1
}

// requestRead says that the request content has ended, so that what comes next
// is another head.
func (in *inbound) requestRead() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.wrote {
		in.nextHead()
		return
	}
	in.bodyDone = true
}

// answer sets the head that replaces the next one that net/http writes.
func (in *inbound) answer(h *outgoingHead) {
	in.mu.Lock()
	in.writer.pending = h
	in.mu.Unlock()
}

// idle marks the connection as waiting for a request. It comes from
// http.Server's ConnState, since only that knows when a response is written
// whole, and when content that nobody wanted has been thrown away.
func (in *inbound) idle() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.current = nil
	if !in.next && !in.multi {
		in.nextHead()
	}
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

// age is how long ago the connection was opened, or its tunnel decrypted.
func (in *inbound) age() time.Duration { return time.Since(in.began) }

// count is how many exchanges have begun.
func (in *inbound) count() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.served
}

// Close closes the connection and tells whoever watched for its first request.
func (in *inbound) Close() error {
	if !in.closed.Swap(true) {
		in.proxy.inboundClosed(in)
		if o := in.origin.Swap(nil); o != nil {
			o.Close()
		}
	}
	return in.Conn.Close()
}

// CloseWrite ends our half of the connection, as net/http does before it returns
// up on a client.
func (in *inbound) CloseWrite() error { return closeWrite(in.Conn) }

// reset ends the connection with a TCP reset instead of an orderly end.
func (in *inbound) reset() {
	for c := in.Conn; ; {
		switch layer := c.(type) {
		case *net.TCPConn:
			_ = layer.SetLinger(0)
			layer.Close()
			return
		case *inbound:
			c = layer.Conn
		case *replayConn:
			c = layer.Conn
		case *alertTap:
			c = layer.Conn
		case *tls.Conn:
			c = layer.NetConn()
		default:
			layer.Close()
			return
		}
	}
}

// connection returns the client's side of a record.
func (in *inbound) connection(reused bool) exchange.Connection {
	return exchange.Connection{Peer: in.peer, Local: in.local, Reused: reused, TLS: in.tls}
}

type inboundKey struct{}

func withInbound(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, inboundKey{}, c)
}

func inboundOf(ctx context.Context) *inbound {
	in, _ := ctx.Value(inboundKey{}).(*inbound)
	return in
}

// closeWrite ends one half of a connection where its kind can, TLS included.
func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}
