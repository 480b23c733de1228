package rules

import (
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// conditionalRules lists the rules on conditional requests (RFC 9110 §13).
func conditionalRules() []*annotate.Rule {
	return slices.Concat(
		conditional304Rules(),
		conditional412Rules(),
		conditionalRequestRules(),
		conditionalResponseRules(),
	)
}

// preconditions are what a request makes its own success depend on.
type preconditions struct {
	ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince bool

	// other is a precondition that RFC 9110 does not define, or anything that
	// looks like one: WebDAV's If and Overwrite, calendars' If-Schedule-Tag-Match,
	// If-Range, vendor fields with -if- in their name, parameters such as
	// ifGenerationMatch, and a LOCK.
	other bool
}

// any reports whether a request has a precondition of any kind.
func (c preconditions) any() bool {
	return c.ifMatch || c.ifNoneMatch || c.ifModifiedSince || c.ifUnmodifiedSince || c.other
}

func preconditionsOf(x *exchange.Exchange) preconditions {
	c := preconditions{other: x.Request.Method == "LOCK"}
	for _, l := range x.Request.Fields.All() {
		switch l.Known {
		case exchange.FieldIfMatch:
			c.ifMatch = true
		case exchange.FieldIfNoneMatch:
			c.ifNoneMatch = true
		case exchange.FieldIfModifiedSince:
			c.ifModifiedSince = true
		case exchange.FieldIfUnmodifiedSince:
			c.ifUnmodifiedSince = true
		case exchange.FieldOverwrite, exchange.FieldLockToken:
			c.other = true
		default:
			c.other = c.other || namesCondition(l.Name)
		}
	}
	for pair := range field.Pieces(x.Query(), '&') {
		name, _, _ := strings.Cut(pair.Text, "=")
		c.other = c.other || namesCondition(name)
	}
	return c
}

// namesCondition reports whether a field or parameter is named like a precondition.
func namesCondition(name string) bool {
	return field.HasPrefixFold(name, "if") || field.IndexFold(name, "-if-") >= 0 || field.IndexFold(name, "_if_") >= 0
}
