package conversation

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// loadRules lists the rules on origin servers and routes that fail more than they did.
func loadRules() []*Rule {
	return []*Rule{
		statusErrorBurst,
		statusErrorCorrelatesWithNode,
		statusRatelimitDrainForecast,
		failureOneAddressDown,
		failureClientTimeoutTooShort,
		timingCutAtFixedTime,
	}
}

var statusErrorBurst = &Rule{
	Rule: annotate.Rule{
		ID: "status/error-burst", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "a route fails far more often than in the hour before",
		Refs:  []string{"RFC 9110 §15.6"},
		Doc: "Server errors on one route have become several times as frequent as they were in the last hour. " +
			"Look at what changed at that minute: a deployment, a database, a server behind the load balancer.",
		Help: "look at the server's log from the first of these errors on",
		Bad: []string{`@ 0s times=30 every=30s
> GET /orders/{n}
< 200
@ +5s times=6 every=5s client=b
> GET /orders/{n}
< 502
`, `@ 0s times=40 every=20s
> GET /orders/{n}
< 200
@ +60s times=20 every=1s client=b
> GET /orders/{n}
< 200
@ +1s times=12 every=1s
> GET /orders/{n}
< 500
`},
		Good: []string{`# a few among many
@ 0s times=30 every=30s
> GET /orders/{n}
< 200
@ +1s times=25 every=1s
> GET /orders/{n}
< 200
@ +1s times=5 every=1s
> GET /orders/{n}
< 500
`, `# it fails as often as before
@ 0s times=30 every=60s
> GET /orders/{n}
< 500
@ +30s times=6 every=5s
> GET /orders/{n}
< 500
`, `# nothing to compare with
@ 0s times=6 every=5s
> GET /orders/{n}
< 500
`},
	},
	On: ServerError, Window: time.Hour,
	Check: func(p *Pass) {
		all, errors, before, wrong := p.route.rate.now()
		if errors < p.number(limBurstErrors) || float64(errors) < p.limit(limBurstShare)*float64(all) || before < 20 {
			return
		}
		was := float64(wrong) / float64(before)
		if is := float64(errors) / float64(all); is > p.limit(limBurstFactor)*was && p.Tells(p.V.route) {
			p.Say(remark{at: statusOf(p.V), related: p.latestOf(Route, ServerError, "error before")},
				"%d of %d exchanges in the last minutes failed with 5xx; of the %d in the hour before, %d did", errors, all, before, wrong)
		}
	},
}

var statusErrorCorrelatesWithNode = &Rule{
	Rule: annotate.Rule{
		ID: "status/error-correlates-with-node", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "nearly all errors of a route come from one server",
		Refs:  []string{"RFC 9110 §7.6.3"},
		Doc: "The responses name the server that made them, in X-Served-By, Via or by its address, and nearly all errors have one name that successes seldom have. " +
			"That server is broken or has another version; the others are well.",
		Help: "take that server out of the load balancer, and compare it with the others",
		Bad: []string{`@ 0s times=18 every=1s
> GET /orders/{n}
< 200
< X-Served-By: web-1
@ +1s times=6 every=10s client=b
> GET /orders/{n}
< 500
< X-Served-By: web-2
`, `@ 0s times=10 every=1s
> GET /orders/{n}
< 200
< Via: 1.1 a
@ 500ms times=10 every=1s
> GET /orders/{n}
< 200
< Via: 1.1 b
@ +1s times=6 every=10s client=b
> GET /orders/{n}
< 502
< Via: 1.1 c
`},
		Good: []string{`# both fail
@ 0s times=18 every=1s
> GET /orders/{n}
< 200
< X-Served-By: web-1
@ +1s times=3 every=10s client=b
> GET /orders/{n}
< 500
< X-Served-By: web-2
@ +1s times=3 every=10s client=b
> GET /orders/{n}
< 500
< X-Served-By: web-1
`, `# one name for all
@ 0s times=18 every=1s
> GET /orders/{n}
< 200
< Via: 1.1 cdn
@ +1s times=6 every=10s client=b
> GET /orders/{n}
< 500
< Via: 1.1 cdn
`},
	},
	Window: time.Hour,
	Check: func(p *Pass) {
		v, r := p.V, p.route
		if v.text.node == "" || v.Status == 0 {
			return
		}
		n := r.node(p.s.d.hash(v.text.node))
		r.all++
		if !v.is(ServerError) {
			n.ok++
			return
		}
		n.errors++
		r.errors++
		well := r.all - r.errors
		if r.all < p.number(limNodeExchanges) || r.errors < p.number(limNodeErrors) || well == 0 {
			return
		}
		if n.errors*10 >= r.errors*9 && n.ok*10 <= well && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: p.latestOf(Route, ServerError, "error before")},
				"%d of %d server errors came from %s, and %d of %d successes", n.errors, r.errors, v.text.node, n.ok, well)
		}
	},
}

