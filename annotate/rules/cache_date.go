package rules

import (
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// cacheDateRules lists the rules on Date and Age.
func cacheDateRules() []*annotate.Rule {
	return []*annotate.Rule{
		cacheAgeInvalid,
		cacheClockSkew,
		cacheDateMissing,
		cacheDateRewrittenByCache,
	}
}

var cacheAgeInvalid = &annotate.Rule{
	ID:       "cache/age-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "Age is not a number of seconds",
	Refs:     []string{"RFC 9111 §5.1", "RFC 9111 §1.2.2"},
	Doc: "Age is how many seconds a response has been in caches, as digits. Of a list some caches take the first member; anything else they ignore, and then keep the response longer than its origin server allows. " +
		"Two lines mean that a cache added its own in place of replacing the one that was there.",
	Help: "send whole seconds, once: Age: 120",
	Bad: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Age: -5
< Content-Length: 2
<
< ok
`, `> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Age: 1.5
< Content-Length: 2
<
< ok
`, `> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Age: 0
< Age: 1
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=60
< Age: 0
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldAge}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		first := true
		for i, l := range f.Each(exchange.FieldAge) {
			switch {
			case !first:
				p.Note(p.ResponseLine(i), "there is a second Age, %s, where only one may be", quoted(l.Value))
				return
			case strings.IndexByte(l.Value, ',') >= 0:
				p.Note(p.ResponseLine(i), "Age is %s: only one number may be there", quoted(l.Value))
				return
			case !field.IsDigits(l.Value):
				p.Note(p.ResponseLine(i), "Age is %s: want whole seconds as digits", quoted(l.Value))
				return
			}
			first = false
		}
	},
}

// dateOf is the Date of a response; ok is false where there is none that can be read.
func dateOf(x *exchange.Exchange) (t time.Time, ok bool) {
	t, ok = sentAt(x)
	return t, ok
}

// farAhead reports whether a Date lies after the moment at which the response
// came, by more than clocks may differ.
func farAhead(x *exchange.Exchange, date time.Time) (by int64, ok bool) {
	by = int64(date.Sub(receivedAt(x)) / time.Second)
	return by, by > clocksMayDiffer
}

