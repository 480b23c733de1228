package rules

import (
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// redirectTargetRules lists the rules that compare where a redirect leads with
// where it comes from.
func redirectTargetRules() []*annotate.Rule {
	return []*annotate.Rule{
		redirectToSelf,
		redirectDropsQuery,
		redirectCrossHost,
		redirectHTTPSToHTTP,
		redirectTargetFromRequest,
	}
}

// hasDots reports whether a path has segments of dots, which a server may want
// to see resolved.
func hasDots(path string) bool {
	return strings.Contains(path, "/./") || strings.Contains(path, "/../") || strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")
}

var redirectToSelf = &annotate.Rule{
	ID:       "redirect/to-self",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the redirect leads back to the same URI",
	Refs:     []string{"RFC 9110 §15.4"},
	Doc: "The redirect sends the client to the URI that it just asked for. The client asks again, gets the same response, and gives up after about 20 rounds. " +
		"Usual causes are two rules that undo each other (with and without a slash, with and without www). Or a server behind a TLS proxy sees only http and redirects to https.",
	Help: "send a Location that differs from the URI of the request, or send a final response",
	Bad: []string{`> GET /cart HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: http://SHOP.test:80/cart#top
< Content-Length: 0
<
`, `> POST /cart?a=1 HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 307 Temporary Redirect
< Location: ?a=1
< Content-Length: 0
<
`},
	Good: []string{"# the server asks for the path without dots\n" + exchangeOf("GET /../orders HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 301 Moved Permanently", []string{"Location: /orders", "Content-Length: 0"}), `# sites test in this way whether a client keeps cookies
> GET /cart HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /cart
< Set-Cookie: test=1
< Content-Length: 0
<
`, `# a POST is followed by a GET
> POST /cart HTTP/1.1
> Host: shop.test
> Content-Type: application/x-www-form-urlencoded
> Content-Length: 3
>
> a=1
< HTTP/1.1 303 See Other
< Location: /cart
< Content-Length: 0
<
`, `> GET /cart HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: https://shop.test/cart
< Content-Length: 0
<
`, `> GET /cart HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /cart/
< Content-Length: 0
<
`},
	When:  annotate.When{Status: followedStatuses(), Fields: []exchange.Name{exchange.FieldLocation}},
	Needs: annotate.NeedsSecrets,
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if !ok || p.X.Response.Fields.Has(exchange.FieldSetCookie) || !r.target.SameResource(r.from) || hasDots(p.X.Path()) {
			return
		}
		if p.X.Request.Method == "DELETE" {
			p.NoteHelp(p.ResponseLine(r.line), "answer 204, or send the client to a page that still exists", "DELETE got a %d to %s, which was just deleted", p.X.Response.Status, shown(r.from))
			return
		}
		if s := p.X.Response.Status; !isRead(p.X.Request.Method) && s != 307 && s != 308 {
			return
		}
		p.Note(p.ResponseLine(r.line), "Location leads back to %s, the URI of the request", shown(r.from))
	},
}

// isRead reports whether a method is GET or HEAD.
func isRead(method string) bool { return method == "GET" || method == "HEAD" }

var redirectDropsQuery = &annotate.Rule{
	ID:       "redirect/drops-query",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the redirect loses the query",
	Refs:     []string{"RFC 9110 §15.4"},
	Doc: "The redirect changes only scheme, host, case or a slash at the end, but the query of the request is missing. So the client asks for something else. " +
		"Clients don't add the query themselves: the server must put it in Location. Rewrite rules that name only the path are the usual cause.",
	Help: "append the query of the request to Location",
	Bad: []string{`> GET /search?q=tea HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: https://www.shop.test/search
< Content-Length: 0
<
`, `> GET /Search?q=tea&utm_source=mail HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 307 Temporary Redirect
< Location: /search/
< Content-Length: 0
<
`},
	Good: []string{`# only tracking is lost
> GET /search?utm_source=mail&gclid=1&fbclid=2 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /search/
< Content-Length: 0
<
`, `> GET /search?q=tea HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /search/?q=tea
< Content-Length: 0
<
`, `# another place altogether
> GET /login?user=me HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /
< Content-Length: 0
<
`, `# the query is all that changes, so that is what the redirect is for
> GET /account?ticket=7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /account
< Content-Length: 0
<
`},
	When: annotate.When{
		Status: []int{301, 302, 307, 308}, Methods: []string{"GET", "HEAD"},
		Fields: []exchange.Name{exchange.FieldLocation},
	},
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if !ok || r.target.HasQuery || !r.target.IsHTTP() || !hasOwnQuery(r.from.Query) {
			return
		}
		samePath := field.EqualFold(strings.TrimRight(r.from.Path, "/"), strings.TrimRight(r.target.Path, "/"))
		if moved := r.from.Path != r.target.Path || !r.from.SameOrigin(r.target); samePath && moved {
			p.Note(p.ResponseLine(r.line), "the request has a query, but %s has none", shown(r.target))
		}
	},
}

