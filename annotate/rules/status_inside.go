package rules

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusInsideRules lists the rules on protocols that send their own errors
// inside a success of HTTP.
func statusInsideRules() []*annotate.Rule {
	return []*annotate.Rule{
		statusGraphQLErrorsIn200,
		statusJSONRPCErrorIn200,
		statusSOAPFaultIn200,
	}
}

// whenSuccess is the index of rules on the content of a success.
var whenSuccess = annotate.When{Class: []int{2}, Fields: []exchange.Name{exchange.FieldContentType}}

// wholeJSON is the response's content where it is whole and JSON begins in it;
// of an event stream, the data of its first event.
func wholeJSON(p *annotate.Pass) (b []byte, ok bool) {
	r := &p.X.Response
	isJSON := contentTypeHas(&r.Message, "json")
	if !isJSON && !isEventStream(&r.Fields) || !p.X.MayHaveContent() {
		return nil, false
	}
	d := r.DecodedContent()
	if !isJSON {
		return firstEventData(d.Bytes)
	}
	return d.Bytes, d.Whole() && len(d.Bytes) > 1
}

// ifErrorsInside holds where the content of a success has the word errors or
// jsonrpc as the name of a member near its beginning.
var ifErrorsInside = &annotate.Condition{Holds: func(p *annotate.Pass) bool {
	b, ok := wholeJSON(p)
	if !ok {
		return false
	}
	b = b[:min(len(b), 1<<16)]
	return bytes.Contains(b, []byte(`"errors"`)) || bytes.Contains(b, []byte(`"jsonrpc"`))
}}

// firstEventData is the data of the first event of a stream, when that is one line.
func firstEventData(b []byte) (data []byte, ok bool) {
	for line := range bytes.Lines(b[:min(len(b), 1<<16)]) {
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok && line[len(line)-1] == '\n' {
			data = bytes.TrimSpace(data)
			return data, len(data) > 1
		}
	}
	return nil, false
}

var statusGraphQLErrorsIn200 = &annotate.Rule{
	ID:       "status/graphql-errors-in-200",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the GraphQL operation failed inside a 200",
	Refs:     []string{"GraphQL §7.1.2", "GraphQL over HTTP §6.4"},
	Doc: "GraphQL puts its errors beside the data, and many servers answer 200 whatever happened. The HTTP status then says nothing: retries, caches, metrics and alerts take the failure for a success. " +
		"Without data the operation failed as a whole; with data, the fields that the errors name are null.",
	Help: "read errors in the body; a server that sends application/graphql-response+json can send a 4xx or 5xx when there is no data",
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
	When:  annotate.When{Class: whenSuccess.Class, Fields: whenSuccess.Fields, If: []*annotate.Condition{ifErrorsInside}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		b, ok := wholeJSON(p)
		if !ok || b[0] != '{' {
			return
		}
		var errors, data field.JSONMember
		for m := range field.JSONMembers(b) {
			switch string(m.RawName()) {
			case "errors":
				errors = m
			case "data":
				data = m
			}
		}
		if len(errors.Value) == 0 || errors.Value[0] != '[' || errors.IsEmpty() || !isGraphQL(p.X) {
			return
		}
		noteGraphQLErrors(p, errors, len(data.Value) > 0 && data.Value[0] == '{')
	},
}

