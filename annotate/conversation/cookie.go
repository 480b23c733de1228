package conversation

import (
	"time"

	"sidenote/annotate"
	"sidenote/annotate/rules"
)

// cookieRules lists the rules on what becomes of cookies.
func cookieRules() []*Rule {
	return []*Rule{
		cookieGrowth,
		cookieRotated,
		cookieSessionLost,
		cookieNeverReturned,
		cookieHostOnly,
	}
}

var cookieGrowth = &Rule{
	Rule: annotate.Rule{
		ID: "cookie/growth", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the cookies have grown so large that servers refuse them",
		Refs:  []string{"RFC 6265bis §4.2.1", "RFC 6265bis §6.1"},
		Doc: "The cookies that the client sends to this host have over 4096 bytes together. Or they have over 2048, and the server refused the request, which it hadn't while they were smaller. Many servers bound the head of a request at 8 KB, some at 4. " +
			"Users then get 400 or 431 until they delete their cookies.",
		Help: "keep data on the server and only its key in the cookie, and limit cookies with Path and Max-Age",
		Bad: []string{`@ 0s
> GET /
> Cookie: a=` + kilo + kilo + kilo + kilo + kilo + `
< 200
`, `@ 0s
> GET /
> Cookie: a=1
< 200
@ +5s
> GET /
> Cookie: a=` + kilo + kilo + kilo + `
< 431
`},
		Good: []string{`@ 0s
> GET /
> Cookie: a=` + kilo + kilo + kilo + `
< 200
`, `# it never worked
@ 0s
> GET /
> Cookie: a=` + kilo + kilo + kilo + `
< 400
`},
	},
	On: WithCookie, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v, pair := p.V, p.pair
		refused := v.Status == 400 || v.Status == 413 || v.Status == 431
		switch {
		case float64(v.cookieSize) > p.limit(limCookieLarge):
			if p.Tells(v.origin) {
				p.Say(remark{at: targetOf(v)}, "the cookies for %s take %d bytes together", v.host, v.cookieSize)
			}
		case refused && v.cookieSize > 2048 && pair.cookieOK > 0 && pair.cookieOK < v.cookieSize:
			if p.Tells(v.origin) {
				p.Say(remark{at: statusOf(v), related: p.latestOf(ClientOrigin, Succeeded, "with smaller cookies")},
					"the server refused %d bytes of cookies; %d bytes had gone well", v.cookieSize, pair.cookieOK)
			}
		case v.is(Succeeded):
			pair.cookieOK = max(pair.cookieOK, v.cookieSize)
		}
	},
}

// kilo is a thousand octets for examples.
const kilo = hundred + hundred + hundred + hundred + hundred + hundred + hundred + hundred + hundred + hundred

const hundred = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

var cookieRotated = &Rule{
	Rule: annotate.Rule{
		ID: "cookie/rotated-every-response", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "every response sets the session to a new value",
		Refs:  []string{"RFC 6265bis §4.1.2"},
		Doc: "The client sends the session cookie back, and each response replaces it. Requests under way at the same time then lose their session, no response with the cookie can be cached, and logs cannot follow a user. " +
			"Some frameworks do this on purpose, for sessions that are encrypted again each time.",
		Help: "set the cookie only when the session changes or is renewed",
		Bad: []string{`@ 0s
> GET /a
< 200
< Set-Cookie: sid=q9w8e7r6t5y4u3i0
@ 1s times=10 every=1s
> GET /a
> Cookie: sid=q9w8e7r6t5y4u3i{before}
< 200
< Set-Cookie: sid=q9w8e7r6t5y4u3i{n}
`, `@ 0s
> GET /a
< 200
< Set-Cookie: sessionid={n}z9y8x7w6v5u4t3s2; Path=/
@ 1s times=12 every=1s
> GET /a/{n}
> Cookie: lang=en; sessionid={before}z9y8x7w6v5u4t3s2
< 200
< Set-Cookie: sessionid={n}z9y8x7w6v5u4t3s2; Path=/
`},
		Good: []string{`# it never comes back, so each answer begins a session
@ 0s times=15 every=1s
> GET /a
< 200
< Set-Cookie: sid={n}q9w8e7r6t5y4u3i0
`, `# a load balancer
@ 0s times=15 every=1s
> GET /a
> Cookie: AWSALB={before}q9w8e7r6t5y4u3i0
< 200
< Set-Cookie: AWSALB={n}q9w8e7r6t5y4u3i0
`, `# renewed, with the same value
@ 0s times=15 every=1s
> GET /a
> Cookie: sid=q9w8e7r6t5y4u3i0
< 200
< Set-Cookie: sid=q9w8e7r6t5y4u3i0
`},
	},
	On: SetsCookie, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v, pair := p.V, p.pair
		for i := range v.setCookies {
			c := &v.set[i]
			if !c.session || c.gone || pair.rotated != 0 && c.name != pair.rotated {
				continue
			}
			switch {
			case pair.rotated == 0 || !v.sends(c.name, pair.value):
				pair.rotations = 0
			case c.value == pair.value:
				pair.rotations = 0
			default:
				pair.rotations++
			}
			pair.rotated, pair.value = c.name, c.value
			if pair.rotations >= p.number(limRotations) && p.Tells(v.origin) {
				p.Say(remark{at: statusOf(v), related: p.latestOf(ClientOrigin, SetsCookie, "replaced before")},
					"%s got a new value with each of %d responses in a row", v.text.cookieSet, pair.rotations)
			}
			return
		}
	},
}

