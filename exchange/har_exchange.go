package exchange

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// exchange makes the record of what was read.
func (e *harEntry) exchange() (*Exchange, error) {
	x := &Exchange{ID: strings.Clone(e.id), Run: strings.Clone(e.run), Started: parseHARTime(e.started), Tunnel: e.tunnel}
	if err := e.fillRequest(x); err != nil {
		return nil, err
	}
	e.fillResponse(x)
	e.fillVersions(x)
	e.fillTiming(x)
	e.fillOrigin(x)
	e.fillErr(x)
	if e.cached { // what it says of the time, it said earlier
		x.Started = time.Time{}
	}
	x.Source.Lacks = e.lacksOf(x)
	return x, nil
}

// lacksOf is what the entry lacks: what its writer does, and what this one shows.
func (e *harEntry) lacksOf(x *Exchange) Lacks {
	l := e.lacks
	if e.broken {
		l |= LacksContent
	}
	if e.broken && x.Response.Status == 0 {
		l |= LacksResponse
	}
	if x.Request.Method == "" {
		l |= LacksMethod
	}
	if x.Request.Version == 0 {
		l |= LacksVersion
	}
	if x.Started.IsZero() {
		l |= LacksClock
	}
	if x.Request.Fields.Len() == 0 || isProvisional(x) {
		l |= LacksRequest
	}
	if x.Response.Status != 0 && x.Response.Fields.Len() == 0 {
		l |= LacksResponse
	}
	if e.isRevalidated(x) {
		l |= LacksResponse
	}
	if !e.response.hasText && x.Response.Content.Size > 0 {
		l |= LacksContent
	}
	if isInternal(&x.Response) {
		l |= LacksNetwork
	}
	if e.writer.has(quirkOwn) {
		return l &^ (LacksRequest | LacksResponse)
	}
	return l
}

// isRevalidated reports whether a 200 was a 304 on the wire: the content came out of
// the browser's cache, and the fields that describe it did not come at all.
func (e *harEntry) isRevalidated(x *Exchange) bool {
	f := &x.Request.Fields
	return x.Response.Status == 200 && e.response.bodySize == 0 && e.response.size > 0 && !e.writer.has(quirkOwn) &&
		(f.Has(FieldIfNoneMatch) || f.Has(FieldIfModifiedSince)) && !x.Response.Fields.Has(FieldContentLength)
}

// isProvisional reports whether the request's fields are those that a browser
// meant to send: they name neither a host nor the browser.
func isProvisional(x *Exchange) bool {
	f := &x.Request.Fields
	return x.Request.Version < HTTP2 && !f.Has(FieldHost) && !f.Has(FieldUserAgent) && !f.Has(FieldAccept)
}

// isInternal reports whether a browser gave a response that was never sent to it:
// redirects by HSTS, by extensions and by service workers.
func isInternal(r *Response) bool {
	return r.Class() == 3 && (r.Reason == "Internal Redirect" || r.Fields.Named("Non-Authoritative-Reason") >= 0)
}

func (e *harEntry) fillRequest(x *Exchange) error {
	m, r := &e.request, &x.Request
	pseudo := m.pseudo()
	if r.Method = m.method; r.Method == "" {
		r.Method = pseudo.method
	}
	if m.url == "" {
		m.url = pseudo.url()
	}
	if m.url == "" {
		return errNoURL
	}
	r.Version = e.version(m, pseudo)
	m.fillFields(&r.Fields, e.writer, r.Version, true)
	if err := x.setHARURL(m.url, pseudo); err != nil {
		return err
	}
	if e.writer.has(quirkMerged) && (r.Method == "GET" || r.Method == "HEAD") && !m.hasText { // what the POST before it had
		r.Fields.Remove("Content-Type")
		r.Fields.Remove("Content-Length")
	}
	if m.manyAt > 0 {
		e.trouble(m.manyAt, errManyFields)
		e.lacks |= LacksRequest
	}
	if !m.hasText && len(m.params) > 0 {
		m.form()
	}
	if isQueryAsContent(r) || e.writer.has(quirkGetData) && (r.Method == "GET" || r.Method == "HEAD") {
		m.hasText, m.text, m.pieces, m.bodySize, m.size = false, nil, nil, 0, 0
	}
	e.fillContent(m, &r.Message, true)
	return nil
}

