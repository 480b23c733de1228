package rules

import (
	"net/http"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// cacheLifetimeRules lists the rules on how long a response is fresh.
func cacheLifetimeRules() []*annotate.Rule {
	return []*annotate.Rule{
		cache421Cacheable,
		cacheExpiresInvalid,
		cacheFreshnessWithoutEffect,
		cacheHeuristicFreshness,
		cacheLifetimeExcessive,
		cacheImmutableIgnored,
		cacheImmutableWithoutMaxAge,
		cacheNoCacheWithoutValidator,
		cacheStaticAssetShortLifetime,
	}
}

var cache421Cacheable = &annotate.Rule{
	ID:       "cache/421-cacheable",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "caches may keep this 421",
	Refs:     []string{"RFC 9110 §15.5.20", "RFC 9110 §15.1", "RFC 9111 §3"},
	Doc: "421 means that the client used the wrong connection for this host, so it tries again on another one. " +
		"If a cache keeps the 421, the second try gets it too.",
	Help: "send Cache-Control: no-store with a 421",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 421 Misdirected Request
< Cache-Control: public, max-age=60
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 421 Misdirected Request
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Expires: Fri, 02 Jan 2026 03:05:05 GMT
< Content-Length: 2
<
< no
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 421 Misdirected Request
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 421 Misdirected Request
< Cache-Control: public, no-cache
< Content-Length: 2
<
< no
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 421 Misdirected Request
< Cache-Control: max-age=0
< Expires: 0
< Content-Length: 2
<
< no
`},
	When: annotate.When{Status: []int{421}, Fields: []exchange.Name{exchange.FieldCacheControl, exchange.FieldExpires}},
	Check: func(p *annotate.Pass) {
		c := p.CacheControl()
		l := c.LongestLifetime(p.X)
		switch {
		case c.Forbids() || p.Caching().Storable() == "none":
		case l.Seconds > 0:
			p.Note(lifetimePlace(p, l), "caches may keep the 421 for %s, by its %s", inWords(l.Seconds), l.From)
		case c.Public:
			p.Note(directivePlace(p, "public"), "the 421 is public, so caches may keep it")
		}
	},
}

var cacheExpiresInvalid = &annotate.Rule{
	ID:       "cache/expires-invalid",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Expires is not a date",
	Refs:     []string{"RFC 9111 §5.3"},
	Doc: "If Expires isn't a date, caches treat the response as already expired. 0 and -1 are an old way to ask for that. " +
		"Anything else is probably a mistake: a number of seconds, an ISO date, or a time zone other than GMT. max-age is simpler.",
	Help: "send Cache-Control: max-age=60 instead, or max-age=0 for a response that is stale at once",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Expires: 0
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Expires: 2027-01-02T03:04:05Z
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Expires: Thu, 01 Jan 1970 00:00:00 GMT
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Expires: -1
< Cache-Control: max-age=60
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldExpires}},
	Once: func(x *exchange.Exchange) string { // a server sends 0 or -1 with all responses alike
		return originKey(x) + " " + x.Response.Fields.Value(exchange.FieldExpires)
	},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		value := f.Value(exchange.FieldExpires)
		_, err := field.ParseDate(value, receivedAt(p.X))
		if err == nil {
			return
		}
		if c := p.CacheControl(); c.NoStore || c.MaxAge >= 0 {
			return
		}
		if value == "0" || value == "-1" {
			p.Note(p.ResponseField(exchange.FieldExpires), "Expires is %s, which isn't a date, so caches treat the response as expired", value)
			return
		}
		p.Note(p.ResponseField(exchange.FieldExpires), "Expires is %s, so caches treat the response as expired: %v%s", quoted(value), err, meantDate(value))
	},
}

// meantDate guesses which date a value that is none was meant to be.
func meantDate(value string) string {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		if n, isNumber := field.Number(value); isNumber {
			t, isNumber = epoch(n)
			if !isNumber {
				return ""
			}
		} else {
			return ""
		}
	}
	return "; did you mean " + t.UTC().Format(http.TimeFormat) + "?"
}

var cacheFreshnessWithoutEffect = &annotate.Rule{
	ID:       "cache/freshness-without-effect",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a response has a lifetime that no cache can use",
	Refs:     []string{"RFC 9110 §9.2.3", "RFC 9110 §9.3.3", "RFC 6585 §3"},
	Doc: "The response says how long it is fresh, but no cache can use it for a later request. The method writes, or the status is about this one request. " +
		"The response to a POST can be reused only if Content-Location says that it is what a GET of the same URI returns. " +
		"Usually a filter adds the header to all responses.",
	Help: "remove the lifetime, or send Cache-Control: no-store",
	Bad: []string{`> PUT /orders/7 HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Content-Length: 2
<
< ok
`, `> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Content-Location: /orders/7
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< Retry-After: 30
< Cache-Control: max-age=60
< Content-Length: 4
<
< wait
`},
	Good: []string{`> POST /search HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Content-Location: /search
< Content-Length: 2
<
< ok
`, `> QUERY /search HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Content-Length: 2
<
< ok
`, `> DELETE /orders/7 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, no-store, must-understand
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldCacheControl, exchange.FieldExpires}},
	Check: func(p *annotate.Pass) {
		if v := p.X.Response.Fields.Value(exchange.FieldCacheControl); v == "no-store" || v == "no-cache" {
			return // the usual ways to forbid it
		}
		c := p.Caching()
		switch why := c.Private.Why; why {
		case annotate.NotByMethod:
		case annotate.NotByStatus:
			if p.X.Response.Status == 304 {
				return // its lifetime is that of the stored response
			}
		case annotate.NotByPost:
			if p.X.Response.Class() != 2 {
				return
			}
		default:
			return
		}
		if l := c.Control.LongestLifetime(p.X); l.Seconds > 0 && !c.Control.Forbids() {
			p.Note(lifetimePlace(p, l), "%s sets a lifetime of %s, but no cache can use the response: %s", l.From, inWords(l.Seconds), c.WhyInWords(p.X, c.Private.Why))
		}
	},
}