var cacheClockSkew = &annotate.Rule{
	ID:       "cache/clock-skew",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server's clock is wrong",
	Refs:     []string{"RFC 9110 §6.6.1"},
	Doc: "Date says when the response was made, and differs from this machine's clock by more than a minute. " +
		"Caches count lifetimes from Date; cookies, tokens, signatures and conditional requests depend on clocks as well. One of the two clocks is wrong: see whether this machine's is right first.",
	Help: "set the server's clock, with NTP for example",
	Once: siteKey,
	Bad: []string{`* started 2026-01-02T03:04:05Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 04:04:05 GMT
< Content-Length: 2
<
< ok
`, `* started 2026-01-02T03:04:05Z
> POST / HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 02:04:05 GMT
< Content-Length: 2
<
< ok
`},
	Good: []string{`* started 2026-01-02T03:04:05Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:45 GMT
< Content-Length: 2
<
< ok
`, `# a cache may have kept it
* started 2026-01-02T03:04:05Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 02:04:05 GMT
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{Fields: []exchange.Name{exchange.FieldDate}},
	Needs: annotate.NeedsClock | annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		x := p.X
		date, ok := dateOf(x)
		if !ok || x.Started.IsZero() {
			return
		}
		if by, ok := farAhead(x, date); ok {
			p.Note(p.ResponseField(exchange.FieldDate), "Date is %s, %s ahead of when the response came by %s", httpDate(date), inWords(by), recordersClock(x))
			return
		}
		if by := int64(x.Started.Sub(date) / time.Second); by > clocksMayDiffer && !mayHaveBeenStored(x) {
			p.Note(p.ResponseField(exchange.FieldDate), "Date is %s, %s before the request was sent by %s", httpDate(date), inWords(by), recordersClock(x))
		}
	},
}

// recordersClock names the clock that the time of receipt is by.
func recordersClock(x *exchange.Exchange) string {
	if x.Source.File != "" {
		return "the recording machine's clock"
	}
	return "this machine's clock"
}

// mayHaveBeenStored reports whether a cache can explain why a response is old.
func mayHaveBeenStored(x *exchange.Exchange) bool {
	f := &x.Response.Fields
	if f.HasAny(&cacheMarks) {
		return true
	}
	if !isSafe(x.Request.Method) {
		return false
	}
	c := cachingOf(f)
	return !c.noStore
}

var cacheDateMissing = &annotate.Rule{
	ID:       "cache/date-missing",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the response does not say when it was made",
	Refs:     []string{"RFC 9110 §6.6.1"},
	Doc: "A server with a clock sends Date with every 2xx, 3xx and 4xx. Without it, recipients put their own time in its place, and the time on the way and in caches is lost, so lifetimes and Expires are counted from the wrong moment. " +
		"A server without a clock may leave it out.",
	Help: "send: Date: and the current time, as in Fri, 02 Jan 2026 03:04:05 GMT",
	Bad: []string{`* started 2026-01-02T03:04:05Z
* origin peer=203.0.113.5:80
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`* started 2026-01-02T03:04:05Z
* origin peer=203.0.113.5:80
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Content-Length: 2
<
< ok
`, `* started 2026-01-02T03:04:05Z
* origin peer=203.0.113.5:80
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Length: 2
<
< no
`, `* started 2026-01-02T03:04:05Z
* origin peer=203.0.113.5:80
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
* content response no-raw-head
`, `# written by hand
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When: annotate.When{Class: []int{2, 3, 4}},
	Once: originKey, // such a server sends none at all
	Check: func(p *annotate.Pass) {
		x := p.X
		if x.Response.Fields.Has(exchange.FieldDate) || !x.Response.WireTrue() || !x.Origin.Peer.IsValid() || x.Started.IsZero() {
			return
		}
		if x.Request.Method == "CONNECT" && x.Response.Class() == 2 {
			return
		}
		p.Note(p.ResponseField(exchange.FieldDate), "the %d has no Date", x.Response.Status)
	},
}

var cacheDateRewrittenByCache = &annotate.Rule{
	ID:       "cache/date-rewritten-by-cache",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "a cache renewed Date and kept Age",
	Refs:     []string{"RFC 9111 §4.2.3", "RFC 9213 §2.3"},
	Doc: "Date says when the origin server made the response, and Age how long it has been in caches since; together they cannot be later than now. Here they are, so something on the way put its own time into Date. " +
		"Caches behind it then count the age twice and drop the response too early.",
	Help: "let the cache or front server pass Date on as it is",
	Bad: []string{`* started 2026-01-02T03:04:05Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Age: 300
< Content-Length: 2
<
< ok
`, `# the clock of a cache began in 1970
* started 2026-11-22T15:05:42Z
> GET /about.html HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 404 Not Found
< Date: Sun, 22 Nov 2026 15:05:42 GMT
< Cache-Control: max-age=600
< Age: 1795359943
< Content-Length: 2
<
< no
`},
	Good: []string{`* started 2026-01-02T03:04:05Z
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Cache-Control: max-age=600
< Date: Fri, 02 Jan 2026 02:59:05 GMT
< Age: 300
< Content-Length: 2
<
< ok
`},
	When:       annotate.When{Fields: []exchange.Name{exchange.FieldAge}},
	Needs:      annotate.NeedsClock,
	Suppresses: []string{"cache/served-from-cache"},
	Check: func(p *annotate.Pass) {
		x := p.X
		if n, ok := field.Number(x.Response.Fields.Value(exchange.FieldAge)); ok && isSinceEpoch(n) {
			p.Note(p.ResponseField(exchange.FieldAge), "Age is %d, which is %s: a cache counted from 1970 and not from when it got the response", n, inWords(n))
			return
		}
		age, ok := ageOf(&x.Response.Fields)
		date, dated := dateOf(x)
		received := receivedAt(x)
		if !ok || !dated || received.IsZero() || age > longestDelta {
			return
		}
		if _, skewed := farAhead(x, date); skewed {
			return
		}
		if by := int64(date.Sub(received)/time.Second) + age; by > clocksMayDiffer {
			p.Note(p.ResponseField(exchange.FieldDate), "Date is %s and Age is %d: together that is %s later than the response came, so Date was renewed on the way",
				httpDate(date), age, inWords(by))
		}
	},
}
