package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"
	xproxy "golang.org/x/net/proxy"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// A dialer opens connections to origin servers, straight or through the
// upstream proxy, and measures what each step took.
type dialer struct {
	config   *Config
	net      net.Dialer
	upstream func(*url.URL) (*url.URL, error) // nil URL: straight
	own      func(netip.AddrPort) bool        // whether an address is one of our listeners
	tlsBase  *tls.Config
	opened   atomic.Int64
	open     atomic.Int64

	mu   sync.Mutex
	ours map[ends]struct{} // open connections, to recognise our own when they come back
}

func newDialer(c *Config, own func(netip.AddrPort) bool) *dialer {
	d := &dialer{config: c, own: own, ours: map[ends]struct{}{}}
	d.net = net.Dialer{KeepAlive: 30 * time.Second, Control: d.refuseOwn, Resolver: c.Resolver}
	switch {
	case c.UpstreamFor != nil:
		d.upstream = c.UpstreamFor
	case c.UpstreamProxy != nil:
		u := c.UpstreamProxy.String()
		d.upstream = (&httpproxy.Config{HTTPProxy: u, HTTPSProxy: u, NoProxy: c.NoProxy}).ProxyFunc()
	}
	d.tlsBase = newOriginTLS(c)
	return d
}

var errLoop = errors.New("the address is sidenote's own")

// refuseOwn runs before each connect, with the address that was looked up.
func (d *dialer) refuseOwn(_, address string, _ syscall.RawConn) error {
	if ap, err := netip.ParseAddrPort(address); err == nil && d.own(netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())) {
		return errLoop
	}
	return nil
}

// target says where a connection goes and how.
type target struct {
	scheme    string // "http", "https", or "tunnel" for octets that are not looked at
	authority string // host:port
	name      string // that TLS asks for and verifies; "" for the host of authority
	alpn      []string
	h2c       bool // HTTP/2 in clear
	tunnel    bool // a CONNECT of the client named the authority
}

// serverName is the name that TLS asks for and verifies.
func (t *target) serverName() string {
	if t.name != "" {
		return t.name
	}
	return hostOf(t.authority)
}

// proxyFor returns the upstream proxy for a target, nil to go straight.
func (d *dialer) proxyFor(scheme, authority string) *url.URL {
	if d.upstream == nil {
		return nil
	}
	if d.config.UpstreamLoopback && isLoopback(authority) {
		return d.config.UpstreamProxy
	}
	if scheme != "http" {
		scheme = "https"
	}
	u, err := d.upstream(&url.URL{Scheme: scheme, Host: authority})
	if err != nil {
		return nil
	}
	return u
}

// isLoopback reports whether an authority is one that an upstream proxy is not
// asked for: localhost, or an address of loopback.
func isLoopback(authority string) bool {
	host, _ := exchange.SplitAuthority(authority)
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// dial opens a connection. With TLS in the target it is shaken hands on too.
// The error is a failure, with the connection as far as it got.
func (d *dialer) dial(ctx context.Context, t target) (*outbound, error) {
	o := &outbound{config: d.config}
	if t.tunnel {
		o.authority = t.authority
	}
	var err error
	if via := d.proxyFor(t.scheme, t.authority); via == nil {
		err = d.connect(ctx, o, t.authority)
	} else {
		err = d.connectThrough(ctx, o, via, t)
	}
	if err != nil {
		return nil, withAttempt(err, o)
	}
	d.track(o)
	if t.scheme == "https" {
		if err := d.handshake(ctx, o, t); err != nil {
			o.Close()
			return nil, withAttempt(err, o)
		}
	}
	o.h2 = t.h2c || o.tls != nil && o.tls.ALPN == "h2"
	return o, nil
}

// withAttempt puts the connection that was tried into a failure that is new.
func withAttempt(err error, o *outbound) error {
	var f *failure
	if errors.As(err, &f) {
		f.tried = o
	}
	return err
}

// track counts a connection and remembers its local end until it is closed.
func (d *dialer) track(o *outbound) {
	d.opened.Add(1)
	d.open.Add(1)
	o.local, o.peer = addrPort(o.Conn.LocalAddr()), addrPort(o.Conn.RemoteAddr())
	d.mu.Lock()
	d.ours[ends{o.local, o.peer}] = struct{}{}
	d.mu.Unlock()
	o.release = func() {
		d.open.Add(-1)
		d.mu.Lock()
		delete(d.ours, ends{o.local, o.peer})
		d.mu.Unlock()
	}
}

// ends are the two ends of a connection. One end alone does not tell it from
// others: a port may serve for connections to several addresses at once.
type ends struct{ from, to netip.AddrPort }

// isOurs reports whether a client's connection is one that we opened ourselves.
func (d *dialer) isOurs(from, to netip.AddrPort) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.ours[ends{from, to}]
	return ok
}

