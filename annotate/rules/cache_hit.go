package rules

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cacheHitRules lists the rules on responses that came out of a cache.
func cacheHitRules() []*annotate.Rule {
	return []*annotate.Rule{
		cacheServedFromCache,
		cacheResponseDespiteNoStore,
		cacheResponseDespiteNoCache,
		cacheResponseDespiteRequestNoCache,
		cacheResponseMissingAge,
		cacheResponseStatusNotCacheable,
		cacheResponseToUncacheableMethod,
		cacheAgeExceedsRequestMaxAge,
		cacheStaleDespiteMustRevalidate,
		cacheStaleResponseServed,
	}
}

// A shownHit is any sign that a cache answered, also a vendor's own.
type shownHit struct {
	at   exchange.Place
	what string
}

// anyHit finds a sign that a cache answered: Cache-Status, a field like X-Cache
// that begins with HIT, or an Age above 0.
func anyHit(p *annotate.Pass) (h shownHit, ok bool) {
	f := &p.X.Response.Fields
	if hit, ok := hitOf(f); ok {
		if hit.age > 0 && f.At(hit.line).Known != exchange.FieldAge {
			return shownHit{hit.place(p), hit.words(p) + ", and Age is " + bare(f.Value(exchange.FieldAge))}, true
		}
		return shownHit{hit.place(p), hit.words(p)}, true
	}
	for i, l := range f.All() {
		if at, ok := vendorHit(l); ok {
			return shownHit{annotate.Span(p.ResponseLine(i), at.At, at.End()), bare(l.Name) + " says " + bare(at.Text)}, true
		}
	}
	if age, ok := ageOf(f); ok && age > 0 {
		return shownHit{p.ResponseField(exchange.FieldAge), "Age is " + bare(f.Value(exchange.FieldAge))}, true
	}
	return h, false
}

// vendorHit finds the word HIT in a field by which a vendor's cache reports.
func vendorHit(l *exchange.Line) (at field.Part, ok bool) {
	switch l.Known {
	case exchange.FieldXCache, exchange.FieldCFCacheStatus, exchange.FieldXVercelCache:
	case 0:
		if n := len(l.Name); n < 5 || !field.HasPrefixFold(l.Name[n-5:], "cache") && field.IndexFold(l.Name, "cache-status") < 0 {
			return at, false
		}
	default:
		return at, false
	}
	for m := range field.List(l.Value) {
		for _, word := range [...]string{"hit", "TCP_HIT", "TCP_MEM_HIT", "TCP_REMOTE_HIT"} { // as CDNs that come from Squid say it
			if field.HasPrefixFold(m.Text, word) && (len(m.Text) == len(word) || !field.IsTokenByte(m.Text[len(word)])) {
				return m, true
			}
		}
	}
	return at, false
}

var cacheServedFromCache = &annotate.Rule{
	ID:       "cache/served-from-cache",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache answered",
	Refs:     []string{"RFC 9111 §5.1", "RFC 9211 §2.1"},
	Doc: "The response came from a cache, not from the origin server. That is what caches are for. " +
		"It explains why a change on the server doesn't show, or why the server's log has no such request.",
	Help: "to see the origin server's answer, send Cache-Control: no-cache or change the query",
	Bad: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`, `# also cache/status-miss-reason
> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Cache-Status: origin; fwd=miss, "edge 7"; hit; ttl=480
< Content-Length: 2
<
< ok
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< X-Cache: Hit from cloudfront
< Content-Length: 2
<
< ok
`, `# also deprecated/x-prefix-field
> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< X-Shop-Cache: HIT
< Content-Length: 2
<
< ok
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< X-Cache: TCP_HIT
< Content-Length: 2
<
< ok
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< X-Vercel-Cache: HIT
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 0
< X-Cache: MISS
< CF-Cache-Status: DYNAMIC
< Cache-Status: edge; hit=?0; detail=hit
< Content-Length: 2
<
< ok
`},
	When: annotate.When{If: []*annotate.Condition{ifCacheMark}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !f.HasAny(&cacheMarks) && !hasUnknownCacheField(f) {
			return
		}
		if h, ok := anyHit(p); ok {
			p.Note(h.at, "the response came from a cache: %s", h.what)
		}
	},
}

// cacheMarks are the known fields by which caches make themselves known.
var cacheMarks = exchange.MaskOf(exchange.FieldAge, exchange.FieldCacheStatus, exchange.FieldXCache, exchange.FieldCFCacheStatus, exchange.FieldXVercelCache)

func hasUnknownCacheField(f *exchange.Fields) bool {
	for _, l := range f.All() {
		if l.Known == 0 {
			if _, ok := vendorHit(l); ok {
				return true
			}
		}
	}
	return false
}

var cacheResponseDespiteNoStore = &annotate.Rule{
	ID:       "cache/response-despite-no-store",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache kept a response despite no-store",
	Refs:     []string{"RFC 9111 §5.2.2.5", "RFC 9213 §2.2"},
	Doc: "no-store forbids every cache to keep the response, but this one came from a cache. If it is for one user, others can get it. " +
		"Many CDNs can be configured to ignore the server's instructions: check that first. " +
		"If a CDN shows in the response, the note is info, because keeping at the CDN what browsers must not keep is common.",
	Help: "let the cache that Cache-Status or Via names obey no-store",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< Age: 120
< Content-Length: 2
<
< ok
`},
	Good: []string{`# others rules hold for the CDN
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< CDN-Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store, must-understand, max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< Age: 1
< Content-Length: 2
<
< ok
`},
	When:       whenHit,
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		c := p.CacheControl()
		if !c.NoStore || c.MustUnderstand || isTargeted(f) {
			return
		}
		if h, ok := hitOf(f); ok {
			n := annotate.Note{Place: directivePlace(p, "no-store"), Message: "the response has no-store, but came from a cache: " + h.words(p)}
			if showsCDN(f) {
				// Usual at CDNs: they keep it by their own settings, and no-store is meant for browsers.
				n.Severity = annotate.Info
				n.Help = "nothing if no-store is meant for browsers and the CDN is configured to keep the response; else let the CDN obey no-store"
			}
			p.Report(n)
		}
	},
}

