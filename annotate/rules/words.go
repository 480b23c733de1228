package rules

import (
	"strconv"
	"strings"

	"sidenote/internal/wording"
)

// What rules of every topic say in the same words.

// quoted puts a value from the wire in a message: in quotes, escaped, and cut
// where it is long.
func quoted(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}

// bare puts a value from the wire in a message as it is, for values that have
// quotes of their own: control characters escaped, and cut where it is long.
func bare(s string) string {
	const most = 80
	more := ""
	if len(s) > most {
		s, more = s[:most], "..."
	}
	escaped := strconv.Quote(s)
	return strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`) + more
}

// octets counts bytes, in words.
func octets(n int) string { return wording.Count(n, "byte") }

// octetAt names a byte that stands where it should not.
func octetAt(c byte) string {
	switch {
	case c == ' ':
		return "a space"
	case c == '\t':
		return "a tab"
	case c == '"':
		return "a double quote"
	case c == ',':
		return "a comma"
	case c == '\\':
		return "a backslash"
	case c >= 0x80:
		return "a byte outside ASCII"
	case c < ' ' || c == 0x7f:
		return "a control character"
	}
	return strconv.Quote(string(rune(c)))
}

// inWords returns a number of seconds in the largest unit that suits.
func inWords(seconds int64) string { return wording.Span(seconds) }
