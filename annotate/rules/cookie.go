package rules

import (
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cookieRules lists the rules on Set-Cookie.
func cookieRules() []*annotate.Rule {
	return slices.Concat(
		cookieSyntaxRules(),
		cookieLifetimeRules(),
		cookieScopeRules(),
		cookieProtectionRules(),
	)
}

// whenSetCookie is when a response sets a cookie.
func whenSetCookie() annotate.When {
	return annotate.When{Fields: []exchange.Name{exchange.FieldSetCookie}}
}

// A setCookie is one Set-Cookie line of a response.
type setCookie struct {
	field.SetCookie
	pass *annotate.Pass
	line int
}

// cookiesSet returns the cookies that a response sets, but for lines that
// cookie/set-cookie-combined is about, where nobody knows what was meant, and for
// lines of which a capture has no more than the name.
func cookiesSet(p *annotate.Pass) iter.Seq[setCookie] {
	return func(yield func(setCookie) bool) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldSetCookie) {
			c := setCookie{field.ParseSetCookie(l.Value), p, i}
			if _, joined := c.JoinedCookie(); !joined && !isWithoutAttributes(l.Value) && !yield(c) {
				return
			}
		}
	}
}

// isWithoutAttributes reports whether the program that saved a capture left out the
// value of a cookie, and perhaps its attributes with it.
func isWithoutAttributes(line string) bool {
	return exchange.IsUnseen(line) && strings.IndexByte(line, ';') < 0
}

// liveCookies returns the cookies that clients store: neither deletions nor
// those that a rule of their own reports as ignored, of which nothing else matters.
func liveCookies(p *annotate.Pass) iter.Seq[setCookie] {
	return func(yield func(setCookie) bool) {
		for c := range cookiesSet(p) {
			if c.live() && !c.isIgnored() && !yield(c) {
				return
			}
		}
	}
}

// isIgnored reports whether clients drop the cookie, a deletion too, for what it
// lacks or for where it comes from.
func (c setCookie) isIgnored() bool {
	if domain, _, ok := c.domain(); ok {
		if host := c.pass.X.Host(); host != "" && (!domainMatches(host, domain) || isPublicSuffix(domain) && domain != host) {
			return true
		}
	}
	secure := c.Has("Secure")
	return !secure && (c.sameSiteIs("None") || c.Has("Partitioned")) || secure && isInsecure(c.pass.X) || breaksPrefix(c)
}

// isInsecure reports whether a response came over plain http, from a host that
// browsers do not take for secure all the same.
func isInsecure(x *exchange.Exchange) bool {
	return x.Scheme == "http" && !isTrustworthyHost(x.Host()) && !tlsEndedBefore(x)
}

// span is the place of octets of the cookie's line.
func (c setCookie) span(start, end int) exchange.Place {
	return annotate.Span(c.pass.ResponseLine(c.line), start, end)
}

// named is the place of the cookie's name; of its value when it has none.
func (c setCookie) named() exchange.Place {
	if c.Name.Text == "" {
		return c.span(c.Value.At, c.Value.End())
	}
	return c.span(c.Name.At, c.Name.End())
}

// attribute is the place of an attribute with its value.
func (c setCookie) attribute(a field.Param) exchange.Place {
	return c.span(a.At, a.ValueAt+len(a.Value))
}

// label is the cookie's name as messages quote it.
func (c setCookie) label() string {
	if c.Name.Text == "" {
		return "without a name"
	}
	return quoted(c.Name.Text)
}

// maxAge is the Max-Age that counts: the last that can be read.
func (c setCookie) maxAge() (seconds int64, at field.Param, ok bool) {
	for a := range c.Attributes() {
		if field.EqualFold(a.Name, "max-age") && len(a.Value) <= field.MaxCookieAttribute {
			if n, err := field.CookieMaxAge(a.Value); err == nil {
				seconds, at, ok = n, a, true
			}
		}
	}
	return seconds, at, ok
}

