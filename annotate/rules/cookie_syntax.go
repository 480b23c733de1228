package rules

import (
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cookieSyntaxRules lists the rules on how a cookie is written.
func cookieSyntaxRules() []*annotate.Rule {
	return []*annotate.Rule{
		cookieNoName,
		cookieOctetsInvalid,
		cookiePairMalformed,
		cookieTooLarge,
		cookieDuplicateAttribute,
		cookieUnknownAttribute,
		cookieObsoleteAttribute,
		cookieSetCookieCombined,
		cookieSetTwice,
		cookieValueFromRequest,
	}
}

var cookieNoName = &annotate.Rule{
	ID:       "cookie/no-name",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie without a name",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.6", "RFC 6265bis §5.7 step 2"},
	Doc: "A cookie is name=value. Browsers store a value without a name and send it back without an equals sign, which most servers can't read. " +
		"Other clients drop it. Usually a variable was empty when the program built the line.",
	Help: "send Set-Cookie: name=value",
	Bad:  []string{settingCookies("=31d4d96e; Path=/; Secure"), settingCookies("31d4d96e; Path=/; Secure"), settingCookies("; Path=/; Secure")},
	Good: []string{settingCookies(goodCookie), settingCookies("lang=; Path=/; Secure")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			switch {
			case c.Name.Text != "", exchange.IsRedacted(c.Value.Text):
			case c.Value.Text == "":
				p.Note(c.span(0, len(c.Text)), "Set-Cookie has no name and no value, so clients ignore it")
			default:
				p.Note(c.named(), "Set-Cookie has a value of %s but no name, so browsers store it under an empty name and other clients drop it", octets(len(c.Value.Text)))
			}
		}
	},
}

var cookiePairMalformed = &annotate.Rule{
	ID:       "cookie/pair-malformed",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the request's Cookie has a part that is not name=value",
	Refs:     []string{"RFC 6265 §4.2.1", "RFC 6265bis §4.2.1"},
	Doc: "Cookie is a list of name=value with a semicolon and a space between. Servers drop a part without an equals sign, take it for a name or for a value, or refuse the request. " +
		"A client of one's own usually lost the name, or copied an attribute such as Secure from Set-Cookie. A browser sends such a part for a cookie that the server set without a name.",
	Help: "send Cookie: name=value; other=value",
	Bad:  []string{asked("Cookie: 31d4d96e"), asked("Cookie: id=31d4d96e; Secure"), asked("Cookie: id=31d4d96e; ; lang=de"), asked("Cookie: =31d4d96e")},
	Good: []string{asked("Cookie: id=31d4d96e; lang="), asked("Cookie: id=31d4d96e; lang=de;"), asked("Cookie: id=a=b==; x=\"1\"")},
	When: annotate.When{RequestFields: []exchange.Name{exchange.FieldCookie}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Request.Fields.Each(exchange.FieldCookie) {
			if what, start, end := badCookiePair(l.Value); what != "" && !exchange.IsRedacted(l.Value) {
				p.Note(annotate.Span(p.RequestLine(i), start, end), "Cookie has %s", what)
				return
			}
		}
	},
}

// badCookiePair finds the first part of a Cookie that is not name=value, and says
// what it is; "" if there is none. A semicolon at the end does no harm. The value
// of such a part may be a secret, so it is not quoted.
func badCookiePair(value string) (what string, start, end int) {
	const most = 4096 // parts that are looked at
	for n := 0; n < most && start <= len(value); n++ {
		end = len(value)
		if i := strings.IndexByte(value[start:], ';'); i >= 0 {
			end = start + i
		}
		switch part := strings.Trim(value[start:end], " \t"); {
		case part == "" && end == len(value):
			return "", 0, 0
		case part == "":
			return "an empty part between two semicolons", start, end
		case part[0] == '=':
			return "a value of " + octets(len(part)-1) + " without a name", start, end
		case strings.IndexByte(part, '=') < 0 && foldIn([]string{"Secure", "HttpOnly", "Partitioned"}, part):
			return part + ", which is an attribute of Set-Cookie and not a cookie", start, end
		case strings.IndexByte(part, '=') < 0:
			return "a part of " + octets(len(part)) + " without an equals sign", start, end
		}
		start = end + 1
	}
	return "", 0, 0
}

