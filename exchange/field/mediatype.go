package field

import (
	"iter"
	"strings"
)

// A MediaType is a media type or media range (RFC 9110 §8.3.1, §12.5.1), or as
// much of one as could be read.
type MediaType struct {
	Type    string // as received; compare with EqualFold
	Subtype string
	Text    string // the whole value
	Err     *Error // what the grammar does not allow
}

// ParseMediaType reads a media type, the value of Content-Type.
func ParseMediaType(s string) MediaType {
	if n := TokenLen(s); n > 0 && n < len(s) && s[n] == '/' && IsToken(s[n+1:]) {
		return MediaType{Type: s[:n], Subtype: s[n+1:], Text: s} // the usual case, without parameters
	}
	m := MediaType{Text: s}
	head := Head(s)
	n := TokenLen(head.Text)
	m.Type = head.Text[:n]
	switch {
	case n == 0:
		m.Err = &Error{At: head.At, What: "want a type"}
		return m
	case n == len(head.Text) || head.Text[n] != '/':
		m.Err = &Error{At: head.At + n, What: `want "/" after the type`}
		return m
	}
	rest := head.Text[n+1:]
	k := TokenLen(rest)
	m.Subtype = rest[:k]
	switch {
	case k == 0:
		m.Err = &Error{At: head.At + n + 1, What: "want a subtype"}
	case k < len(rest):
		m.Err = &Error{At: head.At + n + 1 + k, What: `want ";" or the end after the subtype`}
	default:
		m.Err = paramsError(s)
	}
	return m
}

// paramsError finds the first parameter that is not name=value.
func paramsError(element string) *Error {
	for p := range Params(element) {
		switch {
		case !IsToken(p.Name):
			return &Error{At: p.At, What: "want a parameter name"}
		case !p.HasValue:
			return &Error{At: p.ValueAt, What: `want "=" after the parameter name`}
		case !IsToken(p.Value) && !IsQuoted(p.Value):
			return &Error{At: p.ValueAt, What: "want a token or a quoted string as the parameter's value"}
		}
	}
	return nil
}

// IsQuoted reports whether s is one quoted string (RFC 9110 §5.6.4) and nothing else.
func IsQuoted(s string) bool {
	if len(s) < 2 || s[0] != '"' || QuotedLen(s) != len(s) {
		return false
	}
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' {
			i++
		}
		if IsControl(s[i]) {
			return false
		}
		if i == len(s)-1 {
			return false // the last quote was escaped
		}
	}
	return s[len(s)-1] == '"'
}

// Is reports whether m is that type, compared without case.
func (m MediaType) Is(typ, subtype string) bool {
	return EqualFold(m.Type, typ) && EqualFold(m.Subtype, subtype)
}

// Suffix is the structured syntax suffix (RFC 6838 §4.2.8) without the plus
// sign, "json" in "application/problem+json"; "" where there is none.
func (m MediaType) Suffix() string {
	if i := strings.LastIndexByte(m.Subtype, '+'); i >= 0 {
		return m.Subtype[i+1:]
	}
	return ""
}

// IsJSON reports whether m is application/json or has the suffix +json.
func (m MediaType) IsJSON() bool {
	return m.Is("application", "json") || EqualFold(m.Suffix(), "json")
}

// IsHTML reports whether m is what browsers show as a page: text/html or
// application/xhtml+xml.
func (m MediaType) IsHTML() bool {
	return m.Is("text", "html") || m.Is("application", "xhtml+xml")
}

// Name is type and subtype as received, without parameters.
func (m MediaType) Name() string { return Head(m.Text).Text }

// Params returns the parameters, values as received; offsets count in Text.
func (m MediaType) Params() iter.Seq[Param] { return Params(m.Text) }

// Param is the value of a parameter, its name compared without case, unquoted.
func (m MediaType) Param(name string) (value string, ok bool) {
	for p := range Params(m.Text) {
		if EqualFold(p.Name, name) {
			return Unquote(p.Value), true
		}
	}
	return "", false
}
