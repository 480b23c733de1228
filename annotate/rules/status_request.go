package rules

import (
	"net/netip"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusRequestRules lists the rules on statuses that do not fit the request
// they answer.
func statusRequestRules() []*annotate.Rule {
	return []*annotate.Rule{
		status411ContentLengthPresent,
		status413EmptyRequest,
		status415EmptyRequest,
		status417WithoutExpect,
		status425WithoutEarlyData,
		statusBadHostNotRejected,
	}
}

var status411ContentLengthPresent = &annotate.Rule{
	ID:       "status/411-content-length-present",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a 411 although the request has Content-Length",
	Refs:     []string{"RFC 9110 §15.5.12"},
	Doc: "The server asks for Content-Length, but the request has one when it passes sidenote. " +
		"Probably a proxy after it removed the header or sent the body in chunks. Check the request as it arrives at the server.",
	Help: "find the proxy between sidenote and the server that drops Content-Length; in nginx: proxy_request_buffering on",
	Bad: []string{`> POST /upload HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 411 Length Required
< Content-Length: 2
<
< no
`},
	Good: []string{`> POST /upload HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Transfer-Encoding: chunked
>
> {}
< HTTP/1.1 411 Length Required
< Content-Length: 2
<
< no
`, `# sidenote itself sent it on otherwise
* changed request-framing
> POST /upload HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 411 Length Required
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{411}, RequestFields: []exchange.Name{exchange.FieldContentLength}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		n, ok := field.Number(f.Value(exchange.FieldContentLength))
		if !ok || f.Count(exchange.FieldContentLength) > 1 || f.Has(exchange.FieldTransferEncoding) ||
			p.X.Changed&exchange.ChangedRequestFraming != 0 {
			return
		}
		p.Note(p.RequestField(exchange.FieldContentLength), "411 asks for a length, but the request has Content-Length: %d", n)
	},
}

var status413EmptyRequest = &annotate.Rule{
	ID:       "status/413-empty-request",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "413 to a request without a body",
	Refs:     []string{"RFC 9110 §15.5.14"},
	Doc: "413 says that the request body is too large, but this request has none. " +
		"Servers send it by mistake for a URI that is too long (414), for headers that are too large (431), or for a quota (429, 507).",
	Help: "send 414 for the URI, 431 for headers, 429 or 507 for quotas",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 413 Content Too Large
< Content-Length: 2
<
< no
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 0
>
< HTTP/1.1 413 Content Too Large
< Content-Length: 2
<
< no
`},
	Good: []string{`# the content waits for the 100
> POST /orders HTTP/2
> Host: shop.test
> expect: 100-continue
>
< HTTP/2 413
< content-length: 2
<
< no
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Transfer-Encoding: chunked
>
< HTTP/1.1 413 Content Too Large
< Content-Length: 2
<
< no
`, `# whether more would have come cannot be known
> POST /orders HTTP/2
> Host: shop.test
>
< HTTP/2 413
< content-length: 2
<
< no
* content request incomplete
`},
	When:       annotate.When{Status: []int{413}},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{statusUnusualForMethod.ID},
	Check: func(p *annotate.Pass) {
		if announcedNoContent(&p.X.Request) {
			p.Note(p.StatusLine(), "413 says that the body is too large, but the %s has none", p.X.Request.Method)
		}
	},
}

var status415EmptyRequest = &annotate.Rule{
	ID:       "status/415-empty-request",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "415 to a request without a body",
	Refs:     []string{"RFC 9110 §15.5.16"},
	Doc: "415 says that the server doesn't accept the type or the coding of the body, but this request has no body and no type. " +
		"The server requires a Content-Type even without a body. With the right one, the request passes.",
	Help: "try Content-Type: application/json, with the body {}",
	Bad: []string{`> POST /orders/7/cancel HTTP/1.1
> Host: shop.test
> Content-Length: 0
>
< HTTP/1.1 415 Unsupported Media Type
< Content-Length: 2
<
< no
`},
	Good: []string{`> POST /orders/7/cancel HTTP/1.1
> Host: shop.test
> Content-Type: text/plain
> Content-Length: 0
>
< HTTP/1.1 415 Unsupported Media Type
< Content-Length: 2
<
< no
`, `> POST /orders/7/cancel HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 415 Unsupported Media Type
< Content-Length: 2
<
< no
`},
	When:       annotate.When{Status: []int{415}},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{statusUnusualForMethod.ID},
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if announcedNoContent(r) && !r.Fields.Has(exchange.FieldContentType) && !r.Fields.Has(exchange.FieldContentEncoding) {
			p.Note(p.RequestField(exchange.FieldContentType), "415 to a request without a body: the server requires a Content-Type")
		}
	},
}

var status417WithoutExpect = &annotate.Rule{
	ID:       "status/417-without-expect",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "417 to a request without Expect",
	Refs:     []string{"RFC 9110 §15.5.18"},
	Doc: "417 says that the server can't do what Expect asks, but this request has no Expect. " +
		"Either a proxy added one, or the application uses 417 for its own errors, where 400, 409 or 422 is better.",
	Help: "send 400, 409 or 422 for errors of the application, or stop the proxy from adding Expect",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 417 Expectation Failed
< Content-Length: 2
<
< no
`},
	Good: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Expect: tea
>
> {}
< HTTP/1.1 417 Expectation Failed
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{417}},
	Check: func(p *annotate.Pass) {
		if !p.X.Request.Fields.Has(exchange.FieldExpect) {
			p.Note(p.StatusLine(), "417 says that an expectation failed, but the request has no Expect")
		}
	},
}

var status425WithoutEarlyData = &annotate.Rule{
	ID:       "status/425-without-early-data",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "425 to a request that wasn't sent early",
	Refs:     []string{"RFC 8470 §5.2"},
	Doc: "425 asks the client to repeat a request from TLS early data after the handshake. This one wasn't in early data and has no Early-Data: 1 from a proxy. " +
		"A client that never used early data doesn't know what to do, and treats the 425 as an error.",
	Help: "send 425 only to requests in early data or with Early-Data: 1; if the server is busy, send 503 with Retry-After",
	Bad: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0304
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 425 Too Early
< Content-Length: 2
<
< no
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 425 Too Early
< Content-Length: 2
<
< no
`},
	Good: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0304
