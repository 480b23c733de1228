package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// framingTERules lists the rules on TE.
func framingTERules() []*annotate.Rule {
	return []*annotate.Rule{
		framingTEFieldListsChunked,
		framingTEFieldWithoutConnection,
	}
}

var framingTEFieldListsChunked = &annotate.Rule{
	ID:       "framing/te-field-lists-chunked",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "TE lists chunked",
	Refs:     []string{"RFC 9112 §7.4"},
	Doc:      "Every HTTP/1.1 program accepts chunked, so a client must not list it in TE. It has no effect, and strict servers refuse it.",
	Help:     "remove chunked from TE",
	Bad:      []string{asked("TE: trailers, Chunked;q=0.5", "Connection: TE")},
	Good:     []string{asked("TE: trailers, deflate;q=0.5", "Connection: TE")},
	When:     annotate.When{RequestFields: []exchange.Name{exchange.FieldTE}},
	Check: func(p *annotate.Pass) {
		if p.X.Request.Version != exchange.HTTP11 {
			return
		}
		for i, l := range p.X.Request.Fields.Each(exchange.FieldTE) {
			for e := range field.List(l.Value) {
				if field.EqualFold(field.Head(e.Text).Text, "chunked") {
					p.Note(annotate.Span(p.RequestLine(i), e.At, e.End()), "TE lists %s, which every receiver accepts anyway", bare(e.Text))
				}
			}
		}
	},
}

var framingTEFieldWithoutConnection = &annotate.Rule{
	ID:       "framing/te-field-without-connection",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "TE without Connection: TE",
	Refs:     []string{"RFC 9110 §10.1.4", "RFC 9112 §7.4"},
	Doc: "TE is for one connection, so Connection must list it. " +
		"Otherwise a proxy passes it on, and the server thinks that the proxy accepts what only the client offered.",
	Help:  "send Connection: TE together with TE",
	Bad:   []string{asked("TE: trailers")},
	Good:  []string{asked("TE: trailers", "Connection: close, te")},
	Needs: annotate.NeedsRawHead,
	When:  annotate.When{RequestFields: []exchange.Name{exchange.FieldTE}},
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		if r.Version == exchange.HTTP11 && r.WireTrue() && !isConnection(&r.Fields, "te") {
			p.Note(p.RequestField(exchange.FieldTE), "TE is %s, but Connection doesn't list TE", quoted(r.Fields.Value(exchange.FieldTE)))
		}
	},
}
