package rules

import (
	"errors"
	"net/http"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusRetryRules lists the rules on when to try again.
func statusRetryRules() []*annotate.Rule {
	return []*annotate.Rule{
		status429MissingRetryAfter,
		status503MissingRetryAfter,
		statusRetryAfterInvalid,
		statusRetryAfterImplausible,
		statusRetryAfterInPast,
	}
}

var status429MissingRetryAfter = &annotate.Rule{
	ID:       "status/429-missing-retry-after",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a 429 without Retry-After",
	Refs:     []string{"RFC 6585 §4", "RFC 9110 §10.2.3"},
	Doc: "The client sent too many requests but doesn't know how long to wait, so it has to guess. Many clients retry at once and make it worse. " +
		"Most libraries read Retry-After. Headers such as RateLimit and X-RateLimit-Reset need a client that knows the API.",
	Help: "send Retry-After, for example: Retry-After: 30",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< Content-Length: 4
<
< wait
`, `# what is left does not say when
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< RateLimit: "default";r=0
< X-RateLimit-Remaining: 0
< Content-Length: 4
<
< wait
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< Retry-After: 30
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< RateLimit: "default";r=0;t=30
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< X-RateLimit-Reset: 1767323045
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< retry-after-ms: 1500
< Content-Length: 4
<
< wait
`},
	When: annotate.When{Status: []int{429}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		for _, n := range [...]exchange.Name{
			exchange.FieldRetryAfter, exchange.FieldRetryAfterMs,
			exchange.FieldRateLimitReset, exchange.FieldXRateLimitReset, exchange.FieldXHyphenRateLimitReset,
		} {
			if f.Has(n) {
				return
			}
		}
		for _, l := range f.Each(exchange.FieldRateLimit) {
			for m := range field.RateLimits(l.Value) {
				if m.Reset.Ok {
					return
				}
			}
		}
		p.Note(p.ResponseField(exchange.FieldRetryAfter), "the 429 doesn't say when to retry, so clients retry at once or guess how long to wait")
	},
}

var status503MissingRetryAfter = &annotate.Rule{
	ID:       "status/503-missing-retry-after",
	Severity: annotate.Warn,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a 503 without Retry-After",
	Refs:     []string{"RFC 9110 §15.6.4", "RFC 9110 §10.2.3"},
	Doc: "503 says that the problem is temporary, and Retry-After says when to retry. Without it every client guesses, and all of them come back at once. " +
		"Load balancers and proxies often create the 503: check Server and Via.",
	Help: "send Retry-After, for example: Retry-After: 30",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Content-Length: 4
<
< wait
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 30
< Content-Length: 4
<
< wait
`},
	When: annotate.When{Status: []int{503}},
	Check: func(p *annotate.Pass) {
		if !p.X.Response.Fields.Has(exchange.FieldRetryAfter) {
			p.Note(p.ResponseField(exchange.FieldRetryAfter), "the 503 has no Retry-After, so clients guess when to retry")
		}
	},
}

// whenRetryAfter is the index of the rules on the value of Retry-After.
var whenRetryAfter = annotate.When{Fields: []exchange.Name{exchange.FieldRetryAfter}}

// retryAfter reads the Retry-After of a response; ok is false when there is
// none, more than one, or one that is invalid.
func retryAfter(x *exchange.Exchange) (r field.RetryAfter, ok bool) {
	f := &x.Response.Fields
	if f.Count(exchange.FieldRetryAfter) != 1 {
		return r, false
	}
	r, err := field.ParseRetryAfter(f.Value(exchange.FieldRetryAfter), receivedAt(x))
	return r, err == nil
}

var statusRetryAfterInvalid = &annotate.Rule{
	ID:       "status/retry-after-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Retry-After is not a number of seconds or a date",
	Refs:     []string{"RFC 9110 §10.2.3"},
	Doc: "Retry-After is a whole number of seconds or an HTTP date. Clients ignore any other value, or read it as 0 and retry at once. " +
		"Units, fractions, signs and ISO dates are not allowed.",
	Help: "send whole seconds, for example: Retry-After: 120",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 30s
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 1.5
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: -1
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 2026-01-02T03:04:05Z
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 30
< Retry-After: 60
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: Fri, 2 Jan 2026 03:04:05 GMT
< Content-Length: 4
<
< wait
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Date: Thu, 01 Jan 2026 03:04:05 GMT
< Retry-After: Fri, 02 Jan 2026 03:04:05 GMT
< Content-Length: 4
<
< wait
`, `# an obsolete form of date, which recipients must accept
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Date: Thu, 01 Jan 2026 03:04:05 GMT
< Retry-After: Friday, 02-Jan-26 03:04:05 GMT
< Content-Length: 4
<
< wait
`},
	When: whenRetryAfter,
	Check: func(p *annotate.Pass) {
		now := receivedAt(p.X)
		first := true
		for i, l := range p.X.Response.Fields.Each(exchange.FieldRetryAfter) {
			if !first {
				p.Note(p.ResponseLine(i), "there is a second Retry-After, %s; only one is allowed", quoted(l.Value))
				return
			}
			first = false
			if _, err := field.ParseRetryAfter(l.Value, now); err != nil {
				noteRetryAfter(p, i, l.Value, err)
				return
			}
		}
	},
}

func noteRetryAfter(p *annotate.Pass, line int, value string, err error) {
	at := p.ResponseLine(line)
	what := "it must be whole seconds or a date"
	if e, ok := errors.AsType[*field.Error](err); ok {
		at.Start = e.At
		if e.At > 0 {
			what = e.What
		}
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		p.NoteHelp(p.ResponseLine(line), "send: Retry-After: "+t.UTC().Format(http.TimeFormat),
			"Retry-After is %s; it must be an HTTP date", quoted(value))
		return
	}
	p.Note(at, "Retry-After is %s: %s", quoted(value), what)
}

// longestWait is the longest wait, in seconds, that a Retry-After can ask for
// and be believed: 7 days.
const longestWait = 7 * 24 * 60 * 60

var statusRetryAfterImplausible = &annotate.Rule{
	ID:       "status/retry-after-implausible",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "Retry-After asks for a wait of more than a week",
	Refs:     []string{"RFC 9110 §10.2.3"},
	Doc: "No client waits that long: it gives up or uses its own delay. " +
		"A number of ten digits or more is usually a time since 1970, but the header counts seconds from now. Send the seconds to wait, or an HTTP date.",
	Help: "send the seconds to wait, for example: Retry-After: 120",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 1700000000
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 864000
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Date: Thu, 01 Jan 2026 03:04:05 GMT
< Retry-After: Fri, 01 Jan 2027 03:04:05 GMT
< Content-Length: 4
<
< wait
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: 604800
< Content-Length: 4
<
< wait
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 307 Temporary Redirect
< Location: /en/orders
< Retry-After: 864000
< Content-Length: 4
<
< wait
`},
	When: whenRetryAfter,
	Check: func(p *annotate.Pass) {
		r, ok := retryAfter(p.X)
		if !ok || p.X.Response.Class() == 3 {
			return
		}
		if r.IsDate() {
			noteFarDate(p, r.Date.Time)
			return
		}
		if r.Seconds > longestWait {
			noteLongWait(p, r.Seconds)
		}
	},
}

