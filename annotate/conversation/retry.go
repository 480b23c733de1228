package conversation

import (
	"slices"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// retryRules lists the rules on how clients try again.
func retryRules() []*Rule {
	return []*Rule{
		statusRetryStorm,
		statusClientIgnoresRetryAfter,
		statusRetryWithoutBackoff,
		statusNonIdempotentRetry,
		statusSynchronisedReturn,
	}
}

var statusClientIgnoresRetryAfter = &Rule{
	Rule: annotate.Rule{
		ID: "status/client-ignores-retry-after", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client comes back before Retry-After has passed",
		Refs:  []string{"RFC 9110 §10.2.3", "RFC 6585 §4"},
		Doc: "The server said when to come back, and the client did not wait. The early requests are refused too, they cost both sides, and many services block a client that goes on. " +
			"Most libraries read Retry-After only if they are told to.",
		Help: "wait until Retry-After has passed; in most libraries an option of the retry policy does it",
		Bad: []string{`@ 0s
> GET /orders
< 429
< Retry-After: 30
@ +2s like=1
`, `# one note, however often it happens
@ 0s
> GET /orders
< 503
< Retry-After: Fri, 02 Jan 2026 03:05:05 GMT
@ +10s times=3 every=12s
> GET /orders
< 503
< Retry-After: 60
`},
		Good: []string{`# it waited
@ 0s
> GET /orders
< 429
< Retry-After: 30
@ +30s
> GET /orders
< 200
`, `# these were on their way when the answer came
@ 0s took=200ms
> GET /orders
< 429
< Retry-After: 30
@ +50ms like=1 took=200ms
@ +50ms like=1 took=200ms
`, `# another user of the same program
@ 0s
> GET /orders
> Authorization: Bearer aaa
< 429
< Retry-After: 30
@ +1s
> GET /orders
> Authorization: Bearer bbb
< 200
`, `# the server's clock is a minute ahead: by its own clock the wait is over
@ 0s
> GET /orders
< 503
< Date: Fri, 02 Jan 2026 03:05:05 GMT
< Retry-After: Fri, 02 Jan 2026 03:05:15 GMT
@ +11s
> GET /orders
< 200
`, `# another client
@ 0s client=a
> GET /orders
< 429
< Retry-After: 30
@ +1s client=b
> GET /orders
< 200
`},
	},
	After: Limited, Of: ClientURI, Window: time.Hour,
	Check: func(p *Pass) {
		for w := p.Back(p.V, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if w.Method != p.V.Method || w.auth != p.V.auth || !p.V.follows(w) {
				continue
			}
			if !w.is(TooMany) || !w.is(Limited) {
				return
			}
			wait := time.Duration(w.until - w.Headed)
			if waited := p.V.after(w); float64(waited) < p.limit(limRetryShare)*float64(wait) && p.Tells(join(p.V.keys[ClientURI], p.V.auth)) {
				p.Say(remark{at: targetOf(p.V), related: []annotate.Related{related(w, statusText(w.Status)+" with Retry-After: "+ago(wait))}},
					"the client was told to wait %s and came back after %s", ago(wait), ago(waited))
			}
			return
		}
	},
}

var statusRetryWithoutBackoff = &Rule{
	Rule: annotate.Rule{
		ID: "status/retry-without-backoff", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client tries again and again, without longer pauses",
		Refs:  []string{"RFC 9110 §9.2.2"},
		Doc: "The request failed and was sent again at once, several times. A server that is overloaded gets more work this way, and stays down longer. " +
			"Each pause should be longer than the one before, with a random part, so that clients do not come back together.",
		Help: "use exponential backoff with jitter: for example 1 s, 2 s, 4 s, each with a random part",
		Bad: []string{`@ 0s times=4 every=200ms
> GET /orders
< 503
`, `@ 0s times=3 every=30ms
> GET /orders
< 500
@ +30ms
> GET /orders
< 200
`},
		Good: []string{`# each pause is longer
@ 0s
> GET /orders
< 500
@ +200ms like=1
@ +400ms like=1
@ +800ms like=1
`, `# the server said when to come back
@ 0s times=4 every=1s
> GET /orders
< 503
< Retry-After: 1
`, `# it polls as often as before
@ 0s times=5 every=500ms
> GET /status
< 200
@ +500ms times=5 every=500ms
> GET /status
< 502
`, `# different content is another request
@ 0s times=5 every=100ms
> POST /orders
>
> {"n":{n}}
< 500
`},
	},
	On: Repeat, After: ServerError | Broken | TooMany, Of: ClientURI, Window: 2 * time.Minute,
	Check: checkBackoff,
}

func checkBackoff(p *Pass) {
	attempts := []*Visit{p.V}
	before := p.Back(p.V, ClientURI)
	for ; before != nil && len(attempts) < 16; before = p.Back(before, ClientURI) {
		last := attempts[len(attempts)-1]
		if !before.failed() || !last.sameRequest(before) || !last.follows(before) || before.auth != p.V.auth {
			break
		}
		if before.is(Limited) || before.Err == exchange.ErrClientGone {
			return
		}
		attempts = append(attempts, before)
	}
	if len(attempts) < p.number(limBackoffAttempts) {
		return
	}
	var pauses []time.Duration // the first one first
	for i := len(attempts) - 1; i > 0; i-- {
		pauses = append(pauses, attempts[i-1].after(attempts[i]))
	}
	first, last := pauses[0], pauses[len(pauses)-1]
	slices.Sort(pauses)
	median := pauses[len(pauses)/2]
	if last > first*12/10 || median >= p.time(limBackoffMedian) || p.isPoll(before, attempts) || !p.Tells(join(p.V.client, p.V.route)) {
		return
	}
	p.Say(remark{at: targetOf(p.V), related: []annotate.Related{related(attempts[len(attempts)-1], "first attempt"), related(attempts[1], "attempt before")}},
		"%d attempts in %s, and the pauses do not grow: about %s each", len(attempts), ago(p.V.after(attempts[len(attempts)-1])), ago(median))
}

// isPoll reports whether the client asked as often before anything failed.
func (p *Pass) isPoll(before *Visit, attempts []*Visit) bool {
	pause := attempts[0].Started - attempts[1].Started
	next, n := attempts[len(attempts)-1], 0
	for w := before; w != nil && n < 3; w = p.Back(w, ClientURI) {
		gap := next.Started - w.Started
		if w.failed() || abs(gap-pause)*10 > pause*3 {
			return false
		}
		next, n = w, n+1
	}
	return n >= 3
}

var statusRetryStorm = &Rule{
	Rule: annotate.Rule{
		ID: "status/retry-storm", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "most requests to the server are repeats of failed ones",
		Refs:  []string{"RFC 9110 §9.2.2"},
		Doc: "The server fails, clients try again, and the repeats are now more than half of its load. They can keep it down after the first cause is gone. " +
			"Clients need backoff with jitter and a budget of retries, such as one repeat for ten requests.",
		Help: "limit retries to a share of all requests, and add exponential backoff with jitter",
		Bad: []string{`# also status/retry-without-backoff
@ 0s times=40 every=100ms
> GET /orders
< 503
`, `# many clients, each with one request
@ 0s times=25 every=20ms
> GET /orders/{n}
< 500
@ +100ms times=25 every=20ms
> GET /orders/{n}
< 500
@ +100ms times=25 every=20ms
> GET /orders/{n}
< 500
`},
		Good: []string{`# some repeats among many requests
@ 0s times=10 every=20ms
> GET /orders/{n}
< 500
@ +200ms times=40 every=10ms
> GET /items/{n}
< 200
@ +200ms times=10 every=20ms
> GET /orders/{n}
< 200
`, `# everything fails, and no one tries again
@ 0s times=60 every=50ms
> GET /orders/{n}
< 503
`},
	},
	On: Repeat, Window: time.Minute,
	Check: func(p *Pass) {
		requests, repeats := p.origin.within(p.time(limStormWindow))
		if repeats < p.number(limStormRepeats) || float64(repeats) <= p.limit(limStormShare)*float64(requests) || !p.Tells(p.V.origin) {
			return
		}
		p.Say(remark{at: targetOf(p.V), related: p.latestOf(Origin, Repeat, "repeat")},
			"%d of the last %d requests to %s within %s repeat requests that had failed", repeats, requests, p.V.host, ago(p.time(limStormWindow)))
	},
}

// latestOf names the visit before V in a thread that has a trait.
func (p *Pass) latestOf(t Thread, trait Trait, role string) []annotate.Related {
	for w := p.Back(p.V, t); w != nil; w = p.Back(w, t) {
		if w.is(trait) {
			return []annotate.Related{related(w, role)}
		}
	}
	return nil
}

var statusNonIdempotentRetry = &Rule{
	Rule: annotate.Rule{
		ID: "status/non-idempotent-retry", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "a POST or PATCH was sent again after a failure",
		Refs:  []string{"RFC 9110 §9.2.2"},
		Doc: "The first request failed in a way that does not say whether the server had done the work. Sent again, it may be done twice: two orders, two payments. " +
			"Some clients do this by themselves when a connection breaks. With an Idempotency-Key the server can recognize the second request.",
		Help: "send an Idempotency-Key with the request, or do not repeat POST and PATCH by yourself",
		Bad: []string{`@ 0s
> POST /orders
>
> {"sku":"A-7","qty":2}
< 502
@ +1s
> POST /orders
>
> {"sku":"A-7","qty":2}
< 201
`, `@ 0s
* error reset_before_head "connection reset by peer"
> POST /orders
>
> {"sku":"A-7","qty":2}
@ +30ms
> POST /orders
>
> {"sku":"A-7","qty":2}
< 201
`, `# a mutation is not a query
@ 0s
> POST /graphql
> Content-Type: application/json
>
> {"query":"mutation { buy(sku: 7) { id } }"}
< 504
@ +2s like=1
`},
		Good: []string{`# the key tells the server that it is the same
@ 0s
> POST /orders
> Idempotency-Key: "a1b2"
>
> {"sku":"A-7","qty":2}
< 502
@ +1s like=1
`, `# nothing was done
@ 0s
> POST /orders
>
> {"sku":"A-7","qty":2}
< 503
< Retry-After: 1
@ +1s
> POST /orders
>
> {"sku":"A-7","qty":2}
< 201
`, `# it was never sent
@ 0s
* error connect_refused "connection refused"
> POST /orders
>
> {"sku":"A-7","qty":2}
@ +1s
> POST /orders
>
> {"sku":"A-7","qty":2}
< 201
`, `# a search changes nothing
@ 0s
> POST /items/_search
>
> {"query":{"match":{"name":"pen"}}}
< 502
@ +1s like=1
`, `# PUT is idempotent
@ 0s
> PUT /orders/7
>
> {"sku":"A-7","qty":2}
< 502
@ +1s like=1
`},
	},
	On: Write, After: Broken | ServerError, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "POST" && v.Method != "PATCH" || v.Traits&Keyed != 0 || v.made.conditional || v.requestSize < 16 || v.isQuery() {
			return
		}
		for w := p.Back(v, ClientURI); w != nil; w = p.Back(w, ClientURI) {
			if !v.sameRequest(w) || !v.follows(w) {
				continue
			}
			if !w.mayHaveBeenDone() || v.after(w) > p.time(limUnsafeRetryWindow) || !p.Tells(join(v.keys[ClientURI], v.requestHash)) {
				return
			}
			r := remark{at: targetOf(v), related: []annotate.Related{related(w, "first try")}}
			if v.made.via { // RFC 9110 §9.2.2: a proxy MUST NOT
				r.severity, r.blame = annotate.Error, annotate.ByIntermediary
			}
			p.Say(r, "%s was sent again %s after %s, without an Idempotency-Key", v.Method, ago(v.after(w)), w.failure())
			return
		}
	},
}

