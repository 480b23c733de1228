package conversation

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange/field"
)

// outcomeRules lists the rules on what became of a request, as later ones show.
func outcomeRules() []*Rule {
	return []*Rule{
		statusIdempotencyKeyReused,
		statusDuplicateNonIdempotentSuccess,
		intermediaryRequestDuplicated,
		statusCreateThen404,
		statusDeleteThenStillServed,
		statusFlappingStatus,
		statusConflictRetriedUnchanged,
		status405AllowNotHeeded,
	}
}

var statusIdempotencyKeyReused = &Rule{
	Rule: annotate.Rule{
		ID: "status/idempotency-key-reused", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "an Idempotency-Key is used twice, and something differs",
		Refs:  []string{"draft-ietf-httpapi-idempotency-key-header §2.2"},
		Doc: "An Idempotency-Key names one request. With other content it is an error of the client, which most servers answer with 422 or, worse, with the first result. " +
			"If the same request has two results, the server does not look at the key, and the work was done twice.",
		Help: "make a new key for each request that is meant, and keep it for its repeats only",
		Bad: []string{`@ 0s
> POST /payments
> Idempotency-Key: "a1"
>
> {"amount":100}
< 201
< Location: /payments/1
@ +2s
> POST /payments
> Idempotency-Key: "a1"
>
> {"amount":200}
< 422
`, `# the server does not look at the key
@ 0s
> POST /payments
> Idempotency-Key: "a1"
>
> {"amount":100}
< 201
< Location: /payments/1
@ +2s
> POST /payments
> Idempotency-Key: "a1"
>
> {"amount":100}
< 201
< Location: /payments/2
`},
		Good: []string{`# the same result
@ 0s
> POST /payments
> Idempotency-Key: "a1"
>
> {"amount":100}
< 201
< Location: /payments/1
@ +2s like=1
`, `# two keys
@ 0s
> POST /payments
> Idempotency-Key: "a1"
>
> {"amount":100}
< 201
< Location: /payments/1
@ +20s
> POST /payments
> Idempotency-Key: "a2"
>
> {"amount":100}
< 201
< Location: /payments/2
`},
	},
	On: Keyed, After: Keyed, Of: ClientURI, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if w.key != v.key || w.Method != v.Method || w.auth != v.auth {
				continue
			}
			r := remark{at: targetOf(v), related: []annotate.Related{related(w, "first use of the key")}}
			switch {
			case v.requestHash != 0 && w.requestHash != 0 && v.requestHash != w.requestHash:
				if p.Tells(join(v.client, v.key)) {
					p.Say(r, "the Idempotency-Key was used %s before with other content", ago(time.Duration(v.Started-w.Started)))
				}
			case v.sameRequest(w) && v.is(Succeeded) && w.is(Succeeded) && v.made.resource != 0 && w.made.resource != 0 && v.made.resource != w.made.resource:
				if p.Tells(join(v.client, v.key)) {
					r.blame, r.at = annotate.ByOrigin, statusOf(v)
					r.help = "have the server keep the result of a key, and answer its repeats with it"
					p.Say(r, "the same request with the same Idempotency-Key made two things: the server did the work twice")
				}
			}
			return
		}
	},
}

