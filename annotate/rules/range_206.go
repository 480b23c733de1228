package rules

import (
	"bytes"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// range206Rules lists the rules on whether a 206 is due and how it is labelled.
func range206Rules() []*annotate.Rule {
	return []*annotate.Rule{
		range206WithoutRange,
		range206NonGet,
		range206MissingContentRange,
		range206MultipartForSingleRange,
		range206MultipartWithContentRange,
		range206UnitMismatch,
		range206IfRangeETagMismatch,
	}
}

var range206WithoutRange = &annotate.Rule{
	ID:       "range/206-without-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "206 to a request without Range",
	Refs:     []string{"RFC 9110 §15.3.7"},
	Doc: "The request has no Range, but the response is a part. The client takes it for the whole and continues with an incomplete body. " +
		"Usual causes are a cache that stored a 206 and sends it to everyone, and code that always sends 206 for media.",
	Help: "send 200 with the whole content",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`, `# S3 reads parts by number
> GET /video?partNumber=1 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{Status: []int{206}},
	Check: func(p *annotate.Pass) {
		if p.X.Request.Fields.Has(exchange.FieldRange) {
			return
		}
		if hasQueryParam(p.X.Query(), "partNumber") && p.X.Response.Fields.Has(exchange.FieldContentRange) {
			return
		}
		if r, ok := contentRangeOf(p.X); ok {
			p.Note(p.StatusLine(), "the request has no Range, but the 206 sends only %s %s", r.Unit, r.RangePart.Text)
			return
		}
		p.Note(p.StatusLine(), "the request has no Range, so it asks for the whole, but the response is a 206")
	},
}

var range206NonGet = &annotate.Rule{
	ID:       "range/206-non-get",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "206 to a method other than GET",
	Refs:     []string{"RFC 9110 §14.2"},
	Doc: "Range is for GET. On other standard methods, HEAD included, a server must ignore it. " +
		"A 206 to HEAD tells clients the wrong size before a download, and after a write it has no defined meaning.",
	Help: "ignore Range unless the method is GET",
	Bad: []string{`# also range/non-get
# also status/unusual-for-method
> HEAD /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
`, `# also range/non-get
# also status/unusual-for-method
> POST /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> Content-Length: 2
>
> {}
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> QUERY /video HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Range: bytes=0-3
> Content-Length: 2
>
> {}
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{
		Status: []int{206}, Methods: []string{"HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"},
		RequestFields: []exchange.Name{exchange.FieldRange},
	},
	Check: func(p *annotate.Pass) {
		p.Note(p.StatusLine(), "206 answers %s, where the server must ignore Range", p.X.Request.Method)
	},
}

var range206MissingContentRange = &annotate.Rule{
	ID:       "range/206-missing-content-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "206 doesn't say which part it is",
	Refs:     []string{"RFC 9110 §15.3.7.1", "RFC 9110 §15.3.7.2"},
	Doc: "A server may send less than the request asks for, so only Content-Range says where the part belongs. " +
		"Without it the client has to guess, and resumed downloads are damaged. Careful clients refuse the response.",
	Help: "send Content-Range: bytes FIRST-LAST/LENGTH",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Type: video/mp4
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=B
<
< --B\r
< Content-Type: text/plain\r
< Content-Range: bytes 0-0/4\r
< \r
< a\r
< --B\r
< Content-Type: text/plain\r
< Content-Range: bytes 2-2/4\r
< \r
< c\r
< --B--\r
< 
`},
	When: annotate.When{
		Status: []int{206}, Methods: []string{"GET"}, RequestFields: []exchange.Name{exchange.FieldRange},
	},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Fields.Has(exchange.FieldContentRange) || isByteranges(&p.X.Response.Message) {
			return
		}
		p.Note(p.ResponseField(exchange.FieldContentRange), "206 has no Content-Range, so the client can't tell which part of %s it got",
			quoted(p.X.Path()))
	},
}