// isQueryAsContent reports whether a request is one that has no content unless a
// field says so, and none does. Some writers show the query there.
func isQueryAsContent(r *Request) bool {
	f := &r.Fields
	return (r.Method == "GET" || r.Method == "HEAD") && f.Len() > 0 &&
		!f.Has(FieldContentLength) && !f.Has(FieldTransferEncoding) && !f.Has(FieldContentType)
}

// form makes form content of parameters, which is what some writers save of it.
func (m *harMessage) form() {
	if kind := mediaType(m.formType); kind != "" && !isFormType(kind) {
		m.size = max(m.size, m.bodySize, 1) // there was something
		return
	}
	var b []byte
	for i, p := range m.params {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(b, url.QueryEscape(p.name)...), '=')
		b = append(b, url.QueryEscape(p.value)...)
	}
	m.text, m.hasText = b, true
}

func (e *harEntry) fillResponse(x *Exchange) {
	m, r := &e.response, &x.Response
	if m.status > 999 || m.status != math.Trunc(m.status) {
		e.trouble(m.statusAt, fmt.Errorf("%w: %v; the request was read", errStatusRange, m.status))
		e.lacks |= LacksResponse
		return
	}
	r.Status = max(int(m.status), 0) // some writers say -1 for none
	if r.Status == 0 {
		return
	}
	r.Version, r.Reason = e.version(m, m.pseudo()), m.reason
	version := r.Version
	if version == 0 {
		version = x.Request.Version
	}
	m.fillFields(&r.Fields, e.writer, version, false)
	if e.writer.has(quirkMerged) && m.isOfAnother(r) {
		r.Fields = Fields{}
	}
	if m.manyAt > 0 {
		e.trouble(m.manyAt, errManyFields)
		e.lacks |= LacksResponse
	}
	if !e.writer.has(quirkOwn) && (r.Status == 304 || x.Request.Method == "HEAD") { // what is shown came out of a cache
		m.hasText, m.text, m.pieces, m.bodySize, m.size = false, nil, nil, 0, 0
	}
	e.fillContent(m, &r.Message, x.MayHaveContent())
}

// isOfAnother reports whether the fields are those of another response: they do not
// say the media type that the browser saw, or lead elsewhere.
func (m *harMessage) isOfAnother(r *Response) bool {
	kind := mediaType(m.formType)
	return r.Class() == 2 && (r.Fields.Has(FieldLocation) && r.Status == 200 ||
		kind != "" && kind != "x-unknown" && m.size > 0 && !strings.EqualFold(kind, mediaType(r.Fields.Value(FieldContentType))))
}

// fillVersions lets each message have the other's version where its own is not
// known, and drops the reason phrase that later versions do not have (RFC 9113
// §8.3.2).
func (e *harEntry) fillVersions(x *Exchange) {
	if x.Request.Version == 0 {
		x.Request.Version = x.Response.Version
	}
	if x.Response.Status != 0 && x.Response.Version == 0 {
		x.Response.Version = x.Request.Version
	}
	if x.Response.Version >= HTTP2 {
		x.Response.Reason = ""
	}
}

// version is that of a message: what the writer says apart, or of the message, or
// what its pseudo-fields show.
func (e *harEntry) version(m *harMessage, pseudo harPseudo) Version {
	v := parseHARVersion(m.version)
	if apart := parseHARVersion(e.protocol); v == 0 || apart >= HTTP2 {
		v = max(v, apart)
	}
	if pseudo.there {
		v = max(v, HTTP2)
	}
	return v
}

