package conversation

import (
	"bytes"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// A digester makes visits. Its key is its own, so that no hash means anything
// outside this run.
type digester struct {
	seed maphash.Seed
	text []byte // room
}

func (d *digester) hash(s string) uint64 {
	if s == "" {
		return 0
	}
	return maphash.String(d.seed, s) | 1 // 0 is none
}

// hashLower hashes a name of which the case does not matter, given in parts.
func (d *digester) hashLower(parts ...string) uint64 {
	d.text = d.text[:0]
	for _, s := range parts {
		d.text = appendLower(d.text, s)
	}
	return maphash.Bytes(d.seed, d.text) | 1
}

// join hashes several numbers as one.
func join(all ...uint64) uint64 {
	h := uint64(14695981039346656037)
	for _, n := range all {
		h ^= n
		h *= 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	return h | 1
}

// Bounds of the texts that are kept of a visit, in octets.
const (
	mostTarget = 512
	mostText   = 96
)

// visit makes the digest of an exchange that has ended.
func (d *digester) visit(v *Visit, x *exchange.Exchange) {
	*v = Visit{}
	v.Status, v.Method, v.version, v.source = x.Response.Status, method(x.Request.Method), x.Request.Version, x.Source
	v.age, v.fresh, v.length = -1, -1, -1
	if x.Err != nil {
		v.Err = x.Err.Code
	}
	if x.Response.Made {
		v.Status = 0
	}
	d.times(v, x)
	d.texts(v, x)
	d.request(v, x)
	if v.Status != 0 {
		d.response(v, x)
	}
	d.connection(v, x)
	d.outcome(v)
	d.threads(v, x)
}

// method is one of the usual ones, or a copy.
func method(s string) string {
	switch s {
	case "GET":
		return "GET"
	case "POST":
		return "POST"
	}
	for _, m := range [...]string{"HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"} {
		if s == m {
			return m
		}
	}
	return strings.Clone(s[:min(len(s), 16)])
}

func (d *digester) times(v *Visit, x *exchange.Exchange) {
	v.Started = x.Started.UnixNano()
	head, done := x.Response.At, x.Timing.Done
	if head == 0 {
		head = x.Timing.FirstByte
	}
	if done < head {
		done = head
	}
	if head == 0 {
		head = done
	}
	v.Headed, v.Ended = v.Started+int64(head), v.Started+int64(done)
	v.waited = x.Timing.FirstByte
	if x.Timing.ContentBegun > 0 && x.Timing.HeadSent > 0 {
		v.wrote = x.Timing.ContentBegun - x.Timing.HeadSent
	}
}

// texts copies what may be quoted, in one piece of memory.
func (d *digester) texts(v *Visit, x *exchange.Exchange) {
	f := &x.Response.Fields
	parts := [...]struct {
		to   *string
		text string
		most int
	}{
		{&v.id, x.ID, mostText}, {&v.run, x.Run, mostText}, {&v.scheme, x.Scheme, 8},
		{&v.authority, x.Authority, 255}, {&v.target, x.Request.Target, mostTarget},
		{&v.text.etag, f.Value(exchange.FieldETag), mostText}, {&v.text.location, f.Value(exchange.FieldLocation), mostTarget},
		{&v.text.allow, f.Value(exchange.FieldAllow), mostText}, {&v.text.vary, f.Value(exchange.FieldVary), mostText},
		{&v.text.contentType, f.Value(exchange.FieldContentType), mostText},
		{&v.text.node, node(f), mostText},
	}
	b := d.text[:0]
	for i := range parts {
		b = append(b, parts[i].text[:min(len(parts[i].text), parts[i].most)]...)
	}
	all := string(b)
	d.text = b
	for i := range parts {
		n := min(len(parts[i].text), parts[i].most)
		*parts[i].to, all = all[:n], all[n:]
	}
	v.host = v.authority
	if strings.ToLower(v.host) != v.host {
		v.host = strings.ToLower(v.host)
	}
}

// node is what a response says of the machine that made it.
func node(f *exchange.Fields) string {
	for _, n := range [...]exchange.Name{exchange.FieldXServedBy, exchange.FieldVia} {
		if f.Has(n) {
			return f.Value(n)
		}
	}
	return ""
}

func (d *digester) request(v *Visit, x *exchange.Exchange) {
	f := &x.Request.Fields
	v.ua = d.hash(f.Value(exchange.FieldUserAgent))
	v.auth = d.hash(f.Value(exchange.FieldAuthorization))
	v.cookies = d.hash(f.Combined(exchange.FieldCookie))
	v.peer, v.reached, v.not = x.Client.Peer, x.Origin.Peer, annotate.Forbidden(x.Source.Lacks)
	v.tls, v.newConn = x.Client.TLS != nil || x.Client.Authority != "", x.Client.Peer.IsValid() && !x.Client.Reused
	addr := x.Client.Peer.Addr().As16()
	client := maphash.Bytes(d.seed, addr[:])
	if f.Has(exchange.FieldXForwardedFor) {
		client = join(client, d.hash(f.Value(exchange.FieldXForwardedFor)))
	}
	v.client = join(client, v.ua)
	switch v.Method {
	case "GET", "HEAD":
		v.Traits |= Read
	case "PUT", "PATCH", "POST", "DELETE":
		v.Traits |= Write
	}
	d.requestContent(v, x)
	if v.auth != 0 {
		v.Traits |= WithAuth
		v.scheme401 = schemeOf(field.Credentials(f.Value(exchange.FieldAuthorization)).Scheme)
	}
	if v.cookies != 0 {
		v.Traits |= WithCookie
		d.sentCookies(v, f)
	}
	d.requestFields(v, x)
}

func (d *digester) requestContent(v *Visit, x *exchange.Exchange) {
	c := &x.Request.Content
	v.requestSize, v.requestWhole = c.Size, c.Complete
	if c.Size > 0 && !x.Source.Lacks.Has(exchange.LacksContent) {
		v.requestHash = d.content(c)
	}
}

// content hashes whole content; 0 where it is not known. The digest comes first,
// since of equal contents one may have been kept whole, and the other not.
func (d *digester) content(c *exchange.Content) uint64 {
	switch digest := c.Digest(); {
	case !c.Complete:
	case c.Size == 0:
		return 1
	case digest != exchange.Digest{}:
		return maphash.Bytes(d.seed, digest[:]) | 1
	case !c.Truncated && len(c.Kept) > 0:
		return maphash.Bytes(d.seed, c.Kept) | 1
	}
	return 0
}

func (d *digester) requestFields(v *Visit, x *exchange.Exchange) {
	f := &x.Request.Fields
	v.accept, v.language = d.hash(f.Value(exchange.FieldAccept)), d.hash(f.Value(exchange.FieldAcceptLanguage))
	v.encoding, v.origin0 = d.hash(f.Value(exchange.FieldAcceptEncoding)), d.hash(f.Value(exchange.FieldOrigin))
	for _, n := range [...]exchange.Name{exchange.FieldIfNoneMatch, exchange.FieldIfModifiedSince, exchange.FieldIfMatch, exchange.FieldIfUnmodifiedSince, exchange.FieldIfRange} {
		if f.Has(n) {
			v.Traits |= Conditional
		}
	}
	v.made.formPost = v.Method == "POST" && field.HasPrefixFold(f.Value(exchange.FieldContentType), "application/x-www-form-urlencoded") ||
		v.Method == "POST" && field.HasPrefixFold(f.Value(exchange.FieldContentType), "multipart/form-data")
	v.made.earlyData = f.Value(exchange.FieldEarlyData) == "1"
	v.made.conditional = f.Has(exchange.FieldIfMatch) || f.Has(exchange.FieldIfUnmodifiedSince)
	v.made.via = f.Has(exchange.FieldVia) || f.Has(exchange.FieldXForwardedFor) || f.Has(exchange.FieldForwarded)
	v.made.ifMatch = join(d.hash(f.Value(exchange.FieldIfMatch)), d.hash(f.Value(exchange.FieldIfUnmodifiedSince)))
	if f.Has(exchange.FieldRange) {
		v.Traits |= Ranged
	}
	if f.Has(exchange.FieldIdempotencyKey) {
		v.Traits |= Keyed
		v.key = d.hash(f.Value(exchange.FieldIdempotencyKey))
	}
	if field.IndexFold(f.Value(exchange.FieldExpect), "100-continue") >= 0 {
		v.Traits |= Expecting
	}
	if v.Method == "OPTIONS" && f.Has(exchange.FieldAccessControlRequestMethod) {
		v.Traits |= Preflight
		v.accept = join(d.hash(f.Value(exchange.FieldAccessControlRequestMethod)), d.hash(f.Value(exchange.FieldAccessControlRequestHeaders)))
	}
	if cc := f.Value(exchange.FieldCacheControl); cc != "" || f.Has(exchange.FieldPragma) {
		for _, name := range [...]string{"no-cache", "no-store", "max-age=0"} {
			v.askedFresh = v.askedFresh || field.IndexFold(cc, name) >= 0
		}
		v.askedFresh = v.askedFresh || f.Has(exchange.FieldPragma)
	}
	if span := cmpOr(f.Value(exchange.FieldTraceparent), f.Value(exchange.FieldXRequestID), f.Value(exchange.FieldXAmznTraceId)); span != "" {
		v.Traits |= Traced
		v.span = d.hash(span)
	}
	v.made.navigation = f.Value(exchange.FieldSecFetchMode) == "navigate"
	v.made.crossSite = f.Value(exchange.FieldSecFetchSite) == "cross-site"
	v.made.fetchSite = d.hash(f.Value(exchange.FieldSecFetchSite))
	v.made.noCORS = f.Value(exchange.FieldSecFetchMode) == "no-cors" || f.Value(exchange.FieldSecFetchDest) == "iframe"
	v.made.close = field.IndexFold(f.Value(exchange.FieldConnection), "close") >= 0
	path := x.Path()
	v.made.login = isLoginPath(path) || isLoginQuery(x.Query())
	v.made.health = isHealthPath(path)
	if v.Method == "POST" || v.Method == "GET" && x.Query() != "" {
		v.made.graphQL = x.IsGraphQL()
		v.made.mutation = v.made.graphQL && bytes.Contains(x.Request.Content.Kept, []byte("mutation"))
		v.made.search = isSearchPath(path)
	}
}

func cmpOr(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

func (d *digester) sentCookies(v *Visit, f *exchange.Fields) {
	for _, l := range f.Each(exchange.FieldCookie) {
		v.cookieSize += len(l.Value)
		for pair := range strings.SplitSeq(l.Value, ";") {
			name, value, ok := strings.Cut(strings.TrimLeft(pair, " "), "=")
			if ok && v.sentCookies < mostCookies {
				v.sent[v.sentCookies] = d.cookie(name, value)
				v.sentCookies++
			}
		}
	}
}

func (d *digester) cookie(name, value string) cookie {
	return cookie{
		name: d.hash(name), value: d.hash(value),
		session: rules.IsSessionCookie(name, value), random: len(value) >= 16 && isTokenLike(value),
	}
}

// isTokenLike reports whether a value has the look of a key: no separators, and
// over 3 bits a character.
func isTokenLike(s string) bool {
	var count [256]int
	for i := range len(s) {
		if c := s[i]; c == ':' || c == ',' || c == ' ' || c == '&' {
			return false
		}
		count[s[i]]++
	}
	bits := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(s))
			bits -= p * math.Log2(p)
		}
	}
	return bits > 3
}

