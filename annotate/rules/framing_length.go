package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// framingLengthRules lists the rules on Content-Length.
func framingLengthRules() []*annotate.Rule {
	return []*annotate.Rule{
		framingBodyLongerThanContentLength,
		framingHeadResponseWithBody,
		framingContentLengthInvalid,
		framingMultipleContentLengthDiffer,
		framingContentLengthRepeated,
		framingContentLengthInConnect2xx,
		framingEmptyRequestContentLength,
		framingRequestMissingContentLength,
		framingExpectContinueWithoutBody,
	}
}

var framingBodyLongerThanContentLength = &annotate.Rule{
	ID:       "framing/body-longer-than-content-length",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the body is longer than Content-Length",
	Refs:     []string{"RFC 9112 §6.3", "RFC 9113 §8.1.1"},
	Doc: "Receivers stop reading at Content-Length, so the body is cut off. They read the rest as the start of the next message on the connection. " +
		"Usually the length was counted in characters instead of bytes, or before a filter changed the body.",
	Help: "count bytes after all encoding, or send chunked without Content-Length",
	Bad: []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2") + "< caf\\xc3\\xa9\n",
		"# also failure/h2-protocol-error\n* error h2_protocol_error \"content-length is 2, and 5 bytes of content came\"\n" +
			exchangeOf("GET /orders HTTP/2", []string{"Host: shop.test"}, "HTTP/2 200", []string{"Content-Type: text/plain", "Content-Length: 2"}) + "< caf\\xc3\\xa9\n* content response incomplete\n"},
	Good:  []string{answered("Shop-Trace: 7")},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldContentLength}},
	Needs: annotate.NeedsContent | annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if s.in == exchange.InResponse && !p.X.MayHaveContent() || s.Fields.Has(exchange.FieldTransferEncoding) {
				continue
			}
			n, ok := field.Number(s.Fields.Value(exchange.FieldContentLength))
			whole := s.Content.Complete || s.Version >= exchange.HTTP2 && !s.Content.Decoded // there the length ends nothing, and what is more makes the exchange fail
			if ok && s.Content.Size > n && whole {
				s.note(p, s.line(p, s.Fields.Index(exchange.FieldContentLength)),
					"Content-Length announced "+wording.Count(n, "byte")+", and "+wording.Count(s.Content.Size, "byte")+" came")
			}
		}
	},
}

var framingHeadResponseWithBody = &annotate.Rule{
	ID:       "framing/head-response-with-body",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a body after the response to HEAD",
	Refs:     []string{"RFC 9110 §9.3.2", "RFC 9112 §6.3"},
	Doc: "The response to HEAD ends with its headers. Clients read the bytes that follow as the start of the next response on the connection. " +
		"Usually a handler ignores the method, and the server doesn't remove the body.",
	Help:  "write nothing after the headers if the method is HEAD",
	Bad:   []string{exchangeOf("HEAD /orders HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Content-Length: 2"}) + "< ok\n"},
	Good:  []string{exchangeOf("HEAD /orders HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Content-Length: 2"})},
	When:  annotate.When{Methods: []string{"HEAD"}},
	Needs: annotate.NeedsContent | annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		c := &p.X.Response.Content
		if c.Size == 0 || string(c.Kept) == "\r\n" || p.X.Response.Status == 204 || p.X.Response.Status == 304 {
			return
		}
		p.Note(p.StatusLine(), "%s followed after the headers of the response to HEAD, which has no body", wording.Count(c.Size, "byte"))
	},
}

var framingContentLengthInvalid = &annotate.Rule{
	ID:       "framing/content-length-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Length isn't a number of bytes",
	Refs:     []string{"RFC 9110 §8.6", "RFC 9112 §6.3"},
	Doc: "Content-Length has only digits. " +
		"With anything else, receivers can't tell where the message ends: servers answer 400, proxies 502, and lenient ones guess, each in its own way.",
	Help: "send the number of bytes as decimal digits, once",
	Bad: []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: +2") + "< ok\n", responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2, 2") + "< ok\n",
		responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: "+strings.Repeat("9", 500)) + "< ok\n"},
	Good:       []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 002") + "< ok\n"},
	When:       annotate.When{Always: true, EitherFields: []exchange.Name{exchange.FieldContentLength}, If: []*annotate.Condition{ifOddLength}},
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			i := s.Fields.Index(exchange.FieldContentLength)
			if i < 0 || isUsableLength(s.Fields.At(i).Value) || s.Fields.Has(exchange.FieldTransferEncoding) && s.Version < exchange.HTTP2 {
				continue
			}
			if v := s.Fields.At(i).Value; field.IsDigits(v) {
				s.note(p, s.line(p, i), "Content-Length is a number of "+wording.Count(len(v), "digit")+", which is more than any receiver can count")
				continue
			}
			if v := s.Fields.At(i).Value; s.Fields.Count(exchange.FieldContentLength) == 1 && !lengthsDiffer(&s.Fields) {
				s.note(p, s.line(p, i), "Content-Length is "+quoted(v)+"; it must be digits only")
			}
		}
	},
}

