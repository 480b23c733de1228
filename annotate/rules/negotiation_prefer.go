package rules

import (
	"iter"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// negotiationPreferRules lists the rules on Prefer (RFC 7240).
func negotiationPreferRules() []*annotate.Rule {
	return []*annotate.Rule{
		negotiationPreferContradiction,
		negotiationPreferDuplicate,
		negotiationPreferValueUndefined,
		negotiationPreferNonsensicalMethod,
		negotiationPreferenceAppliedMissingVary,
		negotiationPreferenceAppliedNotRequested,
	}
}

// A preference is a member of Prefer or Preference-Applied.
type preference struct {
	field.Part        // without its parameters
	name       string // compared without case
	value      string // without quotes; an empty one equals none
	line       int
}

// preferences returns the preferences of all lines of a field.
func preferences(f *exchange.Fields, n exchange.Name) iter.Seq[preference] {
	return func(yield func(preference) bool) {
		for i, l := range f.Each(n) {
			for e := range field.List(l.Value) {
				for d := range field.Directives(field.Head(e.Text).Text) {
					part := field.Part{Text: d.Text, At: e.At + d.At}
					if !yield(preference{Part: part, name: d.Name, value: field.Unquote(d.Argument), line: i}) {
						return
					}
					break
				}
			}
		}
	}
}

// samePreference finds the first preference of a name in Prefer.
func samePreference(f *exchange.Fields, name string) (first preference, ok bool) {
	for q := range preferences(f, exchange.FieldPrefer) {
		if field.EqualFold(q.name, name) {
			return q, true
		}
	}
	return first, false
}

// whenPrefer is the index of the rules on Prefer.
var whenPrefer = annotate.When{RequestFields: []exchange.Name{exchange.FieldPrefer}}

// excludes reports whether two preferences of one name exclude each other: the
// values of return and of handling do.
func excludes(a, b preference) bool {
	return (field.EqualFold(a.name, "return") || field.EqualFold(a.name, "handling")) && !field.EqualFold(a.value, b.value)
}

var negotiationPreferContradiction = &annotate.Rule{
	ID:       "negotiation/prefer-contradiction",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "two preferences contradict each other",
	Refs:     []string{"RFC 7240 §4.2", "RFC 7240 §4.4"},
	Doc: "The client prefers both a short response and a complete one, or both strict and lenient handling. A server may obey either, or none. " +
		"Usually a library adds one preference and the application another.",
	Help: "send one of the two",
	Bad: []string{
		asPost("Prefer: return=minimal, wait=5", "Prefer: return=representation"),
		asPost("Prefer: handling=strict, handling=lenient"),
	},
	Good: []string{asPost("Prefer: return=minimal, handling=strict")},
	When: whenPrefer,
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		for q := range preferences(f, exchange.FieldPrefer) {
			if first, _ := samePreference(f, q.name); excludes(first, q) {
				p.Note(annotate.Span(p.RequestLine(q.line), q.At, q.End()), "Prefer has both %s and %s", bare(first.Text), bare(q.Text))
				return
			}
		}
	},
}

var negotiationPreferDuplicate = &annotate.Rule{
	ID:       "negotiation/prefer-duplicate",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the same preference twice",
	Refs:     []string{"RFC 7240 §2"},
	Doc: "If a preference occurs twice, only the first one counts. " +
		"Usually a library adds one and the application another, and the server ignores the one that was intended.",
	Help: "send each preference once",
	Bad:  []string{asPost("Prefer: wait=5", "Prefer: respond-async, Wait=10")},
	Good: []string{asPost("Prefer: respond-async, wait=10")},
	When: whenPrefer,
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		for q := range preferences(f, exchange.FieldPrefer) {
			first, _ := samePreference(f, q.name)
			if (first.At != q.At || first.line != q.line) && !excludes(first, q) {
				p.Note(annotate.Span(p.RequestLine(q.line), q.At, q.End()), "Prefer has %s after %s, but only the first one counts", bare(q.Text), bare(first.Text))
				return
			}
		}
	},
}

var negotiationPreferValueUndefined = &annotate.Rule{
	ID:       "negotiation/prefer-value-undefined",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a preference has an undefined value",
	Refs:     []string{"RFC 7240 §4"},
	Doc: "return is minimal or representation, handling is strict or lenient, wait is a number of seconds, and respond-async has no value. " +
		"Servers ignore a preference with another value. Preferences that aren't registered can have any value.",
	Help: "send return=minimal, return=representation, handling=strict, handling=lenient, wait=10 or respond-async",
	Bad:  []string{asPost("Prefer: return=full"), asPost("Prefer: handling=fast"), asPost("Prefer: respond-async, wait=5s"), asPost("Prefer: respond-async=true")},
	Good: []string{asPost(`Prefer: return="minimal", respond-async, wait=10, x=y`), asPost("Prefer: odata.maxpagesize=10, depth-noroot")},
	When: whenPrefer,
	Check: func(p *annotate.Pass) {
		for q := range preferences(&p.X.Request.Fields, exchange.FieldPrefer) {
			if want := preferenceWants(q); want != "" {
				p.NoteHelp(annotate.Span(p.RequestLine(q.line), q.At, q.End()), "send "+want, "Prefer has %s; servers know only %s", bare(q.Text), want)
			}
		}
	},
}

