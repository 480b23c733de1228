package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// rangeResponseRules lists the rules on what servers say of ranges.
func rangeResponseRules() []*annotate.Rule {
	return []*annotate.Rule{
		range200ToSatisfiableRangeWithAcceptRanges,
		rangeAcceptRangesUnknownUnit,
		rangeByterangesPartMissingContentRange,
		rangeByterangesPartMissingContentType,
		rangeContentRangeInvalid,
		rangeContentRangeUndefinedForStatus,
		rangePutContentRangeNotRejected,
	}
}

var range200ToSatisfiableRangeWithAcceptRanges = &annotate.Rule{
	ID:       "range/200-to-satisfiable-range-with-accept-ranges",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the server sends the whole content although it supports ranges",
	Refs:     []string{"RFC 9110 §14.2", "RFC 9110 §14.3"},
	Doc: "The response has Accept-Ranges: bytes but ignores the Range of the request, which is inside the content. " +
		"A server may do that, but clients that resume downloads or jump in a video start again each time. " +
		"Often a compressing proxy or middleware drops Range, and Accept-Ranges comes from the server behind it.",
	Help: "answer 206 with the part, or remove Accept-Ranges",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=1-2
>
< HTTP/1.1 200 OK
< Accept-Ranges: bytes
< Content-Length: 4
<
< abcd
`},
	Good: []string{`# the part is all
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-
>
< HTTP/1.1 200 OK
< Accept-Ranges: bytes
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=1-2
> If-Range: "1"
>
< HTTP/1.1 200 OK
< Accept-Ranges: bytes
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=1-2
>
< HTTP/1.1 200 OK
< Accept-Ranges: bytes
< Content-Encoding: compress
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=9-
>
< HTTP/1.1 200 OK
< Accept-Ranges: bytes
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=1-2
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{
		Status: []int{200}, Methods: []string{"GET"},
		Fields: []exchange.Name{exchange.FieldAcceptRanges}, RequestFields: []exchange.Name{exchange.FieldRange},
	},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		c := &p.X.Response.Content
		wanted, ok := requestedBytes(p.X)
		if !ok || !listHas(f, exchange.FieldAcceptRanges, "bytes") || f.Has(exchange.FieldContentEncoding) ||
			p.X.Request.Fields.Has(exchange.FieldIfRange) || c.Size == 0 || !c.Complete {
			return
		}
		for r := range wanted.All() {
			first, last, ok := r.Resolve(c.Size)
			if !ok || first == 0 && last == c.Size-1 {
				return
			}
		}
		at := annotate.Span(p.RequestField(exchange.FieldRange), wanted.At, wanted.At+len(wanted.Set))
		p.Note(at, "the request asks for bytes %s, and the server has Accept-Ranges: bytes but sends all %s", bare(wanted.Set), wording.Count(c.Size, "byte"))
	},
}

var rangeAcceptRangesUnknownUnit = &annotate.Rule{
	ID:       "range/accept-ranges-unknown-unit",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an unregistered range unit",
	Refs:     []string{"RFC 9110 §14.3"},
	Doc: "Only bytes and none are registered. Other units work between a client and a server that agree on them. Caches and libraries don't know them. " +
		"APIs sometimes use them for pages of a list.",
	Help: "send Accept-Ranges: bytes, or offer pages with query parameters and Link",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Accept-Ranges: bytes, items
< Content-Length: 2
<
< []
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Accept-Ranges: None
< Content-Length: 2
<
< []
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAcceptRanges}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldAcceptRanges) {
			for u := range field.List(l.Value) {
				if !field.EqualFold(u.Text, "bytes") && !field.EqualFold(u.Text, "none") {
					p.Note(annotate.Span(p.ResponseLine(i), u.At, u.End()), "Accept-Ranges has %s, which isn't a registered range unit", quoted(u.Text))
					return
				}
			}
		}
	},
}

// byteranges reads the boundary and content of a multipart/byteranges 206.
func byteranges(x *exchange.Exchange) (content []byte, boundary string, ok bool) {
	m := &x.Response.Message
	if !isByteranges(m) || !x.MayHaveContent() {
		return nil, "", false
	}
	boundary, ok = field.ParseMediaType(m.Fields.Value(exchange.FieldContentType)).Param("boundary")
	if !ok {
		return nil, "", false
	}
	return m.DecodedContent().Bytes, boundary, true
}

// whenByteranges is the index of the rules on the parts of a 206.
var whenByteranges = annotate.When{Status: []int{206}, Fields: []exchange.Name{exchange.FieldContentType}}

