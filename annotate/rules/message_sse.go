package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// eventRules lists the rules on event streams.
func eventRules() []*annotate.Rule {
	return []*annotate.Rule{
		sseWrongType,
		sseUnfinished,
		sseRetryInvalid,
		sseNotUTF8,
		sseByteOrderMark,
		sseFieldUnknown,
		sseIDWithNul,
	}
}

// whenEvents is when the response is an event stream.
var whenEvents = annotate.When{Class: []int{2}, Fields: []exchange.Name{exchange.FieldContentType}, If: []*annotate.Condition{ifText, ifStream(exchange.FormatSSE)}}

// streamed is an event stream with those lines.
func streamed(lines ...string) string {
	text := exchangeOf("GET /events HTTP/1.1", []string{"Host: shop.test", "Accept: text/event-stream"},
		"HTTP/1.1 200 OK", []string{"Content-Type: text/event-stream", "Cache-Control: no-store", "Transfer-Encoding: chunked"})
	for _, l := range lines {
		if text += "<"; l != "" {
			text += " " + l
		}
		text += "\n"
	}
	return text
}

var goodEvents = streamed("retry: 3000", "", ": hello", "", "id: 7", "event: tick", "data: 1", "", "data: 2", "", "")

var sseWrongType = &annotate.Rule{
	ID:       "sse/wrong-type",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an event stream was asked for, and something else came",
	Refs:     []string{"HTML §9.2.3", "HTML §9.2.5"},
	Doc: "EventSource sends Accept: text/event-stream. If the response is a 200 of another type, it reports an error and doesn't connect again. " +
		"Often a login page or an application's start page answers in the place of the stream.",
	Help: "send Content-Type: text/event-stream, or a status other than 200 for what isn't a stream",
	Bad: []string{exchangeWith("< <p>Log in\n", "GET /events HTTP/1.1", []string{"Host: shop.test", "Accept: text/event-stream"}, "HTTP/1.1 200 OK",
		[]string{"Content-Type: text/html; charset=utf-8", "Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Content-Security-Policy: default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'", "Content-Length: 9"})},
	Good: []string{goodEvents, "# a client that takes either, as one of MCP\n" + exchangeWith("< {}\n", "GET /events HTTP/1.1", []string{"Host: shop.test", "Accept: application/json, text/event-stream"}, "HTTP/1.1 200 OK",
		[]string{"Content-Type: application/json", "Cache-Control: no-store", "Content-Length: 2"}),
		"# there is no stream now, and EventSource is told to stop\n" + exchangeOf("GET /events HTTP/1.1", []string{"Host: shop.test", "Accept: text/event-stream"}, "HTTP/1.1 204 No Content", nil)},
	When:       annotate.When{Status: []int{200}, RequestFields: []exchange.Name{exchange.FieldAccept}, Methods: []string{"GET"}},
	Suppresses: []string{"negotiation/content-type-disagrees-accept"},
	Check: func(p *annotate.Pass) {
		accept := strings.TrimSpace(p.X.Request.Fields.Combined(exchange.FieldAccept))
		if !field.EqualFold(accept, "text/event-stream") || mediaTypeOf(&p.X.Response.Fields).Is("text", "event-stream") {
			return
		}
		p.Note(p.ResponseField(exchange.FieldContentType), "the client accepts only text/event-stream, and the 200 is %s", typeWords(&p.X.Response.Fields))
	},
}

// typeWords names the type of a message.
func typeWords(f *exchange.Fields) string {
	if v := f.Value(exchange.FieldContentType); v != "" {
		return bare(v)
	}
	return "of no type"
}

var sseUnfinished = &annotate.Rule{
	ID:       "sse/unfinished",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "an event stream ended within an event",
	Refs:     []string{"HTML §9.2.6"},
	Doc: "An empty line ends an event. A client throws away an event that has no such line when the stream ends, so the last event is lost. " +
		"Servers that write one event as the whole response often forget it.",
	Help:  "end each event with an empty line: data: …, line feed, line feed",
	Bad:   []string{streamed("data: 1", "", "data: 2", "")},
	Good:  []string{goodEvents, "# the server was cut off\n" + streamed("data: 1", "", "data: 2", "") + "* content response incomplete\n"},
	When:  whenEvents,
	Needs: annotate.NeedsContent | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		if p.X.Response.Content.Complete && p.X.Err == nil {
			noteFaults(p, saying("has no empty line at its end, so clients throw it away"), exchange.FaultUnfinished)
		}
	},
}

