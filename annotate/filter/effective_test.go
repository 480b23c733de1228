package filter

import "testing"

// What filters find of errors inside a success, and of operations.
func TestErrorsInsideASuccess(t *testing.T) {
	rows := map[string]*Row{
		"graphql": row(t, `> POST /graphql HTTP/1.1
> Host: a.test
> Content-Type: application/json
>
> {"query":"mutation AddToCart { add }"}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"errors":[{"message":"no"}],"data":{"add":null}}
`, nil),
		"rpc": row(t, `> POST /rpc HTTP/1.1
> Host: a.test
> Content-Type: application/json
>
> {"jsonrpc":"2.0","method":"eth_call","id":1}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}
`, nil),
		"fine":    row(t, "> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< {\"a\":1}\n", nil),
		"missing": row(t, "> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 404 Not Found\n<\n", nil),
		"unkept":  row(t, "> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n* content response size=4096 truncated\n", nil),
	}
	for text, want := range map[string]string{
		"is:error":                             "graphql missing rpc",
		"is:inside":                            "graphql rpc",
		"is:error status:2xx":                  "graphql rpc",
		"effective:ok":                         "fine",
		"effective:partial":                    "graphql",
		"effective:error":                      "missing rpc",
		"effective:unknown":                    "unkept",
		"effective:jsonrpc,graphql":            "graphql rpc",
		"operation:addtocart":                  "graphql",
		"operation:eth_*":                      "rpc",
		"op:*":                                 "graphql rpc",
		"-operation:*":                         "fine missing unkept",
		`route:="/graphql mutation AddToCart"`: "graphql",
		"route:/rpc":                           "rpc",
	} {
		f, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := ""
		for _, name := range []string{"fine", "graphql", "missing", "rpc", "unkept"} {
			if f.Match(rows[name]) {
				got += " " + name
			}
		}
		if got = trimLeft(got); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func trimLeft(s string) string {
	if s != "" {
		return s[1:]
	}
	return s
}
