package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// securityRefererRules lists the rules on Referer and on secrets in URIs.
func securityRefererRules() []*annotate.Rule {
	return []*annotate.Rule{
		securityRefererCrossOriginFullURL,
		securityRefererFragmentOrUserinfo,
		securityRefererHTTPSLeakedToHTTP,
		securitySensitiveDataInReferer,
		securitySensitiveDataInURI,
		securitySessionIDInURI,
		securityTraceWithCredentials,
	}
}

func whenReferer() annotate.When {
	return annotate.When{RequestFields: []exchange.Name{exchange.FieldReferer}}
}

// refererOf reads Referer; ok is false for one without a host.
func refererOf(x *exchange.Exchange) (u field.URI, ok bool) {
	u, err := field.ParseURI(x.Request.Fields.Value(exchange.FieldReferer))
	return u, err == nil && u.IsHTTP() && u.HasAuthority
}

// referredBy is an example: a request over https to cdn.test from a page.
func referredBy(referer string) string {
	return "* scheme https\n> GET /app.js HTTP/1.1\n> Host: cdn.test\n> Referer: " + referer + "\n>\n< HTTP/1.1 200 OK\n< Content-Type: text/javascript\n< Content-Length: 2\n<\n< 1;\n"
}

var securityRefererCrossOriginFullURL = &annotate.Rule{
	ID:       "security/referer-cross-origin-full-url",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "another site gets the full address of the page",
	Refs:     []string{"RFC 9110 §10.1.3"},
	Doc: "Referer tells another site the path or query of the page, which may be confidential. Browsers send only the origin by default. " +
		"A Referrer-Policy of the page, or a program, asked for more.",
	Help: "send Referrer-Policy: strict-origin-when-cross-origin with the page",
	Bad:  []string{referredBy("https://shop.test/orders/7"), referredBy("https://shop.test/?q=shoes")},
	Good: []string{referredBy("https://shop.test/"), referredBy("https://www.cdn.test/orders/7"), referredBy("http://shop.test/orders/7")},
	When: whenReferer(),
	Check: func(p *annotate.Pass) {
		u, ok := refererOf(p.X)
		if !ok || !field.EqualFold(u.Scheme, "https") || p.X.Scheme != "https" || (u.Path == "/" || u.Path == "") && u.Query == "" {
			return
		}
		if host := p.X.Host(); !sameSite(u.Hostname(), host) && secretParameter(u.Query) == "" {
			p.Note(p.RequestField(exchange.FieldReferer), "Referer tells %s about %s", quoted(host), shown(u))
		}
	},
}

var securityRefererFragmentOrUserinfo = &annotate.Rule{
	ID:       "security/referer-fragment-or-userinfo",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Referer has a part that must not be sent",
	Refs:     []string{"RFC 9110 §10.1.3"},
	Doc: "A client must not send a fragment or a user name in Referer. A fragment is for the client alone and often contains a token. " +
		"A user name is a credential.",
	Help: "cut the URI at #, and remove everything up to the @ before the host",
	Bad:  []string{referredBy("https://cdn.test/#section"), referredBy("https://me@cdn.test/")},
	Good: []string{referredBy("https://cdn.test/@me"), referredBy("https://cdn.test/")},
	When: whenReferer(),
	Check: func(p *annotate.Pass) {
		i := p.X.Request.Fields.Index(exchange.FieldReferer)
		v := p.X.Request.Fields.At(i).Value
		u, _ := field.ParseURI(v)
		switch {
		case u.HasUserinfo:
			p.Note(annotate.Span(p.RequestLine(i), u.AuthorityAt, u.HostAt), "Referer has a user name before the host %s", quoted(u.HostPort()))
		case u.HasFragment:
			p.Note(annotate.Span(p.RequestLine(i), u.FragmentAt-1, len(v)), "Referer has a fragment of %s", octets(len(u.Fragment)))
		}
	},
}

var securityRefererHTTPSLeakedToHTTP = &annotate.Rule{
	ID:       "security/referer-https-leaked-to-http",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "a plain http request names the https page it came from",
	Refs:     []string{"RFC 9110 §10.1.3"},
	Doc:      "A client must not send Referer in an http request from an https page, because anyone on the way can read the address.",
	Help:     "don't send Referer in http requests from https pages; Referrer-Policy: no-referrer-when-downgrade or stricter prevents it",
	Bad:      []string{strings.Replace(referredBy("https://shop.test/"), "scheme https", "scheme http", 1)},
	Good: []string{referredBy("https://shop.test/"), strings.Replace(referredBy("http://shop.test/"), "scheme https", "scheme http", 1),
		strings.Replace(strings.Replace(referredBy("https://shop.test/"), "scheme https", "scheme http", 1), "Host: cdn.test", "Host: localhost:3000", 1),
		strings.Replace(strings.Replace(referredBy("https://shop.test/"), "scheme https", "scheme http", 1), "Host: cdn.test", "Host: cdn.test\n> X-Forwarded-Proto: https", 1)},
	When: whenReferer(),
	Check: func(p *annotate.Pass) {
		u, ok := refererOf(p.X)
		if ok && field.EqualFold(u.Scheme, "https") && p.X.Scheme == "http" && !isTrustworthyHost(p.X.Host()) && !tlsEndedBefore(p.X) {
			p.Note(p.RequestField(exchange.FieldReferer), "a plain http request names the https page %s", shown(u))
		}
	},
}

