package conversation

import (
	"time"

	"sidenote/annotate"
)

// cacheRules lists the rules on caches and what origin servers tell them.
func cacheRules() []*Rule {
	return []*Rule{
		cacheSharedCacheLeak,
		cacheSetCookieReplayed,
		cacheStaleAfterWrite,
		cacheAgeRegressed,
		cacheClockSkew,
		corsReflectedOrigin,
		cacheVaryInconsistent,
		cacheVaryMissing,
		cacheVaryUnused,
		cacheNeverReused,
	}
}

var cacheSharedCacheLeak = &Rule{
	Rule: annotate.Rule{
		ID: "cache/shared-cache-leak", Severity: annotate.Error, Blame: annotate.ByIntermediary,
		Title: "a cache served one user's response to another",
		Refs:  []string{"RFC 9111 §3.5", "RFC 9111 §7.3"},
		Doc: "Two users with different credentials got the same content, the second one out of a cache, and the content is private: the response says so, or it names the first user. " +
			"This is a leak of personal data. Purge the cache first, then find out why the response was stored.",
		Help: "send Cache-Control: private or no-store with what is made for one user, and check the cache's rules that override it",
		Bad: []string{`@ 0s client=a
> GET /me
> Authorization: Bearer aaa
< 200
< Cache-Control: private
< Content-Type: application/json
<
< {"name":"Ada Lovelace"}
@ +5s client=b
> GET /me
> Authorization: Bearer bbb
< 200
< Cache-Control: private
< Content-Type: application/json
< Age: 5
<
< {"name":"Ada Lovelace"}
`, `# the content names the user of the first token, {"sub":"ada-17"}
@ 0s client=a
> GET /account
> Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEtMTcifQ.x
< 200
< Cache-Control: max-age=60
< Content-Type: application/json
<
< {"user":"ada-17"}
@ +5s client=b
> GET /account
> Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2ItMTgifQ.x
< 200
< Cache-Control: max-age=60
< Cache-Status: edge; hit
< Content-Type: application/json
<
< {"user":"ada-17"}
`},
		Good: []string{`# the same for all
@ 0s client=a
> GET /prices
> Authorization: Bearer aaa
< 200
< Cache-Control: public, max-age=60
< Content-Type: application/json
<
< {"price":7}
@ +5s client=b
> GET /prices
> Authorization: Bearer bbb
< 200
< Cache-Control: public, max-age=60
< Age: 5
< Content-Type: application/json
<
< {"price":7}
`, `# a new token of the same user, {"sub":"ada-17"}
@ 0s client=a
> GET /account
> Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEtMTcifQ.x
< 200
< Cache-Control: max-age=60
< Content-Type: application/json
<
< {"user":"ada-17"}
@ +5s client=b
> GET /account
> Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEtMTcifQ.y
< 200
< Cache-Control: max-age=60
< Age: 5
< Content-Type: application/json
<
< {"user":"ada-17"}
`, `# not out of a cache
@ 0s client=a
> GET /me
> Authorization: Bearer aaa
< 200
< Cache-Control: private
<
< anonymous
@ +5s client=b
> GET /me
> Authorization: Bearer bbb
< 200
< Cache-Control: private
<
< anonymous
`},
	},
	On: Hit, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Found200) || v.contentHash == 0 {
			return
		}
		for w := range p.before(URI, 32) {
			if !w.is(Found200) || w.contentHash != v.contentHash || !otherUser(v, w) || !v.private && !w.private && !w.made.own {
				continue
			}
			if p.Tells(v.uri) {
				p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "the first user's response")}},
					"this response came out of a cache, and is the one that a user with other credentials got %s before", ago(v.after(w)))
			}
			return
		}
	},
}

// otherUser reports whether two requests have credentials of different users.
func otherUser(v, w *Visit) bool {
	if v.made.sub != 0 && v.made.sub == w.made.sub {
		return false
	}
	if v.auth != 0 && w.auth != 0 {
		return v.auth != w.auth
	}
	for i := range v.sentCookies {
		for j := range w.sentCookies {
			if a, b := &v.sent[i], &w.sent[j]; a.session && b.session && a.name == b.name && a.value != b.value {
				return true
			}
		}
	}
	return false
}