var cacheHeuristicFreshness = &annotate.Rule{
	ID:       "cache/heuristic-freshness",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "caches guess how long the response is fresh",
	Refs:     []string{"RFC 9111 §4.2.2", "RFC 9110 §15.1"},
	Doc: "The response doesn't say how long it is fresh, so every cache guesses: usually a tenth of the time since Last-Modified. " +
		"If the file hasn't changed for a year, caches keep it for weeks, and users see the old one long after it was replaced. Browsers do this too.",
	Help: "send Cache-Control: no-cache if caches should ask each time, or max-age=SECONDS",
	Bad: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Last-Modified: Mon, 22 Sep 2025 03:04:05 GMT
< Content-Length: 2
<
< ok
`, `# also cache/served-from-cache
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Age: 30
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Last-Modified: Mon, 22 Sep 2025 03:04:05 GMT
< Cache-Control: no-cache
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 403 Forbidden
< Last-Modified: Mon, 22 Sep 2025 03:04:05 GMT
< Content-Length: 2
<
< no
`, `> GET /logo.svg HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Last-Modified: Mon, 22 Sep 2025 03:04:05 GMT
< CDN-Cache-Control: max-age=60
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Methods: []string{"GET"}, Fields: []exchange.Name{
		exchange.FieldLastModified, exchange.FieldAge, exchange.FieldCacheStatus, exchange.FieldXCache, exchange.FieldCFCacheStatus,
	}},
	Once: func(x *exchange.Exchange) string { // servers set lifetimes by kind, if at all
		return originKey(x) + " " + field.ParseMediaType(x.Response.Fields.Value(exchange.FieldContentType)).Name()
	},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		status := p.X.Response.Status
		if f.Has(exchange.FieldExpires) || isTargeted(f) || status == 301 || status == 308 {
			return
		}
		c := p.Caching()
		use := c.Best()
		if use.Lifetime.From != annotate.Heuristic || use.Asks == "no-cache" || c.Control.SMaxAge >= 0 {
			return
		}
		if _, err := field.ParseDate(f.Value(exchange.FieldLastModified), receivedAt(p.X)); err == nil {
			guess := ""
			if use.Lifetime.Seconds > 0 {
				guess = ", usually for a tenth of the time since Last-Modified: " + inWords(use.Lifetime.Seconds)
			}
			p.Note(p.ResponseField(exchange.FieldLastModified), "the response doesn't say how long it is fresh, so caches guess%s", guess)
			return
		}
		if h, ok := anyHit(p); ok {
			p.Note(h.at, "the response doesn't say how long it is fresh, and a cache kept it: %s", h.what)
		}
	},
}