var cookieOctetsInvalid = &annotate.Rule{
	ID:       "cookie/octets-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie has invalid bytes",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.6"},
	Doc: "The name of a cookie is a token. Its value is printable ASCII without spaces, double quotes, commas, semicolons and backslashes. " +
		"Browsers store most other bytes, but many servers cut the value there, decode it differently, or refuse the whole Cookie header. " +
		"Browsers ignore a cookie with a control character. Encode the value with percent-encoding or base64url.",
	Help: "percent-encode the value, or use base64url",
	Bad: []string{settingCookies(`prefs={"theme":"dark"}; Path=/; Secure`), settingCookies(`name=Zoë; Path=/; Secure`),
		settingCookies(`a=x\x01y; Path=/; Secure`), settingCookies(`my name=x; Path=/; Secure`), settingCookies(`list=a,b; Path=/; Secure`)},
	Good: []string{settingCookies(goodCookie), settingCookies(`a="b"; Path=/; Secure`), settingCookies(` a = b ; Path=/; Secure`),
		settingCookies(`a=[redacted:9f3c21]; Path=/; Secure`), settingCookies(`a=%7B%22x%22%3A1%7D/+:=&?[]{}|<>@!; Path=/; Secure`)},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			value, name := c.Value.Text, c.Name.Text
			if i := field.CookieValueProblem(value); i >= 0 && !exchange.IsRedacted(value) {
				p.Note(c.span(c.Value.At+i, c.Value.At+i+1), "the value of the cookie %s has %s at byte %d%s", c.label(), octetAt(value[i]), i+1, whatComesOf(value[i]))
			} else if n := field.TokenLen(name); n < len(name) {
				p.Note(c.span(c.Name.At+n, c.Name.At+n+1), "the cookie name %s has %s at byte %d%s", quoted(name), octetAt(name[n]), n+1, whatComesOf(name[n]))
			}
		}
	},
}

// whatComesOf says what clients do about an octet in a cookie.
func whatComesOf(c byte) string {
	if field.IsControl(c) {
		return ", so browsers ignore the whole cookie"
	}
	return ", which browsers accept, but many servers cut or refuse when it comes back"
}

var cookieTooLarge = &annotate.Rule{
	ID:       "cookie/too-large",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie is too large to be stored",
	Refs:     []string{"RFC 6265bis §5.6 step 5", "RFC 6265bis §5.7 step 4"},
	Doc: "Browsers ignore a cookie if name and value together have more than 4096 bytes. " +
		"There is no error: the cookie is just missing on the next request, so users can't stay logged in. " +
		"Usually a whole token or session is in the cookie, and has grown. Keep the data on the server and an ID in the cookie.",
	Help: "keep the data on the server, but only an ID in the cookie",
	Bad:  []string{settingCookies("a=" + strings.Repeat("x", 4096) + "; Path=/; Secure")},
	Good: []string{settingCookies("a=" + strings.Repeat("x", 4095) + "; Path=/; Secure"), settingCookies("a=" + strings.Repeat("x", 4000) + "; Secure; Path=/" + strings.Repeat("y", 200))},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			if n := len(c.Name.Text) + len(c.Value.Text); n > 4096 && !exchange.IsRedacted(c.Value.Text) {
				p.Note(c.span(c.Value.At, c.Value.End()), "name and value of the cookie %s have %d bytes; above 4096 browsers ignore it", c.label(), n)
			}
		}
	},
}

var cookieDuplicateAttribute = &annotate.Rule{
	ID:       "cookie/duplicate-attribute",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie has the same attribute twice",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.7"},
	Doc: "A Set-Cookie line must not have the same attribute twice. Browsers use the last one that they can read. " +
		"Other clients use the first, or drop the cookie. Usually a framework and a proxy or middleware both add the attribute.",
	Help: "send each attribute once; find out which layer adds the second",
	Bad:  []string{settingCookies("lang=en; Path=/; Secure; path=/account"), settingCookies("lang=en; Path=/; Secure; secure")},
	Good: []string{settingCookies(goodCookie), settingCookies("lang=en; Path=/; Secure;;;")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			noteDuplicateAttribute(p, c)
		}
	},
}

// mostAttributes bounds how many attributes of a cookie are compared with each other.
const mostAttributes = 16

func noteDuplicateAttribute(p *annotate.Pass, c setCookie) {
	var seen [mostAttributes]string
	n := 0
	for a := range c.Attributes() {
		for _, s := range seen[:n] {
			if a.Name != "" && field.EqualFold(s, a.Name) {
				which := ""
				if last, ok := c.Last(a.Name); ok && last.HasValue {
					which = "; browsers use the last one that they can read"
				}
				p.Note(c.attribute(a), "the cookie %s has the attribute %s twice%s", c.label(), quoted(a.Name), which)
				return
			}
		}
		if n < len(seen) {
			seen[n] = a.Name
			n++
		}
	}
}

