package rules

import (
	"cmp"
	"math"
	"slices"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// rangeRequestRules lists the rules on how clients ask for ranges.
func rangeRequestRules() []*annotate.Rule {
	return []*annotate.Rule{
		rangeInvalid,
		rangeNonGet,
		rangeOverlappingRanges,
		rangeIfRangeWeakETag,
		rangeIfRangeWithoutRange,
	}
}

// whenRange is the index of the rules on a request's Range.
var whenRange = annotate.When{RequestFields: []exchange.Name{exchange.FieldRange}}

var rangeInvalid = &annotate.Rule{
	ID:       "range/invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Range can't be parsed",
	Refs:     []string{"RFC 9110 §14.1.1", "RFC 9110 §14.1.2"},
	Doc: "A server ignores an invalid Range and sends the whole content with 200. A client that doesn't check the status takes that for its part. " +
		"A range of bytes is first-last, first- or -suffix. last is the position of the last byte, not one after it.",
	Help: "send for example: Range: bytes=0-499",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: 0-3
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=4-3
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-1, all
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-1, , 900-, -0
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: chapters=intro
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	When: whenRange,
	Check: func(p *annotate.Pass) {
		i := p.X.Request.Fields.Index(exchange.FieldRange)
		value := p.X.Request.Fields.At(i).Value
		r, err := field.ParseRanges(value)
		if err == nil && r.IsBytes() {
			for _, e := range r.All() {
				if e != nil {
					err = e
					break
				}
			}
		}
		if err != nil {
			p.Note(annotate.Span(p.RequestLine(i), min(err.At, len(value)), len(value)), "Range is %s: %s", quoted(value), err.What)
		}
	},
}

var rangeNonGet = &annotate.Rule{
	ID:       "range/non-get",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "Range on a method other than GET",
	Refs:     []string{"RFC 9110 §14.2"},
	Doc: "Range is for GET only, and servers ignore it elsewhere. " +
		"To find out whether a server supports ranges, check Accept-Ranges in the response to a HEAD without Range.",
	Help: "send Range with GET only",
	Bad: []string{`> HEAD /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
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
`, `> QUERY /videos HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Range: bytes=0-3
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{
		RequestFields: []exchange.Name{exchange.FieldRange},
		Methods:       []string{"HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT"},
	},
	Check: func(p *annotate.Pass) {
		p.Note(p.RequestField(exchange.FieldRange), "%s has Range, which servers ignore there", p.X.Request.Method)
	},
}

// Limits of RFC 9110 §14.2, as thresholds.
const (
	tooManyOverlapping = 2
	tooManyUnordered   = 20
	mostRangesJudged   = 1000
)

var rangeOverlappingRanges = &annotate.Rule{
	ID:       "range/overlapping-ranges",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "too many ranges, or overlapping ones",
	Refs:     []string{"RFC 9110 §14.2", "RFC 9110 §17.15"},
	Doc: "With many small or overlapping ranges, a short request makes a server send far more than the whole content. That is a known attack. " +
		"Servers may refuse such a Range, join the ranges or send everything, so a client can't predict what it gets.",
	Help: "ask for ranges that don't overlap, in ascending order",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-99, 50-149, 60-
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=9-9,0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,10-10,11-11,12-12,13-13,14-14,15-15,16-16,17-17,18-18,19-19,20-20
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	Good: []string{`# as PDF viewers do
> GET /book.pdf HTTP/1.1
> Host: shop.test
> Range: bytes=900-999, 0-99, 50-149, -10
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	When: whenRange,
	Check: func(p *annotate.Pass) {
		r, ok := requestedBytes(p.X)
		if !ok || r.Count() <= tooManyOverlapping {
			return
		}
		ranges, ascending := firstLast(r)
		n := overlapping(ranges)
		at := p.RequestField(exchange.FieldRange)
		switch {
		case n > tooManyOverlapping:
			p.Note(at, "%[2]d of the %[1]d ranges in Range overlap", r.Count(), n)
		case len(ranges) > tooManyUnordered && !ascending:
			p.Note(at, "Range has %d ranges that aren't in ascending order", r.Count())
		}
	},
}

// firstLast returns the positions of ranges, a bounded number of them, and
// whether they ascend. A suffix range counts from the end, so it comes last.
func firstLast(r field.Ranges) (list [][2]int64, ascending bool) {
	ascending = true
	for v := range r.All() {
		last := v.Last
		if last < 0 {
			last = math.MaxInt64
		}
		one := [2]int64{v.First, last}
		if v.IsSuffix() {
			one = [2]int64{math.MaxInt64 - v.Last, math.MaxInt64}
			if v.Last == 0 {
				continue
			}
		}
		if len(list) > 0 && one[0] <= list[len(list)-1][0] {
			ascending = false
		}
		if list = append(list, one); len(list) == mostRangesJudged {
			break
		}
	}
	return list, ascending
}

// overlapping counts the ranges that share a position with another one. A
// suffix range and one "to the end" do so only if both are of the same kind,
// for how far apart they begin depends on the length.
func overlapping(ranges [][2]int64) int {
	slices.SortFunc(ranges, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	const suffixes = math.MaxInt64 / 2
	n, reach, reached := 0, int64(-1), false
	for i, r := range ranges {
		overlaps := i > 0 && r[0] <= reach && (r[0] < suffixes || ranges[i-1][0] >= suffixes)
		if overlaps {
			if !reached {
				n++ // the one that reaches so far
			}
			n++
		}
		reached = overlaps
		reach = max(reach, r[1])
	}
	return n
}

var rangeIfRangeWeakETag = &annotate.Rule{
	ID:       "range/if-range-weak-etag",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "If-Range has a weak ETag",
	Refs:     []string{"RFC 9110 §13.1.5"},
	Doc: "Parts can only be joined if both come from the same bytes, and a weak ETag doesn't promise that. " +
		"So the condition never holds, and the server sends the whole content each time. Clients must not send weak ETags here.",
	Help: "send a strong ETag or a date in If-Range, or remove Range",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: W/"1"
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: "1"
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldIfRange}},
	Check: func(p *annotate.Pass) {
		if t := field.ParseETag(p.X.Request.Fields.Value(exchange.FieldIfRange)); t.Weak && t.Err == nil {
			p.Note(p.RequestField(exchange.FieldIfRange), "If-Range is %s; a weak ETag never matches there", bare(t.String()))
		}
	},
}

var rangeIfRangeWithoutRange = &annotate.Rule{
	ID:       "range/if-range-without-range",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "If-Range without Range",
	Refs:     []string{"RFC 9110 §13.1.5"},
	Doc: "If-Range is the condition for the part in Range, but this request asks for no part. Servers ignore it. " +
		"Perhaps a proxy removed Range, or If-Match was meant.",
	Help: "send Range too, or remove If-Range",
	Bad: []string{`> GET /video HTTP/1.1
> Host: shop.test
> If-Range: "1"
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: "1"
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldIfRange}},
	Check: func(p *annotate.Pass) {
		if !p.X.Request.Fields.Has(exchange.FieldRange) {
			p.Note(p.RequestField(exchange.FieldIfRange), "the request has If-Range: %s but no Range", bare(p.X.Request.Fields.Value(exchange.FieldIfRange)))
		}
	},
}
