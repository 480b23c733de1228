package field

import (
	"encoding/base64"
	"strings"
)

// The functions here hold a value to a grammar that has no parts: a number, a
// word, octets in some base.

// CheckNumber checks digits and nothing else.
func CheckNumber(s string) *Error {
	for i := range len(s) {
		if !IsDigit(s[i]) {
			return &Error{At: i, What: "want digits and nothing else"}
		}
	}
	if s == "" {
		return &Error{What: "want digits"}
	}
	return nil
}

// CheckNumbers checks a list of numbers.
func CheckNumbers(s string) *Error { return eachElement(s, CheckNumber) }

// CheckDecimal checks digits, with or without a point and more digits.
func CheckDecimal(s string) *Error {
	whole, fraction, point := strings.Cut(s, ".")
	if err := CheckNumber(whole); err != nil {
		return err
	}
	if point {
		return shifted(CheckNumber(fraction), len(whole)+1)
	}
	return nil
}

// CheckToken checks one token.
func CheckToken(s string) *Error {
	if n := TokenLen(s); n == 0 || n < len(s) {
		return &Error{At: n, What: "want one token: letters, digits and !#$%&'*+-.^_`|~"}
	}
	return nil
}

// CheckVersion checks two numbers with a point between them, as "4.01".
func CheckVersion(s string) *Error {
	whole, fraction, point := strings.Cut(s, ".")
	if !point || !IsDigits(whole) || !IsDigits(fraction) {
		return &Error{What: `want a version such as "1.0"`}
	}
	return nil
}

// CheckWords checks one of some words, without regard to case.
func CheckWords(s string, words []string) *Error {
	for _, w := range words {
		if EqualFold(s, w) {
			return nil
		}
	}
	last := len(words) - 1
	if last == 0 {
		return &Error{What: "want " + words[0]}
	}
	return &Error{What: "want " + strings.Join(words[:last], ", ") + " or " + words[last]}
}

// CheckBase64 checks octets in base64 (RFC 4648 §4), padded.
func CheckBase64(s string) *Error {
	if _, err := base64.StdEncoding.DecodeString(s); err != nil || s == "" {
		return &Error{At: base64Len(s, "+/"), What: "want base64"}
	}
	return nil
}

// CheckBase64URL checks octets in base64url (RFC 4648 §5), without padding.
func CheckBase64URL(s string) *Error {
	if n := base64Len(s, "-_"); n < len(s) || n == 0 || n%4 == 1 {
		return &Error{At: n, What: "want base64url: letters, digits, - and _, without ="}
	}
	return nil
}

// CheckBase64URLs checks a number of octets in base64url with points between
// them, as a JWT has three.
func CheckBase64URLs(s string, count int) *Error {
	at := 0
	for n := 1; ; n++ {
		end := len(s)
		if i := strings.IndexByte(s[at:], '.'); i >= 0 {
			end = at + i
		}
		if err := CheckBase64URL(s[at:end]); err != nil {
			return shifted(err, at)
		}
		if end == len(s) {
			if n != count {
				return &Error{At: end, What: "want three parts with points between them"}
			}
			return nil
		}
		at = end + 1
	}
}

// base64Len is how many octets at the start of s are letters, digits or two others.
func base64Len(s, others string) int {
	for i := range len(s) {
		if !isAlphaNumeric(s[i]) && strings.IndexByte(others, s[i]) < 0 {
			return i
		}
	}
	return len(s)
}

// CheckHex checks lower-case hexadecimal digits, as many as one of the lengths.
func CheckHex(s string, lengths ...int) *Error {
	for i := range len(s) {
		if !isHex(s[i]) {
			return &Error{At: i, What: "want hexadecimal digits"}
		}
	}
	for _, n := range lengths {
		if len(s) == n {
			return nil
		}
	}
	return &Error{At: len(s), What: "want another number of hexadecimal digits"}
}

// CheckPercentEncoded checks printable ASCII in which % begins an escape.
func CheckPercentEncoded(s string) *Error {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return &Error{At: i, What: "want this byte percent-encoded"}
		case c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			return &Error{At: i, What: "want two hexadecimal digits after %"}
		}
	}
	return nil
}

// eachElement holds every element of a list to a grammar.
func eachElement(s string, check func(string) *Error) *Error {
	for p := range List(s) {
		if err := check(p.Text); err != nil {
			return shifted(err, p.At)
		}
	}
	return nil
}

// shifted moves an error to where its text begins.
func shifted(err *Error, at int) *Error {
	if err != nil {
		err.At += at
	}
	return err
}