// sends reports whether a request has a cookie with a value.
func (v *Visit) sends(name, value uint64) bool {
	c := v.sentCookie(name)
	return c != nil && c.value == value
}

// sentCookie is the cookie of a name that a request has; nil for none.
func (v *Visit) sentCookie(name uint64) *cookie {
	for i := range v.sentCookies {
		if v.sent[i].name == name {
			return &v.sent[i]
		}
	}
	return nil
}

// isTurnedAway reports whether a response asks for a login.
func (v *Visit) isTurnedAway() bool {
	return v.is(Unauthorized) || v.is(Redirected) && v.made.loginTarget
}

var cookieSessionLost = &Rule{
	Rule: annotate.Rule{
		ID: "cookie/session-lost", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "a response replaced the session, and the user is logged out",
		Refs:  []string{"RFC 6265bis §5.7", "RFC 6265bis §8.4"},
		Doc: "The session worked, then a response set the session cookie to another value or deleted it, and the next request was sent to the login. The user had not logged out. " +
			"Often a route that does not know the session begins a new one, or two applications on one host use the same cookie name.",
		Help: "find out why this response sets the cookie; give applications on one host cookies of different names or paths",
		Bad: []string{`@ 0s
> GET /orders
> Cookie: sid=aaaa1111bbbb2222
< 200
@ +1s
> GET /banner
> Cookie: sid=aaaa1111bbbb2222
< 200
< Set-Cookie: sid=cccc3333dddd4444
@ +1s
> GET /orders
> Cookie: sid=cccc3333dddd4444
< 302
< Location: /login
`, `@ 0s
> GET /api/me
> Cookie: session=aaaa1111bbbb2222
< 200
@ +1s
> POST /api/upload
> Cookie: session=aaaa1111bbbb2222
>
> abc
< 204
< Set-Cookie: session=; Max-Age=0
@ +1s
> GET /api/me
< 401
< WWW-Authenticate: Bearer
`},
		Good: []string{`# the user logged out
@ 0s
> GET /orders
> Cookie: sid=aaaa1111bbbb2222
< 200
@ +1s
> POST /logout
> Cookie: sid=aaaa1111bbbb2222
< 200
< Set-Cookie: sid=; Max-Age=0
@ +1s
> GET /orders
< 302
< Location: /login
`, `# the new one works
@ 0s
> GET /orders
> Cookie: sid=aaaa1111bbbb2222
< 200
< Set-Cookie: sid=cccc3333dddd4444
@ +1s
> GET /orders
> Cookie: sid=cccc3333dddd4444
< 200
`, `# it had run out
@ 0s
> GET /orders
> Cookie: sid=aaaa1111bbbb2222
< 200
@ +40m
> GET /orders
> Cookie: sid=aaaa1111bbbb2222
< 302
< Set-Cookie: sid=cccc3333dddd4444
< Location: /login
`},
	},
	On: Unauthorized | Redirected, After: SetsCookie, Of: ClientOrigin, Window: 5 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if !v.isTurnedAway() {
			return
		}
		for w := range p.before(ClientOrigin, 16) {
			if !v.follows(w) {
				continue
			}
			old := w.replacedSession()
			if old == nil {
				return // V is not the next request after it
			}
			now := v.sentCookie(old.name)
			if w.made.login || !w.is(Succeeded) || now != nil && now.value == old.value {
				return
			}
			if p.worked(w, old) && p.Tells(v.origin) {
				p.Say(remark{on: v, at: statusOf(v), related: []annotate.Related{related(w, "replaced the session")}},
					"the session had worked; %s replaced it, and the next request is turned away", w.what())
			}
			return
		}
	},
}

