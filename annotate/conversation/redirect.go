package conversation

import (
	"time"

	"sidenote/annotate"
	"sidenote/annotate/rules"
)

// redirectRules lists the rules on chains of redirects.
func redirectRules() []*Rule {
	return []*Rule{
		redirectLoop,
		redirectChainLong,
		redirectCredentialsForwarded,
		redirectContentDropped,
		redirectMethodRewritten,
	}
}

// ledBy is the redirect that led to a visit, within the time given; nil for none.
func (p *Pass) ledBy(v *Visit, within time.Duration) *Visit {
	for w := p.Back(v, Client); w != nil; w = p.Back(w, Client) {
		if v.Started-w.Headed > int64(within) {
			return nil
		}
		if w.is(Redirected) && w.location == v.uri && v.follows(w) {
			return w
		}
	}
	return nil
}

var redirectLoop = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/loop", Severity: annotate.Error, Blame: annotate.ByOrigin,
		Title: "redirects lead in a circle",
		Refs:  []string{"RFC 9110 §15.4"},
		Doc: "Following Location, the client comes back to a URL where it was before, and nothing has changed: the cookies and credentials are the same. Clients give up after 5 to 50 rounds. " +
			"The usual cause is a server behind a proxy that ends TLS: it redirects to https, and sees http again.",
		Help: "have the server trust X-Forwarded-Proto, or end the circle at one of its URLs",
		Bad: []string{`@ 0s
> GET /a
< 302
< Location: /b
@ +100ms
> GET /b
< 302
< Location: /a
@ +100ms like=1
`, `@ 0s
> GET /
< 301
< Location: http://www.shop.test/
@ +100ms
> GET /
> Host: www.shop.test
< 301
< Location: http://shop.test/
@ +100ms like=1
@ +100ms like=2
@ +100ms like=1
`},
		Good: []string{`# a cookie ends it
@ 0s
> GET /a
< 302
< Location: /b
@ +100ms
> GET /b
< 302
< Location: /a
< Set-Cookie: seen=1
@ +100ms
> GET /a
> Cookie: seen=1
< 200
`, `# a login on the way
@ 0s
> GET /a
< 302
< Location: /login
@ +100ms
> GET /login
< 302
< Location: /a
< Set-Cookie: sid=abcdef
@ +100ms
> GET /a
> Cookie: sid=abcdef
< 200
`, `# to itself belongs to redirect/to-self
@ 0s times=4 every=100ms
> GET /a
< 302
< Location: /a
`},
	},
	On: Read, After: Redirected, Of: Client, Window: time.Minute,
	Check: func(p *Pass) {
		v, at := p.V, p.V
		for range 32 {
			w := p.ledBy(at, 10*time.Second)
			if w == nil || w.is(SetsCookie) {
				return
			}
			if w.uri == v.uri {
				if w.cookies == v.cookies && w.auth == v.auth && at != v && p.Tells(join(v.client, v.uri)) && !p.circleTold(v) {
					p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "first visit"), related(at, "led away from it")}},
						"redirects led back to this URL %s after the first visit, with the same cookies and credentials", ago(time.Duration(v.Started-w.Started)))
				}
				return
			}
			at = w
		}
	},
}

// circleTold reports whether the circle was told of at another of its URLs.
func (p *Pass) circleTold(v *Visit) bool {
	at := v
	for range 32 {
		w := p.ledBy(at, 10*time.Second)
		if w == nil || w.uri == v.uri {
			return false
		}
		if p.told(p.r.Rule, join(v.client, w.uri)) {
			return true
		}
		at = w
	}
	return false
}

var redirectChainLong = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/chain-long", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "one redirect after another",
		Refs:  []string{"RFC 9110 §15.4"},
		Doc: "Each hop costs a round trip, and with TLS to another host several. Some clients stop after five. " +
			"Most chains grew over the years: to https, then to www, then to a language, then to a new path.",
		Help: "redirect to the last URL at once",
		Bad: []string{`@ 0s
> GET /1
< 301
< Location: /2
@ +100ms
> GET /2
< 302
< Location: /3
@ +100ms
> GET /3
< 302
< Location: /4
@ +100ms
> GET /4
< 302
< Location: /5
@ +100ms
> GET /5
< 302
< Location: /6
@ +100ms
> GET /6
< 302
< Location: /7
@ +100ms
> GET /7
< 200
`, `@ 0s
> POST /1
< 303
< Location: /2
@ +100ms
> GET /2
< 302
< Location: /3
@ +100ms
> GET /3
< 302
< Location: /4
@ +100ms
> GET /4
< 302
< Location: /5
@ +100ms
> GET /5
< 302
< Location: /6
@ +100ms
> GET /6
< 302
< Location: /7
@ +100ms
> GET /7
< 302
< Location: /8
@ +100ms
> GET /8
< 404
`},
		Good: []string{`# signing in takes some hops
@ 0s
> GET /1
< 302
< Location: /oauth/a?client_id=1
@ +100ms
> GET /oauth/a?client_id=1
< 302
< Location: /oauth/b?client_id=1
@ +100ms
> GET /oauth/b?client_id=1
< 302
< Location: /oauth/c?client_id=1
@ +100ms
> GET /oauth/c?client_id=1
< 302
< Location: /oauth/d?code=1&state=2
@ +100ms
> GET /oauth/d?code=1&state=2
< 302
< Location: /5
@ +100ms
> GET /5
< 302
< Location: /6
@ +100ms
> GET /6
< 200
`, `# the client does not follow
@ 0s times=9 every=1s
> GET /{n}
< 302
< Location: /x{n}
`},
	},
	After: Redirected, Of: Client, Window: time.Minute,
	Check: func(p *Pass) {
		v, at, hops, login := p.V, p.V, 0, false
		if v.is(Redirected) && v.location == v.uri {
			return
		}
		var first *Visit
		for range 32 {
			w := p.ledBy(at, 10*time.Second)
			if w == nil || w.uri == v.uri || w.uri == at.uri {
				break
			}
			if !w.made.login {
				hops++
			} else if !login {
				login = true
				hops++
			}
			at, first = w, w
		}
		if hops <= p.number(limLoopChain) || !p.Tells(join(first.client, first.uri)) {
			return
		}
		r := remark{at: targetOf(v), related: []annotate.Related{related(first, "where it began")}}
		if v.made.noCORS {
			r.severity = annotate.Info
		}
		p.Say(r, "%d redirects in a row led here, in %s", hops, ago(time.Duration(v.Started-first.Started)))
	},
}

