package rules

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/internal/wording"
)

// framingCodingRules lists the rules on Transfer-Encoding and on chunks.
func framingCodingRules() []*annotate.Rule {
	return []*annotate.Rule{
		framingChunkedMalformed,
		framingChunkedUnterminated,
		framingTEAndContentLength,
		framingTEChunkedNotFinal,
		framingTEChunkedRepeated,
		framingTEIn1xx204,
		framingTEInConnect2xx,
		framingTEObfuscated,
		framingTEToHTTP10,
		framingTEUnknownCoding,
		framingTransferCodingNotAccepted,
	}
}

var transferEncodingOnly = []exchange.Name{exchange.FieldTransferEncoding}

// codedHeads returns the HTTP/1.x messages that have Transfer-Encoding, as received.
func codedHeads(p *annotate.Pass, f func(s messageHead, line int)) {
	for s := range messageHeads(p) {
		if s.Fields.Has(exchange.FieldTransferEncoding) && isAsReceived(s.Message) {
			f(s, s.Fields.Index(exchange.FieldTransferEncoding))
		}
	}
}

var framingChunkedMalformed = &annotate.Rule{
	ID:       "framing/chunked-malformed",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the chunks of the response are malformed",
	Refs:     []string{"RFC 9112 §7.1", "RFC 9112 §7.1.1"},
	Doc: "Each chunk is its size in hexadecimal, CR LF, the bytes, and CR LF. " +
		"After an error, the rest of the message can't be read and the connection has to be closed. " +
		"Usually a program writes chunks by hand, or a filter changed the body after it was chunked.",
	Help:       "let the HTTP library write the chunks",
	Bad:        []string{"* error invalid_chunk \"invalid byte in chunk length\"\n" + responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked") + "< ab\n* content response incomplete\n"},
	Good:       []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked") + "< ok\n"},
	When:       annotate.When{Failed: true, Fields: transferEncodingOnly},
	Needs:      annotate.NeedsEnd,
	Suppresses: []string{"failure/invalid-chunk"},
	Check: func(p *annotate.Pass) {
		if p.X.Err.Code == exchange.ErrChunk && !p.X.Response.Made {
			p.Note(p.ResponseField(exchange.FieldTransferEncoding), "after %s the chunked coding is broken%s", wording.Count(p.X.Response.Content.Size, "byte"), detail(p.X.Err))
		}
	},
}

var framingChunkedUnterminated = &annotate.Rule{
	ID:       "framing/chunked-unterminated",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "the connection was closed before the last chunk",
	Refs:     []string{"RFC 9112 §8", "RFC 9112 §7.1"},
	Doc: "A chunked message ends with a chunk of size zero. " +
		"The sender closed the connection before that, so the body is incomplete and must not be used as a whole one. " +
		"Look for a crash, a timeout or a limit in the server or a proxy.",
	Help:       "find out why the sender stopped; check its log at this time",
	Bad:        []string{"* error content_truncated \"unexpected EOF\"\n" + responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked") + "< ab\n* content response incomplete\n"},
	Good:       []string{"* error client_gone \"context canceled\"\n" + responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked") + "< ab\n* content response incomplete\n"},
	When:       annotate.When{Failed: true},
	Needs:      annotate.NeedsEnd,
	Suppresses: []string{"failure/content-truncated", "failure/request-truncated"},
	Check: func(p *annotate.Pass) {
		x := p.X
		switch {
		case x.Err.Code == exchange.ErrTruncated && !x.Response.Made && x.Response.Status != 101 && x.MayHaveContent():
			s := responseHead(p)
			if !hasChunked(&s.Fields) || s.Version >= exchange.HTTP2 {
				return
			}
			n := annotate.Note{Place: p.ResponseField(exchange.FieldTransferEncoding), Message: wording.Count(s.Content.Size, "byte") + " arrived without the last chunk, so the body is cut off"}
			if isEventStream(&s.Fields) {
				n.Severity = annotate.Info
			}
			p.Report(n)
		case x.Err.Code == exchange.ErrRequestTruncated && (x.Response.Status == 0 || x.Response.Made):
			if s := requestHead(p); hasChunked(&s.Fields) && s.Version < exchange.HTTP2 {
				s.note(p, p.RequestField(exchange.FieldTransferEncoding), wording.Count(s.Content.Size, "byte")+" arrived without the last chunk, so the body is cut off")
			}
		}
	},
}

var framingTEAndContentLength = &annotate.Rule{
	ID:       "framing/te-and-content-length",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "both Transfer-Encoding and Content-Length",
	Refs:     []string{"RFC 9112 §6.2", "RFC 9112 §6.3"},
	Doc: "The two headers disagree about where the message ends. Receivers must use Transfer-Encoding. " +
		"One that uses Content-Length sees another end, and attackers use the difference to smuggle requests. Careful receivers refuse the message.",
	Help:       "send one of the two; with Transfer-Encoding, remove Content-Length",
	Bad:        []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked", "Content-Length: 2") + "< ok\n"},
	Good:       []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked") + "< ok\n"},
	Needs:      annotate.NeedsRawHead,
	When:       annotate.When{Always: true, EitherFields: []exchange.Name{exchange.FieldTransferEncoding}},
	Suppresses: []string{"framing/content-length-invalid", "failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		codedHeads(p, func(s messageHead, line int) {
			if i := s.Fields.Index(exchange.FieldContentLength); i >= 0 {
				s.note(p, s.line(p, i), "Content-Length "+bare(s.Fields.At(i).Value)+" is there together with Transfer-Encoding "+bare(s.Fields.At(line).Value))
			}
		})
	},
}

var framingTEChunkedNotFinal = &annotate.Rule{
	ID:       "framing/te-chunked-not-final",
	Severity: annotate.Error,
	Blame:    annotate.ByClient,
	Title:    "chunked isn't the last transfer coding of the request",
	Refs:     []string{"RFC 9112 §6.1", "RFC 9112 §6.3"},
	Doc: "Without chunked at the end, no server can tell where the request body ends. Servers must answer 400 and close the connection. " +
		"If a server guesses, attackers can make it read the body as another request.",
	Help:       "send Transfer-Encoding: chunked, as the last coding",
	Bad:        []string{requested("POST /orders HTTP/1.1", "Host: shop.test", "Transfer-Encoding: chunked, gzip"), requested("POST /orders HTTP/1.1", "Host: shop.test", "Transfer-Encoding: gzip")},
	Good:       []string{requested("POST /orders HTTP/1.1", "Host: shop.test", "Transfer-Encoding: gzip, chunked")},
	Needs:      annotate.NeedsRawHead,
	When:       annotate.When{Always: true, RequestFields: transferEncodingOnly},
	Suppresses: []string{"failure/request-malformed"},
	Check: func(p *annotate.Pass) {
		if r := &p.X.Request; isAsReceived(&r.Message) && !hasChunked(&r.Fields) {
			p.Note(p.RequestField(exchange.FieldTransferEncoding), "Transfer-Encoding is %s, but chunked must be last", quoted(r.Fields.Combined(exchange.FieldTransferEncoding)))
		}
	},
}

var framingTEChunkedRepeated = &annotate.Rule{
	ID:       "framing/te-chunked-repeated",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "chunked more than once",
	Refs:     []string{"RFC 9112 §6.1"},
	Doc: "A message must be chunked only once. Some receivers remove one layer and some remove two, so the body is broken, or a request is smuggled. " +
		"Usually a program chunks, and the server in front of it does so again.",
	Help:  "chunk in only one of the two",
	Bad:   []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "< ok\n"},
	Good:  []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked") + "< ok\n"},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldTransferEncoding}},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		codedHeads(p, func(s messageHead, line int) {
			count := 0
			for _, l := range s.Fields.Each(exchange.FieldTransferEncoding) {
				for e := range field.List(l.Value) {
					if field.EqualFold(field.Head(e.Text).Text, "chunked") {
						count++
					}
				}
			}
			if count > 1 {
				s.note(p, s.line(p, line), "Transfer-Encoding lists chunked "+wording.Count(count, "time"))
			}
		})
	},
}

