package conversation

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// trafficRules lists the rules on more traffic, or slower, than there has to be.
func trafficRules() []*Rule {
	return []*Rule{
		redirectEveryCall,
		redirectPermanentRefetched,
		redirectFlipFlop,
		corsChattyPreflight,
		deprecatedStillCalled,
		encodingNeverAsked,
		framingKeepaliveRace,
		status100NeverAnswered,
		timingSlow,
		timingGap,
		trafficConnectionNotReused,
		trafficNPlusOne,
	}
}

var redirectEveryCall = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/every-call-redirected", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "nearly every call takes a redirect that only changes the form of the URL",
		Refs:  []string{"RFC 9110 §15.4"},
		Doc:   "The client calls URLs that differ from the right ones in scheme, www, letter case or a slash at the end, and is redirected each time. Every call costs a round trip more, and a POST may lose its body.",
		Help:  "write the base URL in the client as the server wants it",
		Bad: []string{`@ 0s times=5 every=1s
> GET /orders/{n}
< 301
< Location: /orders/{n}/
@ 100ms times=5 every=1s
> GET /orders/{n}/
< 200
`, `@ 0s times=6 every=1s
> POST /orders
>
> {"n":{n}}
< 308
< Location: https://www.shop.test/orders
@ 100ms times=6 every=1s
> POST https://www.shop.test/orders
> Host: www.shop.test
>
> {"n":{n}}
< 201
`},
		Good: []string{`# to other things
@ 0s times=6 every=1s
> GET /latest/{n}
< 302
< Location: /versions/{n}
@ 100ms times=6 every=1s
> GET /versions/{n}
< 200
`, `# now and then
@ 0s times=3 every=1s
> GET /orders/{n}
< 301
< Location: /orders/{n}/
@ 100ms times=3 every=1s
> GET /orders/{n}/
< 200
`, `# it sets a cookie on the way
@ 0s times=6 every=1s
> GET /orders/{n}
< 302
< Location: /orders/{n}/
< Set-Cookie: seen=1
@ 100ms times=6 every=1s
> GET /orders/{n}/
< 200
`},
	},
	On: Redirected, After: Redirected, Of: Route, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.isDetour() {
			return
		}
		calls, detours := 1, 1
		for w := range p.before(Route, 24) {
			if w.client != v.client {
				continue
			}
			if calls++; w.isDetour() && p.wasFollowed(w, 2*time.Second) {
				detours++
			}
			if calls == 10 {
				break
			}
		}
		if detours >= 5 && detours*10 >= calls*8 && p.Tells(join(v.client, v.route)) {
			p.Say(remark{at: targetOf(v), related: p.latestOf(Route, Redirected, "redirected before")},
				"%d of the last %d calls were redirected to a URL that differs only in form: %s", detours, calls, v.text.location)
		}
	},
}

// isDetour reports whether a redirect changes only the form of the URL.
func (v *Visit) isDetour() bool {
	return v.is(Redirected) && v.made.idlePath && !v.is(SetsCookie) && v.Status != 303 && v.location != v.uri
}

// wasFollowed reports whether the client went where a redirect led.
func (p *Pass) wasFollowed(w *Visit, within time.Duration) bool {
	for u := p.s.at(p.s.heads[ClientURI].find(join(w.client, w.location))); u != nil && u.seq > w.seq; u = p.Back(u, ClientURI) {
		if u.follows(w) && u.after(w) <= within {
			return true
		}
	}
	return false
}

