package rules

import (
	"net/netip"
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// redirectRules lists the rules on Location and on what leads a client to
// another URI.
func redirectRules() []*annotate.Rule {
	return slices.Concat(
		redirectLocationRules(),
		redirectTargetRules(),
		redirectHostRules(),
		redirectResponseRules(),
	)
}

// followedStatuses are the codes that clients follow by themselves (RFC 9110
// §15.4, Fetch §4.5).
func followedStatuses() []int { return []int{301, 302, 303, 307, 308} }

// A redirection is a Location value and the URIs that it is about.
type redirection struct {
	line   int       // of the field line
	value  string    // as received
	ref    field.URI // the value's parts
	from   field.URI // the target URI of the request
	target field.URI // the value resolved against it
}

// redirectionOf reads the first Location of a response. ok is false where it
// is missing, empty, or cannot be resolved.
func redirectionOf(x *exchange.Exchange) (r redirection, ok bool) {
	r.line = x.Response.Fields.Index(exchange.FieldLocation)
	if r.line < 0 {
		return r, false
	}
	r.value = x.Response.Fields.At(r.line).Value
	ref, err := field.ParseURI(r.value)
	if r.value == "" || err != nil {
		return r, false
	}
	r.ref, r.from = ref, targetURI(x)
	r.target = ref.Resolve(r.from)
	return r, true
}

// targetURI is the URI that a request is for, cut into its parts.
func targetURI(x *exchange.Exchange) field.URI {
	path := x.PathQuery()
	if path == "*" || x.Request.Method == "CONNECT" {
		path = ""
	}
	return field.TargetURI(x.Scheme, x.Authority, path)
}

// place is that of the part of Location's value from octet start to end.
func (r *redirection) place(p *annotate.Pass, start, end int) exchange.Place {
	return annotate.Span(p.ResponseLine(r.line), start, end)
}

// authority is the place of host and port, of the whole value where it has none.
func (r *redirection) authority(p *annotate.Pass) exchange.Place {
	if !r.ref.HasAuthority {
		return p.ResponseLine(r.line)
	}
	return r.place(p, r.ref.HostAt, r.ref.HostAt+len(r.ref.HostPort()))
}

// scheme is the place of the scheme, of the whole value where it has none.
func (r *redirection) scheme(p *annotate.Pass) exchange.Place {
	if r.ref.Scheme == "" {
		return p.ResponseLine(r.line)
	}
	return r.place(p, 0, len(r.ref.Scheme))
}

// shown is a URI as messages quote it: without userinfo, query and fragment,
// which may hold secrets.
func shown(u field.URI) string {
	u.HasUserinfo, u.HasFragment = false, false
	if u.HasQuery {
		u.Query = "..."
	}
	return quoted(u.String())
}

// internalHost says in which way a host is of no use outside its own network;
// "" for one that is. IPv6 literals come without brackets.
func internalHost(host string) string {
	if host == "" {
		return ""
	}
	if strings.IndexByte(host, ':') >= 0 || field.IsDigit(host[len(host)-1]) {
		if a, err := netip.ParseAddr(host); err == nil {
			return internalAddress(a.Unmap())
		}
	}
	switch {
	case field.EqualFold(host, "localhost"), strings.HasSuffix(strings.ToLower(host), ".localhost"):
		return loopbackHost
	case strings.IndexByte(host, '.') < 0:
		return "a host name without a dot"
	}
	return ""
}

func internalAddress(a netip.Addr) string {
	switch {
	case a.IsLoopback(), a.IsUnspecified():
		return loopbackHost
	case a.IsPrivate():
		return "a private address"
	case a.IsLinkLocalUnicast():
		return "a link-local address"
	}
	return ""
}

// loopbackHost is what internalHost says of a name for the machine itself.
const loopbackHost = "a name for the machine itself"

// hasCacheDirective reports whether any Cache-Control line has one of the
// directives (RFC 9111 §5.2), with an argument or without.
func hasCacheDirective(f *exchange.Fields, names ...string) bool {
	for _, l := range f.Each(exchange.FieldCacheControl) {
		for d := range field.List(l.Value) {
			name, _, _ := strings.Cut(d.Text, "=")
			for _, n := range names {
				if field.EqualFold(field.TrimOWS(name), n) {
					return true
				}
			}
		}
	}
	return false
}
