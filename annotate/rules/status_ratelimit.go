package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusRateLimitRules lists the rules on fields that tell what is left of a quota.
func statusRateLimitRules() []*annotate.Rule {
	return []*annotate.Rule{
		statusRateLimitExhausted,
		statusRateLimitFieldsConflict,
		statusRateLimitResetDate,
		status429QuotaLeft,
	}
}

// A rateFamily is one of the sets of single fields in use beside RateLimit.
type rateFamily struct{ limit, remaining, reset exchange.Name }

var rateFamilies = [...]rateFamily{
	{exchange.FieldRateLimitLimit, exchange.FieldRateLimitRemaining, exchange.FieldRateLimitReset},
	{exchange.FieldXRateLimitLimit, exchange.FieldXRateLimitRemaining, exchange.FieldXRateLimitReset},
	{exchange.FieldXHyphenRateLimitLimit, exchange.FieldXHyphenRateLimitRemaining, exchange.FieldXHyphenRateLimitReset},
}

// whenRateLimited is the index of the rules on what is left.
var whenRateLimited = annotate.When{Fields: []exchange.Name{
	exchange.FieldRateLimit, exchange.FieldRateLimitRemaining,
	exchange.FieldXRateLimitRemaining, exchange.FieldXHyphenRateLimitRemaining,
}}

// firstNumber reads the number that a field begins with; several windows may
// follow it after a comma, and parameters after a semicolon.
func firstNumber(f *exchange.Fields, n exchange.Name) (int64, bool) {
	v := f.Value(n)
	if number, ok := field.Number(v); ok || v == "" {
		return number, ok // the usual cases
	}
	for part := range field.List(v) {
		return field.Number(field.Head(part.Text).Text)
	}
	return 0, false
}

// mayHaveZero is a quick look for a parameter that is 0.
func mayHaveZero(value string) bool {
	for i := 1; i < len(value); i++ {
		if value[i] == '0' && !field.IsDigit(value[i-1]) {
			return true
		}
	}
	return false
}

var statusRateLimitExhausted = &annotate.Rule{
	ID:       "status/ratelimit-exhausted",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the quota is used up",
	Refs:     []string{"draft-ietf-httpapi-ratelimit-headers"},
	Doc: "The server still answered this request. The next one will probably get 429. The note says when the quota is full again, if the response says so. " +
		"A client that reads these headers can slow down in time.",
	Help: "wait until the reset before you send the next request",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< RateLimit: "hour";r=17;t=1800, "minute";r=0;t=30
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< X-RateLimit-Limit: 60
< X-RateLimit-Remaining: 0
< X-RateLimit-Reset: 1767323045
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< RateLimit: "minute";r=1;t=30
< Content-Length: 2
<
< ok
`, `# there the status says it
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 429 Too Many Requests
< X-RateLimit-Remaining: 0
< X-RateLimit-Reset: 30
< Content-Length: 2
<
< no
`},
	When: whenRateLimited,
	Check: func(p *annotate.Pass) {
		if s := p.X.Response.Status; s == 429 || s == 503 {
			return
		}
		f := &p.X.Response.Fields
		for i, l := range f.Each(exchange.FieldRateLimit) {
			if !mayHaveZero(l.Value) {
				continue
			}
			for m := range field.RateLimits(l.Value) {
				if m.Remaining.Is(0) {
					at := annotate.Span(p.ResponseLine(i), m.At, m.End())
					p.Note(at, "the quota is used up (RateLimit: %s)%s", bare(m.Text), resetWords(m.Reset.N, m.Reset.Ok))
					return
				}
			}
		}
		for _, family := range rateFamilies {
			if left, ok := firstNumber(f, family.remaining); ok && left == 0 {
				reset, known := firstNumber(f, family.reset)
				p.Note(p.ResponseField(family.remaining), "the quota is used up (%v: 0)%s", family.remaining, resetWords(reset, known))
				return
			}
		}
	},
}

// resetWords says when a quota is whole again. The number is of seconds from
// now or, as many APIs have it, a time since 1970.
func resetWords(n int64, known bool) string {
	if !known {
		return ""
	}
	if t, ok := epoch(n); ok {
		return ", it is full again at " + t.Format("2006-01-02 15:04:05") + " UTC"
	}
	return ", it is full again in " + inWords(n)
}

var statusRateLimitFieldsConflict = &annotate.Rule{
	ID:       "status/ratelimit-fields-conflict",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "the remaining quota is larger than the quota",
	Refs:     []string{"draft-ietf-httpapi-ratelimit-headers"},
	Doc: "The remaining quota can't be larger than the quota, so one of the two numbers is wrong or belongs to another policy. " +
		"Usually two limiters write the same headers. Clients that use these numbers get refused, or wait without need.",
	Help: "send limit and remaining of the same policy",
	Bad: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< RateLimit-Policy: "minute";q=10;w=60, "hour";q=100;w=3600
< RateLimit: "minute";r=50;t=30
< Content-Length: 2
<
< ok
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< X-RateLimit-Limit: 60
< X-RateLimit-Remaining: 4999
< Content-Length: 2
<
< ok
`},
	Good: []string{`> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< RateLimit-Policy: "minute";q=10;w=60, "hour";q=100;w=3600
< RateLimit: "hour";r=50;t=30
< X-RateLimit-Limit: 60
< X-RateLimit-Remaining: 60
< Content-Length: 2
<
< ok
`, `# of two families
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< X-RateLimit-Limit: 60
< RateLimit-Remaining: 100
< Content-Length: 2
<
< ok
`},
	When: whenRateLimited,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		for i, l := range f.Each(exchange.FieldRateLimit) {
			if !f.Has(exchange.FieldRateLimitPolicy) {
				break
			}
			for m := range field.RateLimits(l.Value) {
				if quota, ok := quotaOf(f, m.Name); ok && m.Remaining.Ok && m.Remaining.N > quota {
					p.Note(annotate.Span(p.ResponseLine(i), m.At, m.End()), "RateLimit says that %d are left of policy %s, but its quota is %d",
						m.Remaining.N, quoted(m.Name), quota)
				}
			}
		}
		for _, family := range rateFamilies {
			left, hasLeft := firstNumber(f, family.remaining)
			limit, hasLimit := firstNumber(f, family.limit)
			if hasLeft && hasLimit && left > limit {
				p.Note(p.ResponseField(family.remaining), "%v is %d, more than %v, which is %d", family.remaining, left, family.limit, limit)
			}
		}
	},
}

