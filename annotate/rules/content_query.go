package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// contentQueryRules lists the rules on the method QUERY (RFC 10008).
func contentQueryRules() []*annotate.Rule {
	return []*annotate.Rule{
		contentQueryMissingContentType,
		content415QueryMissingAcceptQuery,
	}
}

// queried is an example: a QUERY with those fields and two octets of content.
func queried(fields []string, status string, response ...string) string {
	return exchangeOf("QUERY /orders HTTP/1.1", append([]string{"Host: shop.test"}, fields...), "HTTP/1.1 "+status, append(response, "Content-Length: 0"))
}

var contentQueryMissingContentType = &annotate.Rule{
	ID:       "content/query-missing-content-type",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "QUERY without Content-Type",
	Refs:     []string{"RFC 10008 §2"},
	Doc:      "The body of a QUERY is the query, and Content-Type says which language it is in. A server must refuse a QUERY without it.",
	Help:     "send the query with its Content-Type, for example application/sql or application/x-www-form-urlencoded",
	Bad:      []string{queried(nil, "200 OK")},
	Good:     []string{queried([]string{"Content-Type: application/sql", "Content-Length: 0"}, "200 OK")},
	When:     annotate.When{Methods: []string{"QUERY"}},
	Check: func(p *annotate.Pass) {
		if !p.X.Request.Fields.Has(exchange.FieldContentType) {
			p.Note(p.RequestField(exchange.FieldContentType), "QUERY has no Content-Type, so the server can't tell the language of the query")
		}
	},
}

var content415QueryMissingAcceptQuery = &annotate.Rule{
	ID:       "content/415-query-missing-accept-query",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "415 to a QUERY without Accept-Query",
	Refs:     []string{"RFC 10008 §3", "RFC 9110 §15.5.16"},
	Doc: "The server doesn't support the language of the query, and doesn't list the languages that it supports. " +
		"Accept-Query does that, so that a client can choose another one.",
	Help: "send Accept-Query with the media types that the resource accepts",
	Bad:  []string{queried([]string{"Content-Type: application/sql", "Content-Length: 0"}, "415 Unsupported Media Type")},
	Good: []string{queried([]string{"Content-Type: application/sql", "Content-Length: 0"}, "415 Unsupported Media Type", `Accept-Query: "application/jsonpath"`)},
	When: annotate.When{Status: []int{415}, Methods: []string{"QUERY"}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Response.Fields
		if !f.Has(exchange.FieldAcceptQuery) && !f.Has(exchange.FieldAcceptEncoding) {
			p.Note(p.ResponseField(exchange.FieldAcceptQuery), "the 415 to QUERY has no Accept-Query, so the client can't tell which languages work here")
		}
	},
}
