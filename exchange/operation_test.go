package exchange_test

import (
	"testing"

	"sidenote/exchange/inside"
)

func TestOperation(t *testing.T) {
	const hash = `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}`
	tests := []struct{ name, target, kind, body, want string }{
		{"a query", "/graphql", "application/json", `{"query":"query Cart($id: ID = \"}{\") { cart(id: $id) { id } }"}`, "graphql query Cart"},
		{"a mutation elsewhere", "/api", "application/json", `{"operationName":"AddToCart","query":"mutation AddToCart { add { id } }"}`, "graphql mutation AddToCart"},
		{"without a name", "/graphql", "application/json", `{"query":"{ me { id } }"}`, "graphql query"},
		{"a comment and a fragment first", "/graphql", "application/json", "{\"query\":\"# query No { a }\\nfragment F on T { a } subscription Ticks { tick }\"}", "graphql subscription Ticks"},
		{"one of several", "/graphql", "application/json", `{"operationName":"B","query":"query A { a } mutation B { b }"}`, "graphql mutation B"},
		{"strings with braces", "/graphql", "application/json", `{"operationName":"B","query":"query A { a(x: \"}\", y: \"\"\"}\"\"\") } mutation B { b }"}`, "graphql mutation B"},
		{"persisted with a name", "/graphql", "application/json", `{"operationName":"Cart",` + hash + `}`, "graphql Cart"},
		{"persisted without one", "/graphql", "application/json", `{` + hash + `}`, "graphql persisted:ecf4edb46db4"},
		{"in the query of the URI", "/graphql?query=query+Cart%7Bcart%7D", "", "", "graphql query Cart"},
		{"persisted in the URI", "/graphql?operationName=Cart&extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22ab12%22%7D%7D", "", "", "graphql Cart"},
		{"a document alone", "/graphql", "application/graphql", "query Cart { cart }", "graphql query Cart"},
		{"a batch of one kind", "/graphql", "application/json", `[{"query":"query A { a }"},{"query":"query A { a }"}]`, "graphql query A"},
		{"a batch of two kinds", "/graphql", "application/json", `[{"query":"query A { a }"},{"query":"query B { b }"}]`, "graphql batch"},
		{"an upload", "/graphql", "multipart/form-data; boundary=b", "--b\nContent-Disposition: form-data; name=\"operations\"\n\n{\"query\":\"mutation Up { up }\"}\n--b--", "graphql mutation Up"},
		{"a search", "/search", "application/json", `{"query":"shoes"}`, ""},
		{"a search with words of GraphQL", "/search", "application/json", `{"query":"query letters"}`, ""},
		{"a search in the URI", "/search?query=shoes", "", "", ""},
		{"JSON-RPC", "/rpc", "application/json", `{"jsonrpc":"2.0","method":"eth_call","params":[],"id":1}`, "jsonrpc eth_call"},
		{"JSON-RPC 1.0", "/", "text/plain", `{"method":"getblock","params":[1],"id":"x"}`, "jsonrpc getblock"},
		{"a batch of JSON-RPC", "/rpc", "application/json", `[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]`, "jsonrpc batch"},
		{"MCP", "/mcp", "application/json", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"}}`, "mcp tools/call weather"},
		{"gRPC", "/shop.v1.Orders/Find", "application/grpc", "", "grpc shop.v1.Orders/Find"},
		{"gRPC-Web", "/shop.v1.Orders/Find", "application/grpc-web+proto", "", "grpc shop.v1.Orders/Find"},
		{"SOAP by its action", "/soap", "application/soap+xml; action=\"urn:shop:PlaceOrder\"", "<a/>", "soap PlaceOrder"},
		{"SOAP by its body", "/soap", "text/xml", `<s:Envelope xmlns:s="x"><s:Header><t>1</t></s:Header><s:Body><m:PlaceOrder xmlns:m="y"/></s:Body></s:Envelope>`, "soap PlaceOrder"},
		{"other XML", "/feed", "text/xml", `<rss/>`, ""},
		{"a name that is none", "/rpc", "application/json", `{"jsonrpc":"2.0","method":"a b\n<script>","id":1}`, ""},
		{"a name that is too long", "/rpc", "application/json", `{"jsonrpc":"2.0","method":"` + string(make([]byte, 100)) + `","id":1}`, ""},
		{"an order", "/orders", "application/json", `{"sku":"A-7","method":"post","id":7}`, ""},
		{"nothing", "/", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			head := "POST " + tt.target + " HTTP/1.1\nHost: a.test\n"
			if tt.kind != "" {
				head += "Content-Type: " + tt.kind + "\n"
			}
			x := answer(t, head+"\n", "HTTP/1.1 204 No Content\n\n")
			x.Request.Content.Kept, x.Request.Content.Complete = []byte(tt.body), true
			op := x.Operation()
			got := string(op.Protocol)
			if op.Protocol != "" {
				got += " " + op.String()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A document that is cut still names its operation, where it says so before.
func TestOperationOfACutDocument(t *testing.T) {
	const body = `{"query":"mutation Pay($a: A) { pay(a: \"x\") { id \n name } }"}`
	for n := len(`{"query":"mutation Pay(`); n < len(body); n++ {
		if op := inside.JSONOperation([]byte(body[:n]), true); op.String() != "mutation Pay" {
			t.Fatalf("cut at %d: %q", n, op)
		}
	}
}

func FuzzOperation(f *testing.F) {
	f.Add([]byte(`{"query":"query A { a }"}`), "query A { a }")
	f.Add([]byte(`[{"jsonrpc":"2.0","method":"a"}]`), `mutation "`)
	f.Fuzz(func(t *testing.T, body []byte, document string) {
		for _, op := range []inside.Operation{inside.JSONOperation(body, true), inside.GraphQLOperation(document, document, document, true), inside.SOAPOperation(document, body)} {
			if len(op.String()) > 200 {
				t.Fatalf("%q", op.String())
			}
			for _, c := range op.String() {
				if c < ' ' || c > '~' {
					t.Fatalf("%q", op.String())
				}
			}
		}
	})
}
