package field

import (
	"iter"
	"strings"
)

// A Challenge is one challenge of WWW-Authenticate or Proxy-Authenticate, or
// the credentials of Authorization (RFC 9110 §11.3, §11.4).
type Challenge struct {
	Scheme  string // as received; compare with EqualFold
	Token68 string // what follows the scheme instead of parameters; "" for none
	Text    string // all of it
	At      int    // where it begins in the value
	Err     *Error // what the grammar does not allow, its offset in the value

	paramsAt int // where parameters begin in Text; 0 for none
}

// End is the octet after the challenge's last.
func (c Challenge) End() int { return c.At + len(c.Text) }

// Params returns the parameters, values as received; offsets count in the field value.
func (c Challenge) Params() iter.Seq[Param] {
	return func(yield func(Param) bool) {
		if c.paramsAt == 0 {
			return
		}
		for at := c.paramsAt; at < len(c.Text); {
			p, end := authParam(c.Text, at)
			if p.Name != "" {
				p.At += c.At
				p.ValueAt += c.At
				if !yield(p) {
					return
				}
			}
			at = skipListGap(c.Text, max(end, at+1))
		}
	}
}

// Param is the value of a parameter, its name compared without case, unquoted.
func (c Challenge) Param(name string) (value string, ok bool) {
	for p := range c.Params() {
		if EqualFold(p.Name, name) {
			return Unquote(p.Value), true
		}
	}
	return "", false
}

// Challenges parses a list of challenges, in which commas separate both
// challenges and their parameters (RFC 9110 §11.6.1). A parameter that belongs
// to no challenge becomes a Challenge without a scheme.
func Challenges(s string) iter.Seq[Challenge] {
	return func(yield func(Challenge) bool) {
		for at := skipListGap(s, 0); at < len(s); {
			c := challengeAt(s, at)
			if !yield(c) {
				return
			}
			at = skipListGap(s, c.End())
		}
	}
}

// Credentials reads the value of Authorization or Proxy-Authorization: one
// scheme with what follows it (RFC 9110 §11.4).
func Credentials(s string) Challenge {
	at := skipListGap(s, 0)
	c := challengeAt(s, at)
	if rest := skipListGap(s, c.End()); c.Err == nil && rest < len(s) {
		c.Err = &Error{At: rest, What: "something follows the credentials"}
	}
	return c
}

// challengeAt reads the challenge that begins at octet at. It always takes at
// least one octet where there is one.
func challengeAt(s string, at int) Challenge {
	c := Challenge{At: at}
	end := at + TokenLen(s[at:])
	if end == at || startsParam(s, end) {
		c.Err = &Error{At: at, What: "want an authentication scheme"}
		end = c.readParams(s, at)
		c.paramsAt = 0
		c.Text = s[at:end]
		return c
	}
	c.Scheme = s[at:end]
	next := skipOWS(s, end)
	switch n := token68Len(s[next:]); {
	case next == end && end < len(s) && s[end] != ',':
		c.Err = &Error{At: end, What: "want a space after the authentication scheme"}
		end = skipToComma(s, end)
	case next == len(s) || s[next] == ',':
		if first := skipListGap(s, next); startsParam(s, first+TokenLen(s[first:])) {
			end = c.readParams(s, first)
		}
	case n > 0:
		c.Token68 = s[next : next+n]
		end = next + n
	default:
		end = c.readParams(s, next)
	}
	c.Text = TrimOWS(s[at:end])
	return c
}

// readParams reads parameters from octet at until another challenge begins,
// and returns the octet after the last one.
func (c *Challenge) readParams(s string, at int) (end int) {
	end = at
	for next := at; next < len(s); {
		p, after := authParam(s, next)
		if !p.HasValue && next > at && isChallengeStart(s, next) {
			return end
		}
		if c.paramsAt == 0 {
			c.paramsAt = next - c.At
		}
		c.checkParam(s, p, after)
		end = max(after, next+1)
		next = skipListGap(s, end)
	}
	return end
}

func (c *Challenge) checkParam(s string, p Param, after int) {
	if c.Err != nil {
		return
	}
	rest := skipOWS(s, after)
	switch {
	case p.Name == "" || !p.HasValue:
		c.Err = &Error{At: p.At, What: "want a parameter, name=value"}
	case !IsToken(p.Value) && !IsQuoted(p.Value):
		c.Err = &Error{At: p.ValueAt, What: "want a token or a quoted string as the parameter's value"}
	case rest < len(s) && s[rest] != ',':
		c.Err = &Error{At: rest, What: "want a comma between parameters"}
	}
}

// authParam reads name BWS "=" BWS value at octet at; a value that is neither a
// token nor a quoted string goes to the next comma or white space.
func authParam(s string, at int) (p Param, end int) {
	end = at + TokenLen(s[at:])
	p = Param{Name: s[at:end], At: at, ValueAt: end}
	if !startsParam(s, end) {
		if end == at {
			end = skipToComma(s, at)
		}
		return p, end
	}
	p.HasValue = true
	p.ValueAt = skipOWS(s, skipOWS(s, end)+1)
	end = p.ValueAt
	if end < len(s) && s[end] == '"' {
		end += QuotedLen(s[end:])
	} else {
		for end < len(s) && s[end] != ',' && !IsOWS(s[end]) {
			end++
		}
	}
	p.Value = s[p.ValueAt:end]
	return p, end
}

// startsParam reports whether an equals sign follows the name that ends at octet end.
func startsParam(s string, end int) bool {
	i := skipOWS(s, end)
	return i < len(s) && s[i] == '='
}

// isChallengeStart reports whether a scheme is at octet at: a token that ends
// the list, or is followed by a comma or by a space and more.
func isChallengeStart(s string, at int) bool {
	end := at + TokenLen(s[at:])
	return end > at && (end == len(s) || s[end] == ',' || IsOWS(s[end]))
}

// token68Len is the length of the token68 (RFC 9110 §11.2) that s begins with,
// 0 where what is there is something else.
func token68Len(s string) int {
	n := 0
	for n < len(s) && (isAlphaNumeric(s[n]) || strings.IndexByte("-._~+/", s[n]) >= 0) {
		n++
	}
	if n == 0 {
		return 0
	}
	for n < len(s) && s[n] == '=' {
		n++
	}
	if rest := skipOWS(s, n); rest < len(s) && s[rest] != ',' {
		return 0
	}
	return n
}

func isAlphaNumeric(c byte) bool {
	c = Lower(c)
	return IsDigit(c) || c >= 'a' && c <= 'z'
}

// skipToComma returns the next comma outside a quoted string, or the end.
func skipToComma(s string, at int) int { return at + pieceLen(s[at:], ',') }

// HasBefore reports whether a parameter of the same name is before q, among the
// first 64: no one sends more, and a hostile value must not cost much.
func (c Challenge) HasBefore(q Param) bool {
	looked := 0
	for p := range c.Params() {
		if looked++; p.At >= q.At || looked > 64 {
			return false
		}
		if EqualFold(p.Name, q.Name) {
			return true
		}
	}
	return false
}
