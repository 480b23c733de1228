package conversation

import (
	"time"

	"sidenote/annotate"
)

// authRules lists the rules on what clients do after a 401.
func authRules() []*Rule {
	return []*Rule{
		authChallengeFlapping,
		auth401RetrySameCredentials,
		auth401RetryExplained,
		auth401PreflightWaste,
		authDowngrade,
	}
}

var auth401RetrySameCredentials = &Rule{
	Rule: annotate.Rule{
		ID: "auth/401-retry-same-credentials", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client repeats a request with credentials that were just refused",
		Refs:  []string{"RFC 9110 §15.5.2"},
		Doc: "A 401 says that these credentials do not work here. Sent again they are refused again, and many services lock the account after a few tries. " +
			"Get a new token, or ask the user.",
		Help: "after a 401 get new credentials before trying again",
		Bad: []string{`@ 0s times=3 every=1s
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
`, `@ 0s times=4 every=500ms
> GET /orders
> Authorization: Basic dTpw
< 401
< WWW-Authenticate: Basic realm="shop"
`},
		Good: []string{`# a new token
@ 0s
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ +1s
> GET /orders
> Authorization: Bearer new
< 200
`, `# they were under way together
@ 0s took=200ms
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ 10ms like=1 took=200ms
@ 20ms like=1 took=200ms
@ 30ms like=1 took=200ms
`, `# a handshake of several steps
@ 0s times=3 every=100ms
> GET /orders
> Authorization: NTLM TlRMTVNTUAABAAAA
< 401
< WWW-Authenticate: NTLM TlRMTVNTUAACAAAA
`},
	},
	On: Unauthorized, After: Unauthorized, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.auth == 0 || v.scheme401&handshakes != 0 || p.told(authChallengeFlapping, v.uri) {
			return
		}
		repeats, last := 0, v
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if w.Method != v.Method {
				continue
			}
			if w.is(Succeeded) {
				break
			}
			if w.is(Unauthorized) && w.auth == v.auth && last.follows(w) {
				repeats, last = repeats+1, w
			}
		}
		if repeats >= p.number(limSame401) && p.Tells(join(v.client, v.origin, v.auth)) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(last, "refused first")}},
				"the same credentials were refused %d times within %s", repeats+1, ago(time.Duration(v.Ended-last.Started)))
		}
	},
}

// told reports whether another rule has told a story.
func (p *Pass) told(r *Rule, key uint64) bool {
	t := p.s.stories.told.find(join(uint64(r.index)+1, key))
	return t != nil && t.times > 0
}

var auth401RetryExplained = &Rule{
	Rule: annotate.Rule{
		ID: "auth/401-retry-explained", Severity: annotate.Info, Blame: annotate.ByNobody,
		Title: "a request was repeated with credentials after a 401",
		Refs:  []string{"RFC 9110 §11.3"},
		Doc: "The first request had no credentials, the server asked for some, and the client sent them. This is how HTTP authentication works; the note says which scheme the client chose, and the result. " +
			"It is told once for a client and a server.",
		Help: "nothing to do; a client that knows its credentials can send them at once",
		Bad: []string{`@ 0s
> GET /orders
< 401
< WWW-Authenticate: Basic realm="shop"
@ +50ms
> GET /orders
> Authorization: Basic dTpw
< 200
`, `# a scheme that was not offered
@ 0s
> GET /orders
< 401
< WWW-Authenticate: Digest realm="shop", nonce="abc", qop="auth"
@ +50ms
> GET /orders
> Authorization: Bearer abc
< 401
< WWW-Authenticate: Digest realm="shop", nonce="abd", qop="auth"
`},
		Good: []string{`# much later
@ 0s
> GET /orders
< 401
< WWW-Authenticate: Basic realm="shop"
@ +50s
> GET /orders
> Authorization: Basic dTpw
< 200
`, `# another client
@ 0s client=a
> GET /orders
< 401
< WWW-Authenticate: Basic realm="shop"
@ +1s client=b
> GET /orders
> Authorization: Basic dTpw
< 200
`},
	},
	On: WithAuth, After: Unauthorized, Of: ClientURI, Window: 5 * time.Second,
	Check: func(p *Pass) {
		v := p.V
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if !w.is(Unauthorized) || w.auth != 0 || w.Method != v.Method || !v.follows(w) {
				continue
			}
			offer := "which the challenge offered"
			if v.scheme401&w.offered == 0 {
				offer = "which the challenge did not offer"
			}
			if p.Tells(v.keys[ClientOrigin]) {
				p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "without credentials")}},
					"after the 401 the client used %s, %s, and got %s", v.scheme401, offer, v.result())
			}
			return
		}
	},
}