var cookieUnknownAttribute = &annotate.Rule{
	ID:       "cookie/unknown-attribute",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie has an attribute that no client knows",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.6"},
	Doc: "Clients ignore unknown attributes. Often it is a typing error, such as HTTP-Only for HttpOnly, so the intended protection is missing. " +
		"A part of the value after an unescaped semicolon looks the same.",
	Help: "check the spelling: Expires, Max-Age, Domain, Path, Secure, HttpOnly, SameSite, Partitioned, Priority",
	Bad:  []string{settingCookies("lang=en; Path=/; Secure; HTTP-Only"), settingCookies("lang=en; Path=/; Secure; Same-Site=Lax; x=1")},
	Good: []string{settingCookies("lang=en; path=/; SECURE; httponly; samesite=Lax; Partitioned; Priority=High; ;"), settingCookies(goodCookie)},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			for a := range c.Attributes() {
				if a.Name == "" || isKnownAttribute(a.Name) || isObsoleteAttribute(a.Name) {
					continue
				}
				if meant := nearestAttribute(a.Name); meant != "" {
					p.NoteHelp(c.span(a.At, a.At+len(a.Name)), "write "+meant, "the cookie %s has the unknown attribute %s; did you mean %s?", c.label(), quoted(a.Name), meant)
				} else {
					p.Note(c.span(a.At, a.At+len(a.Name)), "the cookie %s has the attribute %s, which clients ignore", c.label(), quoted(a.Name))
				}
			}
		}
	},
}

// cookieAttributes are the attributes that user agents act on.
var cookieAttributes = [...]string{"Expires", "Max-Age", "Domain", "Path", "Secure", "HttpOnly", "SameSite", "Partitioned", "Priority"}

func isKnownAttribute(name string) bool {
	for _, a := range cookieAttributes {
		if field.EqualFold(a, name) {
			return true
		}
	}
	return false
}

func isObsoleteAttribute(name string) bool {
	for _, a := range [...]string{"Version", "Comment", "CommentURL", "Discard", "Port", "SameParty"} {
		if field.EqualFold(a, name) {
			return true
		}
	}
	return false
}

// nearestAttribute is the attribute that differs from a name only in its
// hyphens, underscores and spaces; "" for none.
func nearestAttribute(name string) string {
	plain := strings.NewReplacer("-", "", "_", "", " ", "")
	for _, a := range cookieAttributes {
		if field.EqualFold(plain.Replace(a), plain.Replace(name)) {
			return a
		}
	}
	return ""
}

var cookieObsoleteAttribute = &annotate.Rule{
	ID:       "cookie/obsolete-attribute",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie has an attribute that is obsolete",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.6"},
	Doc: "Version, Comment, CommentURL, Discard and Port come from RFC 2109 and RFC 2965. SameParty comes from an experiment that has ended. " +
		"Clients ignore them, and some servers use other quoting rules if they see Version. Usually an old library writes them, and a setting turns that off.",
	Help: "remove the attribute",
	Bad:  []string{settingCookies("lang=en; Version=1; Path=/; Secure"), settingCookies(`lang=en; Comment="x"; Discard; Path=/; Secure`)},
	Good: []string{settingCookies(goodCookie)},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			for a := range c.Attributes() {
				if isObsoleteAttribute(a.Name) {
					p.Note(c.attribute(a), "the cookie %s has the attribute %s, which clients ignore", c.label(), quoted(a.Name))
				}
			}
		}
	},
}

var cookieSetCookieCombined = &annotate.Rule{
	ID:       "cookie/set-cookie-combined",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "one Set-Cookie line has several cookies",
	Refs:     []string{"RFC 6265bis §3"},
	Doc: "The lines of Set-Cookie must never be joined with commas, because a comma can be part of a cookie. " +
		"Clients see one cookie with strange attributes and lose the others. " +
		"Usually a gateway, a function runtime or a library joins all headers of the same name.",
	Help: "send one Set-Cookie line for each cookie; find the layer that joins them",
	Bad: []string{settingCookies("a=1; Path=/; Secure, b=2; Path=/"),
		settingCookies("a=1; Secure; Expires=Fri, 02 Jan 2026 04:04:05 GMT, b=2; Path=/; Secure"), settingCookies("a=1; SameSite=Lax,b=2; Path=/; Secure")},
	Good:  []string{settingCookies("a=1; Path=/; Secure", "b=2; Path=/; Secure; Expires=Fri, 02 Jan 2026 04:04:05 GMT"), settingCookies("a=1; Path=/x, b=2; Secure")},
	When:  whenSetCookie(),
	Needs: annotate.NeedsLines,
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldSetCookie) {
			c := setCookie{field.ParseSetCookie(l.Value), p, i}
			if next, ok := c.JoinedCookie(); ok {
				p.Note(c.span(next.At, next.End()), "the Set-Cookie line of %s has the cookie %s after a comma, so clients lose the second one", c.label(), quoted(next.Text))
			}
		}
	},
}