var redirectPermanentRefetched = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/permanent-refetched", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client asks again and again for what has moved for good",
		Refs:  []string{"RFC 9110 §15.4.2", "RFC 9110 §15.4.9"},
		Doc:   "301 and 308 say that the old URL need not be asked again, and a client may keep that. This one asks each time. Most libraries never keep redirects; then the URL in the program or its settings is the one to change.",
		Help:  "use the new URL in the client",
		Bad: []string{`@ 0s times=5 every=1m
> GET /old
< 301
< Location: http://new.test/
`, `@ 0s times=6 every=1m
> GET /v1/orders
< 308
< Location: /v2/orders
< Cache-Control: max-age=86400
`},
		Good: []string{`# the redirect is good for a minute only
@ 0s times=8 every=10m
> GET /old
< 301
< Location: http://new.test/
< Cache-Control: max-age=60
`, `# not for good
@ 0s times=8 every=1m
> GET /old
< 302
< Location: http://new.test/
`, `# all at once
@ 0s times=8 every=1ms took=1s
> GET /old
< 301
< Location: http://new.test/
`},
	},
	On: Redirected, After: Redirected, Of: ClientURI, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.isPermanent() || !v.isKnown() || p.told(redirectEveryCall, join(v.client, v.route)) {
			return
		}
		n, next := 1, v
		for w := range p.before(ClientURI, 16) {
			if !w.isPermanent() || w.location != v.location || w.fresh >= 0 && next.Started > w.Headed+w.fresh*int64(time.Second) {
				break
			}
			if next.follows(w) {
				n, next = n+1, w
			}
		}
		if n >= p.number(limPermanentTimes) && p.Tells(v.keys[ClientURI]) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(next, "redirected first")}},
				"the client asked %d times for this, and was told each time that it has moved for good", n)
		}
	},
}

// isPermanent reports whether a response moves the URL for good, and may be kept.
func (v *Visit) isPermanent() bool {
	return (v.Status == 301 || v.Status == 308) && v.location != 0 && !v.noStore && !v.noCache && v.fresh != 0
}

var redirectFlipFlop = &Rule{
	Rule: annotate.Rule{
		ID: "redirect/flip-flop", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "a permanent redirect is not permanent",
		Refs:  []string{"RFC 9110 §15.4.2", "RFC 9110 §15.4.9"},
		Doc:   "One URL was answered with a permanent redirect to different places, or now with a redirect and now with 200, to requests that are alike. Browsers keep 301 and 308 without an end, so some users will never see the other answer.",
		Help:  "use 302 or 307 while it may change, or agree on one answer on all servers",
		Bad: []string{`@ 0s
> GET /start
< 301
< Location: /a
@ +1m
> GET /start
< 301
< Location: /b
`, `@ 0s times=2 every=2m
> GET /start
< 308
< Location: /a
@ 1m times=2 every=2m
> GET /start
< 200
`},
		Good: []string{`# not for good
@ 0s
> GET /start
< 302
< Location: /a
@ +1m
> GET /start
< 302
< Location: /b
`, `# by language
@ 0s
> GET /start
> Accept-Language: de
< 301
< Location: /de
@ +1m
> GET /start
> Accept-Language: en
< 301
< Location: /en
`, `# by cookie
@ 0s
> GET /start
< 301
< Location: /a
@ +1m
> GET /start
> Cookie: group=b
< 301
< Location: /b
`},
	},
	On: Read, After: Redirected, Of: URI, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		isMoved := func(w *Visit) bool { return (w.Status == 301 || w.Status == 308) && w.location != 0 }
		if !isMoved(v) && v.Status != 200 {
			return
		}
		changes, next := 0, v
		for w := range p.before(URI, 16) {
			if w.Method != v.Method || !w.sameIdentity(v) || w.language != v.language || w.ua != v.ua || !isMoved(w) && w.Status != 200 || w.location == next.location {
				continue
			}
			twoPlaces := isMoved(w) && isMoved(v)
			changes, next = changes+1, w
			if (twoPlaces && w.location != v.location || changes >= 3) && p.Tells(v.uri) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "answered otherwise")}},
					"this URL was answered with %s, and %s before with %s", v.resultTo(), ago(v.after(w)), w.resultTo())
				return
			}
		}
	},
}

// resultTo is the result, with where a redirect leads.
func (v *Visit) resultTo() string {
	if v.location == 0 {
		return v.result()
	}
	return v.result() + " to " + pathOf(v.text.location)
}

