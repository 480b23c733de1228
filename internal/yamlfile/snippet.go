package yamlfile

import (
	"strings"
	"unicode/utf8"
)

// A Snippet is a mistake in a short text outside a file, such as the value of a
// flag.
type Snippet struct {
	Message string
	Source  string
	Offset  int // octet of Source that the caret points at
}

// Error returns the message, and the text with a caret.
func (s *Snippet) Error() string {
	before := s.Source[:min(max(s.Offset, 0), len(s.Source))]
	return s.Message + "\n     | " + visible(strings.ReplaceAll(s.Source, "\n", " ")) + "\n       " + strings.Repeat(" ", utf8.RuneCountInString(before)) + "^"
}