var rangeByterangesPartMissingContentRange = &annotate.Rule{
	ID:       "range/byteranges-part-missing-content-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a part that doesn't say where it belongs",
	Refs:     []string{"RFC 9110 §15.3.7.2"},
	Doc: "Each part of a multipart/byteranges body needs its own Content-Range. " +
		"Parts may come in another order than requested, or joined, so a client can't place a part without it.",
	Help: "put Content-Range in the headers of every part",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=b
< Content-Length: 99
<
< --b\r
< Content-Type: text/plain\r
< Content-Range: bytes 0-0/4\r
< \r
< a\r
< --b\r
< Content-Type: text/plain\r
< \r
< c\r
< --b--
* content response size=99
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=b
< Content-Length: 99
<
< --b\r
< Content-Type: text/plain\r
< content-range: bytes 0-0/4\r
< \r
< a\r
< --b\r
< Content-Type: text/plain\r
< Content-Range: bytes 2-2/4\r
< \r
< c\r
< --b--
* content response size=99
`, `# the part's head was cut
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=b
< Content-Length: 999
<
< --b\r
< Content-Type: text/plain
* content response size=999 truncated
`},
	When:  whenByteranges,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		content, boundary, ok := byteranges(p.X)
		if !ok {
			return
		}
		n := 0
		for part := range field.BodyParts(content, boundary) {
			n++
			if part.At == len(content) && part.HeadEnd == len(content) {
				return // its head is not all there
			}
			if _, _, ok := part.Field(content, "Content-Range"); !ok {
				p.Note(annotate.ResponseContent(part.HeadAt, part.HeadEnd), "part %d of the body has no Content-Range", n)
				return
			}
		}
	},
}

var rangeByterangesPartMissingContentType = &annotate.Rule{
	ID:       "range/byteranges-part-missing-content-type",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the parts have no Content-Type",
	Refs:     []string{"RFC 9110 §15.3.7.2"},
	Doc: "The Content-Type of the response is multipart/byteranges, so only the parts can name the type of the content. " +
		"A server that sends a Content-Type with the whole should send it in every part too.",
	Help: "put the Content-Type of the whole in the headers of every part",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=b
< Content-Length: 99
<
< --b\r
< Content-Range: bytes 0-0/4\r
< \r
< a\r
< --b\r
< Content-Range: bytes 2-2/4\r
< \r
< c\r
< --b--
* content response size=99
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=b
< Content-Length: 99
<
< --b\r
< Content-Type: text/plain\r
< Content-Range: bytes 0-0/4\r
< \r
< a\r
< --b\r
< Content-Range: bytes 2-2/4\r
< \r
< c\r
< --b--
* content response size=99
`},
	When:  whenByteranges,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		content, boundary, ok := byteranges(p.X)
		if !ok || !p.X.Response.Content.Whole() {
			return
		}
		n, first := 0, field.BodyPart{}
		for part := range field.BodyParts(content, boundary) {
			if _, _, ok := part.Field(content, "Content-Type"); ok {
				return
			}
			if n++; n == 1 {
				first = part
			}
		}
		if n > 0 {
			p.Note(annotate.ResponseContent(first.HeadAt, first.HeadEnd), "none of the %s of the body has a Content-Type", wording.Count(n, "part"))
		}
	},
}