func (d *digester) response(v *Visit, x *exchange.Exchange) {
	f := &x.Response.Fields
	s := rules.StorageOf(x)
	v.noStore, v.noCache, v.private, v.shared, v.fresh = s.NoStore, s.NoCache, s.Private, s.Shared, s.Fresh
	if f.Has(exchange.FieldETag) {
		if t := field.ParseETag(f.Value(exchange.FieldETag)); t.Err == nil {
			v.Traits |= Tagged
			v.etag, v.weak = d.hash(t.Opaque), t.Weak
		}
	}
	received := time.Unix(0, v.Headed)
	v.modified, v.date = seconds(f.Value(exchange.FieldLastModified), received), seconds(f.Value(exchange.FieldDate), received)
	if n, ok := field.Number(f.Value(exchange.FieldAge)); ok {
		v.age = n
	}
	if v.age > 0 || field.IndexFold(f.Value(exchange.FieldCacheStatus), "hit") >= 0 || field.HasPrefixFold(f.Value(exchange.FieldXCache), "hit") {
		v.Traits |= Hit
	}
	if f.Has(exchange.FieldVary) {
		v.Traits |= Varied
	}
	d.caching(v, f)
	if f.Has(exchange.FieldDeprecation) || f.Has(exchange.FieldSunset) {
		d.endOfLife(v, f)
	}
	if v.is(Preflight) {
		d.grants(v, f)
	}
	v.made.close = v.made.close || field.IndexFold(f.Value(exchange.FieldConnection), "close") >= 0
	v.made.oldHop = x.Response.Version == exchange.HTTP10 || strings.HasPrefix(f.Value(exchange.FieldVia), "1.0")
	d.quota(v, f)
	v.made.acceptRanges = field.EqualFold(f.Value(exchange.FieldAcceptRanges), "bytes")
	v.made.allowOrigin = d.hash(f.Value(exchange.FieldAccessControlAllowOrigin))
	d.responseContent(v, x)
	d.holder(v, x)
	d.retryAfter(v, x)
	d.links(v, x)
	for _, l := range f.Each(exchange.FieldSetCookie) {
		d.setCookie(v, l.Value)
	}
	if v.Status == 401 {
		d.challenges(v, f)
	}
	if f.Has(exchange.FieldServerTiming) {
		v.made.server, v.made.serverNamed = serverTime(f.Value(exchange.FieldServerTiming))
	}
	if f.Has(exchange.FieldContentRange) {
		if r, err := field.ParseContentRange(f.Value(exchange.FieldContentRange)); err == nil && r.IsBytes() {
			v.first, v.last, v.length = r.First, r.Last, r.Length
		}
	}
}