var framingTEIn1xx204 = &annotate.Rule{
	ID:       "framing/te-in-1xx-204",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Transfer-Encoding in a response that can't have a body",
	Refs:     []string{"RFC 9112 §6.1"},
	Doc: "A 1xx and a 204 never have a body and must not have Transfer-Encoding. " +
		"Clients that use the header wait for a chunk that never comes, or read the start of the next response as one.",
	Help:  "remove Transfer-Encoding from 1xx and 204",
	Bad:   []string{exchangeOf("DELETE /orders/7 HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 204 No Content", []string{"Transfer-Encoding: chunked"})},
	Good:  []string{exchangeOf("HEAD /orders HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Transfer-Encoding: chunked"})},
	When:  annotate.When{If: []*annotate.Condition{ifContentless}},
	Needs: annotate.NeedsRawHead | annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		for i := range p.X.Interim {
			r := &p.X.Interim[i]
			if line := r.Fields.Index(exchange.FieldTransferEncoding); line >= 0 && isAsReceived(&r.Message) {
				p.Note(p.InterimLine(i, line), "%d has Transfer-Encoding but can't have a body", r.Status)
			}
		}
		r := &p.X.Response
		if line := r.Fields.Index(exchange.FieldTransferEncoding); line >= 0 && isAsReceived(&r.Message) && (r.Status == 204 || r.Class() == 1) {
			p.Note(p.ResponseLine(line), "%d has Transfer-Encoding but can't have a body", r.Status)
		}
	},
}

