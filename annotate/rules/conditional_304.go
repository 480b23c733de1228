package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// conditional304Rules lists the rules on 304.
func conditional304Rules() []*annotate.Rule {
	return []*annotate.Rule{
		conditional304NonGet,
		conditional304WithoutPrecondition,
		conditional304ETagNotInIfNoneMatch,
		conditional304WithRepresentationMetadata,
	}
}

var conditional304NonGet = &annotate.Rule{
	ID:       "conditional/304-non-get",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "304 to a method other than GET or HEAD",
	Refs:     []string{"RFC 9110 §15.4.5", "RFC 9110 §13.1.2", "RFC 9110 §13.2.2"},
	Doc: "304 tells a client to use its stored copy, which only makes sense for a read. After a write, the client can't tell whether the server carried it out. " +
		"If If-None-Match fails for another method, send 412. If-Modified-Since is ignored there.",
	Help: "send 412 if the condition of a write failed",
	Bad: []string{`# also status/unusual-for-method
> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-None-Match: *
> Content-Length: 2
>
> {}
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`},
	Good: []string{`> GET /orders/7 HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`, `> QUERY /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> If-None-Match: "1"
> Content-Length: 2
>
> {}
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`},
	When:  annotate.When{Status: []int{304}},
	Needs: annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		if m := p.X.Request.Method; !isRead(m) && m != "QUERY" {
			p.Note(p.StatusLine(), "304 answers %s; if its condition failed, send 412", bare(m))
		}
	},
}

var conditional304WithoutPrecondition = &annotate.Rule{
	ID:       "conditional/304-without-precondition",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "304 to a request without a condition",
	Refs:     []string{"RFC 9110 §15.4.5"},
	Doc: "304 says: use the copy that you told me about. This request has neither If-None-Match nor If-Modified-Since, so the client has nothing to show. " +
		"Usually a proxy removed the condition, or a cache stored a 304 and sends it to everyone.",
	Help: "send 200 with the content",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`, `# also conditional/head-conditional
> HEAD /orders HTTP/1.1
> Host: shop.test
> If-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 304 Not Modified
<
`},
	When: annotate.When{Status: []int{304}, Methods: []string{"GET", "HEAD"}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if !f.Has(exchange.FieldIfNoneMatch) && !f.Has(exchange.FieldIfModifiedSince) {
			p.Note(p.StatusLine(), "304 answers a %s without If-None-Match and If-Modified-Since, so the client may have no copy to use", p.X.Request.Method)
		}
	},
}

var conditional304ETagNotInIfNoneMatch = &annotate.Rule{
	ID:       "conditional/304-etag-not-in-if-none-match",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "304 names a version that the client doesn't have",
	Refs:     []string{"RFC 9110 §13.1.2", "RFC 9110 §15.4.5", "RFC 9111 §4.3.2"},
	Doc: "The client listed its versions in If-None-Match, and the ETag of the 304 isn't one of them. " +
		"So the resource has changed, but the client keeps its old copy and shows old content. " +
		"This happens if the server checks If-Modified-Since although If-None-Match is there.",
	Help: "send 200 with the content if no ETag in If-None-Match matches",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1", W/"2"
>
< HTTP/1.1 304 Not Modified
< ETag: "3"
<
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
> If-None-Match: W/"2"
>
< HTTP/1.1 304 Not Modified
< ETag: "2"
<
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: *
>
< HTTP/1.1 304 Not Modified
< ETag: "3"
<
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 304 Not Modified
< ETag: "3"
<
`, `# servers that mark the coding in the tag
> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1-gzip"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1;br"
>
< HTTP/1.1 304 Not Modified
< ETag: W/"1--gzip"
<
`},
	When: annotate.When{
		Status: []int{304}, Methods: []string{"GET", "HEAD"}, Fields: []exchange.Name{exchange.FieldETag},
		RequestFields: []exchange.Name{exchange.FieldIfNoneMatch},
	},
	Check: func(p *annotate.Pass) {
		tag := field.ParseETag(p.X.Response.Fields.Value(exchange.FieldETag))
		for _, l := range p.X.Request.Fields.Each(exchange.FieldIfNoneMatch) {
			if field.IsAny(l.Value) {
				return
			}
			for held := range field.ETags(l.Value) {
				if held.WeakEqual(tag) || withoutCoding(held.Opaque) == withoutCoding(tag.Opaque) {
					return
				}
			}
		}
		p.Note(p.ResponseField(exchange.FieldETag), "304 has ETag %s, which isn't in If-None-Match: %s",
			bare(tag.String()), bare(p.X.Request.Fields.Combined(exchange.FieldIfNoneMatch)))
	},
}

// withoutCoding cuts off what servers append to an entity tag for a content
// coding: "-gzip", "--gzip", ";br".
func withoutCoding(tag string) string {
	for _, coding := range [...]string{"gzip", "gz", "br", "deflate", "zstd", "compress", "identity", "df"} {
		if rest, ok := strings.CutSuffix(tag, coding); ok {
			if bare := strings.TrimRight(rest, "-;:+_.@"); len(bare) < len(rest) {
				return bare
			}
		}
	}
	return tag
}

var conditional304WithRepresentationMetadata = &annotate.Rule{
	ID:       "conditional/304-with-representation-metadata",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "304 describes content that it doesn't have",
	Refs:     []string{"RFC 9110 §15.4.5"},
	Doc: "A cache updates its stored response with the headers of a 304. " +
		"Headers that describe content may not fit the stored content: another Content-Encoding makes clients decode what isn't encoded, and the Content-Type of an error page replaces the right one. " +
		"Send only Cache-Control, Content-Location, Date, ETag, Expires and Vary.",
	Help: "remove Content-Type, Content-Encoding, Content-Language and Content-Range from the 304",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
< Content-Type: text/html
< Content-Encoding: gzip
<
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
< Content-Length: 120
< Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Location: /orders.json
< Content-Security-Policy: default-src 'self'
< Access-Control-Allow-Origin: *
<
`},
	When: annotate.When{Status: []int{304}, Fields: contentDescriptions()},
	Check: func(p *annotate.Pass) {
		var names []string
		var at exchange.Place
		for _, n := range contentDescriptions() {
			if p.X.Response.Fields.Has(n) {
				if names == nil {
					at = p.ResponseField(n)
				}
				names = append(names, n.String())
			}
		}
		p.Note(at, "304 has %s, and caches will add that to their stored content", strings.Join(names, ", "))
	},
}

// contentDescriptions are the fields that a 304 should not have.
func contentDescriptions() []exchange.Name {
	return []exchange.Name{
		exchange.FieldContentType, exchange.FieldContentEncoding,
		exchange.FieldContentLanguage, exchange.FieldContentRange,
	}
}
