package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange/field"
)

// cookieProtectionRules lists the rules on Secure, HttpOnly, SameSite,
// Partitioned and name prefixes.
func cookieProtectionRules() []*annotate.Rule {
	return []*annotate.Rule{
		cookiePrefixViolation,
		cookiePartitionedWithoutSecure,
		cookieSameSiteInvalid,
		cookieSameSiteNone,
		cookieSameSiteNoneWithoutSecure,
		cookieSecureOverHTTP,
		cookieWithoutHTTPOnly,
		cookieWithoutSameSite,
		cookieWithoutSecure,
	}
}

var cookiePrefixViolation = &annotate.Rule{
	ID:       "cookie/prefix-violation",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie lacks what its name requires",
	Refs:     []string{"RFC 6265bis §4.1.3", "RFC 6265bis §5.4", "RFC 6265bis §5.7 steps 20-22", "draft-ietf-httpbis-layered-cookies §4.1.3.3"},
	Doc: "Browsers accept a cookie whose name starts with __Secure- only if it has Secure. __Host- requires Secure, Path=/ and no Domain. " +
		"__Http- requires Secure and HttpOnly, and __Host-Http- all of these. Otherwise they ignore it silently, even if it deletes the cookie.",
	Help: "for __Host-: Secure; Path=/ and no Domain. For __Secure-: Secure. For __Http-: Secure; HttpOnly",
	Bad: []string{settingCookies("__Host-lang=en; Secure; SameSite=Lax"), settingCookies("__host-lang=en; Path=/; Domain=shop.test; Secure"),
		settingCookies("__Secure-lang=en; Path=/"), settingCookies("__Http-lang=en; Secure; Path=/"), settingCookies("=__Host-lang=en; Path=/; Secure\n# also cookie/no-name")},
	Good: []string{settingCookies("__Host-sid=31d4d96e; Path=/; Secure; HttpOnly; SameSite=Lax"), settingCookies("__Secure-lang=en; Domain=shop.test; Secure"),
		settingCookies("__Host-Http-lang=en; Path=/; Secure; HttpOnly"), settingCookies("__Hosted=en; Path=/; Secure")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			if c.Name.Text == "" {
				if v := c.Value.Text; field.HasPrefixFold(v, "__Secure-") || field.HasPrefixFold(v, "__Host-") {
					p.Note(c.named(), "a cookie without a name has a value that looks like a protected name, so browsers ignore it")
				}
				continue
			}
			if prefix, lacks := prefixLacks(c); lacks != "" {
				p.Note(c.named(), "the cookie %s starts with %s but %s, so browsers ignore it", c.label(), prefix, lacks)
			}
		}
	},
}

// prefixLacks says what a cookie must have or leave out for the prefix of its
// name; "" when nothing is wrong.
func prefixLacks(c setCookie) (prefix, lacks string) {
	name := c.Name.Text
	var host, http bool
	switch {
	case !strings.HasPrefix(name, "__"):
		return "", ""
	case field.HasPrefixFold(name, "__Host-Http-"):
		prefix, host, http = "__Host-Http-", true, true
	case field.HasPrefixFold(name, "__Host-"):
		prefix, host = "__Host-", true
	case field.HasPrefixFold(name, "__Http-"):
		prefix, http = "__Http-", true
	case field.HasPrefixFold(name, "__Secure-"):
		prefix = "__Secure-"
	default:
		return "", ""
	}
	path, _ := c.Last("Path")
	_, _, hasDomain := c.domain()
	switch {
	case !c.Has("Secure"):
		return prefix, "lacks Secure"
	case http && !c.Has("HttpOnly"):
		return prefix, "lacks HttpOnly"
	case host && path.Value != "/":
		return prefix, "lacks Path=/"
	case host && hasDomain:
		return prefix, "has a Domain"
	}
	return "", ""
}

// breaksPrefix reports whether cookie/prefix-violation speaks of a cookie, so
// that nothing else needs to be said of what makes browsers ignore it.
func breaksPrefix(c setCookie) bool {
	_, lacks := prefixLacks(c)
	return lacks != ""
}

var cookiePartitionedWithoutSecure = &annotate.Rule{
	ID:       "cookie/partitioned-without-secure",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a partitioned cookie lacks Secure",
	Refs:     []string{"draft-cutler-httpbis-partitioned-cookies-01 §2.3"},
	Doc:      "Browsers that support Partitioned ignore a cookie with Partitioned but without Secure, even if it deletes the cookie.",
	Help:     "add Secure",
	Bad:      []string{settingCookies("lang=en; Path=/; Partitioned")},
	Good:     []string{settingCookies("lang=en; Path=/; Secure; Partitioned")},
	When:     whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			if a, ok := c.Last("Partitioned"); ok && !c.Has("Secure") && !c.sameSiteIs("None") && !breaksPrefix(c) {
				p.Note(c.attribute(a), "the cookie %s has Partitioned but lacks Secure, so browsers ignore it", c.label())
			}
		}
	},
}

