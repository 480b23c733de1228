package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// range206BytesRules lists the rules that count the octets of a 206.
func range206BytesRules() []*annotate.Rule {
	return []*annotate.Rule{
		range206LengthNotEqualRange,
		range206MoreThanRequested,
	}
}

var range206LengthNotEqualRange = &annotate.Rule{
	ID:       "range/206-length-not-equal-range",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the part isn't as long as its range",
	Refs:     []string{"RFC 9110 §15.3.7.1", "RFC 9110 §14.4"},
	Doc: "Content-Range says which bytes the body is, but the body has more or fewer of them. A client that inserts the part damages the file. " +
		"Usual causes: the server sends the whole and labels it as a part, counts the last position as if it weren't included, or compresses the part after cutting it.",
	Help: "send exactly last - first + 1 bytes, without compressing the part",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/6
< Content-Length: 6
<
< abcdef
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/*
< Content-Length: 3
<
< abc
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-9
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/6
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: lines=0-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: lines 0-3/6
< Content-Length: 3
<
< abc
`, `# the client went away
* error client_gone "context canceled"
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-99
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-99/100
< Content-Length: 100
<
< abc
* content response incomplete
`},
	When:  annotate.When{Status: []int{206}, Fields: []exchange.Name{exchange.FieldContentRange}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		r, ok := contentRangeOf(p.X)
		c := &p.X.Response.Content
		if !ok || r.Unsatisfied || !r.IsBytes() || !c.Complete || !p.X.MayHaveContent() ||
			isByteranges(&p.X.Response.Message) || mayBeDecoded(p.X) {
			return
		}
		if want := r.Last - r.First + 1; c.Size != want {
			hint := ""
			if c.Size == r.Length {
				hint = ", which is the length of the whole"
			}
			p.Note(rangePlace(p, r), "Content-Range %s means %s, but the body has %d%s", r.RangePart.Text, wording.Count(want, "byte"), c.Size, hint)
		}
	},
}

// mayBeDecoded reports whether a record comes from a file whose writer may have
// removed content codings or changed the charset, so that sizes say nothing.
func mayBeDecoded(x *exchange.Exchange) bool {
	r := &x.Response
	return r.Content.Decoded || x.Source.Lacks.Has(exchange.LacksOctets) && r.Fields.Has(exchange.FieldContentEncoding)
}

var range206MoreThanRequested = &annotate.Rule{
	ID:       "range/206-more-than-requested",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the part has bytes that the request didn't ask for",
	Refs:     []string{"RFC 9110 §14.2", "RFC 9110 §15.3.7.2"},
	Doc: "The 206 has bytes outside the requested range. Clients that use their own numbers instead of Content-Range write them to the wrong place. " +
		"Less than requested is allowed, more isn't. Some caches enlarge ranges to whole blocks and forget to cut their response.",
	Help: "send only bytes inside the requested range",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=2-3
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/6
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=-2
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 3-5/6
< Content-Length: 3
<
< def
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/6
< Content-Length: 4
<
< abcd
`},
	Good: []string{`# less
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=1-
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 1-3/6
< Content-Length: 3
<
< bcd
`, `# cut at the end of the content
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=2-1000
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 2-3/4
< Content-Length: 2
<
< cd
`, `# a suffix longer than all there is
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=-1000
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/4
< Content-Length: 4
<
< abcd
`, `# two ranges joined, with the gap between them
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-0, 2-2
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-2/6
< Content-Length: 3
<
< abc
`, `# a suffix of an unknown length
> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=-2
>
< HTTP/1.1 206 Partial Content
< Content-Range: bytes 0-3/*
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{
		Status: []int{206}, Fields: []exchange.Name{exchange.FieldContentRange},
		RequestFields: []exchange.Name{exchange.FieldRange},
	},
	Check: func(p *annotate.Pass) {
		got, ok := contentRangeOf(p.X)
		if !ok || got.Unsatisfied || !got.IsBytes() || isByteranges(&p.X.Response.Message) {
			return
		}
		ranges, ok := requestedBytes(p.X)
		if !ok {
			return
		}
		first, last, ok := hull(ranges, got)
		if ok && (got.First < first || got.Last > last) {
			p.Note(rangePlace(p, got), "the request asks for %s, but the 206 has bytes %s",
				bare(p.X.Request.Fields.Value(exchange.FieldRange)), got.RangePart.Text)
		}
	},
}

// hull returns the first and last octet that any of the ranges asks for. ok is
// false where a suffix cannot be resolved for want of a length.
func hull(ranges field.Ranges, got field.ContentRange) (first, last int64, ok bool) {
	first, last = field.MaxNumber, -1
	for r := range ranges.All() {
		from, to := r.First, r.Last
		switch {
		case r.IsSuffix() && got.Length < 0:
			return 0, 0, false
		case r.IsSuffix():
			from, to = max(0, got.Length-r.Last), got.Length-1
		case to < 0:
			to = field.MaxNumber
		}
		first, last = min(first, from), max(last, to)
	}
	return first, last, last >= 0
}
