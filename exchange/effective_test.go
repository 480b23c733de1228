package exchange_test

import (
	"strings"
	"testing"

	"sidenote/exchange"
	"sidenote/exchange/inside"
)

func textExchange(t testing.TB, text string) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// answer is an exchange whose response has a head and content.
func answer(t testing.TB, request, response string) *exchange.Exchange {
	t.Helper()
	mark := func(m, s string) string {
		return m + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+m) + "\n"
	}
	return textExchange(t, strings.ReplaceAll(mark("> ", request)+mark("< ", response), "< ~ ", "<~ "))
}

func TestEffective(t *testing.T) {
	const get, post = "GET / HTTP/1.1\nHost: a.test\n\n", "POST /api HTTP/1.1\nHost: a.test\nContent-Type: application/json\n\n"
	const json = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n"
	tests := []struct{ name, request, response, want string }{
		{"a success", get, "HTTP/1.1 200 OK\nContent-Type: text/html\n\n<p>error</p>", "ok"},
		{"a redirect", get, "HTTP/1.1 302 Found\nLocation: /b\n\n", "ok"},
		{"a client error", get, "HTTP/1.1 404 Not Found\nContent-Type: application/json\n\n{\"error\":\"x\"}", "error"},
		{"a server error", get, "HTTP/1.1 500 Oops\n\n", "error"},
		{"HEAD", "HEAD / HTTP/1.1\nHost: a.test\n\n", json, "ok"},
		{"a range", get, "HTTP/1.1 206 Partial Content\nContent-Type: application/json\nContent-Range: bytes 0-14/99\n\n{\"ok\":false}   ", "ok"},
		{"an object that failed", get, json + `{"ok":false,"error":"x"}`, "error json"},
		{"JSON-RPC", post + `{"jsonrpc":"2.0","method":"x","id":1}`, json + `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}`, "error jsonrpc -32601"},
		{"MCP by its method", post + `{"jsonrpc":"2.0","method":"tools/call","id":1}`, json + `{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}`, "error mcp -32602"},
		{"GraphQL by its document", post + `{"query":"{ me }"}`, json + `{"errors":[{"message":"no"}],"data":{"me":null}}`, "partial graphql"},
		{"a search is not GraphQL", post + `{"query":"shoes"}`, json + `{"errors":[{"message":"no"}],"took":3,"hits":[1]}`, "ok"},
		{"gRPC in trailers", "POST /a.B/C HTTP/2\nHost: a.test\ncontent-type: application/grpc\n\n", "HTTP/2 200\ncontent-type: application/grpc\n\nx\n~ grpc-status: 5\n~ grpc-message: no order 7%21", "error grpc NOT_FOUND"},
		{"gRPC without messages", "POST /a.B/C HTTP/2\nHost: a.test\ncontent-type: application/grpc\n\n", "HTTP/2 200\ncontent-type: application/grpc\ngrpc-status: 13\n\n", "error grpc INTERNAL"},
		{"gRPC that went well", "POST /a.B/C HTTP/2\nHost: a.test\ncontent-type: application/grpc\n\n", "HTTP/2 200\ncontent-type: application/grpc\n\nx\n~ grpc-status: 0", "ok"},
		{"gRPC without a status", "POST /a.B/C HTTP/2\nHost: a.test\ncontent-type: application/grpc\n\n", "HTTP/2 200\ncontent-type: application/grpc\n\nx", "unknown"},
		{"gRPC with a code of its own", "POST /a.B/C HTTP/2\nHost: a.test\ncontent-type: application/grpc\n\n", "HTTP/2 200\ncontent-type: application/grpc\ngrpc-status: 77\n\n", "error grpc 77"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := answer(t, tt.request, tt.response)
			e := x.Effective()
			if got := strings.TrimSpace(e.Outcome.String() + " " + string(e.Protocol) + " " + e.Code); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if e.IsInside() != strings.Contains(tt.want, " ") {
				t.Errorf("inside a success: %v", e.IsInside())
			}
			if x.Effective() != e {
				t.Error("it was found out twice")
			}
		})
	}
}

