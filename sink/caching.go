package sink

import (
	"time"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
)

// encodeCaching adds to a record what caches may do with the response, if there
// is one that they could keep.
func encodeCaching(e *zerolog.Event, x *exchange.Exchange) {
	c := annotate.CachingOf(x)
	words := c.Shown(x)
	if words == "" {
		return
	}
	d := e.CreateDict()
	d.Str("storable", c.Storable())
	if why := c.Why(); why != "" {
		d.Str("reason", string(why))
	}
	if best := c.Best(); best.Stores() {
		if best.Lifetime.Seconds >= 0 {
			d.Int64("fresh_seconds", best.Lifetime.Seconds)
		}
		d.Str("from", best.Lifetime.From)
		if until := c.FreshUntil(best); !until.IsZero() {
			d.Str("fresh_until", until.UTC().Format(time.RFC3339))
		}
		if best.Asks != "" {
			d.Str("asks", best.Asks)
		}
		if v := c.Validator(); v != "" {
			d.Str("validator", v)
		}
	}
	d.Str("words", words)
	e.Dict("sidenote.caching", d)
}

// cachingMembers returns what encodeCaching writes.
func cachingMembers() []exchange.Property {
	const whenStored = "some cache may keep it"
	return []exchange.Property{
		{Key: "storable", Doc: "who may keep the response: shared (any cache), private (only private caches), cdn (only CDNs) or none", Schema: enum("shared", "private", "cdn", "none"), Required: true},
		{Key: "reason", Doc: "the one reason why not every cache may keep it", When: "not every cache may", Schema: enum(annotate.NotStoredReasons()...)},
		{Key: "fresh_seconds", Doc: "for how many seconds it is fresh in those caches that may keep it longest", When: whenStored + ", and it is known", Schema: map[string]any{"type": "integer", "minimum": 0}},
		{Key: "from", Doc: "what says so: s-maxage, max-age, Expires, or heuristic where caches guess", When: whenStored, Schema: enum("s-maxage", "max-age", "Expires", annotate.Heuristic)},
		{Key: "fresh_until", Doc: "when it ceases to be fresh; RFC 3339, UTC", When: whenStored + ", and it is known", Schema: text()},
		{Key: "asks", Doc: "why caches must revalidate it before each use: no-cache or Vary: *", When: "they must", Schema: text()},
		{Key: "validator", Doc: "by what caches revalidate it: ETag or Last-Modified", When: "it has one", Schema: enum("ETag", "Last-Modified")},
		{Key: "words", Doc: "the verdict in words", Schema: text(), Required: true},
	}
}
