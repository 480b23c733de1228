package rules

import (
	"bytes"
	"slices"
	"strconv"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/inside"
)

// statusInsideRules lists the rules on protocols that send their own errors
// inside a success of HTTP.
func statusInsideRules() []*annotate.Rule {
	return []*annotate.Rule{
		statusGraphQLErrorsIn200,
		statusJSONRPCErrorIn200,
		statusSOAPFaultIn200,
		statusBatchPartFailed,
	}
}

// whenErrorInside is the index of rules on an error inside a success.
var whenErrorInside = annotate.When{Class: []int{2}, If: []*annotate.Condition{ifErrorInside}}

// ifErrorInside holds where a success says that the call failed.
var ifErrorInside = &annotate.Condition{Holds: func(p *annotate.Pass) bool { return p.X.Effective().IsInside() }}

// noteInside reports an error inside a success of one of the protocols. says is
// what failed, such as "the call failed".
func noteInside(p *annotate.Pass, says string, protocols ...inside.Protocol) {
	e := p.X.Effective()
	if !slices.Contains(protocols, e.Protocol) {
		return
	}
	n := annotate.Note{Place: e.Place, Message: "the status is " + strconv.Itoa(p.X.Response.Status) + ", but " + says + wordsInside(p, e)}
	if e.Calls > 0 {
		n.Message += " (" + strconv.Itoa(e.Failed) + " of " + strconv.Itoa(e.Calls) + " calls)"
	}
	if e.More > 0 {
		n.Message += " and " + strconv.Itoa(e.More) + " more"
	}
	if e.ByClient {
		n.Blame = annotate.ByClient
	}
	p.Report(n)
}

// wordsInside is what an error inside a success says of itself; a piece of the
// content where it has neither code nor message.
func wordsInside(p *annotate.Pass, e *exchange.Effect) string {
	code, message := bare(e.Code), quoted(e.Message)
	switch {
	case e.Code != "" && e.Message != "":
		return ": " + message + " (" + code + ")"
	case e.Message != "":
		return ": " + message
	case e.Code != "":
		return ": " + code
	}
	d := p.X.Response.DecodedContent().Bytes
	if at := e.Place; at.Part == exchange.PartContent && at.End > at.Start && at.End <= len(d) {
		start := at.Start
		if i := bytes.LastIndexByte(d[:start], '"'); i > 0 { // with the name of the member
			if j := bytes.LastIndexByte(d[:i], '"'); j >= 0 && start-j < 40 {
				start = j
			}
		}
		return ": " + excerpt(d[start:at.End])
	}
	return ""
}

var statusGraphQLErrorsIn200 = &annotate.Rule{
	ID:       "status/graphql-errors-in-200",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the GraphQL operation failed inside a 200",
	Refs:     []string{"GraphQL §7.1.2", "GraphQL over HTTP §6.4"},
	Doc: "GraphQL puts its errors next to the data, and many servers always answer 200. " +
		"So the HTTP status says nothing: retries, caches, metrics and alerts count a success. Without data the whole operation failed. " +
		"With data, the fields that the errors name are null.",
	Help: "read errors in the body; a server that sends application/graphql-response+json can send a 4xx or 5xx if there is no data",
	Bad: []string{`> POST /graphql HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 18
>
> {"query":"{ me }"}
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 78
<
< {"errors":[{"message":"no me","extensions":{"code":"FORBIDDEN"}}],"data":null}
`, `# GraphQL, by the request's content
> POST /api HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 18
>
> {"query":"{ me }"}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"errors":[{"message":"no price","path":["cart","price"]}],"data":{"cart":{"id":7,"price":null}}}
`},
	Good: []string{`> POST /graphql HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 18
>
> {"query":"{ me }"}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"data":{"me":{"id":1}},"errors":[]}
`},
	When:  whenErrorInside,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		says := "the operation failed"
		if p.X.Effective().Outcome == inside.Partial {
			says = "a part of the operation failed"
		}
		noteInside(p, says, inside.GraphQL)
	},
}

