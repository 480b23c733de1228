package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"sidenote/exchange"
)

// handshakeFor bounds a client's TLS handshake, beside that with the origin
// server which comes first.
const handshakeFor = 10 * time.Second

// interceptTLS shakes hands with the origin server as the client asked to, and
// then with the client in its name, so that both agree on what they would have
// without us. What no HTTP can come of is passed on as it came.
func (t *tunnel) interceptTLS(y *parley) {
	hello, early, err := readHello(t.client)
	t.client = &replayConn{Conn: t.client, early: early}
	if err != nil || t.passesOn(hello) {
		if o, _, err := y.settle(); err != nil {
			t.unreachable(err)
		} else {
			t.relay(t.client, o, tlsProtocol(hello))
		}
		return
	}
	o, _, err := y.settle() // what the origin server said already is no TLS, as the handshake will find
	t.to.scheme, t.to.serverName, t.to.alpn = "https", hello.ServerName, hello.SupportedProtos
	if err == nil {
		err = t.shakeOrigin(o)
	}
	t.shakeClient(hello, o, err)
}

// passesOn reports whether a client's TLS is passed on as it came: its host is
// not to be looked into, it speaks no HTTP, or it does not trust our CA.
func (t *tunnel) passesOn(hello *tls.ClientHelloInfo) bool {
	names := []string{hostOf(t.to.authority)}
	if hello.ServerName != "" {
		names = append(names, hello.ServerName)
	}
	if !t.proxy.config.intercepts(names...) || speaksNoHTTP(hello.SupportedProtos) {
		return true
	}
	refused := t.proxy.refused.standing(t.refuser(hello))
	t.ps.x.Tunnel.Refused = refused
	return refused != nil
}

// speaksNoHTTP reports whether a client wants to speak other protocols only, by
// what it offers in ALPN.
func speaksNoHTTP(offered []string) bool {
	return len(offered) > 0 && !slices.ContainsFunc(offered, isHTTPProtocol)
}

// isHTTPProtocol knows the names of ALPN for what may be intercepted.
func isHTTPProtocol(name string) bool {
	return name == "h2" || name == "http/1.1" || name == "http/1.0"
}

// shakeOrigin shakes hands with the origin server. On an error the connection is
// closed.
func (t *tunnel) shakeOrigin(o *outbound) error {
	if err := t.proxy.dialer.handshake(t.ps, o, t.to.target()); err != nil {
		o.Close()
		return withAttempt(err, o)
	}
	o.h2 = o.tls.ALPN == "h2"
	return nil
}

// shakeClient shakes hands with the client. failed is why there is no connection
// to the origin server, whatever o is; the client is told in HTTP.
func (t *tunnel) shakeClient(hello *tls.ClientHelloInfo, o *outbound, failed error) {
	name := t.to.serverName
	if name == "" {
		name = hostOf(t.to.authority)
	}
	tap := &alertTap{Conn: t.client}
	client := tls.Server(tap, t.proxy.tls.config(name, answerALPN(hello.SupportedProtos, o, failed)))
	ctx, cancel := context.WithTimeout(t.ps, handshakeFor)
	err := client.HandshakeContext(ctx)
	cancel()
	if err != nil {
		t.client.Close()
		if failed == nil {
			t.connected(o)
			o.Close()
		}
		t.ps.fail(t.handshakeFailed(tap, hello, err))
		return
	}
	facts := tlsFacts(client.ConnectionState(), hello.ServerName)
	if failed != nil {
		t.shaken(client, hello, facts, nil, failed)
		return
	}
	t.shaken(client, hello, facts, o, nil)
}

// answerALPN chooses what the client is answered in ALPN: what the origin server
// chose, nothing where it chose nothing. Where it could not be asked, that in
// which the client can be told why.
func answerALPN(offered []string, o *outbound, failed error) string {
	if failed == nil {
		return o.tls.ALPN
	}
	for _, name := range [...]string{"http/1.1", "h2", "http/1.0"} {
		if slices.Contains(offered, name) {
			return name
		}
	}
	return ""
}

