package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// framingCloseRules lists the rules on Connection and on messages that end
// with their connection.
func framingCloseRules() []*annotate.Rule {
	return []*annotate.Rule{
		framingCloseDelimitedWithoutConnectionClose,
		framingResponseCloseDelimited,
		framingConnect2xxWithConnectionClose,
		framing101WithConnectionClose,
		framingConnectWithContent,
		framingInterimWithConnectionClose,
		framingConnectionListsEndToEndField,
		framingUpgradeWithoutConnectionUpgrade,
	}
}

const closedText = "* origin closed\n"

// isCloseDelimited reports whether the response ended with its connection and
// nothing else said where.
func isCloseDelimited(x *exchange.Exchange) bool {
	r := &x.Response
	return isAsReceived(&r.Message) && r.Version == exchange.HTTP11 && x.Origin.Closed && x.MayHaveContent() && r.Status != 101 &&
		!r.Fields.Has(exchange.FieldContentLength) && !r.Fields.Has(exchange.FieldTransferEncoding)
}

var framingCloseDelimitedWithoutConnectionClose = &annotate.Rule{
	ID:       "framing/close-delimited-without-connection-close",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the response ends with the connection but doesn't say so",
	Refs:     []string{"RFC 9112 §9.6", "RFC 9112 §9.3"},
	Doc: "Without Content-Length and Transfer-Encoding, the body continues until the connection is closed. " +
		"Without Connection: close, a client may wait to use the connection again. It also can't tell a complete response from one that was cut off.",
	Help:  "send Content-Length or chunked, or at least Connection: close",
	Bad:   []string{closedText + responded("HTTP/1.1 200 OK", "Content-Type: text/plain") + "< ok\n"},
	Good:  []string{closedText + responded("HTTP/1.0 200 OK", "Content-Type: text/plain") + "< ok\n", closedText + answered("Shop-Trace: 7")},
	When:  annotate.When{If: []*annotate.Condition{ifNoLength}},
	Needs: annotate.NeedsEnd | annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		if isCloseDelimited(p.X) && !isConnection(&p.X.Response.Fields, "close") {
			p.Note(p.ResponseField(exchange.FieldContentLength), "the response ends when the connection is closed, but has no Connection: close")
		}
	},
}

