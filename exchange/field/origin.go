package field

import "strings"

// CheckOrigin says why s is not a serialized origin as the Origin field carries
// it (Fetch §3.2): "null", or scheme://host with an optional port, in lower
// case. Of schemes that are not http or https only the scheme is judged, since
// programs other than browsers and their extensions have forms of their own.
func CheckOrigin(s string) *Error {
	if s == "null" {
		return nil
	}
	n := schemeLen(s)
	for i := range n {
		if s[i] != Lower(s[i]) {
			return &Error{At: i, What: "a capital letter; an origin is in lower case"}
		}
	}
	switch {
	case s == "":
		return &Error{What: "want an origin such as https://shop.example"}
	case n == 0 || !strings.HasPrefix(s[n:], "://"):
		return &Error{At: n, What: "want a scheme and :// before the host"}
	case s[:n] != "http" && s[:n] != "https":
		return nil
	}
	return originHostError(s, n+len("://"))
}

// originHostError judges host and port, which begin at octet at.
func originHostError(s string, at int) *Error {
	end := at
	if end < len(s) && s[end] == '[' {
		for end++; end < len(s) && (isHex(s[end]) || s[end] == ':' || s[end] == '.'); {
			end++
		}
		if end == len(s) || s[end] != ']' {
			return &Error{At: min(end, len(s)), What: "want an IPv6 address in brackets"}
		}
		end++
	} else {
		for end < len(s) && s[end] != ':' {
			if what := originHostByte(s[end]); what != "" {
				return &Error{At: end, What: what}
			}
			end++
		}
	}
	switch {
	case end == at:
		return &Error{At: at, What: "want a host"}
	case end == len(s):
		return nil
	case s[end] != ':':
		return &Error{At: end, What: "want nothing but a port after the host"}
	}
	port := s[end+1:]
	for i := range len(port) {
		if !IsDigit(port[i]) {
			what := originHostByte(port[i])
			if what == "" {
				what = "want digits as the port"
			}
			return &Error{At: end + 1 + i, What: what}
		}
	}
	if n, ok := Number(port); !ok || n > 65535 {
		return &Error{At: end + 1, What: "want a port up to 65535"}
	}
	return nil
}

// originHostByte says what is wrong with an octet in the host of an origin; ""
// when nothing is.
func originHostByte(c byte) string {
	switch {
	case c >= 'A' && c <= 'Z':
		return "a capital letter; an origin is in lower case"
	case c == '/':
		return "a slash; an origin has no path and no slash at its end"
	case c == '*':
		return "a wildcard, which stands only alone"
	case c == '@':
		return "a user name"
	case c >= 0x80:
		return "a byte beyond ASCII; host names are in their xn-- form"
	case c <= ' ', c == 0x7f, strings.IndexByte("\"'<>\\^`{|},;?#", c) >= 0:
		return "a byte that no host name has"
	}
	return ""
}
