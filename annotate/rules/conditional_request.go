package rules

import (
	"net/http"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// conditionalRequestRules lists the rules on how clients put conditions.
func conditionalRequestRules() []*annotate.Rule {
	return []*annotate.Rule{
		conditionalETagUnquoted,
		conditionalETagMalformed,
		conditionalHeadConditional,
		conditionalIfMatchWeakETag,
		conditionalIfModifiedSinceNonGet,
		conditionalPreconditionOnNonSelectingMethod,
	}
}

var conditionalETagUnquoted = &annotate.Rule{
	ID:       "conditional/etag-unquoted",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an ETag without quotes",
	Refs:     []string{"RFC 9110 §8.8.3", "RFC 9110 §13.1"},
	Doc: "The quotes are part of an ETag. A weak one starts with W/, in upper case. " +
		"Strict caches and clients ignore other values, or send them back with quotes, and then nothing matches: no 304, no resumed download, lost updates. " +
		"A server that compares its own strings doesn't notice.",
	Help: "put the ETag in quotes: ETag: \"33a64df5\", or ETag: W/\"33a64df5\"",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: 33a64df5
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1", 33a64df5
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: w/"3"
< Content-Length: 2
<
< ok
`, `> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: 33a64df5
> Content-Length: 2
>
> {}
< HTTP/1.1 204 No Content
<
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: 33a64df5
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: W/"1", "a,b"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: ""
< Content-Length: 2
<
< ok
`, `> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: *
> Content-Length: 2
>
> {}
< HTTP/1.1 204 No Content
<
`, `> GET /video HTTP/1.1
> Host: shop.test
> Range: bytes=0-3
> If-Range: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Content-Length: 4
<
< abcd
`},
	Check: func(p *annotate.Pass) {
		res, req := &p.X.Response.Fields, &p.X.Request.Fields
		own := ""
		if res.Has(exchange.FieldETag) {
			own = res.Value(exchange.FieldETag)
			if t := field.ParseETag(own); isUnquoted(own, t) {
				p.Note(p.ResponseField(exchange.FieldETag), "ETag is %s: %s", bare(own), t.Err.What)
			}
		}
		if !req.HasAny(&tagConditions) {
			return
		}
		for _, n := range [...]exchange.Name{exchange.FieldIfMatch, exchange.FieldIfNoneMatch} {
			for i, l := range req.Each(n) {
				for t := range field.ETags(l.Value) {
					if isUnquoted(l.Value, t) {
						noteUnquoted(p, i, t, own)
						break
					}
				}
			}
		}
		noteIfRange(p, own)
	},
}

var conditionalETagMalformed = &annotate.Rule{
	ID:       "conditional/etag-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an ETag that does not follow its grammar",
	Refs:     []string{"RFC 9110 §8.8.3", "RFC 9110 §13.1.1", "RFC 9110 §13.1.2"},
	Doc: "An ETag is one string in double quotes, without spaces and further quotes inside. If-Match and If-None-Match list several with commas between. " +
		"Recipients read another form as a part of it, or not at all, so the comparison fails: no 304, or a change that is refused or lost.",
	Help: `write the tag as in ETag: "33a64df5", and a list as in If-None-Match: "33a64df5", "9c1"`,
	Bad: []string{answered(`ETag: "a b"`), answered(`ETag: "a" "b"`), answered(`ETag: "a", "b"`), asked(`If-None-Match: "a" "b"`),
		asked(`If-None-Match: *, "a"`)},
	Good: []string{answered(`ETag: W/"a,b"`), asked(`If-None-Match: "a", W/"b",`), asPost(`If-None-Match: *`), answered(`ETag: ""`)},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldETag, exchange.FieldIfMatch, exchange.FieldIfNoneMatch}},
	Check: func(p *annotate.Pass) {
		if i := p.X.Response.Fields.Index(exchange.FieldETag); i >= 0 {
			v := p.X.Response.Fields.At(i).Value
			if t := field.ParseETag(v); t.Err != nil && !isUnquoted(v, t) && !exchange.IsRedacted(v) && !hasOddOctets(v) {
				p.Note(annotate.Span(p.ResponseLine(i), t.Err.At, len(v)), "ETag is %s: %s", bare(v), t.Err.Error())
			}
		}
		for _, n := range [...]exchange.Name{exchange.FieldIfMatch, exchange.FieldIfNoneMatch} {
			for i, l := range p.X.Request.Fields.Each(n) {
				if err := tagListError(l.Value); err != nil && !exchange.IsRedacted(l.Value) && !hasOddOctets(l.Value) {
					p.Report(annotate.Note{Place: annotate.Span(p.RequestLine(i), err.At, len(l.Value)), Blame: annotate.ByClient,
						Message: l.Name + " is " + bare(l.Value) + ": " + err.Error()})
				}
			}
		}
	},
}

// tagListError finds what is wrong with a list of entity tags; tags without
// quotes have a rule of their own.
func tagListError(value string) *field.Error {
	for t := range field.ETags(value) {
		switch rest := strings.TrimLeft(value[t.End:], " \t"); {
		case value[t.At:t.End] == "*":
			return &field.Error{At: t.At, What: "* stands alone, without entity tags beside it"}
		case isUnquoted(value, t):
			return nil
		case t.Err != nil:
			return t.Err
		case rest != "" && rest[0] != ',':
			return &field.Error{At: t.End, What: "want a comma after the entity tag"}
		}
	}
	return nil
}

// tagConditions are the request fields that hold entity tags.
var tagConditions = exchange.MaskOf(exchange.FieldIfMatch, exchange.FieldIfNoneMatch, exchange.FieldIfRange)

// isUnquoted reports whether quotes are missing from a tag, or its W/ is in
// lower case. Octets that a tag cannot hold are another matter.
func isUnquoted(value string, t field.ETag) bool {
	if t.Err == nil || exchange.IsRedacted(value) {
		return false
	}
	text := value[t.At:t.End]
	if text == "*" {
		return false // conditional/etag-malformed is about * in a list
	}
	if text == "" || text[0] == 'w' {
		return true
	}
	if t.Weak {
		text = text[len("W/"):]
	}
	return len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"'
}

func noteUnquoted(p *annotate.Pass, line int, t field.ETag, own string) {
	l := p.X.Request.Fields.At(line)
	text := l.Value[t.At:t.End]
	n := annotate.Note{
		Place: annotate.Span(p.RequestLine(line), t.At, t.End), Blame: annotate.ByClient,
		Message: l.Name + " has " + bare(text) + ": " + t.Err.What,
	}
	if text == own {
		n.Blame = annotate.ByOrigin // the client sends back what it got
	}
	p.Report(n)
}

func noteIfRange(p *annotate.Pass, own string) {
	i := p.X.Request.Fields.Index(exchange.FieldIfRange)
	if i < 0 {
		return
	}
	value := p.X.Request.Fields.At(i).Value
	if _, err := field.ParseDate(value, receivedAt(p.X)); err == nil || looksLikeDate(value) {
		return
	}
	if t := field.ParseETag(value); isUnquoted(value, t) {
		noteUnquoted(p, i, t, own)
	}
}

// looksLikeDate reports whether a value that is no date was meant to be one.
func looksLikeDate(s string) bool {
	return len(s) >= 4 && (s[3] == ',' || s[3] == ' ') || field.IndexFold(s, " GMT") >= 0
}

var conditionalHeadConditional = &annotate.Rule{
	ID:       "conditional/head-conditional",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "a condition on HEAD",
	Refs:     []string{"RFC 9110 §13.2.1"},
	Doc: "The response to HEAD has no body that a condition could save. A plain HEAD tells more, because it shows the current ETag. " +
		"A condition is allowed, and useful to clients that only want to know whether something changed.",
	Help: "send HEAD without conditions and compare the ETag",
	Bad: []string{`> HEAD /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 304 Not Modified
< ETag: "1"
<
`},
	When: annotate.When{Methods: []string{"HEAD"}, RequestFields: []exchange.Name{
		exchange.FieldIfMatch, exchange.FieldIfNoneMatch, exchange.FieldIfModifiedSince, exchange.FieldIfUnmodifiedSince,
	}},
	Check: func(p *annotate.Pass) {
		n := firstCondition(&p.X.Request.Fields)
		p.Note(p.RequestField(n), "HEAD has %s, but there is no body to save", n)
	},
}

// firstCondition is a field that puts a condition, 0 for none.
func firstCondition(f *exchange.Fields) exchange.Name {
	for _, n := range [...]exchange.Name{
		exchange.FieldIfMatch, exchange.FieldIfNoneMatch, exchange.FieldIfModifiedSince, exchange.FieldIfUnmodifiedSince, exchange.FieldIfRange,
	} {
		if f.Has(n) {
			return n
		}
	}
	return 0
}

var conditionalIfMatchWeakETag = &annotate.Rule{
	ID:       "conditional/if-match-weak-etag",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "If-Match has only weak ETags",
	Refs:     []string{"RFC 9110 §13.1.1", "RFC 9110 §8.8.3.2"},
	Doc: "If-Match needs strong ETags. A weak one never matches, so the answer is always 412. " +
		"Weak ETags come from servers or proxies that compress on the fly: nginx adds W/ to a strong ETag. " +
		"A server that accepts the request compares wrongly, and may overwrite a version that the client hasn't seen.",
	Help: "send a strong ETag; let the origin server create strong ones for resources that clients change",
	Bad: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: W/"1"
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
> If-Match: W/"1", "1"
> Content-Length: 2
>
> {}
< HTTP/1.1 204 No Content
<
`},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldIfMatch}},
	Check: func(p *annotate.Pass) {
		weak := 0
		for _, l := range p.X.Request.Fields.Each(exchange.FieldIfMatch) {
			if field.IsAny(l.Value) {
				return
			}
			for t := range field.ETags(l.Value) {
				if !t.Weak {
					return
				}
				weak++
			}
		}
		if weak > 0 {
			p.Note(p.RequestField(exchange.FieldIfMatch), "If-Match is %s; weak ETags never match there", bare(p.X.Request.Fields.Combined(exchange.FieldIfMatch)))
		}
	},
}