var cookieSetTwice = &annotate.Rule{
	ID:       "cookie/set-twice",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "one response sets the same cookie twice",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.7 step 23"},
	Doc: "A response must not set the same cookie twice. With the same domain and path, the second one replaces the first, in the order of arrival. " +
		"Otherwise the browser keeps and sends both, and the server picks one. Usually two parts of an application write the same session.",
	Help: "set each cookie once in a response; give different cookies different names",
	Bad: []string{settingCookies("sid=31d4d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax", "sid=7a11d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax"),
		settingCookies("lang=en; Path=/; Secure", "lang=de; Path=/account; Secure")},
	Good: []string{settingCookies("lang=en; Path=/; Secure", "lang=; Path=/account; Max-Age=0; Secure", "Lang=x; Path=/; Secure")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if i := f.Index(exchange.FieldSetCookie); f.Len()-i < 2 {
			return
		}
		const most = 64 // a response with more is hostile
		n := 0
		for second := range cookiesSet(p) {
			for first := range cookiesSet(p) {
				if first.line >= second.line {
					break
				}
				if first.Name.Text != "" && first.Name.Text == second.Name.Text && !first.isIgnored() && !second.isIgnored() {
					if why := whyTwice(first, second); why != "" {
						p.Note(second.named(), "the response sets the cookie %s twice, %s", second.label(), why)
						break
					}
				}
			}
			if n++; n == most {
				return
			}
		}
	},
}

// whyTwice says how two cookies of one name are in each other's way; "" when they are not.
func whyTwice(a, b setCookie) string {
	domainA, _, _ := a.domain()
	domainB, _, _ := b.domain()
	switch {
	case domainA == domainB && a.path() == b.path():
		return "for the same domain and path, so the second line replaces the first"
	case a.live() && b.live():
		return "for different domains or paths, so clients may send both back"
	}
	return ""
}

var cookieValueFromRequest = &annotate.Rule{
	ID:       "cookie/value-from-request",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the request decides the name, scope or end of a cookie",
	Refs:     []string{"RFC 6265bis §8.6"},
	Doc: "A parameter of the request came back as the name, Domain or Path of a cookie, or contains bytes that end the cookie's value. " +
		"If the server doesn't check it, anyone can make a link that sets cookies in another person's browser. " +
		"A parameter that comes back as the whole value is usual and not reported.",
	Help: "take names and attributes of cookies from a fixed list, and encode values",
	Bad: []string{`* scheme https
> GET /start?store=warehouse1 HTTP/1.1
> Host: www.shop.test
>
< HTTP/1.1 200 OK
< Set-Cookie: warehouse1=yes; Path=/; Secure
< Content-Type: text/plain
<
< ok
`, `* scheme https
> GET /start?lang=en%3B%20Domain%3Dshop.test HTTP/1.1
> Host: www.shop.test
>
< HTTP/1.1 200 OK
< Set-Cookie: lang=en; Domain=shop.test; Secure
< Content-Type: text/plain
<
< ok
`},
	Good: []string{`* scheme https
> GET /start?store=warehouse1&path=/ HTTP/1.1
> Host: www.shop.test
>
< HTTP/1.1 200 OK
< Set-Cookie: store=warehouse1; Path=/; Secure
< Content-Type: text/plain
<
< ok
`},
	When:         whenSetCookie(),
	Needs:        annotate.NeedsContent,
	OffByDefault: true,
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			for _, params := range [...]string{p.X.Query(), string(formContent(&p.X.Request))} {
				noteCookieFromParameter(p, c, params)
			}
		}
	},
}

func noteCookieFromParameter(p *annotate.Pass, c setCookie, params string) {
	for name, value := range parameterValues(params) {
		if len(value) < 8 {
			continue
		}
		domain, _ := c.Last("Domain")
		path, _ := c.Last("Path")
		what := ""
		switch value {
		case c.Name.Text:
			what = "the name"
		case domain.Value:
			what = "the Domain"
		case path.Value:
			what = "the Path"
		default:
			if strings.ContainsAny(value, "\r\n;") && strings.Contains(c.Text, strings.TrimRight(value, "\r\n")) {
				what = "the value and what follows it"
			}
		}
		if what != "" {
			p.Note(c.named(), "%s of the cookie %s comes from the request parameter %s", what, c.label(), strconv.Quote(name))
			return
		}
	}
}