// replacedSession is the session cookie of a request that its response set to
// another value or deleted; nil for none.
func (v *Visit) replacedSession() *cookie {
	for i := range v.setCookies {
		c := &v.set[i]
		if sent := v.sentCookie(c.name); sent != nil && sent.session && (c.gone || c.value != sent.value) {
			return sent
		}
	}
	return nil
}

// worked reports whether a session had worked until a response replaced it.
func (p *Pass) worked(w *Visit, session *cookie) bool {
	if w.is(Succeeded) {
		return true
	}
	for u := range p.before(ClientOrigin, 16) {
		if u.seq < w.seq && u.is(Succeeded) && u.sends(session.name, session.value) {
			return true
		}
	}
	return false
}

var cookieNeverReturned = &Rule{
	Rule: annotate.Rule{
		ID: "cookie/set-never-returned", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client does not send a cookie back, and others it does",
		Refs:  []string{"RFC 6265bis §5.8.3"},
		Doc: "The server set a cookie for the whole host that nothing speaks against, and the next requests have other cookies but not this one. The client refused it, or a program keeps only the cookies that it knows. " +
			"Whatever the cookie stands for, such as a session or a server behind a load balancer, starts again each time.",
		Help: "use the client's cookie jar instead of a fixed Cookie header; look at the browser's console for why it refused the cookie",
		Bad: []string{`@ 0s
> GET /
> Cookie: lang=en
< 200
< Set-Cookie: node=web7; Path=/
@ 1s times=5 every=1s
> GET /orders/{n}
> Cookie: lang=en
< 200
`, `@ 0s
> POST /login
>
> a=b
< 200
< Set-Cookie: csrf=abc; Path=/
< Set-Cookie: sid=aaaa1111bbbb2222; Path=/; HttpOnly
@ 1s times=6 every=1s
> GET /orders/{n}
> Cookie: csrf=abc
< 200
`},
		Good: []string{`@ 0s
> GET /
> Cookie: lang=en
< 200
< Set-Cookie: node=web7; Path=/
@ 1s times=5 every=1s
> GET /orders/{n}
> Cookie: lang=en; node=web7
< 200
`, `# a client without cookies
@ 0s
> GET /
< 200
< Set-Cookie: node=web7; Path=/
@ 1s times=8 every=1s
> GET /orders/{n}
< 200
`, `# for another path
@ 0s
> GET /
> Cookie: lang=en
< 200
< Set-Cookie: node=web7; Path=/admin
@ 1s times=8 every=1s
> GET /orders/{n}
> Cookie: lang=en
< 200
`, `# deleted by the next
@ 0s
> GET /
> Cookie: lang=en
< 200
< Set-Cookie: flash=saved; Path=/
@ 1s times=6 every=1s
> GET /orders/{n}
> Cookie: lang=en
< 200
< Set-Cookie: flash=; Path=/; Max-Age=0
`, `# from another site
@ 0s
> GET /
> Cookie: lang=en
< 200
< Set-Cookie: node=web7; Path=/
@ 1s times=8 every=1s
> GET /widget/{n}
> Cookie: lang=en
> Sec-Fetch-Site: cross-site
< 200
`},
	},
	On: WithCookie, After: SetsCookie, Of: ClientOrigin, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.isKnown() || v.made.crossSite {
			return
		}
		var later [16]*Visit
		n, most := 0, p.number(limNeverReturned)
		if v.sentCookies == 0 || v.sentCookies == mostCookies {
			return
		}
		later[0], n = v, 1
		for w := range p.before(ClientOrigin, len(later)-1) {
			if n >= most && w.is(SetsCookie) {
				if c := w.unreturned(later[:n], most); c != nil && p.Tells(join(v.origin, c.name)) {
					p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "set it")}},
						"a cookie that %s set is in none of %d later requests, which have other cookies", w.what(), n)
					return
				}
			}
			if w.made.crossSite || w.sentCookies == mostCookies {
				return
			}
			later[n] = w
			n++
		}
	},
}

