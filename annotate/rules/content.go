package rules

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// contentRules lists the rules on what content holds and how it is labelled.
func contentRules() []*annotate.Rule {
	return slices.Concat([]*annotate.Rule{
		contentAPIGotHTML,
		contentBodyInvalidJSON,
		contentProblemStatusMismatch,
	},
		contentTypeRules(),
		contentDispositionRules(),
		contentRequestRules(),
		contentJSONRules(),
		contentBodyRules(),
	)
}

var contentAPIGotHTML = &annotate.Rule{
	ID:       "content/api-got-html",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a client that asked for JSON got a web page",
	Refs:     []string{"RFC 9110 §12.5.1", "RFC 9110 §8.3"},
	Doc: "The request accepts JSON and no HTML, but a success has an HTML page. The client's parser fails at the first \"<\", and its error hides the cause. " +
		"Usual causes: a wrong path for which an app sends its front page, a login page with status 200, or a captive portal or firewall that answers instead of the server.",
	Help: "check path and login; send errors with their own status, in a format that Accept names",
	Bad: []string{`> GET /api/orders HTTP/1.1
> Host: shop.test
> Accept: application/json
>
< HTTP/1.1 200 OK
< Content-Type: text/html; charset=utf-8
<
< <!DOCTYPE html><title>Shop</title>
`, `> GET /api/orders HTTP/1.1
> Host: shop.test
> Accept: application/vnd.api+json, text/plain;q=0.5, text/html;q=0
>
< HTTP/1.1 200 OK
< Content-Type: application/xhtml+xml
<
< <html xmlns="http://www.w3.org/1999/xhtml"/>
`},
	Good: []string{`# anything will do
> GET /api/orders HTTP/1.1
> Host: shop.test
> Accept: application/json, */*;q=0.1
>
< HTTP/1.1 200 OK
< Content-Type: text/html
<
< <!DOCTYPE html><title>Shop</title>
`, `# JSON is not what was asked for
> GET /api/orders HTTP/1.1
> Host: shop.test
> Accept: text/csv, application/json;q=0
>
< HTTP/1.1 200 OK
< Content-Type: text/html
<
< <!DOCTYPE html><title>Shop</title>
`, `> HEAD /api/orders HTTP/1.1
> Host: shop.test
> Accept: application/json
>
< HTTP/1.1 200 OK
< Content-Type: text/html
<
`, `# an error of its own kind
> GET /api/orders HTTP/1.1
> Host: shop.test
> Accept: application/json
>
< HTTP/1.1 404 Not Found
< Content-Type: text/html
<
< <!DOCTYPE html><title>Shop</title>
`},
	When: annotate.When{
		If:    []*annotate.Condition{ifMarkup},
		Class: []int{2}, Fields: []exchange.Name{exchange.FieldContentType},
		RequestFields: []exchange.Name{exchange.FieldAccept},
	},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{"negotiation/content-type-disagrees-accept"},
	Check: func(p *annotate.Pass) {
		x := p.X
		got := field.ParseMediaType(x.Response.Fields.Value(exchange.FieldContentType))
		if !got.IsHTML() || x.Response.Content.Size == 0 || !x.MayHaveContent() {
			return
		}
		accept := x.Request.Fields.Combined(exchange.FieldAccept)
		if namesJSON(accept) && field.AcceptWeight(accept, "text", "html") == 0 && field.AcceptWeight(accept, got.Type, got.Subtype) == 0 {
			p.Note(p.ResponseField(exchange.FieldContentType), "the request accepts %s, but the %d has %s/%s", bare(accept), x.Response.Status, got.Type, got.Subtype)
		}
	},
}

// namesJSON reports whether an Accept value names a JSON type that it does not refuse.
func namesJSON(accept string) bool {
	for a := range field.Accept(accept) {
		if a.Weight > 0 && a.Media.IsJSON() {
			return true
		}
	}
	return false
}

var contentBodyInvalidJSON = &annotate.Rule{
	ID:       "content/body-invalid-json",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the body is labelled JSON but isn't JSON",
	Refs:     []string{"RFC 8259 §2"},
	Doc: "Content-Type promises JSON, but the body can't be parsed. Clients fail with an error about a character or a position, far from the cause. " +
		"Often it is an error page with the wrong label, or a body that was cut off. Or it is JSON written by hand, with an extra comma, unescaped quotes or NaN.",
	Help: "write JSON with a library, and send other text with its own Content-Type",
	Bad: []string{`> GET /api/orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"orders":[1,2,]}
`, `> POST /api/orders HTTP/1.1
> Host: shop.test
> Content-Type: application/merge-patch+json
> Content-Length: 7
>
> {'a':1}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {}
`, `> GET /api/orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"orders":[1,2
`},
	Good: []string{`> GET /api/orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< null
`, `# no content at all
> GET /api/orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 0
<
`, `# a part only
> GET /api/orders HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Type: application/json
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< {"or
`, `# as much as was kept
> GET /api/orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"or
* content response size=100 truncated
`, `# a watch stream
> GET /api/orders?watch=1 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"type":"ADDED"}
< {"type":"DELETED"}
<
`, `# against hijacking
> GET /api/orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< )]}',
< {"orders":[]}
`, `# gRPC frames its messages
> POST /shop.Orders/List HTTP/1.1
> Host: shop.test
> Content-Type: application/connect+json
> Content-Length: 7
>
> \x00\x00\x00\x00\x02{}
< HTTP/1.1 200 OK
< Content-Type: application/grpc-web+json
<
< \x00\x00\x00\x00\x02{}
`, `# a coding that sidenote does not know
> GET /api/orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Encoding: compress
<
< @@@
`, `# a part of an upload
> PUT /upload/7 HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Range: bytes 0-3/100
> Content-Length: 4
>
> {"or
< HTTP/1.1 204 No Content
<
`},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifOddJSON}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		noteInvalidJSON(p, &x.Request.Message, annotate.ByClient, annotate.RequestContent)
		if s := x.Response.Status; x.MayHaveContent() && s != 205 && s != 206 {
			noteInvalidJSON(p, &x.Response.Message, annotate.ByOrigin, annotate.ResponseContent)
		}
	},
}