var cacheSetCookieReplayed = &Rule{
	Rule: annotate.Rule{
		ID: "cache/set-cookie-replayed-by-cache", Severity: annotate.Error, Blame: annotate.ByIntermediary,
		Title: "a cache gave one client's cookie to another",
		Refs:  []string{"RFC 9111 §7.3"},
		Doc: "Two clients got the same Set-Cookie with a value that looks random, the second one out of a cache. If the cookie stands for a session, both clients are now the same user. " +
			"Origin servers have to mark such responses, or caches have to leave Set-Cookie out.",
		Help: "send Cache-Control: no-store, or no-cache=\"Set-Cookie\", with responses that set cookies",
		Bad: []string{`@ 0s client=a
> GET /
< 200
< Cache-Control: max-age=60
< Set-Cookie: sid=f3A9xK2mQ7vLp0Zt; Path=/
@ +5s client=b
> GET /
< 200
< Cache-Control: max-age=60
< Age: 5
< Set-Cookie: sid=f3A9xK2mQ7vLp0Zt; Path=/
`, `@ 0s client=a
> GET /shop
< 200
< Set-Cookie: cart=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d
@ +90s client=b
> GET /shop
< 200
< Cache-Status: edge; hit
< Set-Cookie: cart=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d
`},
		Good: []string{`# a place is no secret
@ 0s client=a
> GET /
< 200
< Set-Cookie: GeoIP=US:VA:Chantilly:38.9148:-77.4883:v4
@ +5s client=b
> GET /
< 200
< Age: 5
< Set-Cookie: GeoIP=US:VA:Chantilly:38.9148:-77.4883:v4
`, `# the same client
@ 0s client=a
> GET /
< 200
< Set-Cookie: sid=f3A9xK2mQ7vLp0Zt; Path=/
@ +5s client=a
> GET /
< 200
< Age: 5
< Set-Cookie: sid=f3A9xK2mQ7vLp0Zt; Path=/
`, `# it is deleted
@ 0s client=a
> GET /
< 200
< Set-Cookie: sid=f3A9xK2mQ7vLp0Zt; Max-Age=0
@ +5s client=b
> GET /
< 200
< Age: 5
< Set-Cookie: sid=f3A9xK2mQ7vLp0Zt; Max-Age=0
`, `# not out of a cache
@ 0s client=a
> GET /
< 200
< Set-Cookie: ab=f3A9xK2mQ7vLp0Zt; Path=/
@ +5s client=b
> GET /
< 200
< Set-Cookie: ab=f3A9xK2mQ7vLp0Zt; Path=/
`},
	},
	On: Hit, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(SetsCookie) || !v.isKnown() {
			return
		}
		for w := range p.before(URI, 32) {
			if !w.is(SetsCookie) || w.client == v.client || !sharesSetCookie(v, w) {
				continue
			}
			if p.Tells(v.uri) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "the first client got it")}},
					"this response came out of a cache with a Set-Cookie that another client got %s before, value and all", ago(v.after(w)))
			}
			return
		}
	},
}

// sharesSetCookie reports whether two responses set one cookie to one random value.
func sharesSetCookie(v, w *Visit) bool {
	for i := range v.setCookies {
		for j := range w.setCookies {
			if a, b := &v.set[i], &w.set[j]; a.random && !a.gone && !b.gone && a.name == b.name && a.value == b.value {
				return true
			}
		}
	}
	return false
}

