package rules_test

import (
	"testing"

	"sidenote/exchange"
)

// TestShortContentExemptions has the cases in which a failed exchange has
// content shorter than announced, or seems to, and the length is not to blame.
func TestShortContentExemptions(t *testing.T) {
	const rule = "framing/body-shorter-than-content-length"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"cut": {`* error content_truncated "unexpected EOF"
> GET /a HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 100
<
< abc
* content response incomplete
`, true},
		"chunked has no announced length": {`* error content_truncated "unexpected EOF"
> GET /a HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Transfer-Encoding: chunked
< Content-Length: 100
<
< abc
* content response incomplete
`, false},
		"to HEAD": {`* error content_truncated "unexpected EOF"
> HEAD /a HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 100
<
* content response incomplete
`, false},
		"reset by sidenote's own shutdown": {`* error proxy_shutdown ""
> GET /a HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 100
<
< abc
* content response incomplete
`, false},
		"a length that is none": {`* error content_truncated "unexpected EOF"
> GET /a HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: many
<
< abc
* content response incomplete
`, false},
		"request cut, no response": {`* error request_truncated "unexpected EOF"
> POST /a HTTP/1.1
> Host: shop.test
> Content-Length: 100
>
> abc
* content request incomplete
`, true},
		"request cut because the answer was there": {`* error request_truncated "broken pipe"
> POST /a HTTP/1.1
> Host: shop.test
> Content-Length: 100
>
> abc
< HTTP/1.1 413 Content Too Large
< Content-Length: 2
<
< no
* content request incomplete
`, false},
	} {
		if got := fires(t, rule, c.text); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestContentFromCache: browsers write what they had stored into a capture as
// the content of a 304.
func TestContentFromCache(t *testing.T) {
	const text = "> GET /a HTTP/2\n> Host: shop.test\n> User-Agent: t\n> If-None-Match: \"1\"\n>\n< HTTP/2 304\n< ETag: \"1\"\n<\n* content response size=12\n"
	set := allOn(t)
	x := parse(t, text)
	if len(set.All(x, nil)) == 0 {
		t.Error("no note on a live record")
	}
	x.Source = exchange.Source{File: "browser.har", Lacks: exchange.LacksFraming}
	for _, n := range set.All(x, nil) {
		t.Errorf("%s: %s", n.Rule.ID, n.Message)
	}
}