// seconds reads a date; 0 for none.
func seconds(s string, now time.Time) int64 {
	if s == "" {
		return 0
	}
	date, err := field.ParseDate(s, now)
	if err != nil {
		return 0
	}
	return date.Time.Unix()
}

func (d *digester) responseContent(v *Visit, x *exchange.Exchange) {
	r := &x.Response
	c := &r.Content
	v.contentSize, v.contentWhole = c.Size, c.Complete
	v.coding = d.hash(r.Fields.Value(exchange.FieldContentEncoding))
	t := field.ParseMediaType(r.Fields.Value(exchange.FieldContentType))
	v.contentType = d.hashLower(t.Type, "/", t.Subtype)
	v.html, v.made.jsonType = t.IsHTML(), t.IsJSON()
	if v.made.jsonType {
		v.Traits |= TypeJSON
	}
	if v.html {
		v.Traits |= TypeHTML
	}
	v.made.textual = v.made.jsonType || field.EqualFold(t.Type, "text") && !field.EqualFold(t.Subtype, "event-stream")
	if v.Method == "HEAD" || x.Source.Lacks.Has(exchange.LacksContent) {
		return
	}
	v.contentHash = d.content(c)
	if !c.Whole() || len(c.Kept) == 0 {
		return
	}
	if t.IsJSON() {
		v.Traits |= JSON
		d.json(v, x)
	} else if t.IsHTML() && (v.Status == 200 || v.Status == 404) {
		v.print = fingerprint(d.seed, c.Kept)
		v.made.saysMissing = saysNotFound(c.Kept)
	}
}

