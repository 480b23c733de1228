package conversation

import (
	"time"

	"sidenote/annotate"
)

// absenceRules lists the rules on what did not come. They are decided only once a
// later exchange shows that the time is over.
func absenceRules() []*Rule {
	return []*Rule{
		h2421NotRetried,
		status425NotRetried,
		status417NotRetried,
		statusAsync202NeverPolled,
		corsPreflightNeverFollowed,
		rangeResumeRestarts,
	}
}

// cameAgain reports whether the client has sent a request for V's URI, begun after
// V was answered, that the test takes.
func (p *Pass) cameAgain(within time.Duration, is func(w *Visit) bool) bool {
	for w := p.Latest(ClientURI); w != nil && w.seq > p.V.seq; w = p.Since(w, ClientURI) {
		if w.follows(p.V) && w.after(p.V) <= within && is(w) {
			return true
		}
	}
	return false
}

// isActive reports whether the client was seen after the time given.
func (p *Pass) isActive(after time.Duration) bool {
	w := p.Latest(Client)
	return w != nil && w.seq > p.V.seq && w.after(p.V) > after
}

var h2421NotRetried = &Rule{
	Rule: annotate.Rule{
		ID: "h2/421-not-retried-on-new-connection", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client does not come back on a connection of its own after a 421",
		Refs:  []string{"RFC 9110 §15.5.20"},
		Doc: "421 says that this connection is the wrong one for the host: the client had reused one that was opened for another host. The request is fine, and works on a new connection. " +
			"This client gave up.",
		Help: "repeat the request on a new connection to the host, or do not share connections between hosts",
		Bad: []string{`@ 0s
> GET / HTTP/1.1
> Host: one.test
< 200
@ +1s
> GET / HTTP/1.1
> Host: two.test
< 421
@ +20s
> GET /later HTTP/1.1
> Host: one.test
< 200
`, `@ 0s conn=3
> HEAD /a HTTP/1.1
> Host: one.test
< 200
@ +1s conn=3
> GET /b HTTP/1.1
> Host: two.test
< 421
@ +1s conn=3
> GET /c HTTP/1.1
> Host: one.test
< 200
@ +10s conn=3
> GET /d HTTP/1.1
> Host: one.test
< 200
`},
		Good: []string{`@ 0s
> GET / HTTP/1.1
> Host: one.test
< 200
@ +1s
> GET / HTTP/1.1
> Host: two.test
< 421
@ +100ms conn=2
> GET / HTTP/1.1
> Host: two.test
< 200
@ +20s
> GET /later
< 200
`, `# it was a connection of its own
@ 0s conn=5
> GET / HTTP/1.1
> Host: two.test
< 421
@ +20s
> GET /later
< 200
`, `# nothing came after it: nobody knows
@ 0s
> GET / HTTP/1.1
> Host: one.test
< 200
@ +1s
> GET / HTTP/1.1
> Host: two.test
< 421
`},
	},
	On: Status, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.Status != 421 || !v.is(Read) {
			return
		}
		for w := p.Back(v, Client); w != nil; w = p.Back(w, Client) {
			if w.peer == v.peer && v.peer.IsValid() {
				if w.origin != v.origin {
					p.Await(5 * time.Second)
				}
				return
			}
		}
	},
	Due: func(p *Pass) {
		v := p.V
		if p.cameAgain(5*time.Second, func(w *Visit) bool { return w.Method == v.Method && w.peer != v.peer }) || !p.isActive(5*time.Second) || !p.Tells(v.keys[ClientOrigin]) {
			return
		}
		p.Say(remark{on: v, at: statusOf(v)}, "the 421 came on a connection that had carried another host, and the client did not repeat the request on a new one within 5 s")
	},
}

var status425NotRetried = &Rule{
	Rule: annotate.Rule{
		ID: "status/425-not-retried", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "a request that was too early is not repeated",
		Refs:  []string{"RFC 8470 §5.2"},
		Doc: "425 says that the request came in early data, which may have been replayed, and that it should be sent again once the handshake is done. No client did so within 10 s. " +
			"The field Early-Data was added by an intermediary, which passes the 425 on to its client.",
		Help: "repeat the request when the TLS handshake is complete",
		Bad: []string{`@ 0s
> GET /orders
> Early-Data: 1
< 425
@ +20s
> GET /items
< 200
`, `@ 0s
> POST /orders
> Early-Data: 1
>
> {}
< 425
@ +11s
> GET /items
< 200
`},
		Good: []string{`@ 0s
> GET /orders
> Early-Data: 1
< 425
@ +1s
> GET /orders
< 200
@ +20s
> GET /items
< 200
`, `# nothing came after it: nobody knows
@ 0s
> GET /orders
> Early-Data: 1
< 425
`},
	},
	On: Status, Window: time.Minute,
	Check: func(p *Pass) {
		if p.V.Status == 425 && p.V.made.earlyData {
			p.Await(10 * time.Second)
		}
	},
	Due: func(p *Pass) {
		v := p.V
		if !p.cameAgain(10*time.Second, func(w *Visit) bool { return w.Method == v.Method }) && p.isActive(10*time.Second) && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{on: v, at: statusOf(v)}, "the 425 asked for the request to be sent again, and it did not come within 10 s")
		}
	},
}

