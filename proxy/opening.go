package proxy

import (
	"bytes"
	"net/http"
	"strings"
	"unicode/utf8"

	"sidenote/exchange/field"
)

// An opening is what the first octets of a client in a tunnel are.
type opening uint8

const (
	openingUndecided opening = iota // there are too few of them
	openingTLS                      // a ClientHello
	openingHTTP                     // a request line of HTTP/1.x, or the preface of HTTP/2
	openingOther                    // another protocol
)

// The first octet of a TLS connection (RFC 8446 §5.1), and the first of what a
// client says in it (§4).
const (
	recordHandshake = 0x16
	clientHello     = 0x01
)

// prefaceLine is the first line of the preface of HTTP/2 (RFC 9113 §3.4).
const prefaceLine = "PRI * HTTP/2.0\r\n"

// The bounds of a first line that may be one of HTTP.
const (
	maxMethod     = 64
	maxEmptyLines = 4 // before the request line (RFC 9112 §2.2)
)

// openingOf tells what a client speaks from its first octets. Of a line that has
// not ended after limit octets it goes by what there is.
func openingOf(b []byte, limit int) opening {
	if len(b) > 0 && b[0] == recordHandshake {
		return tlsOpening(b)
	}
	line, whole := firstLine(b)
	switch {
	case whole && isRequestLine(line), bytes.HasPrefix(b, []byte(prefaceLine)):
		return openingHTTP
	case whole && len(line) > 0, !mayBeRequestLine(line):
		return openingOther
	case len(b) < limit:
		return openingUndecided
	case isLikelyHTTP(line):
		return openingHTTP // whose line is longer than it may be, which the client is told
	}
	return openingOther
}

// tlsOpening tells a ClientHello by the head of its record, and its own type.
func tlsOpening(b []byte) opening {
	const head = 5
	switch {
	case len(b) > 1 && b[1] != 3, len(b) > 2 && b[2] > 4, len(b) > 3 && b[3] > 1<<14>>8,
		len(b) > 4 && b[3] == 0 && b[4] == 0, len(b) > head && b[head] != clientHello:
		return openingOther
	case len(b) > head:
		return openingTLS
	}
	return openingUndecided
}

// firstLine returns the first line that is not empty, without its end, and
// whether its end has come.
func firstLine(b []byte) (line []byte, whole bool) {
	for range maxEmptyLines {
		rest, found := bytes.CutPrefix(b, []byte("\r\n"))
		if !found {
			rest, found = bytes.CutPrefix(b, []byte("\n"))
		}
		if !found {
			break
		}
		b = rest
	}
	line, _, whole = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), whole
}

// isRequestLine reports whether a line is a method, a target and a version of
// HTTP/1, with one space between them (RFC 9112 §3).
func isRequestLine(line []byte) bool {
	method, rest, ok := bytes.Cut(line, []byte(" "))
	target, version, ok2 := bytes.Cut(rest, []byte(" "))
	return ok && ok2 && isMethod(method) && len(target) > 0 && !bytes.ContainsFunc(target, isControl) && isHTTP1(version)
}

func isHTTP1(version []byte) bool {
	digit, ok := bytes.CutPrefix(version, []byte("HTTP/1."))
	return ok && len(digit) == 1 && digit[0] >= '0' && digit[0] <= '9'
}

func isMethod(b []byte) bool {
	return len(b) > 0 && len(b) <= maxMethod && !bytes.ContainsFunc(b, isNoTokenRune)
}

// mayBeRequestLine reports whether a line that has not ended can still become a
// request line.
func mayBeRequestLine(line []byte) bool {
	method, rest, spaced := bytes.Cut(line, []byte(" "))
	if !spaced {
		return len(line) == 0 || isMethod(line)
	}
	target, version, spaced := bytes.Cut(rest, []byte(" "))
	const form = "HTTP/1."
	return isMethod(method) && !bytes.ContainsFunc(target, isControl) &&
		(!spaced || len(target) > 0 && strings.HasPrefix(form, string(firstOctets(version, len(form)))) && len(version) <= len(form)+1) ||
		strings.HasPrefix(prefaceLine, string(line))
}

// isLikelyHTTP reports whether the beginning of a line is worth waiting for the
// rest of it: nothing but HTTP begins so.
func isLikelyHTTP(line []byte) bool {
	method, target, spaced := strings.Cut(string(line), " ")
	if !spaced {
		return len(line) > 0 && isKnownMethod(method, strings.HasPrefix)
	}
	return isKnownMethod(method, func(known, m string) bool { return known == m }) &&
		(target == "" || target[0] == '/' || strings.HasPrefix(target, "http"))
}

// isKnownMethod reports whether one of the methods of RFC 9110 matches.
func isKnownMethod(method string, matches func(known, method string) bool) bool {
	for _, known := range [...]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace, http.MethodPatch} {
		if matches(known, method) {
			return true
		}
	}
	return false
}

// isNoTokenRune reports whether a character cannot stand in a method
// (RFC 9110 §5.6.2).
func isNoTokenRune(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// isControl reports whether a character cannot stand in a request target.
func isControl(r rune) bool { return r < utf8.RuneSelf && field.IsControl(byte(r)) }
