package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cacheVaryRules lists the rules on Vary.
func cacheVaryRules() []*annotate.Rule {
	return []*annotate.Rule{
		cacheVaryDuplicate,
		cacheVaryHost,
		cacheVaryStar,
		cacheVaryStarWithNames,
		cacheVaryTooMany,
		cacheVaryUserAgent,
	}
}

// whenVary is the index of the rules on Vary.
var whenVary = annotate.When{Fields: []exchange.Name{exchange.FieldVary}}

// varyPlace finds a member of Vary, compared without case.
func varyPlace(p *annotate.Pass, name string) (at exchange.Place, ok bool) {
	for i, l := range p.X.Response.Fields.Each(exchange.FieldVary) {
		for m := range field.List(l.Value) {
			if field.EqualFold(m.Text, name) {
				return annotate.Span(p.ResponseLine(i), m.At, m.End()), true
			}
		}
	}
	return at, false
}

// isSharedStorable reports whether shared caches may store a response
// (RFC 9111 §3, §3.5).
func isSharedStorable(x *exchange.Exchange, c *annotate.CacheControl, shared *annotate.CacheUse) bool {
	return isRead(x.Request.Method) && shared.Stores() &&
		(annotate.HeuristicStatus(x.Response.Status) || c.Public || shared.Lifetime.Seconds > 0)
}

