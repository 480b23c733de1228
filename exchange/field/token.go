// Package field parses the values of fields (RFC 9110 §5.5): lists, parameters,
// dates, and the values that single fields define. A parser says what is wrong
// and at which octet; none keeps state, and none allocates for a value that is
// well formed unless it says so.
package field

import "fmt"

// An Error says what is wrong with a field value, and where.
type Error struct {
	At   int    // the octet at which the value goes wrong; its length when something is missing at the end
	What string // as a clause: "want a digit"
}

// Error returns what is wrong and at which byte, counted from 1 as people count.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.What, e.At+1) }

// tokenBytes tells of every octet whether a token may hold it (RFC 9110 §5.6.2).
var tokenBytes = makeTokenBytes()

func makeTokenBytes() (set [256]bool) {
	const chars = "!#$%&'*+-.^_`|~0123456789" +
		"abcdefghijklmnopqrstuvwxyz" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for i := range len(chars) {
		set[chars[i]] = true
	}
	return set
}

// IsTokenByte reports whether c may be in a token (RFC 9110 §5.6.2).
func IsTokenByte(c byte) bool { return tokenBytes[c] }

// IsToken reports whether s is a token (RFC 9110 §5.6.2).
func IsToken(s string) bool { return s != "" && TokenLen(s) == len(s) }

// TokenLen is how many octets at the start of s may be in a token.
func TokenLen(s string) int {
	for i := range len(s) {
		if !IsTokenByte(s[i]) {
			return i
		}
	}
	return len(s)
}

// IsDigit reports whether c is a decimal digit.
func IsDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsDigits reports whether s is one or more decimal digits.
func IsDigits(s string) bool {
	for i := range len(s) {
		if !IsDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// MaxNumber is what Number returns for anything that does not fit: more than any
// count of seconds or octets that can be meant.
const MaxNumber = 1<<62 - 1

// Number reads 1*DIGIT. A number too large to hold is MaxNumber, as RFC 9111
// §1.2.2 advises for delta-seconds. ok is false for anything but digits.
func Number(s string) (n int64, ok bool) {
	if !IsDigits(s) {
		return 0, false
	}
	for i := range len(s) {
		if n > MaxNumber/10-1 {
			return MaxNumber, true
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// IsOWS reports whether c is optional white space (RFC 9110 §5.6.3).
func IsOWS(c byte) bool { return c == ' ' || c == '\t' }

// TrimOWS removes optional white space (RFC 9110 §5.6.3) at both ends.
func TrimOWS(s string) string {
	for s != "" && IsOWS(s[0]) {
		s = s[1:]
	}
	for s != "" && IsOWS(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// EqualFold compares without the case of ASCII letters, as names of fields,
// schemes, codings and parameters are compared.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true // the usual case
	}
	for i := range len(a) {
		if Lower(a[i]) != Lower(b[i]) {
			return false
		}
	}
	return true
}

// HasPrefixFold reports whether s begins with prefix, without the case of ASCII letters.
func HasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && EqualFold(s[:len(prefix)], prefix)
}

// IndexFold is the index of the first part of s that equals sub without the
// case of ASCII letters, -1 if there is none.
func IndexFold[S ~string | ~[]byte](s S, sub string) int {
	if sub == "" {
		return 0
	}
	first := sub[0] | 0x20
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|0x20 != first {
			continue
		}
		n := 0
		for n < len(sub) && Lower(s[i+n]) == Lower(sub[n]) {
			n++
		}
		if n == len(sub) {
			return i
		}
	}
	return -1
}

// Lower is an octet with an upper-case ASCII letter in lower case.
func Lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}
