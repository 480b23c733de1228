package rules

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/field"
)

// timingRules lists the rules on how long things took.
func timingRules() []*annotate.Rule {
	return []*annotate.Rule{
		timingSlowResponse,
	}
}

var timingSlowResponse = &annotate.Rule{
	ID:       "timing/slow-response",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the response began late",
	Refs:     []string{"RFC 9110 §7.5"},
	Doc: "The time from the whole request being sent to the first octet of the response is what the server, and proxies before it, took to answer. " +
		"The setting slow-after is the limit. " +
		"If Server-Timing is in the response, it says where that time went.",
	Help: "see what the server waited for; Server-Timing in its responses would show it",
	Bad: []string{`* timing request-sent=10ms first-byte=2310ms response-at=2310ms
> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `# when the request was sent is not known
* timing response-at=1500ms first-byte=1500ms
> GET /report HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`# the client was slow, not the server
* timing request-sent=9s first-byte=9200ms response-at=9200ms
> PUT /film HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> ab
< HTTP/1.1 204 No Content
<
`, `* timing request-sent=10ms first-byte=2310ms response-at=2310ms
> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/event-stream; charset=utf-8
<
`, `* timing request-sent=10ms first-byte=30s response-at=30s
> GET /changes?since=7&wait=30 HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `* timing request-sent=10ms first-byte=30s response-at=30s
> GET /changes HTTP/1.1
> Host: shop.test
> Prefer: return=minimal, wait=30
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`, `* timing request-sent=10ms first-byte=3s response-at=3s
> POST /shop.Orders/Watch HTTP/2
> Host: shop.test
> content-type: application/grpc
>
< HTTP/2 200
< content-type: application/grpc
<
<~ grpc-status: 0
`, `* timing request-sent=10ms first-byte=3s response-at=3s
> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
>
< HTTP/1.1 200 Connection established
<
`, `* timing request-sent=10ms first-byte=3s response-at=3s
> GET /chat HTTP/1.1
> Host: shop.test
> Connection: upgrade
> Upgrade: irc
>
< HTTP/1.1 101 Switching Protocols
< Connection: upgrade
< Upgrade: irc
<
`},
	When:  annotate.When{Class: []int{2, 3, 4, 5}},
	Needs: annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		limit := p.Options.SlowAfter
		wait := timeToFirstByte(&p.X.Timing)
		if limit <= 0 || wait <= limit || mayTakeTime(p.X) {
			return
		}
		since := "the request was sent"
		if p.X.Timing.RequestSent == 0 {
			since = "the request came"
		}
		p.Note(p.StatusLine(), "the response began %v after %s; the limit is %v", wait.Round(time.Millisecond), since, limit)
	},
}

// timeToFirstByte counts from the request being sent, or where that is not
// known from the beginning of the exchange.
func timeToFirstByte(t *exchange.Timing) time.Duration {
	if t.RequestSent != 0 {
		return t.Wait()
	}
	return t.FirstByte
}

// mayTakeTime reports whether an exchange is of a kind that has no quick
// answer: tunnels, streams, and requests that ask to wait.
func mayTakeTime(x *exchange.Exchange) bool {
	contentType := x.Response.Fields.Value(exchange.FieldContentType)
	return x.Request.Method == "CONNECT" || isGRPC(contentType) ||
		mediaTypeOf(&x.Response.Fields).Is("text", "event-stream") || prefersWait(&x.Request) ||
		hasQueryParam(x.Query(), "wait", "timeout", "poll", "longpoll", "long_poll", "long-poll", "watch", "follow")
}

// prefersWait reports whether a request carries the preference "wait" (RFC 7240 §4.3).
func prefersWait(r *exchange.Request) bool {
	for _, l := range r.Fields.Each(exchange.FieldPrefer) {
		for part := range field.List(l.Value) {
			if n := field.TokenLen(part.Text); field.EqualFold(part.Text[:n], "wait") {
				return true
			}
		}
	}
	return false
}
