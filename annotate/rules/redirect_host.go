package rules

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// redirectHostRules lists the rule on hosts that the client cannot reach.
func redirectHostRules() []*annotate.Rule {
	return []*annotate.Rule{
		redirectLocationInternalHost,
	}
}

var redirectLocationInternalHost = &annotate.Rule{
	ID:       "redirect/location-internal-host",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "Location names a host that only the server knows",
	Refs:     []string{"RFC 9110 §10.2.2"},
	Doc: "Location names a host or port inside the server's network, which the client can't reach. " +
		"The server builds absolute URIs from its own address instead of the one that the client used, and the reverse proxy doesn't rewrite them. " +
		"Send relative Locations, or tell the server its public name (X-Forwarded-Host, Forwarded, or a setting for its base URL).",
	Help: "send a relative Location, or tell the server its public name",
	Bad: []string{`> GET /old HTTP/1.1
> Host: shop.example
>
< HTTP/1.1 302 Found
< Location: http://localhost:3000/new
< Content-Length: 0
<
`, `> POST /orders HTTP/1.1
> Host: shop.example
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 201 Created
< Location: http://10.0.0.7/orders/7
< Content-Length: 0
<
`, `> GET /old HTTP/1.1
> Host: shop.example
>
< HTTP/1.1 302 Found
< Location: http://shop-web/new
< Content-Length: 0
<
`, `# the port of the server behind a reverse proxy
* origin peer=192.0.2.1:8080
> GET /old HTTP/1.1
> Host: shop.example
>
< HTTP/1.1 302 Found
< Location: http://shop.example:8080/new
< Content-Length: 0
<
`},
	Good: []string{`# the client asked for that host
> GET /old HTTP/1.1
> Host: localhost:3000
>
< HTTP/1.1 302 Found
< Location: http://127.0.0.1:3000/new
< Content-Length: 0
<
`, `# a native app told where it waits
> GET /authorize?redirect_uri=http://localhost:5000/cb HTTP/1.1
> Host: login.example
>
< HTTP/1.1 302 Found
< Location: http://localhost:5000/cb?x=1
< Content-Length: 0
<
`, `# the same, after a sign-in of several steps
> POST /login HTTP/1.1
> Host: login.example
> Content-Type: application/x-www-form-urlencoded
> Content-Length: 7
>
> user=me
< HTTP/1.1 302 Found
< Location: http://127.0.0.1:5000/cb?code=abc&state=1
< Content-Length: 0
<
`, `# the page that sent the request is on that host
> GET /old HTTP/1.1
> Host: shop.example
> Origin: http://localhost:3000
>
< HTTP/1.1 302 Found
< Location: http://localhost:3000/new
< Content-Length: 0
<
`, `# client and server are on one machine
* client peer=127.0.0.1:5000
* origin peer=127.0.0.1:3000
> GET /old HTTP/1.1
> Host: shop.example:3000
>
< HTTP/1.1 302 Found
< Location: http://localhost:3000/new
< Content-Length: 0
<
`, `# client and server are in one network
* client peer=192.168.1.5:5000
* origin peer=10.0.0.7:80
> GET /old HTTP/1.1
> Host: shop.example
>
< HTTP/1.1 302 Found
< Location: http://10.0.0.7/new
< Content-Length: 0
<
`, `# an app's scheme has no hosts
> GET /login HTTP/1.1
> Host: login.example
>
< HTTP/1.1 302 Found
< Location: myapp://callback
< Content-Length: 0
<
`},
	When:  annotate.When{Status: []int{201}, Class: []int{3}, Fields: []exchange.Name{exchange.FieldLocation}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if !ok || !r.ref.HasAuthority || !r.target.IsHTTP() {
			return
		}
		what := internalHost(r.target.Hostname())
		switch {
		case what == "" || internalHost(r.from.Hostname()) != "":
			noteUpstreamPort(p, &r)
		case !namedByClient(p.X, &r) && !clientReaches(p.X, what) && !isNativeSignIn(&r, what):
			p.Note(r.authority(p), "Location names %s, %s, but the client asked %s",
				quoted(r.target.HostPort()), what, quoted(r.from.HostPort()))
		}
	},
}

// noteUpstreamPort reports a Location whose port is the one on which the
// origin server listens, when the client used another.
func noteUpstreamPort(p *annotate.Pass, r *redirection) {
	o := &p.X.Origin
	if !o.Peer.IsValid() || o.Proxy != "" || r.ref.Port == "" || !field.EqualFold(r.target.Host, r.from.Host) {
		return
	}
	port := strconv.Itoa(int(o.Peer.Port()))
	if r.target.EffectivePort() == port && r.from.EffectivePort() != port {
		p.Note(r.place(p, r.ref.PortAt, r.ref.PortAt+len(r.ref.Port)),
			"Location names port %s, on which the server listens, but the client asked %s", port, quoted(r.from.HostPort()))
	}
}

// namedByClient reports whether a request named the host of a redirect itself:
// in a parameter, or as the page that it comes from.
func namedByClient(x *exchange.Exchange, r *redirection) bool {
	host := r.target.Host
	for _, n := range [...]exchange.Name{exchange.FieldOrigin, exchange.FieldReferer} {
		if u, _ := field.ParseURI(x.Request.Fields.Value(n)); field.EqualFold(u.Host, host) {
			return true
		}
	}
	return hasParameterWith(x.Query(), host) || hasParameterWith(string(formContent(&x.Request)), host)
}

// hasParameterWith reports whether the value of a parameter contains a text.
func hasParameterWith(params, text string) bool {
	for pair := range field.Pieces(params, '&') {
		_, value, _ := strings.Cut(pair.Text, "=")
		if v, err := url.QueryUnescape(value); err == nil && field.IndexFold(v, text) >= 0 {
			return true
		}
	}
	return false
}

// clientReaches reports whether client and origin server are so near to one
// another that a name from inside serves both. A client on sidenote's own
// machine says nothing, for that is where clients of a debugging proxy are.
func clientReaches(x *exchange.Exchange, what string) bool {
	if !x.Client.Peer.IsValid() || !x.Origin.Peer.IsValid() || x.Origin.Proxy != "" {
		return false
	}
	client, origin := x.Client.Peer.Addr().Unmap(), x.Origin.Peer.Addr().Unmap()
	if what == loopbackHost {
		return client.IsLoopback() && origin.IsLoopback()
	}
	return isNear(client) && isNear(origin)
}

// isNear reports whether an address is of this machine or of a private network.
func isNear(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }

// isNativeSignIn reports whether a redirect returns the outcome of a sign-in to
// an app that waits on the user's machine (RFC 8252 §7.3).
func isNativeSignIn(r *redirection, what string) bool {
	return what == loopbackHost &&
		(hasQueryParam(r.ref.Query, "code", "error", "state") || hasQueryParam(r.ref.Fragment, "access_token", "id_token", "state"))
}