// node finds the tally of a server, or makes it in place of the one with least in it.
func (r *routeStats) node(hash uint64) *nodeTally {
	least := 0
	for i := range r.nodes {
		n := &r.nodes[i]
		if n.node == hash {
			return n
		}
		if n.ok+n.errors < r.nodes[least].ok+r.nodes[least].errors {
			least = i
		}
	}
	r.nodes[least] = nodeTally{node: hash}
	return &r.nodes[least]
}

var statusRatelimitDrainForecast = &Rule{
	Rule: annotate.Rule{
		ID: "status/ratelimit-drain-forecast", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "at this rate the quota is used up before it is renewed",
		Refs:  []string{"draft-ietf-httpapi-ratelimit-headers"},
		Doc: "The server says how much of the quota is left, and when it is whole again. At the present rate nothing is left before that, and the client will be answered 429. " +
			"Slow down now, or spread the work.",
		Help: "spread the requests over the time that is left",
		Bad: []string{`@ 0s
> GET /orders/1
< 200
< RateLimit: "default";r=100;t=60
@ 2s
> GET /orders/2
< 200
< RateLimit: "default";r=85;t=58
@ 4s
> GET /orders/3
< 200
< RateLimit: "default";r=70;t=56
@ 6s
> GET /orders/4
< 200
< RateLimit: "default";r=55;t=54
@ 8s
> GET /orders/5
< 200
< RateLimit: "default";r=40;t=52
`, `@ 0s
> GET /orders/1
< 200
< RateLimit-Remaining: 50
< RateLimit-Reset: 60
@ 3s
> GET /orders/2
< 200
< RateLimit-Remaining: 40
< RateLimit-Reset: 57
@ 6s
> GET /orders/3
< 200
< RateLimit-Remaining: 30
< RateLimit-Reset: 54
@ 9s
> GET /orders/4
< 200
< RateLimit-Remaining: 20
< RateLimit-Reset: 51
@ 12s
> GET /orders/5
< 200
< RateLimit-Remaining: 10
< RateLimit-Reset: 48
`},
		Good: []string{`# it lasts
@ 0s
> GET /orders/1
< 200
< RateLimit: "default";r=100;t=60
@ 2s
> GET /orders/2
< 200
< RateLimit: "default";r=99;t=58
@ 4s
> GET /orders/3
< 200
< RateLimit: "default";r=98;t=56
@ 6s
> GET /orders/4
< 200
< RateLimit: "default";r=97;t=54
@ 8s
> GET /orders/5
< 200
< RateLimit: "default";r=96;t=52
`, `# a page that asks for eight things at once says nothing of the rate
@ 0s
> GET /orders/1
< 200
< RateLimit: "default";r=100;t=60
@ 100ms
> GET /orders/2
< 200
< RateLimit: "default";r=98;t=60
@ 200ms
> GET /orders/3
< 200
< RateLimit: "default";r=96;t=60
@ 300ms
> GET /orders/4
< 200
< RateLimit: "default";r=94;t=60
@ 400ms
> GET /orders/5
< 200
< RateLimit: "default";r=92;t=60
`},
	},
	On: Quoted, After: Quoted, Of: ClientOrigin, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		samples, first := 1, v
		for w := p.Back(v, ClientOrigin); w != nil && samples < 32; w = p.Back(w, ClientOrigin) {
			if !w.is(Quoted) || w.auth != v.auth {
				continue
			}
			if w.left < first.left { // it was renewed
				break
			}
			first, samples = w, samples+1
		}
		took, spent := time.Duration(v.Headed-first.Headed), first.left-v.left
		window := took + time.Duration(v.reset)*time.Second
		if samples < p.number(limDrainSamples) || took*10 < window || spent <= 0 || v.left <= 0 {
			return
		}
		lasts := time.Duration(float64(took) * float64(v.left) / float64(spent))
		if lasts < time.Duration(v.reset)*time.Second && p.Tells(join(v.keys[ClientOrigin], v.auth)) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(first, "when more was left")}},
				"%d are left for %s; at the rate of the last %s they last %s", v.left, ago(time.Duration(v.reset)*time.Second), ago(took), ago(lasts))
		}
	},
}