// quotaOf is the quota of the policy of that name in RateLimit-Policy.
func quotaOf(f *exchange.Fields, policy string) (int64, bool) {
	if policy == "" {
		return 0, false
	}
	for _, l := range f.Each(exchange.FieldRateLimitPolicy) {
		for m := range field.RateLimits(l.Value) {
			if m.Name == policy && m.Quota.Ok {
				return m.Quota.N, true
			}
		}
	}
	return 0, false
}

var statusRateLimitResetDate = &annotate.Rule{
	ID:       "status/ratelimit-reset-date",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "RateLimit-Reset is a date instead of a number of seconds",
	Refs:     []string{"draft-ietf-httpapi-ratelimit-headers"},
	Doc: "RateLimit-Reset is the number of seconds until the quota is full again. This value is a date or a time since 1970, as in many X-RateLimit-Reset. " +
		"A client that follows the draft waits for decades, or ignores the header and retries at once.",
	Help: "send the remaining seconds, for example RateLimit-Reset: 30",
	Bad: []string{responded("HTTP/1.1 200 OK", "RateLimit-Limit: 100", "RateLimit-Remaining: 50", "RateLimit-Reset: 1767323045", "Content-Type: text/plain", "Content-Length: 2") + "< ok\n",
		answered("RateLimit-Reset: Fri, 02 Jan 2026 03:04:05 GMT"), answered("RateLimit-Reset: 2026-01-02T03:04:05Z")},
	Good: []string{answered("RateLimit-Reset: 30"), answered("X-RateLimit-Reset: 1767323045")},
	When: annotate.When{Fields: []exchange.Name{exchange.FieldRateLimitReset}},
	Once: routeKey,
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		value := f.Value(exchange.FieldRateLimitReset)
		if n, ok := firstNumber(f, exchange.FieldRateLimitReset); ok {
			if t, isTime := epoch(n); isTime {
				p.Note(p.ResponseField(exchange.FieldRateLimitReset), "RateLimit-Reset is %d; as seconds, that is a wait of %s; as a time, it is %s UTC", n, inWords(n), t.Format("2006-01-02 15:04:05"))
			}
			return
		}
		if !exchange.IsRedacted(value) {
			p.Note(p.ResponseField(exchange.FieldRateLimitReset), "RateLimit-Reset is %s; it must be a number of seconds", quoted(value))
		}
	},
}

var status429QuotaLeft = &annotate.Rule{
	ID:       "status/429-quota-left",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a 429 although there is quota left",
	Refs:     []string{"RFC 6585 §4", "draft-ietf-httpapi-ratelimit-headers"},
	Doc: "The 429 says that the client sent too many requests, but the headers say that requests are left. " +
		"So the client hit another limit, such as one per second, per user, or of a proxy, and these headers don't say when it ends. " +
		"A client that uses them retries at once and is refused again.",
	Help: "find the limit that refused the request, and report that one in the 429, with Retry-After",
	Bad:  []string{responded("HTTP/1.1 429 Too Many Requests", "Retry-After: 5", "X-RateLimit-Limit: 2000", "X-RateLimit-Remaining: 1990", "Content-Type: text/plain", "Content-Length: 2") + "< no\n"},
	Good: []string{responded("HTTP/1.1 429 Too Many Requests", "Retry-After: 5", "X-RateLimit-Limit: 2000", "X-RateLimit-Remaining: 0", "Content-Type: text/plain", "Content-Length: 2") + "< no\n"},
	When: annotate.When{Status: []int{429}, Fields: whenRateLimited.Fields},
	Check: func(p *annotate.Pass) {
		for _, family := range rateFamilies {
			if left, ok := firstNumber(&p.X.Response.Fields, family.remaining); ok && left > 0 {
				p.Note(p.ResponseField(family.remaining), "the 429 says that there were too many requests, but %v says that %d are left", family.remaining, left)
				return
			}
		}
	},
}