// isQuery reports whether a POST changes nothing that matters.
func (v *Visit) isQuery() bool {
	return v.made.graphQL && !v.made.mutation || v.made.search && !v.made.mutation
}

// mayHaveBeenDone reports whether a request failed in a way that leaves open
// whether it was carried out.
func (v *Visit) mayHaveBeenDone() bool {
	switch v.Status {
	case 0:
	case 500, 502, 504:
		return true
	default:
		return false
	}
	f, known := v.Err.Lookup()
	return known && (f.Phase == exchange.PhaseHead || f.Phase == exchange.PhaseSend || v.Err == exchange.ErrClientGone)
}

// failure says how a visit failed.
func (v *Visit) failure() string {
	if v.Status != 0 {
		return "a " + statusText(v.Status)
	}
	if f, known := v.Err.Lookup(); known {
		return "a failure (" + f.Title + ")"
	}
	return "a failure"
}

var statusSynchronisedReturn = &Rule{
	Rule: annotate.Rule{
		ID: "status/synchronised-return", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "clients that were told to wait come back all at once",
		Refs:  []string{"RFC 9110 §10.2.3"},
		Doc: "The server gave every client the same delay, and they return in the same second, so that most are refused again. " +
			"The server can vary Retry-After from client to client, and clients can add a random part.",
		Help: "vary Retry-After from client to client, or add jitter in the clients",
		Bad: []string{`@ 0s client=a
> GET /orders
< 429
< Retry-After: 10
@ 10ms like=1 client=b
@ 20ms like=1 client=c
@ 30ms like=1 client=d
@ 40ms like=1 client=e
@ 10.1s like=1 client=a
@ 10.11s like=1 client=b
@ 10.12s like=1 client=c
@ 10.13s like=1 client=d
@ 10.14s like=1 client=e
`, `@ 0s client=a
> GET /orders
< 503
< Retry-After: 5
@ 0s like=1 client=b
@ 0s like=1 client=c
@ 0s like=1 client=d
@ 0s like=1 client=e
@ 5.1s like=1 client=a
@ 5.2s like=1 client=b
@ 5.3s like=1 client=c
@ 5.4s like=1 client=d
@ 5.5s client=e
> GET /orders
< 200
`},
		Good: []string{`# they come back one after another
@ 0s client=a
> GET /orders
< 429
< Retry-After: 10
@ 0s like=1 client=b
@ 0s like=1 client=c
@ 0s like=1 client=d
@ 0s like=1 client=e
@ 10s client=a
> GET /orders
< 200
@ 12s like=6 client=b
@ 14s like=6 client=c
@ 16s like=6 client=d
@ 18s like=6 client=e
`, `# they are all served
@ 0s client=a
> GET /orders
< 429
< Retry-After: 10
@ 0s like=1 client=b
@ 0s like=1 client=c
@ 0s like=1 client=d
@ 0s like=1 client=e
@ 10.1s client=a
> GET /orders
< 200
@ 10.1s like=6 client=b
@ 10.1s like=6 client=c
@ 10.1s like=6 client=d
@ 10.1s like=6 client=e
`},
	},
	On: Returned, Window: time.Minute,
	Check: func(p *Pass) {
		clients, refused := map[uint64]bool{p.V.client: true}, 0
		if p.V.is(TooMany) {
			refused++
		}
		for w := p.Back(p.V, Origin); w != nil; w = p.Back(w, Origin) {
			if time.Duration(p.V.Started-w.Started) > p.time(limSyncSpread) {
				break
			}
			if w.is(Returned) && !clients[w.client] {
				clients[w.client] = true
				if w.is(TooMany) {
					refused++
				}
			}
		}
		if len(clients) >= p.number(limSyncClients) && 2*refused >= len(clients) && p.Tells(p.V.origin) {
			p.Say(remark{at: targetOf(p.V), related: p.latestOf(Origin, Returned, "another client that came back")},
				"%d clients came back within %s, when Retry-After had told them to, and %d of them were refused again", len(clients), ago(p.time(limSyncSpread)), refused)
		}
	},
}
