package rules

import (
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// cacheControlRules lists the rules on how Cache-Control is written.
func cacheControlRules() []*annotate.Rule {
	return []*annotate.Rule{
		cacheDirectiveArgumentInvalid,
		cacheControlArgumentQuoting,
		cacheControlContradiction,
		cacheControlDuplicateDirective,
		cacheControlRedundantDirective,
		cacheControlWrongMessage,
		cacheControlNotLowercase,
		cacheControlLifetimeTooLarge,
		cacheControlMisspelled,
	}
}

// takesSeconds reports whether a directive is defined with a number of seconds.
func takesSeconds(d *field.Directive) bool {
	for _, n := range [...]string{"max-age", "s-maxage", "stale-while-revalidate", "stale-if-error", "min-fresh", "max-stale"} {
		if d.Is(n) {
			return true
		}
	}
	return false
}

// takesNothing reports whether a directive is defined without an argument.
func takesNothing(d *field.Directive, isRequest bool) bool {
	for _, n := range [...]string{"no-store", "no-transform", "public", "must-revalidate", "proxy-revalidate", "must-understand", "only-if-cached"} {
		if d.Is(n) {
			return true
		}
	}
	return isRequest && d.Is("no-cache")
}

var cacheDirectiveArgumentInvalid = &annotate.Rule{
	ID:       "cache/directive-argument-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cache directive has an invalid argument",
	Refs:     []string{"RFC 9111 §5.2", "RFC 9111 §1.2.2", "RFC 9213 §2.1"},
	Doc: "Times in Cache-Control are whole seconds: digits without quotes. " +
		"Caches treat anything else as expired, or ignore it and guess a lifetime, so the same response lives for different times in different caches. " +
		"Directives that switch something have no argument: some caches don't read no-store=1 as no-store, and keep what they must not.",
	Help: "write whole seconds, as in max-age=60, and switches without an argument, as in no-store",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: private, max-age="60"
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=-1
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: no-cache=1
>
< HTTP/1.1 200 OK
< Cache-Control: no-store=1
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< CDN-Cache-Control: max-age=1.5
< Cache-Control: max-age
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: max-stale, min-fresh=5
>
< HTTP/1.1 200 OK
< CDN-Cache-Control: max-age=60, must-revalidate
< Cache-Control: max-age=60, immutable=1, shop="a, b", no-cache="set-cookie"
< Content-Length: 2
<
< ok
`},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			for i, l := range s.Fields.Each(exchange.FieldCacheControl) {
				for d := range field.Directives(l.Value) {
					noteArgument(p, s, i, &d)
				}
			}
		}
		noteTargetedTypes(p)
	},
}

func noteArgument(p *annotate.Pass, s messageSide, line int, d *field.Directive) {
	var what string
	switch {
	case takesSeconds(d):
		if field.IsDigits(d.Argument) || !d.HasArgument && d.Is("max-stale") {
			return
		}
		what = "it takes whole seconds as digits"
	case takesNothing(d, s.isRequest) && d.HasArgument:
		what = "it takes no argument"
	default:
		return
	}
	p.Report(annotate.Note{
		Place: s.place(p, line, d.At, d.End()), Blame: s.blame(),
		Message: "the " + s.String() + " has " + bare(d.Text) + " in Cache-Control: " + what,
	})
}

// noteTargetedTypes judges CDN-Cache-Control, which is a structured field.
func noteTargetedTypes(p *annotate.Pass) {
	f := &p.X.Response.Fields
	if !f.Has(exchange.FieldCDNCacheControl) {
		return
	}
	for i, l := range f.Each(exchange.FieldCDNCacheControl) {
		v, err := field.ParseStructured(l.Value, field.StructuredDictionary)
		if err != nil {
			return
		}
		for m := range v.Members() {
			d := field.Directive{Name: m.Key}
			var what string
			switch {
			case takesSeconds(&d) && (m.Type != field.Integer || m.Number < 0):
				what = "it takes whole seconds"
			case takesNothing(&d, false) && m.Type != field.Boolean:
				what = "it takes no argument"
			default:
				continue
			}
			p.Note(annotate.Span(p.ResponseLine(i), m.KeyAt, m.End()), "CDN-Cache-Control has %s: %s", bare(l.Value[m.KeyAt:m.End()]), what)
		}
	}
}

var cacheControlArgumentQuoting = &annotate.Rule{
	ID:       "cache/control-argument-quoting",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "header names after no-cache or private need quotes",
	Refs:     []string{"RFC 9111 §5.2.2.4", "RFC 9111 §5.2.2.7"},
	Doc: "The header names after no-cache and private form one quoted string. " +
		"Without quotes, the next comma ends the directive, and the rest looks like further directives. " +
		"Most caches treat the form with names like the plain one, so leave the names out if that is what you mean.",
	Help: `put the names in quotes, as in no-cache="set-cookie"`,
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, no-cache=Set-Cookie
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, no-cache="set-cookie, set-cookie2", private="x-user"
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: whenCacheControl.Fields, If: []*annotate.Condition{ifOwnControl}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldCacheControl) {
			if strings.IndexByte(l.Value, '=') < 0 {
				continue
			}
			for d := range field.Directives(l.Value) {
				if (d.Is("no-cache") || d.Is("private")) && d.HasArgument && !d.IsQuoted() {
					p.NoteHelp(annotate.Span(p.ResponseLine(i), d.At, d.End()), "send: "+d.Name+"="+strconv.Quote(bare(d.Argument)),
						"Cache-Control has %s; the header names after %s must be in quotes: %s", bare(d.Text), d.Name, d.Name+"="+strconv.Quote(bare(d.Argument)))
				}
			}
		}
	},
}

var cacheControlContradiction = &annotate.Rule{
	ID:       "cache/control-contradiction",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Cache-Control allows and forbids the same thing",
	Refs:     []string{"RFC 9111 §4.2.1", "RFC 9111 §5.2.2"},
	Doc: "One directive allows caches to store the response and another forbids it. Some caches obey the stricter one, others the one that they know. " +
		"Usually two places add the header, such as the application and a framework or proxy. Decide in one place.",
	Help: "send either the permission or the ban",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: public, max-age=60
< Cache-Control: private
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store, max-age=60, immutable
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store, must-understand, max-age=60
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: public, max-age=60, private="x-user"
< Content-Length: 2
<
< ok
`, `# the usual belt and braces
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store, no-cache, must-revalidate, max-age=0
< Content-Length: 2
<
< ok
`, `# for the CDN alone
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< CDN-Cache-Control: max-age=60
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldCacheControl}, If: []*annotate.Condition{ifDirectives}},
	Check: func(p *annotate.Pass) {
		c := p.CacheControl()
		ban := ""
		switch {
		case c.Private && (c.Public || c.SMaxAge > 0):
			ban = "private"
		case c.NoStore && !c.MustUnderstand && (c.Public || c.Immutable || c.MaxAge > 0 || c.SMaxAge > 0):
			ban = "no-store"
		default:
			return
		}
		i, d := permission(p, ban == "no-store")
		p.Note(annotate.Span(p.ResponseLine(i), d.At, d.End()), "Cache-Control has both %s and %s", bare(d.Text), ban)
	},
}

// permission finds the directive that a ban contradicts.
func permission(p *annotate.Pass, alsoPrivate bool) (line int, found field.Directive) {
	for i, l := range p.X.Response.Fields.Each(exchange.FieldCacheControl) {
		for d := range field.Directives(l.Value) {
			n, _ := d.Seconds()
			if d.Is("public") || d.Is("s-maxage") && n > 0 || alsoPrivate && (d.Is("immutable") || d.Is("max-age") && n > 0) {
				return i, d
			}
		}
	}
	return p.X.Response.Fields.Index(exchange.FieldCacheControl), found
}

var cacheControlDuplicateDirective = &annotate.Rule{
	ID:       "cache/control-duplicate-directive",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the same cache directive with two values",
	Refs:     []string{"RFC 9111 §4.2.1"},
	Doc: "A directive appears twice with different times. Some caches use the first, others treat the response as stale. " +
		"Usually both the application and a proxy in front of it add the header.",
	Help: "set the directive in one place only",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Cache-Control: public, max-age=3600
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: max-age=5, max-age=10
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, s-maxage=3600
< Content-Length: 2
<
< ok
`, `# only once too often
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, Max-Age=60
< Content-Length: 2
<
< ok
`},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldCacheControl}, If: []*annotate.Condition{ifOwnControl}},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			if mayRepeat(&s.Fields) {
				noteSecondTime(p, s)
			}
		}
	},
}