// unreturned is a cookie that a response set for the whole host and that none of
// the later requests have, of which enough have others; nil for none.
func (v *Visit) unreturned(later []*Visit, most int) *cookie {
next:
	for i := range v.setCookies {
		c := &v.set[i]
		if !c.wide || c.gone {
			continue
		}
		without := 0
		for _, w := range later {
			if w.follows(v) && w.sentCookies > 0 {
				without++
			}
			if w.sentCookie(c.name) != nil || w.setsAgain(c.name) {
				continue next
			}
		}
		if without >= most {
			return c
		}
	}
	return nil
}

func (v *Visit) setsAgain(name uint64) bool {
	for i := range v.setCookies {
		if v.set[i].name == name {
			return true
		}
	}
	return false
}

var cookieHostOnly = &Rule{
	Rule: annotate.Rule{
		ID: "cookie/host-only-then-login", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "the session is for one host, and another one asks for a login",
		Refs:  []string{"RFC 6265bis §5.8.3", "RFC 6265bis §5.1.3"},
		Doc: "One host set a session cookie without Domain, so browsers send it to that host only. A sibling host of the same site got a request without it, and turned it away. " +
			"If both belong to one application, the user has to log in again and again.",
		Help: "set Domain to the common domain if both hosts may see the session, or log in on each",
		Bad: []string{`@ 0s times=2 every=20s
> POST /login
> Host: login.shop.com
>
> a=b
< 200
< Set-Cookie: sid=aaaa1111bbbb2222
@ 5s times=2 every=20s
> GET /orders
> Host: app.shop.com
< 401
< WWW-Authenticate: Bearer
`, `@ 0s times=2 every=20s
> POST /login
> Host: login.shop.com
>
> a=b
< 200
< Set-Cookie: sid=aaaa1111bbbb2222
@ 5s times=2 every=20s
> GET /orders
> Host: app.shop.com
< 302
< Location: http://login.shop.com/login
`},
		Good: []string{`# for all hosts
@ 0s times=2 every=20s
> POST /login
> Host: login.shop.com
>
> a=b
< 200
< Set-Cookie: sid=aaaa1111bbbb2222; Domain=shop.com
@ 5s times=2 every=20s
> GET /orders
> Host: app.shop.com
< 401
< WWW-Authenticate: Bearer
`, `# another site
@ 0s times=2 every=20s
> POST /login
> Host: login.shop.com
>
> a=b
< 200
< Set-Cookie: sid=aaaa1111bbbb2222
@ 5s times=2 every=20s
> GET /orders
> Host: api.other.com
< 401
< WWW-Authenticate: Bearer
`, `# once
@ 0s
> POST /login
> Host: login.shop.com
>
> a=b
< 200
< Set-Cookie: sid=aaaa1111bbbb2222
@ 5s
> GET /orders
> Host: app.shop.com
< 401
< WWW-Authenticate: Bearer
`},
	},
	On: Unauthorized | Redirected, After: SetsCookie, Of: Client, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if !v.isTurnedAway() || v.text.cookieSet != "" {
			return
		}
		for w := range p.before(Client, 32) {
			c := w.hostSession()
			if c == nil || w.host == v.host || !v.follows(w) || v.sentCookie(c.name) != nil || !rules.SameSite(w.host, v.host) {
				continue
			}
			if v.is(Redirected) && v.locationHost != hostOf(w) {
				continue
			}
			if p.pair.turnedAway++; p.pair.turnedAway >= 2 && p.Tells(v.keys[ClientOrigin]) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "set a session for its host only")}},
					"%s set a session without Domain, and this host turns the client away without it; it is not the first time", w.host)
			}
			return
		}
	},
}

// hostSession is a session cookie that a response set for its host only; nil for none.
func (v *Visit) hostSession() *cookie {
	for i := range v.setCookies {
		if c := &v.set[i]; c.session && c.alone && !c.gone {
			return c
		}
	}
	return nil
}