var cookieSameSiteInvalid = &annotate.Rule{
	ID:       "cookie/samesite-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie's SameSite has an unknown value",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.6.7"},
	Doc:      "SameSite is Strict, Lax or None. Browsers ignore any other value and use their default.",
	Help:     "send SameSite=Lax, SameSite=Strict, or SameSite=None with Secure",
	Bad:      []string{settingCookies("lang=en; Path=/; Secure; SameSite=Yes"), settingCookies("lang=en; Path=/; Secure; SameSite")},
	Good:     []string{settingCookies("lang=en; Path=/; Secure; SameSite=strict"), settingCookies("lang=; Max-Age=0; Path=/; Secure; SameSite=x")},
	When:     whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range liveCookies(p) {
			a, ok := c.Last("SameSite")
			if ok && !field.EqualFold(a.Value, "Strict") && !field.EqualFold(a.Value, "Lax") && !field.EqualFold(a.Value, "None") {
				p.Note(c.attribute(a), "SameSite of the cookie %s is %s; it must be Strict, Lax or None", c.label(), quoted(a.Value))
			}
		}
	},
}

var cookieSameSiteNone = &annotate.Rule{
	ID:       "cookie/samesite-none",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "other sites can send this cookie",
	Refs:     []string{"RFC 6265bis §5.6.7", "RFC 6265bis §4.1.2.7"},
	Doc: "With SameSite=None, the browser sends the cookie with every request that another site causes. Frames and logins across sites need that. " +
		"Elsewhere it makes cross-site request forgery possible. Browsers that block third-party cookies don't send it anyway.",
	Help: "send SameSite=Lax, unless other sites must be able to use the cookie",
	Bad:  []string{settingCookies("lang=en; Path=/; Secure; SameSite=None")},
	Good: []string{settingCookies("lang=en; Path=/; Secure; SameSite=Lax"), settingCookies("lang=; Max-Age=0; Path=/; Secure; SameSite=None")},
	When: whenSetCookie(),
	Once: cookieNames,
	Check: func(p *annotate.Pass) {
		for c := range liveCookies(p) {
			if a, ok := c.Last("SameSite"); ok && field.EqualFold(a.Value, "None") && c.Has("Secure") {
				p.Note(c.attribute(a), "browsers send the cookie %s with requests from other sites too", c.label())
			}
		}
	},
}

var cookieSameSiteNoneWithoutSecure = &annotate.Rule{
	ID:       "cookie/samesite-none-without-secure",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "SameSite=None lacks Secure",
	Refs:     []string{"RFC 6265bis §5.7"},
	Doc:      "Browsers ignore a cookie with SameSite=None but without Secure.",
	Help:     "add Secure, or send SameSite=Lax",
	Bad:      []string{settingCookies("lang=en; Path=/; SameSite=None"), settingCookiesInClear("lang=en; Path=/; SameSite=none; Partitioned")},
	Good:     []string{settingCookies("lang=en; Path=/; Secure; SameSite=None"), settingCookiesInClear("lang=en; Path=/; SameSite=Lax")},
	When:     whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			if a, ok := c.Last("SameSite"); ok && field.EqualFold(a.Value, "None") && !c.Has("Secure") && !breaksPrefix(c) {
				p.Note(c.attribute(a), "the cookie %s has SameSite=None but lacks Secure, so browsers ignore it", c.label())
			}
		}
	},
}

var cookieSecureOverHTTP = &annotate.Rule{
	ID:       "cookie/secure-over-http",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a Secure cookie over plain http",
	Refs:     []string{"RFC 6265bis §5.7 step 13"},
	Doc: "Browsers ignore a Secure cookie that didn't arrive over https. The login seems to work but is lost at once. " +
		"Use https during development too (localhost is exempt).",
	Help: "use https, and redirect http to https before you set cookies",
	Bad:  []string{settingCookiesInClear(goodCookie)},
	Good: []string{settingCookies(goodCookie), strings.Replace(settingCookiesInClear(goodCookie), "www.shop.test", "localhost:3000", 1),
		"# TLS ends before\n" + strings.Replace(settingCookiesInClear(goodCookie), "\n>\n", "\n> X-Forwarded-Proto: https\n>\n", 1),
		strings.Replace(settingCookiesInClear(goodCookie), "\n>\n", "\n> Forwarded: for=192.0.2.1;proto=https;host=shop.test\n>\n", 1)},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		if !isInsecure(p.X) {
			return
		}
		for c := range cookiesSet(p) {
			if a, ok := c.Last("Secure"); ok {
				p.Note(c.attribute(a), "the cookie %s has Secure but came over plain http, so browsers ignore it", c.label())
			}
		}
	},
}