var statusDuplicateNonIdempotentSuccess = &Rule{
	Rule: annotate.Rule{
		ID: "status/duplicate-non-idempotent-success", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the same POST succeeded twice, and made two things",
		Refs:  []string{"RFC 9110 §9.2.2"},
		Doc: "Two equal requests within seconds were both carried out. Often a button was pressed twice, an effect ran twice, or a library repeated the request. " +
			"It is info where the second came well after the answer to the first, since someone may have meant it.",
		Help: "send an Idempotency-Key, or block the button until the answer has come",
		Bad: []string{`@ 0s took=300ms
> POST /orders
>
> {"sku":"A-7","qty":2}
< 201
< Location: /orders/1
@ +100ms took=300ms
> POST /orders
>
> {"sku":"A-7","qty":2}
< 201
< Location: /orders/2
`, `@ 0s
> POST /orders
>
> {"sku":"A-7","qty":2}
< 200
< Content-Type: application/json
<
< {"id":1}
@ +500ms
> POST /orders
>
> {"sku":"A-7","qty":2}
< 200
< Content-Type: application/json
<
< {"id":2}
`},
		Good: []string{`# two keys: two orders are meant
@ 0s
> POST /orders
> Idempotency-Key: "a1"
>
> {"sku":"A-7","qty":2}
< 201
< Location: /orders/1
@ +500ms
> POST /orders
> Idempotency-Key: "a2"
>
> {"sku":"A-7","qty":2}
< 201
< Location: /orders/2
`, `# a token each time
@ 0s
> POST /oauth/token
>
> grant_type=client_credentials
< 200
< Content-Type: application/json
<
< {"id":1,"access_token":"aaa"}
@ +500ms
> POST /oauth/token
>
> grant_type=client_credentials
< 200
< Content-Type: application/json
<
< {"id":2,"access_token":"bbb"}
`, `# the same thing
@ 0s
> POST /orders
>
> {"sku":"A-7","qty":2}
< 201
< Location: /orders/1
@ +500ms like=1
`, `# two users
@ 0s
> POST /orders
> Authorization: Bearer a
>
> {"sku":"A-7","qty":2}
< 201
< Location: /orders/1
@ +500ms
> POST /orders
> Authorization: Bearer b
>
> {"sku":"A-7","qty":2}
< 201
< Location: /orders/2
`},
	},
	On: Succeeded, After: Succeeded, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "POST" || v.Status > 201 || v.requestSize < 16 || v.made.resource == 0 || v.isQuery() {
			return
		}
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if !v.sameRequest(w) || !v.sameIdentity(w) || w.Status > 201 || !w.is(Succeeded) {
				continue
			}
			gap := time.Duration(v.Started - w.Started)
			if gap > p.time(limDuplicateWindow) || w.made.resource == 0 || w.made.resource == v.made.resource || v.key != 0 || w.key != 0 || !p.Tells(join(v.client, v.route)) {
				return
			}
			r := remark{at: targetOf(v), related: []annotate.Related{related(w, "first one")}}
			if v.follows(w) && v.after(w) > time.Second {
				r.severity = annotate.Info
			}
			p.Say(r, "the same POST was sent %s before, and both succeeded: two things were made", ago(gap))
			return
		}
	},
}

var intermediaryRequestDuplicated = &Rule{
	Rule: annotate.Rule{
		ID: "intermediary/request-duplicated", Severity: annotate.Error, Blame: annotate.ByIntermediary,
		Title: "a proxy before sidenote sent one request twice",
		Refs:  []string{"RFC 9110 §9.2.2"},
		Doc: "Two requests with the same content carry the same trace span or request ID, and came through a proxy. The client sent one; the proxy repeated it, usually after a time-out. " +
			"A proxy must not do that with POST and PATCH: the work may be done twice.",
		Help: "switch off retries for POST and PATCH in the proxy, such as proxy_next_upstream without non_idempotent",
		Bad: []string{`# also status/non-idempotent-retry
@ 0s took=2s
> POST /orders
> Via: 1.1 edge
> X-Request-ID: 7f3k-1
>
> {"sku":"A-7","qty":2}
< 504
@ +2.1s
> POST /orders
> Via: 1.1 edge
> X-Request-ID: 7f3k-1
>
> {"sku":"A-7","qty":2}
< 201
`, `# the first was not answered yet
@ 0s took=5s
> POST /orders
> Via: 1.1 edge
> Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
>
> {"sku":"A-7","qty":2}
< 201
@ +1s
> POST /orders
> Via: 1.1 edge
> Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
>
> {"sku":"A-7","qty":2}
< 201
`},
		Good: []string{`# the key makes it harmless
@ 0s took=2s
> POST /orders
> Via: 1.1 edge
> Idempotency-Key: "k"
> X-Request-ID: 7f3k-1
>
> {"sku":"A-7","qty":2}
< 504
@ +2.1s like=1
`, `# two spans of one trace
@ 0s took=5s
> POST /orders
> Via: 1.1 edge
> Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
>
> {"sku":"A-7","qty":2}
< 201
@ +1s
> POST /orders
> Via: 1.1 edge
> Traceparent: 00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01
>
> {"sku":"A-7","qty":2}
< 201
`},
	},
	On: Traced, After: Traced, Of: URI, Window: 2 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Write) || !v.made.via || v.key != 0 || v.requestSize == 0 {
			return
		}
		for w := p.Back(v, URI); w != nil; w = p.Back(w, URI) {
			if w.span != v.span || !w.made.via || !v.sameRequest(w) {
				continue
			}
			first, second := w, v
			if second.Started < first.Started {
				first, second = second, first
			}
			unanswered := second.Started < first.Headed || first.Status == 0 || first.Status == 502 || first.Status == 504
			if time.Duration(second.Started-first.Started) > time.Minute || !unanswered || !p.Tells(join(v.uri, v.span)) {
				return
			}
			r := remark{at: targetOf(second), on: second, related: []annotate.Related{related(first, "first time")}}
			if v.Method == "PUT" || v.Method == "DELETE" {
				r.severity = annotate.Warn
			}
			p.Say(r, "the request came a second time %s after the first, with the same ID and content: a proxy repeated it", ago(time.Duration(second.Started-first.Started)))
			return
		}
	},
}