var corsChattyPreflight = &Rule{
	Rule: annotate.Rule{
		ID: "cors/chatty-preflight", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "preflights are repeated that need not be",
		Refs:  []string{"Fetch"},
		Doc: "A browser asks for permission before each request, and the answer to the same question could have been kept: without Access-Control-Max-Age it holds for 5 seconds. " +
			"Where it is asked again within the time granted, the browser does not keep it, or its cache is off. Permission is kept for each URL, so a route with ids in its path is asked about for each of them.",
		Help: "send Access-Control-Max-Age: 600 or more with preflights",
		Bad: []string{`@ 0s times=5 every=8s
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 204
< Access-Control-Allow-Origin: https://app.test
@ 100ms times=5 every=8s
> PUT /orders
> Origin: https://app.test
< 204
`, `@ 0s times=2 every=30s
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 204
< Access-Control-Allow-Origin: https://app.test
< Access-Control-Max-Age: 600
@ 100ms times=2 every=30s
> PUT /orders
> Origin: https://app.test
< 204
`},
		Good: []string{`# two at once
@ 0s times=2 every=1ms
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 204
< Access-Control-Allow-Origin: https://app.test
< Access-Control-Max-Age: 600
@ 100ms
> PUT /orders
> Origin: https://app.test
< 204
`, `# the cache of the browser is off
@ 0s times=3 every=30s
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
> Cache-Control: no-cache
< 204
< Access-Control-Allow-Origin: https://app.test
< Access-Control-Max-Age: 600
@ 100ms times=3 every=30s
> PUT /orders
> Origin: https://app.test
< 204
`, `# permission had run out
@ 0s times=3 every=2m
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 204
< Access-Control-Allow-Origin: https://app.test
< Access-Control-Max-Age: 60
@ 100ms times=3 every=2m
> PUT /orders
> Origin: https://app.test
< 204
`},
	},
	On: Preflight, After: Preflight, Of: ClientURI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Succeeded) || v.askedFresh {
			return
		}
		n, next := 1, v
		var first *Visit
		for w := range p.before(ClientURI, 16) {
			if !w.is(Preflight) || w.accept != v.accept || w.origin0 != v.origin0 || w.made.fetchSite != v.made.fetchSite || !next.follows(w) {
				continue
			}
			within := v.Started < w.Ended+w.made.maxAge*int64(time.Second)
			if w.made.maxAge > 0 && within && w.is(Succeeded) {
				if p.Tells(v.keys[ClientOrigin]) {
					p.Say(remark{at: targetOf(v), blame: annotate.ByClient, related: []annotate.Related{related(w, "granted")}},
						"this preflight is the same as %s before, and permission had been granted for %d s or more", ago(v.after(w)), w.made.maxAge)
				}
				return
			}
			if w.made.maxAge >= 0 || v.Started-w.Started > int64(time.Minute) {
				break
			}
			n, next, first = n+1, w, w
		}
		if n >= p.number(limPreflights) && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(first, "asked first")}},
				"the same preflight came %d times within a minute, and no answer has Access-Control-Max-Age", n)
		}
	},
}

