package rules

import (
	"bytes"
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// linkRules lists the rules on Link.
func linkRules() []*annotate.Rule {
	return slices.Concat([]*annotate.Rule{
		linkMissingRel,
		linkRelativeUnresolvable,
		linkDuplicateParameter,
		linkInvalidParameter,
		linkParameterQuoting,
		linkRevDeprecated,
		linkPaginationNextSelf,
		link451MissingBlockedBy,
		link451MissingExplanation,
	}, linkHintRules())
}

var linkOnly = []exchange.Name{exchange.FieldLink}

// A foundLink is a link of the final response or, with interim at least 0, of
// an interim one.
type foundLink struct {
	field.Link
	interim, line int
}

func (l *foundLink) place(p *annotate.Pass, start, end int) exchange.Place {
	if l.interim >= 0 {
		return annotate.Span(p.InterimLine(l.interim, l.line), start, end)
	}
	return annotate.Span(p.ResponseLine(l.line), start, end)
}

// whole is the place of the link with its parameters.
func (l *foundLink) whole(p *annotate.Pass) exchange.Place {
	return l.place(p, l.TextAt, l.TextAt+len(l.Text))
}

// target is the place of the target between its angle brackets.
func (l *foundLink) target(p *annotate.Pass) exchange.Place {
	return l.place(p, l.At, l.At+len(l.Target))
}

// param is the place of a parameter.
func (l *foundLink) param(p *annotate.Pass, q field.Param) exchange.Place {
	return l.place(p, q.At, q.ValueAt+len(q.Value))
}

// find returns the first parameter of a name.
func (l *foundLink) find(name string) (field.Param, bool) {
	for q := range l.Params() {
		if field.EqualFold(q.Name, name) {
			return q, true
		}
	}
	return field.Param{}, false
}

// eachLink calls f for the links of 103 responses and of the final one.
func eachLink(p *annotate.Pass, f func(l foundLink)) {
	for k := range p.X.Interim {
		if p.X.Interim[k].Status == 103 {
			linksOf(&p.X.Interim[k].Fields, k, f)
		}
	}
	linksOf(&p.X.Response.Fields, -1, f)
}

func linksOf(fields *exchange.Fields, interim int, f func(l foundLink)) {
	for i, line := range fields.Each(exchange.FieldLink) {
		for l := range field.Links(line.Value) {
			f(foundLink{Link: l, interim: interim, line: i})
		}
	}
}

// hasLinks reports whether there is a Link in the final response or before it.
func hasLinks(x *exchange.Exchange) bool {
	return x.Response.Fields.Has(exchange.FieldLink) || len(x.Interim) > 0
}

var linkMissingRel = &annotate.Rule{
	ID:       "link/missing-rel",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a link without rel",
	Refs:     []string{"RFC 8288 §3.3"},
	Doc:      "rel says how the target relates to this resource: next, preload, license. Clients ignore a link without it.",
	Help:     "add the relation: <...>; rel=\"next\"",
	Bad:      []string{answered("Link: </orders?page=2>"), answered(`Link: </a>; title="next"`)},
	Good:     []string{answered(`Link: </orders?page=2>; rel="next"`)},
	When:     annotate.When{Fields: linkOnly},
	Check: func(p *annotate.Pass) {
		eachLink(p, func(l foundLink) {
			if _, ok := l.find("rel"); !ok {
				if _, ok := l.find("rev"); !ok {
					p.Note(l.whole(p), "the link to %s has no rel", quoted(l.Target))
				}
			}
		})
	},
}

var linkRelativeUnresolvable = &annotate.Rule{
	ID:       "link/relative-unresolvable",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the target of a link is invalid",
	Refs:     []string{"RFC 8288 §3", "RFC 8288 §3.1"},
	Doc: "The target isn't a URI, even for a lenient parser, or contains bytes that must be escaped. " +
		"Clients drop the link, or ask for another URI than intended.",
	Help: "percent-encode the target, and check its host and port",
	Bad:  []string{answered(`Link: <http://shop.test:port/>; rel="next"`), answered(`Link: </my orders>; rel="next"`)},
	Good: []string{answered(`Link: </orders{?page}>; rel="search", <>; rel="self"`)},
	When: annotate.When{Fields: linkOnly},
	Check: func(p *annotate.Pass) {
		eachLink(p, func(l foundLink) {
			if start, end, odd := field.UnescapedRun(l.Target); odd {
				p.Note(l.place(p, l.At+start, l.At+end), "the target %s contains %s unescaped", quoted(l.Target), quoted(l.Target[start:end]))
			} else if _, err := field.ParseURI(l.Target); err != nil && !strings.Contains(l.Target, "{") {
				p.Note(l.target(p), "the target %s can't be resolved: %s", quoted(l.Target), err)
			}
		})
	},
}

var linkDuplicateParameter = &annotate.Rule{
	ID:       "link/duplicate-parameter",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a link has a parameter twice",
	Refs:     []string{"RFC 8288 §3.3", "RFC 8288 §3.4.1"},
	Doc: "rel, media, title, title* and type may occur once in a link. Clients ignore all but the first. " +
		"Put two relations into one rel, with a space between them.",
	Help: `write rel="next preload" instead of two rel parameters`,
	Bad:  []string{answered(`Link: </a>; rel="next"; rel="prefetch"`)},
	Good: []string{answered(`Link: </a>; rel="next prefetch"; hreflang=de; hreflang=en; title="a"; title*=UTF-8''b`)},
	When: annotate.When{Fields: linkOnly},
	Check: func(p *annotate.Pass) {
		eachLink(p, func(l foundLink) {
			for q := range l.Params() {
				if !isOnceInLink(q.Name) {
					continue
				}
				if first, _ := l.find(q.Name); first.At < q.At {
					p.Note(l.param(p, q), "the link to %s has %s twice; clients ignore the second one", quoted(l.Target), bare(q.Name))
				}
			}
		})
	},
}

func isOnceInLink(name string) bool {
	for _, n := range [...]string{"rel", "media", "title", "title*", "type"} {
		if field.EqualFold(n, name) {
			return true
		}
	}
	return false
}

var linkInvalidParameter = &annotate.Rule{
	ID:       "link/invalid-parameter",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a parameter of a link has an invalid value",
	Refs:     []string{"RFC 8288 §3.2", "RFC 8288 §3.4.1"},
	Doc: "anchor is a URI, type a media type, hreflang a language tag. " +
		"Clients ignore a link whose anchor they can't resolve, and parameters that they can't read.",
	Help: `write anchor="#a", type="text/html", hreflang=de-CH`,
	Bad:  []string{answered(`Link: </a>; rel="next"; anchor="/my page"`), answered(`Link: </a>; rel="next"; type="html"`), answered(`Link: </a>; rel="next"; hreflang=en_US`)},
	Good: []string{answered(`Link: </a>; rel="next"; anchor="#x"; type="text/html"; hreflang=de-CH; x="y z"`), answered(`Link: </a>; rel="next"; anchor=""`)},
	When: annotate.When{Fields: linkOnly},
	Check: func(p *annotate.Pass) {
		eachLink(p, func(l foundLink) {
			for q := range l.Params() {
				v := field.Unquote(q.Value)
				switch {
				case field.EqualFold(q.Name, "anchor"):
					if err := field.CheckURI(v); err != nil {
						p.Note(l.param(p, q), "anchor is %s, which isn't a URI: %s", quoted(v), err.What)
					}
				case field.EqualFold(q.Name, "type"):
					if m := field.ParseMediaType(v); m.Err != nil {
						p.Note(l.param(p, q), "type is %s, which isn't a media type: %s", quoted(v), m.Err.What)
					}
				case field.EqualFold(q.Name, "hreflang"):
					if !field.IsLanguageTag(v) {
						p.Note(l.param(p, q), "hreflang is %s, which isn't a language tag", quoted(v))
					}
				}
			}
		})
	},
}

var linkParameterQuoting = &annotate.Rule{
	ID:       "link/parameter-quoting",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a parameter of a link has quotes that old parsers don't expect",
	Refs:     []string{"RFC 8288 §3"},
	Doc:      "Older grammars require title in quotes and hreflang without. Both forms are legal today, but some parsers only know the old one.",
	Help:     `write title="next" and hreflang=de`,
	Bad:      []string{answered(`Link: </a>; rel="next"; title=next`), answered(`Link: </a>; rel="next"; hreflang="de"`)},
	Good:     []string{answered(`Link: </a>; rel=next; title="next"; hreflang=de`)},
	When:     annotate.When{Fields: linkOnly},
	Check: func(p *annotate.Pass) {
		reported := false
		eachLink(p, func(l foundLink) {
			for q := range l.Params() {
				inQuotes := strings.HasPrefix(q.Value, `"`)
				if reported || !q.HasValue || !(field.EqualFold(q.Name, "title") && !inQuotes || field.EqualFold(q.Name, "hreflang") && inQuotes) {
					continue
				}
				reported = true
				p.Note(l.param(p, q), "%s=%s is legal, but old parsers expect it %s quotes", bare(q.Name), bare(q.Value), map[bool]string{true: "without", false: "in"}[inQuotes])
			}
		})
	},
}

var linkRevDeprecated = &annotate.Rule{
	ID:       "link/rev-deprecated",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a link uses rev",
	Refs:     []string{"RFC 8288 §3.3"},
	Doc:      "rev is the relation in the opposite direction of rel. It is obsolete, because most people used it wrongly.",
	Help:     "use rel with the opposite relation: prev instead of rev=next",
	Bad:      []string{answered(`Link: </a>; rev="next"`)},
	Good:     []string{answered(`Link: </a>; rel="prev"`)},
	When:     annotate.When{Fields: linkOnly},
	Check: func(p *annotate.Pass) {
		eachLink(p, func(l foundLink) {
			if q, ok := l.find("rev"); ok {
				p.Note(l.param(p, q), "the link to %s uses rev, which is obsolete", quoted(l.Target))
			}
		})
	},
}

var linkPaginationNextSelf = &annotate.Rule{
	ID:       "link/pagination-next-self",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the next page is this page",
	Refs:     []string{"RFC 8288 §3.3"},
	Doc:      "A client that follows rel=next until there is none never stops. Usually the page number doesn't increase on the last page, or the query gets lost.",
	Help:     "remove rel=next from the last page",
	Bad:      []string{answered(`Link: </orders>; rel="next"`)},
	Good:     []string{answered(`Link: </orders?page=2>; rel="next"`), responded("HTTP/1.1 200 OK", "Content-Type: application/json", "Content-Length: 3", `Link: </orders>; rel="next"`) + "< []\n<\n"},
	When:     annotate.When{Class: []int{2}, Methods: []string{"GET"}, Fields: linkOnly},
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		linksOf(&p.X.Response.Fields, -1, func(l foundLink) {
			if _, anchored := l.find("anchor"); anchored || !l.HasRel("next") {
				return
			}
			ref, err := field.ParseURI(l.Target)
			if err != nil || !ref.Resolve(targetURI(p.X)).SameResource(targetURI(p.X)) || isEmptyList(p.X.Response.DecodedContent().Bytes) {
				return
			}
			p.Note(l.target(p), "rel=next leads to %s, which is this page", quoted(l.Target))
		})
	},
}