func noteFarDate(p *annotate.Pass, until time.Time) {
	base, _ := sentAt(p.X)
	if base.IsZero() {
		return
	}
	if wait := int64(until.Sub(base) / time.Second); wait > longestWait {
		p.Note(p.ResponseField(exchange.FieldRetryAfter), "Retry-After is %s: that is %s ahead", until.Format(http.TimeFormat), inWords(wait))
	}
}

func noteLongWait(p *annotate.Pass, seconds int64) {
	at := p.ResponseField(exchange.FieldRetryAfter)
	if t, ok := epoch(seconds); ok {
		p.NoteHelp(at, "send the seconds to wait, or: Retry-After: "+t.Format(http.TimeFormat),
			"Retry-After is %d: that is %s; did you mean the date %s?", seconds, inWords(seconds), t.Format(time.DateTime))
		return
	}
	p.Note(at, "Retry-After is %.20s: that is %s", p.X.Response.Fields.Value(exchange.FieldRetryAfter), inWords(seconds))
}

// epoch takes a number of ten digits or more for a time since 1970, in seconds
// or milliseconds.
func epoch(n int64) (t time.Time, ok bool) {
	const tenDigits, thirteenDigits = 1e9, 1e12
	switch {
	case n >= tenDigits && n < 10*tenDigits:
		return time.Unix(n, 0).UTC(), true
	case n >= thirteenDigits && n < 10*thirteenDigits:
		return time.UnixMilli(n).UTC(), true
	}
	return time.Time{}, false
}

// sentAt is when a response was sent as far as can be known: its Date, else
// when it was received; the zero time when neither is known.
func sentAt(x *exchange.Exchange) (t time.Time, isDate bool) { return annotate.SentAt(x) }

var statusRetryAfterInPast = &annotate.Rule{
	ID:       "status/retry-after-in-past",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Retry-After is a date in the past",
	Refs:     []string{"RFC 9110 §10.2.3"},
	Doc: "The client may retry at once, which is probably not what the server wants. " +
		"Usually a maintenance took longer than planned, or the clock or time zone of the server is wrong. A number of seconds needs no clock.",
	Help: "send the seconds to wait, for example: Retry-After: 120",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Retry-After: Fri, 02 Jan 2026 02:04:05 GMT
< Content-Length: 4
<
< wait
`, `* started 2026-01-02T03:04:05Z
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: Fri, 02 Jan 2026 03:03:00 GMT
< Content-Length: 4
<
< wait
`},
	Good: []string{`# clocks differ by seconds
* started 2026-01-02T03:04:05Z
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Retry-After: Fri, 02 Jan 2026 03:03:30 GMT
< Content-Length: 4
<
< wait
`, `# it was not over when the cache stored it
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 503 Service Unavailable
< Age: 7200
< Cache-Control: max-age=86400
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Retry-After: Fri, 02 Jan 2026 02:04:05 GMT
< Content-Length: 4
<
< wait
`},
	When:  whenRetryAfter,
	Needs: annotate.NeedsClock,
	Check: func(p *annotate.Pass) {
		r, ok := retryAfter(p.X)
		if !ok || !r.IsDate() {
			return
		}
		if age, _ := field.Number(p.X.Response.Fields.Value(exchange.FieldAge)); age > 0 {
			return
		}
		base, isDate := sentAt(p.X)
		what := "the Date of the response"
		if !isDate {
			base, what = base.Add(-exchange.ClockTolerance), "the response arrived"
		}
		if base.IsZero() || !r.Date.Time.Before(base) {
			return
		}
		if !isDate {
			base = base.Add(exchange.ClockTolerance)
		}
		p.Note(p.ResponseField(exchange.FieldRetryAfter), "Retry-After is %s, %s before %s",
			r.Date.Time.Format(http.TimeFormat), inWords(int64(base.Sub(r.Date.Time)/time.Second)), what)
	},
}