var deprecatedStillCalled = &Rule{
	Rule: annotate.Rule{
		ID: "deprecated/endpoint-still-called", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client goes on calling what will be switched off",
		Refs:  []string{"RFC 9745 §2", "RFC 8594 §3"},
		Doc:   "The server said that this route is deprecated, or when it goes away, and the client has called it many times since. When the day comes, the calls fail. The note says how many clients were seen, and how many days are left.",
		Help:  "move the client to the route that takes its place; the documentation that Link names says which",
		Bad: []string{`@ 0s times=11 every=10s
> GET /v1/orders/{n}
< 200
< Sunset: Sat, 31 Jan 2026 00:00:00 GMT
`, `# again in a later session
@ 0s
> GET /v1/orders
< 200
< Deprecation: @1704067200
@ +2h
> GET /v1/orders
< 200
< Deprecation: @1704067200
`},
		Good: []string{`# a few times
@ 0s times=5 every=10s
> GET /v1/orders/{n}
< 200
< Sunset: Sat, 31 Jan 2026 00:00:00 GMT
`, `# not yet deprecated
@ 0s times=12 every=10s
> GET /v1/orders/{n}
< 200
< Deprecation: @1893456000
`, `# many clients, a few times each
@ 0s times=4 every=10s client=a
> GET /v1/orders/{n}
< 200
< Sunset: Sat, 31 Jan 2026 00:00:00 GMT
@ 1s times=4 every=10s client=b
> GET /v1/orders/{n}
< 200
< Sunset: Sat, 31 Jan 2026 00:00:00 GMT
@ 2s times=4 every=10s client=c
> GET /v1/orders/{n}
< 200
< Sunset: Sat, 31 Jan 2026 00:00:00 GMT
`},
	},
	On: Deprecated, After: Deprecated, Of: Route, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if p.told(p.r.Rule, join(v.client, v.route)) {
			p.Tells(join(v.client, v.route))
			return
		}
		calls, clients, next := 0, 1, v
		var first *Visit
		isLater := false
		for w := range p.before(Route, 64) {
			if !w.is(Deprecated) || !v.follows(w) {
				continue
			}
			if w.client != v.client {
				clients = 2
				continue
			}
			calls, isLater = calls+1, isLater || next.Started-w.Ended > int64(30*time.Minute)
			first, next = w, w
		}
		if calls < p.number(limDeprecatedCalls) && !isLater || !p.Tells(join(v.client, v.route)) {
			return
		}
		left := "the server says no date"
		if v.made.sunset != 0 {
			left = "it goes away in " + ago(time.Duration(v.made.sunset*int64(time.Second)-v.Headed))
			if v.made.sunset*int64(time.Second) < v.Headed {
				left = "its time is over"
			}
		}
		others := ""
		if clients > 1 {
			others = "; other clients call it too"
		}
		p.Say(remark{at: targetOf(v), related: []annotate.Related{related(first, "announced")}},
			"the client has called this %d times since it learned that the route goes away; %s%s", calls, left, others)
	},
}

var encodingNeverAsked = &Rule{
	Rule: annotate.Rule{
		ID: "encoding/never-asked", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client never asks for compression, and the server could compress",
		Refs:  []string{"RFC 9110 §12.5.3"},
		Doc:   "This server compresses for clients that ask, and this client does not: it sends no Accept-Encoding and gets text in full size. Text and JSON shrink to a fifth or less.",
		Help:  "switch compression on in the client; most libraries ask for gzip and unpack it by themselves",
		Bad: []string{`@ 0s times=10 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
< Vary: Accept-Encoding
<
< "` + tenKilo + `"
`, `@ 0s client=b
> GET /page/0
> Accept-Encoding: gzip
< 200
< Content-Encoding: gzip
<
< compressed
@ +1s times=12 every=1s client=a
> GET /page/{n}
> Accept-Encoding: identity
< 200
< Content-Type: text/html
<
< ` + tenKilo + `
`},
		Good: []string{`# this server has never compressed
@ 0s times=10 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< "` + tenKilo + `"
`, `# images do not shrink
@ 0s times=10 every=1s
> GET /pictures/{n}
< 200
< Content-Type: image/png
< Vary: Accept-Encoding
<
< ` + tenKilo + `
`, `# it must not be changed
@ 0s times=10 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
< Cache-Control: no-transform
< Vary: Accept-Encoding
<
< "` + tenKilo + `"
`},
	},
	Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.coding != 0 || v.is(Varied) && v.variesBy("Accept-Encoding") {
			p.origin.codes = true
		}
		if v.coding != 0 || v.encoding != 0 && v.encoding != p.s.identity || !v.made.textual || v.contentSize < 2000 || v.made.noTransform || v.is(Ranged) || v.reached.Addr().IsLoopback() {
			return
		}
		p.pair.plain++
		p.pair.plainBytes += v.contentSize
		if p.origin.codes && p.pair.plain >= 10 && float64(p.pair.plainBytes) >= p.limit(limUncompressed) && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{at: targetOf(v)}, "the client got %d bytes of text in %d responses without compression, and has never asked for any", p.pair.plainBytes, p.pair.plain)
		}
	},
}

