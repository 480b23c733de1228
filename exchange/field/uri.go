package field

import (
	"net/netip"
	"strings"
)

// A URI is a URI reference (RFC 3986 §4.1) cut into its parts, as the lenient
// parsers of browsers read it: a backslash counts as a slash where the scheme
// is one of theirs, and octets that ought to be escaped are taken as they are.
type URI struct {
	Scheme   string // as received; "" for a relative reference
	Userinfo string
	Host     string // as received, with the brackets of an IPv6 literal
	Port     string
	Path     string
	Query    string
	Fragment string

	HasAuthority bool
	HasUserinfo  bool // there was an "@", even with nothing before it
	HasQuery     bool
	HasFragment  bool

	// Where parts begin in the text that ParseURI read.
	AuthorityAt, HostAt, PortAt, FragmentAt int
}

// ParseURI cuts a URI reference apart. The error says why even a lenient parser
// cannot use it: a port that is none, no host, or a host that cannot be one.
// What a strict parser would refuse beside that is not an error.
func ParseURI(s string) (URI, *Error) {
	u := URI{}
	rest := s
	at := 0
	if n := schemeLen(s); n > 0 {
		u.Scheme, rest, at = s[:n], s[n+1:], n+1
	}
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		u.HasFragment, u.Fragment, u.FragmentAt = true, rest[i+1:], at+i+1
		rest = rest[:i]
	}
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		u.HasQuery, u.Query = true, rest[i+1:]
		rest = rest[:i]
	}
	if len(rest) < 2 || !u.isSlash(rest[0]) || !u.isSlash(rest[1]) {
		u.Path = rest
		return u, nil
	}
	end := 2
	for end < len(rest) && !u.isSlash(rest[end]) {
		end++
	}
	u.Path = rest[end:]
	u.cutAuthority(rest[2:end], at+2)
	return u, u.authorityError()
}

// TargetURI puts a target URI (RFC 9110 §7.1) together from its scheme, its
// authority, and its path with the query. It allocates nothing.
func TargetURI(scheme, authority, pathQuery string) URI {
	u := URI{Scheme: scheme}
	u.cutAuthority(authority, 0)
	u.Path, u.Query, u.HasQuery = strings.Cut(pathQuery, "?")
	return u.normal()
}

// schemeLen is the length of the scheme (RFC 3986 §3.1) before a colon; 0 for none.
func schemeLen(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ':':
			return i
		case Lower(c) >= 'a' && Lower(c) <= 'z':
		case i > 0 && (IsDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return 0
		}
	}
	return 0
}

// IsWeb reports whether the scheme is one that browsers take apart leniently
// and that cannot do without a host: http, https, ws, wss, ftp. A relative
// reference counts as one, since it is resolved against a URI of HTTP.
func (u URI) IsWeb() bool {
	switch len(u.Scheme) {
	case 0:
		return true
	case 2, 3, 4, 5:
		return EqualFold(u.Scheme, "https") || EqualFold(u.Scheme, "http") || EqualFold(u.Scheme, "ws") ||
			EqualFold(u.Scheme, "wss") || EqualFold(u.Scheme, "ftp")
	}
	return false
}

// IsHTTP reports whether the scheme is http or https.
func (u URI) IsHTTP() bool { return EqualFold(u.Scheme, "http") || EqualFold(u.Scheme, "https") }

func (u *URI) isSlash(c byte) bool { return c == '/' || c == '\\' && u.IsWeb() }

func (u *URI) cutAuthority(s string, at int) {
	u.HasAuthority, u.AuthorityAt = true, at
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		u.HasUserinfo, u.Userinfo = true, s[:i]
		s, at = s[i+1:], at+i+1
	}
	u.Host, u.HostAt = s, at
	colon := strings.LastIndexByte(s, ':')
	if colon > strings.LastIndexByte(s, ']') {
		u.Host, u.Port, u.PortAt = s[:colon], s[colon+1:], at+colon+1
	}
}