> POST /orders HTTP/1.1
> Host: shop.test
> Early-Data: 1
> Content-Length: 2
>
> {}
< HTTP/1.1 425 Too Early
< Content-Length: 2
<
< no
`, `# from a capture that does not know how the request travelled
* scheme https
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 425 Too Early
< Content-Length: 2
<
< no
`},
	When:  annotate.When{Status: []int{425}},
	Needs: annotate.NeedsTLS,
	Check: func(p *annotate.Pass) {
		// sidenote sends no early data itself, so knowing the connection is enough.
		known := p.X.Origin.TLS != nil || p.X.Scheme == "http"
		if known && p.X.Request.Fields.Value(exchange.FieldEarlyData) != "1" {
			p.Note(p.StatusLine(), "425 answers a request that wasn't in TLS early data and has no Early-Data: 1")
		}
	},
}

var statusBadHostNotRejected = &annotate.Rule{
	ID:       "status/bad-host-not-rejected",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the server accepted a request with a bad Host",
	Refs:     []string{"RFC 9112 §3.2"},
	Doc: "A server must answer 400 to an HTTP/1.1 request without Host, with two of them, or with an invalid one. " +
		"If it doesn't, two servers in a row can read different sites from the request. Attackers use that to poison caches and forge password links. " +
		"Let the server in front refuse such requests.",
	Help: "answer 400 to requests with a missing, repeated or malformed Host",
	Bad: []string{`# also syntax/host-missing
* authority shop.test
> GET / HTTP/1.1
> Accept: */*
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `# also syntax/singleton-field-repeated
> GET / HTTP/1.0
> Host: shop.test
> Host: evil.test
>
< HTTP/1.1 302 Found
< Location: /en
< Content-Length: 2
<
< ok
`, `# also syntax/field-value-syntax
* authority shop.test
> GET / HTTP/1.1
> Host: shop.test/x
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`* authority shop.test
> GET / HTTP/1.1
> Host:
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `* authority shop.test
> GET / HTTP/1.0
> Accept: */*
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `> GET / HTTP/1.1
> Host: [2001:db8::1]:8080
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `# the origin server gets the Host of the absolute target
> GET http://shop.test/ HTTP/1.1
> Host:
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{Class: []int{2, 3}},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if !r.WireTrue() || r.Version >= exchange.HTTP2 || hostIsOurs(p.X) {
			return
		}
		first := r.Fields.Index(exchange.FieldHost)
		if first < 0 {
			if r.Version == exchange.HTTP11 {
				p.Note(p.RequestField(exchange.FieldHost), "the server answered an HTTP/1.1 request without Host with %d instead of 400", p.X.Response.Status)
			}
			return
		}
		host := r.Fields.At(first).Value
		if wrong := hostError(host); wrong >= 0 {
			p.Note(annotate.Span(p.RequestLine(first), wrong, len(host)), "the server answered a request with Host: %s with %d instead of 400",
				quoted(host), p.X.Response.Status)
			return
		}
		for i := range r.Fields.Each(exchange.FieldHost) {
			if i != first {
				p.Note(p.RequestLine(i), "the server answered a request with two Host headers with %d instead of 400", p.X.Response.Status)
				return
			}
		}
	},
}

// hostIsOurs reports whether the origin server got another Host than the
// client sent: of an absolute target (RFC 9112 §3.2.2), a tunnel, or in reverse mode.
func hostIsOurs(x *exchange.Exchange) bool {
	t := x.Request.Target
	return x.Request.Method == "CONNECT" || x.Changed&exchange.ChangedRequestHost != 0 ||
		t != "" && t[0] != '/' && t != "*"
}

// hostError finds the octet from which on a value is no host[:port] (RFC 9110
// §7.2, RFC 3986 §3.2); -1 for one that is right, as the empty one is.
func hostError(s string) int {
	end := 0
	if strings.HasPrefix(s, "[") {
		end = strings.IndexByte(s, ']') + 1
		if end == 0 || !isIPLiteral(s[1:end-1]) {
			return 0
		}
	}
	for end < len(s) && isHostByte(s[end]) {
		end++
	}
	if end < len(s) && s[end] == ':' {
		for end++; end < len(s) && field.IsDigit(s[end]); {
			end++
		}
	}
	if end < len(s) {
		return end
	}
	return -1
}

// isIPLiteral accepts IPv6 addresses and the form kept for later ones.
func isIPLiteral(s string) bool {
	if s != "" && (s[0] == 'v' || s[0] == 'V') {
		return true
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6()
}

// isHostByte reports whether c may stand in a reg-name; a percent sign is taken
// for the beginning of an encoded octet.
func isHostByte(c byte) bool {
	switch {
	case field.IsDigit(c), c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return true
	}
	return strings.IndexByte("-._~%!$&'()*+,;=", c) >= 0
}