var cacheVaryDuplicate = &annotate.Rule{
	ID:       "cache/vary-duplicate",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Vary names a header twice",
	Refs:     []string{"RFC 9110 §12.5.5"},
	Doc:      "Naming a header twice has no effect. It shows that two places add to Vary, such as the application and a compressing proxy.",
	Help:     "name each header once",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Vary: Accept-Encoding, Origin
< Vary: accept-encoding
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Vary: Accept-Encoding
< Vary: Accept
< Content-Length: 2
<
< ok
`},
	When: whenVary,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !mayNameTwice(f) {
			return
		}
		for i, l := range f.Each(exchange.FieldVary) {
			for m := range field.List(l.Value) {
				if namedBefore(f, i, m) {
					p.Note(annotate.Span(p.ResponseLine(i), m.At, m.End()), "Vary names %s twice", bare(m.Text))
					return
				}
			}
		}
	},
}

// mayNameTwice reports whether Vary has two members that begin alike and are of
// one length, or more than are worth a look.
func mayNameTwice(f *exchange.Fields) bool {
	var seen [16]struct {
		length int
		first  byte
	}
	n := 0
	for _, l := range f.Each(exchange.FieldVary) {
		for m := range field.List(l.Value) {
			if n == len(seen) {
				return true
			}
			seen[n].length, seen[n].first = len(m.Text), m.Text[0]|0x20
			if slices.Contains(seen[:n], seen[n]) {
				return true
			}
			n++
		}
	}
	return false
}

// namedBefore reports whether a member of Vary, in the given line, stands in it
// before too. Of very long lists only the beginning is looked at.
func namedBefore(f *exchange.Fields, line int, member field.Part) bool {
	const most = 64
	n := 0
	for i, l := range f.Each(exchange.FieldVary) {
		for m := range field.List(l.Value) {
			if n++; n > most || i == line && m.At >= member.At {
				return false
			}
			if field.EqualFold(m.Text, member.Text) {
				return true
			}
		}
	}
	return false
}

var cacheVaryHost = &annotate.Rule{
	ID:       "cache/vary-host",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Vary names Host",
	Refs:     []string{"RFC 9110 §12.5.5"},
	Doc: "Caches keep responses for different hosts apart anyway, because Host is part of the URI. Naming it in Vary has no effect at best. " +
		"Some CDNs don't store a response whose Vary they don't know.",
	Help: "remove Host from Vary",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Vary: Accept-Encoding, Host
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Vary: Accept-Encoding, X-Forwarded-Host
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldVary}, If: []*annotate.Condition{ifCommonVary}},
	Check: func(p *annotate.Pass) {
		if at, ok := varyPlace(p, "Host"); ok {
			p.Note(at, "Vary names Host, which is already part of the URI")
		}
	},
}

var cacheVaryStar = &annotate.Rule{
	ID:       "cache/vary-star",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a lifetime beside Vary: *",
	Refs:     []string{"RFC 9111 §4.1", "RFC 9110 §12.5.5"},
	Doc: "Vary: * says that something besides the request decided the response, so no cache may use it for another request. The lifetime has no effect. " +
		"If you know the headers that matter, name them. If caches should keep nothing, send no-store.",
	Help: "name the headers that matter in Vary, or send Cache-Control: no-store",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Vary: *
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< Vary: *
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=0
< Vary: *
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldVary}, If: []*annotate.Condition{ifCommonVary}},
	Check: func(p *annotate.Pass) {
		at, ok := varyPlace(p, "*")
		if !ok {
			return
		}
		c := p.CacheControl()
		if l := c.LongestLifetime(p.X); l.Seconds > 0 && !c.Forbids() {
			p.Note(at, "Vary: * forbids caches to use the response, so the lifetime that %s sets (%s) has no effect", l.From, inWords(l.Seconds))
		}
	},
}

var cacheVaryStarWithNames = &annotate.Rule{
	ID:       "cache/vary-star-with-names",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Vary names headers beside *",
	Refs:     []string{"RFC 9110 §12.5.5", "RFC 9111 §4.1"},
	Doc: "Vary: * says that something beside the request decided what was sent, so no cache may use the response for another request. The names beside it have no effect. " +
		"Usually two places add to Vary, and one of them overrides the other without knowing.",
	Help: "send the names alone, or * alone",
	Bad:  []string{answered("Vary: *, Accept"), answered("Vary: Accept-Encoding", "Vary: *")},
	Good: []string{answered("Vary: *"), answered("Vary: Accept-Encoding, Accept"), answered("Vary: *", "Vary: *")},
	When: annotate.When{Fields: whenVary.Fields, If: []*annotate.Condition{ifCommonVary}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if v := f.Value(exchange.FieldVary); len(v) < 2 && f.Count(exchange.FieldVary) == 1 {
			return
		}
		at, ok := varyPlace(p, "*")
		if !ok {
			return
		}
		for _, l := range f.Each(exchange.FieldVary) {
			for m := range field.List(l.Value) {
				if m.Text != "*" {
					p.Note(at, "Vary has *, so naming %s beside it has no effect", quoted(m.Text))
					return
				}
			}
		}
	},
}

// manyVary is how many fields a Vary can name before it is of no use to caches.
const manyVary = 8

var cacheVaryTooMany = &annotate.Rule{
	ID:       "cache/vary-too-many",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Vary names very many headers",
	Refs:     []string{"RFC 9111 §4.1"},
	Doc: "Caches use a stored response only for requests with the same value of every header in Vary. " +
		"With so many headers, few requests are the same, so caches fill with copies that are never used. " +
		"Some caches also limit the number of variants of one URI.",
	Help: "name only those headers that change the content",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Vary: Accept, Accept-Encoding, Accept-Language, Origin, Cookie, X-A, X-B, X-C, X-D
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Vary: Accept, Accept-Encoding, Accept-Language, Origin, Cookie, X-A, X-B, X-C
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: private
< Vary: Accept, Accept-Encoding, Accept-Language, Origin, Cookie, X-A, X-B, X-C, X-D
< Content-Length: 2
<
< ok
`},
	When: whenVary,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		members, distinct := 0, 0
		for _, l := range f.Each(exchange.FieldVary) {
			members += strings.Count(l.Value, ",") + 1
		}
		if members <= manyVary {
			return
		}
		for i, l := range f.Each(exchange.FieldVary) {
			for m := range field.List(l.Value) {
				if !namedBefore(f, i, m) {
					distinct++
				}
			}
		}
		if distinct > manyVary && isSharedStorable(p.X, p.CacheControl(), &p.Caching().Shared) {
			p.Note(p.ResponseField(exchange.FieldVary), "Vary names %d headers, so few requests can share a stored response", distinct)
		}
	},
}

var cacheVaryUserAgent = &annotate.Rule{
	ID:       "cache/vary-user-agent",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "caches keep a copy for every User-Agent",
	Refs:     []string{"RFC 9110 §12.5.5", "RFC 9111 §4.1"},
	Doc: "User-Agent has thousands of values, and caches keep one copy for each, so they rarely help. " +
		"If the content does depend on the client, let the CDN sort clients into a few kinds, or use client hints, which have fewer values.",
	Help: "vary on a header with few values, or send the same content to all",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Vary: Accept-Encoding, User-Agent
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: private, max-age=60
< Vary: User-Agent
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldVary}, If: []*annotate.Condition{ifCommonVary}},
	Once: originKey, // one setting of a server puts it on all
	Check: func(p *annotate.Pass) {
		if at, ok := varyPlace(p, "User-Agent"); ok && isSharedStorable(p.X, p.CacheControl(), &p.Caching().Shared) {
			p.Note(at, "Vary names User-Agent, of which there are thousands, and shared caches may store the response")
		}
	},
}
