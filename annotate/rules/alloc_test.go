package rules_test

import (
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// clean is a typical exchange of an API in which nothing is wrong.
const clean = `* id 7f3k
* started 2026-01-02T03:04:05Z
* scheme https
* client peer=127.0.0.1:5000 tls=0x0304 alpn=http/1.1 sni=api.shop.test
* origin peer=203.0.113.5:443 tls=0x0304 cipher=0x1301 alpn=http/1.1 sni=api.shop.test cert-subject="CN=api.shop.test" cert-names="api.shop.test" cert-not-before=2025-12-01T00:00:00Z cert-not-after=2026-03-01T00:00:00Z
* timing head-sent=4ms request-sent=5ms first-byte=43ms response-at=43ms done=44ms
> POST /v1/orders?expand=lines&limit=20 HTTP/1.1
> Host: api.shop.test
> User-Agent: shop-client/1.2
> Accept: application/json
> Accept-Encoding: gzip
> Authorization: Bearer abc
> Content-Type: application/json
> Content-Length: 24
> Idempotency-Key: "8e03978e-40d5-43dd"
>
> {"sku":"A-7","qty":1234}
< HTTP/1.1 200 OK
< Date: Fri, 02 Jan 2026 03:04:05 GMT
< Server: shop
< Content-Type: application/json
< Content-Length: 57
< Cache-Control: no-store
< Vary: Accept-Encoding, Origin
< X-Request-ID: 8e03978e
< X-RateLimit-Limit: 60
< X-RateLimit-Remaining: 59
< X-RateLimit-Reset: 1767323045
< RateLimit: "minute";r=59;t=30
< Strict-Transport-Security: max-age=31536000
< ETag: "v7"
<
< {"id":7,"lines":[{"sku":"A-7","qty":1234}],"error":null} 
`

// fiveNotes is an exchange with a good deal wrong.
const fiveNotes = `* started 2026-01-02T03:04:05Z
* origin peer=203.0.113.5:443
> POST /v1/orders HTTP/1.1
> Host: api.shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 429 Too Many Requests
< Age: 12
< Retry-After: 30s
< RateLimit-Policy: "minute";q=10
< RateLimit: "minute";r=50;t=30
< X-RateLimit-Limit: 60
< X-RateLimit-Remaining: 99
< Content-Type: application/json
< Content-Length: 33
<
< {"trace":"goroutine 7 [running]"
`

func defaultSet(t testing.TB) *annotate.Set {
	t.Helper()
	s, err := annotate.NewSet(rules.All(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, text string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func BenchmarkClean(b *testing.B) { benchmark(b, clean, 0) }

func BenchmarkFiveNotes(b *testing.B) { benchmark(b, fiveNotes, 5) }

func benchmark(b *testing.B, text string, want int) {
	set, x := defaultSet(b), parse(b, text)
	notes := make([]annotate.Note, 0, 16)
	if n := len(set.All(x, notes)); n < want || want == 0 && n > 0 {
		b.Fatalf("%d notes, want %d", n, want)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.All(x, notes)
	}
}