// String names the first scheme of a set.
func (s scheme) String() string {
	for i, name := range [...]string{"Basic", "Bearer", "Digest", "Negotiate", "NTLM"} {
		if s&(1<<i) != 0 {
			return name
		}
	}
	return "another scheme"
}

var auth401PreflightWaste = &Rule{
	Rule: annotate.Rule{
		ID: "auth/401-preflight-waste", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "nearly every request is sent twice, since the first has no credentials",
		Refs:  []string{"RFC 7617 §2.2", "RFC 9110 §11.4"},
		Doc: "The client waits to be asked for its credentials each time, though they have worked for this part of the server before. That doubles the requests and adds a round trip to each. " +
			"Clients may send Basic credentials at once for all that lies below a path that took them.",
		Help: "switch preemptive authentication on, such as curl --basic -u instead of --anyauth",
		Bad: []string{`# also auth/401-retry-explained
@ 0s times=11 every=1s
> GET /orders/{n}
< 401
< WWW-Authenticate: Basic realm="shop"
@ 100ms times=11 every=1s
> GET /orders/{n}
> Authorization: Basic dTpw
< 200
`, `# also auth/401-retry-explained
@ 0s times=12 every=1s
> POST /orders
>
> {"n":{n}}
< 401
< WWW-Authenticate: Negotiate
@ 100ms times=12 every=1s
> POST /orders
> Authorization: Negotiate YII
>
> {"n":{n}}
< 201
`},
		Good: []string{`# only the first
@ 0s
> GET /orders/1
< 401
< WWW-Authenticate: Basic realm="shop"
@ 100ms times=11 every=1s
> GET /orders/{n}
> Authorization: Basic dTpw
< 200
`, `# NTLM authenticates each connection
@ 0s times=11 every=1s
> GET /orders/{n}
< 401
< WWW-Authenticate: NTLM
@ 100ms times=11 every=1s
> GET /orders/{n}
> Authorization: NTLM TlRM
< 200
`},
	},
	On: Succeeded, Window: 5 * time.Minute,
	Check: func(p *Pass) {
		v, pair := p.V, p.pair
		twice := false
		if v.is(WithAuth) && v.scheme401&(schemeBasic|schemeNegotiate) != 0 {
			for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
				if w.is(Unauthorized) && w.auth == 0 && w.Method == v.Method && v.follows(w) {
					twice = v.after(w) < 5*time.Second
					break
				}
			}
		}
		pair.challenged[pair.asked%len(pair.challenged)] = twice
		pair.asked++
		wasted := 0
		for _, c := range pair.challenged {
			if c {
				wasted++
			}
		}
		// The first time is not wasted.
		if pair.asked > len(pair.challenged) && float64(wasted) >= p.limit(limPreflightWaste)*float64(len(pair.challenged)) && twice && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{at: targetOf(v)}, "%d of the last %d requests to %s were sent without credentials first, answered 401, and sent again", wasted, len(pair.challenged), v.host)
		}
	},
}

