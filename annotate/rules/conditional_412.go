package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// conditional412Rules lists the rules on 412.
func conditional412Rules() []*annotate.Rule {
	return []*annotate.Rule{
		conditional412WithoutPrecondition,
		conditional412InsteadOf304,
		conditional412IMSNonGet,
		conditional412MethodIgnoresPreconditions,
		conditional412ETagMatched,
	}
}

var conditional412WithoutPrecondition = &annotate.Rule{
	ID:       "conditional/412-without-precondition",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "412 to a request without a condition",
	Refs:     []string{"RFC 9110 §15.5.13", "RFC 9110 §13.1"},
	Doc: "412 says that a condition of the request failed, but this request has none. The client looks for a conflict that doesn't exist. " +
		"If the server requires a condition, send 428. If the request doesn't fit the state of the resource, send 409. " +
		"If the body breaks a rule of the application, send 422.",
	Help: "send 428 to require a condition, 409 for a conflict, 422 for a refused body",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`},
	Good: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "1"
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< ETag: "2"
< Content-Length: 2
<
< no
`, `> MOVE /a HTTP/1.1
> Host: shop.test
> Destination: /b
> Overwrite: F
>
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> PUT /a?ifGenerationMatch=0 HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> PUT /a HTTP/1.1
> Host: shop.test
> x-amz-copy-source-if-match: "1"
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> LOCK /a HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> UNLOCK /a HTTP/1.1
> Host: shop.test
> Lock-Token: <urn:uuid:1>
>
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`},
	When:  annotate.When{Status: []int{412}},
	Needs: annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		if !preconditionsOf(p.X).any() {
			p.Note(p.StatusLine(), "412 answers a %s without If-Match, If-None-Match or another condition", bare(p.X.Request.Method))
		}
	},
}

var conditional412InsteadOf304 = &annotate.Rule{
	ID:       "conditional/412-instead-of-304",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "412 where 304 is right",
	Refs:     []string{"RFC 9110 §13.1.2", "RFC 9110 §13.1.3", "RFC 9110 §13.2.2"},
	Doc: "The request says: send it only if it has changed. If it hasn't, the answer is 304, and the client uses its copy. " +
		"412 is an error, so the client shows a failure. The server treats If-None-Match of a read like that of a write.",
	Help: "send 304 if If-None-Match or If-Modified-Since of a GET or HEAD fails",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 412 Precondition Failed
< ETag: "1"
< Content-Length: 2
<
< no
`, `# also conditional/head-conditional
> HEAD /orders HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
> If-Match: "2"
>
< HTTP/1.1 412 Precondition Failed
< ETag: "1"
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> x-ms-if-tags: a='b'
>
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-None-Match: *
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{412}, Methods: []string{"GET", "HEAD"}},
	Check: func(p *annotate.Pass) {
		c := preconditionsOf(p.X)
		if c.ifMatch || c.ifUnmodifiedSince || c.other || !c.ifNoneMatch && !c.ifModifiedSince {
			return
		}
		n := exchange.FieldIfNoneMatch
		if !c.ifNoneMatch {
			n = exchange.FieldIfModifiedSince
		}
		p.Note(p.StatusLine(), "412 answers a %s with the single condition %s; if that fails, send 304", p.X.Request.Method, n)
	},
}

var conditional412IMSNonGet = &annotate.Rule{
	ID:       "conditional/412-ims-non-get",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "412 for a condition that does not apply to this method",
	Refs:     []string{"RFC 9110 §13.1.3"},
	Doc: "If-Modified-Since is for reads only. On other methods a server must ignore it. This 412 refuses a write because of it. " +
		"To protect a write, clients send If-Match or If-Unmodified-Since.",
	Help: "ignore If-Modified-Since on writes; clients should send If-Match",
	Bad: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`},
	Good: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> MOVE /a HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Overwrite: F
>
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> PUT /a HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> If: (<urn:uuid:1>)
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`},
	When:       annotate.When{Status: []int{412}, RequestFields: []exchange.Name{exchange.FieldIfModifiedSince}},
	Suppresses: []string{"conditional/if-modified-since-non-get"},
	Check: func(p *annotate.Pass) {
		m := p.X.Request.Method
		if isRead(m) || m == "QUERY" || ignoresPreconditions(m) {
			return
		}
		if c := preconditionsOf(p.X); !c.ifMatch && !c.ifNoneMatch && !c.ifUnmodifiedSince && !c.other {
			p.Note(p.RequestField(exchange.FieldIfModifiedSince), "412 answers a %s because of If-Modified-Since, which the server must ignore there", bare(m))
		}
	},
}