// shaken decides what is done with a connection on whose both sides TLS has been
// agreed on: what is not HTTP is passed on decrypted.
func (t *tunnel) shaken(client *tls.Conn, hello *tls.ClientHelloInfo, facts *exchange.TLS, o *outbound, failed error) {
	p := t.proxy
	p.tls.intercepted.Add(1)
	watcher := p.refused.watch(p, t.ps.x, t.to, t.refuser(hello))
	switch {
	case isHTTPProtocol(facts.ALPN):
		t.intercept(client, o, facts, watcher, failed)
	case facts.ALPN != "":
		t.ps.x.Client.TLS = facts
		t.relay(client, o, facts.ALPN)
	default:
		t.hearInside(client, facts, o, watcher, failed)
	}
}

// hearInside is for a client and an origin server that have agreed on no
// protocol: whoever speaks first tells.
func (t *tunnel) hearInside(client net.Conn, facts *exchange.TLS, o *outbound, watcher *trustWatcher, failed error) {
	p := t.proxy
	y := newParley(t.ps, client, p.config.MaxHeadBytes, 0, func(context.Context) (*outbound, error) { return o, failed })
	unregister := p.register(func() { client.Close() })
	early, kind, err := y.hear(p.config.IdleTimeout)
	unregister()
	o, said, failed := y.settle()
	replayed := &replayConn{Conn: client, early: early}
	t.ps.x.Client.TLS = facts
	switch {
	case kind == openingHTTP && len(said) == 0:
		t.intercept(replayed, o, facts, watcher, failed)
	case failed != nil:
		t.failed(failed)
		client.Close()
	case len(early) == 0 && (err != nil || !y.spoke()):
		y.abandon()
		client.Close()
		t.ps.unrecorded = true
		watcher.left()
	default:
		if len(early) > 0 {
			watcher.accepted()
		}
		t.relay(replayed, o, protocolOf(said, early))
	}
}

// handshakeFailed says why a client's handshake failed, and counts a refusal
// of our certificate.
func (t *tunnel) handshakeFailed(tap *alertTap, hello *tls.ClientHelloInfo, err error) *exchange.Err {
	alert, plain := tap.alert()
	if !plain {
		a, _ := alertOf(err)
		alert = uint8(a)
	}
	who := t.to.client()
	var detail string
	switch {
	case alert == alertECHRequired:
		return &exchange.Err{Code: exchange.ErrClientTLS, Detail: who + " insists on Encrypted Client Hello, which sidenote does not speak (alert 121)"}
	case refusesCertificate(alert):
		detail = fmt.Sprintf("%s rejected our CA (alert %d, %s)", who, alert, tls.AlertError(alert).Error()[len("tls: "):])
	case alert == 0 && (errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || isReset(err)):
		detail = who + " closed during the handshake, probably since it rejects our CA"
	default:
		if detail = t.proxy.tls.unfit(hello); detail == "" {
			detail = detailOf(err)
		}
		return &exchange.Err{Code: exchange.ErrClientTLS, Detail: who + ": " + detail}
	}
	detail += t.proxy.refused.count(t.refuser(hello))
	return &exchange.Err{Code: exchange.ErrClientRefusedCA, Detail: detail}
}

// alertECHRequired is sent by a client whose encrypted hello was not read
// (RFC 9849 §5).
const alertECHRequired = 121

// refusesCertificate knows the alerts about a certificate (RFC 8446 §6.2).
func refusesCertificate(alert uint8) bool {
	return alert >= 42 && alert <= 46 || alert == alertUnknownCA
}

// alertTap remembers the last octets that a client sent, since Go's TLS server
// cannot read the plaintext alert with which OpenSSL refuses a certificate
// under TLS 1.3.
type alertTap struct {
	net.Conn
	last [16]byte
	n    int
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