func (u *URI) authorityError() *Error {
	if !u.IsWeb() {
		return nil
	}
	if n, ok := Number(u.Port); u.Port != "" && (!ok || n > 65535) {
		return &Error{At: u.PortAt, What: "want a port from 0 to 65535"}
	}
	if u.Host == "" {
		return &Error{At: u.HostAt, What: "the host is empty"}
	}
	if i, what := hostProblem(u.Host); what != "" {
		return &Error{At: u.HostAt + i, What: what}
	}
	return nil
}

// hostProblem finds why a host cannot be one, as the URL standard's host
// parser does; "" when it can.
func hostProblem(h string) (at int, what string) {
	if h[0] == '[' {
		inside, closed := strings.CutSuffix(h[1:], "]")
		if a, err := netip.ParseAddr(inside); !closed || err != nil || !a.Is6() || a.Zone() != "" {
			return 0, "want an IPv6 address in brackets"
		}
		return 0, ""
	}
	for i := 0; i < len(h); i++ {
		c := h[i]
		if c == '\t' { // parsers drop it
			continue
		}
		step := 0
		if c == '%' {
			if i+2 >= len(h) || !isHex(h[i+1]) || !isHex(h[i+2]) {
				return i, "broken percent-encoding in the host"
			}
			c, step = unhex(h[i+1])<<4|unhex(h[i+2]), 2
		}
		if c <= ' ' || c == 0x7f || strings.IndexByte(`#/:<>?@[\]^|%`, c) >= 0 {
			return i, "a host cannot hold this byte"
		}
		i += step
	}
	if badIPv4(h) {
		return 0, "the host looks like an IPv4 address but is none"
	}
	return 0, ""
}

// badIPv4 reports whether a host ends in a decimal number, so that it can only
// be an IPv4 address, and is none for sure.
func badIPv4(h string) bool {
	h = strings.TrimSuffix(h, ".")
	last := h[strings.LastIndexByte(h, '.')+1:]
	if !IsDigits(last) {
		return false
	}
	parts := strings.Count(h, ".") + 1
	if parts > 4 {
		return true
	}
	n, _ := Number(last)
	return parts == 4 && n > 255
}

func isHex(c byte) bool {
	c = Lower(c)
	return IsDigit(c) || c >= 'a' && c <= 'f'
}

func unhex(c byte) byte {
	if IsDigit(c) {
		return c - '0'
	}
	return Lower(c) - 'a' + 10
}

