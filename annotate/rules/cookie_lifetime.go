package rules

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange/field"
)

// cookieLifetimeRules lists the rules on how long a cookie lives.
func cookieLifetimeRules() []*annotate.Rule {
	return []*annotate.Rule{
		cookieBadExpires,
		cookieBadMaxAge,
		cookieExpiredOnArrival,
		cookieLifetimeOver400Days,
	}
}

var cookieBadExpires = &annotate.Rule{
	ID:       "cookie/bad-expires",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie's Expires is not a date",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.1.1", "RFC 6265bis §5.6.1"},
	Doc: "Clients ignore an Expires that they can't read. The cookie then lives until the browser is closed. " +
		"If the date was meant to delete the cookie, it isn't deleted, and the user stays logged in. " +
		"Typical mistakes are ISO 8601 dates, a number of seconds, and 0 or -1, which only work in the Expires header.",
	Help: "send Max-Age=SECONDS (0 to delete), or Expires=Sun, 06 Nov 1994 08:49:37 GMT",
	Bad: []string{settingCookies("lang=en; Expires=2027-01-02T03:04:05Z; Path=/; Secure"), settingCookies("lang=en; Expires=0; Path=/; Secure"),
		settingCookies("lang=en; Expires=Fri, 02 Jan 2026 04:04:60 GMT; Max-Age=x; Path=/; Secure\n# also cookie/bad-max-age")},
	Good: []string{settingCookies("lang=en; Expires=Fri, 02-Jan-26 04:04:05 GMT; Path=/; Secure"), settingCookies("lang=en; Expires=Fri Jan  2 04:04:05 2026; Path=/; Secure"),
		settingCookies("lang=en; Expires=never; Max-Age=3600; Path=/; Secure")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			a, ok := c.Last("Expires")
			if !ok {
				continue
			}
			_, err := field.ParseCookieDate(a.Value)
			if _, _, hasMaxAge := c.maxAge(); err != nil && !hasMaxAge {
				p.Note(c.attribute(a), "Expires of the cookie %s is %s, which clients can't read: %s", c.label(), quoted(a.Value), err.What)
			}
		}
	},
}

var cookieBadMaxAge = &annotate.Rule{
	ID:       "cookie/bad-max-age",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie's Max-Age is not a number of seconds",
	Refs:     []string{"RFC 6265bis §4.1.1", "RFC 6265bis §5.6.2"},
	Doc: "Max-Age is a number of seconds, as digits. Clients ignore anything else, such as a fraction, a unit or quotes. " +
		"The cookie then lives as long as Expires says, or until the browser is closed.",
	Help: "send the seconds as digits, for example Max-Age=3600",
	Bad:  []string{settingCookies("lang=en; Max-Age=3600.5; Path=/; Secure"), settingCookies("lang=en; Max-Age=; Path=/; Secure"), settingCookies("lang=en; max-age=1h; Path=/; Secure")},
	Good: []string{settingCookies("lang=en; Max-Age=0060; Path=/; Secure"), settingCookies("lang=; Max-Age=-1; Path=/; Secure")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			for a := range c.Attributes() {
				if !field.EqualFold(a.Name, "max-age") {
					continue
				}
				if _, err := field.CookieMaxAge(a.Value); err != nil {
					p.Note(c.attribute(a), "Max-Age of the cookie %s is %s, which clients ignore: %s", c.label(), quoted(a.Value), err.What)
				}
			}
		}
	},
}

var cookieExpiredOnArrival = &annotate.Rule{
	ID:       "cookie/expired-on-arrival",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the response deletes a cookie",
	Refs:     []string{"RFC 6265bis §3.1", "RFC 6265bis §5.6.2", "RFC 6265bis §5.7 step 6"},
	Doc: "The cookie has already expired when it arrives. Servers delete cookies this way. " +
		"It works only if name, Domain and Path are the same as when the cookie was set. " +
		"If this isn't meant, a clock is wrong or the lifetime has the wrong sign.",
	Help: "nothing if the cookie should go; else send a Max-Age above 0",
	Bad:  []string{settingCookies("lang=; Max-Age=0; Path=/; Secure"), settingCookies("lang=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure")},
	Good: []string{settingCookies("lang=en; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60; Path=/; Secure"), settingCookies("lang=en; Expires=Fri, 02 Jan 2026 03:04:06 GMT; Path=/; Secure")},
	When: whenSetCookie(),
	Check: func(p *annotate.Pass) {
		for c := range cookiesSet(p) {
			if seconds, a, ok := c.lifetime(); ok && seconds <= 0 {
				p.Note(c.attribute(a), "%s deletes the cookie %s", bare(a.Name+"="+a.Value), c.label())
			}
		}
	},
}

var cookieLifetimeOver400Days = &annotate.Rule{
	ID:       "cookie/lifetime-over-400-days",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a cookie's lifetime is longer than browsers allow",
	Refs:     []string{"RFC 6265bis §5.5"},
	Doc:      "Browsers shorten any lifetime to 400 days. A site that needs more loses the cookie earlier. To extend it, set the cookie again on each visit.",
	Help:     "send a Max-Age of at most 34560000, and set the cookie again on later visits",
	Bad:      []string{settingCookies("lang=en; Max-Age=63072000; Path=/; Secure"), settingCookies("lang=en; Expires=Fri, 02 Jan 2037 03:04:05 GMT; Path=/; Secure")},
	Good:     []string{settingCookies("lang=en; Max-Age=34560000; Path=/; Secure"), settingCookies("lang=en; Max-Age=60; Expires=Fri, 02 Jan 2037 03:04:05 GMT; Path=/; Secure")},
	When:     whenSetCookie(),
	Once:     cookieNames,
	Check: func(p *annotate.Pass) {
		const most = int64(400 * 24 * time.Hour / time.Second)
		for c := range cookiesSet(p) {
			if seconds, a, ok := c.lifetime(); ok && seconds > most {
				p.Note(c.attribute(a), "the lifetime of the cookie %s is %s; browsers shorten it to 400 days", c.label(), inWords(seconds))
			}
		}
	},
}