var statusCreateThen404 = &Rule{
	Rule: annotate.Rule{
		ID: "status/create-then-404", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "what a 201 made is not there",
		Refs:  []string{"RFC 9110 §15.3.2"},
		Doc: "The server answered 201 and said in Location where the new thing is. Seconds later the same client asks for it and gets 404. " +
			"Usually the read goes to a replica that lags behind, or Location names another path than the one that is served.",
		Help: "read from where was written until replicas have caught up, or answer 202 while the thing is made",
		Bad: []string{`@ 0s
> POST /orders
>
> {"sku":"A-7"}
< 201
< Location: /orders/17
@ +100ms
> GET /orders/17
< 404
`, `@ 0s
> PUT /files/a
>
> text
< 201
< Location: /files/a
@ +1s
> HEAD /files/a
< 410
`},
		Good: []string{`# it was deleted
@ 0s
> POST /orders
>
> {"sku":"A-7"}
< 201
< Location: /orders/17
@ +100ms
> DELETE /orders/17
< 204
@ +100ms
> GET /orders/17
< 404
`, `# another user may not see it
@ 0s
> POST /orders
> Authorization: Bearer a
>
> {"sku":"A-7"}
< 201
< Location: /orders/17
@ +100ms
> GET /orders/17
> Authorization: Bearer b
< 404
`, `# it is not promised yet
@ 0s
> POST /orders
>
> {"sku":"A-7"}
< 202
< Location: /orders/17
@ +100ms
> GET /orders/17
< 404
`},
	},
	On: NotFound, After: Created, Of: ClientOrigin, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Read) {
			return
		}
		for w := p.Back(v, ClientOrigin); w != nil; w = p.Back(w, ClientOrigin) {
			if w.uri == v.uri && w.is(Write) && !w.is(Created) {
				return
			}
			if !w.is(Created) || w.location != v.uri || !w.sameIdentity(v) || !v.follows(w) {
				continue
			}
			if v.after(w) <= p.time(limCreateWindow) && p.Tells(v.route) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "said that it is here")}},
					"%s %s after a 201 to %s had named this URL in Location", statusText(v.Status), ago(v.after(w)), w.Method)
			}
			return
		}
	},
}

