package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/elazarl/goproxy"

	"sidenote/exchange"
)

// established is the head that opens a tunnel.
const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// A tunnel is what a CONNECT opens, until it is known what it carries: TLS and
// HTTP inside of it are intercepted, anything else is passed on. One connection
// of the client is one to the origin server, which is opened at once.
type tunnel struct {
	proxy  *Proxy
	ps     *passage // of the CONNECT
	client net.Conn
	to     route
}

// connect handles CONNECT: goproxy calls it with the client's connection.
func (p *Proxy) connect(r *http.Request, client net.Conn, _ *goproxy.ProxyCtx) {
	ps := passageOf(r.Context())
	noContent(&ps.x.Request.Content)
	ps.taken = true
	authority := strings.Clone(withPort(r.Host, "https")) // the tunnel outlives the record, of which this is a piece
	t := &tunnel{proxy: p, ps: ps, client: client,
		to: route{kind: routeTunnel, authority: authority, userAgent: strings.Clone(r.Header.Get("User-Agent"))}}
	dial := func(ctx context.Context) (*outbound, error) {
		return p.dialer.dial(ctx, target{scheme: "tunnel", authority: authority, tunnel: true})
	}
	var opened *outbound
	if !p.config.intercepts(hostOf(authority)) {
		// What is passed on untouched is refused as any other proxy would.
		var err error
		if opened, err = dial(ps); err != nil {
			ps.refuseTunnel(client, p.failurePage(ps.x, t.failed(err)))
			client.Close()
			return
		}
		dial = func(context.Context) (*outbound, error) { return opened, nil }
	}
	if _, err := io.WriteString(client, established); err != nil {
		client.Close()
		if opened != nil {
			opened.Close()
		}
		ps.fail(&exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(err)})
		return
	}
	ps.establish()
	t.hear(newParley(ps, client, p.config.MaxHeadBytes, helloGrace, dial))
}

// hear waits until either side speaks, and decides by that what becomes of the
// tunnel.
func (t *tunnel) hear(y *parley) {
	unregister := t.proxy.register(func() { t.client.Close(); y.cancel() })
	early, kind, err := y.hear(t.proxy.config.IdleTimeout)
	unregister()
	t.client = &replayConn{Conn: t.client, early: early}
	if errors.Is(err, io.EOF) && len(early) == 0 {
		t.listenOnly(y)
		return
	}
	if err != nil && len(early) == 0 {
		y.abandon()
		t.client.Close()
		t.ps.unrecorded = true
		return
	}
	if kind == openingTLS && t.proxy.config.CA != nil {
		t.interceptTLS(y)
		return
	}
	o, said, err := y.settle()
	switch {
	case kind == openingHTTP && (len(said) == 0 || beganH2(early, said)) && t.proxy.config.intercepts(hostOf(t.to.authority)):
		t.to.scheme = "http"
		t.intercept(t.client, o, nil, nil, err)
	case err != nil:
		t.unreachable(err)
	case len(early) == 0 && !y.spoke(): // neither has spoken for as long as both may be silent
		o.Close()
		t.client.Close()
		t.ps.unrecorded = true
	default:
		t.relay(t.client, o, protocolOf(said, early))
	}
}

// listenFor is how long an origin server may take to say something to a client
// that has ended its half of the connection without a word.
const listenFor = 10 * time.Second

// listenOnly is for a client that ends its half of the connection without a word.
// It may be gone: that was a port check, or a browser's spare connection, of
// which there is no record. Or it listens to what the origin server has to say.
func (t *tunnel) listenOnly(y *parley) {
	defer t.client.Close()
	o, _, err := y.settle()
	if err != nil {
		t.ps.unrecorded = true
		return
	}
	defer o.Close()
	defer t.proxy.register(func() { t.client.Close(); o.Close() })()
	_ = o.Conn.SetReadDeadline(time.Now().Add(listenFor))
	_ = o.CloseWrite()
	word := make([]byte, firstWord)
	n, _ := o.Conn.Read(word)
	if n == 0 {
		t.ps.unrecorded = true
		return
	}
	_ = o.Conn.SetReadDeadline(time.Time{})
	t.proxy.tls.tunnels.Add(1)
	t.connected(o)
	t.proxy.headKnown(t.ps.x, nil)
	over := newIdle(t.proxy.config.IdleTimeout, func() { o.Close() })
	defer over.stop()
	passed, _ := io.Copy(t.client, io.MultiReader(bytes.NewReader(word[:n]), over.watch(o.Conn)))
	t.ps.x.Tunnel = exchange.Tunnel{Received: passed, Protocol: protocolOf(word[:n])}
}