var cacheStaleAfterWrite = &Rule{
	Rule: annotate.Rule{
		ID: "cache/stale-after-write", Severity: annotate.Warn, Blame: annotate.ByIntermediary,
		Title: "a cache still serves what was written over",
		Refs:  []string{"RFC 9111 §4.4"},
		Doc: "The client changed a resource with success, then read it, and the response is older than the change: its Age is longer than the time since then. " +
			"A cache on the way did not invalidate what it had when the change passed, or the change took a way around it.",
		Help: "have the cache drop the URL when a PUT, PATCH, POST or DELETE of it succeeds, or purge it from the application",
		Bad: []string{`@ 0s
> PUT /orders/7
>
> {"qty":2}
< 204
@ +1s
> GET /orders/7
< 200
< Cache-Control: max-age=600
< Age: 100
<
< {"qty":1}
`, `@ 0s
> DELETE /orders/7
< 200
@ +3s
> GET /orders/7
< 200
< Cache-Control: max-age=600
< Age: 30
<
< {"qty":1}
`},
		Good: []string{`# stored after the write
@ 0s
> PUT /orders/7
>
> {"qty":2}
< 204
@ +60s
> GET /orders/7
< 200
< Cache-Control: max-age=600
< Age: 50
`, `# the write failed
@ 0s
> PUT /orders/7
>
> {"qty":2}
< 403
@ +1s
> GET /orders/7
< 200
< Cache-Control: max-age=600
< Age: 100
`, `# the write took another way
@ 0s
> PUT /orders/7
>
> {"qty":2}
< 204
@ +1s
> GET /orders/7
< 200
< Cache-Control: max-age=600
< Via: 1.1 edge
< Age: 100
`},
	},
	On: Hit, After: Write, Of: ClientURI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "GET" || v.age < 0 {
			return
		}
		for w := range p.before(ClientURI, 16) {
			if !w.is(Write) || w.Status < 200 || w.Status >= 400 || !v.follows(w) {
				continue
			}
			since := time.Duration(v.Headed - w.Headed)
			sameWay := (w.text.node == "") == (v.text.node == "")
			if sameWay && time.Duration(v.age)*time.Second > since+2*time.Second && p.Tells(v.route) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "changed it")}},
					"this response is %d s old, and the client changed the resource %s ago: a cache did not drop it", v.age, ago(since))
			}
			return
		}
	},
}

var cacheAgeRegressed = &Rule{
	Rule: annotate.Rule{
		ID: "cache/age-regressed", Severity: annotate.Info, Blame: annotate.ByIntermediary,
		Title: "Age or Date goes back from one response to the next",
		Refs:  []string{"RFC 9111 §5.1", "RFC 9111 §4.2.3"},
		Doc: "Two responses with one ETag came out of caches, and the later one has an older Date: several nodes of a CDN hold copies of their own. That is usual. " +
			"It is a warning where Date is the same and Age has fallen: then a cache does not count the Age that it received, and takes responses for fresher than they are.",
		Help: "nothing to do for several nodes; have a cache add the Age that it received to its own",
		Bad: []string{`@ 0s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:04:00 GMT
< ETag: "a"
< Age: 5
@ +2s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:02:00 GMT
< ETag: "a"
< Age: 127
`, `@ 0s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:02:00 GMT
< ETag: "a"
< Age: 125
@ +5s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:02:00 GMT
< ETag: "a"
< Age: 3
`},
		Good: []string{`@ 0s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:02:00 GMT
< ETag: "a"
< Age: 125
@ +5s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:02:00 GMT
< ETag: "a"
< Age: 130
`, `# it was fetched anew
@ 0s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:02:00 GMT
< ETag: "a"
< Age: 125
@ +5s
> GET /logo
< 200
< Date: Fri, 02 Jan 2026 03:04:08 GMT
< ETag: "a"
< Age: 2
`, `# another variant
@ 0s
> GET /logo
> Accept-Language: de
< 200
< Vary: Accept-Language
< Date: Fri, 02 Jan 2026 03:02:00 GMT
< ETag: "a"
< Age: 125
@ +5s
> GET /logo
> Accept-Language: en
< 200
< Vary: Accept-Language
< Date: Fri, 02 Jan 2026 03:01:00 GMT
< ETag: "a"
< Age: 190
`},
	},
	On: Tagged, After: Hit, Of: URI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.age < 0 || v.date == 0 || !v.is(Found200) {
			return
		}
		for w := range p.before(URI, 4) {
			if w.age < 0 || w.date == 0 || w.etag != v.etag || !v.follows(w) || !v.selectsLike(w) {
				continue
			}
			r := remark{at: statusOf(v), related: []annotate.Related{related(w, "response before")}}
			switch {
			case w.date == v.date && v.age < w.age-2:
				if p.Tells(join(v.origin, 1)) {
					r.severity = annotate.Warn
					p.Say(r, "Age fell from %d to %d while Date stayed the same: a cache does not count the Age that it received", w.age, v.age)
				}
			case v.date < w.date-2 && p.Tells(join(v.origin, 2)):
				p.Say(r, "Date went back by %d s, with the same ETag: several cache nodes answer", w.date-v.date)
			}
			return
		}
	},
}