var statusDeleteThenStillServed = &Rule{
	Rule: annotate.Rule{
		ID: "status/delete-then-still-served", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "what was deleted is still served",
		Refs:  []string{"RFC 9110 §9.3.5"},
		Doc: "DELETE succeeded, and a GET of the same URL still answers 200 with the same content, not out of a cache. " +
			"The server deletes later than it says, reads from a replica that lags, or only hides the thing from lists.",
		Help: "answer 202 to DELETE while it is not done, and 404 or 410 to GET afterwards",
		Bad: []string{`@ 0s
> GET /orders/7
< 200
<
< {"id":7}
@ +1s
> DELETE /orders/7
< 204
@ +1s like=1
`, `@ 0s
> GET /orders/7
< 200
<
< {"id":7}
@ +1s
> DELETE /orders/7
< 200
@ +50s like=1
`},
		Good: []string{`# not done yet
@ 0s
> GET /orders/7
< 200
<
< {"id":7}
@ +1s
> DELETE /orders/7
< 202
@ +1s like=1
`, `# written again
@ 0s
> GET /orders/7
< 200
<
< {"id":7}
@ +1s
> DELETE /orders/7
< 204
@ +1s
> PUT /orders/7
>
> {"id":7}
< 201
@ +1s like=1
`, `# it says that it is deleted
@ 0s
> GET /orders/7
< 200
<
< {"id":7}
@ +1s
> DELETE /orders/7
< 204
@ +1s
> GET /orders/7
< 200
<
< {"id":7,"deleted":true}
`},
	},
	On: Found200, After: Write, Of: ClientURI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		var deleted *Visit
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			switch {
			case deleted == nil && w.is(Write):
				if w.Method != "DELETE" || w.Status != 200 && w.Status != 204 || !v.follows(w) || v.after(w) > p.time(limDeleteWindow) || v.is(Hit) {
					return
				}
				deleted = w
			case deleted != nil && w.is(Found200):
				if v.sameContent(w) && v.contentSize > 0 && p.Tells(v.route) {
					p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "read before"), related(deleted, "deleted")}},
						"%s after DELETE had answered %d, GET still answers 200 with the same content", ago(v.after(deleted)), deleted.Status)
				}
				return
			}
		}
	},
}

var statusFlappingStatus = &Rule{
	Rule: annotate.Rule{
		ID: "status/flapping-status", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the same request now succeeds, now fails",
		Refs:  []string{"RFC 9110 §15.6"},
		Doc: "One client asks for one URL, and the answers change between success and 404 or 5xx. Usually one of several servers behind a load balancer is broken, or has another version. " +
			"Look for a header that names the server, such as Via or X-Served-By, and compare.",
		Help: "find the server that differs, and take it out until it is mended",
		Bad: []string{`@ 0s times=2 every=4s
> GET /orders/7
< 200
@ 2s times=2 every=4s
> GET /orders/7
< 502
`, `@ 0s
> GET /orders/7
< 404
@ +1s
> GET /orders/7
< 200
@ +1s
> GET /orders/7
< 404
@ +1s
> GET /orders/7
< 304
`},
		Good: []string{`# it was down once
@ 0s
> GET /orders/7
< 200
@ +1s times=3 every=10s
> GET /orders/7
< 503
@ +10s
> GET /orders/7
< 200
`, `# created and deleted in between
@ 0s
> GET /orders/7
< 404
@ +1s
> PUT /orders/7
< 201
@ +1s
> GET /orders/7
< 200
@ +1s
> DELETE /orders/7
< 204
@ +1s
> GET /orders/7
< 404
@ +1s
> PUT /orders/7
< 201
@ +1s
> GET /orders/7
< 200
`, `# the quota is what changes
@ 0s times=3 every=4s
> GET /orders/7
< 200
@ 2s times=3 every=4s
> GET /orders/7
< 429
< Retry-After: 2
`},
	},
	On: Read, After: ServerError | NotFound, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "GET" || v.outcomeClass() == 0 {
			return
		}
		changes, next := 0, v
		var before *Visit
		for w := p.Back(v, URI); w != nil && changes < 16; w = p.Back(w, URI) {
			if w.is(Write) {
				break
			}
			if w.Method != "GET" || w.client != v.client || w.auth != v.auth || w.accept != v.accept || w.outcomeClass() == 0 {
				continue
			}
			if w.outcomeClass() != next.outcomeClass() {
				changes++
				if before == nil {
					before = w
				}
			}
			next = w
		}
		if changes >= p.number(limFlapChanges) && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(before, "answered otherwise")}},
				"the status changed %d times between success and failure within a minute, now %s, before %s", changes, v.result(), before.result())
		}
	},
}

