package proxy

import (
	"net/http"
	"slices"
	"strings"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// hopByHop marks the lines of a message that are for this hop only
// (RFC 9110 §7.6.1): those that Connection names, and those that act as if it
// did. What says how long the connection lasts is passed on, since the
// connections of both sides last equally long. It returns a Connection line to
// add in place of those marked, "" for none, and reports whether any line was
// marked.
func hopByHop(f *exchange.Fields, response, upgrade bool, skip *h1.LineSet) (connection string, changed bool) {
	if !f.HasAny(&hopMask) {
		return "", false
	}
	mark := func(i int) {
		skip.Add(i)
		changed = true
	}
	for _, n := range hopNames {
		for i := range f.Each(n) {
			mark(i)
		}
	}
	if !upgrade && !response {
		for i := range f.Each(exchange.FieldUpgrade) {
			mark(i)
		}
		for i, l := range f.Each(exchange.FieldTE) {
			if !strings.EqualFold(l.Value, "trailers") {
				mark(i)
			}
		}
	}
	var kept []string
	for i, c := range f.Each(exchange.FieldConnection) {
		var own []string
		foreign := false
		for option := range strings.SplitSeq(c.Value, ",") {
			option = strings.Trim(option, " \t")
			switch {
			case option == "":
			case isOwnOption(f, option, response, upgrade):
				own = append(own, option)
			default:
				foreign = true
				markNamed(f, option, mark)
			}
		}
		if foreign {
			mark(i)
			kept = append(kept, own...)
		}
	}
	return strings.Join(kept, ", "), changed
}

// markNamed marks the lines that a connection option names, but for those that
// frame the message or are the target's.
func markNamed(f *exchange.Fields, option string, mark func(int)) {
	for i, l := range f.All() {
		stays := l.Known == exchange.FieldHost || l.Known == exchange.FieldTE || l.Known == exchange.FieldConnection || isFraming(l.Known)
		if !stays && strings.EqualFold(l.Name, option) {
			mark(i)
		}
	}
}

func isFraming(n exchange.Name) bool {
	return n == exchange.FieldContentLength || n == exchange.FieldTransferEncoding || n == exchange.FieldTrailer
}

// isOwnOption reports whether a connection option holds for the connection on the
// other side too. Those of an upgrade all do, since it is passed through.
func isOwnOption(f *exchange.Fields, option string, response, upgrade bool) bool {
	switch {
	case strings.EqualFold(option, "close"), strings.EqualFold(option, "keep-alive"), upgrade:
		return true
	case strings.EqualFold(option, "upgrade"):
		return response
	case strings.EqualFold(option, "te"):
		return !response && strings.EqualFold(f.Value(exchange.FieldTE), "trailers")
	}
	return false
}

// hopNames are fields of one hop even where Connection does not name them, but for
// those of which more has to be known: Upgrade, and Keep-Alive, which holds for the
// connection on the other side too.
var hopNames = exchange.NamesThat(func(n exchange.Name) bool {
	return n.IsConsumed() && n != exchange.FieldUpgrade && n != exchange.FieldKeepAlive
})

var hopMask = exchange.MaskOf(append(slices.Clip(hopNames), exchange.FieldConnection, exchange.FieldUpgrade, exchange.FieldTE)...)

// asksUpgrade reports whether a request asks for another protocol.
func asksUpgrade(f *exchange.Fields) bool {
	return f.Has(exchange.FieldUpgrade) && hasToken(f, exchange.FieldConnection, "upgrade")
}

// hasToken reports whether a list field has a member, compared without case.
func hasToken(f *exchange.Fields, n exchange.Name, token string) bool {
	for _, l := range f.Each(n) {
		if h1.HasToken(l.Value, token) {
			return true
		}
	}
	return false
}

// makeRequestHead makes the head to send on HTTP/1.1, as it is for an origin
// server.
func (ps *passage) makeRequestHead() *h1.Outgoing {
	x := ps.x
	f := &x.Request.Fields
	out := &ps.requestHead
	*out = h1.Outgoing{Fields: f, Added: out.Added[:0]}
	out.Head, out.Tidy = &ps.turn.head, ps.turn.head.Unsafe()
	if out.LeaveOut(&ps.turn.frame) {
		x.Changed |= exchange.ChangedRequestFraming
	}
	if out.Tidy {
		x.Changed |= exchange.ChangedRequestLineEnds
	}
	connection, changed := hopByHop(f, false, ps.upgrade, &out.Skip)
	if changed {
		x.Changed |= exchange.ChangedRequestHopByHop
	}
	for i := range f.Each(exchange.FieldSidenoteIgnore) {
		out.Skip.Add(i)
		x.Changed |= exchange.ChangedIgnoreRemoved
	}
	ps.setHost(out)
	out.Start = ps.startLine()
	if connection != "" {
		out.Added = append(out.Added, exchange.Line{Name: "Connection", Value: connection})
	}
	if ps.proxy.addsVia(ps.in.route.kind, x) {
		out.Added = append(out.Added, exchange.Line{Name: "Via", Value: strings.TrimPrefix(x.Request.Version.String(), "HTTP/") + " " + ps.proxy.config.Pseudonym})
		x.Changed |= exchange.ChangedRequestVia
	}
	if hook := ps.proxy.config.Hooks.Request; hook != nil {
		out.Added = append(out.Added, hook(x)...)
	}
	return out
}

// startLine is the request line for an origin server; "" for that which came.
func (ps *passage) startLine() string {
	x := ps.x
	target := originForm(x)
	if target == x.Request.Target {
		return ""
	}
	return exchange.RequestLine(x.Request.Method, target, x.Request.Version)
}

// throughProxy changes a request head to one for an upstream proxy: with the
// target in absolute form, without user information, and with our credentials.
func (ps *passage) throughProxy(head h1.Outgoing) *h1.Outgoing {
	x := ps.x
	target := x.Scheme + "://" + x.Authority
	if rest := originForm(x); rest != "*" {
		target += rest
	}
	head.Start = exchange.RequestLine(x.Request.Method, target, x.Request.Version)
	if c := basicCredentials(ps.proxy.config.UpstreamProxy); c != "" {
		head.Added = append(slices.Clip(head.Added), exchange.Line{Name: "Proxy-Authorization", Value: c})
	}
	return &head
}

// setHost sets the Host for the origin server where the received one will not do.
// A reverse listener's clients name the listener, and where a
// target in absolute-form names another host, that counts (RFC 9112 §3.2.2).
func (ps *passage) setHost(out *h1.Outgoing) {
	f := &ps.x.Request.Fields
	has := f.Has(exchange.FieldHost)
	host := f.Value(exchange.FieldHost)
	switch kind := ps.in.route.kind; {
	case !has && kind == routeForward:
		out.First = append(out.First, exchange.Line{Name: "Host", Value: ps.x.Authority})
	case !has:
	case kind == routeReverse:
		out.Host = trimDefaultPort(ps.in.route.authority, ps.in.route.scheme)
	case kind == routeForward && !strings.EqualFold(host, ps.x.Authority):
		out.Host = ps.x.Authority
	}
	if out.Host != "" && host != out.Host {
		ps.x.Changed |= exchange.ChangedRequestHost
	}
}

// originForm is the request target as an origin server gets it (RFC 9112
// §3.2.1), and "*" for OPTIONS of a whole server (§3.2.4).
func originForm(x *exchange.Exchange) string {
	if t := x.Request.Target; x.Request.Method == http.MethodOptions {
		if _, rest, ok := strings.Cut(t, "://"); ok && t[0] != '/' && !strings.ContainsAny(rest, "/?") {
			return "*"
		}
	}
	if t := x.PathQuery(); t != "" {
		return t
	}
	return "/"
}

// trimDefaultPort drops the port that the scheme implies.
func trimDefaultPort(authority, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(authority, ":443")
	}
	return strings.TrimSuffix(authority, ":80")
}