var status417NotRetried = &Rule{
	Rule: annotate.Rule{
		ID: "status/417-not-retried", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client gives up when Expect is refused",
		Refs:  []string{"RFC 9110 §10.1.1", "RFC 9110 §15.5.18"},
		Doc: "417 says that the server, or a proxy before it, does not support Expect: 100-continue. The request itself is fine without it, and clients should repeat it so. " +
			"This one did not come back, or came back with Expect again.",
		Help: "repeat the request without Expect, or switch Expect off for this server",
		Bad: []string{`@ 0s
> PUT /orders/7
> Expect: 100-continue
> Content-Length: 7
< 417
@ +20s
> GET /items
< 200
`, `@ 0s
> PUT /orders/7
> Expect: 100-continue
> Content-Length: 7
< 417
@ +1s like=1
@ +20s
> GET /items
< 200
`},
		Good: []string{`@ 0s
> PUT /orders/7
> Expect: 100-continue
> Content-Length: 7
< 417
@ +1s
> PUT /orders/7
>
> {"n":7}
< 200
@ +20s
> GET /items
< 200
`, `# nothing came after it: nobody knows
@ 0s
> PUT /orders/7
> Expect: 100-continue
> Content-Length: 7
< 417
`},
	},
	On: Status, Window: time.Minute,
	Check: func(p *Pass) {
		if p.V.Status == 417 && p.V.is(Expecting) {
			p.Await(10 * time.Second)
		}
	},
	Due: func(p *Pass) {
		v := p.V
		if !p.cameAgain(10*time.Second, func(w *Visit) bool { return w.Method == v.Method && !w.is(Expecting) }) && p.isActive(10*time.Second) && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{on: v, at: statusOf(v)}, "the request was refused because of Expect, and did not come again without it within 10 s")
		}
	},
}

var statusAsync202NeverPolled = &Rule{
	Rule: annotate.Rule{
		ID: "status/async-202-never-polled", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "no client asks for the result of a 202",
		Refs:  []string{"RFC 9110 §15.3.3"},
		Doc: "202 says that the work has been taken on, and where to see how it goes. The client never looked, so it does not know whether the work was done. " +
			"It may learn that in another way, such as a webhook.",
		Help: "poll the URL in Location until it is done",
		Bad: []string{`@ 0s
> POST /exports
< 202
< Location: /exports/1
@ +1m
> GET /items
< 200
@ +6m
> GET /items
< 200
`, `@ 0s
> POST /exports
< 202
< Operation-Location: http://shop.test/operations/1
@ +7m
> GET /items
< 200
`},
		Good: []string{`@ 0s
> POST /exports
< 202
< Location: /exports/1
@ +1m
> GET /exports/1
< 200
@ +6m
> GET /items
< 200
`, `# a gateway puts a prefix before the path
@ 0s
> POST /exports
< 202
< Location: http://internal.test/exports/1
@ +1m
> GET /api/exports/1
< 200
@ +6m
> GET /items
< 200
`, `# the client is gone
@ 0s client=a
> POST /exports
< 202
< Location: /exports/1
@ +10m client=b
> GET /items
< 200
`},
	},
	On: Accepted, Window: time.Hour,
	Check: func(p *Pass) {
		p.Await(p.V.patience())
	},
	Due: func(p *Pass) {
		v := p.V
		for w := p.Latest(Client); w != nil && w.seq > v.seq; w = p.Since(w, Client) {
			if w.uri == v.location || w.pathEndsIn(v.text.location) {
				return
			}
		}
		if p.isActive(v.patience()) && p.Tells(join(v.client, v.route)) {
			p.Say(remark{on: v, at: statusOf(v)}, "the client has not looked at the URL that the 202 named within %s", ago(v.patience()))
		}
	},
}