var range206MultipartForSingleRange = &annotate.Rule{
	ID:       "range/206-multipart-for-single-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "several parts for a single range",
	Refs:     []string{"RFC 9110 §15.3.7.2"},
	Doc: "A client that asks for a single range may not understand multipart. It reads boundaries and part headers as the bytes and stores them in the file. " +
		"Send a single range as it is, with Content-Range in the headers.",
	Help: "send the range as the body itself, with Content-Range in the headers",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=B
<
< --B\r
< Content-Type: text/plain\r
< Content-Range: bytes 0-0/4\r
< \r
< a\r
< --B--\r
< 
`},
	Good: []string{`# several were asked for, one of them could be sent
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 9-
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=B
<
< --B\r
< Content-Type: text/plain\r
< Content-Range: bytes 0-0/4\r
< \r
< a\r
< --B--\r
< 
`},
	When: annotate.When{
		Status: []int{206}, Fields: []exchange.Name{exchange.FieldContentType},
		RequestFields: []exchange.Name{exchange.FieldRange},
	},
	Check: func(p *annotate.Pass) {
		r, ok := requestedRanges(p.X)
		if ok && r.Count() == 1 && isByteranges(&p.X.Response.Message) {
			p.Note(p.ResponseField(exchange.FieldContentType), "the request asks for the single range %s, but the response is %s",
				bare(r.Unit+"="+r.Set), bare(p.X.Response.Fields.Value(exchange.FieldContentType)))
		}
	},
}

var range206MultipartWithContentRange = &annotate.Rule{
	ID:       "range/206-multipart-with-content-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a multipart response has Content-Range in its headers",
	Refs:     []string{"RFC 9110 §15.3.7.2"},
	Doc: "In a multipart 206 each part has its own Content-Range, and the headers of the response must not have one. " +
		"A client that sees one there takes the whole body, boundaries included, for that range.",
	Help: "remove Content-Range from the headers of the response, and put one in each part",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=B
< Content-Range: bytes 0-2/4
<
< --B\r
< Content-Type: text/plain\r
< Content-Range: bytes 0-0/4\r
< \r
< a\r
< --B--\r
< 
`},
	Good: []string{`# content that is multipart in itself
> GET /mail HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/mixed; boundary=B
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< --B\r
`},
	When: annotate.When{Status: []int{206}, Fields: []exchange.Name{exchange.FieldContentRange}},
	Check: func(p *annotate.Pass) {
		if isByteranges(&p.X.Response.Message) {
			p.Note(p.ResponseField(exchange.FieldContentRange), "the body is multipart/byteranges, but the headers of the response have Content-Range %s too",
				bare(p.X.Response.Fields.Value(exchange.FieldContentRange)))
		}
	},
}