func TestEffectiveWithoutAResponse(t *testing.T) {
	x := textExchange(t, "> GET / HTTP/1.1\n> Host: a.test\n>\n")
	x.Err = &exchange.Err{Code: exchange.ErrClientGone}
	if e := x.Effective(); e.Outcome != inside.Failed || !e.IsError() {
		t.Errorf("got %v", e.Outcome)
	}
	made := answer(t, "GET / HTTP/1.1\nHost: a.test\n\n", "HTTP/1.1 502 Bad Gateway\n\n")
	made.Response.Made = true
	if e := made.Effective(); e.Outcome != inside.Failed {
		t.Errorf("a response that the proxy made is %v", e.Outcome)
	}
}

// Content that was not kept, or not to its end, is never guessed at.
func TestEffectiveOfContentThatWasNotKept(t *testing.T) {
	const body = `{"ok":false,"error":"x"}`
	response := func(kind string) *exchange.Exchange {
		return answer(t, "GET / HTTP/1.1\nHost: a.test\n\n", "HTTP/1.1 200 OK\nContent-Type: "+kind+"\n\n"+body)
	}
	for _, kind := range []string{"application/json", "application/vnd.api+json; charset=utf-8", "text/xml", "text/event-stream", "multipart/mixed; boundary=b", "application/soap+xml"} {
		x := response(kind)
		x.Response.Content.Kept, x.Response.Content.Truncated = nil, true
		if e := x.Effective(); e.Outcome != inside.Unknown || e.IsError() {
			t.Errorf("%s that was not kept: %v", kind, e.Outcome)
		}
	}
	for _, kind := range []string{"text/html", "image/png", "application/octet-stream"} {
		x := response(kind)
		x.Response.Content.Kept, x.Response.Content.Truncated = nil, true
		if e := x.Effective(); e.Outcome != inside.OK {
			t.Errorf("%s that was not kept: %v", kind, e.Outcome)
		}
	}
	x := response("application/json")
	x.Response.Content.Kept, x.Response.Content.Truncated = x.Response.Content.Kept[:12], true
	if e := x.Effective(); e.Outcome != inside.Unknown {
		t.Errorf("cut: %v", e.Outcome)
	}
	empty := answer(t, "GET / HTTP/1.1\nHost: a.test\n\n", "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 0\n\n")
	if e := empty.Effective(); e.Outcome != inside.OK {
		t.Errorf("empty: %v", e.Outcome)
	}
}

// What a copy with less content keeps, and what a record of it holds, is what the
// whole content told.
func TestEffectSurvivesTheContent(t *testing.T) {
	x := answer(t, "POST /graphql HTTP/1.1\nHost: a.test\nContent-Type: application/json\n\n"+`{"query":"mutation Pay { pay }","variables":{}}`,
		"HTTP/1.1 200 OK\nContent-Type: application/json\n\n"+`{"errors":[{"message":"no card","extensions":{"code":"FORBIDDEN"}}],"data":null}`)
	slim := x.Slim(4)
	back, err := exchange.ParseJSON(slim.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
	if err != nil {
		t.Fatal(err)
	}
	for name, y := range map[string]*exchange.Exchange{"whole": x, "slim": slim, "read again": back} {
		e := y.Effective()
		if e.Outcome != inside.Error || e.Protocol != inside.GraphQL || e.Code != "FORBIDDEN" || e.Message != "no card" || !e.ByClient {
			t.Errorf("%s: %+v", name, e.Finding)
		}
	}
	if got := slim.Operation().String(); got != "mutation Pay" {
		t.Errorf("operation of the slim copy: %q", got)
	}
}

func TestEffectOfARecordThatCannotBe(t *testing.T) {
	for _, claim := range []string{
		`{"outcome":"error","protocol":"nonsense"}`, `{"outcome":"error","protocol":"json","failed":9,"calls":2}`, `{"outcome":"failed"}`,
		`{"outcome":"error","protocol":"json","message":"` + strings.Repeat("x", 5000) + `"}`,
	} {
		x := answer(t, "GET / HTTP/1.1\nHost: a.test\n\n", "HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"a\":1}").Slim(2)
		record := strings.Replace(string(x.AppendJSON(nil, exchange.EncodeOptions{Full: true})), `{"outcome":"ok"}`, claim, 1)
		y, err := exchange.ParseJSON([]byte(record))
		if err != nil {
			t.Fatal(err)
		}
		if e := y.Effective(); e.Outcome != inside.Unknown {
			t.Errorf("%.60s was believed: %+v", claim, e.Finding)
		}
	}
}