// tenKilo is enough content for examples of what should have been compressed.
const tenKilo = kilo + kilo + kilo + kilo + kilo + kilo + kilo + kilo + kilo + kilo

var framingKeepaliveRace = &Rule{
	Rule: annotate.Rule{
		ID: "framing/keepalive-race-reset", Severity: annotate.Warn, Blame: annotate.ByIntermediary,
		Title: "requests on idle connections meet a server that is closing them",
		Refs:  []string{"RFC 9112 §9.3.1", "RFC 9112 §9.5"},
		Doc: "Several requests went out on a connection that had been idle for about the same time, and were reset or got no answer. The server closes idle connections after that time, and the request met the close on its way. " +
			"The connection is sidenote's; without sidenote between, the client's pool would have the same trouble.",
		Help: "have the pool of connections close them earlier than the server does, or repeat requests that are idempotent",
		Bad: []string{`@ 0s times=3 every=20s
* origin peer=203.0.113.1:80 local=192.0.2.9:500{n}
> GET /orders/{n}
< 200
@ 5s times=3 every=20s
* origin peer=203.0.113.1:80 local=192.0.2.9:500{n} reused
* error reset_before_head "connection reset by peer"
> GET /orders/{n}
`, `@ 0s times=4 every=100s
* origin peer=203.0.113.1:80 local=192.0.2.9:500{n}
> GET /orders/{n}
< 200
@ 60s times=4 every=100s client=b
* origin peer=203.0.113.1:80 local=192.0.2.9:500{n} reused
* error closed_before_head "EOF"
> GET /orders/{n}
`},
		Good: []string{`# after different times
@ 0s times=3 every=100s
* origin peer=203.0.113.1:80 local=192.0.2.9:500{n}
> GET /orders/{n}
< 200
@ 5s
* origin peer=203.0.113.1:80 local=192.0.2.9:5001 reused
* error reset_before_head "connection reset by peer"
> GET /orders/1
@ 110s
* origin peer=203.0.113.1:80 local=192.0.2.9:5002 reused
* error reset_before_head "connection reset by peer"
> GET /orders/2
@ 240s
* origin peer=203.0.113.1:80 local=192.0.2.9:5003 reused
* error reset_before_head "connection reset by peer"
> GET /orders/3
`, `# new connections
@ 0s times=3 every=20s
* origin peer=203.0.113.1:80 local=192.0.2.9:500{n}
* error reset_before_head "connection reset by peer"
> GET /orders/{n}
`},
	},
	On: Broken, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.local == 0 || !v.made.reused || v.Err != exchange.ErrResetBeforeHead && v.Err != exchange.ErrClosedBeforeHead {
			return
		}
		for w := range p.before(Origin, 64) {
			if w.local != v.local {
				continue
			}
			idle := v.Started - w.Ended
			if idle < int64(500*time.Millisecond) {
				return
			}
			c := near(&p.origin.resets, idle, .1)
			if c.times++; c.times >= p.number(limRaceTimes) && p.Tells(v.origin) {
				p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "before on this connection")}},
					"%d requests met a closed connection after %s idle; keep connections for less than that", c.times, ago(time.Duration(idle)))
			}
			return
		}
	},
}