func (d *digester) retryAfter(v *Visit, x *exchange.Exchange) {
	f := &x.Response.Fields
	if f.Count(exchange.FieldRetryAfter) != 1 {
		return
	}
	r, err := field.ParseRetryAfter(f.Value(exchange.FieldRetryAfter), time.Unix(0, v.Headed))
	if err != nil {
		return
	}
	const most = 10 * 365 * 24 * 60 * 60
	wait := min(r.Seconds, most)
	if r.IsDate() { // the smaller of what its own clock and ours say
		wait = r.Date.Time.Unix() - v.Headed/int64(time.Second)
		if v.date != 0 {
			wait = min(wait, r.Date.Time.Unix()-v.date)
		}
		if wait < 2 {
			return
		}
	}
	if wait <= 0 {
		return
	}
	v.Traits |= Limited
	v.until = v.Headed + wait*int64(time.Second)
}

// uri hashes a target URI without its fragment.
func (d *digester) uriOf(u field.URI) uint64 {
	return d.uriHash(u.Scheme, join3(u.Host, u.Port), u.Path, u.Query, u.HasQuery)
}

func join3(host, port string) string {
	if port == "" {
		return host
	}
	return host + ":" + port
}

// uriHash hashes the parts of a URI.
func (d *digester) uriHash(scheme, authority, path, query string, hasQuery bool) uint64 {
	return d.uriAt(d.originHash(scheme, authority), path, query, hasQuery)
}

