package rules

import (
	"encoding/json"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// mcpRules lists the rules on the Model Context Protocol over HTTP.
func mcpRules() []*annotate.Rule {
	return []*annotate.Rule{
		mcpAcceptIncomplete,
		mcpVersionInvalid,
		mcpVersionNotRejected,
		mcpHeaderMismatch,
		mcpSessionWithoutVersion,
	}
}

// whenMCP is when a request says that it is one of MCP.
var whenMCP = annotate.When{RequestFields: []exchange.Name{exchange.FieldMCPProtocolVersion, exchange.FieldMCPSessionID, exchange.FieldMCPMethod}}

// called is an example: a call of MCP with those fields, and its answer.
func called(status string, fields ...string) string {
	request := append([]string{"Host: shop.test", "Content-Type: application/json", "Content-Length: " + strconv.Itoa(len(mcpCall))}, fields...)
	text := exchangeOf("POST /mcp HTTP/1.1", request, "HTTP/1.1 "+status, []string{"Content-Type: application/json", "Cache-Control: no-store"})
	return strings.Replace(text, "\n>\n<", "\n>\n> "+mcpCall+"\n<", 1) + `< {"jsonrpc":"2.0","id":1,"result":{}}` + "\n"
}

const (
	mcpCall    = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"}}`
	mcpAccept  = "Accept: application/json, text/event-stream"
	mcpVersion = "MCP-Protocol-Version: 2026-07-28"
)

var mcpAcceptIncomplete = &annotate.Rule{
	ID:       "mcp/accept-incomplete",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "an MCP request accepts only one kind of response",
	Refs:     []string{"MCP 2026-07-28 §Streamable HTTP"},
	Doc: "A server may answer an MCP request with one JSON object or with a stream of events, so Accept must list both application/json and text/event-stream. " +
		"Otherwise servers answer 406.",
	Help: "send Accept: application/json, text/event-stream",
	Bad:  []string{called("200 OK", "Accept: application/json", mcpVersion, "Mcp-Method: tools/call", "Mcp-Name: weather")},
	Good: []string{called("200 OK", mcpAccept, mcpVersion, "Mcp-Method: tools/call", "Mcp-Name: weather"), called("200 OK", "Accept: */*", mcpVersion)},
	When: annotate.When{Methods: []string{"POST"}, RequestFields: whenMCP.RequestFields},
	Check: func(p *annotate.Pass) {
		accept := p.X.Request.Fields.Combined(exchange.FieldAccept)
		for _, t := range [...][2]string{{"application", "json"}, {"text", "event-stream"}} {
			if accept != "" && field.AcceptWeight(accept, t[0], t[1]) == 0 {
				p.Note(p.RequestField(exchange.FieldAccept), "Accept is %s, which doesn't cover %s/%s", bare(accept), t[0], t[1])
				return
			}
		}
	},
}

// isMCPVersion reports whether s has the form of a version: a date.
func isMCPVersion(s string) bool {
	return len(s) == len("2026-07-28") && s[4] == '-' && s[7] == '-' && field.IsDigits(s[:4]) && field.IsDigits(s[5:7]) && field.IsDigits(s[8:])
}

var mcpVersionInvalid = &annotate.Rule{
	ID:       "mcp/version-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "MCP-Protocol-Version isn't a version",
	Refs:     []string{"MCP 2026-07-28 §Streamable HTTP"},
	Doc:      "A version of MCP is a date, such as 2026-07-28. A server must answer 400 to anything else.",
	Help:     "send MCP-Protocol-Version with the version that client and server agreed on",
	Bad:      []string{called("400 Bad Request", mcpAccept, "MCP-Protocol-Version: latest")},
	Good:     []string{called("200 OK", mcpAccept, mcpVersion)},
	When:     annotate.When{RequestFields: []exchange.Name{exchange.FieldMCPProtocolVersion}},
	Check: func(p *annotate.Pass) {
		if v := p.X.Request.Fields.Value(exchange.FieldMCPProtocolVersion); !isMCPVersion(v) && !exchange.IsRedacted(v) {
			p.Note(p.RequestField(exchange.FieldMCPProtocolVersion), "MCP-Protocol-Version is %s; a version is a date such as 2026-07-28", quoted(v))
		}
	},
}

var mcpVersionNotRejected = &annotate.Rule{
	ID:       "mcp/version-not-rejected",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the server accepted an MCP request with an invalid version",
	Refs:     []string{"MCP 2026-07-28 §Streamable HTTP"},
	Doc:      "A server must answer 400 to a version that is invalid or not supported. If it continues, it may read the request by other rules than the client used.",
	Help:     "answer 400 to a version that the server doesn't support",
	Bad:      []string{"# also mcp/version-invalid\n" + called("200 OK", mcpAccept, "MCP-Protocol-Version: latest")},
	Good:     []string{called("200 OK", mcpAccept, "MCP-Protocol-Version: 2025-06-18")},
	When:     annotate.When{Class: []int{2}, RequestFields: []exchange.Name{exchange.FieldMCPProtocolVersion}},
	Check: func(p *annotate.Pass) {
		if v := p.X.Request.Fields.Value(exchange.FieldMCPProtocolVersion); !isMCPVersion(v) && !exchange.IsRedacted(v) {
			p.Note(p.StatusLine(), "%d answers a request with MCP-Protocol-Version: %s; 400 is right", p.X.Response.Status, quoted(v))
		}
	},
}

var mcpHeaderMismatch = &annotate.Rule{
	ID:       "mcp/header-mismatch",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "Mcp-Method or Mcp-Name differs from the body",
	Refs:     []string{"MCP 2026-07-28 §Streamable HTTP"},
	Doc: "Mcp-Method and Mcp-Name repeat parts of the body, for proxies that route by them. " +
		"If they differ, a server must answer 400, because a proxy may have let the request pass as something else.",
	Help: "copy Mcp-Method from method, and Mcp-Name from params.name or params.uri of the body",
	Bad: []string{called("400 Bad Request", mcpAccept, mcpVersion, "Mcp-Method: tools/list", "Mcp-Name: weather"),
		called("400 Bad Request", mcpAccept, mcpVersion, "Mcp-Method: tools/call", "Mcp-Name: files")},
	Good:  []string{called("200 OK", mcpAccept, mcpVersion, "Mcp-Method: tools/call", "Mcp-Name: weather")},
	When:  annotate.When{Methods: []string{"POST"}, RequestFields: []exchange.Name{exchange.FieldMCPMethod, exchange.FieldMCPName}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		var call struct {
			Method string
			Params struct{ Name, URI string }
		}
		if !r.Content.Whole() || json.Unmarshal(r.DecodedContent().Bytes, &call) != nil || call.Method == "" {
			return
		}
		if v := r.Fields.Value(exchange.FieldMCPMethod); r.Fields.Has(exchange.FieldMCPMethod) && v != call.Method {
			p.Note(p.RequestField(exchange.FieldMCPMethod), "Mcp-Method is %s, but the method in the body is %s", quoted(v), quoted(call.Method))
			return
		}
		name := call.Params.Name
		if name == "" {
			name = call.Params.URI
		}
		if v := r.Fields.Value(exchange.FieldMCPName); r.Fields.Has(exchange.FieldMCPName) && name != "" && v != name && !strings.HasPrefix(v, "=?") {
			p.Note(p.RequestField(exchange.FieldMCPName), "Mcp-Name is %s, but the name in the body is %s", quoted(v), quoted(name))
		}
	},
}

var mcpSessionWithoutVersion = &annotate.Rule{
	ID:       "mcp/session-without-version",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "an MCP session without MCP-Protocol-Version",
	Refs:     []string{"MCP 2025-11-25 §Protocol Version Header"},
	Doc:      "After the handshake, each request must name the version in MCP-Protocol-Version. Without it, a server uses 2025-03-26, which has other features.",
	Help:     "send MCP-Protocol-Version with each request of the session",
	Bad:      []string{called("200 OK", mcpAccept, "Mcp-Session-Id: 1868a90c")},
	Good:     []string{called("200 OK", mcpAccept, "Mcp-Session-Id: 1868a90c", "MCP-Protocol-Version: 2025-11-25")},
	When:     annotate.When{RequestFields: []exchange.Name{exchange.FieldMCPSessionID}},
	Check: func(p *annotate.Pass) {
		if !p.X.Request.Fields.Has(exchange.FieldMCPProtocolVersion) {
			p.Note(p.RequestField(exchange.FieldMCPProtocolVersion), "the request has Mcp-Session-Id but no MCP-Protocol-Version")
		}
	},
}