var cacheClockSkew = &Rule{
	Rule: annotate.Rule{
		ID: "cache/clock-skew-between-nodes", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the clocks of the servers behind one name differ",
		Refs:  []string{"RFC 9110 §6.6.1"},
		Doc:   "Date of fresh responses jumps between two times again and again: several servers answer, and their clocks are apart. Expires, Age, cookies, tokens and signatures go wrong on one of them.",
		Help:  "have all servers take their time from NTP",
		Bad: []string{`@ 0s times=3 every=4s
> GET /orders/{n}
< 200
@ 2s
> GET /orders/9
< 200
< Date: Fri, 02 Jan 2026 03:06:07 GMT
@ 6s
> GET /orders/9
< 200
< Date: Fri, 02 Jan 2026 03:06:11 GMT
`, `@ 0s
> GET /a
< 200
< Date: Fri, 02 Jan 2026 03:04:05 GMT
@ 1s
> GET /a
< 200
< Date: Fri, 02 Jan 2026 03:03:36 GMT
@ 2s
> GET /a
< 200
< Date: Fri, 02 Jan 2026 03:04:07 GMT
@ 3s
> GET /a
< 200
< Date: Fri, 02 Jan 2026 03:03:38 GMT
`},
		Good: []string{`# one clock, and it is wrong
@ 0s
> GET /a
< 200
< Date: Fri, 02 Jan 2026 03:14:05 GMT
@ 1s
> GET /a
< 200
< Date: Fri, 02 Jan 2026 03:14:06 GMT
@ 2s
> GET /a
< 200
< Date: Fri, 02 Jan 2026 03:14:07 GMT
`, `# out of a cache
@ 0s
> GET /a
< 200
@ 1s
> GET /a
< 200
< Age: 29
< Date: Fri, 02 Jan 2026 03:03:36 GMT
@ 2s
> GET /a
< 200
@ 3s
> GET /a
< 200
< Age: 29
< Date: Fri, 02 Jan 2026 03:03:38 GMT
`, `# slow answers, stamped when the request came
@ 0s
> GET /a
< 200
@ 1s took=8s
> GET /slow
< 200
< Date: Fri, 02 Jan 2026 03:04:06 GMT
@ 10s
> GET /a
< 200
@ 11s took=8s
> GET /slow
< 200
< Date: Fri, 02 Jan 2026 03:04:16 GMT
@ 21s
> GET /a
< 200
`},
	},
	Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v, o := p.V, p.origin
		if v.date == 0 || v.age >= 0 || v.is(Hit) || v.Status == 0 || v.waited <= 0 || v.waited > time.Second {
			return
		}
		offset := v.date - v.Headed/int64(time.Second)
		changed := o.skew(offset, v.Headed, int64(p.limit(limSkew)))
		if changed && o.changes >= 3 && p.Tells(v.origin) {
			p.Say(remark{at: statusOf(v), related: p.latestOf(Origin, Succeeded, "response before")},
				"Date jumped %d times between two clocks that are %d s apart", o.changes, abs(o.skews[0]-o.skews[1]))
		}
	},
}

// skew takes an offset of Date, and reports whether another clock answers now.
func (c *clockStats) skew(offset, at, apart int64) (changed bool) {
	if c.since == 0 || at-c.since > int64(10*time.Minute) {
		c.since, c.changes, c.group = at, 0, 0
		c.skews = [2]int64{offset, offset}
		return false
	}
	if abs(offset-c.skews[c.group]) <= 2 {
		return false
	}
	other := 1 - c.group
	if abs(offset-c.skews[c.group]) <= apart {
		return false
	}
	if abs(offset-c.skews[other]) > 2 {
		if c.changes > 0 { // a third time: this is no pair of clocks
			c.changes = 0
		}
		c.skews[other] = offset
	}
	c.group = other
	c.changes++
	return true
}
