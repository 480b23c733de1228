package report

import (
	"cmp"
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/internal/wording"
)

// fixesOf finds what to fix first. One change at one host mostly fixes a rule
// on every route there, so groups of the same rule, host and blame are one
// thing. The worse comes before the milder, then what concerns more kinds of
// request, then what happened in more exchanges. Explanations and what a
// baseline accepts are nothing to fix.
func fixesOf(groups []*Group) []Fix {
	type key struct {
		rule  *annotate.Rule
		host  string
		blame annotate.Blame
	}
	at := make(map[key]int)
	var all []Fix
	for _, g := range groups { // in their order, so that the first of a fix is its worst
		if g.IsAccepted() || g.Severity < annotate.Warn {
			continue
		}
		k := key{g.Rule, g.Host, g.Blame}
		i, known := at[k]
		if !known {
			i = len(all)
			at[k] = i
			all = append(all, Fix{Rule: g.Rule, Severity: g.Severity, Blame: g.Blame, Host: g.Host, Where: g.Where(), Example: g.Examples[0]})
		}
		all[i].Routes++
		all[i].Exchanges += g.Exchanges
	}
	slices.SortStableFunc(all, func(a, b Fix) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Routes, a.Routes), cmp.Compare(b.Exchanges, a.Exchanges),
			strings.Compare(a.Rule.ID, b.Rule.ID), strings.Compare(a.Host, b.Host), strings.Compare(string(a.Blame), string(b.Blame)))
	})
	return all[:min(len(all), MostFixes)]
}

// Spread says how far a fix reaches: "12 exchanges on 4 routes".
func (f *Fix) Spread() string {
	s := wording.Count(f.Exchanges, "exchange")
	if f.Routes > 1 {
		s += " on " + wording.Count(f.Routes, "route")
	}
	return s
}