// isUsableLength reports whether a value is digits, and no more than recipients
// commonly hold: 2^63-1.
func isUsableLength(v string) bool {
	const most = "9223372036854775807"
	if !field.IsDigits(v) {
		return false
	}
	v = strings.TrimLeft(v, "0")
	return len(v) < len(most) || len(v) == len(most) && v <= most
}

// lengthsDiffer reports whether Content-Length has two values that differ, on
// one line or several.
func lengthsDiffer(f *exchange.Fields) bool {
	first, seen := "", false
	for _, l := range f.Each(exchange.FieldContentLength) {
		for e := range field.List(l.Value) {
			if seen && e.Text != first {
				return true
			}
			first, seen = e.Text, true
		}
	}
	return false
}

var framingMultipleContentLengthDiffer = &annotate.Rule{
	ID:       "framing/multiple-content-length-differ",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "two different values of Content-Length",
	Refs:     []string{"RFC 9112 §6.3"},
	Doc: "No receiver can tell where such a message ends, so every receiver must refuse it. " +
		"Attackers use it to smuggle requests past a receiver that uses the other length. Usually a program and a proxy both add the header.",
	Help:       "send Content-Length once",
	Bad:        []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2", "Content-Length: 3") + "< ok\n", responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2, 3") + "< ok\n"},
	Good:       []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2") + "< ok\n"},
	When:       annotate.When{Always: true, EitherFields: []exchange.Name{exchange.FieldContentLength}, If: []*annotate.Condition{ifOddLength}},
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			i := s.Fields.Index(exchange.FieldContentLength)
			if i < 0 || field.IsDigits(s.Fields.At(i).Value) && !s.Fields.Repeats() {
				continue
			}
			if lengthsDiffer(&s.Fields) {
				s.note(p, s.line(p, i), "Content-Length has several values: "+quoted(s.Fields.Combined(exchange.FieldContentLength)))
			}
		}
	},
}

var framingContentLengthRepeated = &annotate.Rule{
	ID:       "framing/content-length-repeated",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "Content-Length is repeated with the same value",
	Refs:     []string{"RFC 9110 §8.6", "RFC 9112 §6.3"},
	Doc: "A receiver may use the value, or refuse the message. " +
		"Strict servers and proxies answer 400 or 502, because attackers smuggle requests with two lengths. Usually a program and a proxy both add the header.",
	Help: "send Content-Length once; find the two places that add it",
	Bad:  []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2", "Content-Length: 2") + "< ok\n"},
	Good: []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2") + "< ok\n"},
	When: annotate.When{EitherFields: []exchange.Name{exchange.FieldContentLength}, If: []*annotate.Condition{ifRepeats}},
	Check: func(p *annotate.Pass) {
		for s := range messageHeads(p) {
			if n := s.Fields.Count(exchange.FieldContentLength); n > 1 && !lengthsDiffer(&s.Fields) {
				i := s.Fields.Index(exchange.FieldContentLength)
				s.note(p, s.line(p, i), "Content-Length is on "+wording.Count(n, "line")+", each "+bare(s.Fields.At(i).Value)+"; strict receivers refuse such a message")
			}
		}
	},
}

var framingContentLengthInConnect2xx = &annotate.Rule{
	ID:       "framing/content-length-in-connect-2xx",
	Severity: annotate.Error,
	Blame:    annotate.ByIntermediary,
	Title:    "Content-Length in a successful response to CONNECT",
	Refs:     []string{"RFC 9110 §8.6"},
	Doc: "After a 2xx to CONNECT, the connection is a tunnel, and everything that follows belongs to it. " +
		"A client that uses Content-Length waits for a body, or reads the first bytes of the tunnel as the body.",
	Help: "remove Content-Length from a 2xx to CONNECT",
	Bad:  []string{connected("Content-Length: 0")},
	Good: []string{connected()},
	When: annotate.When{Class: []int{2}, Methods: []string{"CONNECT"}, Fields: []exchange.Name{exchange.FieldContentLength}},
	Check: func(p *annotate.Pass) {
		p.Note(p.ResponseField(exchange.FieldContentLength), "the %d to CONNECT has Content-Length, but a tunnel follows", p.X.Response.Status)
	},
}

// connected is a 200 to CONNECT with those field lines.
func connected(lines ...string) string {
	return exchangeOf("CONNECT shop.test:443 HTTP/1.1", []string{"Host: shop.test:443"}, "HTTP/1.1 200 OK", lines)
}