// secretParameter is the name of the first parameter of a query that holds a
// credential, a card number or a session; "" for none.
func secretParameter(query string) string {
	if name, _, _ := sensitiveParameter(query); name != "" {
		return name
	}
	name, _, _ := sessionParameter(query)
	return name
}

// sensitiveParameter finds a parameter that holds a credential or a card
// number, and where its value stands in the query.
func sensitiveParameter(query string) (name string, start, end int) {
	return findParameter(query, func(name, value string) bool {
		switch len(name) {
		case 2, 3, 4, 6, 7, 8, 10, 11, 13:
			return isCredentialName(name) || isCardName(name) && isCardNumber(value)
		}
		return false
	})
}

// findParameter finds the first parameter with a value that is meets.
func findParameter(query string, is func(name, value string) bool) (name string, start, end int) {
	for at := 0; at < len(query); {
		end := len(query)
		if i := strings.IndexByte(query[at:], '&'); i >= 0 {
			end = at + i
		}
		if i := strings.IndexByte(query[at:end], '='); i > 0 && at+i+1 < end && is(query[at:at+i], query[at+i+1:end]) {
			return query[at : at+i], at + i + 1, end
		}
		at = end + 1
	}
	return "", 0, 0
}

func isCredentialName(name string) bool {
	return foldIn([]string{"password", "passwd", "pwd", "secret", "client_secret", "api_key", "apikey", "private_key", "otp"}, name)
}

func isCardName(name string) bool { return foldIn([]string{"card", "cardnumber", "cc", "pan"}, name) }

