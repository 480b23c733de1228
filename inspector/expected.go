package inspector

import (
	"strings"

	"sidenote/annotate/filter"
	"sidenote/exchange"
)

// A wanted is what a status calls for: one of these fields.
type wanted []exchange.Name

// wantedBy returns what the fields of a status stand for. One validator is
// enough (RFC 9110 §8.8), so ETag and Last-Modified are one.
func wantedBy(names []exchange.Name) (list []wanted) {
	var validators wanted
	at := 0
	for _, n := range names {
		if n != exchange.FieldETag && n != exchange.FieldLastModified {
			list = append(list, wanted{n})
			continue
		}
		if validators == nil {
			at = len(list)
			list = append(list, nil)
		}
		validators = append(validators, n)
	}
	if validators != nil {
		list[at] = validators
	}
	return list
}

// words names the fields.
func (w wanted) words() string {
	names := make([]string, len(w))
	for i, n := range w {
		names[i] = n.String()
	}
	return strings.Join(names, " or ")
}

// isIn reports whether a message has one of the fields.
func (w wanted) isIn(m *exchange.Message) bool {
	for _, n := range w {
		if m.Fields.Has(n) || m.Trailers.Has(n) {
			return true
		}
	}
	return false
}

// lacking is the filter of responses that have none of the fields.
func (w wanted) lacking() string {
	terms := make([]string, len(w))
	for i, n := range w {
		terms[i] = "-response-field:" + filter.Quote(strings.ToLower(n.String()))
	}
	return strings.Join(terms, " ")
}