var range206UnitMismatch = &annotate.Rule{
	ID:       "range/206-unit-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the part uses another unit than the request",
	Refs:     []string{"RFC 9110 §14.2", "RFC 9110 §14.4"},
	Doc: "The request and the response use different range units, so the client can't tell where the part belongs. " +
		"If a server doesn't understand the unit in Range, it must ignore Range and send the whole with 200.",
	Help: "if you don't understand the range unit, send 200 with the whole content",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: seconds=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: lines=0-0,2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary="B"
<
< --B\r
< Content-Type: text/plain\r
< content-range: bytes 0-0/4\r
< \r
< a\r
< --B--\r
< 
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: Bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`, `# the media type is for any unit
> GET /video HTTP/1.1
> Host: shop.test
> Range: lines=0-0,2-2
>
< HTTP/1.1 206 Partial Content
< Content-Type: multipart/byteranges; boundary=B
<
< --B\r
< Content-Type: text/plain\r
< Content-Range: lines 0-0/4\r
< \r
< Content-Range: bytes 1-2/3\r
< --B--\r
< 
`},
	When:  annotate.When{Status: []int{206}, RequestFields: []exchange.Name{exchange.FieldRange}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		wanted, ok := requestedRanges(p.X)
		if !ok {
			return
		}
		if got, ok := contentRangeOf(p.X); ok {
			if !field.EqualFold(got.Unit, wanted.Unit) {
				at := annotate.Span(p.ResponseField(exchange.FieldContentRange), 0, len(got.Unit))
				p.Note(at, "the request asks in %s, but Content-Range counts in %s", wanted.Unit, got.Unit)
			}
			return
		}
		if !isByteranges(&p.X.Response.Message) {
			return
		}
		value, at := firstPartRange(&p.X.Response.Message)
		if unit, _, _ := bytes.Cut(value, []byte(" ")); field.EqualFold(string(unit), wanted.Unit) {
			return
		}
		if got, err := field.ParseContentRange(string(value)); err == nil {
			p.Note(annotate.ResponseContent(at, at+len(got.Unit)), "the request asks in %s, but the first part counts in %s",
				wanted.Unit, got.Unit)
		}
	},
}

// firstPartRange is the Content-Range of the first part of multipart/byteranges
// content, and where it begins in the decoded content; nil when there is none.
func firstPartRange(m *exchange.Message) (value []byte, at int) {
	t := field.ParseMediaType(m.Fields.Value(exchange.FieldContentType))
	boundary, ok := t.Param("boundary")
	content := m.DecodedContent().Bytes
	at = bytes.Index(content, []byte("--"+boundary))
	if !ok || boundary == "" || at < 0 {
		return nil, 0
	}
	for at < len(content) {
		line, _, _ := bytes.Cut(content[at:], []byte("\n"))
		name, value, colon := bytes.Cut(line, []byte(":"))
		switch {
		case len(bytes.TrimRight(line, "\r")) == 0:
			return nil, 0 // the end of the part's head
		case colon && field.EqualFold(string(name), "Content-Range"):
			bare := bytes.TrimLeft(value, " \t")
			return bytes.TrimRight(bare, " \t\r"), at + len(line) - len(bare)
		}
		at += len(line) + 1
	}
	return nil, 0
}

var range206IfRangeETagMismatch = &annotate.Rule{
	ID:       "range/206-if-range-etag-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a part of another version than If-Range names",
	Refs:     []string{"RFC 9110 §13.1.5"},
	Doc: "If-Range says: send the part only if the resource is still this version, else the whole. " +
		"The 206 is of another version, so the client joins parts of two versions and gets a damaged file. " +
		"A weak ETag never matches here, because it doesn't promise the same bytes. Dates must be equal, not just later.",
	Help: "send 200 with the whole content if If-Range doesn't match exactly",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: "1"
>
< HTTP/1.1 206 Partial Content
< ETag: "2"
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`, `# also range/if-range-weak-etag
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: W/"1"
>
< HTTP/1.1 206 Partial Content
< ETag: W/"1"
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`, `# also cache/heuristic-freshness
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: Fri, 02 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 206 Partial Content
< Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: "1"
>
< HTTP/1.1 206 Partial Content
< ETag: "1"
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`, `# nothing to compare with
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: "1"
>
< HTTP/1.1 206 Partial Content
< Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 206 Partial Content
< ETag: "1"
< Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Range: bytes 0-3/100
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{
		Status:        []int{206},
		Fields:        []exchange.Name{exchange.FieldETag, exchange.FieldLastModified},
		RequestFields: []exchange.Name{exchange.FieldIfRange},
	},
	Check: func(p *annotate.Pass) {
		wanted := p.X.Request.Fields.Value(exchange.FieldIfRange)
		if !p.X.Request.Fields.Has(exchange.FieldRange) || wanted == "" {
			return
		}
		n := exchange.FieldLastModified
		isTag := strings.Contains(wanted[:min(3, len(wanted))], `"`) // RFC 9110 §13.1.5
		if isTag {
			n = exchange.FieldETag
		}
		got := p.X.Response.Fields.Value(n)
		if got == "" || isTag && field.ParseETag(wanted).StrongEqual(field.ParseETag(got)) || !isTag && sameDate(wanted, got, receivedAt(p.X)) {
			return
		}
		p.Note(p.ResponseField(n), "If-Range asks for a part of version %s only, but the 206 is of %s", bare(wanted), bare(got))
	},
}

// sameDate reports whether two dates are the same, or cannot be compared.
func sameDate(a, b string, now time.Time) bool {
	if a == b {
		return true
	}
	at, errA := field.ParseDate(a, now)
	bt, errB := field.ParseDate(b, now)
	return errA != nil || errB != nil || at.Time.Equal(bt.Time)
}
