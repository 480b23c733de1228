package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusMethodRules lists the rules on statuses that speak of the method.
func statusMethodRules() []*annotate.Rule {
	return []*annotate.Rule{
		status405AllowIncludesMethod,
		status405MissingAllow,
		status405MethodToUse,
		status409SafeMethod,
		statusAllowExcludesSuccessfulMethod,
	}
}

// findAllowed finds a method in the Allow field, in exact case as methods are
// compared (RFC 9110 §9.1). empty reports that the field lists none at all.
func findAllowed(f *exchange.Fields, method string) (line int, at field.Part, empty bool) {
	empty = true
	for i, l := range f.Each(exchange.FieldAllow) {
		for part := range field.List(l.Value) {
			empty = false
			if part.Text == method {
				return i, part, false
			}
		}
	}
	return -1, field.Part{}, empty
}

var status405AllowIncludesMethod = &annotate.Rule{
	ID:       "status/405-allow-includes-method",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a 405 whose Allow lists the method",
	Refs:     []string{"RFC 9110 §15.5.6", "RFC 9110 §10.2.1"},
	Doc: "The status says that the method isn't supported here, but Allow says that it is. " +
		"Usually Allow is a fixed list that was never compared with the routes. " +
		"If the method is supported but not for this user or this state, send 403 or 409.",
	Help: "remove the method from Allow, or send 403 or 409 if the method exists and is refused for another reason",
	Bad: []string{`> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 405 Method Not Allowed
< Allow: GET, PUT, DELETE
< Content-Length: 2
<
< no
`},
	Good: []string{`# another case is another method
> purge /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 405 Method Not Allowed
< Allow: GET, PURGE
< Content-Length: 2
<
< no
`, `# the method that counts is another one
> POST /orders/7 HTTP/1.1
> Host: shop.test
> X-HTTP-Method-Override: PATCH
> Content-Length: 2
>
> {}
< HTTP/1.1 405 Method Not Allowed
< Allow: GET, POST
< Content-Length: 2
<
< no
`, `> POST /orders/7 HTTP/1.1
> Host: shop.test
> Content-Type: application/x-www-form-urlencoded
> Content-Length: 14
>
> _method=DELETE
< HTTP/1.1 405 Method Not Allowed
< Allow: GET, POST
< Content-Length: 2
<
< no
`, `# a proxy may have refused what the origin server allows
> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 405 Method Not Allowed
< Allow: GET, DELETE
< Via: 1.1 waf
< Content-Length: 2
<
< no
`, `> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 405 Method Not Allowed
< Allow: GET, DELETE
< CF-RAY: 7d0b1a2c3d4e5f60-FRA
< Content-Length: 2
<
< no
`},
	When:  annotate.When{Status: []int{405}, Fields: []exchange.Name{exchange.FieldAllow}},
	Needs: annotate.NeedsContent, // a form may name another method
	Check: func(p *annotate.Pass) {
		line, at, _ := findAllowed(&p.X.Response.Fields, p.X.Request.Method)
		if line < 0 || overridesMethod(p.X) || showsIntermediary(&p.X.Response.Fields) {
			return
		}
		p.Note(annotate.Span(p.ResponseLine(line), at.At, at.End()), "the 405 says that %s isn't supported, but Allow lists it", at.Text)
	},
}

// intermediaryMarks are prefixes of field names, beside those that the table
// knows, by which CDNs and firewalls make themselves known.
var intermediaryMarks = [...]string{
	"X-Amz-Cf-", "X-Akamai-", "Akamai-", "X-Sucuri-", "X-Azure-", "X-Fastly-", "Fastly-", "X-Iinfo", "X-CDN", "X-Vercel-", "Fly-Request-Id", "X-Edge-", "X-WAF-", "X-Cdn",
}

// intermediaryServers are how CDNs and firewalls begin their Server field.
var intermediaryServers = [...]string{
	"cloudflare", "AkamaiGHost", "CloudFront", "awselb", "BigIP", "BIG-IP", "Sucuri", "Varnish", "imperva", "ddos-guard", "Vercel", "Netlify", "ECS (",
}

// showsIntermediary reports whether a response bears the mark of a proxy, CDN
// or firewall, which may have made it instead of the origin server.
func showsIntermediary(f *exchange.Fields) bool {
	return f.HasAny(&intermediaryNames) || showsCDN(f)
}

var (
	intermediaryNames = exchange.MaskOf(exchange.FieldVia, exchange.FieldXCache, exchange.FieldXVarnish, exchange.FieldCacheStatus, exchange.FieldProxyStatus, exchange.FieldAge)
	cdnNames          = exchange.MaskOf(exchange.FieldCFRay, exchange.FieldCFCacheStatus, exchange.FieldXServedBy)
)

// showsCDN reports whether a response bears the mark of a CDN or of a firewall
// that is one, whose caching its customers configure apart from Cache-Control.
func showsCDN(f *exchange.Fields) bool {
	if f.HasAny(&cdnNames) {
		return true
	}
	server := f.Value(exchange.FieldServer)
	for _, s := range intermediaryServers {
		if field.HasPrefixFold(server, s) {
			return true
		}
	}
	for _, l := range f.All() {
		for _, mark := range intermediaryMarks {
			if field.HasPrefixFold(l.Name, mark) {
				return true
			}
		}
	}
	return false
}

// someMethods lists for an example of Allow what a resource may well support
// that does not support method.
func someMethods(method string) string {
	all := [...]string{"GET", "HEAD", "POST", "PUT"}
	var list []string
	for _, m := range all {
		if m != method && !(method == "GET" && m == "HEAD") && len(list) < 3 {
			list = append(list, m)
		}
	}
	return strings.Join(list, ", ")
}