// patience is how long a 202 may stay unlooked at: 5 minutes, or five times what
// Retry-After says.
func (v *Visit) patience() time.Duration {
	return max(5*time.Minute, 5*time.Duration(v.until-v.Headed)*time.Duration(boolInt(v.until > 0)))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pathEndsIn reports whether the path of a request ends in that of a URI.
func (v *Visit) pathEndsIn(location string) bool {
	path := pathOf(location)
	target := pathOf(v.target)
	return len(path) > 1 && len(target) >= len(path) && target[len(target)-len(path):] == path
}

var corsPreflightNeverFollowed = &Rule{
	Rule: annotate.Rule{
		ID: "cors/preflight-never-followed", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "preflights succeed, and the real requests never come",
		Refs:  []string{"Fetch"},
		Doc: "The browser asked for permission, got a 2xx, and did not send the request. So something in the answer did not suit it: a method or a header that is missing from the list, or credentials that are not allowed. " +
			"The console of the browser says which.",
		Help: "compare Access-Control-Allow-Methods, -Headers and -Credentials with what the page sends",
		Bad: []string{`@ 0s times=2 every=20s
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 204
< Access-Control-Allow-Origin: https://app.test
@ +20s
> GET http://app.test/
> Host: app.test
< 200
`, `@ 0s
> OPTIONS /orders/1
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 200
< Access-Control-Allow-Origin: *
@ +10s
> OPTIONS /orders/2
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 200
< Access-Control-Allow-Origin: *
@ +10s
> GET http://app.test/
> Host: app.test
< 200
`},
		Good: []string{`@ 0s times=2 every=20s
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 204
< Access-Control-Allow-Origin: https://app.test
@ 100ms times=2 every=20s
> PUT /orders
> Origin: https://app.test
< 204
@ +20s
> GET http://app.test/
> Host: app.test
< 200
`, `# once may be a page that was left
@ 0s
> OPTIONS /orders
> Origin: https://app.test
> Access-Control-Request-Method: PUT
< 204
< Access-Control-Allow-Origin: https://app.test
@ +20s
> GET http://app.test/
> Host: app.test
< 200
`},
	},
	On: Preflight, Window: time.Hour,
	Check: func(p *Pass) {
		if p.V.is(Succeeded) && p.V.made.allowOrigin != 0 {
			p.Await(5 * time.Second)
		}
	},
	Due: func(p *Pass) {
		v := p.V
		for w := p.Latest(ClientOrigin); w != nil && w.seq > v.seq; w = p.Since(w, ClientOrigin) {
			if !w.is(Preflight) && w.Started-v.Headed <= int64(5*time.Second) {
				return
			}
		}
		p.V.made.unfollowed = true
		for w := p.s.at(v.prev[Route]); w != nil; w = p.s.at(w.prev[Route]) {
			if w.made.unfollowed && w.client == v.client {
				if p.Tells(join(v.client, v.route)) {
					p.Say(remark{on: v, at: statusOf(v), related: []annotate.Related{related(w, "preflight before")}},
						"the preflight got %d, and the request that it was for never came; it is not the first one", v.Status)
				}
				return
			}
			if p.steps++; p.steps > mostSteps {
				return
			}
		}
	},
}

var rangeResumeRestarts = &Rule{
	Rule: annotate.Rule{
		ID: "range/resume-restarts-from-zero", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "a client restarts an interrupted download from the beginning",
		Refs:  []string{"RFC 9110 §14.2", "RFC 9110 §13.1.5"},
		Doc:   "The response ended early, the server takes ranges and sent a strong ETag, and the client asks for the whole again. With Range and If-Range it would get only what is missing.",
		Help:  "send Range: bytes=N- and If-Range with the ETag, where N is what has come",
		Bad: []string{`@ 0s
* error content_truncated "unexpected EOF"
> GET /big.iso
< 200
< Accept-Ranges: bytes
< ETag: "v1"
< Content-Length: 9000000
* content response size=4000000 incomplete
@ +5s
> GET /big.iso
< 200
< Accept-Ranges: bytes
< ETag: "v1"
`, `@ 0s
* error reset_before_head "reset"
> GET /big.iso
< 200
< Accept-Ranges: bytes
< ETag: "v1"
< Content-Length: 9000000
* content response size=2000000 incomplete
@ +50s
> GET /big.iso
< 200
< ETag: "v1"
`},
		Good: []string{`@ 0s
* error content_truncated "unexpected EOF"
> GET /big.iso
< 200
< Accept-Ranges: bytes
< ETag: "v1"
< Content-Length: 9000000
* content response size=4000000 incomplete
@ +5s
> GET /big.iso
> Range: bytes=4000000-
> If-Range: "v1"
< 206
< Content-Range: bytes 4000000-8999999/9000000
`, `# the client broke it off
@ 0s
* error client_gone "canceled"
> GET /big.iso
< 200
< Accept-Ranges: bytes
< ETag: "v1"
< Content-Length: 9000000
* content response size=4000000 incomplete
@ +5s
> GET /big.iso
< 200
< ETag: "v1"
`, `# there is no strong tag to hold on to
@ 0s
* error content_truncated "unexpected EOF"
> GET /big.iso
< 200
< Accept-Ranges: bytes
< ETag: W/"v1"
< Content-Length: 9000000
* content response size=4000000 incomplete
@ +5s
> GET /big.iso
< 200
`},
	},
	On: Read, After: Tagged, Of: ClientURI, Window: 5 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.is(Ranged) || v.Method != "GET" {
			return
		}
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if w.Method != "GET" || v.Started < w.Ended {
				continue
			}
			if !w.contentWhole && w.Err != "" && w.Err != "client_gone" && w.contentSize > 1_000_000 && w.made.acceptRanges && w.etag != 0 && !w.weak &&
				time.Duration(v.Started-w.Ended) <= time.Minute && p.Tells(v.keys[ClientURI]) {
				p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "broke off")}},
					"the download had broken off after %d bytes, and starts again from the first", w.contentSize)
			}
			return
		}
	},
}