var sseRetryInvalid = &annotate.Rule{
	ID:       "sse/retry-invalid",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "retry in an event stream isn't a number",
	Refs:     []string{"HTML §9.2.6"},
	Doc:      "retry says after how many milliseconds a client connects again. Clients ignore a value with anything but digits in it, and use their own time, a few seconds.",
	Help:     "send for example: retry: 5000",
	Bad:      []string{streamed("retry: 5s", "data: 1", "", ""), streamed("retry:", "data: 1", "", "")},
	Good:     []string{goodEvents},
	When:     whenEvents,
	Needs:    annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string { return "has the retry " + f.Detail + ", and clients ignore it" }, exchange.FaultRetry)
	},
}

var sseNotUTF8 = &annotate.Rule{
	ID:       "sse/not-utf8",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an event stream isn't UTF-8",
	Refs:     []string{"HTML §9.2.4", "HTML §9.2.6"},
	Doc:      "Event streams are always UTF-8, whatever charset says. Clients show a replacement character for other bytes.",
	Help:     "encode events as UTF-8; binary data needs base64",
	Bad:      []string{streamed(`data: caf\xe9`, "", "")},
	Good:     []string{goodEvents, streamed("data: café", "", "")},
	When:     whenEvents,
	Needs:    annotate.NeedsContent | annotate.NeedsOctets,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string { return "isn't UTF-8, at " + f.Detail }, exchange.FaultInvalidUTF8)
	},
	Suppresses: []string{"content/charset-mismatch"},
}

var sseByteOrderMark = &annotate.Rule{
	ID:       "sse/byte-order-mark",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an event stream begins with a byte order mark",
	Refs:     []string{"HTML §9.2.6"},
	Doc:      "Browsers skip a byte order mark at the beginning. Simple clients take it for a part of the first field's name, and lose the first event.",
	Help:     "write the stream without a byte order mark",
	Bad:      []string{streamed(`\xef\xbb\xbfdata: 1`, "", "")},
	Good:     []string{goodEvents},
	When:     whenEvents,
	Needs:    annotate.NeedsContent | annotate.NeedsOctets,
	Check: func(p *annotate.Pass) {
		noteFaults(p, saying("begins with a byte order mark"), exchange.FaultBOM)
	},
}

var sseFieldUnknown = &annotate.Rule{
	ID:       "sse/field-unknown",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "an event stream has a line that clients ignore",
	Refs:     []string{"HTML §9.2.6"},
	Doc: "The fields of an event are data, event, id and retry, in small letters and without a space before. Clients ignore every other line. " +
		"A line feed within data does this: each line of the data needs its own \"data:\".",
	Help:  `begin each line of the data with "data: "`,
	Bad:   []string{streamed("data: {", `  "n": 1`, "data: }", "", ""), streamed("Data: 1", "", "")},
	Good:  []string{goodEvents, streamed("data: {", `data:   "n": 1`, "data: }", "", "")},
	When:  whenEvents,
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		noteFaults(p, func(f *exchange.StreamFault) string {
			return "has a line that begins with " + f.Detail + ", which is not a field of an event"
		}, exchange.FaultFieldUnknown)
	},
}

var sseIDWithNul = &annotate.Rule{
	ID:       "sse/id-with-nul",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the ID of an event contains a NUL",
	Refs:     []string{"HTML §9.2.6"},
	Doc:      "Clients ignore an ID with a NUL in it. When they connect again, they send the last good ID in Last-Event-ID, and get events twice.",
	Help:     "send an ID of printable characters",
	Bad:      []string{streamed(`id: a\x00`, "data: 1", "", "")},
	Good:     []string{goodEvents},
	When:     whenEvents,
	Needs:    annotate.NeedsContent | annotate.NeedsOctets,
	Check: func(p *annotate.Pass) {
		noteFaults(p, saying("has an ID with a NUL in it, and clients ignore it"), exchange.FaultIDNul)
	},
}