// pseudo reads the pseudo-fields of HTTP/2, which are not fields.
func (m *harMessage) pseudo() (p harPseudo) {
	for i := range m.fields {
		f := &m.fields[i]
		if len(f.name) < 2 || f.name[0] != ':' {
			continue
		}
		p.there = true
		switch f.name {
		case ":method":
			p.method = f.value
		case ":scheme":
			p.scheme = f.value
		case ":authority":
			p.authority = f.value
		case ":path":
			p.path = f.value
		}
	}
	return p
}

// url is the target URI that the pseudo-fields make; "" where they make none.
func (p *harPseudo) url() string {
	if p.scheme == "" || p.authority == "" {
		return ""
	}
	return p.scheme + "://" + p.authority + p.path
}

// fillFields adds the field lines. No value has a line feed in it: some writers
// join lines of one name so.
func (m *harMessage) fillFields(f *Fields, w *harWriter, v Version, request bool) {
	f.Grow(len(m.fields))
	doubles := m.doubles(w, v, request)
	for i := range m.fields {
		name, value := m.fields[i].name, m.fields[i].value
		if len(name) > 0 && name[0] == ':' || doubles.has(m.fields[:i], name, value) {
			continue
		}
		if w.has(quirkJSONLists) {
			value = joinJSONList(value)
		}
		known := LookupName(name)
		if w.has(quirkSeparated) && known == FieldContentLength {
			value = withoutSeparators(value)
		}
		for more := true; more; {
			var line string
			line, value, more = strings.Cut(value, "\n")
			if f.Len() >= maxFieldLines {
				m.manyAt = max(m.manyAt, 1)
				return
			}
			line = trimOWS(strings.TrimSuffix(line, "\r"))
			if !w.has(quirkOwn) {
				line = withUnseen(known, name, line)
			}
			f.add(known, name, line)
		}
	}
}

// harDoubles are lines that are in a capture twice and were sent once: as the
// page set them, with capitals, and as they were sent.
type harDoubles struct {
	lower map[string]string // value of each name that is there in lower case; nil where no name has capitals
	later bool              // the version has no capitals, so that any line with them is the double
	twice bool              // equal lines are doubles too; elsewhere they may be real
	seen  map[harField]bool // lines that were met, with the name in lower case; nil where few enough are compared
}

// maxCompared is how many lines are compared with each other without a map.
const maxCompared = 64

// doubles looks for lines that some name has twice in different case.
func (m *harMessage) doubles(w *harWriter, v Version, request bool) (d harDoubles) {
	d.later = v >= HTTP2
	if w.has(quirkOwn) || v == HTTP10 || v == HTTP11 && !w.has(quirkDoubles) {
		return d
	}
	capitals := false
	for i := range m.fields {
		capitals = capitals || hasCapital(m.fields[i].name)
	}
	if capitals {
		d.lower = make(map[string]string, len(m.fields))
		for i := range m.fields {
			if f := &m.fields[i]; !hasCapital(f.name) {
				d.lower[f.name] = f.value
			}
		}
	}
	if d.twice = request && w.has(quirkDoubles); d.twice && (capitals || len(m.fields) > maxCompared) {
		d.seen = make(map[harField]bool, len(m.fields))
	}
	return d
}

// has reports whether a line is the double of another one, or of one of those
// before it.
func (d *harDoubles) has(before []harField, name, value string) bool {
	if d.lower != nil && hasCapital(name) {
		if other, ok := d.lower[strings.ToLower(name)]; ok && (d.later || other == value) {
			return true
		}
	}
	switch {
	case !d.twice:
		return false
	case d.seen == nil: // every name is in lower case, and every line before was kept or is equal to one that was
		return slices.Contains(before, harField{name, value})
	}
	key := harField{strings.ToLower(name), value}
	twice := d.seen[key]
	d.seen[key] = true
	return twice
}