var cacheResponseDespiteNoCache = &annotate.Rule{
	ID:       "cache/response-despite-no-cache",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache served the response without revalidation",
	Refs:     []string{"RFC 9111 §5.2.2.4", "RFC 9111 §4", "RFC 9213 §2.2"},
	Doc: "no-cache allows a cache to keep the response, but it must ask the origin server before each use. Age shows that this cache didn't ask. " +
		"Users get old content. Many CDNs can be configured to ignore the server's instructions: check that first.",
	Help: "let the cache that Cache-Status or Via names ask the origin server first",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "1"
< Age: 120
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Surrogate-Control: max-age=600
< ETag: "1"
< Age: 120
< Content-Length: 2
<
< ok
`, `# it was asked about
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Cache-Status: edge; fwd=stale; fwd-status=304
< ETag: "1"
< Age: 2
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600, no-cache="set-cookie"
< Age: 120
< Content-Length: 2
<
< ok
`},
	When:       whenHit,
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		c := p.CacheControl()
		if !c.NoCache || c.NoStore || isTargeted(f) || wasValidated(f) {
			return
		}
		if h, ok := hitOf(f); ok {
			n := annotate.Note{Place: directivePlace(p, "no-cache"), Message: "the response has no-cache, but a cache served it without revalidation: " + h.words(p)}
			if showsCDN(f) {
				n.Severity = annotate.Info
				n.Help = "nothing if no-cache is meant for browsers and the CDN is configured to keep the response; else let the CDN revalidate"
			}
			p.Report(n)
		}
	},
}

var cacheResponseDespiteRequestNoCache = &annotate.Rule{
	ID:       "cache/response-despite-request-no-cache",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "the client asked for a fresh response and got a stored one",
	Refs:     []string{"RFC 9111 §5.2.1", "RFC 9111 §5.2.1.4"},
	Doc: "With no-cache or max-age=0, as after a reload, a browser asks caches to fetch the response again. " +
		"Most CDNs ignore it, to protect the origin server, and they may. So a reload can show the old content. Purge the cache, or change the query.",
	Help: "to see the new content, purge the URI in the cache",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: no-cache
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: max-age=0, max-stale=600
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Pragma: no-cache
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`},
	When: annotate.When{
		Fields: whenHit.Fields, RequestFields: []exchange.Name{exchange.FieldCacheControl},
	},
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		c := annotate.CacheControlOf(&p.X.Request.Fields)
		if !c.NoCache && c.MaxAge != 0 || c.MaxStale || c.OnlyIfCached {
			return
		}
		if h, ok := hitOf(&p.X.Response.Fields); ok {
			p.Note(h.place(p), "the request has Cache-Control: %s, but a cache answered: %s", bare(p.X.Request.Fields.Combined(exchange.FieldCacheControl)), h.words(p))
		}
	},
}

