package filter

import (
	"fmt"
	"strings"
)

// An Error says what is wrong with a filter, and where.
type Error struct {
	Start, End int    // octets of the filter that it is about
	Message    string // one clause
	Help       string // what to write instead; may be ""
}

func (e *Error) Error() string {
	s := fmt.Sprintf("filter, at %d: %s", e.Start+1, e.Message)
	if e.Help != "" {
		s += "; " + e.Help
	}
	return s
}

// Caret returns the filter and, in a second line, marks below the place.
func (e *Error) Caret(text string) string {
	width := max(1, len([]rune(text[e.Start:e.End])))
	return text + "\n" + strings.Repeat(" ", len([]rune(text[:e.Start]))) + strings.Repeat("^", width)
}