// annotatedHead is the head to pass on to a client on HTTP/1.x, with what the
// hook adds, which gets to know the head before anything of it is changed; head
// is the one that came, nil where the response is our own.
func (ps *passage) annotatedHead(head *h1.Head) *h1.Outgoing {
	ps.added = ps.proxy.headKnown(ps.x, ps.added[:0])
	out := ps.responseHead(head)
	out.Added = append(out.Added, ps.added...)
	return out
}

// responseHead is the head to pass on to a client on HTTP/1.x; head is the one
// that came, nil where the response is our own.
func (ps *passage) responseHead(head *h1.Head) *h1.Outgoing {
	x, s := ps.x, &ps.x.Response
	out := &ps.answerHead
	*out = h1.Outgoing{Head: head, Fields: &s.Fields, Added: out.Added[:0]}
	if head == nil {
		out.Start = exchange.StatusLine(exchange.HTTP11, s.Status, s.Reason)
	}
	connection, changed := hopByHop(&s.Fields, true, s.Status == http.StatusSwitchingProtocols, &out.Skip)
	if changed {
		x.Changed |= exchange.ChangedResponseHopByHop
	}
	if connection != "" {
		out.Added = append(out.Added, exchange.Line{Name: "Connection", Value: connection})
	}
	for _, n := range ownFields {
		for i := range s.Fields.Each(n) {
			out.Skip.Add(i)
			x.Changed |= exchange.ChangedSidenoteRemoved
		}
	}
	return out
}
