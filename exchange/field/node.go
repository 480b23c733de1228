package field

import (
	"net/netip"
	"strings"
)

// CheckForwarded checks a list of elements of name=value, separated by
// semicolons (RFC 7239 §4), with a node after for and by (§6), a host after
// host and a scheme after proto.
func CheckForwarded(s string) *Error {
	for p := range List(s) {
		for q := range Pieces(p.Text, ';') {
			v := param(q)
			at := p.At + v.At
			switch {
			case !IsToken(v.Name) || !v.HasValue:
				return &Error{At: at + TokenLen(v.Name), What: "want a parameter, name=value"}
			case v.ValueAt != v.At+len(v.Name)+1:
				return &Error{At: at + len(v.Name), What: `want "=" without white space around it`}
			case !IsToken(v.Value) && !IsQuoted(v.Value):
				return &Error{At: p.At + v.ValueAt, What: "want a token or a quoted string as the value of " + v.Name + "; an address with a colon must be in double quotes"}
			}
			if what := forwardedProblem(v.Name, Unquote(v.Value)); what != "" {
				return &Error{At: p.At + v.ValueAt, What: what}
			}
		}
	}
	return nil
}

// forwardedProblem says what is wrong with the value of a parameter of
// Forwarded; "" for nothing.
func forwardedProblem(name, value string) string {
	switch {
	case EqualFold(name, "for"), EqualFold(name, "by"):
		return nodeProblem(value)
	case EqualFold(name, "host"):
		if !isHostPort(value) {
			return "want a host, or host:port, after host="
		}
	case EqualFold(name, "proto"):
		if n := schemeLen(value + ":"); n != len(value) || n == 0 {
			return "want a scheme such as https after proto="
		}
	}
	return ""
}

// nodeProblem holds a node to RFC 7239 §6: an IPv4 address, an IPv6 address in
// brackets, unknown, or a word that begins with an underscore, with or without
// a port.
func nodeProblem(s string) string {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		port := s[i+1:]
		host = s[:i]
		if strings.IndexByte(host, ':') >= 0 && host[0] != '[' {
			return `an IPv6 address must be in brackets, as in "[2001:db8::1]"`
		}
		if !isPort(port) && !isObfuscated(port) {
			return "want a port of up to 5 digits after the colon"
		}
	}
	switch {
	case EqualFold(host, "unknown"), isObfuscated(host):
		return ""
	case strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"):
		if a, err := netip.ParseAddr(host[1 : len(host)-1]); err != nil || !a.Is6() || a.Zone() != "" {
			return "want an IPv6 address in the brackets"
		}
		return ""
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.Is4() {
		return "want an IP address, unknown, or a name that begins with an underscore"
	}
	return ""
}

// isPort reports whether s is up to five digits.
func isPort(s string) bool { return IsDigits(s) && len(s) <= 5 }

// isObfuscated reports whether s is a name that hides an address (RFC 7239 §6.3).
func isObfuscated(s string) bool {
	if len(s) < 2 || s[0] != '_' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isAlphaNumeric(c) && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