var framingResponseCloseDelimited = &annotate.Rule{
	ID:       "framing/response-close-delimited",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "only the end of the connection ends the response",
	Refs:     []string{"RFC 9112 §6.3", "RFC 9112 §8", "RFC 9112 §9.8"},
	Doc: "A client can't tell a complete response from one that was cut off when the server crashed. Every response also costs a new connection. " +
		"In HTTP/1.1, send chunked if the length isn't known in advance.",
	Help:  "send Content-Length, or Transfer-Encoding: chunked",
	Bad:   []string{closedText + responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Connection: close") + "< ok\n"},
	Good:  []string{closedText + exchangeOf("GET /orders HTTP/1.0", []string{"Host: shop.test"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Connection: close"}) + "< ok\n"},
	When:  annotate.When{If: []*annotate.Condition{ifNoLength}},
	Needs: annotate.NeedsEnd | annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		if isCloseDelimited(p.X) && p.X.Request.Version == exchange.HTTP11 && p.X.Response.Content.Size > 0 && isConnection(&p.X.Response.Fields, "close") {
			p.Note(p.ResponseField(exchange.FieldContentLength), "%s came, but only the end of the connection said that this was all", wording.Count(p.X.Response.Content.Size, "byte"))
		}
	},
}

var framingConnect2xxWithConnectionClose = &annotate.Rule{
	ID:       "framing/connect-2xx-with-connection-close",
	Severity: annotate.Info,
	Blame:    annotate.ByIntermediary,
	Title:    "Connection: close in a successful response to CONNECT",
	Refs:     []string{"RFC 9110 §9.3.6", "RFC 9112 §9.6"},
	Doc: "After a 2xx to CONNECT, the connection is a tunnel and stays open until one side closes it. " +
		"Connection: close has no meaning there, and some clients close the tunnel because of it.",
	Help:  "remove Connection: close from a 2xx to CONNECT",
	Bad:   []string{connected("Connection: close")},
	Good:  []string{connected("Connection: keep-alive")},
	When:  annotate.When{Class: []int{2}, Methods: []string{"CONNECT"}, Fields: []exchange.Name{exchange.FieldConnection}},
	Needs: annotate.NeedsVersion,
	Check: func(p *annotate.Pass) {
		if p.X.Response.Version < exchange.HTTP2 && isConnection(&p.X.Response.Fields, "close") {
			p.Note(p.ResponseField(exchange.FieldConnection), "the %d to CONNECT has Connection: close, which has no meaning for a tunnel", p.X.Response.Status)
		}
	},
}

var framing101WithConnectionClose = &annotate.Rule{
	ID:       "framing/101-with-connection-close",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Connection: close in a 101",
	Refs:     []string{"RFC 9112 §9.6", "RFC 9110 §7.8"},
	Doc: "After a 101 the connection continues with another protocol, but close says that it ends after this response. " +
		"Some clients and proxies close it, so the new protocol never starts.",
	Help: "send only Connection: upgrade",
	Bad:  []string{upgraded("Connection: close, upgrade")},
	Good: []string{upgraded("Connection: upgrade")},
	When: annotate.When{Status: []int{101}, Fields: []exchange.Name{exchange.FieldConnection}},
	Check: func(p *annotate.Pass) {
		if p.X.Response.Version < exchange.HTTP2 && isConnection(&p.X.Response.Fields, "close") {
			p.Note(p.ResponseField(exchange.FieldConnection), "the 101 has Connection: %s: the connection can't both end and continue with another protocol", bare(p.X.Response.Fields.Value(exchange.FieldConnection)))
		}
	},
}

// upgraded is an example: a 101 to a protocol that was offered.
func upgraded(lines ...string) string {
	return exchangeOf("GET /chat HTTP/1.1", []string{"Host: shop.test", "Connection: upgrade", "Upgrade: shop/1"},
		"HTTP/1.1 101 Switching Protocols", append(lines, "Upgrade: shop/1"))
}

var framingConnectWithContent = &annotate.Rule{
	ID:       "framing/connect-with-content",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "CONNECT with a body",
	Refs:     []string{"RFC 9110 §9.3.6"},
	Doc: "Everything after the headers of a CONNECT belongs to the tunnel, so a CONNECT has no body. " +
		"A proxy that uses Content-Length or Transfer-Encoding swallows the start of the TLS handshake. Another one passes it on.",
	Help: "remove Content-Length and Transfer-Encoding from CONNECT",
	Bad: []string{exchangeOf("CONNECT shop.test:443 HTTP/1.1", []string{"Host: shop.test:443", "Content-Length: 2"}, "HTTP/1.1 200 OK", nil),
		exchangeOf("CONNECT shop.test:443 HTTP/1.1", []string{"Host: shop.test:443", "Transfer-Encoding: chunked"}, "HTTP/1.1 200 OK", nil)},
	Good: []string{exchangeOf("CONNECT shop.test:443 HTTP/1.1", []string{"Host: shop.test:443"}, "HTTP/1.1 200 OK", nil),
		exchangeOf("CONNECT shop.test:443 HTTP/1.1", []string{"Host: shop.test:443", "Content-Length: 0"}, "HTTP/1.1 200 OK", nil)},
	When: annotate.When{Methods: []string{"CONNECT"}, RequestFields: []exchange.Name{exchange.FieldContentLength, exchange.FieldTransferEncoding}},
	Check: func(p *annotate.Pass) {
		f := &p.X.Request.Fields
		if n := exchange.FieldTransferEncoding; f.Has(n) {
			p.Note(p.RequestField(n), "CONNECT has Transfer-Encoding: %s but can't have a body", bare(f.Value(n)))
		} else if n := exchange.FieldContentLength; strings.Trim(f.Value(n), "0") != "" {
			p.Note(p.RequestField(n), "CONNECT has Content-Length: %s but can't have a body", bare(f.Value(n)))
		}
	},
}

var framingInterimWithConnectionClose = &annotate.Rule{
	ID:       "framing/interim-with-connection-close",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "an interim response has Connection: close",
	Refs:     []string{"RFC 9112 §9.6", "RFC 9112 §9.3"},
	Doc: "close says that this is the last response on the connection, but the final response follows. " +
		"A client that obeys the interim response has closed the connection by then.",
	Help:  "send Connection: close in the final response",
	Bad:   []string{"> GET /orders HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 102 Processing\n< Connection: close\n<\n< HTTP/1.1 200 OK\n< Content-Type: text/plain\n< Content-Length: 2\n<\n< ok\n"},
	Good:  []string{answered("Connection: close")},
	When:  annotate.When{If: []*annotate.Condition{ifInterim}},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		for i := range p.X.Interim {
			if r := &p.X.Interim[i]; r.Version == exchange.HTTP11 && isConnection(&r.Fields, "close") {
				p.Note(p.InterimLine(i, r.Fields.Index(exchange.FieldConnection)), "the %d has Connection: close, but a %d followed on the same connection", r.Status, p.X.Response.Status)
			}
		}
	},
}

var framingConnectionListsEndToEndField = &annotate.Rule{
	ID:       "framing/connection-lists-end-to-end-field",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Connection names a header that all recipients need",
	Refs:     []string{"RFC 9110 §7.6.1"},
	Doc: "The next proxy removes every header that Connection names. If that is Authorization, Cookie or Cache-Control, the message arrives without it. " +
		"Attackers use this to remove what a proxy added.",
	Help: "list only options of this connection, such as close, upgrade or TE",
	Bad:  []string{asked("Accept: */*", "Connection: keep-alive, Accept"), answered("Connection: Cache-Control", "Cache-Control: no-store")},
	Good: []string{asked("Connection: close, X-Own, Keep-Alive")},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldConnection}},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.Version >= exchange.HTTP2 {
				continue
			}
			for i, l := range s.Fields.Each(exchange.FieldConnection) {
				for e := range field.List(l.Value) {
					if isForAll(e.Text) {
						s.note(p, annotate.Span(s.line(p, i), e.At, e.End()), "Connection lists "+bare(e.Text)+", so the next proxy removes it")
					}
				}
			}
		}
	},
}