// unreachable ends a tunnel that is open to the client already and leads nowhere.
func (t *tunnel) unreachable(err error) {
	t.proxy.tls.tunnels.Add(1)
	t.failed(err)
	t.client.Close()
}

// establish records the response that opens a tunnel.
func (ps *passage) establish() {
	s := &ps.x.Response
	s.Status, s.Reason, s.Version, s.Made, s.At = http.StatusOK, "Connection established", exchange.HTTP11, true, ps.since()
	noContent(&s.Content)
}

// relay passes octets on both ways until both sides have ended, and closes
// them. protocol names what is spoken, "" where it is not known.
func (t *tunnel) relay(client net.Conn, o *outbound, protocol string) {
	defer client.Close()
	defer o.Close()
	p, x := t.proxy, t.ps.x
	p.tls.tunnels.Add(1)
	t.connected(o)
	p.headKnown(x, nil)
	refused := x.Tunnel.Refused
	x.Tunnel = p.relay(client, o, nil, nil)
	x.Tunnel.Protocol, x.Tunnel.Refused = protocol, refused
}

// connected records the connection to the origin server.
func (t *tunnel) connected(o *outbound) {
	x := t.ps.x
	x.Timing.DNS, x.Timing.Connect, x.Timing.TLS = o.dns, o.connect, o.handshake
	x.Origin = o.connection(false)
	x.Origin.Attempts = 1
	t.interim(o)
}

// interim records what an upstream proxy sent before its answer to our CONNECT.
func (t *tunnel) interim(o *outbound) {
	x := t.ps.x
	x.Interim = make([]exchange.Response, len(o.interim))
	for i, head := range o.interim {
		line, fields := exchange.ParseHead(head)
		r := &x.Interim[i]
		r.RawHead, r.Fields = head, fields
		r.Version, r.Status, r.Reason, _ = exchange.ParseStatusLine(line) // it was read once
		noContent(&r.Content)
	}
}

// failed records why the origin server cannot be reached.
func (t *tunnel) failed(err error) *exchange.Err {
	t.ps.recordAttempt(err)
	if f := (*failure)(nil); errors.As(err, &f) && f.tried != nil {
		t.interim(f.tried)
	}
	e := classifyRoundTrip(err, t.ps.cause(), nil)
	t.ps.fail(e)
	t.ps.x.Err = e
	return e
}

// refuseTunnel answers CONNECT with a page.
func (ps *passage) refuseTunnel(client net.Conn, page *page) {
	ps.proxy.tls.tunnels.Add(1)
	ps.setMade(page)
	head := ps.annotatedHead(nil)
	head.Added = append(head.Added, exchange.Line{Name: "Connection", Value: "close"})
	_, _ = client.Write(append(head.Append(nil), page.content...))
}

// intercept answers what a connection asks that carries HTTP, with the
// one to the origin server that belongs to it, or why there is none.
func (t *tunnel) intercept(c net.Conn, o *outbound, facts *exchange.TLS, watcher *trustWatcher, failed error) {
	t.ps.unrecorded = true
	in := t.proxy.newInbound(c, t.to)
	in.tls, in.watcher = facts, watcher
	if facts != nil && facts.ALPN == "h2" || beginsAsH2(c) {
		in.h2 = true
		t.proxy.passStreams(in, o, failed)
		return
	}
	in.handed(o)
	in.setProbe(failed)
	t.proxy.attend(in)
}
