package annotate

import (
	"slices"
	"strings"

	"sidenote/exchange"
)

// maxIgnored bounds how many members of Sidenote-Ignore are checked, so that a
// request cannot make the work grow with each of its octets.
const maxIgnored = 100

// DropIgnored drops those notes from index begin on that the request's
// Sidenote-Ignore names: a list of rule IDs, "topic/*" or "*". A member that
// names no rule drops nothing, which shows in the notes that are still there.
//
// What an ignored rule suppresses goes first: otherwise the more general rule
// would say the same in its place.
func DropIgnored(x *exchange.Exchange, notes []Note, begin int) []Note {
	if !x.Request.Fields.Has(exchange.FieldSidenoteIgnore) {
		return notes
	}
	patterns := ignored(&x.Request.Fields)
	made := Suppress(notes[begin:])
	kept := notes[:begin]
	for _, n := range made {
		if !slices.ContainsFunc(patterns, func(p string) bool { return Matches(p, n.Rule.ID) }) {
			kept = append(kept, n)
		}
	}
	return kept
}

// ignored reads the members of Sidenote-Ignore, white space round them removed.
func ignored(f *exchange.Fields) (patterns []string) {
	for _, line := range f.Each(exchange.FieldSidenoteIgnore) {
		for member := range strings.SplitSeq(line.Value, ",") {
			if len(patterns) == maxIgnored {
				return patterns
			}
			if member = strings.Trim(member, " \t"); member != "" {
				patterns = append(patterns, member)
			}
		}
	}
	return patterns
}