// uriAt hashes a URI of an origin server.
func (d *digester) uriAt(origin uint64, path, query string, hasQuery bool) uint64 {
	if path == "" {
		path = "/"
	}
	if hasQuery {
		d.text = append(append(append(d.text[:0], path...), '?'), query...)
		return join(origin, maphash.Bytes(d.seed, d.text))
	}
	return join(origin, maphash.String(d.seed, path))
}

// originHash hashes what names an origin server; the port of the scheme is none.
func (d *digester) originHash(scheme, authority string) uint64 {
	host, port := exchange.SplitAuthority(authority)
	if port == "80" && field.EqualFold(scheme, "http") || port == "443" && field.EqualFold(scheme, "https") {
		port = ""
	}
	d.text = append(appendLower(d.text[:0], scheme), 0)
	d.text = append(appendLower(d.text, host), 0)
	d.text = append(d.text, port...)
	return maphash.Bytes(d.seed, d.text) | 1
}

// appendLower appends a name in lower case.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, field.Lower(s[i]))
	}
	return b
}

func (d *digester) links(v *Visit, x *exchange.Exchange) {
	f := &x.Response.Fields
	if !f.Has(exchange.FieldLocation) && !f.Has(exchange.FieldLink) && !f.Has(exchange.FieldOperationLocation) && !f.Has(exchange.FieldAzureAsyncOperation) {
		return
	}
	base := field.TargetURI(x.Scheme, x.Authority, x.PathQuery())
	place := cmpOr(f.Value(exchange.FieldLocation), f.Value(exchange.FieldOperationLocation), f.Value(exchange.FieldAzureAsyncOperation))
	if place != "" {
		if ref, err := field.ParseURI(place); err == nil {
			to := ref.Resolve(base)
			v.location, v.locationHost = d.uriOf(to), strings.Clone(strings.ToLower(to.Host))
			v.made.loginTarget = isLoginPath(to.Path)
			v.made.idlePath = differsInForm(base, to)
		}
	}
	for _, l := range f.Each(exchange.FieldLink) {
		for link := range field.Links(l.Value) {
			if !link.HasRel("next") || linkHasAnchor(link) {
				continue
			}
			if ref, err := field.ParseURI(link.Target); err == nil {
				v.Traits |= Linked
				v.next = d.uriOf(ref.Resolve(base))
			}
		}
	}
}

