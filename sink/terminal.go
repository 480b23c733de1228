package sink

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// A Terminal is where text for people goes, and what may be written there.
type Terminal struct {
	TTY   bool       // a person watches: align, elide, group
	Color bool       // escape sequences for colour may be written
	Width func() int // columns; nil or 0 for as many as it takes
}

// DetectTerminal looks at a file, at the environment and at the value of
// --color: "auto", "always" or "never". The flag wins over FORCE_COLOR, that
// over NO_COLOR, that over TERM=dumb, and that over what the file is.
func DetectTerminal(f *os.File, color string, env func(string) string) Terminal {
	fd := int(f.Fd())
	t := Terminal{TTY: term.IsTerminal(fd)}
	t.Color = WantsColor(color, t.TTY, env)
	if t.TTY {
		t.Width = func() int {
			columns, _, err := term.GetSize(fd)
			if err != nil {
				return 0
			}
			return columns
		}
	}
	return t
}

// WantsColor decides as DetectTerminal says.
func WantsColor(flag string, tty bool, env func(string) string) bool {
	switch flag {
	case "always":
		return true
	case "never":
		return false
	}
	if force := env("FORCE_COLOR"); force != "" {
		return force != "0" && force != "false"
	}
	return env("NO_COLOR") == "" && env("TERM") != "dumb" && tty
}

// Printable makes text from the wire safe to print on one line: everything
// that is no printable character (controls, marks that change the direction of
// text, invisible ones, octets that are no UTF-8) becomes an escape such as
// \x1b or \u202e. With ascii, every other character beyond ASCII does too, but
// for a few signs that have a plain form.
func Printable(s string, ascii bool) string {
	if isPlain(s) {
		return s
	}
	return string(appendPrintable(nil, s, ascii))
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func appendPrintable(b []byte, s string, ascii bool) []byte {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		b = appendPrintableRune(b, r, size, s, ascii)
		s = s[size:]
	}
	return b
}

func appendPrintableRune(b []byte, r rune, size int, s string, ascii bool) []byte {
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

// asciiForm gives a plain form of the signs that rules and this package use
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

// columns is how many columns of a terminal a printable text takes.
func columns(s string) int {
	if isPlain(s) {
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

// elide cuts a printable text in its middle, so that it takes at most most columns.
func elide(s string, most int) string {
	if most < 8 {
		most = 8
	}
	if columns(s) <= most {
		return s
	}
	head := (most - 1) * 2 / 3
	front := cutColumns(s, head)
	return front + "…" + endColumns(s, most-1-columns(front))
}

// endColumns is the longest end of s that takes at most most columns.
func endColumns(s string, most int) string {
	used := columns(s)
	for used > most && s != "" {
		r, size := utf8.DecodeRuneInString(s)
		used -= runeColumns(r)
		s = s[size:]
	}
	return s
}

// cutColumns is the longest beginning of s that takes at most most columns.
func cutColumns(s string, most int) string {
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > most {
			return s[:i]
		}
	}
	return s
}

func pad(b []byte, s string, to int) []byte {
	b = append(b, s...)
	for n := columns(s); n < to; n++ {
		b = append(b, ' ')
	}
	return b
}

func padLeft(b []byte, s string, to int) []byte {
	if n := to - columns(s); n > 0 {
		b = append(b, strings.Repeat(" ", n)...)
	}
	return append(b, s...)
}