var failureOneAddressDown = &Rule{
	Rule: annotate.Rule{
		ID: "failure/one-address-down", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "one of several addresses of the server does not answer",
		Refs:  []string{"RFC 8305 §3"},
		Doc: "The server's name has several addresses. Connections to one of them fail each time, and those to another never do. " +
			"Some clients try the next address at once; others wait for the time-out first, so that users see delays now and then.",
		Help: "repair that server, or take its address out of DNS",
		Bad: []string{`@ 0s times=3 every=10s
* origin peer=203.0.113.1:443
> GET /orders/{n}
< 200
@ 5s times=3 every=10s client=b
* origin peer=203.0.113.2:443
* error connect_refused "connection refused"
> GET /orders/{n}
`, `@ 0s times=5 every=5s
* origin peer=203.0.113.1:443
> GET /orders/{n}
< 200
@ +5s times=4 every=7s client=b took=5s
* origin peer=[2001:db8::1]:443
* error connect_timeout "i/o timeout"
> GET /orders/{n}
`},
		Good: []string{`# all of them fail
@ 0s times=3 every=10s
* origin peer=203.0.113.1:443
* error connect_refused "connection refused"
> GET /orders/{n}
@ 5s times=3 every=10s client=b
* origin peer=203.0.113.2:443
* error connect_refused "connection refused"
> GET /orders/{n}
`, `# there is one address
@ 0s times=5 every=7s
* origin peer=203.0.113.1:443
* error connect_refused "connection refused"
> GET /orders/{n}
`, `# it was down for a while
@ 0s times=3 every=10s
* origin peer=203.0.113.1:443
> GET /orders/{n}
< 200
@ 1s client=b
* origin peer=203.0.113.2:443
> GET /orders/9
< 200
@ 5s times=3 every=10s client=b
* origin peer=203.0.113.2:443
* error connect_refused "connection refused"
> GET /orders/{n}
`},
	},
	On: Broken, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		var down *address
		well := false
		for i := range p.origin.addresses {
			a := &p.origin.addresses[i]
			switch {
			case a.at == v.reached.Addr() && v.reached.IsValid():
				down = a
			case a.ok > 0 && a.failed == 0:
				well = true
			}
		}
		if down == nil || !well || down.ok > 0 || down.failed < p.number(limAddressFailures) || !p.Tells(v.origin) {
			return
		}
		p.Say(remark{at: targetOf(v), related: p.latestOf(Origin, Succeeded, "another address answered")},
			"connections to %s of %s failed %d times and never succeeded, while another address answers; they took %s in all",
			down.at, v.host, down.failed, ago(time.Duration(down.lost)))
	},
}