// isCardNumber reports whether a value is 13 to 19 digits that pass the check
// of payment cards (ISO/IEC 7812-1).
func isCardNumber(s string) bool {
	if len(s) < 13 || len(s) > 19 || !field.IsDigits(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// sessionParameter finds a well-known session parameter with a value of 16
// octets or more.
func sessionParameter(query string) (name string, start, end int) {
	return findParameter(query, func(name, value string) bool {
		if len(value) < 16 || len(name) < 7 {
			return false
		}
		return foldIn([]string{"jsessionid", "PHPSESSID", "sessionid", "session_id"}, name) || field.HasPrefixFold(name, "ASPSESSIONID") ||
			field.EqualFold(name, "CFTOKEN") && hasQueryParam(query, "CFID")
	})
}

// queryAt is where the query begins in the start line of a request.
func queryAt(r *exchange.Request) int {
	return len(r.Method) + 1 + strings.IndexByte(r.Target, '?') + 1
}

var securitySensitiveDataInReferer = &annotate.Rule{
	ID:       "security/sensitive-data-in-referer",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "another site gets a secret in Referer",
	Refs:     []string{"RFC 9110 §17.9", "RFC 9110 §10.1.3"},
	Doc: "The address of the page contains a credential or a session. Referer sends it to another origin, which may log it. " +
		"Keep secrets out of addresses, and send Referrer-Policy: no-referrer with pages that have any.",
	Help: "keep secrets out of URIs; send Referrer-Policy: no-referrer with the page",
	Bad:  []string{referredBy("https://shop.test/login?user=me&password=hunter2"), referredBy("https://shop.test/?PHPSESSID=0123456789abcdef0123")},
	Good: []string{referredBy("https://cdn.test/login?password=hunter2"), referredBy("https://shop.test/")},
	When: whenReferer(),
	Check: func(p *annotate.Pass) {
		u, ok := refererOf(p.X)
		if !ok || u.Query == "" {
			return
		}
		if name := secretParameter(u.Query); name != "" && !u.SameOrigin(targetURI(p.X)) {
			p.Note(p.RequestField(exchange.FieldReferer), "Referer tells %s the parameter %s of %s", quoted(p.X.Host()), quoted(name), shown(u))
		}
	},
}

var securitySensitiveDataInURI = &annotate.Rule{
	ID:       "security/sensitive-data-in-uri",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the URI may hold a secret",
	Refs:     []string{"RFC 9110 §17.9"},
	Doc: "URIs are kept in logs, histories and caches, and go to other sites in Referer. A password, a key or a card number doesn't belong there. " +
		"Send it in the body or in Authorization.",
	Help: "send the value in the body of a POST, or in Authorization",
	Bad:  []string{"> GET /login?user=me&Password=hunter2 HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n", "> GET /pay?card=4111111111111111 HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n"},
	Good: []string{"> GET /login?password=&pwd HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n", "> GET /pay?card=4111111111111112&order=4111111111111111&password_hint=x HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n",
		"> GET /login?password=x HTTP/1.1\n> Host: localhost:3000\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n", "> GET /file?X-Amz-Signature=abc&code=x&state=y&sig=z HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n"},
	When: annotate.When{If: []*annotate.Condition{ifQuery}},
	Check: func(p *annotate.Pass) {
		query := p.X.Query()
		if query == "" {
			return
		}
		name, start, end := sensitiveParameter(query)
		if name == "" || isTrustworthyHost(p.X.Host()) {
			return
		}
		at := queryAt(&p.X.Request)
		p.Note(annotate.Span(p.Target(), at+start, at+end), "the query may hold a secret: it has the parameter %s", quoted(name))
	},
}

var securitySessionIDInURI = &annotate.Rule{
	ID:       "security/session-id-in-uri",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a session ID is in the URI",
	Refs:     []string{"RFC 9110 §17.9"},
	Doc: "Anyone who has the URI has the session: it is in logs, in the history, in Referer, and in links that users send to each other. " +
		"Usually a framework does this for clients without cookies, and a setting turns it off.",
	Help: "keep the session only in a cookie, and turn URL rewriting off",
	Bad:  []string{"> GET /cart;jsessionid=0123456789ABCDEF0123 HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n", "> GET /cart?a=b&PHPSESSID=0123456789abcdef0123 HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n"},
	Good: []string{"> GET /cart?sid=0123456789abcdef0123&session_id=7 HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n", "> GET /cart;v=1?CFTOKEN=0123456789abcdef0123 HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n"},
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if query := p.X.Query(); query != "" {
			if name, start, end := sessionParameter(query); name != "" {
				at := queryAt(r)
				p.Note(annotate.Span(p.Target(), at+start, at+end), "the query has a session in its parameter %s", quoted(name))
				return
			}
		}
		if strings.IndexByte(r.Target, ';') < 0 {
			return
		}
		if start, end := pathSession(r.Target); start > 0 {
			at := len(r.Method) + 1
			p.Note(annotate.Span(p.Target(), at+start, at+end), "the path has a session in its parameter jsessionid")
		}
	},
}

// pathSession is where the value of ;jsessionid= stands in a request target.
func pathSession(target string) (start, end int) {
	const name = ";jsessionid="
	i := field.IndexFold(target, name)
	if i < 0 {
		return 0, 0
	}
	start = i + len(name)
	end = len(target)
	if n := strings.IndexAny(target[start:], ";/?#"); n >= 0 {
		end = start + n
	}
	if end-start < 16 {
		return 0, 0
	}
	return start, end
}

var securityTraceWithCredentials = &annotate.Rule{
	ID:       "security/trace-with-credentials",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "TRACE has credentials",
	Refs:     []string{"RFC 9110 §9.3.8"},
	Doc:      "The response to TRACE contains the request, so credentials come back where scripts and logs can read them. A client must not send any.",
	Help:     "remove Authorization and Cookie from TRACE requests",
	Bad:      []string{"* scheme https\n> TRACE /a HTTP/1.1\n> Host: shop.test\n> Authorization: Bearer abc\n>\n< HTTP/1.1 405 Method Not Allowed\n< Allow: GET\n< Content-Length: 0\n<\n"},
	Good:     []string{"> TRACE /a HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 405 Method Not Allowed\n< Allow: GET\n< Content-Length: 0\n<\n"},
	When:     annotate.When{Methods: []string{"TRACE"}, RequestFields: []exchange.Name{exchange.FieldAuthorization, exchange.FieldProxyAuthorization, exchange.FieldCookie}},
	Check: func(p *annotate.Pass) {
		echoed := ""
		if p.X.Response.Status == 200 {
			echoed = ", and the 200 may have returned it"
		}
		for _, n := range [...]exchange.Name{exchange.FieldAuthorization, exchange.FieldProxyAuthorization, exchange.FieldCookie} {
			if p.X.Request.Fields.Has(n) {
				p.Note(p.RequestField(n), "a TRACE request has %s%s", n, echoed)
			}
		}
	},
}