var redirectCredentialsForwarded = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/credentials-forwarded", Severity: annotate.Error, Blame: annotate.ByClient,
		Title: "credentials went to another site after a redirect",
		Refs:  []string{"RFC 9110 §15.4", "RFC 6265bis §5.8"},
		Doc: "The redirect led to a host of another owner, and the client sent it the same Authorization or session cookie. The owner of that host can now act as the user. " +
			"Browsers and most libraries drop credentials there; wget --header, Python's urllib and Java's HttpClient do not.",
		Help: "drop Authorization and Cookie when a redirect leads to another host, and revoke what was sent",
		Bad: []string{`@ 0s
> GET /report
> Authorization: Bearer c2VjcmV0LXRva2Vu
< 302
< Location: http://files.example/report
@ +100ms
> GET /report
> Host: files.example
> Authorization: Bearer c2VjcmV0LXRva2Vu
< 200
`, `@ 0s
> GET /report
> Cookie: sid=Zx81kLmQ93pTfWv7Yb2c
< 307
< Location: http://files.example/report
@ +100ms
> GET /report
> Host: files.example
> Cookie: sid=Zx81kLmQ93pTfWv7Yb2c
< 200
`},
		Good: []string{`# dropped
@ 0s
> GET /report
> Authorization: Bearer c2VjcmV0LXRva2Vu
< 302
< Location: http://files.example/report
@ +100ms
> GET /report
> Host: files.example
< 200
`, `# the same site
@ 0s
> GET /report
> Authorization: Bearer c2VjcmV0LXRva2Vu
< 302
< Location: http://files.shop.test/report
@ +100ms
> GET /report
> Host: files.shop.test
> Authorization: Bearer c2VjcmV0LXRva2Vu
< 200
`, `# words that many sites have in common
@ 0s
> GET /report
> Cookie: lang=en; consent=1
< 302
< Location: http://files.example/report
@ +100ms
> GET /report
> Host: files.example
> Cookie: lang=en; consent=1
< 200
`, `# that host asked for them
@ 0s
> GET /report
> Authorization: Basic dTpw
< 302
< Location: http://files.example/report
@ +100ms
> GET /report
> Host: files.example
< 401
< WWW-Authenticate: Basic realm="files"
@ +100ms
> GET /report
> Host: files.example
> Authorization: Basic dTpw
< 200
`},
	},
	On: WithAuth | WithCookie, After: Redirected, Of: Client, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		w := p.ledBy(v, 10*time.Second)
		if w == nil || rules.SameSite(hostOf(v), hostOf(w)) {
			return
		}
		what := ""
		switch {
		case v.auth != 0 && v.auth == w.auth && !p.askedByHost(v):
			what = "Authorization"
		case v.sharesSecretCookie(w) && !p.knownCookie(v):
			what = "a session cookie"
		default:
			return
		}
		if p.Tells(join(v.client, v.origin)) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "redirected to the other site")}},
				"%s of %s was sent to %s too, where a redirect led", what, w.host, v.host)
		}
	},
}

func hostOf(v *Visit) string {
	for i := range len(v.host) {
		if v.host[i] == ':' {
			return v.host[:i]
		}
	}
	return v.host
}

// askedByHost reports whether the host had asked for credentials, or had been sent
// these before.
func (p *Pass) askedByHost(v *Visit) bool {
	for w := p.Back(v, ClientOrigin); w != nil; w = p.Back(w, ClientOrigin) {
		if w.is(Unauthorized) || w.auth == v.auth {
			return true
		}
	}
	return false
}

