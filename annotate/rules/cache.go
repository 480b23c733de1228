package rules

import (
	"slices"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cacheRules lists the rules on caching (RFC 9111).
func cacheRules() []*annotate.Rule {
	return slices.Concat(
		cacheControlRules(),
		cacheLifetimeRules(),
		cacheStorableRules(),
		cacheVaryRules(),
		cacheHitRules(),
		cacheStatusRules(),
		cacheDateRules(),
	)
}

// caching is what the Cache-Control of a message says, all its lines combined.
// Of a directive that is repeated the first one counts (RFC 9111 §4.2.1).
type caching struct {
	noStore, noCache, private, public      bool // no-cache and private without field names
	mustRevalidate, proxyRevalidate        bool
	mustUnderstand, immutable, noTransform bool
	onlyIfCached, maxStale                 bool

	maxAge, sMaxAge            int64 // seconds; -1 where there is none that can be read
	staleWhile, staleIfError   int64
	noCacheNames, privateNames string // the field names of the qualified forms, as they stand
	any                        bool   // there is a directive
}

// cachingOf reads the Cache-Control of a message.
func cachingOf(f *exchange.Fields) caching {
	c := caching{maxAge: -1, sMaxAge: -1, staleWhile: -1, staleIfError: -1}
	for _, l := range f.Each(exchange.FieldCacheControl) {
		for d := range field.Directives(l.Value) {
			c.read(&d)
		}
	}
	return c
}

func (c *caching) read(d *field.Directive) {
	c.any = true
	switch len(d.Name) {
	case 6:
		c.public = c.public || d.Is("public")
	case 7:
		switch {
		case d.Is("private"):
			qualified(d, &c.private, &c.privateNames)
		case d.Is("max-age"):
			firstSeconds(d, &c.maxAge)
		}
	case 8:
		switch {
		case d.Is("no-store"):
			c.noStore = true
		case d.Is("no-cache"):
			qualified(d, &c.noCache, &c.noCacheNames)
		case d.Is("s-maxage"):
			firstSeconds(d, &c.sMaxAge)
		}
	default:
		c.readRare(d)
	}
}

func (c *caching) readRare(d *field.Directive) {
	switch {
	case d.Is("must-revalidate"):
		c.mustRevalidate = true
	case d.Is("proxy-revalidate"):
		c.proxyRevalidate = true
	case d.Is("must-understand"):
		c.mustUnderstand = true
	case d.Is("immutable"):
		c.immutable = true
	case d.Is("no-transform"):
		c.noTransform = true
	case d.Is("only-if-cached"):
		c.onlyIfCached = true
	case d.Is("max-stale"):
		c.maxStale = true
	case d.Is("stale-while-revalidate"):
		firstSeconds(d, &c.staleWhile)
	case d.Is("stale-if-error"):
		firstSeconds(d, &c.staleIfError)
	}
}

func qualified(d *field.Directive, plain *bool, names *string) {
	if d.HasArgument && d.Argument != "" {
		*names = field.Unquote(d.Argument)
		return
	}
	*plain = true
}

func firstSeconds(d *field.Directive, to *int64) {
	if n, ok := d.Seconds(); ok && *to < 0 {
		*to = n
	}
}

// forbids reports whether no cache may use the response without asking first.
func (c *caching) forbids() bool { return c.noStore || c.noCache }

// A lifetime is for how long a response is fresh, explicitly (RFC 9111 §4.2.1).
type lifetime struct {
	seconds int64
	from    string // what says so: "s-maxage", "max-age" or "Expires"; "" for no explicit lifetime
}

// lifetimeOf is the explicit freshness lifetime of a response, for shared
// caches or for private ones.
func lifetimeOf(x *exchange.Exchange, c *caching, shared bool) lifetime {
	switch {
	case shared && c.sMaxAge >= 0:
		return lifetime{c.sMaxAge, "s-maxage"}
	case c.maxAge >= 0:
		return lifetime{c.maxAge, "max-age"}
	}
	f := &x.Response.Fields
	if !f.Has(exchange.FieldExpires) {
		return lifetime{}
	}
	sent, _ := sentAt(x)
	expires, err := field.ParseDate(f.Value(exchange.FieldExpires), sent)
	if err != nil || sent.IsZero() {
		return lifetime{0, "Expires"} // an invalid date means already expired (RFC 9111 §5.3)
	}
	return lifetime{max(0, int64(expires.Time.Sub(sent)/time.Second)), "Expires"}
}

// longestLifetime is the longest that any cache may hold a response fresh for.
func longestLifetime(x *exchange.Exchange, c *caching) lifetime {
	shared, private := lifetimeOf(x, c, true), lifetimeOf(x, c, false)
	if private.seconds > shared.seconds {
		return private
	}
	return shared
}

// isTargeted reports whether a response has a field for CDNs only (RFC 9213),
// which then obey that and not Cache-Control.
func isTargeted(f *exchange.Fields) bool {
	return f.Has(exchange.FieldCDNCacheControl) || f.Has(exchange.FieldSurrogateControl)
}

// whenCacheControl is the index of rules on a response's Cache-Control.
var whenCacheControl = annotate.When{Fields: []exchange.Name{exchange.FieldCacheControl}}

// directivePlace finds the first directive of one of the names in a response's
// Cache-Control; the place of the field where there is none.
func directivePlace(p *annotate.Pass, names ...string) exchange.Place {
	for i, l := range p.X.Response.Fields.Each(exchange.FieldCacheControl) {
		for d := range field.Directives(l.Value) {
			for _, n := range names {
				if d.Is(n) {
					return annotate.Span(p.ResponseLine(i), d.At, d.End())
				}
			}
		}
	}
	return p.ResponseField(exchange.FieldCacheControl)
}

// lifetimePlace is where a response says how long it is fresh.
func lifetimePlace(p *annotate.Pass, l lifetime) exchange.Place {
	if l.from == "Expires" {
		return p.ResponseField(exchange.FieldExpires)
	}
	return directivePlace(p, l.from)
}

// ageOf is the Age of a response; ok is false where it has none that can be
// read or that tells anything.
func ageOf(f *exchange.Fields) (age int64, ok bool) {
	if !f.Has(exchange.FieldAge) {
		return 0, false
	}
	age, ok = field.Number(f.Value(exchange.FieldAge))
	return age, ok && !isSinceEpoch(age)
}

// isSinceEpoch reports whether an Age is a time since 1970: a cache that did not
// know when it got the response took 0 for that, so the value tells nothing.
func isSinceEpoch(age int64) bool {
	_, ok := epoch(age)
	return ok && age <= longestDelta
}

// A cacheHit is the evidence that a cache answered instead of the origin server.
type cacheHit struct {
	line       int // of the response
	start, end int
	age        int64 // -1 when Age does not say
}

// hitOf finds the evidence that a cache answered: a Cache-Status member with
// hit, or an Age of at least 2 seconds, which a response that was only just
// relayed cannot have.
func hitOf(f *exchange.Fields) (h cacheHit, ok bool) {
	age, aged := ageOf(f)
	if !aged {
		age = -1
	}
	if f.Has(exchange.FieldCacheStatus) {
		for i, l := range f.Each(exchange.FieldCacheStatus) {
			for m := range field.List(l.Value) {
				if isCacheHit(m.Text) {
					return cacheHit{line: i, start: m.At, end: m.End(), age: age}, true
				}
			}
		}
	}
	if age < 2 {
		return h, false
	}
	i := f.Index(exchange.FieldAge)
	return cacheHit{line: i, end: len(f.At(i).Value), age: age}, true
}

// whenHit is the index of rules on responses that came out of a cache.
var whenHit = annotate.When{Fields: []exchange.Name{exchange.FieldAge, exchange.FieldCacheStatus}}

func (h cacheHit) place(p *annotate.Pass) exchange.Place {
	return annotate.Span(p.ResponseLine(h.line), h.start, h.end)
}

// words says what shows the hit: "Age is 120".
func (h cacheHit) words(p *annotate.Pass) string {
	l := p.X.Response.Fields.At(h.line)
	if l.Known == exchange.FieldAge {
		return "Age is " + bare(l.Value)
	}
	return "Cache-Status says " + bare(l.Value[h.start:h.end])
}

// wasValidated reports whether the cache nearest to the client asked the origin
// server although it answered from store: its Cache-Status member has fwd.
func wasValidated(f *exchange.Fields) bool {
	last, ok := lastCacheStatus(f)
	return ok && hasParam(last, "fwd")
}

// lastCacheStatus is the last member of Cache-Status, that of the cache nearest
// to the client (RFC 9211 §2).
func lastCacheStatus(f *exchange.Fields) (member string, ok bool) {
	for _, l := range f.Each(exchange.FieldCacheStatus) {
		for m := range field.List(l.Value) {
			member, ok = m.Text, true
		}
	}
	return member, ok
}

func hasParam(member, name string) bool {
	for q := range field.Params(member) {
		if q.Name == name {
			return true
		}
	}
	return false
}

// heuristicStatus reports whether responses of a status may be stored without
// being told so (RFC 9110 §15.1; RFC 7725 §3 for 451).
func heuristicStatus(status int) bool {
	switch status {
	case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501:
		return true
	}
	return false
}