var status100NeverAnswered = &Rule{
	Rule: annotate.Rule{
		ID: "status/100-continue-never-answered", Severity: annotate.Error, Blame: annotate.ByOrigin,
		Title: "the server never answers Expect: 100-continue",
		Refs:  []string{"RFC 9110 §10.1.1"},
		Doc:   "The client waits for a 100 before it sends the body, each time without success: the server sends neither 100 nor a final status until the body comes. Clients give up waiting after about a second, so every upload is that much slower.",
		Help:  "send 100 when the request is acceptable, or have the client leave Expect out",
		Bad: []string{`@ 0s times=5 every=5s took=2s
* timing head-sent=1ms content-begun=1001ms request-sent=1002ms
> PUT /files/{n}
> Expect: 100-continue
>
> text
< 201
`, `@ 0s times=7 every=5s took=2s
* timing head-sent=1ms content-begun=801ms request-sent=802ms
> POST /files
> Expect: 100-continue
>
> text{n}
< 200
`},
		Good: []string{`# it did answer
@ 0s times=6 every=5s took=2s
* timing head-sent=1ms content-begun=1001ms request-sent=1002ms
> PUT /files/{n}
> Expect: 100-continue
>
> text
< 100
< 201
`, `# the client did not wait
@ 0s times=6 every=5s took=2s
* timing head-sent=1ms content-begun=2ms request-sent=3ms
> PUT /files/{n}
> Expect: 100-continue
>
> text
< 201
`, `# an HTTP/1.0 hop
@ 0s times=6 every=5s took=2s
* timing head-sent=1ms content-begun=1001ms request-sent=1002ms
> PUT /files/{n}
> Expect: 100-continue
>
> text
< 201
< Via: 1.0 old
`},
	},
	On: Expecting, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v, o := p.V, p.origin
		if v.Status == 0 || v.requestSize == 0 || v.made.got100 || v.made.oldHop || v.wrote < 500*time.Millisecond || v.Headed-v.Started < int64(v.wrote) {
			return
		}
		o.held++
		o.heldFor += v.wrote
		if o.held >= p.number(limContinueTimes) && p.Tells(v.origin) {
			p.Say(remark{at: targetOf(v), related: p.latestOf(Origin, Expecting, "waited before")},
				"%d requests waited for a 100 that did not come, %s in all", o.held, ago(o.heldFor))
		}
	},
}

var timingSlow = &Rule{
	Rule: annotate.Rule{
		ID: "timing/slow-vs-baseline", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "a route has become much slower than it was",
		Refs:  []string{"RFC 9110 §7.5"},
		Doc: "The time to the first byte is more than three times what 95 of 100 earlier requests of this route took, for several of the latest requests. Look at what changed at that time: a deployment, a database, a neighbour on the machine. " +
			"One slow response is info, and so is one after a long pause, since caches and connections were cold.",
		Help: "compare the slow responses with the ones before, and look at the server's own timing",
		Bad: []string{`@ 0s times=30 every=1s took=50ms
> GET /orders/{n}
< 200
@ +1s times=3 every=2s took=900ms
> GET /orders/9{n}
< 200
`, `@ 0s times=40 every=1s took=100ms
> POST /search
>
> {"n":{n}}
< 200
@ +1s times=4 every=5s took=3s
> POST /search
>
> {"n":9{n}}
< 200
`},
		Good: []string{`# as slow as ever
@ 0s times=34 every=2s took=900ms
> GET /orders/{n}
< 200
`, `# twice as slow
@ 0s times=30 every=1s took=200ms
> GET /orders/{n}
< 200
@ +1s times=3 every=2s took=400ms
> GET /orders/9{n}
< 200
`, `# too few to compare with
@ 0s times=10 every=1s took=50ms
> GET /orders/{n}
< 200
@ +1s times=3 every=2s took=900ms
> GET /orders/9{n}
< 200
`},
	},
	On: Timed, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v, r := p.V, p.route
		if !v.is(Succeeded) || v.Method == "CONNECT" || v.is(Expecting) || v.requestSize > 1<<20 || v.made.health {
			return
		}
		took := v.thought
		if took == 0 {
			took = v.waited
		}
		idle := v.Started - r.waits.last
		usual := r.waits.usual(p.number(limSlowSamples))
		r.slow <<= 1
		isSlow := usual > 0 && float64(took) > p.limit(limSlowFactor)*float64(usual) && took > usual+250*time.Millisecond
		if !isSlow {
			r.waits.add(took, v.Ended)
			return
		}
		r.waits.last = v.Ended
		if idle > int64(5*time.Minute) {
			return // everything was cold
		}
		if r.slow |= 1; ones(r.slow&31) >= 3 && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: p.latestOf(Route, Succeeded, "response before")},
				"the first byte came after %s; 95 of 100 requests for this route took at most %s, and 3 of the last 5 were slow", ago(took), ago(usual))
		}
	},
}