func linkHasAnchor(l field.Link) bool {
	for p := range l.Params() {
		if field.EqualFold(p.Name, "anchor") {
			return true
		}
	}
	return false
}

// differsInForm reports whether two URIs differ only in scheme, "www.", letter
// case, the default port or a slash at the end.
func differsInForm(a, b field.URI) bool {
	plain := func(u field.URI) string {
		return strings.TrimPrefix(strings.ToLower(u.Host), "www.") + strings.TrimSuffix(strings.ToLower(u.Path), "/") + "?" + u.Query
	}
	return plain(a) == plain(b)
}

func (d *digester) setCookie(v *Visit, line string) {
	if v.setCookies == mostCookies {
		return
	}
	c := field.ParseSetCookie(line)
	name, value := c.Name.Text, strings.Trim(c.Value.Text, `"`)
	if name == "" {
		return
	}
	v.Traits |= SetsCookie
	made := d.cookie(name, value)
	made.gone = value == "" || isExpired(c)
	_, hasDomain := c.Last("Domain")
	path, _ := c.Last("Path")
	_, isSecure := c.Last("Secure")
	made.alone = !hasDomain
	made.wide = !hasDomain && path.Value == "/" && (!isSecure || v.scheme == "https") && isKept(line)
	if rotates(name) {
		made.random, made.session = false, false
	}
	if made.session && v.text.cookieSet == "" {
		v.made.sessionStart = d.hash(value[:min(len(value), 12)])
		v.text.cookieSet = strings.Clone(name[:min(len(name), mostText)])
	}
	v.set[v.setCookies] = made
	v.setCookies++
}

func isExpired(c field.SetCookie) bool {
	if a, ok := c.Last("Max-Age"); ok {
		n, err := field.CookieMaxAge(a.Value)
		return err == nil && n <= 0
	}
	if a, ok := c.Last("Expires"); ok {
		t, err := field.ParseCookieDate(a.Value)
		return err == nil && t.Year() < 2000
	}
	return false
}

// rotates reports whether a cookie gets a new value each time by design.
func rotates(name string) bool {
	for _, prefix := range [...]string{"AWSALB", "__cf_bm", "bm_", "ak_bmsc", "_abck", "incap_ses_", "laravel_session", "XSRF-TOKEN"} {
		if field.HasPrefixFold(name, prefix) {
			return true
		}
	}
	return strings.HasPrefix(name, "_") && strings.HasSuffix(name, "_session")
}

func (d *digester) challenges(v *Visit, f *exchange.Fields) {
	for _, l := range f.Each(exchange.FieldWWWAuthenticate) {
		for c := range field.Challenges(l.Value) {
			v.offered |= schemeOf(c.Scheme)
			if e, ok := c.Param("error"); ok && e == "invalid_token" {
				v.offered |= invalidToken
			}
		}
	}
}

func schemeOf(s string) scheme {
	for _, known := range [...]struct {
		name string
		s    scheme
	}{{"basic", schemeBasic}, {"bearer", schemeBearer}, {"digest", schemeDigest}, {"negotiate", schemeNegotiate}, {"ntlm", schemeNTLM}} {
		if field.EqualFold(s, known.name) {
			return known.s
		}
	}
	if s == "" {
		return 0
	}
	return schemeOther
}

// serverTime is the longest time that a response says its making took; named
// says that it is of the application, and not of a CDN alone.
func serverTime(s string) (longest time.Duration, named bool) {
	sum := 0.0
	for e := range field.List(s) {
		name := field.Head(e.Text).Text
		for p := range field.Params(e.Text) {
			if !field.EqualFold(p.Name, "dur") {
				continue
			}
			ms := parseMillis(field.Unquote(p.Value))
			if isCDNMetric(name) {
				continue
			}
			named = true
			sum += ms
		}
	}
	return time.Duration(sum * float64(time.Millisecond)), named
}

