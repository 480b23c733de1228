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
	Doc: "Age is the number of seconds that a response has spent in caches, as digits. Some caches use the first number of a list. " +
		"They ignore anything else, and keep the response longer than the server allows. " +
		"Two lines mean that a cache added its own instead of replacing the first.",
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
				p.Note(p.ResponseLine(i), "there is a second Age, %s; only one is allowed", quoted(l.Value))
				return
			case strings.IndexByte(l.Value, ',') >= 0:
				p.Note(p.ResponseLine(i), "Age is %s; only one number is allowed", quoted(l.Value))
				return
			case !field.IsDigits(l.Value):
				p.Note(p.ResponseLine(i), "Age is %s; it must be whole seconds, as digits", quoted(l.Value))
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
	Doc: "Date says when the server sent the response. It differs from this machine's clock by more than a minute, so one of the two clocks is wrong. " +
		"Check this machine first. Caches count lifetimes from Date. Cookies, tokens and signatures depend on the clock too.",
	Help: "set the server's clock, for example with NTP",
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
			p.Note(p.ResponseField(exchange.FieldDate), "Date is %s, %s after the response arrived by %s", httpDate(date), inWords(by), recordersClock(x))
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
	c := annotate.CacheControlOf(f)
	return !c.NoStore
}

var cacheDateMissing = &annotate.Rule{
	ID:       "cache/date-missing",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the response has no Date",
	Refs:     []string{"RFC 9110 §6.6.1"},
	Doc: "A server with a clock sends Date with every 2xx, 3xx and 4xx. Without it, caches use the time of arrival instead. " +
		"The time that the response has already spent on the way is lost, so they keep it too long. A server without a clock may leave Date out.",
	Help: "send Date with the current time, as in Date: Fri, 02 Jan 2026 03:04:05 GMT",
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
	Title:    "a cache replaced Date but kept Age",
	Refs:     []string{"RFC 9111 §4.2.3", "RFC 9213 §2.3"},
	Doc: "Date says when the server sent the response, and Age how long it has been in caches since then. Their sum can't be later than now. " +
		"Here it is, so a cache or proxy replaced Date with its own time. Caches behind it count the age twice and drop the response too early.",
	Help: "let the cache or front server pass Date on unchanged",
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
			p.Note(p.ResponseField(exchange.FieldAge), "Age is %d, which is %s: a cache counted from 1970 instead of from when it received the response", n, inWords(n))
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
			p.Note(p.ResponseField(exchange.FieldDate), "Date is %s and Age is %d: their sum is %s after the response arrived, so a proxy replaced Date",
				httpDate(date), age, inWords(by))
		}
	},
}