var framingEmptyRequestContentLength = &annotate.Rule{
	ID:       "framing/empty-request-content-length",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "Content-Length: 0 on a method without a body",
	Refs:     []string{"RFC 9110 §8.6"},
	Doc: "A GET, HEAD or TRACE without a body needs no Content-Length. Some servers and firewalls refuse such a request, because they expect no body at all. " +
		"Some clients add a Content-Type that makes servers parse nothing.",
	Help: "remove Content-Length from requests without a body",
	Bad:  []string{asked("Content-Length: 0")},
	Good: []string{requested("DELETE /orders/7 HTTP/1.1", "Host: shop.test", "Content-Length: 0")},
	When: annotate.When{Methods: []string{"GET", "HEAD", "TRACE"}, RequestFields: []exchange.Name{exchange.FieldContentLength}},
	Once: clientKey,
	Check: func(p *annotate.Pass) {
		if p.X.Request.Fields.Value(exchange.FieldContentLength) == "0" {
			p.Note(p.RequestField(exchange.FieldContentLength), "%s has Content-Length: 0, but needs none without a body", p.X.Request.Method)
		}
	},
}

var framingRequestMissingContentLength = &annotate.Rule{
	ID:       "framing/request-missing-content-length",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "a POST, PUT or PATCH without Content-Length",
	Refs:     []string{"RFC 9110 §8.6"},
	Doc: "With these methods a server expects a body. Without Content-Length and Transfer-Encoding there is none. " +
		"Some servers answer 411, others see an empty request. Send the header even if the body is empty.",
	Help:  "send Content-Length: 0 if there is no body",
	Bad:   []string{requested("POST /orders HTTP/1.1", "Host: shop.test")},
	Good:  []string{requested("POST /orders HTTP/1.1", "Host: shop.test", "Content-Length: 0"), requested("POST /orders HTTP/1.0", "Host: shop.test"), requested("DELETE /orders/7 HTTP/1.1", "Host: shop.test")},
	When:  annotate.When{Methods: []string{"POST", "PUT", "PATCH"}},
	Needs: annotate.NeedsFraming,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		f := &r.Fields
		if r.Version != exchange.HTTP11 || f.Has(exchange.FieldContentLength) || f.Has(exchange.FieldTransferEncoding) ||
			f.Has(exchange.FieldUpgrade) {
			return
		}
		p.Note(p.RequestField(exchange.FieldContentLength), "the %s has no Content-Length and no Transfer-Encoding", r.Method)
	},
}

var framingExpectContinueWithoutBody = &annotate.Rule{
	ID:       "framing/expect-continue-without-body",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "the client waits for 100 but has no body to send",
	Refs:     []string{"RFC 9110 §10.1.1"},
	Doc: "Expect: 100-continue asks whether the client may send the body. Without a body there is nothing to allow. " +
		"Some servers wait for it anyway, and some answer 417.",
	Help: "remove Expect from requests without a body",
	Bad:  []string{asked("Expect: 100-continue"), "* timing request-sent=1ms response-at=5ms first-byte=5ms done=9ms\n" + overH2([]string{"expect: 100-continue"})},
	Good: []string{requested("POST /orders HTTP/1.1", "Host: shop.test", "Expect: 100-continue", "Content-Length: 2000"), "# also syntax/expect-invalid\n" + requested("GET /orders HTTP/1.0", "Host: shop.test", "Expect: 100-continue"),
		"# the body was held back once the answer was there\n* timing request-sent=9ms response-at=5ms first-byte=5ms done=9ms\n" + overH2([]string{"expect: 100-continue"})},
	When:  annotate.When{RequestFields: []exchange.Name{exchange.FieldExpect}},
	Needs: annotate.NeedsContent | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		r := &p.X.Request
		length, _ := field.Number(r.Fields.Value(exchange.FieldContentLength))
		switch {
		case !expects100(r) || length > 0 || r.Fields.Has(exchange.FieldTransferEncoding) || r.Version == exchange.HTTP10:
		case r.Version >= exchange.HTTP2 && !r.Fields.Has(exchange.FieldContentLength) && !endedWithoutContent(p.X): // which the head alone does not show
		default:
			p.Note(p.RequestField(exchange.FieldExpect), "Expect asks for a 100 before the body, but the request has no body")
		}
	},
}

// endedWithoutContent reports whether a request ended without content, and not since
// the client held it back when it had an answer.
func endedWithoutContent(x *exchange.Exchange) bool {
	c := &x.Request.Content
	return c.Complete && c.Size == 0 && x.Timing.RequestSent > 0 && x.Timing.RequestSent <= x.Response.At
}

// hasChunked reports whether chunked is the last transfer coding.
func hasChunked(f *exchange.Fields) bool {
	last := ""
	for _, l := range f.Each(exchange.FieldTransferEncoding) {
		for e := range field.List(l.Value) {
			last = e.Text
		}
	}
	return field.EqualFold(last, "chunked")
}

// isConnection reports whether Connection lists an option.
func isConnection(f *exchange.Fields, option string) bool {
	return listHas(f, exchange.FieldConnection, option)
}

// isAsReceived reports whether the fields of a message may be judged as it
// came: HTTP/1.x, and not out of a file whose writer tidied it.
func isAsReceived(m *exchange.Message) bool {
	return m.Version < exchange.HTTP2 && m.WireTrue()
}

func isEventStream(f *exchange.Fields) bool {
	return strings.HasPrefix(strings.ToLower(f.Value(exchange.FieldContentType)), "text/event-stream")
}
