package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cookieScopeRules lists the rules on the hosts and paths that a cookie is for.
func cookieScopeRules() []*annotate.Rule {
	return []*annotate.Rule{
		cookieDomainMismatch,
		cookiePublicSuffixDomain,
		cookieEmptyDomain,
		cookieDomainLoose,
		cookiePathIgnored,
	}
}

var cookieDomainMismatch = &annotate.Rule{
	ID:       "cookie/domain-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie for a host that didn't send it",
	Refs:     []string{"RFC 6265bis §5.1.3", "RFC 6265bis §5.7 step 10"},
	Doc: "Domain must be the host of the request or a parent domain. Clients ignore any other cookie silently, so users can't stay logged in. " +
		"Usually the domain of another environment is configured. " +
		"Or a reverse proxy changes the host but not the cookies (nginx: proxy_cookie_domain; Apache: ProxyPassReverseCookieDomain).",
	Help: "remove Domain, or send the host that clients ask for",
	Bad:  []string{settingCookies("lang=en; Domain=shop.example; Path=/; Secure"), "# what clients ignore is not set twice\n" + settingCookies("lang=en; Domain=shop.example; Path=/", "lang=en; Path=/; Secure"), settingCookies("lang=; Max-Age=0; Domain=a.www.shop.test; Path=/; Secure\n# also cookie/expired-on-arrival")},
	Good: []string{settingCookies("lang=en; Domain=.Shop.Test; Path=/; Secure"), settingCookies("lang=en; Domain=www.shop.test; Path=/; Secure"),
		"# an address must match as it is\n" + strings.Replace(settingCookiesInClear("lang=en; Domain=127.0.0.1; Path=/"), "www.shop.test", "127.0.0.1", 1)},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		host := ""
		for c := range cookiesSet(p) {
			domain, at, ok := c.domain()
			if !ok {
				continue
			}
			if host == "" {
				host = p.X.Host()
			}
			if host == "" || domainMatches(host, domain) || isPublicSuffix(domain) {
				continue
			}
			p.Report(annotate.Note{
				Place: c.attribute(at), Blame: whoSetDomain(p.X),
				Message: "the cookie " + c.label() + " is for " + quoted(domain) + ", but " + quoted(host) + " sent it, so clients ignore it",
			})
		}
	},
}

// whoSetDomain is who has to act on a wrong Domain: perhaps an intermediary that
// changed the host and not the cookies, where there is one.
func whoSetDomain(x *exchange.Exchange) annotate.Blame {
	if x.Request.Fields.Has(exchange.FieldXForwardedHost) || x.Response.Fields.Has(exchange.FieldVia) {
		return annotate.ByOriginOrIntermediary
	}
	return annotate.ByOrigin
}

var cookiePublicSuffixDomain = &annotate.Rule{
	ID:       "cookie/public-suffix-domain",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie for a whole public suffix",
	Refs:     []string{"RFC 6265bis §5.7 step 9"},
	Doc: "Domain is a public suffix such as com, co.uk or github.io, where anyone can register a name. " +
		"Clients refuse such a cookie, because strangers would get it. The domain of a hosting provider is often one. " +
		"Without Domain, the cookie is for the host alone.",
	Help: "remove Domain, or use a domain that you own",
	Bad:  []string{settingCookies("lang=en; Domain=test; Path=/; Secure"), strings.Replace(settingCookies("lang=en; Domain=.github.io; Path=/; Secure"), "www.shop.test", "shop.github.io", 1)},
	Good: []string{settingCookies("lang=en; Domain=shop.test; Path=/; Secure"), "# the host itself\n" + strings.Replace(settingCookies("lang=en; Domain=github.io; Path=/; Secure"), "www.shop.test", "github.io", 1)},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			if domain, at, ok := c.domain(); ok && isPublicSuffix(domain) && domain != p.X.Host() {
				p.Note(c.attribute(at), "the cookie %s is for all of %s, where anyone can have a host, so clients ignore it", c.label(), quoted(domain))
			}
		}
	},
}

