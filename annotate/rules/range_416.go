package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// range416Rules lists the rules on 416.
func range416Rules() []*annotate.Rule {
	return []*annotate.Rule{
		range416WithoutRange,
		range416MissingContentRange,
		range416ToSatisfiableRange,
	}
}

var range416WithoutRange = &annotate.Rule{
	ID:       "range/416-without-range",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "416 to a request without a range",
	Refs:     []string{"RFC 9110 §15.5.17"},
	Doc: "416 says that the ranges in Range can't be served, but this request has none, so the client has nothing to fix. " +
		"Perhaps a cache stored the response to another client's range. Or an application uses the code for a value out of range, where 400 or 422 is right.",
	Help: "send 400 or 422 for a value out of range",
	Bad: []string{`> GET /orders?page=99 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */0
< Content-Length: 2
<
< no
`},
	Good: []string{`# uploads state the range of what they send
> PUT /upload/7 HTTP/1.1
> Host: shop.test
> Content-Range: bytes 5-6/7
> Content-Length: 2
>
> ab
< HTTP/1.1 416 Range Not Satisfiable
< Content-Length: 2
<
< no
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=99-
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */4
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{416}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if !f.Has(exchange.FieldRange) && !f.Has(exchange.FieldContentRange) {
			p.Note(p.StatusLine(), "416 answers a %s without Range and Content-Range", bare(p.X.Request.Method))
		}
	},
}

var range416MissingContentRange = &annotate.Rule{
	ID:       "range/416-missing-content-range",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "416 doesn't say how long the content is",
	Refs:     []string{"RFC 9110 §15.5.17", "RFC 9110 §14.4"},
	Doc: "The range is outside the content, and only the server knows its length. " +
		"With the length, a client can tell a finished download from a file that has shrunk. Without it, the client must start again.",
	Help: "send Content-Range: bytes */LENGTH",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=99-
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Length: 2
<
< no
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=99-
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */4
< Content-Length: 2
<
< no
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: lines=99-
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{416}, RequestFields: []exchange.Name{exchange.FieldRange}},
	Check: func(p *annotate.Pass) {
		wanted, ok := requestedRanges(p.X)
		if !ok || !wanted.IsBytes() {
			return
		}
		if !p.X.Response.Fields.Has(exchange.FieldContentRange) { // range/content-range-invalid is about one that does not give it
			p.Note(p.ResponseField(exchange.FieldContentRange), "416 has no Content-Range with the length of the content")
		}
	},
}

var range416ToSatisfiableRange = &annotate.Rule{
	ID:       "range/416-to-satisfiable-range",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "416 to a range that exists",
	Refs:     []string{"RFC 9110 §14.2", "RFC 9110 §15.5.17", "RFC 9110 §14.1.2"},
	Doc: "By the length in the 416 itself, the requested range starts inside the content, so the server could send it. " +
		"Some servers refuse if the last position doesn't exist. They should cut the range at the end of the content.",
	Help: "send 206 with the part of the range that exists",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=2-999
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */4
< Content-Length: 2
<
< no
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=-999
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */4
< Content-Length: 2
<
< no
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=4-
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */4
< Content-Length: 2
<
< no
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=-5
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */0
< Content-Length: 2
<
< no
`, `# several may be refused as too many
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 1-1
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */4
< Content-Length: 2
<
< no
`},
	When: annotate.When{
		Status: []int{416}, Fields: []exchange.Name{exchange.FieldContentRange},
		RequestFields: []exchange.Name{exchange.FieldRange},
	},
	Check: func(p *annotate.Pass) {
		got, ok := contentRangeOf(p.X)
		ranges, valid := requestedBytes(p.X)
		if !ok || !valid || ranges.Count() != 1 || !got.Unsatisfied || !got.IsBytes() {
			return
		}
		for r := range ranges.All() {
			if _, _, ok := r.Resolve(got.Length); ok {
				at := annotate.Span(p.RequestField(exchange.FieldRange), r.At, r.End())
				p.Note(at, "the range %s starts inside the content, which has %s by the 416 itself", r.Text, wording.Count(got.Length, "byte"))
			}
		}
	},
}