// isEmptyList reports whether content is a JSON list without members, or an
// object that has one.
func isEmptyList(b []byte) bool {
	b = bytes.TrimSpace(b)
	if bytes.Equal(b, []byte("[]")) {
		return true
	}
	for m := range field.JSONMembers(b) {
		if bytes.Equal(m.Value, []byte("[]")) {
			return true
		}
	}
	return false
}

var link451MissingExplanation = &annotate.Rule{
	ID:       "link/451-missing-explanation",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a 451 without an explanation",
	Refs:     []string{"RFC 7725 §3"},
	Doc:      "The body of a 451 should say which party demands the blocking, under which law, and who is affected, so that they can act. This one has no body.",
	Help:     "say in the body who demands it, under which law, and who is affected",
	Bad:      []string{exchangeOf("GET /film HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 451 Unavailable For Legal Reasons", []string{`Link: <https://court.example/>; rel="blocked-by"`, "Content-Length: 0"})},
	Good: []string{exchangeOf("GET /film HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 451 Unavailable For Legal Reasons",
		[]string{`Link: <https://court.example/>; rel="blocked-by"`, "Content-Type: text/plain", "Content-Length: 5"}) + "< court\n"},
	When:  annotate.When{Status: []int{451}},
	Needs: annotate.NeedsContent | annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		if p.X.MayHaveContent() && p.X.Response.Content.Size == 0 {
			p.Note(p.StatusLine(), "the 451 has no body, so it doesn't say who demands the blocking and why")
		}
	},
}

var link451MissingBlockedBy = &annotate.Rule{
	ID:       "link/451-missing-blocked-by",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a 451 that doesn't say who blocks",
	Refs:     []string{"RFC 7725 §4"},
	Doc:      "A 451 should name in Link who blocks the resource, so that readers know whether the server, a provider or a filter refuses.",
	Help:     `send Link: <https://who.example/>; rel="blocked-by"`,
	Bad:      []string{responded("HTTP/1.1 451 Unavailable For Legal Reasons", "Content-Type: text/plain", "Content-Length: 2") + "< no\n"},
	Good:     []string{responded("HTTP/1.1 451 Unavailable For Legal Reasons", `Link: <https://isp.test/>; rel="Blocked-By"`, "Content-Type: text/plain", "Content-Length: 2") + "< no\n"},
	When:     annotate.When{Status: []int{451}},
	Check: func(p *annotate.Pass) {
		found := false
		linksOf(&p.X.Response.Fields, -1, func(l foundLink) { found = found || l.HasRel("blocked-by") })
		if !found {
			p.Note(p.ResponseField(exchange.FieldLink), "the 451 has no Link with rel=blocked-by")
		}
	},
}
