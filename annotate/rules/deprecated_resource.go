package rules

import (
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// deprecatedResourceRules lists the rules on Deprecation and Sunset, by which
// a server says that a resource will go.
func deprecatedResourceRules() []*annotate.Rule {
	return []*annotate.Rule{
		deprecatedDeprecationAnnounced,
		deprecatedDeprecationMissingLink,
		deprecatedSunsetBeforeDeprecation,
		deprecatedSunsetInvalid,
		deprecatedSunsetPassed,
	}
}

// deprecationOf reads Deprecation (RFC 9745 §2.1); ok is false where there is
// none that can be read.
func deprecationOf(f *exchange.Fields) (t time.Time, ok bool) {
	if !f.Has(exchange.FieldDeprecation) {
		return t, false
	}
	v, err := field.ParseStructured(f.Value(exchange.FieldDeprecation), field.StructuredItem)
	if err != nil {
		return t, false
	}
	m, ok := v.Item()
	if !ok || m.Type != field.StructuredDate {
		return t, false
	}
	return time.Unix(m.Number, 0).UTC(), true
}

// sunsetOf reads Sunset (RFC 8594 §3); ok is false where there is not one that
// can be read.
func sunsetOf(x *exchange.Exchange) (t time.Time, ok bool) {
	f := &x.Response.Fields
	if !f.Has(exchange.FieldSunset) || f.Count(exchange.FieldSunset) != 1 {
		return t, false
	}
	d, err := field.ParseDate(f.Value(exchange.FieldSunset), receivedAt(x))
	return d.Time, err == nil
}

// linkTo is the target of the first link with one of the relation types.
func linkTo(f *exchange.Fields, relations ...string) (target string, ok bool) {
	for _, l := range f.Each(exchange.FieldLink) {
		for link := range field.Links(l.Value) {
			for _, rel := range relations {
				if link.HasRel(rel) {
					return link.Target, true
				}
			}
		}
	}
	return "", false
}

var deprecatedDeprecationAnnounced = &annotate.Rule{
	ID:       "deprecated/deprecation-announced",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the server announces the end of the resource",
	Refs:     []string{"RFC 9745 §2.1"},
	Doc: "Deprecation says from when on clients should no longer use the resource, and Sunset when it will be gone. It still works. " +
		"The authors of the client should plan the change. The link with the relation deprecation has more information.",
	Help: "move to the replacement before the date in Sunset",
	Bad: []string{
		answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Deprecation: @1767225600", "Sunset: Wed, 01 Jul 2026 00:00:00 GMT", `Link: </docs/v2>; rel="deprecation"`),
		answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Deprecation: @1772323200", `Link: </docs/v2>; rel="deprecation"`),
	},
	Good: []string{answered("Date: Fri, 02 Jan 2026 03:04:05 GMT")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldDeprecation}},
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		from, ok := deprecationOf(f)
		if !ok {
			return
		}
		var b strings.Builder
		now, _ := sentAt(p.X)
		switch left := int64(from.Sub(now) / time.Second); {
		case now.IsZero():
			b.WriteString("the resource is deprecated from " + httpDate(from) + " on")
		case left > 0:
			b.WriteString("the resource will be deprecated in " + inWords(left) + ", on " + httpDate(from))
		default:
			b.WriteString("the resource has been deprecated since " + httpDate(from))
		}
		if sunset, ok := sunsetOf(p.X); ok {
			b.WriteString("; it ends on " + httpDate(sunset))
			if left := int64(sunset.Sub(now) / time.Second); !now.IsZero() && left > 0 {
				b.WriteString(", in " + inWords(left))
			}
		}
		if target, ok := linkTo(f, "deprecation"); ok {
			b.WriteString("; more at " + quoted(target))
		}
		p.Note(p.ResponseField(exchange.FieldDeprecation), "%s", b.String())
	},
}

var deprecatedDeprecationMissingLink = &annotate.Rule{
	ID:       "deprecated/deprecation-missing-link",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the end of the resource is announced without a link",
	Refs:     []string{"RFC 9745 §3", "RFC 8594 §6", "RFC 5829 §3"},
	Doc:      "People who see the announcement need to know what to do. Link to a page that explains it, or to the replacement.",
	Help:     `send for example: Link: <https://shop.example/docs/v2>; rel="deprecation"; type="text/html"`,
	Bad: []string{
		"# also deprecated/deprecation-announced\n" + answered("Deprecation: @1767225600", `Link: </orders?page=2>; rel="next"`),
		answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Sunset: Wed, 01 Jul 2026 00:00:00 GMT"),
	},
	Good: []string{answered("Deprecation: @1767225600", `Link: </orders?page=2>; rel="next", </v2/orders>; rel="alternate successor-version"`)},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldDeprecation, exchange.FieldSunset}},
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if _, ok := linkTo(f, "deprecation", "sunset", "successor-version", "latest-version", "alternate"); ok {
			return
		}
		n := exchange.FieldDeprecation
		if !f.Has(n) {
			n = exchange.FieldSunset
		}
		p.Note(p.ResponseField(n), "%s announces the end of the resource, but no Link names the replacement", n)
	},
}