// hasOwnQuery reports whether a query has anything beside tracking parameters.
func hasOwnQuery(query string) bool {
	for pair := range field.Pieces(query, '&') {
		name, _, _ := strings.Cut(pair.Text, "=")
		if !field.HasPrefixFold(name, "utm_") && !field.EqualFold(name, "gclid") && !field.EqualFold(name, "fbclid") {
			return true
		}
	}
	return false
}

var redirectCrossHost = &annotate.Rule{
	ID:       "redirect/cross-host",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "clients drop credentials at this redirect to another origin",
	Refs:     []string{"RFC 9110 §15.4", "Fetch §4.5"},
	Doc: "The request has Authorization, and the redirect leads to another origin. " +
		"Browsers and most libraries then remove the header, so that a stranger doesn't get the credentials. The next response is probably an unexpected 401. " +
		"Some libraries remove it only if the host changes, so one client works and another fails.",
	Help: "let the client ask the final origin directly with its credentials, or put a short-lived token in the redirect",
	Bad: []string{`* scheme https
> GET /file/7 HTTP/1.1
> Host: api.shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 302 Found
< Location: https://files.shop.test/7
< Content-Length: 0
<
`, `# another port is another origin
* scheme https
> GET /file/7 HTTP/1.1
> Host: api.shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 307 Temporary Redirect
< Location: //api.shop.test:8443/7
< Content-Length: 0
<
`},
	Good: []string{`* scheme https
> GET /file/7 HTTP/1.1
> Host: api.shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 302 Found
< Location: https://API.shop.test:443/files/7
< Content-Length: 0
<
`, `> GET /file/7 HTTP/1.1
> Host: api.shop.test
>
< HTTP/1.1 302 Found
< Location: https://files.shop.test/7
< Content-Length: 0
<
`},
	When: annotate.When{
		Status: followedStatuses(), Fields: []exchange.Name{exchange.FieldLocation},
		RequestFields: []exchange.Name{exchange.FieldAuthorization},
	},
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if ok && r.target.IsHTTP() && !r.target.SameOrigin(r.from) {
			p.Note(r.authority(p), "Location leads from %s to %s; clients don't send Authorization there",
				quoted(r.from.Origin()), quoted(r.target.Origin()))
		}
	},
}

var redirectHTTPSToHTTP = &annotate.Rule{
	ID:       "redirect/https-to-http",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the redirect leads from https to http",
	Refs:     []string{"RFC 6797 §2.3", "Secure Contexts"},
	Doc: "The client came over TLS and is redirected to plain http, where anyone on the way can read and change what follows, including cookies without Secure. " +
		"Usually the server is behind a TLS proxy, sees http, and builds absolute URIs from that. " +
		"Let it read X-Forwarded-Proto or Forwarded, or send relative Locations.",
	Help: "send a relative Location, or one with https",
	Bad: []string{`* scheme https
> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: http://shop.test/new
< Content-Length: 0
<
`, `# behind a TLS terminator that says so
> GET /old HTTP/1.1
> Host: shop.test
> X-Forwarded-Proto: https
>
< HTTP/1.1 302 Found
< Location: http://shop.test/new
< Content-Length: 0
<
`},
	Good: []string{`# a native app that waits for its sign-in
* scheme https
> GET /authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A5000%2Fcb HTTP/1.1
> Host: login.test
>
< HTTP/1.1 302 Found
< Location: http://127.0.0.1:5000/cb?code=1
< Content-Length: 0
<
`, `* scheme https
> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: http://expyuzz4wqqyqhjn.onion/
< Content-Length: 0
<
`, `# nobody says what the client used
> GET /old HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: http://shop.test/new
< Content-Length: 0
<
`},
	When: annotate.When{Status: followedStatuses(), Fields: []exchange.Name{exchange.FieldLocation}},
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if !ok || !field.EqualFold(r.ref.Scheme, "http") || !clientUsedTLS(p.X) {
			return
		}
		host := r.target.Hostname()
		if internalHost(host) == loopbackHost || strings.HasSuffix(strings.ToLower(host), ".onion") {
			return
		}
		p.Note(r.scheme(p), "the request came over https, but Location leads to %s", shown(r.target))
	},
}