var failureClientTimeoutTooShort = &Rule{
	Rule: annotate.Rule{
		ID: "failure/client-timeout-too-short", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "the client gives up after the same time again and again",
		Refs:  []string{"RFC 9112 §9.5"},
		Doc: "Several requests for one route ended since the client closed the connection, each after the same time. That is a time-out of the client, and shorter than what the server needs here. " +
			"The server may still do the work, although no client waits for it.",
		Help: "raise the client's time-out above the time that the server needs, or make the route faster",
		Bad: []string{`@ 0s times=3 every=20s took=5s
* error client_gone "context canceled"
> GET /report/{n}
`, `@ 0s times=3 every=20s took=2s
* error client_gone "context canceled"
> GET /report/{n}
@ +20s took=3s client=b
> GET /report/9
< 200
@ +20s took=2s
* error client_gone "context canceled"
> GET /report/8
`},
		Good: []string{`# someone left the page: all end at one moment
@ 0s took=5s
* error client_gone "context canceled"
> GET /report/1
@ 0s took=5s
* error client_gone "context canceled"
> GET /report/2
@ 0s took=5s
* error client_gone "context canceled"
> GET /report/3
`, `# at different times
@ 0s took=2s
* error client_gone "context canceled"
> GET /report/1
@ +20s took=3s
* error client_gone "context canceled"
> GET /report/2
@ +20s took=5s
* error client_gone "context canceled"
> GET /report/3
`},
	},
	Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		took := v.Ended - v.Started
		if v.is(Succeeded) {
			p.route.done = max(p.route.done, v.Headed-v.Started)
		}
		if v.Err != exchange.ErrClientGone || v.Status != 0 || took < int64(time.Second) {
			return
		}
		c := near(&p.route.gone, took, .05)
		if abs(int64(c.last)-v.Ended) > int64(time.Second) { // not of one page that was left
			c.times++
		}
		c.last = uint64(v.Ended)
		if c.times < p.number(limTimeoutTimes) || p.route.done != 0 && p.route.done < took || !p.Tells(join(v.client, v.route)) {
			return
		}
		server := "no request for the route was answered yet"
		if p.route.done != 0 {
			server = "another client waited, and was answered after " + ago(time.Duration(p.route.done))
		}
		p.Say(remark{at: targetOf(v), related: p.latestOf(Route, Broken, "given up before")},
			"the client gave up after %s, as %d times before; %s", ago(time.Duration(took)), c.times-1, server)
	},
}

var timingCutAtFixedTime = &Rule{
	Rule: annotate.Rule{
		ID: "timing/cut-at-fixed-time", Severity: annotate.Warn, Blame: annotate.ByIntermediary,
		Title: "exchanges are cut after the same time again and again",
		Refs:  []string{"RFC 9112 §9.5", "RFC 9110 §15.6.5"},
		Doc: "Responses or streams of one server end early, or with 504, each after the same time. That is a limit on the way, such as 60 s in nginx, 100 s at Cloudflare or 350 s in an AWS load balancer. " +
			"Whatever takes longer cannot get through.",
		Help: "raise the idle or read time-out of the proxy on the way, or send something before it ends",
		Bad: []string{`@ 0s times=3 every=70s took=60s
> GET /report/{n}
< 504
`, `@ 0s times=3 every=110s took=100s head=1s
* error content_truncated "unexpected EOF"
> GET /events/{n}
< 200
< Transfer-Encoding: chunked
`},
		Good: []string{`# at different times
@ 0s took=30s
> GET /report/1
< 504
@ +70s took=40s
> GET /report/2
< 504
@ +70s took=52s
> GET /report/3
< 504
`, `# the client went
@ 0s times=3 every=70s took=60s
* error client_gone "context canceled"
> GET /report/{n}
< 200
`, `# too short to be a limit on the way
@ 0s times=3 every=70s took=1s
> GET /report/{n}
< 504
`},
	},
	On: CutShort, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		took := v.Ended - v.Started
		if time.Duration(took) < p.time(limCutLeast) {
			return
		}
		c := near(&p.origin.cuts, took, .02)
		if c.times++; c.times >= p.number(limCutTimes) && p.Tells(join(v.origin, uint64(c.after/int64(time.Second)))) {
			p.Say(remark{at: statusOf(v), related: p.latestOf(Origin, CutShort, "cut before")},
				"%d exchanges with %s were cut after the same time, %s: a limit on the way", c.times, v.host, ago(time.Duration(took)))
		}
	},
}