// expires is the Expires that counts: the last that can be read.
func (c setCookie) expires() (t time.Time, at field.Param, ok bool) {
	for a := range c.Attributes() {
		if field.EqualFold(a.Name, "expires") && len(a.Value) <= field.MaxCookieAttribute {
			if d, err := field.ParseCookieDate(a.Value); err == nil {
				t, at, ok = d, a, true
			}
		}
	}
	return t, at, ok
}

// lifetime is how many seconds the cookie is to live, and which attribute says
// so; ok is false for one that lives as long as the browser's session.
func (c setCookie) lifetime() (seconds int64, at field.Param, ok bool) {
	if n, a, ok := c.maxAge(); ok {
		return n, a, true
	}
	t, a, ok := c.expires()
	if !ok {
		return 0, a, false
	}
	now, _ := sentAt(c.pass.X)
	if now.IsZero() {
		// Without any clock, only dates that are long past can be judged.
		return t.Unix() - epochOfHTTP, a, t.Unix() <= epochOfHTTP
	}
	return t.Unix() - now.Unix(), a, true
}

// epochOfHTTP is the start of 1997, before which no cookie was set that is
// still looked at: dates up to then always mean a deletion.
const epochOfHTTP = 852_076_800

// live reports whether the cookie is not a deletion.
func (c setCookie) live() bool {
	seconds, _, ok := c.lifetime()
	return !ok || seconds > 0
}

// domain is the Domain that counts, in lower case and without a dot before it;
// ok is false where the cookie has none, or an empty one.
func (c setCookie) domain() (domain string, at field.Param, ok bool) {
	at, has := c.Last("Domain")
	domain = strings.ToLower(strings.TrimPrefix(at.Value, "."))
	return domain, at, has && domain != ""
}

// domainMatches is RFC 6265bis §5.1.3, for a host in lower case.
func domainMatches(host, domain string) bool {
	if host == domain {
		return true
	}
	n := len(host) - len(domain)
	if n <= 0 || host[n:] != domain || host[n-1] != '.' {
		return false
	}
	_, isAddress := parseAddress(host)
	return !isAddress
}

// isPublicSuffix reports whether a domain is one under which anybody can
// register names, by the list that browsers use.
func isPublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

// sameSiteIs reports whether the SameSite that counts has that value.
func (c setCookie) sameSiteIs(value string) bool {
	a, ok := c.Last("SameSite")
	return ok && field.EqualFold(a.Value, value)
}

// path is the path that the cookie is stored with.
func (c setCookie) path() string {
	if a, ok := c.Last("Path"); ok && strings.HasPrefix(a.Value, "/") {
		return a.Value
	}
	return defaultCookiePath(c.pass.X.Path())
}

// defaultCookiePath is RFC 6265bis §5.1.4: the directory of the request's path.
func defaultCookiePath(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 && path[0] == '/' {
		return path[:i]
	}
	return "/"
}

// sessionLike reports whether a cookie looks as if it stood for a login or
// another secret: by its name, or by a long value without any pattern. Names
// that scripts are meant to read, and those of analytics, are none.
func (c setCookie) sessionLike() bool {
	name := c.Name.Text
	if isScriptCookie(name) || exchange.IsRedacted(c.Value.Text) && !isSessionName(name) {
		return false
	}
	return isSessionName(name) || isRandom(c.Value.Text)
}

// isScriptCookie reports whether a cookie is there for scripts to read, such as
// a token that they copy into a field against cross-site request forgery, or
// the numbers of analytics and consent tools.
func isScriptCookie(name string) bool {
	for _, part := range [...]string{"csrf", "xsrf", "consent", "analytics", "optanon"} {
		if field.IndexFold(name, part) >= 0 {
			return true
		}
	}
	for _, prefix := range [...]string{"_ga", "_gid", "_gcl", "_fbp", "_fbc", "_hj", "_pk_", "ajs_", "amplitude", "mp_", "AWSALB", "__cf", "_cfuvid", "bm_", "ak_bmsc", "_abck", "incap_ses_", "visid_incap"} {
		if field.HasPrefixFold(name, prefix) {
			return true
		}
	}
	return false
}

