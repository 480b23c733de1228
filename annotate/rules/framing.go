package rules

import (
	"slices"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// framingRules lists the rules on where messages end.
func framingRules() []*annotate.Rule {
	return slices.Concat([]*annotate.Rule{
		framing204WithBody,
		framingContentLengthIn1xx204,
		framingBodyShorterThanContentLength,
	},
		framingLengthRules(),
		framingCodingRules(),
		framingTERules(),
		framingCloseRules(),
		framingTrailerRules(),
	)
}

var framing204WithBody = &annotate.Rule{
	ID:       "framing/204-with-body",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a body after a response that can't have one",
	Refs:     []string{"RFC 9112 §6.3", "RFC 9110 §15.3.5", "RFC 9110 §15.4.5"},
	Doc: "A 204 and a 304 end with their headers. Clients read the bytes that follow as the start of the next response on the connection. " +
		"The next request then fails, or gets the wrong response. Usually a handler sets the status and still writes a body.",
	Help: "write nothing after the headers of a 204 or 304; if there is something to say, send 200",
	Bad: []string{`> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 204 No Content
<
< {"deleted":true}
`, `> GET /orders/7 HTTP/2
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/2 304
< ETag: "1"
<
* content response size=12
`},
	Good: []string{`> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 204 No Content
<
`, `# the length that a 200 would have had
> GET /orders/7 HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
< Content-Length: 12
<
`},
	When:  annotate.When{Status: []int{204, 304}},
	Needs: annotate.NeedsContent | annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		c := &p.X.Response.Content
		if c.Size == 0 || string(c.Kept) == "\r\n" {
			return
		}
		at := p.StatusLine()
		if n := len(p.X.Response.DecodedContent().Bytes); n > 0 {
			at = annotate.ResponseContent(0, n)
		}
		p.Note(at, "%s followed after the headers of the %d, which has no body", wording.Count(c.Size, "byte"), p.X.Response.Status)
	},
}

var framingContentLengthIn1xx204 = &annotate.Rule{
	ID:       "framing/content-length-in-1xx-204",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Length in a response that can't have a body",
	Refs:     []string{"RFC 9110 §8.6"},
	Doc: "A 1xx and a 204 never have a body and must not have Content-Length, not even 0. " +
		"Clients that use the header wait for a body that never comes, or read the start of the next response as the body.",
	Help: "remove Content-Length from 1xx and 204",
	Bad: []string{`> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 204 No Content
< Content-Length: 0
<
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Expect: 100-continue
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 100 Continue
< Content-Length: 0
<
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `> GET /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
< Content-Length: 0
<
`},
	Good: []string{`> HEAD /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 12
<
`, `> POST /form HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 205 Reset Content
< Content-Length: 0
<
`, `> GET /orders/7 HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
< Content-Length: 12
<
`},
	When:  annotate.When{If: []*annotate.Condition{ifContentless}},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		for i := range p.X.Interim {
			r := &p.X.Interim[i]
			if line := r.Fields.Index(exchange.FieldContentLength); line >= 0 {
				p.Note(p.InterimLine(i, line), "%d has Content-Length %s but can't have a body", r.Status, bare(r.Fields.At(line).Value))
			}
		}
		r := &p.X.Response
		if line := r.Fields.Index(exchange.FieldContentLength); line >= 0 && (r.Status == 204 || r.Class() == 1) {
			p.Note(p.ResponseLine(line), "%d has Content-Length %s but can't have a body", r.Status, bare(r.Fields.At(line).Value))
		}
	},
}

var framingBodyShorterThanContentLength = &annotate.Rule{
	ID:       "framing/body-shorter-than-content-length",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the body is shorter than Content-Length",
	Refs:     []string{"RFC 9112 §6.3", "RFC 9112 §8", "RFC 9113 §8.1.1"},
	Doc: "The sender stopped before it had sent all the bytes that Content-Length announced. The message is incomplete and must not be used as a whole one. " +
		"Either the sender broke off (a crash, a timeout, a limit in a proxy), or the length is wrong: counted in characters instead of bytes, or before a filter changed the body.",
	Help: "count bytes after all encoding, or send chunked without Content-Length",
	Bad: []string{`* error content_truncated "unexpected EOF"
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Length: 100
<
< abc
* content response incomplete
`, `* error request_truncated "unexpected EOF"
* made
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Type: text/plain
> Content-Length: 100
>
> abc
< HTTP/1.1 400 Bad Request
< Content-Length: 2
<
< no
* content request incomplete
`},
	Good: []string{`# the client went away
* error client_gone "context canceled"
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Length: 100
<
< abc
* content response incomplete
`, `> HEAD /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/plain
< Content-Length: 100
<
`},
	When:       annotate.When{Failed: true},
	Needs:      annotate.NeedsEnd | annotate.NeedsContent,
	Suppresses: []string{"failure/content-truncated", "failure/request-truncated"},
	Check: func(p *annotate.Pass) {
		x := p.X
		switch {
		case x.Err.Code == exchange.ErrTruncated && x.MayHaveContent() && !x.Response.Made:
			noteShort(p, &x.Response.Message, annotate.ByOrigin, p.ResponseField(exchange.FieldContentLength))
		case x.Err.Code == exchange.ErrRequestTruncated && (x.Response.Status == 0 || x.Response.Made):
			noteShort(p, &x.Request.Message, annotate.ByClient, p.RequestField(exchange.FieldContentLength))
		}
	},
}

// noteShort reports a message that ended before its Content-Length was reached.
func noteShort(p *annotate.Pass, m *exchange.Message, blame annotate.Blame, at exchange.Place) {
	if m.Content.Complete || m.Fields.Has(exchange.FieldTransferEncoding) {
		return
	}
	announced, ok := field.Number(m.Fields.Value(exchange.FieldContentLength))
	if !ok || m.Content.Size >= announced {
		return
	}
	p.Report(annotate.Note{Place: at, Blame: blame, Message: "Content-Length announced " + wording.Count(announced, "byte") +
		", but only " + wording.Count(m.Content.Size, "byte") + " came"})
}
