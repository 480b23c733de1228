package rules

import (
	"slices"

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
func lifetimePlace(p *annotate.Pass, l annotate.Lifetime) exchange.Place {
	if l.From == "Expires" {
		return p.ResponseField(exchange.FieldExpires)
	}
	return directivePlace(p, l.From)
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