var conditionalIfModifiedSinceNonGet = &annotate.Rule{
	ID:       "conditional/if-modified-since-non-get",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "If-Modified-Since on a method that writes",
	Refs:     []string{"RFC 9110 §13.1.3"},
	Doc: "If-Modified-Since is for reads. Servers ignore it on other methods. " +
		"If the client uses it to protect the changes of others, it isn't protecting anything. If-Unmodified-Since does that, and If-Match does it better.",
	Help: "send If-Match with the last ETag that you received, or If-Unmodified-Since",
	Bad: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Content-Length: 2
>
> {}
< HTTP/1.1 204 No Content
<
`},
	Good: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Content-Length: 2
>
> {}
< HTTP/1.1 204 No Content
<
`, `# another condition protects
> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "1"
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Content-Length: 2
>
> {}
< HTTP/1.1 204 No Content
<
`, `> QUERY /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Content-Length: 2
>
> {}
< HTTP/1.1 304 Not Modified
<
`},
	When:  annotate.When{RequestFields: []exchange.Name{exchange.FieldIfModifiedSince}},
	Needs: annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		m := p.X.Request.Method
		if isRead(m) || m == "QUERY" || ignoresPreconditions(m) {
			return
		}
		if c := preconditionsOf(p.X); !c.ifMatch && !c.ifNoneMatch && !c.ifUnmodifiedSince && !c.other {
			p.Note(p.RequestField(exchange.FieldIfModifiedSince), "%s has If-Modified-Since, which servers ignore there", bare(m))
		}
	},
}

