package rules_test

import "testing"

func TestETagsWithCodingSuffix(t *testing.T) {
	const rule = "conditional/304-etag-not-in-if-none-match"
	for _, c := range []struct {
		held, sent string
		want       bool
	}{
		{`"1-gzip"`, `"1"`, false},
		{`"1"`, `"1--gzip"`, false},
		{`"1;gzip"`, `W/"1-br"`, false},
		{`"1-gz"`, `"1-zstd"`, false},
		{`abc`, `"abc"`, false}, // without quotes, but meant
		{`"1gzip"`, `"1"`, true},
		{`"gzip"`, `"br"`, true},
		{`"1-gzip"`, `"2-gzip"`, true},
		{`W/"1"`, `"2"`, true},
	} {
		text := "> GET /a HTTP/1.1\n> Host: shop.test\n> If-None-Match: " + c.held +
			"\n>\n< HTTP/1.1 304 Not Modified\n< ETag: " + c.sent + "\n<\n"
		if got := fires(t, rule, text); got != c.want {
			t.Errorf("%s, %s: %v", c.held, c.sent, got)
		}
	}
}