func isSessionName(name string) bool {
	for _, part := range [...]string{"sess", "auth", "token", "jwt", "login", "remember", "credential", "passport"} {
		if field.IndexFold(name, part) >= 0 {
			return true
		}
	}
	n := len(name)
	return n >= 3 && field.EqualFold(name[n-3:], "sid") && (n <= 8 || !field.IsTokenByte(name[n-4]) || name[n-4] == '.' || name[n-4] == '_' || name[n-4] == '-')
}

// isRandom reports whether a text looks like a key or a token: long, and of
// letters of both cases and digits, or of many hexadecimal digits.
func isRandom(s string) bool {
	if len(s) < 22 {
		return false
	}
	var upper, lower, digit, hex int
	for i := range len(s) {
		switch c := s[i]; {
		case field.IsDigit(c):
			digit++
			hex++
		case c >= 'a' && c <= 'f':
			lower++
			hex++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= 'A' && c <= 'Z':
			upper++
		case strings.IndexByte("-_+/=.%~", c) < 0:
			return false
		}
	}
	return upper >= 4 && lower >= 4 && digit >= 3 || len(s) >= 32 && hex == len(s) && digit >= 6 && lower >= 4
}

// isTrustworthyHost reports whether browsers take a host for secure without
// TLS: a name or address of the machine itself.
func isTrustworthyHost(host string) bool {
	if a, ok := parseAddress(host); ok {
		return a.Unmap().IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// tlsEndedBefore reports whether a request says that it came over https to an
// intermediary in front of sidenote.
func tlsEndedBefore(x *exchange.Exchange) bool {
	f := &x.Request.Fields
	first, _, _ := strings.Cut(f.Value(exchange.FieldXForwardedProto), ",")
	if field.EqualFold(field.TrimOWS(first), "https") {
		return true
	}
	if !f.Has(exchange.FieldForwarded) {
		return false
	}
	element, _, _ := strings.Cut(f.Value(exchange.FieldForwarded), ",")
	for p := range field.Pieces(element, ';') {
		if name, value, _ := strings.Cut(p.Text, "="); field.EqualFold(field.TrimOWS(name), "proto") {
			return field.EqualFold(field.Unquote(field.TrimOWS(value)), "https")
		}
	}
	return false
}

// cookieNames is the key of rules that speak once per cookie name and origin.
func cookieNames(x *exchange.Exchange) string {
	var b strings.Builder
	b.WriteString(originKey(x))
	for _, l := range x.Response.Fields.Each(exchange.FieldSetCookie) {
		b.WriteByte(' ')
		b.WriteString(field.ParseSetCookie(l.Value).Name.Text)
	}
	return b.String()
}

// settingCookies is an example: a response over https with these Set-Cookie values.
func settingCookies(cookies ...string) string {
	return "* scheme https\n" + settingCookiesInClear(cookies...)
}

func settingCookiesInClear(cookies ...string) string {
	var b strings.Builder
	b.WriteString("> GET /account/start HTTP/1.1\n> Host: www.shop.test\n>\n< HTTP/1.1 200 OK\n< Date: Fri, 02 Jan 2026 03:04:05 GMT\n")
	for _, c := range cookies {
		b.WriteString("< Set-Cookie: " + c + "\n")
	}
	b.WriteString("< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n")
	return b.String()
}

// goodCookie is a cookie in which nothing is wrong.
const goodCookie = "sid=31d4d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax"

// parameterValues returns each parameter's value of a query or form, decoded.
func parameterValues(params string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for params != "" {
			var pair string
			pair, params, _ = strings.Cut(params, "&")
			name, value, _ := strings.Cut(pair, "=")
			if decoded, err := url.QueryUnescape(value); err == nil {
				value = decoded
			}
			if !yield(name, value) {
				return
			}
		}
	}
}