// mayRepeat reports whether a message has room for two directives.
func mayRepeat(f *exchange.Fields) bool {
	if !f.Has(exchange.FieldCacheControl) {
		return false
	}
	return strings.IndexByte(f.Value(exchange.FieldCacheControl), ',') >= 0 || f.Count(exchange.FieldCacheControl) > 1
}

func noteSecondTime(p *annotate.Pass, s messageSide) {
	for i, l := range s.Fields.Each(exchange.FieldCacheControl) {
		for d := range field.Directives(l.Value) {
			if !takesSeconds(&d) {
				continue
			}
			first, ok := earlierDirective(&s.Fields, i, &d)
			if ok && field.Unquote(first.Argument) != field.Unquote(d.Argument) {
				p.Report(annotate.Note{
					Place: s.place(p, i, d.At, d.End()), Blame: s.blame(),
					Message: "the " + s.String() + " has both " + bare(first.Text) + " and " + bare(d.Text) + " in Cache-Control",
				})
				return
			}
		}
	}
}

// earlierDirective finds the first directive of the same name that stands
// before d, which is in the given line.
func earlierDirective(f *exchange.Fields, line int, d *field.Directive) (field.Directive, bool) {
	for i, l := range f.Each(exchange.FieldCacheControl) {
		for e := range field.Directives(l.Value) {
			if i == line && e.At >= d.At {
				return field.Directive{}, false
			}
			if field.EqualFold(e.Name, d.Name) {
				return e, true
			}
		}
	}
	return field.Directive{}, false
}