var cacheImmutableIgnored = &annotate.Rule{
	ID:       "cache/immutable-ignored",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "immutable has no effect here",
	Refs:     []string{"RFC 8246 §3"},
	Doc: "With immutable a client never asks again, so it must be sure that the content is right and complete. " +
		"Without TLS anyone could have changed it, and content that ends with the connection may be cut off. In both cases clients ignore immutable.",
	Help: "serve it over https, with Content-Length or chunked",
	Bad: []string{`> GET /app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=31536000, immutable
< Content-Length: 2
<
< ok
`, `* scheme https
> GET /app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=31536000, immutable
< Connection: close
<
< ok
`},
	Good: []string{`* scheme https
> GET /app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=31536000, immutable
< Content-Length: 2
<
< ok
`, `> GET /app.3f2a9c1b.js HTTP/1.1
> Host: localhost:8080
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=31536000, immutable
< Content-Length: 2
<
< ok
`, `* scheme https
> GET /app.3f2a9c1b.js HTTP/2
> Host: shop.test
>
< HTTP/2 200
< Cache-Control: max-age=31536000, immutable
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldCacheControl}, If: []*annotate.Condition{ifImmutable}},
	Check: func(p *annotate.Pass) {
		x := p.X
		closes := endsWithConnection(x)
		if inClear := !clientUsedTLS(x) && !isLoopbackOrigin(x); !inClear && !closes {
			return
		} else if c := p.CacheControl(); !c.Immutable || c.NoStore {
			return
		} else if inClear {
			p.Note(directivePlace(p, "immutable"), "clients ignore immutable on a response that came without TLS")
			return
		}
		p.Note(directivePlace(p, "immutable"), "clients ignore immutable here, because the body ends with the connection and may be cut off")
	},
}

// endsWithConnection reports whether nothing but the end of the connection
// tells where the content of a response ends (RFC 9112 §6.3).
func endsWithConnection(x *exchange.Exchange) bool {
	r := &x.Response
	return r.Version != 0 && r.Version < exchange.HTTP2 && x.MayHaveContent() &&
		!r.Fields.Has(exchange.FieldContentLength) && !r.Fields.Has(exchange.FieldTransferEncoding)
}

// isLoopbackOrigin reports whether the origin server runs on this machine.
func isLoopbackOrigin(x *exchange.Exchange) bool {
	if x.Origin.Peer.IsValid() && x.Origin.Proxy == "" && x.Origin.Peer.Addr().Unmap().IsLoopback() {
		return true
	}
	host, _ := exchange.SplitAuthority(x.Authority)
	return internalHost(host) == loopbackHost
}

var cacheImmutableWithoutMaxAge = &annotate.Rule{
	ID:       "cache/immutable-without-max-age",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "immutable without a lifetime",
	Refs:     []string{"RFC 8246 §2"},
	Doc: "immutable says that the content won't change while it is fresh. " +
		"Without a lifetime it is never fresh, so immutable has no effect and clients ask each time. " +
		"Use it for URIs with a version or a hash, with a lifetime of a year.",
	Help: "send: Cache-Control: max-age=31536000, immutable",
	Bad: []string{`* scheme https
> GET /app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: public, immutable
< Content-Length: 2
<
< ok
`, `* scheme https
> GET /app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=0, immutable
< Content-Length: 2
<
< ok
`},
	Good: []string{`* scheme https
> GET /app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Expires: Sat, 02 Jan 2027 03:04:05 GMT
< Cache-Control: immutable
< Content-Length: 2
<
< ok
`, `* scheme https
> GET /app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: s-maxage=60, immutable
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldCacheControl}, If: []*annotate.Condition{ifImmutable}},
	Check: func(p *annotate.Pass) {
		c := p.CacheControl()
		if !c.Immutable || c.NoStore || c.LongestLifetime(p.X).Seconds > 0 {
			return
		}
		p.Note(directivePlace(p, "immutable"), "immutable has no effect, because the response has no lifetime above 0")
	},
}