// sharesSecretCookie reports whether two requests have a cookie in common that
// looks like a key.
func (v *Visit) sharesSecretCookie(w *Visit) bool {
	for _, a := range v.sent[:v.sentCookies] {
		for _, b := range w.sent[:w.sentCookies] {
			if a.random && a.name == b.name && a.value == b.value {
				return true
			}
		}
	}
	return false
}

// knownCookie reports whether the host had set or been sent a cookie before.
func (p *Pass) knownCookie(v *Visit) bool {
	w := p.Back(v, ClientOrigin)
	return w != nil && w.seen[ClientOrigin]&(WithCookie|SetsCookie) != 0
}

var redirectContentDropped = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/content-dropped", Severity: annotate.Error, Blame: annotate.ByClient,
		Title: "the body was lost on the way through a redirect",
		Refs:  []string{"RFC 9110 §15.4.8", "RFC 9110 §15.4.9"},
		Doc: "After 307 or 308 a client repeats the request with the same method and the same body. This one kept the method and sent no body, or another one. " +
			"Usually the body was a stream that could be read once only.",
		Help: "send a body that can be read again, or ask for the final URL",
		Bad: []string{`@ 0s
> POST /orders
>
> {"sku":"A-7"}
< 307
< Location: /v2/orders
@ +100ms
> POST /v2/orders
< 201
`, `@ 0s
> PUT /orders/7
>
> {"sku":"A-7"}
< 308
< Location: /v2/orders/7
@ +100ms
> PUT /v2/orders/7
>
> {}
< 200
`},
		Good: []string{`@ 0s
> POST /orders
>
> {"sku":"A-7"}
< 307
< Location: /v2/orders
@ +100ms
> POST /v2/orders
>
> {"sku":"A-7"}
< 201
`, `# 303 means GET
@ 0s
> POST /orders
>
> {"sku":"A-7"}
< 303
< Location: /orders/7
@ +100ms
> GET /orders/7
< 200
`, `# refused first
@ 0s
> POST /orders
>
> {"sku":"A-7"}
< 307
< Location: /v2/orders
@ +100ms
> POST /v2/orders
< 401
< WWW-Authenticate: Basic realm="shop"
`},
	},
	On: Write, After: Redirected, Of: Client, Window: 10 * time.Second,
	Check: func(p *Pass) {
		v := p.V
		w := p.ledBy(v, 10*time.Second)
		if w == nil || w.Status != 307 && w.Status != 308 || w.Method != v.Method || v.Status == 401 || v.Status == 407 ||
			w.requestSize == 0 || w.requestHash == 0 || !v.requestWhole {
			return
		}
		if (v.requestSize == 0 || v.requestHash != 0 && v.requestHash != w.requestHash) && p.Tells(join(v.client, v.route)) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "redirected")}},
				"%s had a body of %d bytes before the %d, and one of %d bytes after it", v.Method, w.requestSize, w.Status, v.requestSize)
		}
	},
}

var redirectMethodRewritten = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/method-rewritten", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "a redirect turned the request into a GET",
		Refs:  []string{"RFC 9110 §15.4.2", "RFC 9110 §15.4.3", "RFC 9110 §15.4.8"},
		Doc: "After 301 and 302 clients may change POST to GET, for the sake of old web forms, and some change PUT, PATCH and DELETE too. The work is then not done, and often no one notices, because the GET succeeds. " +
			"After 307 and 308 the method must not change.",
		Help: "ask for the final URL; as the server, answer 307 or 308 where the method is to stay",
		Bad: []string{`@ 0s
> PUT /orders/7
>
> {"qty":2}
< 301
< Location: /v2/orders/7
@ +100ms
> GET /v2/orders/7
< 200
`, `@ 0s
> POST /orders
> Content-Type: application/json
>
> {"qty":2}
< 308
< Location: /v2/orders
@ +100ms
> GET /v2/orders
< 200
`},
		Good: []string{`# a form, as ever
@ 0s
> POST /orders
> Content-Type: application/x-www-form-urlencoded
>
> qty=2
< 302
< Location: /orders/7
@ +100ms
> GET /orders/7
< 200
`, `# 303 means GET
@ 0s
> DELETE /orders/7
< 303
< Location: /orders
@ +100ms
> GET /orders
< 200
`, `# much later
@ 0s
> PUT /orders/7
>
> {"qty":2}
< 301
< Location: /v2/orders/7
@ +60s
> GET /v2/orders/7
< 200
`},
	},
	On: Read, After: Redirected, Of: Client, Window: 10 * time.Second,
	Check: func(p *Pass) {
		v := p.V
		w := p.ledBy(v, 10*time.Second)
		if w == nil || w.Method == v.Method || w.is(Read) || w.Status == 303 || w.made.formPost && w.Status < 303 {
			return
		}
		if !p.Tells(join(v.client, w.route)) {
			return
		}
		r := remark{at: targetOf(v), related: []annotate.Related{related(w, "redirected")}}
		if w.Status == 307 || w.Status == 308 {
			r.severity = annotate.Error
		}
		p.Say(r, "the %d answered %s, and the client asked for the new URL with %s", w.Status, w.Method, v.Method)
	},
}
