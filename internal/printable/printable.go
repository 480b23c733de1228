// Package printable makes text from the wire fit to be shown to people: without
// a character that acts on what shows it, and within a number of columns.
package printable

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Text makes text from the wire safe to print on one line: everything that is
// not a printable character (controls, marks that change the direction of text,
// invisible ones, octets that are not UTF-8) becomes an escape such as \x1b or
// \u202e. With ascii, every other character beyond ASCII does too, except for a
// few signs that have a plain form.
func Text(s string, ascii bool) string {
	if IsPlain(s) {
		return s
	}
	return string(Append(nil, s, ascii))
}

// IsPlain reports whether s is printable ASCII, so that Text would not change it.
func IsPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Append appends Text(s, ascii) to b.
func Append(b []byte, s string, ascii bool) []byte {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		b = appendRune(b, r, size, s, ascii)
		s = s[size:]
	}
	return b
}

func appendRune(b []byte, r rune, size int, s string, ascii bool) []byte {
	switch {
	case r == utf8.RuneError && size == 1, r < ' ', r == 0x7f:
		return fmt.Appendf(b, `\x%02x`, s[0])
	case r < 0x80:
		return append(b, byte(r))
	case !strconv.IsPrint(r):
		return appendUnicodeEscape(b, r)
	case !ascii:
		return append(b, s[:size]...)
	}
	if plain := asciiForm(r); plain != "" {
		return append(b, plain...)
	}
	return appendUnicodeEscape(b, r)
}

func appendUnicodeEscape(b []byte, r rune) []byte {
	if r > 0xffff {
		return fmt.Appendf(b, `\U%08x`, r)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// asciiForm returns a plain form of the signs that rules and this package use
// themselves; "" for any other.
func asciiForm(r rune) string {
	switch r {
	case '§':
		return "section "
	case '…':
		return "..."
	case '→':
		return "->"
	case '×':
		return "x"
	case '–', '—', '·':
		return "-"
	case '“', '”':
		return `"`
	case '‘', '’':
		return "'"
	}
	return ""
}

// Columns is how many columns of a terminal a printable text takes.
func Columns(s string) int {
	if IsPlain(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x1100:
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Elide cuts a printable text in its middle, so that it takes at most most columns.
func Elide(s string, most int) string {
	if most < 8 {
		most = 8
	}
	if Columns(s) <= most {
		return s
	}
	head := (most - 1) * 2 / 3
	front := Cut(s, head)
	return front + "…" + End(s, most-1-Columns(front))
}

// End is the longest end of s that takes at most most columns.
func End(s string, most int) string {
	used := Columns(s)
	for used > most && s != "" {
		r, size := utf8.DecodeRuneInString(s)
		used -= runeColumns(r)
		s = s[size:]
	}
	return s
}

// Cut is the longest beginning of s that takes at most most columns.
func Cut(s string, most int) string {
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > most {
			return s[:i]
		}
	}
	return s
}