var framingTEInConnect2xx = &annotate.Rule{
	ID:       "framing/te-in-connect-2xx",
	Severity: annotate.Error,
	Blame:    annotate.ByIntermediary,
	Title:    "Transfer-Encoding in a successful response to CONNECT",
	Refs:     []string{"RFC 9112 §6.1"},
	Doc: "After a 2xx to CONNECT, the connection is a tunnel. " +
		"A client that uses Transfer-Encoding reads the first bytes of the tunnel as a chunk, and the TLS handshake fails.",
	Help:  "remove Transfer-Encoding from a 2xx to CONNECT",
	Bad:   []string{connected("Transfer-Encoding: chunked")},
	Good:  []string{connected()},
	Needs: annotate.NeedsRawHead,
	When:  annotate.When{Class: []int{2}, Methods: []string{"CONNECT"}, Fields: transferEncodingOnly},
	Check: func(p *annotate.Pass) {
		if isAsReceived(&p.X.Response.Message) {
			p.Note(p.ResponseField(exchange.FieldTransferEncoding), "the %d to CONNECT has Transfer-Encoding, but a tunnel follows", p.X.Response.Status)
		}
	},
}

var framingTEObfuscated = &annotate.Rule{
	ID:       "framing/te-obfuscated",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Transfer-Encoding is written so that only some receivers see chunked",
	Refs:     []string{"RFC 9112 §6.1", "RFC 9112 §7", "RFC 9112 §11.2"},
	Doc: "The value contains chunked but not as a separate word, or a control character hides the name of the header. " +
		"That isn't an accident: attackers use it to make a proxy and a server disagree about where a request ends.",
	Help:       "send Transfer-Encoding: chunked, in plain letters",
	Bad:        []string{requested("POST /orders HTTP/1.1", "Host: shop.test", `Transfer-Encoding: "chunked"`), requested("POST /orders HTTP/1.1", "Host: shop.test", "Transfer-Encoding: xchunked"), "# also framing/request-missing-content-length\n" + requested("POST /orders HTTP/1.1", "Host: shop.test", `Transfer\x0b-Encoding: chunked`)},
	Good:       []string{requested("POST /orders HTTP/1.1", "Host: shop.test", "Transfer-Encoding: ChUnKeD ")},
	Needs:      annotate.NeedsRawHead,
	When:       annotate.When{Always: true, If: []*annotate.Condition{ifCoded}},
	Suppresses: []string{"framing/te-unknown-coding", "framing/te-chunked-not-final", "syntax/field-name-invalid", "failure/request-malformed", "syntax/bare-cr-or-nul-in-field"},
	Check: func(p *annotate.Pass) {
		codedHeads(p, func(s messageHead, _ int) {
			for i, l := range s.Fields.Each(exchange.FieldTransferEncoding) {
				if field.EqualFold(l.Value, "chunked") || field.IndexFold(l.Value, "chunked") < 0 {
					continue
				}
				for e := range field.List(l.Value) {
					if word := field.Head(e.Text).Text; field.IndexFold(word, "chunked") >= 0 && !field.EqualFold(word, "chunked") {
						s.note(p, annotate.Span(s.line(p, i), e.At, e.End()), "Transfer-Encoding has "+quoted(e.Text)+", which only looks like chunked")
					}
				}
			}
		})
		for s := range messageHeads(p) {
			if s.overview.Odd&annotate.OddName == 0 || !isAsReceived(s.Message) {
				continue
			}
			for i, l := range s.Fields.All() {
				if l.Known == 0 && field.ControlIn(l.Name) >= 0 && field.EqualFold(withoutControls(l.Name), "transfer-encoding") {
					s.note(p, s.line(p, i), "the header name "+quoted(l.Name)+" becomes Transfer-Encoding if a receiver drops control characters")
				}
			}
		}
	},
}

