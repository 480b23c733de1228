package annotate_test

import (
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

func TestReason(t *testing.T) {
	for _, c := range []struct{ kind, content, want string }{
		{"application/problem+json", `{"title":"No such cart","detail":"cart 7 is gone","status":404}`, "No such cart: cart 7 is gone"},
		{"application/problem+json", `{"title":"No such cart"}`, "No such cart"},
		{"application/json", `{"message":"bad\n  token"}`, "bad token"},
		{"application/json", `{"error":"invalid_grant","error_description":"the code has expired"}`, "the code has expired"},
		{"application/json", `{"error":{"code":7,"message":"quota"}}`, "quota"},
		{"application/json", `{"errors":[{"detail":"name is required"}]}`, "name is required"},
		{"application/json", `{"errors":["first","second"]}`, "first"},
		{"application/json", `[]`, ""},
		{"application/json", `{"a":1}`, ""},
		{"application/json", `{"error":`, ""},
		{"text/html; charset=utf-8", "<html><head><TITLE>502 Bad\nGateway &amp; more</title>", "502 Bad Gateway & more"},
		{"text/html", "<p>no title</p>", ""},
		{"text/plain", "\n\nfirst line\nsecond", "first line"},
		{"image/png", "x", ""},
		{"text/html", "<title>404 Not Found</title>", ""},
		{"text/html", "<title>404 Page Missing</title>", ""},
		{"text/plain", "not found\n", ""},
		{"text/plain", "404 page not found: /x", "404 page not found: /x"},
		{"text/plain", "404", "404"},
		{"text/plain", strings.Repeat("é", 200), strings.Repeat("é", 80) + "…"},
	} {
		x, err := exchange.ParseText("> GET / HTTP/1.1\n>\n< HTTP/1.1 404 Not Found\n< Content-Type: " + c.kind + "\n<\n")
		if err != nil {
			t.Fatal(err)
		}
		x.Response.Content.Kept = []byte(c.content)
		if got := annotate.Reason(x); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.kind, c.content, got, c.want)
		}
	}
}

func FuzzReason(f *testing.F) {
	f.Add("application/json", `{"error":{"message":"x"}}`)
	f.Add("text/html", "<title>x</title>")
	f.Fuzz(func(t *testing.T, kind, content string) {
		x := &exchange.Exchange{}
		x.Response.Status = 500
		x.Response.Fields.Add("Content-Type", kind)
		x.Response.Content.Kept = []byte(content)
		if got := annotate.Reason(x); len(got) > 170 || strings.ContainsAny(got, "\n\r") {
			t.Errorf("%q", got)
		}
	})
}