// preferenceWants says with which values a preference is defined (RFC 7240 §4);
// "" for one that has such a value or is not known.
func preferenceWants(q preference) string {
	switch {
	case field.EqualFold(q.name, "return") && q.value != "minimal" && q.value != "representation":
		return "return=minimal and return=representation"
	case field.EqualFold(q.name, "handling") && q.value != "strict" && q.value != "lenient":
		return "handling=strict and handling=lenient"
	case field.EqualFold(q.name, "wait") && !field.IsDigits(q.value):
		return "wait with a number of seconds, such as wait=10"
	case field.EqualFold(q.name, "respond-async") && q.value != "":
		return "respond-async without a value"
	}
	return ""
}

var negotiationPreferNonsensicalMethod = &annotate.Rule{
	ID:       "negotiation/prefer-nonsensical-method",
	Severity: annotate.Info,
	Blame:    annotate.ByClient,
	Title:    "a preference for the result of a write, on a read",
	Refs:     []string{"RFC 7240 §4.2"},
	Doc: "return=minimal and return=representation say whether the response to a change should contain the result. " +
		"A read changes nothing, so servers ignore it, or worse, leave content out.",
	Help: "remove return from GET and HEAD",
	Bad:  []string{asked("Prefer: return=minimal")},
	Good: []string{asked("Prefer: respond-async"), asPost("Prefer: return=minimal")},
	When: annotate.When{Methods: []string{"GET", "HEAD"}, RequestFields: []exchange.Name{exchange.FieldPrefer}},
	Check: func(p *annotate.Pass) {
		q, ok := samePreference(&p.X.Request.Fields, "return")
		if ok && (field.EqualFold(q.value, "minimal") || field.EqualFold(q.value, "representation")) {
			p.Note(annotate.Span(p.RequestLine(q.line), q.At, q.End()), "Prefer: %s is on %s, which changes nothing", bare(q.Text), p.X.Request.Method)
		}
	},
}

var negotiationPreferenceAppliedMissingVary = &annotate.Rule{
	ID:       "negotiation/preference-applied-missing-vary",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the content depends on Prefer, but Vary doesn't say so",
	Refs:     []string{"RFC 7240 §2"},
	Doc: "Preference-Applied says that the server chose the content by a preference. " +
		"Unless Vary names Prefer, caches don't know that and send it to clients with other preferences.",
	Help: "send: Vary: Prefer",
	Bad:  []string{askedAndAnswered([]string{"Prefer: view=short"}, "Preference-Applied: view=short")},
	Good: []string{
		askedAndAnswered([]string{"Prefer: view=short"}, "Preference-Applied: view=short", "Vary: Accept, prefer"),
		askedAndAnswered([]string{"Prefer: view=short"}, "Preference-Applied: view=short", "Cache-Control: no-store"),
		askedAndAnswered([]string{"Prefer: wait=5"}, "Preference-Applied: wait=5"),
	},
	When: annotate.When{Methods: []string{"GET", "HEAD"}, Fields: []exchange.Name{exchange.FieldPreferenceApplied}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if varyHas(f, "Prefer") {
			return
		}
		if c := p.CacheControl(); c.NoStore {
			return
		}
		for q := range preferences(f, exchange.FieldPreferenceApplied) {
			if field.EqualFold(q.name, "respond-async") || field.EqualFold(q.name, "wait") || field.EqualFold(q.name, "handling") {
				continue
			}
			p.Note(annotate.Span(p.ResponseLine(q.line), q.At, q.End()), "the server applied the preference %s, but Vary doesn't name Prefer", bare(q.Text))
			return
		}
	},
}

var negotiationPreferenceAppliedNotRequested = &annotate.Rule{
	ID:       "negotiation/preference-applied-not-requested",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server applied a preference that the request doesn't have",
	Refs:     []string{"RFC 7240 §3"},
	Doc: "Preference-Applied names the preferences of the request that the server obeyed. " +
		"This one isn't in the request, or has another value there, so the client can't tell what it got.",
	Help: "name only preferences of the request, with their values",
	Bad: []string{
		askedAndAnswered(nil, "Preference-Applied: view=long", "Vary: Prefer"),
		askedAndAnswered([]string{"Prefer: view=short"}, "Preference-Applied: view=long", "Vary: Prefer"),
	},
	Good: []string{
		askedAndAnswered([]string{"Prefer: a, View=\"short\""}, "Preference-Applied: view=short, a=\"\"", "Vary: Prefer"),
		askedAndAnswered(nil, "Preference-Applied: view=short", "Vary: Prefer", "Cache-Control: max-age=60", "Age: 5"),
	},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldPreferenceApplied}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if age, ok := ageOf(f); ok && age > 0 {
			return
		}
		for q := range preferences(f, exchange.FieldPreferenceApplied) {
			at := annotate.Span(p.ResponseLine(q.line), q.At, q.End())
			asked, ok := samePreference(&p.X.Request.Fields, q.name)
			switch {
			case !ok:
				p.Note(at, "Preference-Applied has %s, which isn't in the request", bare(q.Text))
			case asked.value != q.value:
				p.Note(at, "Preference-Applied has %s, but the request prefers %s", bare(q.Text), bare(asked.Text))
			}
		}
	},
}