func noteGraphQLErrors(p *annotate.Pass, errors field.JSONMember, hasData bool) {
	var list []struct {
		Message    string
		Path       []any
		Extensions struct{ Code string }
	}
	// What is of another type than GraphQL says is left out of the message.
	_ = json.Unmarshal(errors.Value, &list)
	if len(list) == 0 {
		return
	}
	first, what := &list[0], "the operation failed"
	if hasData {
		what = "a part of the operation failed"
	}
	n := annotate.Note{Place: annotate.ResponseContent(errors.At, errors.End()),
		Message: "the status is " + strconv.Itoa(p.X.Response.Status) + ", but " + what + ": " + quoted(first.Message)}
	if code := first.Extensions.Code; code != "" {
		n.Message += " (" + bare(code) + ")"
		if foldIn([]string{"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "UNAUTHENTICATED", "FORBIDDEN", "OPERATION_RESOLUTION_FAILURE", "PERSISTED_QUERY_NOT_FOUND"}, code) {
			n.Blame = annotate.ByClient
		}
	}
	if more := len(list) - 1; more > 0 {
		n.Message += " and " + strconv.Itoa(more) + " more"
	}
	p.Report(n)
}

var statusJSONRPCErrorIn200 = &annotate.Rule{
	ID:       "status/jsonrpc-error-in-200",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the JSON-RPC call failed inside a 200",
	Refs:     []string{"JSON-RPC 2.0 §5.1", "MCP 2025-06-18 §Tools"},
	Doc: "JSON-RPC has its own errors and usually answers 200 to each call that reached the server, so the HTTP status does not tell whether the call succeeded. " +
		"MCP, which stands on it, has a second place for failures: a result with isError, which says that a tool ran and failed.",
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
	When:  annotate.When{Class: whenSuccess.Class, Fields: whenSuccess.Fields, If: []*annotate.Condition{ifErrorsInside}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		b, ok := wholeJSON(p)
		if !ok || !mayHaveFailed(b) {
			return
		}
		for _, answer := range rpcAnswers(b) {
			if answer.note(p) {
				return
			}
		}
	},
}

// mayHaveFailed is a quick look for what an answer that failed must have.
func mayHaveFailed(b []byte) bool {
	if !bytes.Contains(b[:min(len(b), 1<<16)], []byte(`"jsonrpc"`)) {
		return false
	}
	if b[0] == '{' {
		for m := range field.JSONMembers(b) {
			if m.Is("error") && !m.IsEmpty() {
				return true
			}
		}
	} else if bytes.Contains(b, []byte(`"error"`)) {
		return true
	}
	return bytes.Contains(b, []byte(`"isError":true`)) || bytes.Contains(b, []byte(`"isError": true`))
}

// An rpcAnswer is an answer of JSON-RPC, as far as it says that a call failed.
type rpcAnswer struct {
	JSONRPC string
	Error   *struct {
		Code    int64
		Message string
	}
	Result json.RawMessage
}

// rpcAnswers reads an answer, or a batch of them.
func rpcAnswers(b []byte) (all []rpcAnswer) {
	if b[0] == '[' {
		_ = json.Unmarshal(b, &all) // what is not JSON-RPC is no concern of the rule
		return all
	}
	all = make([]rpcAnswer, 1)
	_ = json.Unmarshal(b, &all[0])
	return all
}

// note reports whether the answer is a failure, and that it is.
func (a *rpcAnswer) note(p *annotate.Pass) bool {
	if a.JSONRPC == "" {
		return false
	}
	if a.Error != nil {
		n := annotate.Note{Place: annotate.ResponseContent(0, 0), Message: "the status is " + strconv.Itoa(p.X.Response.Status) + ", but the call failed: " +
			strconv.FormatInt(a.Error.Code, 10) + " " + quoted(a.Error.Message)}
		if c := a.Error.Code; c == -32700 || c <= -32600 && c >= -32602 {
			n.Blame = annotate.ByClient // it is not JSON, no request, of no method, or has wrong parameters
		}
		p.Report(n)
		return true
	}
	var tool struct {
		IsError bool
		Content []struct{ Text string }
	}
	if json.Unmarshal(a.Result, &tool) != nil || !tool.IsError {
		return false
	}
	said := ""
	if len(tool.Content) > 0 && tool.Content[0].Text != "" {
		said = ": " + quoted(tool.Content[0].Text)
	}
	p.Note(annotate.ResponseContent(0, 0), "the status is %d, but the tool failed%s", p.X.Response.Status, said)
	return true
}

var statusSOAPFaultIn200 = &annotate.Rule{
	ID:       "status/soap-fault-in-200",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a SOAP fault inside a 200",
	Refs:     []string{"SOAP 1.1 §6.2", "SOAP 1.2 Part 2 §7.5.2"},
	Doc:      "A SOAP fault comes with status 500, or with 400 when the sender is at fault in SOAP 1.2. With 200, clients that look at the status take the fault for an answer, and so do metrics and alerts.",
	Help:     "send the fault with status 500",
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
	When:  annotate.When{Status: []int{200}, Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifXML}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		d := p.X.Response.DecodedContent()
		at := bytes.Index(d.Bytes, []byte("Fault>"))
		if at < 2 || d.Bytes[at-1] != ':' && d.Bytes[at-1] != '<' || field.IndexFold(d.Bytes, "Envelope") < 0 {
			return
		}
		open := bytes.LastIndexByte(d.Bytes[:at], '<')
		if open < 0 || at-open > 32 || bytes.ContainsAny(d.Bytes[open:at], " />") {
			return
		}
		said := ""
		for _, name := range [...]string{"faultstring>", "Text xml:lang=\"en\">", "Text>"} {
			if _, rest, ok := strings.Cut(string(d.Bytes), name); ok {
				said, _, _ = strings.Cut(rest, "<")
				break
			}
		}
		p.Note(annotate.ResponseContent(open, at+len("Fault>")), "the status is 200, but the body is a SOAP fault: %s", quoted(said))
	},
}