// usual is what one in twenty exceeds, once there are enough samples; 0 before.
// It is worked out anew for every eighth sample.
func (s *samples) usual(least int) time.Duration {
	if s.count < least {
		return 0
	}
	if s.known == 0 || s.count-s.knownAt >= 8 {
		s.known, s.knownAt = s.p95(), s.count
	}
	return s.known
}

var timingGap = &Rule{
	Rule: annotate.Rule{
		ID: "timing/ttfb-vs-server-timing-gap", Severity: annotate.Info, Blame: annotate.ByIntermediary,
		Title: "most of the wait is outside of the application",
		Refs:  []string{"Server Timing"},
		Doc:   "The application says in Server-Timing how long it worked, and the client waited much longer for the first byte, time and again. The rest is spent on the way: in a queue before the application, in a proxy, or in the network.",
		Help:  "look at the queue in front of the application, at proxies, and at the distance",
		Bad: []string{`@ 0s times=5 every=1s took=600ms
> GET /orders/{n}
< 200
< Server-Timing: app;dur=40
`, `@ 0s times=6 every=1s took=2s
> GET /report
< 200
< Server-Timing: db;dur=100, total;dur=300
`},
		Good: []string{`# the application took it
@ 0s times=6 every=1s took=600ms
> GET /orders/{n}
< 200
< Server-Timing: app;dur=550
`, `# the number is of the CDN
@ 0s times=6 every=1s took=600ms
> GET /orders/{n}
< 200
< Server-Timing: edge;dur=4
`, `# a little
@ 0s times=6 every=1s took=150ms
> GET /orders/{n}
< 200
< Server-Timing: app;dur=10
`},
	},
	On: Timed, Window: time.Hour,
	Check: func(p *Pass) {
		v, r := p.V, p.route
		if !v.made.serverNamed || v.thought == 0 || v.is(Hit) {
			return
		}
		gap := v.thought - v.connected - v.made.server
		if gap < p.time(limGap) || gap*2 < v.thought {
			r.gaps = 0
			return
		}
		if r.gaps++; r.gaps >= 5 && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: p.latestOf(Route, Timed, "response before")},
				"the application says that it took %s, and the first byte came after %s, as with %d responses before", ago(v.made.server), ago(v.thought), r.gaps-1)
		}
	},
}

var trafficConnectionNotReused = &Rule{
	Rule: annotate.Rule{
		ID: "traffic/connection-not-reused", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client opens a new TLS connection for every request",
		Refs:  []string{"RFC 9112 §9.3", "RFC 9113 §9.1"},
		Doc: "One request after another came on a connection of its own, and nothing said that connections have to be closed. Each TLS handshake costs two round trips and processor time. " +
			"Often the program makes a new client object for each request, or does not read bodies to their end.",
		Help: "use one client object for all requests, and read or close every response body",
		Bad: []string{`@ 0s times=10 every=500ms
* client authority=shop.test:443
> GET https://shop.test/orders/{n}
< 200
`, `@ 0s times=12 every=200ms
* client authority=shop.test:443
> POST https://shop.test/orders
>
> {"n":{n}}
< 201
`},
		Good: []string{`# the server closes them
@ 0s times=12 every=500ms
* client authority=shop.test:443
> GET https://shop.test/orders/{n}
< 200
< Connection: close
`, `# side by side
@ 0s times=12 every=10ms took=1s
* client authority=shop.test:443
> GET https://shop.test/orders/{n}
< 200
`, `# it is reused
@ 0s times=12 every=500ms
* client authority=shop.test:443 reused
> GET https://shop.test/orders/{n}
< 200
`, `# now and then
@ 0s times=12 every=20s
* client authority=shop.test:443
> GET https://shop.test/orders/{n}
< 200
`},
	},
	Window: 10 * time.Second,
	Check: func(p *Pass) {
		v := p.V
		if !v.opensAnew() {
			return
		}
		most := p.number(limConnections)
		n, next := 1, v
		for w := range p.before(ClientOrigin, most) {
			if !w.opensAnew() || w.Ended > next.Started {
				break
			}
			n, next = n+1, w
		}
		if n >= most && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(next, "the first of them")}},
				"the client opened %d TLS connections within %s, one after another, and each carried one request", n, ago(time.Duration(v.Started-next.Started)))
		}
	},
}

