package rules

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// conditionalResponseRules lists the rules on validators and on conditions
// that were not obeyed.
func conditionalResponseRules() []*annotate.Rule {
	return []*annotate.Rule{
		conditional428RequestAlreadyConditional,
		conditionalIfMatchIgnored,
		conditionalIfModifiedSinceIgnored,
		conditionalIfNoneMatchIgnored,
		conditionalIfNoneMatchAnyIgnored,
		conditionalLastModifiedAfterDate,
		conditionalNoValidatorOnLargeGet,
	}
}

var conditional428RequestAlreadyConditional = &annotate.Rule{
	ID:       "conditional/428-request-already-conditional",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "428 to a request with a condition",
	Refs:     []string{"RFC 6585 §3"},
	Doc: "428 asks the client to add a condition, so that it can't overwrite the changes of others. This request has one, and the client can do no more. " +
		"Either a proxy removed the header, or the server wants another header than this one.",
	Help: "accept the condition and send 412 if it fails, or say in the body which header is required",
	Bad: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Match: "1"
> Content-Length: 2
>
> {}
< HTTP/1.1 428 Precondition Required
< Content-Length: 17
<
< If-Match, please!
`, `> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT
> Content-Length: 2
>
> {}
< HTTP/1.1 428 Precondition Required
< Content-Length: 17
<
< If-Match, please!
`},
	Good: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
> Content-Length: 2
>
> {}
< HTTP/1.1 428 Precondition Required
< Content-Length: 17
<
< If-Match, please!
`},
	When: annotate.When{Status: []int{428}, RequestFields: []exchange.Name{exchange.FieldIfMatch, exchange.FieldIfUnmodifiedSince}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Request.Fields.Each(exchange.FieldIfMatch) {
			if isValidIfMatch(l.Value) {
				p.Note(p.RequestLine(i), "428 asks for a condition, but the request has If-Match: %s", bare(l.Value))
				return
			}
		}
		if _, ok := requestDate(p.X, exchange.FieldIfUnmodifiedSince); ok {
			p.Note(p.RequestField(exchange.FieldIfUnmodifiedSince), "428 asks for a condition, but the request has If-Unmodified-Since: %s",
				bare(p.X.Request.Fields.Value(exchange.FieldIfUnmodifiedSince)))
		}
	},
}

func isValidIfMatch(value string) bool {
	if field.IsAny(value) {
		return true
	}
	n := 0
	for t := range field.ETags(value) {
		if t.Err != nil {
			return false
		}
		n++
	}
	return n > 0
}

