package exchange_test

import (
	"fmt"
	"strings"

	"sidenote/exchange"
)

// A capture is read one exchange at a time, whether a browser saved it as a HAR
// or sidenote as JSONL.
func ExampleReadCapture() {
	const har = `{"log": {"version": "1.2", "creator": {"name": "a", "version": "1"}, "entries": [{
		"startedDateTime": "2026-01-02T03:04:05Z", "time": 12,
		"request": {"method": "GET", "url": "https://shop.test/orders", "httpVersion": "HTTP/1.1", "headers": [], "queryString": [], "cookies": [], "headersSize": -1, "bodySize": 0},
		"response": {"status": 404, "statusText": "Not Found", "httpVersion": "HTTP/1.1", "headers": [], "cookies": [], "content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": -1, "bodySize": 0},
		"cache": {}, "timings": {"send": 1, "wait": 10, "receive": 1}}]}}`
	err := exchange.ReadCapture(strings.NewReader(har), exchange.Capture{
		File: "checkout.har",
		Exchange: func(x *exchange.Exchange) error {
			fmt.Println(x.Response.Status, x.Request.Method, x.URL())
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 404 GET https://shop.test/orders
}

// Field lines keep the case and the order in which they came.
func ExampleParseHead() {
	start, fields := exchange.ParseHead("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nX-Mine: 1\r\nX-mine: 2\r\n\r\n")
	fmt.Println(start)
	fmt.Println(fields.Value(exchange.FieldContentType))
	for _, line := range fields.All() {
		fmt.Println(line.Name, line.Value)
	}
	// Output:
	// HTTP/1.1 200 OK
	// text/plain
	// content-type text/plain
	// X-Mine 1
	// X-mine 2
}

// Secrets are replaced by fingerprints, so that equal ones still look equal.
func ExampleRedactor() {
	r := exchange.NewRedactor([]byte("a key of my own"))
	one, same, other := r.URI("/?token=abcdef"), r.URI("/?token=abcdef"), r.URI("/?token=ghijkl")
	fmt.Println(strings.Contains(one, "abcdef"), one == same, one == other)
	// Output: false true false
}
