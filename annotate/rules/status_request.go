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
	Title:    "a 411 although the length was sent",
	Refs:     []string{"RFC 9110 §15.5.12"},
	Doc: "The server asks for Content-Length, and the request as it was seen here has one. " +
		"Most likely a proxy further in removed it or sent the content on in chunks. " +
		"Look at the request as it arrives at the server that says 411.",
	Help: "find the proxy between here and the server that drops Content-Length; in nginx: proxy_request_buffering on",
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
		p.Note(p.RequestField(exchange.FieldContentLength), "411 asks for a length, but the request had Content-Length: %d when it passed here", n)
	},
}

var status413EmptyRequest = &annotate.Rule{
	ID:       "status/413-empty-request",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "413 to a request without content",
	Refs:     []string{"RFC 9110 §15.5.14"},
	Doc: "413 says that the body of the request is larger than the server accepts, and this request has none. " +
		"Servers send it by mistake for a target that is too long (414), for fields that are too large (431) or for a used-up quota (429, 507). " +
		"The client cannot make the content any smaller.",
	Help: "send 414 for the target, 431 for fields, 429 or 507 for quotas",
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
			p.Note(p.StatusLine(), "413 says that the content is too large, but the %s has none", p.X.Request.Method)
		}
	},
}

var status415EmptyRequest = &annotate.Rule{
	ID:       "status/415-empty-request",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "415 to a request without content",
	Refs:     []string{"RFC 9110 §15.5.16"},
	Doc: "415 says that the server does not accept the type or the coding of the content, and this request has neither content nor a type. " +
		"The server evidently insists on a Content-Type, even where there is nothing that could have one. " +
		"Sending the type that it wants makes the request pass.",
	Help: "try for example: Content-Type: application/json, with the content {}",
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
			p.Note(p.RequestField(exchange.FieldContentType), "415 to a request without content: the server insists on a Content-Type")
		}
	},
}

var status417WithoutExpect = &annotate.Rule{
	ID:       "status/417-without-expect",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "417 to a request without Expect",
	Refs:     []string{"RFC 9110 §15.5.18"},
	Doc: "417 says that the expectation in Expect cannot be met, and this request has no such field. " +
		"Either a proxy further in added one, or the application uses 417 for errors of its own, which 400, 409 or 422 would say better.",
	Help: "send 400, 409 or 422 for errors of the application, or let the proxy add no Expect",
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
			p.Note(p.StatusLine(), "417 says that an expectation failed, but the request has no Expect field")
		}
	},
}

var status425WithoutEarlyData = &annotate.Rule{
	ID:       "status/425-without-early-data",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "425 to a request that was not sent early",
	Refs:     []string{"RFC 8470 §5.2"},
	Doc: "425 asks the client to repeat a request that travelled in TLS early data, once the handshake is done. " +
		"This one did not travel so, and has no Early-Data: 1 from an earlier hop. " +
		"A client that never used early data is not expected to know what to do, so it will take the 425 for a plain error.",
	Help: "send 425 only to requests in early data or with Early-Data: 1; for a busy server send 503 with Retry-After",
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
			p.Note(p.StatusLine(), "425 answers a request that was not sent in TLS early data and has no Early-Data: 1")
		}
	},
}

var statusBadHostNotRejected = &annotate.Rule{
	ID:       "status/bad-host-not-rejected",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a request with a bad Host was accepted",
	Refs:     []string{"RFC 9112 §3.2"},
	Doc: "A server must answer 400 to an HTTP/1.1 request without Host, with two of them, or with one that is not a host. " +
		"If it does not, two servers in a row can take the request for different sites, which is how caches are poisoned and password links are forged. " +
		"Let the server in front refuse such requests.",
	Help: "answer 400 to requests whose Host is missing, repeated or malformed",
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
				p.Note(p.RequestField(exchange.FieldHost), "an HTTP/1.1 request without Host was answered with %d instead of 400", p.X.Response.Status)
			}
			return
		}
		host := r.Fields.At(first).Value
		if wrong := hostError(host); wrong >= 0 {
			p.Note(annotate.Span(p.RequestLine(first), wrong, len(host)), "a request with Host: %s was answered with %d instead of 400",
				quoted(host), p.X.Response.Status)
			return
		}
		for i := range r.Fields.Each(exchange.FieldHost) {
			if i != first {
				p.Note(p.RequestLine(i), "a request with two Host fields was answered with %d instead of 400", p.X.Response.Status)
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