var cacheResponseMissingAge = &annotate.Rule{
	ID:       "cache/response-missing-age",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache doesn't say how old its response is",
	Refs:     []string{"RFC 9111 §4", "RFC 9213 §2.3"},
	Doc: "Cache-Status says that the response came from a cache, but Age is missing. " +
		"Caches behind it, such as the browser's, think that the response is new and keep it for its whole lifetime again.",
	Help: "let the cache add Age",
	Bad: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Cache-Status: edge; hit; ttl=30
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 570
< Cache-Status: edge; hit; ttl=30
< Content-Length: 2
<
< ok
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Cache-Status: shield; hit, edge; fwd=miss
< Content-Length: 2
<
< ok
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< X-Cache: HIT
< Content-Length: 2
<
< ok
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< CDN-Cache-Control: max-age=60
< Cache-Status: edge; hit
< Content-Length: 2
<
< ok
`},
	When:       annotate.When{Fields: []exchange.Name{exchange.FieldCacheStatus}},
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if f.Has(exchange.FieldAge) || isTargeted(f) {
			return
		}
		if last, ok := lastCacheStatus(f); ok && isCacheHit(last) {
			p.Note(p.ResponseField(exchange.FieldAge), "Cache-Status says %s, but Age is missing", bare(last))
		}
	},
}

var cacheResponseStatusNotCacheable = &annotate.Rule{
	ID:       "cache/response-status-not-cacheable",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache kept a response with a status that it may not keep",
	Refs:     []string{"RFC 9111 §3", "RFC 9110 §15.1", "RFC 6585 §3"},
	Doc: "Caches may keep a response with this status only if the response allows it, with a lifetime, public or private. " +
		"This one doesn't, but came from a cache. So an error that lasted a second continues for everyone. " +
		"The statuses 428, 429, 431 and 511 have a rule of their own: status/never-storable-from-cache.",
	Help: "let the cache keep such statuses only if they have a lifetime; send Cache-Control: no-store with them",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Age: 120
< Content-Length: 2
<
< no
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Age: 12
< Cache-Control: max-age=60
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 404 Not Found
< Age: 120
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Age: 120
< CDN-Cache-Control: max-age=600
< Content-Length: 2
<
< no
`, `# what Squid says of its own error pages
> GET /about.html HTTP/1.1
> Host: shop.test
> If-Match: "other"
>
< HTTP/1.1 412 Precondition Failed
< Server: squid/5.7
< Date: Sun, 22 Nov 2026 15:05:42 GMT
< Content-Type: text/html;charset=utf-8
< Content-Length: 2
< Age: 1795359943
< X-Cache: HIT from cache.test
< Via: 1.1 cache.test (squid/5.7)
<
< no
`},
	When:       whenHit,
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		status := p.X.Response.Status
		switch {
		case annotate.HeuristicStatus(status), status < 200, isTargeted(f):
			return
		case p.CacheControl().Forbids() || p.CacheControl().PrivateNames != "" || p.Caching().Private.Why != annotate.NotAllowed || p.CacheControl().SMaxAge >= 0:
			return
		}
		if h, ok := hitOf(f); ok {
			p.Note(h.place(p), "the %d came from a cache, but doesn't allow caches to keep it: %s", status, h.words(p))
		}
	},
}

var cacheResponseToUncacheableMethod = &annotate.Rule{
	ID:       "cache/response-to-uncacheable-method",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache answered a method that it must forward",
	Refs:     []string{"RFC 9111 §4", "RFC 9110 §9.2.3"},
	Doc: "Caches may answer only GET, HEAD and QUERY. This request has another method, but the response came from a cache. " +
		"So the origin server may not have seen the request: the order isn't placed, the change isn't made. " +
		"Check how the cache builds its keys, and which methods it forwards.",
	Help: "let the cache forward every method except GET, HEAD and QUERY",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Age: 120
< Content-Length: 2
<
< ok
`},
	Good: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Age: 0
< Content-Length: 2
<
< ok
`, `> QUERY /orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`},
	When:       whenHit,
	Suppresses: []string{"cache/served-from-cache", "cache/response-despite-no-store", "cache/response-despite-no-cache", "cache/response-status-not-cacheable"},
	Needs:      annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		m := p.X.Request.Method
		if isRead(m) || m == "QUERY" {
			return
		}
		if h, ok := hitOf(&p.X.Response.Fields); ok {
			p.Note(h.place(p), "the response to %s came from a cache: %s", bare(m), h.words(p))
		}
	},
}