var cacheControlRedundantDirective = &annotate.Rule{
	ID:       "cache/control-redundant-directive",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a redundant cache directive",
	Refs:     []string{"RFC 9111 §5.2.2", "RFC 9111 §5.2.2.4"},
	Doc: "This directive has no effect beside another one, or it appears twice. It does no harm, but someone expected an effect. " +
		"With no-cache, caches ask each time, so max-age changes nothing. " +
		"proxy-revalidate is part of must-revalidate and s-maxage, and private caches ignore it.",
	Help: "remove the directive without effect",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, must-revalidate, proxy-revalidate
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache, stale-if-error=60
< ETag: "1"
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Cache-Control: max-age=60
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-store, no-cache, must-revalidate, max-age=0
< Expires: 0
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: public, max-age=60, no-cache="set-cookie", proxy-revalidate
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldCacheControl}, If: []*annotate.Condition{ifDirectives}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !mayRepeat(f) {
			return
		}
		c := p.CacheControl()
		switch {
		case c.ProxyRevalidate && (c.MustRevalidate || c.SMaxAge >= 0 || c.Private):
			p.Note(directivePlace(p, "proxy-revalidate"), "proxy-revalidate adds nothing to %s", proxyRevalidateIn(c))
		case c.NoCache && !c.NoStore && (c.MaxAge > 0 || c.StaleWhile >= 0 || c.StaleIfError >= 0):
			at := directivePlace(p, "max-age", "stale-while-revalidate", "stale-if-error")
			p.Note(at, "%s has no effect beside no-cache", bare(p.X.Text(at)[at.Start:at.End]))
		default:
			noteIdentical(p)
		}
	},
}

func proxyRevalidateIn(c *annotate.CacheControl) string {
	switch {
	case c.MustRevalidate:
		return "must-revalidate"
	case c.SMaxAge >= 0:
		return "s-maxage"
	}
	return "private"
}