func withoutControls(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

var framingTEToHTTP10 = &annotate.Rule{
	ID:       "framing/te-to-http10",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "Transfer-Encoding on HTTP/1.0",
	Refs:     []string{"RFC 9112 §6.1"},
	Doc:      "HTTP/1.0 has no Transfer-Encoding. An HTTP/1.0 client shows the chunk sizes as part of the body. An HTTP/1.0 server sees no body, or the wrong one.",
	Help:     "answer HTTP/1.0 with Content-Length, or close the connection at the end",
	Bad:      []string{exchangeOf("GET /orders HTTP/1.0", []string{"Host: shop.test"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Transfer-Encoding: chunked"}) + "< ok\n", requested("POST /orders HTTP/1.0", "Host: shop.test", "Transfer-Encoding: chunked")},
	Good:     []string{"* changed version\n" + exchangeOf("GET /orders HTTP/1.0", []string{"Host: shop.test"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Transfer-Encoding: chunked"}) + "< ok\n"},
	When:     annotate.When{EitherFields: []exchange.Name{exchange.FieldTransferEncoding}},
	Needs:    annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		codedHeads(p, func(s messageHead, line int) {
			switch {
			case s.Version == exchange.HTTP10:
				s.note(p, s.line(p, line), "the message is HTTP/1.0 but has Transfer-Encoding")
			case s.in == exchange.InResponse && p.X.Request.Version == exchange.HTTP10 && p.X.Changed&exchange.ChangedVersion == 0:
				s.note(p, s.line(p, line), "the request is HTTP/1.0, but its response has Transfer-Encoding")
			}
		})
	},
}

// isTransferCoding reports whether a name is a registered transfer coding that
// messages are sent in (RFC 9112 §7).
func isTransferCoding(s string) bool {
	return field.EqualFold(s, "chunked") || isCompression(s)
}

func isCompression(s string) bool {
	for _, c := range [...]string{"gzip", "x-gzip", "deflate", "compress", "x-compress"} {
		if field.EqualFold(s, c) {
			return true
		}
	}
	return false
}

var framingTEUnknownCoding = &annotate.Rule{
	ID:       "framing/te-unknown-coding",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "an unknown transfer coding",
	Refs:     []string{"RFC 9112 §7", "RFC 9112 §7.1", "RFC 9112 §7.2"},
	Doc: "The registered transfer codings are chunked, gzip, deflate and compress, all without parameters. identity was removed. " +
		"A server answers 501 to an unknown one, and a client can't read the body. Content codings such as br belong in Content-Encoding.",
	Help:  "send Transfer-Encoding: chunked, and compress with Content-Encoding",
	Bad:   []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: br, chunked") + "< ok\n"},
	Good:  []string{requested("POST /orders HTTP/1.1", "Host: shop.test", "Transfer-Encoding: gzip, chunked")},
	When:  annotate.When{EitherFields: []exchange.Name{exchange.FieldTransferEncoding}},
	Needs: annotate.NeedsRawHead,
	Check: func(p *annotate.Pass) {
		codedHeads(p, func(s messageHead, _ int) {
			for i, l := range s.Fields.Each(exchange.FieldTransferEncoding) {
				for e := range field.List(l.Value) {
					if !isTransferCoding(e.Text) && s.Version == exchange.HTTP11 {
						s.note(p, annotate.Span(s.line(p, i), e.At, e.End()), "Transfer-Encoding has "+quoted(e.Text)+", which isn't a registered transfer coding")
					}
				}
			}
		})
	},
}

var framingTransferCodingNotAccepted = &annotate.Rule{
	ID:       "framing/transfer-coding-not-accepted",
	Severity: annotate.Error,
	Blame:    annotate.ByOriginOrIntermediary,
	Title:    "a transfer coding that the request doesn't accept",
	Refs:     []string{"RFC 9112 §7.4", "RFC 9110 §10.1.4"},
	Doc: "Compression as a transfer coding is allowed only if TE lists it. Few clients do that, and a client that didn't ask can't decode it. " +
		"Probably Content-Encoding was meant.",
	Help:  "compress with Content-Encoding, as Accept-Encoding allows",
	Bad:   []string{responded("HTTP/1.1 200 OK", "Content-Type: text/plain", "Transfer-Encoding: gzip, chunked")},
	Good:  []string{exchangeOf("GET /orders HTTP/1.1", []string{"Host: shop.test", "TE: gzip", "Connection: TE"}, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Transfer-Encoding: gzip, chunked"})},
	Needs: annotate.NeedsRawHead,
	When:  annotate.When{Fields: transferEncodingOnly},
	Check: func(p *annotate.Pass) {
		s := responseHead(p)
		if !isAsReceived(s.Message) || s.Version != exchange.HTTP11 {
			return
		}
		for i, l := range s.Fields.Each(exchange.FieldTransferEncoding) {
			for e := range field.List(l.Value) {
				if isCompression(e.Text) && !acceptsCoding(p.X, e.Text) {
					p.Note(annotate.Span(p.ResponseLine(i), e.At, e.End()), "Transfer-Encoding has %s, which the request doesn't accept in TE", e.Text)
				}
			}
		}
	},
}

// acceptsCoding reports whether the TE field that the origin server got lists a
// coding. Where sidenote consumed the hop-by-hop fields it got none.
func acceptsCoding(x *exchange.Exchange, coding string) bool {
	if x.Changed&exchange.ChangedRequestHopByHop != 0 {
		return false
	}
	for _, l := range x.Request.Fields.Each(exchange.FieldTE) {
		for e := range field.List(l.Value) {
			if field.EqualFold(strings.TrimPrefix(field.Head(e.Text).Text, "x-"), strings.TrimPrefix(coding, "x-")) {
				for q := range field.Params(e.Text) {
					if w, ok := field.Weight(q.Value); field.EqualFold(q.Name, "q") && ok && w == 0 {
						return false
					}
				}
				return true
			}
		}
	}
	return false
}
