package filter

import "fmt"

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
