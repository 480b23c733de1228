package field

import (
	"iter"
	"strings"
)

// A SetCookie is the value of one Set-Cookie line, cut apart as user agents do
// (RFC 6265bis §5.6).
type SetCookie struct {
	Name      Part // without white space around it; empty for a nameless cookie
	Value     Part // as it stands, quotes included
	HasEquals bool // there was an equals sign in the name-value-pair
	Text      string

	attributesAt int // where the first semicolon stands; the length where there is none
}

// MaxCookieAttribute is the length in octets above which user agents ignore
// the value of an attribute together with its name (RFC 6265bis §5.6).
const MaxCookieAttribute = 1024

// ParseSetCookie reads the value of one Set-Cookie line. Every text can be read.
func ParseSetCookie(s string) SetCookie {
	c := SetCookie{Text: s, attributesAt: len(s)}
	if i := strings.IndexByte(s, ';'); i >= 0 {
		c.attributesAt = i
	}
	equals := strings.IndexByte(s[:c.attributesAt], '=')
	c.HasEquals = equals >= 0
	if c.HasEquals {
		c.Name = trimmed(s, 0, equals)
	}
	c.Value = trimmed(s, equals+1, c.attributesAt)
	return c
}

// Attributes returns the attributes in their order, those without a name and
// value left out. Offsets count in Text. Unlike parameters elsewhere, a value
// in quotes has no meaning of its own: a semicolon always ends it.
func (c SetCookie) Attributes() iter.Seq[Param] {
	return func(yield func(Param) bool) {
		for at := c.attributesAt + 1; at <= len(c.Text); {
			end := len(c.Text)
			if i := strings.IndexByte(c.Text[at:], ';'); i >= 0 {
				end = at + i
			}
			if p := trimmed(c.Text, at, end); p.Text != "" && !yield(param(p)) {
				return
			}
			at = end + 1
		}
	}
}

// Has reports whether the cookie has an attribute, its name compared without case.
func (c SetCookie) Has(name string) bool {
	for a := range c.Attributes() {
		if EqualFold(a.Name, name) {
			return true
		}
	}
	return false
}

// Last is the attribute of that name that counts: the last one whose value is
// not too long (RFC 6265bis §5.7).
func (c SetCookie) Last(name string) (last Param, ok bool) {
	for a := range c.Attributes() {
		if EqualFold(a.Name, name) && len(a.Value) <= MaxCookieAttribute {
			last, ok = a, true
		}
	}
	return last, ok
}

// CookieMaxAge reads the value of Max-Age (RFC 6265bis §5.6.2) in seconds. A
// number too large to hold is MaxNumber. The error says why user agents ignore it.
func CookieMaxAge(s string) (seconds int64, err *Error) {
	digits := strings.TrimPrefix(s, "-")
	n, ok := Number(digits)
	if !ok {
		at := len(s) - len(digits)
		for at < len(s) && IsDigit(s[at]) {
			at++
		}
		return 0, &Error{At: at, What: "want digits only"}
	}
	if len(digits) < len(s) {
		n = -n
	}
	return n, nil
}

// IsCookieOctet reports whether c may be in a cookie value (RFC 6265bis
// §4.1.1).
func IsCookieOctet(c byte) bool {
	return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\'
}

// CookieValueProblem finds the first octet of a cookie value, one pair of
// quotes round it set aside, that a server must not send; -1 for none.
func CookieValueProblem(value string) int {
	start, end := 0, len(value)
	if end >= 2 && value[0] == '"' && value[end-1] == '"' {
		start, end = 1, end-1
	}
	for i := start; i < end; i++ {
		if !IsCookieOctet(value[i]) {
			return i
		}
	}
	return -1
}

// JoinedCookie finds the comma at which several cookies were joined in one
// Set-Cookie line: after an attribute that cannot hold a comma there, with
// name= behind it. Commas in the cookie's value, in Path and after the name of
// a weekday are none. ok is false where there is none.
func (c SetCookie) JoinedCookie() (next Part, ok bool) {
	for a := range c.Attributes() {
		at, text := a.ValueAt, a.Value
		switch {
		case !a.HasValue || strings.IndexByte(a.Name, ',') >= 0:
			// "Secure, b=2": the comma is in what looks like a name
			at, text = a.At, c.Text[a.At:max(a.ValueAt+len(a.Value), a.At)]
		case !endsAtComma(a.Name):
			continue
		}
		from := 0
		if EqualFold(a.Name, "expires") {
			from = dateCommaLen(text)
		}
		if i := strings.IndexByte(text[from:], ','); i >= 0 {
			i += from
			if n := cookieStart(text[i+1:]); n.Text != "" && (a.HasValue && at == a.ValueAt || joinableFlag(text[:i])) {
				return Part{Text: n.Text, At: at + i + 1 + n.At}, true
			}
		}
	}
	return Part{}, false
}

// endsAtComma reports whether a comma cannot be meant in the value of an attribute.
func endsAtComma(name string) bool {
	return EqualFold(name, "max-age") || EqualFold(name, "samesite") || EqualFold(name, "domain") || EqualFold(name, "expires")
}

func joinableFlag(s string) bool {
	s = TrimOWS(s)
	return EqualFold(s, "secure") || EqualFold(s, "httponly") || EqualFold(s, "partitioned")
}

// dateCommaLen is the length of a date up to where a comma can no longer
// belong to it: behind the name of the day.
func dateCommaLen(s string) int {
	n := 0
	for n < len(s) && Lower(s[n]) >= 'a' && Lower(s[n]) <= 'z' {
		n++
	}
	if n > 0 && n < len(s) && s[n] == ',' {
		return n + 1
	}
	return 0
}

// cookieStart is the name of the cookie that s begins with after optional
// blanks; empty where s begins with none.
func cookieStart(s string) Part {
	at := skipOWS(s, 0)
	n := TokenLen(s[at:])
	if n == 0 || at+n >= len(s) || s[at+n] != '=' {
		return Part{}
	}
	return Part{Text: s[at : at+n], At: at}
}
