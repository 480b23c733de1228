package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/elazarl/goproxy"

	"sidenote/exchange"
)

const (
	// peekFor is how long a client may be silent in a tunnel before the origin
	// server is connected to, since the client may wait for it to speak first.
	peekFor = 400 * time.Millisecond
	// handshakeFor bounds a client's TLS handshake, beside the connection to the
	// origin server that is opened meanwhile.
	handshakeFor = 10 * time.Second
	// established is the head that opens a tunnel.
	established = "HTTP/1.1 200 Connection established\r\n\r\n"
)

// connect handles CONNECT: goproxy calls it with the client's connection. TLS
// and HTTP inside of the tunnel are intercepted, anything else is passed on.
func (p *Proxy) connect(r *http.Request, client net.Conn, _ *goproxy.ProxyCtx) {
	ps := passageOf(r.Context())
	noContent(&ps.x.Request.Content)
	ps.w.taken = true
	authority := withPort(r.Host, "https")
	host := hostOf(authority)
	if !p.config.intercepts(host) || p.refused.tunnelled(host, ps.in.peer.Addr()) {
		p.tunnel(ps, client, authority, false)
		return
	}
	if _, err := io.WriteString(client, established); err != nil {
		client.Close()
		ps.fail(&exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(err)})
		return
	}
	ps.establish()
	to := route{kind: routeTunnel, authority: authority, userAgent: r.Header.Get("User-Agent")}
	early, err := peek(client, time.Now().Add(peekFor))
	if len(early) == 0 && err == nil {
		p.connectSilent(ps, client, to)
		return
	}
	p.connected(ps, client, to, early, err)
}

// connected decides by the first octets of a client, or the error that came
// instead, what becomes of its tunnel.
func (p *Proxy) connected(ps *passage, client net.Conn, to route, early []byte, err error) {
	client = &replayConn{Conn: client, early: early}
	switch {
	case err != nil:
		client.Close()
		ps.unrecorded = true // opened and closed again: a port check, or a browser's spare connection
	case len(early) > 0 && early[0] == recordHandshake:
		p.interceptTLS(ps, client, to)
	case looksLikeHTTP(early):
		to.scheme = "http"
		ps.unrecorded = true
		p.intercept(client, to, nil, nil, nil)
	default:
		p.tunnel(ps, client, to.authority, true)
	}
}

// establish records the response that opens a tunnel.
func (ps *passage) establish() {
	s := &ps.x.Response
	s.Status, s.Reason, s.Version, s.Made, s.At = http.StatusOK, "Connection established", exchange.HTTP11, true, ps.since()
	noContent(&s.Content)
}

// peek waits for the first octets of a client: until it can be told what it
// speaks, or the deadline, a zero one for none, has come, which returns none.
func peek(c net.Conn, deadline time.Time) ([]byte, error) {
	buf := make([]byte, 0, 32)
	_ = c.SetReadDeadline(deadline)
	defer c.SetReadDeadline(time.Time{})
	for len(buf) < cap(buf) {
		n, err := c.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return buf, nil
		case err != nil && len(buf) == 0:
			return nil, err
		case err != nil:
			return buf, nil
		}
		if buf[0] == recordHandshake || !isMethodOctet(buf[0]) || strings.IndexByte(string(buf), ' ') > 0 {
			return buf, nil
		}
	}
	return buf, nil
}

// recordHandshake is the first octet of a TLS connection (RFC 8446 §5.1).
const recordHandshake = 0x16

// looksLikeHTTP reports whether octets begin as a request line does: a method
// in capitals and a space.
func looksLikeHTTP(b []byte) bool {
	for i, c := range b {
		if c == ' ' {
			return i > 0
		}
		if !isMethodOctet(c) {
			return false
		}
	}
	return false
}

func isMethodOctet(c byte) bool { return c >= 'A' && c <= 'Z' || c == '-' || c == '_' }

// tunnel passes octets on without looking at them. opened says that the client
// has been told so already.
func (p *Proxy) tunnel(ps *passage, client net.Conn, authority string, opened bool) {
	defer client.Close()
	p.tls.tunnels.Add(1)
	o := p.openTunnel(ps, client, authority, opened)
	if o == nil {
		return
	}
	defer o.Close()
	if !opened {
		if _, err := io.WriteString(client, established); err != nil {
			ps.fail(&exchange.Err{Code: exchange.ErrClientGone, Detail: detailOf(err)})
			return
		}
		ps.establish()
		p.headKnown(ps.x)
	}
	ps.x.Tunnel = p.relay(client, o)
}

// openTunnel connects to the origin server. It returns nil when that fails, which
// a client that was not told that the tunnel is open is told.
func (p *Proxy) openTunnel(ps *passage, client net.Conn, authority string, opened bool) *outbound {
	o, err := p.dialer.dial(ps, target{scheme: "tunnel", authority: authority})
	if err != nil {
		ps.tried(err)
		e := classifyRoundTrip(err, ps.cause(), nil)
		ps.fail(e)
		ps.x.Err = e
		if !opened {
			ps.refuseTunnel(client, p.failurePage(ps.x, e))
		}
		return nil
	}
	t := &ps.x.Timing
	t.DNS, t.Connect = o.dns, o.connect
	ps.x.Origin = o.connection(false)
	ps.x.Origin.Attempts = 1
	return o
}

// refuseTunnel answers CONNECT with a page and closes.
func (ps *passage) refuseTunnel(client net.Conn, page *page) {
	ps.setMade(page)
	added := ps.proxy.headKnown(ps.x)
	head := ps.responseHead()
	head.added = linesOf(added)
	made := fmt.Appendf(nil, "HTTP/1.1 %d\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", page.status, len(page.content))
	_, _ = client.Write(append(head.compose(nil, made), page.content...))
}