// ignoresPreconditions reports whether a method selects no representation, so
// that conditions have nothing to be compared with (RFC 9110 §13.2.1).
func ignoresPreconditions(method string) bool {
	return method == "CONNECT" || method == "OPTIONS" || method == "TRACE"
}

var conditional412MethodIgnoresPreconditions = &annotate.Rule{
	ID:       "conditional/412-method-ignores-preconditions",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "412 to a method that ignores conditions",
	Refs:     []string{"RFC 9110 §13.2.1"},
	Doc: "CONNECT, OPTIONS and TRACE neither read nor change a resource, so a server must ignore conditions on them. " +
		"Usually the code that checks conditions runs before the method is known, and breaks CORS preflights too.",
	Help: "ignore If-Match and other conditions on CONNECT, OPTIONS and TRACE",
	Bad: []string{`> OPTIONS /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "1"
>
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`, `> OPTIONS /orders/7 HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 412 Precondition Failed
< Content-Length: 2
<
< no
`},
	Good: []string{`> OPTIONS /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "1"
>
< HTTP/1.1 204 No Content
< Allow: GET, PUT
<
`},
	When:       annotate.When{Status: []int{412}, Methods: []string{"CONNECT", "OPTIONS", "TRACE"}},
	Suppresses: []string{"conditional/precondition-on-non-selecting-method"},
	Check: func(p *annotate.Pass) {
		for _, n := range [...]exchange.Name{
			exchange.FieldIfMatch, exchange.FieldIfNoneMatch,
			exchange.FieldIfModifiedSince, exchange.FieldIfUnmodifiedSince,
		} {
			if p.X.Request.Fields.Has(n) {
				p.Note(p.RequestField(n), "412 answers %s because of %s, which the server must ignore there", p.X.Request.Method, n)
				return
			}
		}
	},
}

var conditional412ETagMatched = &annotate.Rule{
	ID:       "conditional/412-etag-matched",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "412 although the ETag matches",
	Refs:     []string{"RFC 9110 §13.1.1"},
	Doc: "The request says: only if the resource is still this version. The 412 says no, but names this very version as the current one. " +
		"The client can try again and again without success. " +
		"Perhaps the server compares ETags with quotes on one side only, or a filter adds a suffix such as -gzip.",
	Help: "compare If-Match with the ETag that you send",
	Bad: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "0", "1"
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< ETag: "1"
< Content-Length: 2
<
< no
`},
	Good: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: W/"1", "0"
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< ETag: "1"
< Content-Length: 2
<
< no
`, `> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "1"
> If-None-Match: *
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< ETag: "1"
< Content-Length: 2
<
< no
`, `> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "1"
> If-Schedule-Tag-Match: "9"
> Content-Length: 2
>
> {}
< HTTP/1.1 412 Precondition Failed
< ETag: "1"
< Content-Length: 2
<
< no
`},
	When: annotate.When{
		Status: []int{412}, Fields: []exchange.Name{exchange.FieldETag},
		RequestFields: []exchange.Name{exchange.FieldIfMatch},
	},
	Check: func(p *annotate.Pass) {
		tag := field.ParseETag(p.X.Response.Fields.Value(exchange.FieldETag))
		if c := preconditionsOf(p.X); tag.Err != nil || c.ifNoneMatch || c.other || ignoresPreconditions(p.X.Request.Method) {
			return
		}
		for i, l := range p.X.Request.Fields.Each(exchange.FieldIfMatch) {
			for wanted := range field.ETags(l.Value) {
				if wanted.StrongEqual(tag) {
					p.Note(annotate.Span(p.RequestLine(i), wanted.At, wanted.End), "412 has ETag %s, which is in If-Match, so the condition holds", bare(tag.String()))
					return
				}
			}
		}
	},
}
