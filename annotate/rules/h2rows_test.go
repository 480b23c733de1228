package rules_test

import (
	"slices"
	"strings"
	"testing"

	"sidenote/exchange"
)

// TestRowsOfH2 holds the rules whose row in the catalogue names HTTP/2 to an exchange
// of that version as it is recorded live, and to the same out of a file of --save.
func TestRowsOfH2(t *testing.T) {
	set := allOn(t)
	for id, text := range map[string]string{
		"framing/204-with-body":                        "> GET / HTTP/2\n> host: shop.test\n>\n< HTTP/2 204\n<\n< x\n",
		"framing/head-response-with-body":              "> HEAD / HTTP/2\n> host: shop.test\n>\n< HTTP/2 200\n<\n< x\n",
		"framing/body-longer-than-content-length":      "> GET / HTTP/2\n> host: shop.test\n>\n< HTTP/2 200\n< content-length: 1\n<\n< xyz\n",
		"framing/body-shorter-than-content-length":     "> GET / HTTP/2\n> host: shop.test\n>\n< HTTP/2 200\n< content-length: 9\n<\n< xyz\n* content response incomplete\n* error content_truncated \"9 bytes were announced, 3 came\"\n",
		"content/trace-with-content":                   "> TRACE / HTTP/2\n> host: shop.test\n>\n> x\n< HTTP/2 200\n<\n",
		"framing/expect-continue-without-body":         "* timing request-sent=1ms response-at=5ms\n> POST / HTTP/2\n> host: shop.test\n> expect: 100-continue\n>\n< HTTP/2 200\n<\n",
		"h2/connection-specific-field":                 "> GET / HTTP/2\n> host: shop.test\n>\n< HTTP/2 200\n< keep-alive: timeout=5\n<\n",
		"h2/te-not-trailers":                           "> GET / HTTP/2\n> host: shop.test\n> te: gzip\n>\n< HTTP/2 200\n<\n",
		"h2/101":                                       "> GET / HTTP/2\n> host: shop.test\n>\n< HTTP/2 101\n<\n",
		"syntax/host-missing":                          "> GET / HTTP/2\n>\n< HTTP/2 200\n<\n",
		"status/101-websocket-subprotocol-not-offered": "> CONNECT /chat HTTP/2\n> host: shop.test\n> sec-websocket-version: 13\n> sec-websocket-protocol: a\n>\n< HTTP/2 200\n< sec-websocket-protocol: b\n<\n",
	} {
		x, err := exchange.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := exchange.ParseJSON(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
		if err != nil {
			t.Fatal(err)
		}
		for name, x := range map[string]*exchange.Exchange{"live": x, "saved": saved} {
			var ids []string
			for _, n := range set.All(x, nil) {
				ids = append(ids, n.Rule.ID)
			}
			if !slices.Contains(ids, id) {
				t.Errorf("%s, %s: the notes are %s", id, name, strings.Join(ids, ", "))
			}
		}
	}
}