var conditionalPreconditionOnNonSelectingMethod = &annotate.Rule{
	ID:       "conditional/precondition-on-non-selecting-method",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "a condition on CONNECT, OPTIONS or TRACE",
	Refs:     []string{"RFC 9110 §13.2.1"},
	Doc:      "These methods neither read nor change a resource, so there is nothing to compare, and servers must ignore the condition.",
	Help:     "remove If-Match and other conditions from CONNECT, OPTIONS and TRACE",
	Bad: []string{`> OPTIONS /orders HTTP/1.1
> Host: shop.test
> If-Match: "1"
>
< HTTP/1.1 204 No Content
< Allow: GET, PUT
<
`},
	Good: []string{`> OPTIONS /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 204 No Content
< Allow: GET, PUT
<
`},
	When: annotate.When{Methods: []string{"CONNECT", "OPTIONS", "TRACE"}, RequestFields: []exchange.Name{
		exchange.FieldIfMatch, exchange.FieldIfNoneMatch, exchange.FieldIfModifiedSince, exchange.FieldIfUnmodifiedSince, exchange.FieldIfRange,
	}},
	Check: func(p *annotate.Pass) {
		n := firstCondition(&p.X.Request.Fields)
		p.Note(p.RequestField(n), "%s has %s, which servers must ignore there", bare(p.X.Request.Method), n)
	},
}

// lastModifiedOf reads a response's Last-Modified.
func lastModifiedOf(x *exchange.Exchange) (t time.Time, ok bool) {
	if !x.Response.Fields.Has(exchange.FieldLastModified) {
		return t, false
	}
	d, err := field.ParseDate(x.Response.Fields.Value(exchange.FieldLastModified), receivedAt(x))
	return d.Time, err == nil
}

// requestDate reads a date of the request.
func requestDate(x *exchange.Exchange, n exchange.Name) (t time.Time, ok bool) {
	if !x.Request.Fields.Has(n) {
		return t, false
	}
	d, err := field.ParseDate(x.Request.Fields.Value(n), receivedAt(x))
	return d.Time, err == nil
}

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
