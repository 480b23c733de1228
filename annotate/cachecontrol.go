package annotate

import (
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// CacheControl is what the Cache-Control of a message says, all its lines
// combined. Of a directive that is repeated the first one counts (RFC 9111
// §4.2.1).
type CacheControl struct {
	NoStore, NoCache, Private, Public      bool // no-cache and private without field names
	MustRevalidate, ProxyRevalidate        bool
	MustUnderstand, Immutable, NoTransform bool
	OnlyIfCached, MaxStale                 bool

	MaxAge, SMaxAge            int64  // seconds; -1 where there is none, 0 for one that cannot be read (RFC 9111 §4.2.1)
	StaleWhile, StaleIfError   int64  // seconds; -1 where there is none that can be read
	NoCacheNames, PrivateNames string // the field names of the qualified forms, as they stand
	Any                        bool   // there is a directive
}

// CacheControlOf reads the Cache-Control of a message.
func CacheControlOf(f *exchange.Fields) CacheControl {
	return directivesOf(f, exchange.FieldCacheControl)
}

// CacheControl returns that of the response. It is read once for all rules, which
// must not change it.
func (p *Pass) CacheControl() *CacheControl {
	if !p.controlled {
		p.controlled = true
		p.control = CacheControlOf(&p.X.Response.Fields)
	}
	return &p.control
}

func directivesOf(f *exchange.Fields, n exchange.Name) CacheControl {
	c := CacheControl{MaxAge: -1, SMaxAge: -1, StaleWhile: -1, StaleIfError: -1}
	for _, l := range f.Each(n) {
		for d := range field.Directives(l.Value) {
			c.read(&d)
		}
	}
	return c
}

func (c *CacheControl) read(d *field.Directive) {
	c.Any = true
	switch len(d.Name) {
	case 6:
		c.Public = c.Public || d.Is("public")
	case 7:
		switch {
		case d.Is("private"):
			qualified(d, &c.Private, &c.PrivateNames)
		case d.Is("max-age"):
			firstLifetime(d, &c.MaxAge)
		}
	case 8:
		switch {
		case d.Is("no-store"):
			c.NoStore = true
		case d.Is("no-cache"):
			qualified(d, &c.NoCache, &c.NoCacheNames)
		case d.Is("s-maxage"):
			firstLifetime(d, &c.SMaxAge)
		}
	default:
		c.readRare(d)
	}
}

func (c *CacheControl) readRare(d *field.Directive) {
	switch {
	case d.Is("must-revalidate"):
		c.MustRevalidate = true
	case d.Is("proxy-revalidate"):
		c.ProxyRevalidate = true
	case d.Is("must-understand"):
		c.MustUnderstand = true
	case d.Is("immutable"):
		c.Immutable = true
	case d.Is("no-transform"):
		c.NoTransform = true
	case d.Is("only-if-cached"):
		c.OnlyIfCached = true
	case d.Is("max-stale"):
		c.MaxStale = true
	case d.Is("stale-while-revalidate"):
		firstSeconds(d, &c.StaleWhile)
	case d.Is("stale-if-error"):
		firstSeconds(d, &c.StaleIfError)
	}
}

func qualified(d *field.Directive, plain *bool, names *string) {
	if d.HasArgument && d.Argument != "" {
		*names = field.Unquote(d.Argument)
		return
	}
	*plain = true
}

// firstLifetime keeps the first lifetime; one that cannot be read means stale.
func firstLifetime(d *field.Directive, to *int64) {
	if *to < 0 {
		*to, _ = d.Seconds()
	}
}

func firstSeconds(d *field.Directive, to *int64) {
	if n, ok := d.Seconds(); ok && *to < 0 {
		*to = n
	}
}

// Forbids reports whether no cache may use the response without asking first.
func (c *CacheControl) Forbids() bool { return c.NoStore || c.NoCache }

// letsShare reports whether shared caches may keep the answer to a request with
// Authorization (RFC 9111 §3.5).
func (c *CacheControl) letsShare() bool { return c.Public || c.SMaxAge >= 0 || c.MustRevalidate }
