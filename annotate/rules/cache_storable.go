package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cacheStorableRules lists the rules on responses that caches may keep, and
// should not, or may not change.
func cacheStorableRules() []*annotate.Rule {
	return []*annotate.Rule{
		cacheAuthenticatedResponseSharedCacheable,
		cacheSetCookieOnSharedCacheable,
		cacheGroupInvalidationSafeMethod,
		cacheNoTransformViolated,
	}
}

var cacheAuthenticatedResponseSharedCacheable = &annotate.Rule{
	ID:       "cache/authenticated-response-shared-cacheable",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "shared caches may send one user's response to others",
	Refs:     []string{"RFC 9111 §3.5"},
	Doc: "Shared caches don't keep a response to a request with Authorization, unless public, s-maxage or must-revalidate allows it. " +
		"This response allows it, and is probably data of one user. Another user of the same CDN or proxy can get it.",
	Help: "send Cache-Control: private, or Vary: Authorization if caches should store it",
	Bad: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Cache-Control: public, max-age=60
< Content-Length: 2
<
< {}
`},
	Good: []string{`* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Cache-Control: max-age=60
< Content-Length: 2
<
< {}
`, `* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Cache-Control: private, max-age=60, must-revalidate
< Content-Length: 2
<
< {}
`, `* scheme https
> GET /orders HTTP/1.1
> Host: shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Cache-Control: public, max-age=60
< Vary: Accept, authorization
< Content-Length: 2
<
< {}
`, `* scheme https
> GET /logo.png HTTP/1.1
> Host: shop.test
> Authorization: Bearer abc
>
< HTTP/1.1 200 OK
< Content-Type: image/png
< Cache-Control: public, max-age=60
< Content-Length: 4
<
< \x89PNG
`},
	When: annotate.When{
		Class: []int{2}, Methods: []string{"GET", "HEAD"},
		Fields: []exchange.Name{exchange.FieldCacheControl}, RequestFields: []exchange.Name{exchange.FieldAuthorization},
	},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		shared := &p.Caching().Shared
		l := shared.Lifetime
		switch {
		case !shared.Reuses() || l.From == annotate.Heuristic:
		case varyHas(f, "Authorization") || !isData(mediaTypeOf(f)):
		default:
			at := directivePlace(p, "public", "s-maxage", "must-revalidate")
			p.Note(at, "%s allows shared caches to keep this response to a request with Authorization for %s",
				bare(p.X.Text(at)[at.Start:at.End]), inWords(l.Seconds))
		}
	},
}

// isData reports whether a media type mostly holds what was made for one user:
// pages, JSON, XML, CSV and plain text.
func isData(t field.MediaType) bool {
	return t.IsJSON() || t.IsHTML() || t.Is("application", "xml") || t.Is("text", "xml") || field.EqualFold(t.Suffix(), "xml") &&
		!field.EqualFold(t.Type, "image") || t.Is("text", "csv") || t.Is("text", "plain")
}

// varyHas reports whether Vary names a field, or is *.
func varyHas(f *exchange.Fields, name string) bool {
	return f.Has(exchange.FieldVary) && (listHas(f, exchange.FieldVary, name) || listHas(f, exchange.FieldVary, "*"))
}

var cacheSetCookieOnSharedCacheable = &annotate.Rule{
	ID:       "cache/set-cookie-on-shared-cacheable",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "shared caches may hand out this cookie to others",
	Refs:     []string{"RFC 9111 §7.3", "RFC 9111 §3"},
	Doc: "Caches store Set-Cookie like the rest of a response. " +
		"Shared caches may keep this response, so the next user can get the same cookie, and with it the session of the first. " +
		"Some CDNs refuse to store such responses, and then they cache nothing at all.",
	Help: "send Cache-Control: private or no-cache=\"set-cookie\", or don't set a cookie on a shared response",
	Bad: []string{`* scheme https
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: public, max-age=60
< Set-Cookie: theme=dark; Secure; HttpOnly; SameSite=Lax
< Content-Length: 2
<
< ok
`},
	Good: []string{`* scheme https
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: private, max-age=60
< Set-Cookie: theme=dark; Secure; HttpOnly; SameSite=Lax
< Content-Length: 2
<
< ok
`, `* scheme https
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, no-cache="Set-Cookie"
< Set-Cookie: theme=dark; Secure; HttpOnly; SameSite=Lax
< Content-Length: 2
<
< ok
`, `# it takes the cookie away
* scheme https
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Set-Cookie: theme=; Max-Age=0; Secure; HttpOnly; SameSite=Lax
< Content-Length: 2
<
< ok
`, `# the edge adds it after the cache
* scheme https
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Set-Cookie: __cf_bm=abc; Path=/; Secure; HttpOnly; SameSite=None
< Content-Length: 2
<
< ok
`, `* scheme https
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Set-Cookie: theme=dark; Secure; HttpOnly; SameSite=Lax
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Methods: []string{"GET", "HEAD"}, Fields: []exchange.Name{exchange.FieldSetCookie}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !f.Has(exchange.FieldCacheControl) && !f.Has(exchange.FieldExpires) {
			return
		}
		c := p.CacheControl()
		shared := &p.Caching().Shared
		l := shared.Lifetime
		if !shared.Reuses() || l.From == annotate.Heuristic || field.ListHas(c.NoCacheNames, "set-cookie") || field.ListHas(c.PrivateNames, "set-cookie") {
			return
		}
		for cookie := range liveCookies(p) {
			if !isEdgeCookie(cookie.Name.Text) {
				p.Note(cookie.named(), "shared caches may keep the cookie %s for %s, by %s", cookie.label(), inWords(l.Seconds), l.From)
				return
			}
		}
	},
}