func isForAll(option string) bool {
	if annotate.FactsOf(exchange.LookupName(option)).Is(annotate.EndToEnd) {
		return true
	}
	return field.HasPrefixFold(option, "X-Forwarded-") || field.HasPrefixFold(option, "Accept-") || field.HasPrefixFold(option, "Content-")
}

var framingUpgradeWithoutConnectionUpgrade = &annotate.Rule{
	ID:       "framing/upgrade-without-connection-upgrade",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Upgrade without Connection: upgrade",
	Refs:     []string{"RFC 9110 §7.8", "RFC 9110 §7.6.1"},
	Doc: "Upgrade is for one connection, so Connection must list it. Otherwise a proxy passes it on to the wrong place, and the other side ignores it. " +
		"A proxy that isn't configured for WebSockets removes one of the two.",
	Help:  "send Connection: upgrade together with Upgrade",
	Bad:   []string{asked("Upgrade: irc")},
	Good:  []string{asked("Connection: upgrade", "Upgrade: irc"), requested("GET /orders HTTP/1.0", "Host: shop.test", "Upgrade: irc")},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldUpgrade}},
	Needs: annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			i := s.Fields.Index(exchange.FieldUpgrade)
			if i < 0 || s.Version != exchange.HTTP11 || isConnection(&s.Fields, "upgrade") {
				continue
			}
			s.note(p, s.line(p, i), "Upgrade is "+quoted(s.Fields.At(i).Value)+", but Connection doesn't list upgrade")
		}
	},
}