// outcomeClass is 1 for what went well, 2 for what failed, 0 for what does not count.
func (v *Visit) outcomeClass() int {
	switch {
	case v.is(Succeeded | NotModified):
		return 1
	case v.is(TooMany):
		return 0
	case v.is(ServerError) || v.Status == 404:
		return 2
	}
	return 0
}

var statusConflictRetriedUnchanged = &Rule{
	Rule: annotate.Rule{
		ID: "status/conflict-retried-unchanged", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "a request that met a conflict is sent again as it was",
		Refs:  []string{"RFC 9110 §15.5.13", "RFC 9110 §15.5.10", "RFC 9110 §13.1.1"},
		Doc: "412 and 409 say that the thing is no longer as the client believes. The same request cannot succeed, or it overwrites what someone else wrote. " +
			"The client has to read the thing again, merge, and write with the new ETag.",
		Help: "GET it again, and send the change with the new ETag in If-Match",
		Bad: []string{`@ 0s
> PUT /orders/7
> If-Match: "a"
>
> {"qty":2}
< 412
@ +1s like=1
`, `@ 0s times=3 every=1s
> POST /orders
>
> {"number":7}
< 409
`},
		Good: []string{`# it was read again
@ 0s
> PUT /orders/7
> If-Match: "a"
>
> {"qty":2}
< 412
@ +1s
> GET /orders/7
< 200
< ETag: "b"
@ +1s
> PUT /orders/7
> If-Match: "b"
>
> {"qty":2}
< 200
`, `# the request before is still being processed
@ 0s
> POST /orders
> Idempotency-Key: "k"
>
> {"number":7}
< 409
@ +1s like=1
@ +1s like=1
`, `# the server said when to try again
@ 0s
> POST /orders
>
> {"number":7}
< 409
< Retry-After: 1
@ +1s like=1
@ +1s like=1
`},
	},
	On: Write, After: Status, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v, conflicts := p.V, 0
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if w.is(Read) {
				return
			}
			if !v.sameRequest(w) || w.made.ifMatch != v.made.ifMatch || !v.follows(w) {
				continue
			}
			if w.Status != 412 && w.Status != 409 || w.is(Limited) || v.key != 0 && v.key == w.key {
				return
			}
			if conflicts++; w.Status == 412 || conflicts == 2 {
				if p.Tells(v.keys[ClientURI]) {
					p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "conflict")}},
						"%s was answered %d and sent again %s later, unchanged and without reading it first", v.Method, w.Status, ago(v.after(w)))
				}
				return
			}
		}
	},
}

var status405AllowNotHeeded = &Rule{
	Rule: annotate.Rule{
		ID: "status/405-allow-not-heeded", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client uses a method that Allow had just ruled out",
		Refs:  []string{"RFC 9110 §15.5.6", "RFC 9110 §10.2.1"},
		Doc: "The server answered 405 and listed in Allow what the URL supports. The client then tries another method that is not listed, or the same one again. " +
			"A 405 does not go away by trying.",
		Help: "use a method that Allow lists",
		Bad: []string{`@ 0s
> PUT /orders
< 405
< Allow: GET, POST
@ +1s
> PATCH /orders
< 405
< Allow: GET, POST
`, `@ 0s times=3 every=1s
> DELETE /orders
< 405
< Allow: GET, POST
`},
		Good: []string{`@ 0s
> PUT /orders
< 405
< Allow: GET, POST
@ +1s
> POST /orders
< 201
`, `# once more is no pattern
@ 0s times=2 every=1s
> DELETE /orders
< 405
< Allow: GET, POST
`},
	},
	After: Status, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v, same := p.V, 0
		if v.is(Preflight) {
			return
		}
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if w.Status != 405 || w.text.allow == "" || field.ListHas(w.text.allow, v.Method) || !v.follows(w) {
				continue
			}
			if w.Method == v.Method {
				if same++; same < 2 {
					continue
				}
			}
			if p.Tells(v.keys[ClientURI]) {
				p.Say(remark{at: targetOf(v), related: []annotate.Related{related(w, "Allow: "+w.text.allow)}},
					"%s, though a 405 had listed what is allowed %s before: %s", v.Method, ago(v.after(w)), w.text.allow)
			}
			return
		}
	},
}