// connect opens the socket, and measures looking the name up and connecting.
func (d *dialer) connect(ctx context.Context, o *outbound, authority string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d.config.ConnectTimeout, errConnectTimeout)
	defer cancel()
	start := time.Now()
	var looking atomic.Bool
	var dns atomic.Int64
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { looking.Store(true) },
		DNSDone:  func(httptrace.DNSDoneInfo) { looking.Store(false); dns.Store(int64(time.Since(start))) },
	})
	c, err := d.connectAny(ctx, loopbackNames(authority))
	o.dns = time.Duration(dns.Load())
	o.connect = time.Since(start) - o.dns
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Addr != nil {
			o.peer = addrPort(op.Addr)
		}
		if looking.Load() && errors.Is(context.Cause(ctx), errConnectTimeout) {
			err = &failure{code: exchange.ErrDNSTimeout, err: err}
		}
		return classifyDial(ctx, err)
	}
	if t, ok := c.(*net.TCPConn); ok {
		t.SetNoDelay(true)
	}
	o.Conn = c
	return nil
}

// connectAny tries one address after another and returns the first error if none answers.
func (d *dialer) connectAny(ctx context.Context, addresses []string) (c net.Conn, err error) {
	for _, a := range addresses {
		var e error
		if c, e = d.net.DialContext(ctx, "tcp", a); e == nil {
			return c, nil
		}
		if err == nil {
			err = e
		}
	}
	return nil, err
}

// loopbackNames returns the addresses of a name under .localhost, which is
// loopback by definition (RFC 6761 §6.3) though resolvers may not know it;
// any other authority is given back.
func loopbackNames(authority string) []string {
	host, port, err := net.SplitHostPort(authority)
	if err == nil && isLocalhost(host) {
		return []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port)}
	}
	return []string{authority}
}

func isLocalhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// connectThrough opens the connection to the upstream proxy, and has it open
// one to the target: by CONNECT for TLS, by absolute-form requests for http.
func (d *dialer) connectThrough(ctx context.Context, o *outbound, via *url.URL, t target) error {
	o.proxy = via.Scheme + "://" + via.Host
	if strings.HasPrefix(via.Scheme, "socks5") {
		return d.connectSOCKS(ctx, o, via, t)
	}
	if err := d.connect(ctx, o, withPort(via.Host, via.Scheme)); err != nil {
		return proxyFailure(err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.config.ConnectTimeout, errConnectTimeout)
	defer cancel()
	stop := closeOnDone(ctx, o.Conn)
	defer stop()
	if via.Scheme == "https" {
		tc := tls.Client(o.Conn, &tls.Config{RootCAs: d.config.UpstreamCAs, ServerName: via.Hostname(), InsecureSkipVerify: d.config.insecure(via.Hostname())})
		if err := tc.HandshakeContext(ctx); err != nil {
			o.Conn.Close()
			return &failure{code: exchange.ErrProxyFailed, err: err}
		}
		o.Conn = tc
	}
	if t.scheme == "http" && !t.h2c {
		o.absolute = true
		return nil
	}
	if err := d.askForTunnel(o, via, t.authority); err != nil {
		o.Conn.Close()
		return err
	}
	return nil
}

// connectSOCKS opens the connection to a SOCKS 5 proxy (RFC 1928), and has it
// open one to the target.
func (d *dialer) connectSOCKS(ctx context.Context, o *outbound, via *url.URL, t target) error {
	authority := withPort(via.Host, via.Scheme)
	if err := d.connect(ctx, o, authority); err != nil {
		return proxyFailure(err)
	}
	var auth *xproxy.Auth
	if via.User != nil {
		password, _ := via.User.Password()
		auth = &xproxy.Auth{User: via.User.Username(), Password: password}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.config.ConnectTimeout, errConnectTimeout)
	defer cancel()
	answers := &answerTap{Conn: o.Conn}
	err := askSOCKS(ctx, answers, authority, auth, t.authority)
	if err != nil {
		o.Conn.Close()
		return &failure{code: socksCode(answers.kept), err: err}
	}
	return nil
}

// askSOCKS asks for a connection on one that is open.
func askSOCKS(ctx context.Context, c net.Conn, proxy string, auth *xproxy.Auth, authority string) error {
	s, err := xproxy.SOCKS5("tcp", proxy, auth, nil)
	if err != nil {
		return err
	}
	asker, ok := s.(interface {
		DialWithConn(ctx context.Context, c net.Conn, network, address string) (net.Addr, error)
	})
	if !ok {
		return errors.New("the library cannot speak SOCKS on an open connection")
	}
	_, err = asker.DialWithConn(ctx, c, "tcp", authority)
	return err
}

// answerTap keeps what a SOCKS proxy answers, since the library has only texts
// for it.
type answerTap struct {
	net.Conn
	kept []byte
}

// Read passes octets on.
func (t *answerTap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.kept = append(t.kept, p[:n]...)
	return n, err
}

// socksCode tells a SOCKS proxy that answered no, or wants credentials, from
// one that failed, by its answers: the method (RFC 1928 §3), with user name and
// password a status (RFC 1929 §2), and the reply (RFC 1928 §6).
func socksCode(answers []byte) exchange.ErrCode {
	const version, userAndPassword, noneAcceptable = 5, 2, 0xff
	if len(answers) < 2 || answers[0] != version {
		return exchange.ErrProxyFailed
	}
	method, rest := answers[1], answers[2:]
	switch {
	case method == noneAcceptable:
		return exchange.ErrProxyAuth
	case method == userAndPassword && len(rest) >= 2:
		if rest[1] != 0 {
			return exchange.ErrProxyAuth
		}
		rest = rest[2:]
	}
	if len(rest) >= 2 && rest[0] == version && rest[1] != 0 {
		return exchange.ErrProxyRefused
	}
	return exchange.ErrProxyFailed
}

// askForTunnel sends CONNECT to an upstream proxy and reads its answer.
func (d *dialer) askForTunnel(o *outbound, via *url.URL, authority string) error {
	b := []byte(exchange.RequestLine(http.MethodConnect, authority, exchange.HTTP11) + "\r\n")
	b = h1.AppendField(b, "Host", authority)
	b = h1.AppendField(b, "Via", "1.1 "+d.config.Pseudonym)
	if credentials := basicCredentials(via); credentials != "" {
		b = h1.AppendField(b, "Proxy-Authorization", credentials)
	}
	if _, err := o.Conn.Write(append(b, "\r\n"...)); err != nil {
		return &failure{code: exchange.ErrProxyFailed, err: err}
	}
	br := bufio.NewReader(io.LimitReader(o.Conn, int64(d.config.MaxHeadBytes)))
	head, status, reason, err := readAnswer(br)
	for err == nil && status/100 == 1 && status != http.StatusSwitchingProtocols {
		if len(o.interim) < maxInterims {
			o.interim = append(o.interim, head)
		}
		head, status, reason, err = readAnswer(br)
	}
	switch {
	case err != nil:
		return &failure{code: exchange.ErrProxyFailed, err: err}
	case status == http.StatusProxyAuthRequired:
		return &failure{code: exchange.ErrProxyAuth, err: fmt.Errorf("%s answered %d %s", o.proxy, status, reason)}
	case status/100 != 2:
		return &failure{code: exchange.ErrProxyRefused, err: fmt.Errorf("%s answered %d %s", o.proxy, status, reason)}
	}
	if n := br.Buffered(); n > 0 { // the other side spoke first
		early, _ := br.Peek(n)
		o.Conn = &replayConn{Conn: o.Conn, early: append([]byte(nil), early...)}
	}
	return nil
}

// readAnswer reads the head of a response.
func readAnswer(br *bufio.Reader) (head string, status int, reason string, err error) {
	var b strings.Builder
	for ended := false; !ended; {
		line, err := br.ReadString('\n')
		b.WriteString(line)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", 0, "", err
		}
		line = strings.TrimRight(line, "\r\n")
		if status == 0 {
			if _, status, reason, err = exchange.ParseStatusLine(line); err != nil {
				return "", 0, "", fmt.Errorf("the answer begins with %.48q, which isn't a status line", line)
			}
		}
		ended = line == ""
	}
	return b.String(), status, reason, nil
}

// basicCredentials returns the Proxy-Authorization value of a proxy URL's user info.
func basicCredentials(u *url.URL) string {
	if u == nil || u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
}

// defaultPort is the port that a scheme implies.
func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return ""
}

func withPort(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), defaultPort(scheme))
}

// closeOnDone closes a connection when the context ends first.
func closeOnDone(ctx context.Context, c net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
}

// replayConn returns octets that were read too early before those that follow.
type replayConn struct {
	net.Conn
	early []byte
	end   error // with which the connection ended after them; nil while it has not
}

// Read returns the early octets first.
func (c *replayConn) Read(p []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(p, c.early)
		if c.early = c.early[n:]; len(c.early) == 0 {
			c.early = nil // the connection may be open for long
		}
		return n, nil
	}
	if c.end != nil {
		return 0, c.end
	}
	return c.Conn.Read(p)
}

// CloseWrite ends our half of the connection.
func (c *replayConn) CloseWrite() error { return closeWrite(c.Conn) }
