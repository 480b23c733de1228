package conversation

import (
	"time"

	"sidenote/annotate"
)

// tokenRules lists the rules on tokens that are renewed.
func tokenRules() []*Rule {
	return []*Rule{
		authRefreshLoop,
		authTokenRefreshNotFollowed,
	}
}

var authTokenRefreshNotFollowed = &Rule{
	Rule: annotate.Rule{
		ID: "auth/token-refresh-not-followed", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client has a new token and goes on with the old one",
		Refs:  []string{"RFC 6750 §3.1"},
		Doc: "A token was refused as invalid, the client got a new one, and later requests still carry the old one. " +
			"Usually some part of the program has kept a copy of the token.",
		Help: "read the token from one place for each request",
		Bad: []string{`@ 0s
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ +1s
> POST /oauth/token
>
> grant_type=refresh_token
< 200
< Content-Type: application/json
<
< {"access_token":"new"}
@ +1s
> GET /orders
> Authorization: Bearer new
< 200
@ +1s times=3 every=1s
> GET /items/{n}
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
`, `@ 0s
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ +1s
> POST http://login.test/oauth/token
> Host: login.test
>
> grant_type=refresh_token
< 200
< Content-Type: application/json
<
< {"access_token":"new"}
@ +1s times=4 every=1s
> GET /items/{n}
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
`},
		Good: []string{`@ 0s
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ +1s
> POST /oauth/token
>
> grant_type=refresh_token
< 200
< Content-Type: application/json
<
< {"access_token":"new"}
@ +1s times=4 every=1s
> GET /items/{n}
> Authorization: Bearer new
< 200
`, `# they had begun before the new token came
@ 0s
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ 100ms took=500ms
> POST /oauth/token
>
> grant_type=refresh_token
< 200
< Content-Type: application/json
<
< {"access_token":"new"}
@ 200ms times=4 every=50ms took=2s
> GET /items/{n}
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
`},
	},
	On: WithAuth, After: TokenGiven, Of: Client, Window: 5 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.scheme401 != schemeBearer {
			return
		}
		old := 1
		var token *Visit
		for w := p.Back(v, Client); w != nil; w = p.Back(w, Client) {
			switch {
			case w.is(TokenGiven) && token == nil:
				if w.made.token == v.auth || !v.follows(w) {
					return
				}
				token = w
			case token == nil && w.auth == v.auth:
				old++
			case token != nil && w.auth == v.auth && w.offered&invalidToken != 0:
				if old >= p.number(limOldToken) && p.Tells(join(v.client, v.auth)) {
					p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "old token refused"), related(token, "new token given")}},
						"%d requests since the new token came %s ago still have the old one, which is refused", old, ago(v.after(token)))
				}
				return
			}
		}
	},
}

var authRefreshLoop = &Rule{
	Rule: annotate.Rule{
		ID: "auth/refresh-loop", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "each new token is refused too",
		Refs:  []string{"RFC 6750 §3.1", "RFC 9110 §15.5.2"},
		Doc: "The client gets 401, fetches a new token, and is refused with that one as well, again and again. The token is fresh, so something else is wrong with it: its audience, its issuer, the key that signed it, or a clock. " +
			"Decode the token and compare aud, iss and exp with what the server expects.",
		Help: "compare aud, iss, kid and exp of the new token with what the server expects",
		Bad: []string{`@ 0s times=4 every=2s
> GET /orders
> Authorization: Bearer token-{n}
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ 1s times=4 every=2s
> POST /oauth/token
>
> grant_type=refresh_token
< 200
< Content-Type: application/json
<
< {"access_token":"token-{n}"}
`, `@ 0s times=5 every=10s
> GET /orders/{n}
> Authorization: Bearer token-{n}
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ 5s times=5 every=10s
> POST http://login.test/token
> Host: login.test
>
> grant_type=client_credentials
< 200
< Content-Type: application/json
<
< {"access_token":"token-{n}"}
`},
		Good: []string{`# the new one works
@ 0s
> GET /orders
> Authorization: Bearer old
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ 1s
> POST /oauth/token
>
> grant_type=refresh_token
< 200
< Content-Type: application/json
<
< {"access_token":"new"}
@ 2s
> GET /orders
> Authorization: Bearer new
< 200
`, `# tokens of a few minutes, each renewed in time
@ 0s times=4 every=5m
> GET /orders
> Authorization: Bearer token-{n}
< 401
< WWW-Authenticate: Bearer error="invalid_token"
@ 1s times=4 every=5m
> POST /oauth/token
>
> grant_type=refresh_token
< 200
< Content-Type: application/json
<
< {"access_token":"x-{n}"}
`},
	},
	On: Unauthorized, After: TokenGiven, Of: Client, Window: 2 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.offered&invalidToken == 0 || v.auth == 0 {
			return
		}
		// Back through time: refused, given, refused, given …
		rounds, later := 0, v
		var token *Visit
		for w := p.Back(v, Client); w != nil; w = p.Back(w, Client) {
			switch {
			case token == nil && w.is(TokenGiven) && later.follows(w):
				token = w
			case token != nil && w.offered&invalidToken != 0 && w.auth != later.auth && w.origin == v.origin && token.follows(w):
				rounds, later, token = rounds+1, w, nil
			case w.origin == v.origin && w.is(WithAuth) && w.is(Succeeded):
				return
			}
		}
		if rounds >= p.number(limRefreshLoop) && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(later, "first refused")}},
				"%d new tokens within %s were all refused as invalid", rounds, ago(time.Duration(v.Ended-later.Started)))
		}
	},
}