var cookieEmptyDomain = &annotate.Rule{
	ID:       "cookie/empty-domain",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie's Domain is empty",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.6.3", "RFC 6265bis §5.7 step 7"},
	Doc: "An empty Domain is the same as none: the cookie is only for the host that sent it. " +
		"It also cancels an earlier Domain in the same line, and it doesn't delete a cookie of the whole domain. Usually a setting is empty. " +
		"Some clients ignore the cookie.",
	Help: "remove Domain, or name the domain",
	Bad:  []string{settingCookies("lang=en; Domain=; Path=/; Secure"), settingCookies("lang=en; Domain=.; Path=/; Secure")},
	Good: []string{settingCookies("lang=en; Domain=.shop.test; Path=/; Secure")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			a, ok := c.Last("Domain")
			if !ok || a.Value != "" && a.Value != "." {
				continue
			}
			more := ""
			for b := range c.Attributes() {
				if b.At < a.At && field.EqualFold(b.Name, "domain") && b.Value != "" {
					more = "; it also cancels the Domain before it"
				}
			}
			p.Note(c.attribute(a), "Domain of the cookie %s is empty, so the cookie is for %s alone%s", c.label(), quoted(p.X.Host()), more)
		}
	},
}

var cookieDomainLoose = &annotate.Rule{
	ID:       "cookie/domain-loose",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "sibling hosts get this session cookie too",
	Refs:     []string{"RFC 6265bis §4.1.2.3", "RFC 6265bis §8.6"},
	Doc: "If Domain is a parent of the host, every host under that domain gets the cookie, and each of them can replace it. " +
		"So each of them must be as secure as the login. A login shared between hosts needs this. Otherwise remove Domain.",
	Help: "remove Domain, unless the hosts share the login",
	Bad:  []string{strings.Replace(settingCookies("sid=31d4d96e407aad42; Domain=shop.test; Path=/; Secure; HttpOnly; SameSite=Lax"), "www.shop.test", "app.shop.test", 1)},
	Good: []string{settingCookies("sid=31d4d96e407aad42; Domain=shop.test; Path=/; Secure; HttpOnly; SameSite=Lax"), settingCookies(goodCookie),
		"# nothing to steal\n" + strings.Replace(settingCookies("lang=en; Domain=shop.test; Path=/; Secure"), "www.shop.test", "app.shop.test", 1)},
	When: whenSetCookie(),
	Once: cookieNames,
	Check: func(p *annotate.Pass) {
		for c := range liveCookies(p) {
			domain, at, ok := c.domain()
			if !ok || !c.sessionLike() || isPublicSuffix(domain) {
				continue
			}
			host := p.X.Host()
			if host != domain && strings.TrimPrefix(host, "www.") != domain && domainMatches(host, domain) {
				p.Note(c.attribute(at), "browsers send the cookie %s of %s to every host under %s", c.label(), quoted(host), quoted(domain))
			}
		}
	},
}

var cookiePathIgnored = &annotate.Rule{
	ID:       "cookie/path-ignored",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "browsers ignore the Path of a cookie",
	Refs:     []string{"RFC 6265bis §5.6.4", "RFC 6265bis §5.1.4"},
	Doc: "A Path that doesn't start with a slash, or is longer than 1024 bytes, is ignored. The cookie is then for the directory of the requested URI. " +
		"It is missing on other pages, and each page sets a different cookie.",
	Help: "send Path=/ or another path that starts with a slash",
	Bad:  []string{settingCookies("lang=en; Path=account; Secure"), settingCookies("lang=en; Path=; Secure"), settingCookies("lang=en; Path=/" + strings.Repeat("x", 1024) + "; Secure")},
	Good: []string{settingCookies("lang=en; Path=/account; Secure"), settingCookies("lang=en; Secure"), settingCookies("lang=; Max-Age=0; Path=account; Secure"),
		"# the directory is / anyway\n" + strings.Replace(settingCookies("lang=en; Path=; Secure"), "/account/start", "/start", 1)},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range liveCookies(p) {
			for a := range c.Attributes() {
				if field.EqualFold(a.Name, "path") {
					notePathIgnored(p, c, a)
				}
			}
		}
	},
}

func notePathIgnored(p *annotate.Pass, c setCookie, a field.Param) {
	directory := defaultCookiePath(p.X.Path())
	switch {
	case len(a.Value) > field.MaxCookieAttribute:
		p.Note(c.attribute(a), "Path of the cookie %s has %d bytes, so clients ignore it", c.label(), len(a.Value))
	case a.Value == "" && directory != "/":
		p.Note(c.attribute(a), "Path of the cookie %s is empty, so the cookie is for %s only", c.label(), quoted(directory))
	case a.Value != "" && a.Value[0] != '/':
		p.Note(c.attribute(a), "Path of the cookie %s is %s, which doesn't start with a slash, so the cookie is for %s only", c.label(), quoted(a.Value), quoted(directory))
	}
}
