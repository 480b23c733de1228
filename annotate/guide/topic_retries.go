package guide

import "sidenote/exchange"

var retriesTopic = Topic{
	Name: "retries", Aliases: []string{"retry", "backoff", "rate limits", "rate-limits"},
	Title: "Retries: may I send it again, and when?",
	Intro: []string{
		"Before a client sends a request again, it needs three answers. Can it succeed this time? Does it do harm if the first one was carried out? How long should it wait?",
	},
	Sections: []Section{
		{"1. Can it succeed?", []string{
			"After 408, 425, 429, 500, 502, 503 and 504, and after a broken connection: perhaps. After other 4xx: no, change the request first. After 401: once, with new credentials.",
		}, nil},
		{"2. Does it do harm?", []string{
			"GET, HEAD, PUT and DELETE have the same result when they are done twice. A POST may create a second order. After a timeout, no one knows whether the first one was carried out. An Idempotency-Key lets the server recognise the second try, if the API supports it.",
		}, []Example{
			ok("The key is the same in each try. The server creates one order.", "POST /orders\nIdempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\"\nContent-Type: application/json\n\n{\"item\":12}", "201\nLocation: /orders/7"),
		}},
		{"3. How long to wait?", []string{
			"Retry-After says it: a number of seconds, or a date. Without it, wait 1 s, then 2, 4, 8, up to a limit, each with a random part. Stop after a few tries. If thousands of clients wait for exactly the same time, they all come back at once.",
		}, []Example{
			ok("Come back in 30 seconds.", getOrder, "429\nRetry-After: 30\n"+problem(429, "100 requests a minute are allowed")),
			bad("status/429-missing-retry-after", "Each client guesses. Many try again at once and make it worse.", getOrder, "429\n"+problem(429, "Too many requests")),
			bad("status/retry-after-invalid", "Retry-After takes whole seconds or a date. Clients ignore 30s, or read it as 0.", getOrder, "503\nRetry-After: 30s\n"+problem(503, "Closed for maintenance")),
			bad("status/retry-after-invalid", "A date must be in the form of HTTP: Fri, 02 Jan 2026 03:04:05 GMT.", getOrder, "503\nRetry-After: 2026-01-02T03:04:05Z\n"+problem(503, "Closed for maintenance")),
		}},
	},
	Statuses: []int{408, 425, 429, 500, 502, 503, 504},
	Fields:   []exchange.Name{exchange.FieldRetryAfter, exchange.FieldIdempotencyKey, exchange.FieldRateLimit, exchange.FieldRateLimitPolicy},
	Rules:    nil,
	Refs:     []string{"RFC 9110 §9.2.2", "RFC 9110 §10.2.3", "RFC 6585 §4"},
}