var authChallengeFlapping = &Rule{
	Rule: annotate.Rule{
		ID: "auth/challenge-flapping", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the same credentials are now accepted, now refused",
		Refs:  []string{"RFC 9110 §15.5.2"},
		Doc: "One request with one token alternates between 401 and success. Usually several servers stand behind one name, and not all of them know the key, the session or the clock. " +
			"Look for a header that names the server.",
		Help: "compare keys, clocks and configuration of the servers behind the load balancer",
		Bad: []string{`@ 0s times=2 every=2s
> GET /orders
> Authorization: Bearer abc
< 200
@ 1s times=2 every=2s
> GET /orders
> Authorization: Bearer abc
< 401
< WWW-Authenticate: Bearer error="invalid_token"
`, `@ 0s times=3 every=10s
> GET /orders
> Authorization: Basic dTpw
< 401
< WWW-Authenticate: Basic realm="shop"
@ 5s times=3 every=10s
> GET /orders
> Authorization: Basic dTpw
< 200
`},
		Good: []string{`# the token expired, once
@ 0s times=2 every=2s
> GET /orders
> Authorization: Bearer abc
< 200
@ +2s
> GET /orders
> Authorization: Bearer abc
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ +1s
> GET /orders
> Authorization: Bearer def
< 200
`, `# Digest asks for a new nonce now and then
@ 0s times=3 every=2s
> GET /orders
> Authorization: Digest username="u"
< 200
@ 1s times=3 every=2s
> GET /orders
> Authorization: Digest username="u"
< 401
< WWW-Authenticate: Digest realm="shop", nonce="b", stale=true
`},
	},
	On: WithAuth, After: Unauthorized, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.scheme401&(schemeBasic|schemeBearer) == 0 || !v.is(Unauthorized|Succeeded) {
			return
		}
		changes, next := 0, v
		var before *Visit
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if w.Method != v.Method || w.auth != v.auth || !w.is(Unauthorized|Succeeded) {
				continue
			}
			if w.is(Unauthorized) != next.is(Unauthorized) {
				changes++
				if before == nil {
					before = w
				}
			}
			next = w
		}
		if changes >= p.number(limFlap401) && p.Tells(v.uri) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(before, "answered otherwise")}},
				"the same %s credentials were accepted and refused in turn, %d changes within a minute", v.scheme401, changes)
		}
	},
}

var authDowngrade = &Rule{
	Rule: annotate.Rule{
		ID: "auth/downgrade", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client chose Basic although it can do better",
		Refs:  []string{"RFC 7616 §5.6", "RFC 9110 §11.4"},
		Doc: "The server offered a stronger scheme beside Basic, and this client has used that scheme elsewhere. With Basic the password itself is sent. " +
			"Clients should take the strongest scheme that they know.",
		Help: "configure the client to take the strongest scheme that is offered",
		Bad: []string{`# also auth/401-retry-explained
@ 0s
> GET http://one.test/a
> Host: one.test
> Authorization: Digest username="u"
< 200
@ +1s
> GET /orders
< 401
< WWW-Authenticate: Digest realm="shop", nonce="a", Basic realm="shop"
@ +100ms
> GET /orders
> Authorization: Basic dTpw
< 200
`, `# also auth/401-retry-explained
@ 0s
> GET http://one.test/a
> Host: one.test
> Authorization: Negotiate YII
< 200
@ +1s
> GET /orders
< 401
< WWW-Authenticate: Negotiate
< WWW-Authenticate: Basic realm="shop"
@ +100ms
> GET /orders
> Authorization: Basic dTpw
< 200
`},
		Good: []string{`# it was never seen to use another
@ 0s
> GET /orders
< 401
< WWW-Authenticate: Digest realm="shop", nonce="a", Basic realm="shop"
@ +100ms
> GET /orders
> Authorization: Basic dTpw
< 200
`, `# Basic alone was offered
@ 0s
> GET http://one.test/a
> Host: one.test
> Authorization: Digest username="u"
< 200
@ +1s
> GET /orders
< 401
< WWW-Authenticate: Basic realm="shop"
@ +100ms
> GET /orders
> Authorization: Basic dTpw
< 200
`},
	},
	On: WithAuth, After: Unauthorized, Of: ClientOrigin, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.scheme401 != schemeBasic {
			return
		}
		var asked *Visit
		for w := p.Back(v, ClientOrigin); w != nil && asked == nil; w = p.Back(w, ClientOrigin) {
			if w.is(Unauthorized) && v.follows(w) {
				asked = w
			}
		}
		if asked == nil || asked.offered&schemeBasic == 0 || asked.offered&(schemeDigest|schemeNegotiate) == 0 {
			return
		}
		for w := p.Back(v, Client); w != nil; w = p.Back(w, Client) {
			if better := w.scheme401 & asked.offered &^ schemeBasic; better != 0 && p.Tells(v.keys[ClientOrigin]) {
				p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "used "+better.String()), related(asked, "offered "+better.String())}},
					"the client sent Basic credentials, though %s was offered and it can do that", better)
				return
			}
		}
	},
}
