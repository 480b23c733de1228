package diff

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// Shapes of values of which only the form is compared.
const (
	shapeSecret = "a secret" // may have been redacted on one side alone, so it is never compared
	shapeText   = "text"
	shapeID     = "an ID"
	shapeNumber = "a number"
)

// mostWord is how long a word may be that is compared as it is, in octets.
const mostWord = 40

// shapeOf returns the form of a value: what stays the same when the value is
// another one of its kind. Words stay as they are.
func shapeOf(s string) string {
	switch f := formatOf(s); {
	case exchange.IsRedacted(s):
		return shapeSecret
	case s == "":
		return "nothing"
	case f != "":
		return f
	case isNumber(s):
		return shapeNumber
	case looksLikeID(s):
		return shapeID
	case len(s) <= mostWord && isWord(s):
		return quote(s)
	}
	return shapeText
}

// formatOf names the format of a string that has one which cannot be mistaken; ""
// for any other.
func formatOf(s string) string {
	switch {
	case len(s) < 6 || len(s) > 2000:
		return ""
	case isUUID(s):
		return "a UUID"
	case parses(time.RFC3339, s):
		return "a time as RFC 3339 has it"
	case parses(time.DateOnly, s):
		return "a date as YYYY-MM-DD"
	case parses(time.RFC1123, s):
		return "a time as HTTP has it"
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"):
		return "a URL"
	case isEmail(s):
		return "an email address"
	case strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") == 2:
		return "a JWT"
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		return "an IP address"
	}
	return ""
}

func parses(layout, s string) bool {
	if len(s) > 40 {
		return false
	}
	_, err := time.Parse(layout, s)
	return err == nil
}

func isUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i] | 0x20; s[i] != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isEmail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && strings.Contains(host, ".") && !strings.ContainsAny(s, " \t<>,;") && !strings.Contains(host, "@")
}

// isNumber reports whether s is a decimal number.
func isNumber(s string) bool {
	digits, points := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			points++
		case i > 0 || c != '-' && c != '+':
			return false
		}
	}
	return digits > 0 && points <= 1
}

// looksLikeID reports whether s has no spaces and has digits among its letters, as
// names have that programs make up.
func looksLikeID(s string) bool {
	digit := false
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c > '~':
			return false
		case c >= '0' && c <= '9':
			digit = true
		}
	}
	return digit && !isVersion(s) || len(s) > mostWord
}

// isVersion reports whether s is a short version: "v3", "1.2", "2.0.1".
func isVersion(s string) bool {
	s = strings.TrimPrefix(s, "v")
	if s == "" || len(s) > 8 {
		return false
	}
	for i := range len(s) {
		if s[i] != '.' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s[0] != '.' && s[len(s)-1] != '.' && strings.Contains(s, ".")
}

// isWord reports whether s is one that programs choose from a few: letters, and
// the marks that join them.
func isWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '_', c == '.', c == '/', c == ':':
		case isVersion(s):
			return true
		default:
			return false
		}
	}
	return s != ""
}

func quote(s string) string { return `"` + s + `"` }

// steadyURL returns a URL as another run would have it: without the port of a
// server of this machine, with a template of its path, and the names of its
// query's parameters. One of the same origin as base has a path alone.
func steadyURL(s, base string) string {
	u, err := url.Parse(s)
	if err != nil {
		return shapeText
	}
	if b, err := url.Parse(base); err == nil && u.Host == b.Host && u.Scheme == b.Scheme {
		u.Scheme, u.Host = "", ""
	}
	out := ""
	if u.Host != "" {
		host := u.Host
		if name, port := exchange.SplitAuthority(host); len(port) == 5 && exchange.IsThisMachine(name) {
			host = strings.TrimSuffix(host, port) + "*"
		}
		out = host
		if u.Scheme != "" {
			out = u.Scheme + "://" + host
		}
	}
	out += steadyPath(annotate.Route(u.EscapedPath()))
	if names := queryNames(u.RawQuery); len(names) > 0 {
		out += "?" + strings.Join(names, "&")
	}
	if u.Fragment != "" {
		out += "#..."
	}
	return out
}
