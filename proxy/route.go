package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"sidenote/exchange"
)

// route finds where a request goes. It returns a page when it goes nowhere: to
// the client that lacks credentials, loops, or cannot be understood.
func (p *Proxy) route(ps *passage) *page {
	x, to := ps.x, ps.in.route
	connect := x.Request.Method == http.MethodConnect
	switch to.kind {
	case routeTunnel:
		x.Scheme, x.Authority = to.scheme, ps.host()
		if x.Authority == "" {
			x.Authority = trimDefaultPort(to.authority, to.scheme)
		}
	case routeReverse:
		x.Scheme, x.Authority = to.scheme, trimDefaultPort(to.authority, to.scheme)
	default:
		if page := p.routeForward(ps); page != nil {
			return page
		}
	}
	if connect && to.kind != routeForward {
		return ps.failWith(exchange.ErrRequestMalformed, "CONNECT is for a proxy, and this connection already goes to "+to.authority)
	}
	if p.comesBack(ps) {
		return ps.failWith(exchange.ErrLoop, "")
	}
	return nil
}

// host is the host that a request names: in Host, or in a target in absolute form.
func (ps *passage) host() string {
	if a, ok := absolute(ps.x.Request.Target); ok {
		return a.authority
	}
	return ps.x.Request.Fields.Value(exchange.FieldHost)
}

// routeForward is for a proxy client's connection, where each request names its target.
func (p *Proxy) routeForward(ps *passage) *page {
	x := ps.x
	host := x.Request.Fields.Value(exchange.FieldHost)
	a, abs := absolute(x.Request.Target)
	connect := x.Request.Method == http.MethodConnect
	if x.Scheme, x.Authority = a.scheme, a.authority; connect {
		x.Scheme, x.Authority = "https", x.Request.Target
	}
	if !p.admits(ps) {
		return challengePage()
	}
	switch {
	case connect:
		if strings.ContainsAny(x.Authority, "/?#@") || strings.HasPrefix(x.Authority, ":") {
			return ps.failWith(exchange.ErrRequestMalformed, fmt.Sprintf("the target %q is not HOST:PORT", x.Authority))
		}
		return nil
	case !abs && !isPath(x.Request.Target):
		return ps.failWith(exchange.ErrRequestMalformed, fmt.Sprintf("the target %q is not a URL", x.Request.Target[:min(len(x.Request.Target), 200)]))
	case !abs && !p.isOwnAuthority(host):
		// Not for the setup page: a web page could read it through a name that it controls.
		return ps.failWith(exchange.ErrRequestMalformed, "it was sent to the proxy as if that were the origin server; let the client use http://"+ps.in.local.String()+" as its proxy")
	case !abs, p.isOwnAuthority(x.Authority):
		ps.unrecorded = true
		return p.setupPage(ps.in)
	case x.Scheme != "http" && x.Scheme != "https":
		return ps.failWith(exchange.ErrRequestMalformed, fmt.Sprintf("the target has scheme %q; http and https are proxied", x.Scheme))
	case hostOf(x.Authority) == "":
		return ps.failWith(exchange.ErrRequestMalformed, "the request target names no host")
	}
	return nil
}

// isPath reports whether a request target is in origin-form or asterisk-form.
func isPath(target string) bool { return strings.HasPrefix(target, "/") || target == "*" }

// An absoluteTarget is what a target in absolute form says of where it goes
// (RFC 9112 §3.2.2): the scheme in lower case, the authority as it came but for
// user information, which goes no further.
type absoluteTarget struct{ scheme, authority string }

// absolute takes a target in absolute form apart; ok is false for another form.
func absolute(target string) (a absoluteTarget, ok bool) {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/?#:@") {
		return a, false
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return absoluteTarget{strings.ToLower(scheme), rest}, true
}

// decodedHost is an authority as it is connected to: without percent-encoding
// (RFC 3986 §3.2.2), which is passed on as it came.
func decodedHost(authority string) string {
	if strings.IndexByte(authority, '%') < 0 {
		return authority
	}
	if s, err := url.PathUnescape(authority); err == nil {
		return s
	}
	return authority
}

// comesBack reports whether a request has been here before: its connection is
// one of our own, or its Via names us.
func (p *Proxy) comesBack(ps *passage) bool {
	if p.dialer.isOurs(ps.in.peer, ps.in.local) {
		return true
	}
	for _, l := range ps.x.Request.Fields.Each(exchange.FieldVia) {
		if strings.Contains(l.Value, p.config.Pseudonym) {
			return true
		}
	}
	return false
}

// addsVia reports whether a request tells in Via that it went through us
// (RFC 9110 §7.6.3). Origin servers are not told, since nothing of the traffic
// is to change; another proxy is, or loops through it could not be seen.
func (p *Proxy) addsVia(kind routeKind, x *exchange.Exchange) bool {
	if kind == routeReverse || x.Scheme != "http" {
		return kind == routeReverse
	}
	next := p.dialer.proxyFor("http", withPort(x.Authority, "http"))
	return next != nil && !strings.HasPrefix(next.Scheme, "socks5")
}

// isOwnAuthority reports whether an authority is the address of one of our listeners.
func (p *Proxy) isOwnAuthority(authority string) bool {
	host, port := exchange.SplitAuthority(authority)
	if port == "" {
		port = "80"
	}
	if isLocalhost(host) {
		host = "127.0.0.1"
	}
	a, err := netip.ParseAddrPort(host + ":" + port)
	if strings.Contains(host, ":") {
		a, err = netip.ParseAddrPort("[" + host + "]:" + port)
	}
	return err == nil && p.isListener(a)
}

// admits checks a client's credentials, in the same time whatever they are.
func (p *Proxy) admits(ps *passage) bool {
	if p.config.User == "" && p.config.Password == "" {
		return true
	}
	scheme, value, _ := strings.Cut(ps.x.Request.Fields.Value(exchange.FieldProxyAuthorization), " ")
	if !strings.EqualFold(scheme, "basic") {
		return false
	}
	given, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return false
	}
	got, want := sha256.Sum256(given), sha256.Sum256([]byte(p.config.User+":"+p.config.Password))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// failWith fails the exchange and returns the page that says so.
func (ps *passage) failWith(code exchange.ErrCode, detail string) *page {
	e := &exchange.Err{Code: code, Detail: detail}
	ps.fail(e)
	ps.x.Err = e
	return ps.proxy.failurePage(ps.x, e)
}

func internalError(v any) *exchange.Err {
	return &exchange.Err{Code: exchange.ErrInternal, Detail: fmt.Sprint(v)}
}
