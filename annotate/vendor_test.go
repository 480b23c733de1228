package annotate_test

import (
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

// TestVendorsAreComplete holds each row to what the rules need of it.
func TestVendorsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, v := range annotate.Vendors() {
		if names[v.Name] || v.Name == "" || v.Ask == "" || !strings.HasPrefix(v.URL, "https://") {
			t.Errorf("%q: ask %q, at %q, twice: %v", v.Name, v.Ask, v.URL, names[v.Name])
		}
		names[v.Name] = true
		seen := map[string]bool{}
		for _, c := range v.Codes {
			key := strings.Join([]string{c.Field.String(), c.Value, c.Page, string(rune(c.Status))}, " ")
			switch {
			case seen[key]:
				t.Errorf("%s %s stands there twice", v.Name, c.Code)
			case c.Means == "" || c.Do == "" || c.Who == "" || strings.HasSuffix(c.Means, ".") || strings.HasSuffix(c.Do, "."):
				t.Errorf("%s %s: means %q, do %q, who %q", v.Name, c.Code, c.Means, c.Do, c.Who)
			case c.Field != 0 && c.Page != "", c.Page != "" && c.Status == 0, c.Field == 0 && c.Page == "" && (c.Status < 400 || len(v.Marks) == 0):
				t.Errorf("%s %s can't be told", v.Name, c.Code)
			}
			seen[key] = true
			for _, n := range append(v.IDs, c.Field) {
				if n == 0 {
					continue
				}
				if f, ok := annotate.LookupField(n); !ok || f.Direction == annotate.InRequests {
					t.Errorf("%s: %v is not described, or not of responses", v.Name, n)
				}
			}
		}
	}
}

func TestVendorQuote(t *testing.T) {
	response := func(lines ...string) *exchange.Fields {
		x, err := exchange.ParseText("> GET / HTTP/1.1\n>\n< HTTP/1.1 500 x\n< " + strings.Join(lines, "\n< ") + "\n<\n")
		if err != nil {
			t.Fatal(err)
		}
		return &x.Response.Fields
	}
	for _, c := range []struct {
		vendor string
		fields *exchange.Fields
		want   string
	}{
		{"Cloudflare", response("CF-Ray: 7-FRA"), "CF-Ray 7-FRA"},
		{"Cloudflare", response("Server: cloudflare"), ""},
		{"Cloudflare", response("CF-Ray: [redacted:5f1a2c]"), ""},
		{"Amazon S3", response("X-Amz-Id-2: b", "X-Amz-Request-Id: a"), "X-Amz-Request-Id a and X-Amz-Id-2 b"},
		{"AWS", response("X-Amz-Apigw-Id: b", "X-Amzn-RequestId: a"), "X-Amzn-RequestId a"},
		{"Cloudflare", response("CF-Ray: " + strings.Repeat("7", 500)), "CF-Ray " + strings.Repeat("7", 120) + "..."},
	} {
		for _, v := range annotate.Vendors() {
			if v.Name == c.vendor {
				if got := v.Quote(c.fields); got != c.want {
					t.Errorf("%s: %q, want %q", c.vendor, got, c.want)
				}
			}
		}
	}
}