func isCDNMetric(name string) bool {
	return slices.ContainsFunc([]string{"edge", "cdn-", "cfl4", "cfcache", "cfedge", "cforigin", "ak_p"}, func(p string) bool {
		return field.HasPrefixFold(name, p)
	})
}

func (d *digester) outcome(v *Visit) {
	switch s := v.Status; {
	case s == 0:
		v.Traits |= Broken
	case s == 200 && v.Method == "GET":
		v.Traits |= Found200 | Succeeded
	case s >= 200 && s < 300:
		v.Traits |= Succeeded
	case s == 304:
		v.Traits |= NotModified
	case s >= 300 && s < 400 && v.location != 0 && s != 300 && s != 305 && s != 306:
		v.Traits |= Redirected
	case s == 401:
		v.Traits |= Unauthorized
	case s == 404 || s == 410:
		v.Traits |= NotFound
	case s == 429 || s == 503 && v.is(Limited):
		v.Traits |= TooMany
	case s == 405 || s == 409 || s == 412 || s == 417 || s == 421 || s == 425:
		v.Traits |= Status
	}
	if v.Status >= 500 {
		v.Traits |= ServerError
	}
	if v.Status == 201 && v.location != 0 {
		v.Traits |= Created
	}
	if v.Status == 202 && v.location != 0 {
		v.Traits |= Accepted
	}
	if v.waited > 0 && v.Status != 0 {
		v.Traits |= Timed
	}
	switch v.Err {
	case exchange.ErrTruncated, exchange.ErrResetBeforeHead, exchange.ErrClosedBeforeHead, exchange.ErrStalled, exchange.ErrH2Reset, exchange.ErrH2GoAway:
		v.Traits |= CutShort
	}
	if v.Status == 504 {
		v.Traits |= CutShort
	}
	if v.Status == 201 || v.Status == 200 && v.Method == "POST" {
		if v.location != 0 {
			v.made.resource = v.location
		}
	}
}

func (d *digester) threads(v *Visit, x *exchange.Exchange) {
	path, query, hasQuery := strings.Cut(x.PathQuery(), "?")
	v.queryNames = d.queryNames(query)
	if v.Method == "GET" && v.is(JSON) {
		v.made.id = d.pathID(path)
	}
	v.origin = d.originHash(x.Scheme, x.Authority)
	v.uri = d.uriAt(v.origin, path, query, hasQuery)
	d.text = annotate.AppendRoute(d.text[:0], path)
	if op := x.Operation().String(); op != "" {
		d.text = append(append(d.text, ' '), op...)
	}
	v.route = join(maphash.Bytes(d.seed, d.text), v.origin, d.hash(v.Method))
	v.keys = [threadCount]uint64{
		ClientURI: join(v.client, v.uri), URI: v.uri, ClientOrigin: join(v.client, v.origin), Client: v.client,
		Origin: v.origin, Route: v.route,
	}
}

// quota reads what is left of a quota, and when it is whole again.
func (d *digester) quota(v *Visit, f *exchange.Fields) {
	v.left, v.reset = -1, -1
	for _, l := range f.Each(exchange.FieldRateLimit) {
		for m := range field.RateLimits(l.Value) {
			if m.Remaining.Ok && m.Reset.Ok {
				v.left, v.reset = m.Remaining.N, m.Reset.N
			}
		}
	}
	if left, ok := field.Number(f.Value(exchange.FieldRateLimitRemaining)); ok {
		if reset, ok := field.Number(f.Value(exchange.FieldRateLimitReset)); ok {
			v.left, v.reset = left, reset
		}
	}
	if v.left >= 0 && v.reset >= 0 && v.reset < 7*24*60*60 {
		v.Traits |= Quoted
	}
}