// intercept hands a connection to the inner server. probed is why the origin
// server could not be reached meanwhile, nil if it could.
func (p *Proxy) intercept(c net.Conn, to route, facts *exchange.TLS, watcher *refusal, probed error) {
	in := p.newInbound(c, to)
	in.tls, in.watcher = facts, watcher
	in.setProbe(probed)
	if facts != nil && facts.ALPN == "h2" {
		in.multi = true
		in.recorder.off()
	}
	if !p.tunnels.give(in) {
		in.Close()
	}
}

// interceptTLS shakes hands with the client in the origin server's name.
func (p *Proxy) interceptTLS(ps *passage, client net.Conn, to route) {
	to.scheme = "https"
	tap := &alertTap{Conn: client, authority: to.authority}
	tc := tls.Server(tap, p.tls.config)
	ctx, cancel := context.WithTimeout(ps, handshakeFor+p.config.ConnectTimeout+tlsTimeout(p.config.ConnectTimeout))
	err := tc.HandshakeContext(ctx)
	cancel()
	if err != nil {
		defer client.Close()
		ps.fail(p.handshakeFailed(ps, tap, to, err))
		return
	}
	p.tls.intercepted.Add(1)
	ps.unrecorded = true
	facts := tlsFacts(tc.ConnectionState(), tc.ConnectionState().ServerName)
	p.intercept(tc, to, facts, p.refused.watch(p, ps.x, to), tap.probed)
}

// handshakeFailed says why a client's handshake failed, and counts a refusal
// of our certificate.
func (p *Proxy) handshakeFailed(ps *passage, tap *alertTap, to route, err error) *exchange.Err {
	alert, plain := tap.alert()
	if !plain {
		a, _ := alertOf(err)
		alert = uint8(a)
	}
	who := to.client()
	var detail string
	switch {
	case refusesCertificate(alert):
		detail = fmt.Sprintf("%s rejected our CA (alert %d, %s)", who, alert, tls.AlertError(alert).Error()[len("tls: "):])
	case alert == 0 && (errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || isReset(err)):
		detail = who + " closed during the handshake, probably since it rejects our CA"
	default:
		return &exchange.Err{Code: exchange.ErrClientTLS, Detail: who + ": " + detailOf(err)}
	}
	detail += p.refused.count(hostOf(to.authority), ps.in.peer.Addr())
	return &exchange.Err{Code: exchange.ErrClientRefusedCA, Detail: detail}
}

// refusesCertificate knows the alerts about a certificate (RFC 8446 §6.2).
func refusesCertificate(alert uint8) bool {
	return alert >= 42 && alert <= 46 || alert == alertUnknownCA
}

// alertTap remembers the last octets that a client sent, since Go's TLS server
// cannot read the plaintext alert with which OpenSSL refuses a certificate
// under TLS 1.3.
type alertTap struct {
	net.Conn
	authority string
	last      [16]byte
	n         int
	probed    error // why the origin server could not be reached during the handshake
}

// Read passes octets on and remembers the last.
func (t *alertTap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if b := p[:n]; n >= len(t.last) {
		t.n = copy(t.last[:], b[n-len(t.last):])
	} else if n > 0 {
		keep := min(t.n, len(t.last)-n)
		copy(t.last[:], t.last[t.n-keep:t.n])
		t.n = keep + copy(t.last[keep:], b)
	}
	return n, err
}

// CloseWrite ends our half of the connection.
func (t *alertTap) CloseWrite() error { return closeWrite(t.Conn) }

// alert finds a plaintext alert record at the end.
func (t *alertTap) alert() (description uint8, ok bool) {
	if t.n < 7 {
		return 0, false
	}
	return plainAlert(t.last[t.n-7 : t.n])
}

// clientTLS is how we present ourselves to clients.
type clientTLS struct {
	proxy       *Proxy
	config      *tls.Config // offers what the origin server speaks
	h2, h1      *tls.Config
	intercepted atomic.Int64
	tunnels     atomic.Int64
}

func newClientTLS(p *Proxy) *clientTLS {
	t := &clientTLS{proxy: p}
	base := &tls.Config{GetCertificate: t.certificate, MinVersion: tls.VersionTLS10}
	base.SetSessionTicketKeys([][32]byte{randomKey()}) // shared, so that either can resume the other's sessions
	t.h2, t.h1, t.config = base.Clone(), base.Clone(), base.Clone()
	t.h2.NextProtos, t.h1.NextProtos = alpnBoth, alpnH1
	t.config.GetConfigForClient = t.configFor
	return t
}

// certificate makes the certificate for the name that the client asks for, or
// else for the host of its CONNECT.
func (t *clientTLS) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hello.ServerName
	if name == "" {
		name = hostOf(hello.Conn.(*alertTap).authority)
	}
	return t.proxy.config.CA.Leaf(name)
}

// configFor offers HTTP/2 to a client only where its origin server speaks it,
// so that both sides agree as they would without us. When the origin server
// cannot be reached the client gets HTTP/1.1, and then the page that says why.
func (t *clientTLS) configFor(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	for _, offered := range hello.SupportedProtos {
		if offered == "h2" {
			origin, ok := t.proxy.origin.(*transports)
			if !ok {
				return t.h2, nil
			}
			tap := hello.Conn.(*alertTap)
			var h2 bool
			if h2, tap.probed = origin.speaksH2(hello.Context(), tap.authority); tap.probed == nil && h2 {
				return t.h2, nil
			}
		}
	}
	return t.h1, nil
}