var cacheNoCacheWithoutValidator = &annotate.Rule{
	ID:       "cache/no-cache-without-validator",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "no-cache without ETag or Last-Modified",
	Refs:     []string{"RFC 9111 §5.2.2.4", "RFC 9111 §4.3.1", "RFC 9110 §15.3.1"},
	Doc: "With no-cache, caches keep the response and ask each time whether it is still right. " +
		"They need an ETag or Last-Modified to ask, and this response has neither. So the server sends the whole content every time. " +
		"If caches should keep nothing, send no-store.",
	Help: "send an ETag or Last-Modified and answer If-None-Match with 304",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< ETag: "1"
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache, no-store
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Content-Length: 2
<
< ok
`, `> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< Content-Type: text/event-stream
<
< data: 1
* content response size=4096 truncated
`},
	When:       annotate.When{Status: []int{200}, Methods: []string{"GET"}, Fields: []exchange.Name{exchange.FieldCacheControl}},
	Needs:      annotate.NeedsContent,
	Suppresses: []string{"conditional/no-validator-on-large-get"},
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		if r.Content.Size <= 2048 || hasValidator(&r.Message) || isStream(&r.Fields) {
			return
		}
		if c := p.CacheControl(); c.NoCache && !c.NoStore {
			p.Note(directivePlace(p, "no-cache"), "no-cache makes caches ask each time; without ETag and Last-Modified, each response has all %s again", wording.Count(r.Content.Size, "byte"))
		}
	},
}

// hasValidator reports whether a response can be asked about by ETag or Last-Modified.
func hasValidator(m *exchange.Message) bool {
	return m.Fields.Has(exchange.FieldETag) || m.Fields.Has(exchange.FieldLastModified) ||
		m.Trailers.Has(exchange.FieldETag) || m.Trailers.Has(exchange.FieldLastModified)
}

// isStream reports whether a response is a stream of events or images, which
// is never the same twice.
func isStream(f *exchange.Fields) bool {
	t := mediaTypeOf(f)
	return t.Is("text", "event-stream") || t.Is("multipart", "x-mixed-replace")
}

var cacheStaticAssetShortLifetime = &annotate.Rule{
	ID:       "cache/static-asset-short-lifetime",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a file with a hash in its name has a short lifetime",
	Refs:     []string{"RFC 9111 §4.2.1", "RFC 8246 §2"},
	Doc: "The file name contains a hash of the content. A change gets a new name, so the old file can be kept for a year. " +
		"With a short lifetime, or none, every visit costs a request for each such file.",
	Help: "send: Cache-Control: public, max-age=31536000, immutable",
	Bad: []string{`* scheme https
> GET /assets/app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/javascript
< Cache-Control: max-age=3600
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`, `* scheme https
> GET /assets/index-B7x9Kq2a.css HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/css
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`},
	Good: []string{`* scheme https
> GET /assets/app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/javascript
< Cache-Control: max-age=31536000, immutable
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`, `* scheme https
> GET /assets/bootstrap.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/javascript
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`, `* scheme https
> GET /assets/app.3f2a9c1b.js HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/javascript
< Cache-Control: private
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`, `> GET /assets/app.3f2a9c1b.js HTTP/1.1
> Host: localhost:5173
>
< HTTP/1.1 200 OK
< Content-Type: text/javascript
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`, `* scheme https
> GET /orders.3f2a9c1b.json HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 4096
<
< ok
* content response size=4096 truncated
`},
	When:  annotate.When{Status: []int{200}, Methods: []string{"GET"}, Fields: []exchange.Name{exchange.FieldContentType}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		x := p.X
		if x.Response.Content.Size <= 1024 || !isStaticType(mediaTypeOf(&x.Response.Fields)) || !hasHashedName(x.Path()) || isLoopbackOrigin(x) {
			return
		}
		c := p.CacheControl()
		const day = 86400
		l := c.LongestLifetime(x)
		switch {
		case c.Private || c.NoStore || l.Seconds >= day:
		case l.From == "":
			p.Note(p.Target(), "the file name has a hash, but the response has no lifetime")
		default:
			p.Note(lifetimePlace(p, l), "the file name has a hash, but %s sets a lifetime of only %s", l.From, inWords(l.Seconds))
		}
	},
}

// isStaticType reports whether a media type is one of the parts that pages are
// made of: style sheets, scripts, fonts and images.
func isStaticType(t field.MediaType) bool {
	return t.Is("text", "css") || isScriptType(t) || field.EqualFold(t.Type, "font") || field.EqualFold(t.Type, "image")
}

func isScriptType(t field.MediaType) bool {
	return t.Is("text", "javascript") || t.Is("application", "javascript") || t.Is("application", "x-javascript")
}

// hasHashedName reports whether the last segment of a path has a piece that
// can only be a hash: eight or more letters and digits in a mix that no word
// has, set off by dots, hyphens or underscores.
func hasHashedName(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	start := 0
	for i := range dot + 1 {
		if c := name[i]; c != '.' && c != '-' && c != '_' {
			continue
		}
		if start > 0 && isHash(name[start:i]) {
			return true
		}
		start = i + 1
	}
	return false
}

// isHash reports whether s looks like a hash in hexadecimal or base 64: at
// least eight octets with two digits and, unless all are hexadecimal, both
// lower and upper case.
func isHash(s string) bool {
	const least = 8
	digits, lower, upper, hex := 0, 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case field.IsDigit(c):
			digits++
			hex++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= 'A' && c <= 'Z':
			upper++
		default:
			return false
		}
		if c := s[i] | 0x20; c >= 'a' && c <= 'f' {
			hex++
		}
	}
	if len(s) < least || digits < 2 || digits == len(s) {
		return false
	}
	return hex == len(s) || lower > 0 && upper > 0
}

// decade is ten years, in seconds, which some servers send to say "for
// ever"; more is a mistake.
const decade = 315_576_000

var cacheLifetimeExcessive = &annotate.Rule{
	ID:       "cache/lifetime-excessive",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a lifetime of more than ten years",
	Refs:     []string{"RFC 9111 §5.2.2.1", "RFC 9111 §1.2.2"},
	Doc: "A stored response can't be taken back: browsers show it until it is stale, even if the server has a new one. " +
		"A lifetime of decades is usually a mistake: milliseconds, or a date. A year is enough, because caches drop things earlier anyway.",
	Help: "send Cache-Control: max-age=31536000, immutable for files whose name changes with their content, and less for others",
	Bad:  []string{answered("Cache-Control: public, max-age=623267964", `ETag: "1"`), answered("Cache-Control: max-age=60, s-maxage=1767323045", `ETag: "1"`)},
	Good: []string{answered("Cache-Control: public, max-age=315360000", `ETag: "1"`), answered("Cache-Control: max-age=2147483647")},
	When: whenCacheControl,
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		if !mayBeDecades(&p.X.Response.Fields) {
			return
		}
		c := p.CacheControl()
		n := max(c.MaxAge, c.SMaxAge)
		if n <= decade || n >= longestDelta-1 || c.Forbids() {
			return // from 68 years on it is cut, of which cache/control-lifetime-too-large speaks
		}
		name := "max-age"
		if c.SMaxAge == n {
			name = "s-maxage"
		}
		p.Note(directivePlace(p, name), "%s is %d, so caches keep the response for %s", name, n, inWords(n))
	},
}

// mayBeDecades is a quick look for a directive with nine digits.
func mayBeDecades(f *exchange.Fields) bool {
	for _, l := range f.Each(exchange.FieldCacheControl) {
		if len(l.Value) >= len("max-age=315576000") {
			return true
		}
	}
	return false
}