// isEdgeCookie reports whether a cookie is one that CDNs and load balancers add
// behind their caches.
func isEdgeCookie(name string) bool {
	for _, prefix := range [...]string{
		"__cf", "_cfuvid", "cf_", "AWSALB", "AWSELB", "ak_bmsc", "bm_s", "_abck", "BIGipServer", "TS01", "incap_ses", "visid_incap", "nlbi_", "ARRAffinity",
		"GCLB", "GAESA", "datadome", "SERVERID", "fly-", "akacd_", "akaalb_",
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

var cacheGroupInvalidationSafeMethod = &annotate.Rule{
	ID:       "cache/group-invalidation-safe-method",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Cache-Group-Invalidation on the response to a read",
	Refs:     []string{"RFC 9875 §3"},
	Doc: "The header tells caches to drop a group of stored responses, because something has changed. " +
		"Caches ignore it on the response to a method that only reads.",
	Help: "send the header in responses to POST, PUT, PATCH and DELETE",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Group-Invalidation: "orders"
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
< Cache-Group-Invalidation: "orders"
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldCacheGroupInvalidation}},
	Check: func(p *annotate.Pass) {
		if m := p.X.Request.Method; isSafe(m) {
			p.Note(p.ResponseField(exchange.FieldCacheGroupInvalidation), "Cache-Group-Invalidation answers %s, so caches ignore it", m)
		}
	},
}

var cacheNoTransformViolated = &annotate.Rule{
	ID:       "cache/no-transform-violated",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a proxy changed the content despite no-transform",
	Refs:     []string{"RFC 9110 §7.7", "RFC 9111 §5.2.2.6"},
	Doc: "no-transform forbids proxies to change the content, but the response says that one did. " +
		"Proxies that compress images or pages for mobile networks do this. Hashes, signatures and layouts then no longer match. TLS prevents it.",
	Help: "use https, or turn the transformation off in the proxy that Via names",
	Bad: []string{`> GET /photo HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 203 Non-Authoritative Information
< Cache-Control: max-age=60, no-transform
< Content-Length: 2
<
< ok
`, `# also deprecated/warning-field-obsolete
> GET /photo HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, no-transform
< Warning: 214 squeezer "Transformation applied"
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /photo HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, no-transform
< Via: 1.1 edge
< Content-Length: 2
<
< ok
`},
	When:       whenCacheControl,
	Suppresses: []string{"status/203-transformed"},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		is203 := p.X.Response.Status == 203
		if !is203 && !f.Has(exchange.FieldWarning) {
			return
		}
		if c := p.CacheControl(); !c.NoTransform {
			return
		}
		if is203 {
			p.Note(p.StatusLine(), "203 says that a proxy changed the response, although it has no-transform")
			return
		}
		for i, l := range f.Each(exchange.FieldWarning) {
			for w := range field.List(l.Value) {
				if strings.HasPrefix(w.Text, "214 ") {
					p.Note(annotate.Span(p.ResponseLine(i), w.At, w.End()), "Warning 214 says that a proxy changed the content, although the response has no-transform")
					return
				}
			}
		}
	},
}