func noteIdentical(p *annotate.Pass) {
	f := &p.X.Response.Fields
	for i, l := range f.Each(exchange.FieldCacheControl) {
		for d := range field.Directives(l.Value) {
			if first, ok := earlierDirective(f, i, &d); ok && field.Unquote(first.Argument) == field.Unquote(d.Argument) {
				p.Note(annotate.Span(p.ResponseLine(i), d.At, d.End()), "Cache-Control has %s twice", bare(d.Text))
				return
			}
		}
	}
}

var cacheControlWrongMessage = &annotate.Rule{
	ID:       "cache/control-wrong-message",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a cache directive in the wrong message",
	Refs:     []string{"RFC 9111 §5.2.1", "RFC 9111 §5.2.2"},
	Doc: "Some directives are for requests and some for responses. In the other message, caches ignore them. " +
		"In a request, no-cache asks for a fresh response and no-store asks caches not to keep it. In a response, max-age sets the lifetime.",
	Help: "remove the directive, or send it in the other message",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: no-cache, must-revalidate
>
< HTTP/1.1 200 OK
< Cache-Control: no-store
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, max-stale=5
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
> Cache-Control: no-cache, no-store, no-transform, stale-if-error=60, shop=1
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60, stale-if-error=60, no-transform
< Content-Length: 2
<
< ok
`},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldCacheControl}, If: []*annotate.Condition{ifOwnControl}},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			for i, l := range s.Fields.Each(exchange.FieldCacheControl) {
				for d := range field.Directives(l.Value) {
					if !isForOther(&d, s.isRequest) {
						continue
					}
					p.Report(annotate.Note{
						Place: s.place(p, i, d.At, d.End()), Blame: s.blame(),
						Message: d.Name + " in the Cache-Control of a " + s.String() + " means nothing",
					})
				}
			}
		}
	},
}

// isForOther reports whether a directive is defined for the other message only.
func isForOther(d *field.Directive, isRequest bool) bool {
	if !isRequest {
		return d.Is("max-stale") || d.Is("min-fresh") || d.Is("only-if-cached")
	}
	for _, n := range [...]string{
		"must-revalidate", "public", "private", "s-maxage", "proxy-revalidate", "must-understand", "immutable", "stale-while-revalidate",
	} {
		if d.Is(n) {
			return true
		}
	}
	return false
}

var cacheControlMisspelled = &annotate.Rule{
	ID:       "cache/control-misspelled",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a cache directive that is misspelled",
	Refs:     []string{"RFC 9111 §5.2", "RFC 9111 §5.2.3"},
	Doc: "Caches ignore a directive that they do not know, without a word. So a misspelled one has no effect: the response is stored though it must not be, or is not stored though it may be. " +
		"The name is only a letter or two away from a directive that exists.",
	Help: "write the directive as it is defined",
	Bad:  []string{answered("Cache-Control: maxage=60"), answered("Cache-Control: no-chache"), asked("Cache-Control: nocache"), answered("Cache-Control: private, must_revalidate")},
	Good: []string{answered("Cache-Control: private, community=\"UCI\""), answered("Cache-Control: no-transform, Max-Age=60")},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldCacheControl}, If: []*annotate.Condition{ifOwnControl}},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			for i, l := range s.Fields.Each(exchange.FieldCacheControl) {
				for d := range field.Directives(l.Value) {
					if meant := meantDirective(&d); meant != "" && !exchange.IsRedacted(l.Value) {
						p.Report(annotate.Note{Place: s.place(p, i, d.At, d.At+len(d.Name)), Blame: s.blame(), Help: "write " + meant,
							Message: "Cache-Control has " + bare(d.Name) + ", which no cache knows; the directive is " + meant})
					}
				}
			}
		}
	},
}

// cacheDirectives are those that caches know, by specification or by custom.
var cacheDirectives = []string{
	"max-age", "no-cache", "no-store", "private", "public", "s-maxage", "must-revalidate", "proxy-revalidate", "no-transform", "immutable", "must-understand",
	"stale-while-revalidate", "stale-if-error", "max-stale", "min-fresh", "only-if-cached", "pre-check", "post-check",
}

// meantDirective is the directive that a misspelled one stands for; "" for one
// that is right, and for one that is like none.
func meantDirective(d *field.Directive) string {
	if len(d.Name) < 4 || len(d.Name) > 32 || foldIn(cacheDirectives, d.Name) || !field.IsToken(d.Name) {
		return ""
	}
	name := strings.ToLower(d.Name)
	bare := strings.NewReplacer("-", "", "_", "").Replace(name)
	for _, known := range cacheDirectives {
		if bare == strings.ReplaceAll(known, "-", "") {
			return known
		}
	}
	if len(name) < 6 {
		return "" // too short to tell
	}
	return wording.Nearest(name, cacheDirectives)
}

var cacheControlNotLowercase = &annotate.Rule{
	ID:       "cache/control-not-lowercase",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a cache directive with capitals",
	Refs:     []string{"RFC 9111 §5.2"},
	Doc: "Upper and lower case mean the same, so this is legal. Some caches and many scripts still look for exactly \"max-age\". " +
		"CDN-Cache-Control is a structured field, and there a capital letter makes the whole header invalid.",
	Help: "write directives in lower case",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: Private, Max-Age=60
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: private="X-User", max-age=60
< Content-Length: 2
<
< ok
`},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			noteCapitals(p, s)
		}
	},
}

