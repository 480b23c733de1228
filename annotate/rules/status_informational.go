package rules

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// statusInformationalRules lists the rules on 1xx responses other than 101.
func statusInformationalRules() []*annotate.Rule {
	return []*annotate.Rule{
		status100ContinueWaited,
		status100NotExpected,
		status103MissingLink,
		status1xxToHTTP10,
	}
}

// expectWait is the pause before the content from which on a client counts as
// having waited for the 100. Clients wait about a second.
const expectWait = 300 * time.Millisecond

var status100ContinueWaited = &annotate.Rule{
	ID:       "status/100-continue-waited",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the client waited for a 100 that didn't come",
	Refs:     []string{"RFC 9110 §10.1.1"},
	Doc: "With Expect: 100-continue, the client waits for the server before it sends the body. " +
		"No 100 and no final response came, so the client sent the body when its own timer ended, after about a second in curl and Go. " +
		"Every such request loses that time.",
	Help: "answer Expect: 100-continue at once with 100 or a final status, or send the request without Expect",
	Bad: []string{`* timing head-sent=2ms content-begun=1004ms request-sent=1005ms response-at=1020ms first-byte=1020ms
> PUT /film HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Expect: 100-continue
>
> ab
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`* timing head-sent=2ms content-begun=1004ms request-sent=1005ms response-at=1020ms first-byte=1020ms
> PUT /film HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Expect: 100-continue
>
> ab
< HTTP/1.1 100 Continue
<
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `# a client that does not wait loses nothing
* timing head-sent=2ms content-begun=3ms response-at=20ms first-byte=20ms
> PUT /film HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Expect: 100-continue
>
> ab
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{RequestFields: []exchange.Name{exchange.FieldExpect}},
	Needs: annotate.NeedsEnd | annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		t := &p.X.Timing
		waited := t.ContentBegun - t.HeadSent
		if t.HeadSent == 0 || waited < expectWait || !expects100(&p.X.Request) {
			return
		}
		if at := p.X.Response.At; at != 0 && at < t.ContentBegun {
			return // the final response was the answer
		}
		for i := range p.X.Interim {
			if p.X.Interim[i].Status == 100 && p.X.Interim[i].At < t.ContentBegun {
				return
			}
		}
		p.Note(p.RequestField(exchange.FieldExpect), "the client waited %v for a 100 that didn't come, then sent the body",
			waited.Round(time.Millisecond))
	},
}

var status100NotExpected = &annotate.Rule{
	ID:       "status/100-not-expected",
	Severity: annotate.Info,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a 100 that the request didn't ask for",
	Refs:     []string{"RFC 9110 §15.2.1"},
	Doc: "A 100 answers Expect: 100-continue, which this request doesn't have. " +
		"It is allowed and clients drop it, but some old ones take the 100 for the response. " +
		"The server may always send it, or a proxy behind this one added Expect.",
	Help: "send 100 only to requests with Expect: 100-continue",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 100 Continue
<
< HTTP/1.1 204 No Content
<
`},
	Good: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Expect: 100-Continue
>
> {}
< HTTP/1.1 100 Continue
<
< HTTP/1.1 204 No Content
<
`, `# to HTTP/1.0 status/1xx-to-http10 says more, unless the other side spoke HTTP/1.1
* changed version
> POST /orders HTTP/1.0
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 100 Continue
<
< HTTP/1.1 204 No Content
<
`},
	When:  annotate.When{If: []*annotate.Condition{ifInterim}},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		if len(p.X.Interim) == 0 || p.X.Request.Version == exchange.HTTP10 || expects100(&p.X.Request) {
			return
		}
		for i := range p.X.Interim {
			if p.X.Interim[i].Status == 100 {
				p.Note(interimStatus(p, i), "a 100 Continue arrived, but the request has no Expect: 100-continue")
				return
			}
		}
	},
}

var status103MissingLink = &annotate.Rule{
	ID:       "status/103-missing-link",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a 103 without Link",
	Refs:     []string{"RFC 8297 §2"},
	Doc: "A 103 tells the client which headers the final response will probably have. " +
		"Browsers only use Link, to preload files or to connect early, so these hints have no effect. " +
		"Name what the browser should fetch early, or don't send the 103.",
	Help: "send Link, for example: Link: </style.css>; rel=preload; as=style",
	Bad: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 103 Early Hints
< Content-Security-Policy: default-src 'self'
<
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`# several 103 are judged together
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 103 Early Hints
< Content-Security-Policy: default-src 'self'
<
< HTTP/1.1 103 Early Hints
< Link: </style.css>; rel=preload; as=style
<
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{If: []*annotate.Condition{ifInterim}},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		first, count := -1, 0
		for i := range p.X.Interim {
			r := &p.X.Interim[i]
			if r.Status != 103 {
				continue
			}
			if r.Fields.Has(exchange.FieldLink) {
				return
			}
			if first < 0 {
				first = i
			}
			count++
		}
		if first >= 0 {
			p.Note(interimStatus(p, first), "the 103 responses (%d) have no Link, the only hint that browsers use", count)
		}
	},
}

var status1xxToHTTP10 = &annotate.Rule{
	ID:       "status/1xx-to-http10",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a 1xx response to an HTTP/1.0 request",
	Refs:     []string{"RFC 9110 §15.2"},
	Doc: "HTTP/1.0 has no interim responses. The client takes the 1xx for the final response, and the real one for its body. " +
		"The server must check the version in the request line first. " +
		"One exchange can't show whether the origin server or a proxy in front of it sent this one.",
	Help: "don't send a 1xx to an HTTP/1.0 request",
	Bad: []string{`# also syntax/expect-invalid
> POST /orders HTTP/1.0
> Host: shop.test
> Content-Length: 2
> Expect: 100-continue
>
> {}
< HTTP/1.1 100 Continue
<
< HTTP/1.1 204 No Content
<
`, `> GET /chat HTTP/1.0
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
<
`},
	Good: []string{`# sidenote itself asked in HTTP/1.1
* changed version
> POST /orders HTTP/1.0
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 100 Continue
<
< HTTP/1.1 204 No Content
<
`},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		if p.X.Request.Version != exchange.HTTP10 || p.X.Changed&exchange.ChangedVersion != 0 {
			return
		}
		switch {
		case len(p.X.Interim) > 0:
			p.Note(interimStatus(p, 0), "%d answers an HTTP/1.0 request; the client takes it for the final response", p.X.Interim[0].Status)
		case p.X.Response.Class() == 1:
			p.Note(p.StatusLine(), "%d answers an HTTP/1.0 request, which can't be upgraded", p.X.Response.Status)
		}
	},
}