var status405MissingAllow = &annotate.Rule{
	ID:       "status/405-missing-allow",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a 405 without Allow",
	Refs:     []string{"RFC 9110 §15.5.6", "RFC 9110 §10.2.1"},
	Doc: "A 405 must list the supported methods in Allow, so that the client knows what to do instead. " +
		"An empty header is allowed and means that none is available now. Frameworks that know their routes can add it.",
	Help: "list the supported methods in Allow",
	Bad: []string{`> DELETE /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 405 Method Not Allowed
< Content-Length: 2
<
< no
`, `> HEAD /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 405 Method Not Allowed
<
`},
	Good: []string{`> DELETE /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 405 Method Not Allowed
< Allow:
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{405}},
	Check: func(p *annotate.Pass) {
		if !p.X.Response.Fields.Has(exchange.FieldAllow) {
			p.NoteHelp(p.ResponseField(exchange.FieldAllow), "send the methods that work, for example: Allow: "+someMethods(p.X.Request.Method),
				"the 405 to %s has no Allow, so it doesn't say which methods work", bare(p.X.Request.Method))
		}
	},
}

var status405MethodToUse = &annotate.Rule{
	ID:       "status/405-method-to-use",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "the resource supports other methods",
	Refs:     []string{"RFC 9110 §15.5.6", "RFC 9110 §10.2.1"},
	Doc: "The server knows the resource but doesn't support the method. Allow lists the ones that it supports. " +
		"If the method is the one that you need, the path probably belongs to another resource: POST goes to a collection, PUT and PATCH to one member of it.",
	Help: "use one of the methods in Allow, or check the path",
	Bad:  []string{exchangeOf("POST /orders/7 HTTP/1.1", []string{"Host: shop.test", "Content-Length: 0"}, "HTTP/1.1 405 Method Not Allowed", []string{"Allow: GET, HEAD, OPTIONS", "Content-Type: text/plain", "Content-Length: 2"}) + "< no\n"},
	Good: []string{exchangeOf("POST /orders/7 HTTP/1.1", []string{"Host: shop.test", "Content-Length: 0"}, "HTTP/1.1 405 Method Not Allowed", []string{"Allow:", "Content-Type: text/plain", "Content-Length: 2"}) + "< no\n"},
	When: annotate.When{Status: []int{405}, Fields: []exchange.Name{exchange.FieldAllow}},
	Check: func(p *annotate.Pass) {
		allow := p.X.Response.Fields.Combined(exchange.FieldAllow)
		if line, _, _ := findAllowed(&p.X.Response.Fields, p.X.Request.Method); line >= 0 || field.TrimOWS(allow) == "" || p.X.Request.Method == "TRACE" || isPreflight(&p.X.Request) {
			return
		}
		p.Note(p.Method(), "%s doesn't support %s; it supports %s", bare(p.X.Path()), bare(p.X.Request.Method), bare(allow))
	},
}

var status409SafeMethod = &annotate.Rule{
	ID:         "status/409-safe-method",
	Severity:   annotate.Info,
	Blame:      annotate.ByOrigin,
	Suppresses: []string{statusUnusualForMethod.ID},
	Title:      "a conflict with a request that only reads",
	Refs:       []string{"RFC 9110 §15.5.10", "RFC 9110 §15.5"},
	Doc: "409 says that the request conflicts with the state of the resource, and that someone can resolve the conflict. " +
		"A read changes nothing, so it rarely conflicts with anything. 409 is allowed, but 404, 412 or 503 usually fits better.",
	Help: "send 404 for something that doesn't exist, 503 with Retry-After for something that isn't ready",
	Bad: []string{`> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 409 Conflict
< Content-Length: 8
<
< not done
`},
	Good: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 409 Conflict
< Content-Length: 8
<
< not done
`},
	When: annotate.When{Status: []int{409}, Methods: []string{"GET", "HEAD"}},
	Check: func(p *annotate.Pass) {
		p.Note(p.StatusLine(), "409 answers %s, which changes nothing and so can't conflict", p.X.Request.Method)
	},
}

var statusAllowExcludesSuccessfulMethod = &annotate.Rule{
	ID:       "status/allow-excludes-successful-method",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Allow lacks the method that just succeeded",
	Refs:     []string{"RFC 9110 §10.2.1"},
	Doc: "Allow lists the methods that the resource supports. This method succeeded, so it belongs in the list. Upper and lower case matter. " +
		"Clients and API explorers that use Allow hide a working operation. Usually the list is written by hand and out of date.",
	Help: "add the method to Allow, or remove the header",
	Bad: []string{`> PATCH /orders/7 HTTP/1.1
> Host: shop.test
> Content-Type: application/merge-patch+json
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Allow: GET, patch
< Content-Length: 2
<
< ok
`},
	Good: []string{`# HEAD goes with GET
> HEAD /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Allow: GET
< Allow: PATCH
<
`, `# OPTIONS need not list itself
> OPTIONS /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 204 No Content
< Allow: GET
<
`, `> POST /orders/7?_method=PATCH HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Allow: GET, PATCH
< Content-Length: 2
<
< ok
`, `> GET /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Allow:
< Content-Length: 2
<
< ok
`},
	When: annotate.When{
		Class: []int{2}, Fields: []exchange.Name{exchange.FieldAllow},
		Methods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
	},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		method := p.X.Request.Method
		line, _, empty := findAllowed(f, method)
		if line < 0 && method == "HEAD" {
			line, _, _ = findAllowed(f, "GET")
		}
		if line < 0 && !empty && !overridesMethod(p.X) {
			p.Note(p.ResponseField(exchange.FieldAllow), "%s succeeded with %d, but Allow lists only %s",
				method, p.X.Response.Status, quoted(f.Combined(exchange.FieldAllow)))
		}
	},
}