var conditionalIfMatchIgnored = &annotate.Rule{
	ID:       "conditional/if-match-ignored",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the condition failed, but the server sent the content",
	Refs:     []string{"RFC 9110 §13.1.1", "RFC 9110 §13.1.4"},
	Doc: "The client asked for the content only if it is still a certain version. The response is another one, so the server should send 412. " +
		"Clients that read in parts use this condition so as not to mix versions. " +
		"A server that ignores it on reads often ignores it on writes too, and then updates are lost.",
	Help: "send 412 if If-Match or If-Unmodified-Since fails",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-Match: "1"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "2"
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Last-Modified: Fri, 02 Jan 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-Match: "1", "2"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "2"
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-Match: *
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "2"
< Content-Length: 2
<
< ok
`, `# If-Match counts
> GET /orders HTTP/1.1
> Host: shop.test
> If-Match: "2"
> If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "2"
< Last-Modified: Fri, 02 Jan 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`, `# servers that mark the coding in the tag
> GET /orders HTTP/1.1
> Host: shop.test
> If-Match: "2-gzip"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "2"
< Content-Length: 2
<
< ok
`, `# Varnish had it
> GET /about.html HTTP/1.1
> Host: shop.test
> If-Match: "other"
>
< HTTP/1.1 200 OK
< Server: nginx/1.22.1
< Last-Modified: Sun, 22 Nov 2026 15:00:33 GMT
< ETag: W/"6b030391-19b"
< X-Varnish: 32791 65563
< Age: 0
< Via: 1.1 varnish (Varnish/7.1)
< Content-Type: text/html
< Content-Length: 2
<
< ok
`, `# Squid had it
> GET /about.html HTTP/1.1
> Host: shop.test
> If-Unmodified-Since: Fri, 02 Jan 2015 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Last-Modified: Sun, 22 Nov 2026 15:00:33 GMT
< X-Cache: HIT from cache.test
< Via: 1.1 cache.test (squid/5.7)
< Content-Type: text/html
< Content-Length: 2
<
< ok
`},
	When: annotate.When{
		Status: []int{200, 206}, Methods: []string{"GET"},
		Fields:        []exchange.Name{exchange.FieldETag, exchange.FieldLastModified},
		RequestFields: []exchange.Name{exchange.FieldIfMatch, exchange.FieldIfUnmodifiedSince},
	},
	Check: func(p *annotate.Pass) {
		req, res := &p.X.Request.Fields, &p.X.Response.Fields
		if cacheMayHaveAnswered(p) {
			return
		}
		if req.Has(exchange.FieldIfMatch) {
			if res.Has(exchange.FieldETag) && !holdsTag(req, exchange.FieldIfMatch, field.ParseETag(res.Value(exchange.FieldETag))) {
				p.Note(p.RequestField(exchange.FieldIfMatch), "If-Match is %s, but the ETag is %s and the status is %d",
					bare(req.Combined(exchange.FieldIfMatch)), bare(res.Value(exchange.FieldETag)), p.X.Response.Status)
			}
			return
		}
		since, ok := requestDate(p.X, exchange.FieldIfUnmodifiedSince)
		if modified, known := lastModifiedOf(p.X); ok && known && modified.After(since) {
			p.Note(p.RequestField(exchange.FieldIfUnmodifiedSince), "If-Unmodified-Since is %s, but Last-Modified is %s and the status is %d",
				httpDate(since), httpDate(modified), p.X.Response.Status)
		}
	},
}

// cacheMayHaveAnswered reports whether a response shows the hand of an
// intermediary. One that keeps responses may ignore If-Match and
// If-Unmodified-Since, which are meant for the origin server
// (RFC 9110 §13.1.1, §13.1.4), and need not ask that server.
func cacheMayHaveAnswered(p *annotate.Pass) bool {
	f := &p.X.Response.Fields
	if f.Has(exchange.FieldAge) || f.Has(exchange.FieldVia) || f.Has(exchange.FieldCacheStatus) {
		return true
	}
	_, hit := anyHit(p)
	return hit
}

// holdsTag reports whether a condition names a tag, as far as the comparison
// can be judged: weak tags, which conditional/if-match-weak-etag is about, and
// marks for a content coding are overlooked.
func holdsTag(f *exchange.Fields, n exchange.Name, tag field.ETag) bool {
	if tag.Err != nil {
		return true
	}
	for _, l := range f.Each(n) {
		if field.IsAny(l.Value) {
			return true
		}
		for held := range field.ETags(l.Value) {
			if held.WeakEqual(tag) && (held.Weak || !tag.Weak) || withoutCoding(held.Opaque) == withoutCoding(tag.Opaque) && held.Opaque != tag.Opaque {
				return true
			}
		}
	}
	return false
}

var conditionalIfModifiedSinceIgnored = &annotate.Rule{
	ID:       "conditional/if-modified-since-ignored",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the server sent the content again although it hasn't changed",
	Refs:     []string{"RFC 9110 §13.1.3"},
	Doc: "The client asked for the content only if it has changed since a date. By its own Last-Modified it hasn't. A 304 would save the transfer. " +
		"A server may ignore the header, but usually it does so by mistake: a dynamic page with Last-Modified, or several servers with files of different times.",
	Help: "send 304 if Last-Modified isn't later than If-Modified-Since",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Last-Modified: Fri, 02 Jan 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`, `# If-None-Match counts
> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "2"
< Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Range: bytes=0-
> If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT
< Content-Length: 2
<
< ok
`},
	When: annotate.When{
		Status: []int{200}, Methods: []string{"GET"},
		Fields: []exchange.Name{exchange.FieldLastModified}, RequestFields: []exchange.Name{exchange.FieldIfModifiedSince},
	},
	Check: func(p *annotate.Pass) {
		if f := &p.X.Request.Fields; f.Has(exchange.FieldIfNoneMatch) || f.Has(exchange.FieldRange) {
			return
		}
		since, ok := requestDate(p.X, exchange.FieldIfModifiedSince)
		if modified, known := lastModifiedOf(p.X); ok && known && !modified.After(since) {
			p.Note(p.ResponseField(exchange.FieldLastModified), "Last-Modified is %s, which isn't later than If-Modified-Since, but the server sent the whole content", httpDate(modified))
		}
	},
}