func noteInvalidJSON(p *annotate.Pass, m *exchange.Message, blame annotate.Blame, place func(start, end int) exchange.Place) {
	if !m.Content.Whole() || len(m.Content.Kept) == 0 {
		return
	}
	t := field.ParseMediaType(m.Fields.Value(exchange.FieldContentType))
	if !t.IsJSON() || isFramed(t) || m.Fields.Has(exchange.FieldContentRange) {
		return
	}
	d := m.DecodedContent()
	if !d.Whole() || len(d.Bytes) == 0 {
		return
	}
	content := bytes.TrimPrefix(d.Bytes, []byte("\xef\xbb\xbf"))
	if field.IsPlainJSON(content) || json.Valid(content) || hasPrefixAgainstHijacking(content) || isUTF16(content) {
		return
	}
	if n, ok := field.JSONValues(content); ok && n > 1 {
		return // a stream of values
	}
	err := field.CheckJSON(content)
	if err == nil {
		return
	}
	at := err.At + len(d.Bytes) - len(content)
	p.Report(annotate.Note{
		Place: place(at, min(at+1, len(d.Bytes))), Blame: blame,
		Message: "the body is labelled " + t.Type + "/" + t.Subtype + " but isn't JSON: " + err.What + " at byte " + strconv.Itoa(at+1),
	})
}

// isFramed reports whether a type with the suffix +json has frames round its
// JSON all the same, as gRPC's and Connect's have.
func isFramed(t field.MediaType) bool {
	return isGRPC(t.Text) || t.Is("application", "connect+json")
}

// hasPrefixAgainstHijacking reports whether content begins with what some
// servers put before JSON so that it cannot be run as a script; their clients
// know to cut it off.
func hasPrefixAgainstHijacking(b []byte) bool {
	for _, prefix := range [...]string{")]}'", "while(1);", "while (1);", "for(;;);", "for (;;);", "throw 1;", "{}&&", "{} &&", "&&&START&&&", "/*"} {
		if len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}

// isUTF16 reports whether content begins with the byte order mark of UTF-16.
func isUTF16(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0xfe && b[1] == 0xff || b[0] == 0xff && b[1] == 0xfe)
}

var contentProblemStatusMismatch = &annotate.Rule{
	ID:       "content/problem-status-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the problem document names another status",
	Refs:     []string{"RFC 9457 §3.1.2"},
	Doc: "The status member of a problem document is a copy of the status code. Here they differ, so some clients use one and some the other. " +
		"Usually a proxy or an error handler changed the status later, or the member is a constant.",
	Help: "send the same number in both, or omit the member",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 409 Conflict
< Content-Type: application/problem+json
<
< {"title":"no","status": 400}
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 404 Not Found
< Content-Type: application/problem+json
<
< {"title":"no","status":404,"errors":[{"status":400}]}
`, `# one problem among others
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 409 Conflict
< Content-Type: application/json
<
< {"problem":{"status":400}}
`},
	When:  annotate.When{Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifProblem}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		m := &p.X.Response.Message
		t := field.ParseMediaType(m.Fields.Value(exchange.FieldContentType))
		if !t.Is("application", "problem+json") || !m.Content.Whole() {
			return
		}
		d := m.DecodedContent()
		if !d.Whole() || field.CheckJSON(d.Bytes) != nil {
			return
		}
		at, value := problemStatus(d.Bytes)
		if n, ok := field.Number(string(value)); ok && n != int64(p.X.Response.Status) {
			p.Note(annotate.ResponseContent(at, at+len(value)), "the problem document says status %d, but the status line says %d", n, p.X.Response.Status)
		}
	},
}

// problemStatus is the value of the status member of a problem document, the
// last one as parsers have it, and where it begins.
func problemStatus(b []byte) (at int, value []byte) {
	for m := range field.JSONMembers(b) {
		if m.Is("status") {
			at, value = m.At, m.Value
		}
	}
	return at, value
}