var deprecatedSunsetBeforeDeprecation = &annotate.Rule{
	ID:       "deprecated/sunset-before-deprecation",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Sunset is before Deprecation",
	Refs:     []string{"RFC 9745 §4"},
	Doc: "Deprecation says from when on clients should no longer use a resource, and Sunset when it is gone. Sunset can't be earlier. " +
		"One of the two dates is wrong, so clients plan wrongly.",
	Help: "send a Sunset that isn't earlier than Deprecation",
	Bad: []string{
		"# also deprecated/deprecation-announced\n" + answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Deprecation: @1783728000", "Sunset: Wed, 01 Jul 2026 00:00:00 GMT", `Link: </docs/v2>; rel="deprecation"`),
	},
	Good: []string{answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Deprecation: @1767225600", "Sunset: Wed, 01 Jul 2026 00:00:00 GMT", `Link: </docs/v2>; rel="deprecation"`)},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldSunset}},
	Check: func(p *annotate.Pass) {
		from, ok := deprecationOf(&p.X.Response.Fields)
		if end, known := sunsetOf(p.X); ok && known && end.Before(from) {
			p.Note(p.ResponseField(exchange.FieldSunset), "Sunset is %s, before Deprecation, which is %s", httpDate(end), httpDate(from))
		}
	},
}

var deprecatedSunsetInvalid = &annotate.Rule{
	ID:       "deprecated/sunset-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Sunset is not a date",
	Refs:     []string{"RFC 8594 §3"},
	Doc: "Sunset is one HTTP date. Clients can't read anything else, so they don't warn anyone before the resource is gone. " +
		"The form of Deprecation, seconds with an @ in front, is only for that header.",
	Help: "send for example: Sunset: Wed, 01 Jul 2026 00:00:00 GMT",
	Bad: []string{
		answered("Sunset: 2026-07-01T00:00:00Z", `Link: </docs/v2>; rel="sunset"`),
		answered("Sunset: @1782864000", `Link: </docs/v2>; rel="sunset"`),
		answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Sunset: Wed, 01 Jul 2026 00:00:00 GMT", "Sunset: Thu, 02 Jul 2026 00:00:00 GMT", `Link: </docs/v2>; rel="sunset"`),
	},
	Good: []string{answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Sunset: Wed, 01 Jul 2026 00:00:00 GMT", `Link: </docs/v2>; rel="sunset"`)},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldSunset}},
	Check: func(p *annotate.Pass) {
		first := true
		for i, l := range p.X.Response.Fields.Each(exchange.FieldSunset) {
			if !first {
				p.Note(p.ResponseLine(i), "there is a second Sunset, %s; only one is allowed", quoted(l.Value))
				return
			}
			first = false
			if _, err := field.ParseDate(l.Value, receivedAt(p.X)); err != nil {
				p.Note(p.ResponseLine(i), "Sunset is %s, which isn't an HTTP date%s", quoted(l.Value), meantDate(strings.TrimPrefix(l.Value, "@")))
				return
			}
		}
	},
}

var deprecatedSunsetPassed = &annotate.Rule{
	ID:       "deprecated/sunset-passed",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the date of Sunset has passed",
	Refs:     []string{"RFC 8594 §3"},
	Doc: "The date in Sunset has passed, but the resource still answers. It can disappear at any time without warning. " +
		"Or the date was moved and the header wasn't updated. Clients that read Sunset have stopped using the resource.",
	Help: "send the new date, or answer 410",
	Bad:  []string{answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Sunset: Tue, 01 Jul 2025 00:00:00 GMT", `Link: </docs/v2>; rel="sunset"`)},
	Good: []string{
		answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Sunset: Thu, 01 Jan 2026 12:00:00 GMT", `Link: </docs/v2>; rel="sunset"`),
		answered("Date: Fri, 02 Jan 2026 03:04:05 GMT", "Age: 0", "Sunset: Tue, 01 Jul 2025 00:00:00 GMT", `Link: </docs/v2>; rel="sunset"`),
		responded("HTTP/1.1 410 Gone", "Date: Fri, 02 Jan 2026 03:04:05 GMT", "Sunset: Tue, 01 Jul 2025 00:00:00 GMT", `Link: </docs/v2>; rel="sunset"`, "Content-Length: 0"),
	},
	When:  annotate.When{Class: []int{2, 3}, Fields: []exchange.Name{exchange.FieldSunset}},
	Needs: annotate.NeedsClock,
	Check: func(p *annotate.Pass) {
		end, ok := sunsetOf(p.X)
		now, _ := sentAt(p.X)
		if !ok || now.IsZero() || p.X.Response.Fields.Has(exchange.FieldAge) {
			return
		}
		const day = 24 * time.Hour
		if over := now.Sub(end); over > day {
			p.Note(p.ResponseField(exchange.FieldSunset), "Sunset was %s, %s ago, and the resource still answers", httpDate(end), inWords(int64(over/time.Second)))
		}
	},
}