var statusJSONRPCErrorIn200 = &annotate.Rule{
	ID:       "status/jsonrpc-error-in-200",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the JSON-RPC call failed inside a 200",
	Refs:     []string{"JSON-RPC 2.0 §5.1", "MCP 2025-06-18 §Tools"},
	Doc: "JSON-RPC has its own errors and usually answers 200 to each call that reaches the server. So the HTTP status doesn't say whether the call succeeded. " +
		"MCP, which uses it, has a second place for failures: a result with isError, which says that a tool ran and failed.",
	Help: "read error, or isError in the result, instead of the HTTP status",
	Bad: []string{`> POST /rpc HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 37
>
> {"jsonrpc":"2.0","method":"x","id":1}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}
`, `# of a batch
> POST /rpc HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Content-Type: application/json
>
> []
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< [{"jsonrpc":"2.0","result":3,"id":1},{"jsonrpc":"2.0","error":{"code":7,"message":"no"},"id":2}]
`, `# of MCP, in a stream of events
> POST /mcp HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Content-Type: application/json
>
> {}
< HTTP/1.1 200 OK
< Content-Type: text/event-stream
< Cache-Control: no-store
<
< data: {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"no such file"}],"isError":true}}
<
<
`},
	Good: []string{`> POST /rpc HTTP/1.1
> Host: shop.test
> Content-Length: 2
> Content-Type: application/json
>
> {}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"jsonrpc":"2.0","result":{"content":[],"isError":false},"error":null,"id":1}
`},
	When:  whenErrorInside,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		says := "the call failed"
		if e := p.X.Effective(); e.Protocol == inside.MCP && e.Code == "" {
			says = "the tool failed"
		}
		noteInside(p, says, inside.JSONRPC, inside.MCP)
	},
}

var statusSOAPFaultIn200 = &annotate.Rule{
	ID:       "status/soap-fault-in-200",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a SOAP fault inside a 200",
	Refs:     []string{"SOAP 1.1 §6.2", "SOAP 1.2 Part 2 §7.5.2"},
	Doc: "A SOAP fault has status 500, or 400 in SOAP 1.2 if the sender is at fault. " +
		"With 200, clients that check the status take the fault for a response, and so do metrics and alerts.",
	Help: "send the fault with status 500",
	Bad: []string{`> POST /soap HTTP/1.1
> Host: shop.test
> Content-Type: text/xml; charset=utf-8
> Content-Length: 4
>
> <a/>
< HTTP/1.1 200 OK
< Content-Type: text/xml; charset=utf-8
<
< <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>no lines</faultstring></s:Fault></s:Body></s:Envelope>
`},
	Good: []string{`> POST /soap HTTP/1.1
> Host: shop.test
> Content-Type: text/xml; charset=utf-8
> Content-Length: 4
>
> <a/>
< HTTP/1.1 200 OK
< Content-Type: text/xml; charset=utf-8
<
< <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><order><note>a s:Fault</note></order></s:Body></s:Envelope>
`},
	When:  whenErrorInside,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		says := "the body is a SOAP fault"
		if p.X.Effective().Protocol == inside.XMLRPC {
			says = "the body is a fault of XML-RPC"
		}
		noteInside(p, says, inside.SOAP, inside.XMLRPC)
	},
}

var statusBatchPartFailed = &annotate.Rule{
	ID:       "status/batch-part-failed",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a request of a batch failed inside a 200",
	Refs:     []string{"RFC 9110 §15.3", "RFC 4918 §13"},
	Doc: "The body answers several requests, each with a status of its own. The status of the response says only that the server read the batch. " +
		"A client, a metric or an alert that stops there misses the requests that failed.",
	Help: "read the status of each answer in the body",
	Bad: []string{`> POST /$batch HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"responses":[{"id":"1","status":200},{"id":"2","status":404,"body":{"error":{"message":"no order 7"}}}]}
`, `# of parts with heads of their own
> POST /batch HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 202 Accepted
< Content-Type: multipart/mixed; boundary=b
< Location: /batches/7
<
< --b\r
< Content-Type: application/http\r
< \r
< HTTP/1.1 503 Service Unavailable\r
< \r
< \r
< --b--
`},
	Good: []string{`> POST /$batch HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 2
>
> {}
< HTTP/1.1 200 OK
< Content-Type: application/json
<
< {"responses":[{"id":"1","status":200},{"id":"2","status":204}]}
`, `# properties that are not there are no failure
> PROPFIND /a HTTP/1.1
> Host: shop.test
> Depth: 0
> Content-Length: 0
>
< HTTP/1.1 207 Multi-Status
< Content-Type: application/xml
<
< <d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:propstat><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response></d:multistatus>
`},
	When:  whenErrorInside,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		noteInside(p, "a request of the batch failed", inside.Batch, inside.MultiStatus)
	},
}
