package rules_test

import (
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

func toServer(request string) string {
	return "> " + request + ">\n< HTTP/1.1 200 OK\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n"
}

// TestSyntaxEdges has cases beside the examples: where one rule ends and the next begins.
func TestSyntaxEdges(t *testing.T) {
	const get = "GET /a HTTP/1.1\n> Host: shop.test\n"
	for _, c := range []struct {
		rule, text string
		want       bool
	}{
		{"syntax/obs-fold", toServer("GET /a HTTP/1.1\n>  Host: shop.test\n>  more\n"), true},
		{"syntax/whitespace-before-first-field", toServer("GET /a HTTP/1.1\n>  Host: shop.test\n"), true},
		{"syntax/obs-fold", toServer("GET /a HTTP/1.1\n>  Host: shop.test\n"), false},
		{"syntax/request-head-malformed", toServer("GET /a b HTTP/1.1\n> Host: shop.test\n"), false},
		{"syntax/request-target-syntax", toServer("GET /a b HTTP/1.1\n> Host: shop.test\n"), true},
		{"syntax/request-target-lax-characters", toServer("GET /a?[redacted:9f3c21] HTTP/1.1\n> Host: shop.test\n"), false},
		{"syntax/singleton-field-repeated", toServer(get + "> X-Unknown: a\n> X-Unknown: b\n"), false},
		{"syntax/list-empty-element", toServer(get + "> Accept: \"a,,b\"\n"), false},
		{"syntax/date-invalid", toServer(get + "> If-Modified-Since: never\n"), false},
		{"syntax/field-value-syntax", toServer(get + "> If-Modified-Since: never\n"), true},
		{"syntax/field-value-syntax", toServer(get + "> If-Modified-Since: Tue, 99 Nov 2022 08:12:31 GMT\n"), false},
		{"syntax/date-obsolete-format", toServer(get + "> If-Range: \"Tue Nov 15 08:12:31 2022\"\n"), false},
		{"syntax/structured-field-invalid", toServer(get + "> Priority: [redacted:9f3c21]\n"), false},
		{"framing/content-length-invalid", toServer("POST /a HTTP/1.1\n> Host: shop.test\n> Content-Length: 1\n> Content-Length: 2\n"), false},
		{"framing/multiple-content-length-differ", toServer("POST /a HTTP/1.1\n> Host: shop.test\n> Content-Length: 1\n> Content-Length: 2\n"), true},
		{"auth/bearer-credentials-malformed", toServer(get + "> Authorization: Bearer [redacted:9f3c21]\n"), false},
		{"auth/basic-credentials-malformed", toServer(get + "> Authorization: Basic [redacted:9f3c21]\n"), false},
		{"auth/bearer-over-cleartext", toServer(get + "> Authorization: Bearer [redacted:9f3c21]\n"), true},
		{"link/missing-rel", toServer(get), false},
	} {
		if got := fires(t, c.rule, c.text); got != c.want {
			t.Errorf("%s: %v over\n%s", c.rule, got, c.text)
		}
	}
}

// TestRefusedRequests: what net/http refuses is judged by its octets, and the
// general failure is silent beside the rule that says what is wrong.
func TestRefusedRequests(t *testing.T) {
	for rule, request := range map[string]string{
		"syntax/host-missing":              "> GET /a HTTP/1.1\n> Accept: */*\n",
		"syntax/field-name-trailing-space": "> GET /a HTTP/1.1\n> Host: shop.test\n> Shop-Trace : 1\n",
		"syntax/method-invalid":            "> G(T /a HTTP/1.1\n> Host: shop.test\n",
	} {
		text := "* error request_malformed \"bad\"\n* made\n" + request + ">\n< HTTP/1.1 400 Bad Request\n< Content-Length: 0\n<\n"
		if !fires(t, rule, text) {
			t.Errorf("%s is silent", rule)
		}
		if fires(t, "failure/request-malformed", text) {
			t.Errorf("failure/request-malformed speaks beside %s", rule)
		}
	}
}

// FuzzHeads: no rule panics over any head.
func FuzzHeads(f *testing.F) {
	f.Add("Host: shop.test", "Content-Type: text/html")
	f.Add("Authorization: Basic a:b", "Link: <a>; rel=next; title*=x")
	f.Add("NEL: [", `Report-To: {"endpoints":[{}]}`)
	set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request, response string) {
		x := parse(t, "> GET /a HTTP/1.1\n>\n< HTTP/1.1 200 OK\n<\n")
		x.Request.RawHead = "GET /a HTTP/1.1\r\n" + request + "\r\n\r\n"
		x.Response.RawHead = "HTTP/1.1 200 OK\r\n" + response + "\r\n\r\n"
		_, x.Request.Fields = exchange.ParseHead(x.Request.RawHead)
		_, x.Response.Fields = exchange.ParseHead(x.Response.RawHead)
		for _, n := range set.All(x, nil) {
			if s := x.Text(n.Place); n.Place.End > len(s) || n.Place.Start > n.Place.End || n.Place.Start < 0 {
				t.Fatalf("%s points at bytes %d-%d of %q", n.Rule.ID, n.Place.Start, n.Place.End, s)
			}
		}
	})
}
