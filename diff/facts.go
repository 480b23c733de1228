package diff

import (
	"crypto/tls"
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// A fact is something that is so in one exchange.
type fact struct {
	key    factKey
	values []string // each once
}

// facts are what is compared of one exchange.
type facts struct {
	list     []fact
	host     []fact  // those that are about the server, whatever it is asked for
	took     float64 // milliseconds for the response; 0 where that is not known
	unparsed bool
}

func (f *facts) add(kind Kind, a aspect, name string, values ...string) {
	f.list = append(f.list, fact{factKey{kind: kind, aspect: a, name: name}, values})
}

// factsOf takes an exchange apart.
func factsOf(a *annotate.Annotated) *facts {
	x := a.X
	f := &facts{}
	f.request(x)
	f.notes(a.Notes)
	f.tls(x)
	if x.Response.Status == 0 || x.Response.Made {
		return f
	}
	f.fields(x)
	f.cookies(&x.Response.Fields)
	seen := set{}
	for _, l := range x.Response.Trailers.All() {
		seen.add(strings.ToLower(l.Name))
	}
	for _, name := range seen {
		f.add(KindField, presence, "trailer "+name, there)
	}
	f.body(KindBody, KindJSON, &x.Response.Message, x.MayHaveContent())
	if wait := x.Timing.Wait(); wait > 0 && x.Err == nil {
		f.took = wait.Seconds() * 1000
	}
	return f
}

// unequal are fields whose presence and value depend on the moment or on the
// connection, not on the version of a service.
var unequal = map[string]bool{
	"date": true, "age": true, "connection": true, "keep-alive": true, "transfer-encoding": true, "content-length": true,
	"proxy-connection": true, "te": true, "upgrade": true, "host": true, "server-timing": true, "set-cookie": true,
	"sidenote": true, "sidenote-exchange": true, "traceparent": true, "tracestate": true, "alt-svc": true, "via": true,
	"cookie": true, "accept-encoding": true, "user-agent": true, "expect": true, "x-forwarded-for": true,
}

// caching are the fields that say how long a response may be kept, and for whom.
var caching = map[string]bool{"cache-control": true, "vary": true, "etag": true, "last-modified": true, "expires": true, "pragma": true, "cdn-cache-control": true, "surrogate-control": true}

// fields takes the fields of the response.
func (f *facts) fields(x *exchange.Exchange) {
	seen := map[string]bool{}
	for _, l := range x.Response.Fields.All() {
		name := strings.ToLower(l.Name)
		if unequal[name] || seen[name] || len(seen) >= mostNames {
			continue
		}
		seen[name] = true
		kind := KindField
		switch {
		case caching[name]:
			kind = KindCaching
		case name == "location":
			kind = KindRedirect
		}
		f.add(kind, presence, name, there)
		if v := fieldShape(name, combined(&x.Response.Fields, l), x); v != "" {
			f.add(kind, value, name, v)
		}
	}
}

// there is the value of a fact that only is or is not.
const there = "there"

// longestValue bounds what is compared of a field's value, in octets.
const longestValue = 4000

// combined is the value of all lines of a name.
func combined(f *exchange.Fields, first *exchange.Line) string {
	value := first.Value
	for _, l := range f.All() {
		if l != first && strings.EqualFold(l.Name, first.Name) && len(value) < longestValue {
			value += ", " + l.Value
		}
	}
	return value
}

// fieldShape returns what is compared of a field's value; "" for nothing.
func fieldShape(name, v string, x *exchange.Exchange) string {
	if exchange.IsRedacted(v) {
		return ""
	}
	switch name {
	case "content-type", "accept":
		return withoutBoundary(strings.ToLower(v))
	case "location", "content-location", "referer", "origin":
		return steadyURL(v, x.URL())
	case "etag":
		if strings.HasPrefix(v, "W/") {
			return "a weak validator"
		}
		return "a strong validator"
	case "access-control-allow-origin":
		if o := x.Request.Fields.Named("Origin"); o >= 0 && x.Request.Fields.At(o).Value == v {
			return "the Origin of the request"
		}
		return steadyURL(v, "")
	case "cache-control", "vary", "allow", "access-control-allow-methods", "access-control-allow-headers", "access-control-expose-headers", "pragma",
		"cdn-cache-control", "surrogate-control", "accept-ranges", "strict-transport-security", "content-encoding", "content-language":
		return setOf(v, ",;")
	case "content-security-policy", "content-security-policy-report-only", "permissions-policy":
		return withoutNonces(setOf(v, ";"))
	case "www-authenticate", "proxy-authenticate", "authorization":
		scheme, _, _ := strings.Cut(v, " ")
		return "the scheme " + strings.ToLower(scheme)
	case "server", "x-powered-by", "x-content-type-options", "x-frame-options", "referrer-policy", "x-api-version", "api-version",
		"cross-origin-opener-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy", "access-control-allow-credentials", "deprecation", "sunset":
		return v[:min(len(v), 200)]
	}
	if isIDName(name) {
		return ""
	}
	return shapeOf(v)
}

// isIDName reports whether a field's name says that its value names a moment, a
// request or a machine.
func isIDName(name string) bool {
	for _, part := range []string{"id", "trace", "span", "nonce", "correlation", "token", "key", "instance", "pod", "node", "served", "host", "ray", "time", "duration", "runtime", "signature", "hash", "digest", "remaining", "reset"} {
		if slices.Contains(strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' }), part) {
			return true
		}
	}
	return strings.HasSuffix(name, "id")
}

func withoutBoundary(s string) string {
	before, after, found := strings.Cut(s, "boundary=")
	if !found {
		return s
	}
	_, rest, more := strings.Cut(after, ";")
	if more {
		return before + "boundary=..;" + rest
	}
	return before + "boundary=.."
}

// setOf sorts the members of a list, since their order means nothing.
func setOf(s, separators string) string {
	var members []string
	for _, m := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if m = strings.ToLower(strings.TrimSpace(m)); m != "" && !slices.Contains(members, m) && len(members) < mostNames {
			members = append(members, m)
		}
	}
	slices.Sort(members)
	separator := ", "
	if separators == ";" {
		separator = "; "
	}
	return strings.Join(members, separator)
}