var cacheAgeExceedsRequestMaxAge = &annotate.Rule{
	ID:       "cache/age-exceeds-request-max-age",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "the response is older than the client asked for",
	Refs:     []string{"RFC 9111 §5.2.1", "RFC 9111 §5.2.1.1"},
	Doc: "max-age in a request asks for a response of at most this age. A cache sent an older one. Most CDNs ignore what requests say about caching, and they may. " +
		"Clients can't rely on it.",
	Help: "let the origin server send a shorter lifetime",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: max-age=60
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: max-age=60, max-stale
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: max-age=300
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Age: 120
< Content-Length: 2
<
< ok
`},
	When: annotate.When{
		Fields: []exchange.Name{exchange.FieldAge}, RequestFields: []exchange.Name{exchange.FieldCacheControl},
	},
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		age, ok := ageOf(&p.X.Response.Fields)
		c := annotate.CacheControlOf(&p.X.Request.Fields)
		if ok && age >= 2 && c.MaxAge > 0 && age > c.MaxAge && !c.MaxStale && !c.NoCache {
			p.Note(p.ResponseField(exchange.FieldAge), "Age is %d, but the request asked for at most %d seconds", age, c.MaxAge)
		}
	},
}

// clocksMayDiffer is how far apart the clocks of two machines can be, in
// seconds, without anybody being to blame.
const clocksMayDiffer = int64(exchange.ClockTolerance / time.Second)

// staleBy is for how long a response has been stale when it was sent, by its
// explicit lifetime for shared caches; ok is false when it was fresh or nothing
// can be told.
func staleBy(x *exchange.Exchange, c *annotate.CacheControl) (seconds int64, l annotate.Lifetime, ok bool) {
	f := &x.Response.Fields
	age, aged := ageOf(f)
	if !aged || age <= clocksMayDiffer || isTargeted(f) || c.Forbids() {
		return 0, l, false
	}
	l = c.ExplicitLifetime(x, true)
	seconds = age - l.Seconds
	return seconds, l, l.Seconds > 0 && seconds > clocksMayDiffer
}

var cacheStaleDespiteMustRevalidate = &annotate.Rule{
	ID:       "cache/stale-despite-must-revalidate",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache sent a stale response without asking",
	Refs:     []string{"RFC 9111 §5.2.2.2", "RFC 9111 §4.2.4", "RFC 9213 §2.3"},
	Doc: "The response is older than its lifetime, and a directive forbids caches to use it after that without asking the origin server. " +
		"Either the cache is configured to ignore the lifetime, or it couldn't reach the origin server and should have sent a 504.",
	Help: "let the cache revalidate stale responses, or answer 504 if it can't",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, must-revalidate
< Age: 600
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: s-maxage=60, max-age=5
< Age: 600
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, must-revalidate
< Age: 110
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, must-revalidate
< CDN-Cache-Control: max-age=6000
< Age: 600
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=0, must-revalidate
< Age: 600
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, must-revalidate
< Cache-Status: edge; fwd=stale; fwd-status=304
< Age: 600
< Content-Length: 2
<
< ok
`},
	When:       annotate.When{Fields: []exchange.Name{exchange.FieldAge}},
	Suppresses: []string{"cache/served-from-cache", "cache/stale-response-served"},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		c := p.CacheControl()
		if !c.MustRevalidate && !c.ProxyRevalidate && c.SMaxAge < 0 || p.X.Response.Status == 304 || wasValidated(f) {
			return
		}
		if by, l, ok := staleBy(p.X, c); ok {
			at := directivePlace(p, "must-revalidate", "proxy-revalidate", "s-maxage")
			p.Note(at, "Age is %s: by its %[3]s the response has been stale for %[2]s, and %[4]s forbids caches to send it",
				bare(f.Value(exchange.FieldAge)), inWords(by), l.From, bare(p.X.Text(at)[at.Start:at.End]))
		}
	},
}

var cacheStaleResponseServed = &annotate.Rule{
	ID:       "cache/stale-response-served",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache sent a stale response",
	Refs:     []string{"RFC 9111 §4.2.4", "RFC 9213 §2.3", "RFC 5861 §3"},
	Doc: "The response is older than its lifetime. A cache may send it if it can't reach the origin server, or if it is configured to. " +
		"Users see old content, and their own caches treat it as stale at once.",
	Help: "allow it for a limited time with stale-while-revalidate, or forbid it with must-revalidate",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Age: 600
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, stale-while-revalidate=600
< Age: 600
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: max-stale=6000
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Age: 600
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Surrogate-Control: max-age=6000
< Age: 600
< Content-Length: 2
<
< ok
`},
	When:       annotate.When{Fields: []exchange.Name{exchange.FieldAge}},
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		c := p.CacheControl()
		by, l, ok := staleBy(p.X, c)
		if !ok || by <= max(c.StaleWhile, c.StaleIfError) {
			return
		}
		if asked := annotate.CacheControlOf(&p.X.Request.Fields); asked.MaxStale {
			return
		}
		p.Note(p.ResponseField(exchange.FieldAge), "Age is %s: by its %[3]s the response has been stale for %[2]s",
			bare(p.X.Response.Fields.Value(exchange.FieldAge)), inWords(by), l.From)
	},
}