var rangeContentRangeInvalid = &annotate.Rule{
	ID:       "range/content-range-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Range is invalid",
	Refs:     []string{"RFC 9110 §14.4"},
	Doc: "Content-Range has a unit, the first and the last position, and the length of the whole. " +
		"Positions count from 0, and the last one is that of the last byte sent, so it is below the length. " +
		"A client must not join a part with an invalid Content-Range. A 416 has only the length, after an asterisk.",
	Help: "send for example: Content-Range: bytes 0-499/1234, and on a 416: Content-Range: bytes */1234",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-4/4
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: 0-3/4
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=9-
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes 0-3/4
< Content-Length: 2
<
< no
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes */4
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=b
< Content-Length: 99
<
< --b\r
< Content-Type: text/plain\r
< Content-Range: bytes 2-0/4\r
< \r
< a\r
< --b--
* content response size=99
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/*
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: items=5-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: items 5-3/2
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=9-
>
< HTTP/1.1 416 Range Not Satisfiable
< Content-Range: bytes */4
< Content-Length: 2
<
< no
`, `# the head of the second part was not kept to its end
> GET /files/photo.bin HTTP/1.1
> Host: shop.test
> Range: bytes=0-1,100-109
>
< HTTP/1.1 206 Partial Content
< Server: nginx/1.22.1
< Content-Type: multipart/byteranges; boundary=0000
< Content-Length: 191
<
< \x0d
< --0000\x0d
< Content-Type: application/octet-stream\x0d
< Content-Range: bytes 0-1/4096\x0d
< \x0d
< ab\x0d
< --0000\x0d
< Content-Type: application/octet-stream\x0d
< Content-Range: bytes 100-
* content response size=191 truncated
`},
	When: annotate.When{
		Status: []int{206, 416}, Fields: []exchange.Name{exchange.FieldContentRange, exchange.FieldContentType},
	},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldContentRange) {
			if at, what := contentRangeFault(l.Value, p.X.Response.Status); what != "" {
				p.Note(annotate.Span(p.ResponseLine(i), min(at, len(l.Value)), len(l.Value)), "Content-Range is %s: %s", quoted(l.Value), what)
			}
		}
		if p.X.Response.Status != 206 {
			return
		}
		content, boundary, ok := byteranges(p.X)
		if !ok {
			return
		}
		n := 0
		for part := range field.BodyParts(content, boundary) {
			n++
			if part.At == len(content) && part.HeadEnd == len(content) {
				return // its head is not all there
			}
			value, at, ok := part.Field(content, "Content-Range")
			if _, what := contentRangeFault(value, 206); ok && what != "" {
				p.Note(annotate.ResponseContent(at, at+len(value)), "part %d has Content-Range %s: %s", n, quoted(value), what)
				return
			}
		}
	},
}

// contentRangeFault says what is wrong with the Content-Range of a 206 or 416.
func contentRangeFault(value string, status int) (at int, what string) {
	r, err := field.ParseContentRange(value)
	numbers := r.First >= 0 && r.Last >= 0 && r.LengthPart.Text != "" && field.IsDigit(r.LengthPart.Text[0])
	switch {
	case err != nil && r.Unit != "" && !r.IsBytes() && numbers && !r.Unsatisfied && r.Last > 0:
		return 0, "" // what the positions of another unit mean is for it to say
	case err != nil:
		return err.At, err.What
	case status == 206 && r.Unsatisfied:
		return r.RangePart.At, "a 206 needs the positions of its part"
	case status == 416 && !r.Unsatisfied:
		return r.RangePart.At, `a 416 has "*" in the place of positions, for it has no part`
	}
	return 0, ""
}

var rangeContentRangeUndefinedForStatus = &annotate.Rule{
	ID:       "range/content-range-undefined-for-status",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Range has no meaning with this status",
	Refs:     []string{"RFC 9110 §14.4"},
	Doc: "Content-Range describes the part in a 206, or the length in a 416. In other responses HTTP defines no meaning. " +
		"APIs with pages send it with 200, as in \"items 0-24/319\". That works with clients of this API. Link with rel=next works with all.",
	Help: "send Link with rel=next for pages, or 206 for a part that Range asked for",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Range: items 0-24/319
< Content-Length: 2
<
< []
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/9
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldContentRange}},
	Check: func(p *annotate.Pass) {
		switch s := p.X.Response.Status; s {
		case 206, 416, 304: // conditional/304-with-representation-metadata is about that
		default:
			p.Note(p.ResponseField(exchange.FieldContentRange), "Content-Range %s has no meaning on a %d", quoted(p.X.Response.Fields.Value(exchange.FieldContentRange)), s)
		}
	},
}

var rangePutContentRangeNotRejected = &annotate.Rule{
	ID:       "range/put-content-range-not-rejected",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the server may have stored a part as the whole",
	Refs:     []string{"RFC 9110 §14.5"},
	Doc: "The client sent a part of the content with PUT, and the server reports success. " +
		"A server that ignores Content-Range stores the part in place of the whole, and the rest is lost. Check whether the resource is complete. " +
		"PATCH or an upload protocol says clearly what is meant.",
	Help: "answer 400 to a PUT with Content-Range if you don't support it",
	Bad: []string{`> PUT /files/7 HTTP/1.1
> Host: shop.test
> Content-Range: bytes 2-3/9
> Content-Length: 2
>
> ab
< HTTP/1.1 204 No Content
<
`},
	Good: []string{`> PUT /files/7 HTTP/1.1
> Host: shop.test
> Content-Range: bytes 0-1/2
> Content-Length: 2
>
> ab
< HTTP/1.1 204 No Content
<
`, `> PUT /files/7?upload_id=abc HTTP/1.1
> Host: shop.test
> Content-Range: bytes 2-3/9
> Content-Length: 2
>
> ab
< HTTP/1.1 200 OK
< Content-Length: 0
<
`, `> PUT /files/7 HTTP/1.1
> Host: shop.test
> Content-Range: bytes */9
> Content-Length: 0
>
< HTTP/1.1 200 OK
< Content-Length: 0
<
`, `> PUT /files/7 HTTP/1.1
> Host: shop.test
> Content-Range: bytes 2-3/9
> Content-Length: 2
>
> ab
< HTTP/1.1 400 Bad Request
< Content-Length: 2
<
< no
`},
	When: annotate.When{
		Status: []int{200, 201, 204}, Methods: []string{"PUT"}, RequestFields: []exchange.Name{exchange.FieldContentRange},
	},
	Check: func(p *annotate.Pass) {
		value := p.X.Request.Fields.Value(exchange.FieldContentRange)
		r, err := field.ParseContentRange(value)
		if err != nil || !r.IsBytes() || r.Unsatisfied || r.First == 0 && r.Last+1 == r.Length {
			return
		}
		if q := p.X.Query(); hasQueryParam(q, "uploadType", "upload_id", "uploadId") || field.IndexFold(p.X.PathQuery(), "uploadsession") >= 0 {
			return
		}
		p.Note(p.RequestField(exchange.FieldContentRange), "the PUT has only the part %s, but the response is %d", quoted(value), p.X.Response.Status)
	},
}