var cookieWithoutHTTPOnly = &annotate.Rule{
	ID:       "cookie/without-httponly",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "scripts can read a session cookie",
	Refs:     []string{"RFC 6265bis §4.1.2.6"},
	Doc: "The cookie looks like a login or a token. Without HttpOnly, any script on the page can read it, also one that an attacker injected. " +
		"Add HttpOnly unless a script of yours reads the cookie.",
	Help: "add HttpOnly",
	Bad:  []string{settingCookies("sid=31d4d96e407aad42; Path=/; Secure; SameSite=Lax"), settingCookies("x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0; Path=/; Secure; SameSite=Lax")},
	Good: []string{settingCookies(goodCookie), settingCookies("XSRF-TOKEN=31d4d96e407aad42; Path=/; Secure; SameSite=Lax"), settingCookies("lang=en; Path=/; Secure"), settingCookies("sid=; Max-Age=0; Path=/; Secure")},
	When: whenSetCookie(),
	Once: cookieNames,
	Check: func(p *annotate.Pass) {
		for c := range liveCookies(p) {
			if c.sessionLike() && !c.Has("HttpOnly") {
				p.Note(c.named(), "the cookie %s looks like a session, but lacks HttpOnly, so scripts can read it", c.label())
			}
		}
	},
}

var cookieWithoutSameSite = &annotate.Rule{
	ID:       "cookie/without-samesite",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a session cookie without SameSite",
	Refs:     []string{"RFC 6265bis §4.1.2.7", "RFC 6265bis §5.6.7"},
	Doc: "The cookie looks like a login or a token, but has no SameSite. Some browsers treat it as Lax, with an exception for two minutes. " +
		"Others send it with every request that another site causes.",
	Help: "add SameSite=Lax, or choose Strict or None",
	Bad:  []string{settingCookies("sid=31d4d96e407aad42; Path=/; Secure; HttpOnly")},
	Good: []string{settingCookies(goodCookie), settingCookies("lang=en; Path=/; Secure"), settingCookies("sid=; Max-Age=0; Path=/; Secure; HttpOnly")},
	When: whenSetCookie(),
	Once: cookieNames,
	Check: func(p *annotate.Pass) {
		for c := range liveCookies(p) {
			if c.sessionLike() && !c.Has("SameSite") {
				p.Note(c.named(), "the cookie %s looks like a session, but has no SameSite, so browsers treat it differently", c.label())
			}
		}
	},
}

var cookieWithoutSecure = &annotate.Rule{
	ID:       "cookie/without-secure",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the browser also sends this cookie over plain http",
	Refs:     []string{"RFC 6265bis §8.3", "RFC 6265bis §4.1.2.5"},
	Doc: "Without Secure, the browser sends the cookie with plain http requests to the host too, and anyone on the way can read it. " +
		"A single image with an http: address is enough.",
	Help: "add Secure",
	Bad: []string{settingCookies("lang=en; Path=/"), "# the domain's other hosts are not covered\n" + withHSTS("max-age=31536000; includeSubDomains", "lang=en; Domain=shop.test; Path=/"),
		withHSTS("max-age=0", "lang=en; Path=/") + "# also security/hsts-disabled\n"},
	Good: []string{settingCookies("lang=en; Path=/; Secure"), settingCookiesInClear("lang=en; Path=/"), settingCookies("lang=; Max-Age=0; Path=/"),
		strings.Replace(settingCookies("lang=en; Path=/"), "www.shop.test", "localhost:3000", 1),
		"# browsers ask this host over https only\n" + withHSTS("max-age=31536000", "lang=en; Path=/"),
		"# and this domain\n" + strings.Replace(withHSTS("max-age=31536000; includeSubDomains", "lang=en; Domain=shop.test; Path=/"), "www.shop.test", "shop.test", 1)},
	When: whenSetCookie(),
	Once: cookieNames,
	Check: func(p *annotate.Pass) {
		if p.X.Scheme != "https" || isTrustworthyHost(p.X.Host()) {
			return
		}
		for c := range liveCookies(p) {
			if !c.Has("Secure") && !c.hstsCovers() {
				p.Note(c.named(), "the cookie %s came over https but lacks Secure, so browsers also send it over plain http", c.label())
			}
		}
	},
}

// hstsCovers reports whether browsers ask every host that the cookie is for over
// https only, by what this response itself says.
func (c setCookie) hstsCovers() bool {
	h, ok := hstsOf(c.pass.X)
	if !ok || h.Err != nil || h.MaxAge <= 0 {
		return false
	}
	domain, _, has := c.domain()
	return !has || domain == c.pass.X.Host() && h.IncludeSubDomains
}

// withHSTS is an example: a response over https with that policy and cookie.
func withHSTS(policy, cookie string) string {
	return strings.Replace(settingCookies(cookie), "\n< Set-Cookie", "\n< Strict-Transport-Security: "+policy+"\n< Set-Cookie", 1)
}