// clientUsedTLS reports whether the user agent asked for an https URI, be it
// that a TLS terminator before sidenote says so.
func clientUsedTLS(x *exchange.Exchange) bool {
	if x.Scheme == "https" {
		return true
	}
	first, _, _ := strings.Cut(x.Request.Fields.Value(exchange.FieldXForwardedProto), ",")
	return field.EqualFold(field.TrimOWS(first), "https")
}

var redirectTargetFromRequest = &annotate.Rule{
	ID:       "redirect/target-from-request",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the request decides where the redirect goes",
	Refs:     []string{"CWE-601", "RFC 9700 §4.11"},
	Doc: "Location repeats a parameter of the request and leads to another host. " +
		"If the server doesn't check the parameter, anyone can make a link that starts with its name and ends at their site, which helps phishing. " +
		"Test whether the server accepts any host. If so, allow only known targets, or only a path.",
	Help: "accept only known targets, or a path without a host",
	Bad: []string{`> GET /go?next=https%3A%2F%2Fevil.example%2Fx HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: https://evil.example/x
< Content-Length: 0
<
`, `> POST /login HTTP/1.1
> Host: shop.test
> Content-Type: application/x-www-form-urlencoded
> Content-Length: 27
>
> user=me&back=//evil.example
< HTTP/1.1 303 See Other
< Location: //evil.example
< Content-Length: 0
<
`},
	Good: []string{`# OAuth servers check what they are told
> GET /authorize?client_id=7&redirect_uri=https%3A%2F%2Fapp.example%2Fcb HTTP/1.1
> Host: login.test
>
< HTTP/1.1 302 Found
< Location: https://app.example/cb
< Content-Length: 0
<
`, `# the same site
> GET /go?next=https%3A%2F%2Fwww.shop.test%2Fx HTTP/1.1
> Host: login.shop.test
>
< HTTP/1.1 302 Found
< Location: https://www.shop.test/x
< Content-Length: 0
<
`, `> GET /go?next=%2Fx HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 302 Found
< Location: /x
< Content-Length: 0
<
`},
	When:  annotate.When{Status: followedStatuses(), Fields: []exchange.Name{exchange.FieldLocation}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		r, ok := redirectionOf(p.X)
		if !ok || !r.ref.HasAuthority || !r.target.IsHTTP() || sameSite(r.from.Hostname(), r.target.Hostname()) {
			return
		}
		query, form := p.X.Query(), string(formContent(&p.X.Request))
		if isSignIn(query) || isSignIn(form) {
			return
		}
		name := parameterEqual(query, r.value)
		if name == "" {
			name = parameterEqual(form, r.value)
		}
		if name != "" {
			p.Note(r.authority(p), "Location leads to the other host %s, which comes from the request parameter %s", quoted(r.target.HostPort()), quoted(name))
		}
	},
}

// isSignIn reports whether parameters are those of OAuth, OpenID Connect or
// SAML, where redirects to other hosts are the point.
func isSignIn(params string) bool {
	return hasQueryParam(params, "client_id", "redirect_uri", "post_logout_redirect_uri", "RelayState", "SAMLRequest", "SAMLResponse")
}

// parameterEqual finds a parameter whose decoded value is a Location value.
func parameterEqual(params, location string) (name string) {
	decoded, err := url.QueryUnescape(location)
	if err != nil {
		decoded = location
	}
	for pair := range field.Pieces(params, '&') {
		name, value, _ := strings.Cut(pair.Text, "=")
		if v, err := url.QueryUnescape(value); err == nil && v != "" && (v == location || v == decoded) {
			return name
		}
	}
	return ""
}

// sameSite reports whether two hosts are equal or under the same registrable domain.
func sameSite(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b {
		return true
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && siteA == siteB
}
