package rules

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// timingRules lists the rules on how long things took.
func timingRules() []*annotate.Rule {
	return []*annotate.Rule{
		timingSlowResponse,
		timingServerTimingInvalid,
		timingSSEBuffered,
	}
}

var timingSlowResponse = &annotate.Rule{
	ID:       "timing/slow-response",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the response started late",
	Refs:     []string{"RFC 9110 §7.5"},
	Doc: "This is the time from the end of the request to the first byte of the response. The server and its proxies took it to answer. " +
		"The setting slow-after is the limit. Server-Timing in the response says how the server spent it.",
	Help: "find out what the server waited for; Server-Timing in its responses shows it",
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
		if limit <= 0 || wait <= limit || mayTakeTime(p.X) || p.X.Request.Method == "" {
			return
		}
		since := "the request was sent"
		if p.X.Timing.RequestSent == 0 {
			since = "the request arrived"
		}
		n := annotate.Note{Place: p.StatusLine(), Message: fmt.Sprintf("the first byte of the response arrived %v after %s; the limit is %v (--slow-after)",
			wait.Round(time.Millisecond), since, limit)}
		if p.X.Response.Class() >= 4 {
			n.Severity = annotate.Info // the error is what counts
		}
		p.Report(n)
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

var timingServerTimingInvalid = &annotate.Rule{
	ID:       "timing/server-timing-invalid",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Server-Timing has a metric that browsers can't read",
	Refs:     []string{"Server Timing §2"},
	Doc: "A metric has a name, and dur is its duration in milliseconds, a decimal number. Browsers read any other duration as 0, such as one with a unit. " +
		"They skip a metric with an invalid name.",
	Help: "send Server-Timing: db;dur=53.2",
	Bad:  []string{answered("Server-Timing: db;dur=53ms, app;dur=4"), answered("Server-Timing: db;dur=-1"), answered("Server-Timing: [db];dur=53")},
	Good: []string{answered(`Server-Timing: db;dur=53.2;desc="the database, mostly", cache, app;dur="4", miss;desc=x`), answered("Server-Timing: ")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldServerTiming}},
	Check: func(p *annotate.Pass) {
		for i, l := range p.X.Response.Fields.Each(exchange.FieldServerTiming) {
			for m := range field.List(l.Value) {
				name := field.Head(m.Text)
				if !field.IsToken(name.Text) {
					p.Note(annotate.Span(p.ResponseLine(i), m.At, m.At+len(name.Text)), "the metric %s has invalid characters", quoted(name.Text))
				} else if d, bad := invalidDuration(m.Text); bad {
					p.Note(annotate.Span(p.ResponseLine(i), m.At+d.ValueAt, m.At+d.ValueAt+len(d.Value)), "the metric %s has dur=%s, which isn't a number of milliseconds", name.Text, quoted(field.Unquote(d.Value)))
				}
			}
		}
	},
}

// invalidDuration finds the first dur of a metric, which browsers take, if it
// is not a decimal number.
func invalidDuration(metric string) (dur field.Param, bad bool) {
	for d := range field.Params(metric) {
		if field.EqualFold(d.Name, "dur") {
			return d, !isDecimal(field.Unquote(d.Value))
		}
	}
	return dur, false
}

func isDecimal(s string) bool {
	whole, fraction, _ := strings.Cut(s, ".")
	return whole+fraction != "" && (whole == "" || field.IsDigits(whole)) && (fraction == "" || field.IsDigits(fraction))
}

// How events look that something held back: after a silence at once.
const (
	bufferedSilence = 2 * time.Second
	bufferedBurst   = 50 * time.Millisecond
)

var timingSSEBuffered = &annotate.Rule{
	ID:       "timing/sse-buffered",
	Severity: annotate.Info,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "an event stream arrived all at once",
	Refs:     []string{"HTML §9.2"},
	Doc: "Events are useful if they arrive one by one. " +
		"These arrived all at once after a long silence, or with a Content-Length, so something collected them first: a proxy that buffers, a compression that waits for more data, or a server that doesn't flush.",
	Help: "turn off buffering where it happens: X-Accel-Buffering: no for nginx; flush after each event; don't compress",
	Bad: []string{`* timing request-sent=10ms first-byte=5s response-at=5s done=5020ms
> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/event-stream
< Transfer-Encoding: chunked
<
< data: 1
<
< data: 2
<
<
`, responded("HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Content-Length: 20") + "< data: 1\n<\n< data: 2\n<\n<\n",
		`# the head came at once, and the events later
* timing request-sent=10ms first-byte=20ms response-at=20ms done=9s
> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/event-stream
< Transfer-Encoding: chunked
<
< data: 1
<
< data: 2
<
<
<+ event at=5000ms | 1
<+ event at=5001ms | 2
* messages sse
`},
	Good: []string{`* timing request-sent=10ms first-byte=100ms response-at=100ms done=5020ms
> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/event-stream
< Transfer-Encoding: chunked
<
< data: 1
<
< data: 2
<
<
`, `# one event: the answer that was waited for
* timing request-sent=10ms first-byte=5s response-at=5s done=5020ms
> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/event-stream
< Transfer-Encoding: chunked
<
< data: 1
<
<
`, `# an end at once
> GET /events HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Type: text/event-stream
< Content-Length: 0
<
`},
	When:  annotate.When{Class: []int{2}, Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifText}},
	Needs: annotate.NeedsContent | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		if !mediaTypeOf(&r.Fields).Is("text", "event-stream") || !p.X.MayHaveContent() || !hasTwoEvents(r.DecodedContent().Bytes) {
			return
		}
		t := &p.X.Timing
		silence, burst, buffered := burstOf(p)
		switch {
		case buffered:
			p.Note(p.StatusLine(), "no event came for %v after the head, and then all of them within %v", silence.Round(time.Millisecond), max(burst, time.Millisecond).Round(time.Millisecond))
		case r.Fields.Has(exchange.FieldContentLength):
			p.Note(p.ResponseField(exchange.FieldContentLength), "the events have Content-Length %s, so the server had all of them before it sent the first", r.Fields.Value(exchange.FieldContentLength))
		case r.Content.Complete && t.Done > 0 && t.Wait() >= bufferedSilence && t.Receive() <= bufferedBurst:
			p.Note(p.StatusLine(), "nothing arrived for %v, then all events within %v", t.Wait().Round(time.Millisecond), max(t.Receive(), time.Millisecond).Round(time.Millisecond))
		}
	},
}

// burstOf reports whether all events came in one burst after a silence, as the times
// of the messages say.
func burstOf(p *annotate.Pass) (silence, burst time.Duration, buffered bool) {
	s := p.X.Messages
	if s == nil || s.Dropped > 0 {
		return 0, 0, false
	}
	var first, last time.Duration
	events := 0
	for i := range s.List {
		if m := &s.List[i]; m.Kind == exchange.KindEvent && m.At > 0 {
			if events == 0 {
				first = m.At
			}
			last = m.At
			events++
		}
	}
	silence, burst = first-p.X.Response.At, last-first
	return silence, burst, events >= 2 && p.X.Response.At > 0 && silence >= bufferedSilence && burst <= bufferedBurst
}

// hasTwoEvents reports whether a stream holds two events or more: blocks of
// lines with data, each ended by an empty line.
func hasTwoEvents(stream []byte) bool {
	events, data := 0, false
	for line := range bytes.Lines(stream) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case bytes.HasPrefix(line, []byte("data")):
			data = true
		case len(line) == 0 && data:
			events++
			data = false
		}
		if events == 2 {
			return true
		}
	}
	return false
}
