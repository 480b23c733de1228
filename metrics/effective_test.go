package metrics_test

import (
	"testing"

	"sidenote/metrics"
)

// answering is a call of JSON-RPC of a method, with its answer.
func answering(method, answer string) string {
	return "* authority a.test\n> POST /rpc HTTP/1.1\n> Host: a.test\n> Content-Type: application/json\n>\n> {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method +
		"\"}\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n< {\"jsonrpc\":\"2.0\",\"id\":1," + answer + "}\n"
}

func TestEffectiveOutcomes(t *testing.T) {
	m := metrics.New(metrics.Build{}, metrics.Options{Routes: true})
	see(t, m,
		answering("made_up", `"error":{"code":-32601,"message":"no"}`), // is not a reason for a route
		answering("eth_call", `"result":1`),
		answering("eth_call", `"error":{"code":1,"message":"no"}`),
		to("a.test", "/x", 404))
	expect(t, m, []string{"effective_outcomes_total", "route_exchanges_total"},
		`effective_outcomes_total{outcome="error",protocol="jsonrpc"} 2`,
		`effective_outcomes_total{outcome="error",protocol="none"} 1`,
		`effective_outcomes_total{outcome="ok",protocol="none"} 1`,
		`route_exchanges_total{class="client-error",host="",route="other"} 1`,
		`route_exchanges_total{class="success",host="",route="/rpc eth_call"} 2`,
		`route_exchanges_total{class="success",host="",route="other"} 1`)
}
