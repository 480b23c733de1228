package rules

import (
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusConnectionRules lists the rules on statuses that speak of connections
// and caches.
func statusConnectionRules() []*annotate.Rule {
	return []*annotate.Rule{
		status408MissingConnectionClose,
		status421WithAltSvc,
		statusNeverStorableFromCache,
	}
}

var status408MissingConnectionClose = &annotate.Rule{
	ID:       "status/408-missing-connection-close",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a 408 without Connection: close",
	Refs:     []string{"RFC 9112 §9.6"},
	Doc: "The server stopped waiting for the request and closed the connection, but the response doesn't say so. " +
		"A client that reuses connections may send its next request on this one and see it fail. " +
		"With Connection: close it knows that it needs a new connection.",
	Help: "send Connection: close",
	Bad: []string{`* origin closed
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 408 Request Timeout
< Content-Length: 2
<
< no
`},
	Good: []string{`* origin closed
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 408 Request Timeout
< Connection: Keep-Alive, Close
< Content-Length: 2
<
< no
`, `# the connection stays open
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 408 Request Timeout
< Content-Length: 2
<
< no
`, `* origin closed
> POST /orders HTTP/2
> Host: shop.test
>
> {}
< HTTP/2 408
< content-length: 2
<
< no
`},
	When:  annotate.When{Status: []int{408}},
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		inProgress := p.X.Request.Method != ""
		if r.Version == exchange.HTTP11 && p.X.Origin.Closed && inProgress && !listHas(&r.Fields, exchange.FieldConnection, "close") {
			p.Note(p.ResponseField(exchange.FieldConnection), "408 has no Connection: close, but the server closed the connection after it")
		}
	},
}

var status421WithAltSvc = &annotate.Rule{
	ID:       "status/421-with-alt-svc",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Alt-Svc on a 421",
	Refs:     []string{"RFC 7838 §6"},
	Doc: "A 421 says that this server isn't responsible for the host, so it can't name alternatives for it either. Clients must ignore Alt-Svc there. " +
		"Send it in responses for the right host.",
	Help: "remove Alt-Svc from 421 responses",
	Bad: []string{`> GET / HTTP/2
> Host: shop.test
>
< HTTP/2 421
< alt-svc: h3=":443"
< content-length: 2
<
< no
`},
	Good: []string{`> GET / HTTP/2
> Host: shop.test
>
< HTTP/2 421
< content-length: 2
<
< no
`},
	When: annotate.When{Status: []int{421}, Fields: []exchange.Name{exchange.FieldAltSvc}},
	Check: func(p *annotate.Pass) {
		p.Note(p.ResponseField(exchange.FieldAltSvc), "clients ignore Alt-Svc in a 421")
	},
}

var statusNeverStorableFromCache = &annotate.Rule{
	ID:       "status/never-storable-from-cache",
	Severity: annotate.Error,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache stored a response that must not be stored",
	Refs:     []string{"RFC 6585 §3", "RFC 6585 §4", "RFC 6585 §5", "RFC 6585 §6"},
	Doc: "A 428, 429, 431 or 511 is about one request of one client, and no cache may store it. " +
		"This one came from a cache, so other clients get an error for something that they didn't do, until it expires. " +
		"Exclude these statuses in the configuration of the cache.",
	Help: "don't store 428, 429, 431 and 511 in the cache; send Cache-Control: no-store with them",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< Retry-After: 30
< Age: 12
< Cache-Control: max-age=60
< Content-Length: 4
<
< wait
`, `# also cache/status-miss-reason
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< Retry-After: 30
< Cache-Status: origin; fwd=miss, "edge, 1"; hit
< Content-Length: 4
<
< wait
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< Retry-After: 30
< Age: 0
< Cache-Status: edge; hit=?0; fwd=miss
< Content-Length: 4
<
< wait
`},
	When: annotate.When{
		Status: []int{428, 429, 431, 511},
		Fields: []exchange.Name{exchange.FieldAge, exchange.FieldCacheStatus},
	},
	Suppresses: []string{"cache/served-from-cache", "cache/response-missing-age", "cache/freshness-without-effect"},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		status := p.X.Response.Status
		if age, ok := field.Number(f.Value(exchange.FieldAge)); ok && age > 0 {
			p.Note(p.ResponseField(exchange.FieldAge), "caches must not store the %d, but Age says that it was in a cache for %s%s",
				status, inWords(age), explicitFreshness(f))
			return
		}
		for i, l := range f.Each(exchange.FieldCacheStatus) {
			for part := range field.List(l.Value) {
				if isCacheHit(part.Text) {
					p.Note(annotate.Span(p.ResponseLine(i), part.At, part.End()), "caches must not store the %d, but %s says that it came from a cache%s",
						status, quoted(part.Text), explicitFreshness(f))
					return
				}
			}
		}
	},
}

// isCacheHit reports whether a member of Cache-Status is a hit (RFC 9211 §2.1).
func isCacheHit(member string) bool {
	for param := range field.Params(member) {
		if param.Name == "hit" {
			return !param.HasValue || param.Value == "?1"
		}
	}
	return false
}

// explicitFreshness says, for the end of a message, what invites caches to
// store the response; "" where nothing does.
func explicitFreshness(f *exchange.Fields) string {
	for _, l := range f.Each(exchange.FieldCacheControl) {
		for part := range field.List(l.Value) {
			name, value, _ := strings.Cut(part.Text, "=")
			lifetime, _ := field.Number(field.Unquote(value))
			if lifetime > 0 && (field.EqualFold(name, "max-age") || field.EqualFold(name, "s-maxage")) {
				return "; its Cache-Control even has " + quoted(part.Text)
			}
		}
	}
	expires, err := field.ParseDate(f.Value(exchange.FieldExpires), time.Time{})
	if err != nil {
		return ""
	}
	if date, err := field.ParseDate(f.Value(exchange.FieldDate), time.Time{}); err == nil && expires.Time.After(date.Time) {
		return "; its Expires is even in the future"
	}
	return ""
}