// opensAnew reports whether a request came on a new TLS connection that need not
// be closed after it.
func (v *Visit) opensAnew() bool {
	return v.newConn && v.tls && !v.made.close && !v.made.oldHop && v.Status != 0
}

var trafficNPlusOne = &Rule{
	Rule: annotate.Rule{
		ID: "traffic/n-plus-one", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "a list is fetched, and then each of its things by itself",
		Doc:   "The client got a list, and asked for every thing in it with a request of its own. With ten things that is eleven requests where one or two would do, and it grows with the list.",
		Help:  "ask for the details with the list, or for many things at once, if the API has a way",
		Bad: []string{`@ 0s
> GET /orders
< 200
< Content-Type: application/json
<
< [{"id":1},{"id":2},{"id":3},{"id":4},{"id":5},{"id":6},{"id":7},{"id":8},{"id":9},{"id":10}]
@ 100ms times=10 every=100ms
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n}}
`, `@ 0s
> GET /v1/users?limit=12
< 200
< Content-Type: application/json
<
< {"items":[{"id":"771"},{"id":"772"},{"id":"773"},{"id":"774"},{"id":"775"},{"id":"776"},{"id":"777"},{"id":"778"},{"id":"779"},{"id":"7710"}]}
@ 100ms times=10 every=150ms
> GET /v1/users/77{n}/profile
< 200
< Content-Type: application/json
<
< {"name":"x{n}"}
`},
		Good: []string{`# pictures of a gallery
@ 0s
> GET /pictures
< 200
< Content-Type: application/json
<
< [{"id":1},{"id":2},{"id":3},{"id":4},{"id":5},{"id":6},{"id":7},{"id":8},{"id":9},{"id":10}]
@ 100ms times=10 every=100ms
> GET /pictures/{n}
< 200
< Content-Type: image/png
`, `# no list came before
@ 0s times=12 every=100ms
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"total":{n}}
`, `# slowly
@ 0s
> GET /orders
< 200
< Content-Type: application/json
<
< [{"id":1},{"id":2},{"id":3},{"id":4},{"id":5},{"id":6},{"id":7},{"id":8},{"id":9},{"id":10}]
@ 1s times=10 every=5s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n}}
`},
	},
	On: JSON, After: JSON, Of: ClientOrigin, Window: 15 * time.Second,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "GET" || v.made.id == 0 {
			return
		}
		most := p.number(limNPlusOne)
		n, next, wanted := 1, v, v.made.id
		for w := range p.before(Route, 2*most) {
			if v.Started-w.Started > int64(2*time.Second) {
				break
			}
			if w.client == v.client && w.made.id != 0 && w.is(JSON) && w.uri != next.uri {
				n, next, wanted = n+1, w, wanted|w.made.id
			}
			if n == most {
				break
			}
		}
		if n < most {
			return
		}
		for w := range p.before(ClientOrigin, 3*most) {
			if w.seq < next.seq && w.route != v.route && next.follows(w) && wanted&^w.made.ids == 0 {
				if p.Tells(join(v.client, v.route)) {
					p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "the list"), related(next, "the first of them")}},
						"the client got a list and asked for %d of its things one by one within %s", n, ago(time.Duration(v.Started-next.Started)))
				}
				return
			}
		}
	},
}
