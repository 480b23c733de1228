package inside_test

import (
	"strings"
	"testing"

	"sidenote/exchange/inside"
)

// Bodies that would take for ever, or all of the stack, if anything in them were
// read again and again.
func TestHostileBodies(t *testing.T) {
	const n = 30_000
	for name, c := range map[string]inside.Content{
		"errors in errors":       {Type: "application/json", Bytes: []byte(strings.Repeat(`{"error":`, n) + `"x"` + strings.Repeat("}", n))},
		"messages in messages":   {Type: "application/json", Bytes: []byte(`{"ok":false,"error":` + strings.Repeat(`{"message":`, n) + `"x"` + strings.Repeat("}", n) + "}")},
		"lists in lists":         {Type: "application/json", Bytes: []byte(`{"errors":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}")},
		"many errors":            {Type: "application/json", Bytes: []byte(`{"errors":[` + strings.Repeat(`{"message":"x","path":[]},`, n) + `{"message":"x"}]}`)},
		"a batch without end":    {Type: "application/json", Bytes: []byte("[" + strings.Repeat(`{"jsonrpc":"2.0","error":{"code":1}},`, n) + "{}]")},
		"an event of many lines": {Type: "text/event-stream", Bytes: []byte("event: error\n" + strings.Repeat("data: error\n", n) + "\n")},
		"many events":            {Type: "text/event-stream", Bytes: []byte(strings.Repeat("data: {\"error\":1}\n\n", n))},
		"elements in elements":   {Type: "text/xml", Bytes: []byte("<Error>" + strings.Repeat("<a>", n))},
		"many parts":             {Type: "multipart/mixed; boundary=b", Bytes: []byte(strings.Repeat("--b\nContent-Type: application/http\n\nHTTP/1.1 500 X\n\n", n) + "--b--")},
		"parts in parts":         {Type: "multipart/mixed; boundary=b", Bytes: []byte(strings.Repeat("--b\nContent-Type: multipart/mixed; boundary=b\n\n", n))},
	} {
		for _, whole := range []bool{true, false} {
			c.Whole, c.Status = whole, 200
			f := inside.Read(&c)
			if f.Calls > 20_000 || len(f.Message) > inside.MostMessage {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	inside.JSONOperation([]byte(strings.Repeat("[", n)), true)
	inside.GraphQLOperation(strings.Repeat("query A {", n), "B", "", true)
	inside.GraphQLOperation(strings.Repeat("query A { a } ", n), "B", "", true)
}