func noteCapitals(p *annotate.Pass, s messageSide) {
	for i, l := range s.Fields.Each(exchange.FieldCacheControl) {
		if !hasCapital(l.Value) {
			continue
		}
		for d := range field.Directives(l.Value) {
			if hasCapital(d.Name) {
				p.Report(annotate.Note{
					Place: s.place(p, i, d.At, d.At+len(d.Name)), Blame: s.blame(),
					Message: "the Cache-Control of the " + s.String() + " has " + bare(d.Name) + " with capitals",
				})
				return
			}
		}
	}
}

func hasCapital(s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// longestDelta is the number of seconds from which on caches clamp (RFC 9111 §1.2.2).
const longestDelta = 1 << 31

var cacheControlLifetimeTooLarge = &annotate.Rule{
	ID:       "cache/control-lifetime-too-large",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a lifetime is longer than caches can count",
	Refs:     []string{"RFC 9111 §1.2.2", "RFC 9111 §5.3"},
	Doc: "Caches read any number above 2147483648 (68 years) as that number. " +
		"That does no harm, but the number is usually a mistake: milliseconds, or a date instead of a duration.",
	Help: "send seconds; a year is max-age=31536000",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=31536000000
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: no-cache
< CDN-Cache-Control: max-age=31536000000
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=2147483648
< Content-Length: 2
<
< ok
`},
	Check: func(p *annotate.Pass) {
		for _, s := range bothSides(p.X) {
			noteTooLarge(p, s, exchange.FieldCacheControl)
			noteTooLarge(p, s, exchange.FieldCDNCacheControl)
		}
		if age, ok := ageOf(&p.X.Response.Fields); ok && age > longestDelta {
			p.Report(annotate.Note{
				Place: p.ResponseField(exchange.FieldAge), Blame: annotate.ByIntermediary,
				Message: "Age is " + bare(p.X.Response.Fields.Value(exchange.FieldAge)) + ", which caches read as 2147483648 seconds",
			})
		}
	},
}

func noteTooLarge(p *annotate.Pass, s messageSide, n exchange.Name) {
	for i, l := range s.Fields.Each(n) {
		const tenDigits = 10
		if len(l.Value) <= tenDigits {
			continue
		}
		for d := range field.Directives(l.Value) {
			if seconds, ok := d.Seconds(); ok && seconds > longestDelta && takesSeconds(&d) {
				p.Report(annotate.Note{
					Place: s.place(p, i, d.At, d.End()), Blame: s.blame(),
					Message: bare(d.Text) + " in " + l.Name + " is more than caches can count: they use 2147483648 seconds, which is 68 years",
				})
			}
		}
	}
}