func hasCapital(s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// joinJSONList joins the texts of a JSON list by line feeds; anything else stays.
func joinJSONList(value string) string {
	if !strings.HasPrefix(value, "[") || !strings.HasSuffix(value, "]") {
		return value
	}
	c := jsonCursor{s: value}
	var lines []string
	plain := true
	c.elements(func() {
		plain = plain && c.peek() == '"'
		lines = append(lines, c.text())
	})
	if c.err != nil || c.i != len(value) || !plain || len(lines) == 0 {
		return value
	}
	return strings.Join(lines, "\n")
}

// withoutSeparators removes what is between thousands in a number; anything
// else stays.
func withoutSeparators(s string) string {
	groups := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",.'\u00a0\u202f\u2019 ", r) })
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && (len(g) > 3 && len(groups) > 1) || strings.Trim(g, "0123456789") != "" {
			return s
		}
	}
	return strings.Join(groups, "")
}

// setHARURL takes the target URI apart.
func (x *Exchange) setHARURL(raw string, pseudo harPseudo) error {
	raw, _, _ = strings.Cut(raw, "#")
	scheme, rest, err := x.harScheme(raw, pseudo)
	if err != nil {
		return err
	}
	switch {
	case scheme == "":
	case strings.EqualFold(scheme, "http"), strings.EqualFold(scheme, "ws"):
		x.Scheme = "http"
	case strings.EqualFold(scheme, "https"), strings.EqualFold(scheme, "wss"):
		x.Scheme = "https"
	default:
		return errNotHTTP
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, target := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	x.Authority = strings.Clone(host) // what remembers hosts must not hold on to whole entries
	switch {
	case x.Request.Method == "CONNECT":
		target = x.Authority
	case target == "" || target[0] == '?':
		target = "/" + target
	}
	x.Request.Target = unseenTarget(target)
	return nil
}

// harScheme cuts the scheme from a URL. Where there is none it is that of the
// pseudo-fields, "" when no one says which; rest then begins with the authority
// still.
func (x *Exchange) harScheme(raw string, pseudo harPseudo) (scheme, rest string, err error) {
	if scheme, rest, ok := strings.Cut(raw, "://"); ok && isScheme(scheme) {
		return scheme, rest, nil
	}
	authority := pseudo.authority
	if authority == "" {
		authority = x.Request.Fields.Value(FieldHost)
	}
	switch name, after, colon := strings.Cut(raw, ":"); {
	case x.Request.Method == "CONNECT":
		return "https", raw, nil
	case strings.HasPrefix(raw, "//"):
		return pseudo.scheme, raw[2:], nil
	case strings.HasPrefix(raw, "/"):
		return pseudo.scheme, authority + raw, nil
	case authority != "" && strings.HasPrefix(raw, authority) && strings.TrimLeft(raw[len(authority):], "/?") != raw[len(authority):] || raw == authority && raw != "":
		return pseudo.scheme, raw, nil
	case colon && isScheme(name) && (after == "" || !isDigit(after[0])):
		return "", "", errNotHTTP
	case looksLikeHost(raw):
		return pseudo.scheme, raw, nil
	}
	return "", "", fmt.Errorf("%w: %.60q", errURL, raw)
}

// isScheme reports whether s is the name of a scheme (RFC 3986 §3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && (i == 0 || !isDigit(s[i]) && s[i] != '+' && s[i] != '-' && s[i] != '.') {
			return false
		}
	}
	return s != ""
}

// looksLikeHost reports whether a URL without a scheme begins with a host: a name
// with a dot, one with a port, or an IPv6 address.
func looksLikeHost(raw string) bool {
	host, _, _ := strings.Cut(raw, "/")
	host, _, _ = strings.Cut(host, "?")
	name, port := SplitAuthority(host)
	return name != "" && !strings.ContainsAny(name, " \t\"<>") && (strings.Contains(name, ".") || port != "" || host[0] == '[' || name == "localhost")
}
