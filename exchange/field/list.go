package field

import (
	"iter"
	"strings"
)

// A Part is a piece of a field value.
type Part struct {
	Text string // without white space around it
	At   int    // where it begins in the value
}

// End is the octet after the part's last.
func (p Part) End() int { return p.At + len(p.Text) }

// List returns the elements of a comma-separated list (RFC 9110 §5.6.1) in
// their order, without the empty ones that recipients must ignore. A comma
// inside a quoted string is not a separator.
func List(s string) iter.Seq[Part] {
	return func(yield func(Part) bool) { split(s, ',', yield) }
}

// Pieces returns what is between the separators, quoted strings kept whole and
// empty pieces left out, as List does for commas.
func Pieces(s string, separator byte) iter.Seq[Part] {
	return func(yield func(Part) bool) { split(s, separator, yield) }
}

func split(s string, separator byte, yield func(Part) bool) {
	for at := 0; at <= len(s); {
		end := at + pieceLen(s[at:], separator)
		if p := trimmed(s, at, end); p.Text != "" && !yield(p) {
			return
		}
		at = end + 1
	}
}

// pieceLen is the length up to the next separator outside a quoted string.
func pieceLen(s string, separator byte) int {
	end := strings.IndexByte(s, separator)
	if end < 0 {
		end = len(s)
	}
	if strings.IndexByte(s[:end], '"') < 0 {
		return end
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case separator:
			return i
		case '"':
			i += QuotedLen(s[i:]) - 1
		}
	}
	return len(s)
}

// QuotedLen is the length of the quoted string (RFC 9110 §5.6.4) that s begins
// with, quotes included. One that is never closed is as long as s; without a
// quote at its start it is 1 for an octet that stands for itself, 0 for "".
func QuotedLen(s string) int {
	if s == "" {
		return 0
	}
	if s[0] != '"' {
		return 1
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func trimmed(s string, start, end int) Part {
	for start < end && IsOWS(s[start]) {
		start++
	}
	for end > start && IsOWS(s[end-1]) {
		end--
	}
	return Part{Text: s[start:end], At: start}
}

// Unquote returns the content of a quoted string (RFC 9110 §5.6.4), and anything
// else as it is. It allocates only for a string with a backslash in it.
func Unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// ListHas reports whether a list has an element, compared without case.
func ListHas(list, element string) bool {
	for p := range List(list) {
		if EqualFold(p.Text, element) {
			return true
		}
	}
	return false
}

// A Param is one parameter (RFC 9110 §5.6.6) of a list element.
type Param struct {
	Name     string
	Value    string // as it stands, quotes included; see Unquote
	HasValue bool   // there was an equals sign
	At       int    // where the name begins
	ValueAt  int    // where the value begins; after the name when there is none
}

// Params returns the parameters after the first piece of an element, such as the
// "q=0.5" of "text/html;q=0.5". Offsets count in the element.
func Params(element string) iter.Seq[Param] {
	return func(yield func(Param) bool) {
		first := pieceLen(element, ';')
		if first == len(element) {
			return
		}
		params(element, first+1, yield)
	}
}

// Pairs returns all pieces of an element as parameters, the first one too, such
// as "wait=10" and "x=y" of "wait=10; x=y". Offsets count in the element.
func Pairs(element string) iter.Seq[Param] {
	return func(yield func(Param) bool) { params(element, 0, yield) }
}

func params(s string, from int, yield func(Param) bool) {
	for at := from; at <= len(s); {
		end := at + pieceLen(s[at:], ';')
		if p := trimmed(s, at, end); p.Text != "" && !yield(param(p)) {
			return
		}
		at = end + 1
	}
}

func param(p Part) Param {
	i := strings.IndexByte(p.Text, '=')
	if i < 0 {
		return Param{Name: p.Text, At: p.At, ValueAt: p.End()}
	}
	name := trimmed(p.Text, 0, i)
	value := trimmed(p.Text, i+1, len(p.Text))
	return Param{Name: name.Text, Value: value.Text, HasValue: true, At: p.At + name.At, ValueAt: p.At + value.At}
}

// Head is the first piece of an element, before its parameters: the
// "text/html" of "text/html;q=0.5".
func Head(element string) Part {
	return trimmed(element, 0, pieceLen(element, ';'))
}