// withoutNonces replaces what a policy names anew for each response.
func withoutNonces(s string) string {
	for _, begin := range []string{"'nonce-", "'sha256-", "'sha384-", "'sha512-"} {
		for at := 0; ; {
			i := strings.Index(s[at:], begin)
			if i < 0 {
				break
			}
			i += at + len(begin)
			end := strings.IndexByte(s[i:], '\'')
			if end < 0 {
				break
			}
			s = s[:i] + ".." + s[i+end:]
			at = i
		}
	}
	return s
}

// cookies takes the cookies that a response sets.
func (f *facts) cookies(fields *exchange.Fields) {
	seen := map[string]bool{}
	for _, l := range fields.Each(exchange.FieldSetCookie) {
		c := field.ParseSetCookie(l.Value)
		name := c.Name.Text
		if name == "" || seen[name] || len(seen) >= mostNames {
			continue
		}
		seen[name] = true
		var attributes []string
		gone := false
		for p := range c.Attributes() {
			switch n := strings.ToLower(p.Name); n {
			case "max-age":
				attributes = append(attributes, "Max-Age")
				gone = strings.HasPrefix(p.Value, "-") || p.Value == "0"
			case "expires":
				attributes = append(attributes, "Expires")
			case "samesite", "path", "domain":
				attributes = append(attributes, p.Name+"="+p.Value)
			default:
				attributes = append(attributes, p.Name)
			}
		}
		slices.SortFunc(attributes, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
		if gone { // it is taken away, which is another thing than to set it
			name += " (removal)"
		}
		f.add(KindCookie, presence, name, there)
		f.add(KindCookie, value, name, strings.Join(attributes, "; "))
	}
}

// body takes the content of a message.
func (f *facts) body(kind, inside Kind, m *exchange.Message, may bool) {
	if !may {
		return
	}
	prefix := ""
	if inside == KindRequest {
		prefix = "body"
	}
	if m.Content.Size == 0 && len(m.Content.Kept) == 0 {
		if m.Content.Complete || m.Content.Size == 0 {
			f.add(kind, value, prefix, "no content")
		}
		return
	}
	f.add(kind, value, prefix, "content")
	mt := field.ParseMediaType(m.Fields.Value(exchange.FieldContentType))
	if !mt.IsJSON() {
		return
	}
	d := m.DecodedContent()
	if !d.Whole() {
		f.unparsed = true
		return
	}
	v, err := exchange.DecodeJSON(d.Bytes, mostDeep)
	if err != nil {
		f.unparsed = true
		return
	}
	f.json(inside, v)
}

// request takes what the client asked.
func (f *facts) request(x *exchange.Exchange) {
	q := &x.Request
	_, query, _ := strings.Cut(x.PathQuery(), "?")
	for _, name := range queryNames(query) {
		f.add(KindRequest, presence, "query "+name, there)
	}
	seen := map[string]bool{}
	for _, l := range q.Fields.All() {
		name := strings.ToLower(l.Name)
		if unequal[name] || seen[name] || len(seen) >= mostNames {
			continue
		}
		seen[name] = true
		f.add(KindRequest, presence, "header "+name, there)
		if v := fieldShape(name, l.Value, x); v != "" {
			f.add(KindRequest, value, "header "+name, v)
		}
	}
	if q.Method != "CONNECT" {
		f.body(KindRequest, KindRequest, &q.Message, true)
	}
}

// notes takes the rules that had something to say. What they say of time depends
// on the machine, and is compared otherwise.
func (f *facts) notes(notes []annotate.Note) {
	seen := map[string]bool{}
	for i := range notes {
		n := &notes[i]
		if n.Severity < annotate.Warn || seen[n.Rule.ID] || strings.HasPrefix(n.Rule.ID, "timing/") {
			continue
		}
		seen[n.Rule.ID] = true
		f.add(KindNote, presence, n.Rule.ID, n.Severity.String())
	}
}

// tls takes how the connection to the server is protected.
func (f *facts) tls(x *exchange.Exchange) {
	see := func(name, v string) {
		f.host = append(f.host, fact{factKey{kind: KindTLS, aspect: value, name: name}, []string{v}})
	}
	if v := x.Response.Version; v != 0 && !x.Response.Made {
		see("HTTP version", v.String())
	}
	t := x.Origin.TLS
	if t == nil || t.Version == 0 {
		return
	}
	see("TLS version", tls.VersionName(t.Version))
	if c := t.Certificate; c != nil {
		see("issuer of the certificate", c.Issuer)
	}
	if t.VerifyError != "" {
		see("certificate", "not trusted")
	} else {
		see("certificate", "trusted")
	}
}