var conditionalIfNoneMatchIgnored = &annotate.Rule{
	ID:       "conditional/if-none-match-ignored",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server sent content that the client already has",
	Refs:     []string{"RFC 9110 §13.1.2", "RFC 9111 §4.3.2"},
	Doc: "The client named its version, and the response has the same ETag, so a 304 without a body was right. " +
		"The server creates ETags but doesn't check them, so every visit costs the whole transfer. " +
		"Often a middleware adds ETag after conditions are checked, or a proxy removes If-None-Match.",
	Help: "send 304 if an ETag in If-None-Match equals the current one",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "0", W/"1"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "1"
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "0"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "1"
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Range: bytes=0-
> If-None-Match: "1"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "1"
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> If-None-Match: "1"
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "1"
< Content-Length: 0
<
`},
	When: annotate.When{
		Status: []int{200}, Methods: []string{"GET"},
		Fields: []exchange.Name{exchange.FieldETag}, RequestFields: []exchange.Name{exchange.FieldIfNoneMatch},
	},
	Needs: annotate.NeedsContent | annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		if p.X.Request.Fields.Has(exchange.FieldRange) || p.X.Response.Content.Size == 0 {
			return
		}
		own := field.ParseETag(p.X.Response.Fields.Value(exchange.FieldETag))
		if own.Opaque == "" {
			return
		}
		for i, l := range p.X.Request.Fields.Each(exchange.FieldIfNoneMatch) {
			for held := range field.ETags(l.Value) {
				if held.WeakEqual(own) {
					p.Note(annotate.Span(p.RequestLine(i), held.At, held.End), "If-None-Match has %s, which is the ETag of the response, but the server sent all %s again",
						bare(held.String()), wording.Count(p.X.Response.Content.Size, "byte"))
					return
				}
			}
		}
	},
}

var conditionalLastModifiedAfterDate = &annotate.Rule{
	ID:       "conditional/last-modified-after-date",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Last-Modified is in the future",
	Refs:     []string{"RFC 9110 §8.8.2.1"},
	Doc: "The content can't have changed after the response was sent, so a server must send its Date instead of such a time. " +
		"Clients that send the date back get 304 until then, even if the content changes. " +
		"Usually a time zone is wrong, or the clock of the machine that made the file.",
	Help: "send the earlier one of the modification time and Date",
	Bad: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Last-Modified: Fri, 02 Jan 2026 05:04:05 GMT
< Content-Length: 2
<
< ok
`, `* started 2026-01-02T03:04:05Z
> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Last-Modified: Fri, 02 Jan 2026 05:04:05 GMT
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Last-Modified: Fri, 02 Jan 2026 03:04:06 GMT
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{Fields: []exchange.Name{exchange.FieldLastModified}},
	Needs: annotate.NeedsClock,
	Check: func(p *annotate.Pass) {
		const tolerated = 2 * time.Second
		modified, ok := lastModifiedOf(p.X)
		sent, dated := sentAt(p.X)
		if !ok || sent.IsZero() || modified.Sub(sent) <= tolerated {
			return
		}
		than := "Date"
		if !dated {
			than = "the time at which the response arrived"
		}
		p.Note(p.ResponseField(exchange.FieldLastModified), "Last-Modified is %s, %s later than %s", httpDate(modified), inWords(int64(modified.Sub(sent)/time.Second)), than)
	},
}

// largeContent is from how many octets on a transfer that could have been
// saved is worth a note.
const largeContent = 64 << 10

var conditionalNoValidatorOnLargeGet = &annotate.Rule{
	ID:       "conditional/no-validator-on-large-get",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "large content that can only be fetched whole",
	Refs:     []string{"RFC 9110 §15.3.1", "RFC 9110 §8.8.3.1"},
	Doc: "Without ETag and Last-Modified, a client can't ask whether its copy is still right, and can't resume a broken download. " +
		"It has to fetch everything again.",
	Help: "send an ETag, such as a hash of the content in quotes",
	Bad: []string{`> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Content-Length: 70000
<
< ok
* content response size=70000 truncated
`},
	Good: []string{`> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< Content-Length: 70000
<
< ok
* content response size=70000 truncated
`, `> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Transfer-Encoding: chunked
< Trailer: ETag
<
< ok
<~ ETag: "1"
* content response size=70000 truncated
`, `> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/event-stream
<
< data: 1
* content response size=70000 truncated
`},
	When:  annotate.When{Status: []int{200}, Methods: []string{"GET"}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		if r.Content.Size <= largeContent || hasValidator(&r.Message) || isStream(&r.Fields) {
			return
		}
		if c := p.CacheControl(); !c.NoStore {
			p.Note(p.ResponseField(exchange.FieldETag), "the response of %s has no ETag and no Last-Modified", wording.Count(r.Content.Size, "byte"))
		}
	},
}

var conditionalIfNoneMatchAnyIgnored = &annotate.Rule{
	ID:       "conditional/if-none-match-any-ignored",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server ignored If-None-Match: *",
	Refs:     []string{"RFC 9110 §13.1.2"},
	Doc: "If-None-Match: * means: do this only if the resource doesn't exist yet. " +
		"The response shows that it exists, so the right answer is 304 to a GET and 412 to a PUT. " +
		"A client that wanted to create something new has overwritten what was there.",
	Help: "send 304 to GET and HEAD, and 412 to other methods, if the resource exists",
	Bad: []string{askedAndAnswered([]string{"If-None-Match: *"}),
		exchangeOf("PUT /orders/7 HTTP/1.1", []string{"Host: shop.test", "If-None-Match: *", "Content-Length: 0"}, "HTTP/1.1 200 OK", []string{"Content-Length: 0"})},
	Good: []string{exchangeOf("PUT /orders/7 HTTP/1.1", []string{"Host: shop.test", "If-None-Match: *", "Content-Length: 0"}, "HTTP/1.1 201 Created", []string{"Content-Length: 0"}),
		exchangeOf("GET /orders/7 HTTP/1.1", []string{"Host: shop.test", "If-None-Match: *"}, "HTTP/1.1 404 Not Found", []string{"Content-Type: text/plain", "Content-Length: 2"}) + "< no\n"},
	When: annotate.When{Status: []int{200}, Methods: []string{"GET", "HEAD", "PUT"}, RequestFields: []exchange.Name{exchange.FieldIfNoneMatch}},
	Check: func(p *annotate.Pass) {
		i := p.X.Request.Fields.Index(exchange.FieldIfNoneMatch)
		if !field.IsAny(p.X.Request.Fields.At(i).Value) || p.X.Request.Fields.Has(exchange.FieldRange) {
			return
		}
		due := 412
		if isRead(p.X.Request.Method) {
			due = 304
		}
		p.Note(p.RequestLine(i), "the %s has If-None-Match: *, but the 200 says that the resource existed, so %d is right", p.X.Request.Method, due)
	},
}