// Resolve returns the URI that reference u means against an absolute base
// (RFC 3986 §5.2.2). Where u repeats the scheme of the base without an
// authority, it is taken as relative, as browsers do. Offsets of the result
// mean nothing.
func (u URI) Resolve(base URI) URI {
	if u.Scheme != "" && !u.HasAuthority && u.IsWeb() {
		if !EqualFold(u.Scheme, base.Scheme) {
			u, _ = ParseURI(u.Scheme + "://" + strings.TrimLeft(u.afterScheme(), `/\`))
			return u.normal()
		}
		u.Scheme = ""
	}
	switch {
	case u.Scheme != "":
		return u.normal()
	case u.HasAuthority:
		u.Scheme = base.Scheme
		return u.normal()
	}
	web := base.IsWeb()
	switch {
	case u.Path == "":
		u.Path = base.Path
		if !u.HasQuery {
			u.HasQuery, u.Query = base.HasQuery, base.Query
		}
	case u.Path[0] == '/' || web && u.Path[0] == '\\':
	default:
		i := strings.LastIndexByte(base.Path, '/')
		u.Path = base.Path[:i+1] + u.Path
		if i < 0 && base.HasAuthority {
			u.Path = "/" + u.Path
		}
	}
	u.Scheme, u.HasAuthority = base.Scheme, base.HasAuthority
	u.HasUserinfo, u.Userinfo, u.Host, u.Port = base.HasUserinfo, base.Userinfo, base.Host, base.Port
	return u.normal()
}

// afterScheme returns all that follows the scheme's colon of a URI without authority.
func (u URI) afterScheme() string {
	u.Scheme = ""
	return u.String()
}

// normal removes what RFC 3986 §6.2.2.3 and §6.2.3 call equivalent in the path.
func (u URI) normal() URI {
	if u.IsWeb() {
		u.Path = strings.ReplaceAll(u.Path, `\`, "/")
		if u.Path == "" {
			u.Path = "/"
		}
	}
	if strings.HasPrefix(u.Path, "/") && strings.Contains(u.Path, "/.") {
		u.Path = removeDots(u.Path)
	}
	return u
}

// removeDots is remove_dot_segments (RFC 3986 §5.2.4) for a path that begins with a slash.
func removeDots(path string) string {
	var kept []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".", "..":
			if s == ".." && len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// String puts the parts together again (RFC 3986 §5.3).
func (u URI) String() string {
	var b strings.Builder
	if u.Scheme != "" {
		b.WriteString(u.Scheme)
		b.WriteByte(':')
	}
	if u.HasAuthority {
		b.WriteString("//")
		if u.HasUserinfo {
			b.WriteString(u.Userinfo)
			b.WriteByte('@')
		}
		b.WriteString(u.HostPort())
	}
	b.WriteString(u.Path)
	if u.HasQuery {
		b.WriteByte('?')
		b.WriteString(u.Query)
	}
	if u.HasFragment {
		b.WriteByte('#')
		b.WriteString(u.Fragment)
	}
	return b.String()
}

// HostPort is host and port as they are in an authority, without userinfo.
func (u URI) HostPort() string {
	if u.Port == "" {
		return u.Host
	}
	return u.Host + ":" + u.Port
}

// Hostname is the host without brackets and without a dot at its end.
func (u URI) Hostname() string {
	h := u.Host
	if len(h) > 2 && h[0] == '[' && h[len(h)-1] == ']' {
		return h[1 : len(h)-1]
	}
	return strings.TrimSuffix(h, ".")
}

// EffectivePort is the port, or the default one of the scheme.
func (u URI) EffectivePort() string {
	switch {
	case u.Port != "":
		if n := strings.TrimLeft(u.Port, "0"); n != "" {
			return n
		}
		return "0"
	case EqualFold(u.Scheme, "http"), EqualFold(u.Scheme, "ws"):
		return "80"
	case EqualFold(u.Scheme, "https"), EqualFold(u.Scheme, "wss"):
		return "443"
	}
	return ""
}

// SameResource reports whether two absolute URIs are alike except for the
// fragment.
func (u URI) SameResource(v URI) bool {
	return u.SameOrigin(v) && u.Path == v.Path && u.HasQuery == v.HasQuery && u.Query == v.Query
}

// SameOrigin reports whether two absolute URIs have the same origin (RFC 9110 §4.3.1).
func (u URI) SameOrigin(v URI) bool {
	return EqualFold(u.Scheme, v.Scheme) && EqualFold(u.Host, v.Host) && u.EffectivePort() == v.EffectivePort()
}

// Origin is scheme, host and port, the default port left out.
func (u URI) Origin() string { return u.Scheme + "://" + u.HostPort() }

// UnescapedRun finds the first octets that a URI reference cannot hold and
// that parsers escape: a space, a control character, or one beyond ASCII
// (RFC 3986 §2). ok is false when there are none.
func UnescapedRun(s string) (start, end int, ok bool) {
	for start < len(s) && !mustEscape(s[start]) {
		start++
	}
	end = start
	for end < len(s) && mustEscape(s[end]) {
		end++
	}
	return start, end, end > start
}

func mustEscape(c byte) bool { return c <= ' ' || c >= 0x7f }

// EscapeURI percent-encodes the octets that UnescapedRun finds.
func EscapeURI(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; mustEscape(c) {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
