package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"sidenote/exchange"
)

// route finds where a request goes. It returns a page when it goes nowhere: to
// the client that lacks credentials, loops, or cannot be understood.
func (p *Proxy) route(ps *passage, r *http.Request) *page {
	x, to := ps.x, ps.in.route
	switch to.kind {
	case routeTunnel:
		x.Scheme, x.Authority = to.scheme, r.Host
		if x.Authority == "" {
			x.Authority = trimDefaultPort(to.authority, to.scheme)
		}
	case routeReverse:
		x.Scheme, x.Authority = to.scheme, trimDefaultPort(to.authority, to.scheme)
	default:
		if page := p.routeForward(ps, r); page != nil || r.Method == http.MethodConnect {
			return page
		}
	}
	if r.Method == http.MethodConnect {
		return ps.failWith(exchange.ErrRequestMalformed, "CONNECT is for a proxy, and this connection already goes to "+to.authority)
	}
	if to.kind != routeForward {
		r.URL.Scheme, r.URL.Host = to.scheme, to.place()
	}
	if p.comesBack(ps) {
		return ps.failWith(exchange.ErrLoop, "")
	}
	return nil
}

// routeForward is for a proxy client's connection, where each request names its target.
func (p *Proxy) routeForward(ps *passage, r *http.Request) *page {
	x := ps.x
	if r.Method == http.MethodConnect {
		x.Scheme, x.Authority = "https", r.Host
	} else {
		x.Scheme, x.Authority = strings.ToLower(r.URL.Scheme), r.URL.Host
	}
	if !p.admits(r) {
		return challengePage()
	}
	switch {
	case r.Method == http.MethodConnect:
		if p.comesBack(ps) {
			return ps.failWith(exchange.ErrLoop, "")
		}
		return nil
	case !r.URL.IsAbs() && !p.isOwnAuthority(r.Host):
		// Not for the setup page: a web page could read it through a name that it controls.
		return ps.failWith(exchange.ErrRequestMalformed, "it was sent to the proxy as if that were the origin server; let the client use http://"+ps.in.local.String()+" as its proxy")
	case !r.URL.IsAbs(), p.isOwnAuthority(r.URL.Host):
		ps.unrecorded = true
		return p.setupPage(ps.in)
	case x.Scheme != "http" && x.Scheme != "https":
		return ps.failWith(exchange.ErrRequestMalformed, fmt.Sprintf("the target has scheme %q; http and https are proxied", x.Scheme))
	case x.Authority == "":
		return ps.failWith(exchange.ErrRequestMalformed, "the request target names no host")
	}
	return nil
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
func (p *Proxy) admits(r *http.Request) bool {
	if p.config.User == "" && p.config.Password == "" {
		return true
	}
	scheme, value, _ := strings.Cut(r.Header.Get("Proxy-Authorization"), " ")
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

// sendPage answers with a page of our own.
func (ps *passage) sendPage(page *page) {
	ps.drain()
	ps.setMade(page)
	h := ps.w.Header()
	for _, l := range page.fields {
		h.Add(l.Name, l.Value)
	}
	noContent(&ps.x.Request.Content)
	ps.w.WriteHeader(page.status)
	_, _ = ps.w.Write(page.content)
}

func internalError(v any) *exchange.Err {
	return &exchange.Err{Code: exchange.ErrInternal, Detail: fmt.Sprint(v)}
}
