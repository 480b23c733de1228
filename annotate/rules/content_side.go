package rules

import (
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// A contentSide is one message of an exchange with what rules on either need.
type contentSide struct {
	x     *exchange.Exchange
	m     *exchange.Message
	in    exchange.PlaceMessage
	blame annotate.Blame // who sent it
}

// sidesOf returns the request and the final response.
func sidesOf(x *exchange.Exchange) [2]contentSide {
	return [2]contentSide{
		{x, &x.Request.Message, exchange.InRequest, annotate.ByClient},
		{x, &x.Response.Message, exchange.InResponse, annotate.ByOrigin},
	}
}

// hasContent reports whether the message carried content that is its own: not
// to HEAD, not with a status that has none.
func (s contentSide) hasContent() bool {
	if s.in == exchange.InRequest {
		return s.m.Content.Size > 0
	}
	return s.m.Content.Size > 0 && s.x.MayHaveContent() && s.x.Response.Status != 205 && s.x.Response.Status >= 200
}

// isPart reports whether the content is a part of something else.
func (s contentSide) isPart() bool {
	return s.m.Fields.Has(exchange.FieldContentRange) || s.in == exchange.InResponse && s.x.Response.Status == 206
}

// whole is the complete content with its codings removed; ok is false where it
// is not at hand.
func (s contentSide) whole() (b []byte, ok bool) {
	if !s.m.Content.Whole() || len(s.m.Content.Kept) == 0 || !s.hasContent() || s.isPart() {
		return nil, false
	}
	d := s.m.DecodedContent()
	return d.Bytes, d.Whole() && len(d.Bytes) > 0
}

// field is the place of the first line of a field.
func (s contentSide) field(p *annotate.Pass, n exchange.Name) exchange.Place {
	if s.in == exchange.InRequest {
		return p.RequestField(n)
	}
	return p.ResponseField(n)
}

// line is the place of the i-th field line.
func (s contentSide) line(p *annotate.Pass, i int) exchange.Place {
	if s.in == exchange.InRequest {
		return p.RequestLine(i)
	}
	return p.ResponseLine(i)
}

// content is the place of octets of the decoded content.
func (s contentSide) content(start, end int) exchange.Place {
	if s.in == exchange.InRequest {
		return annotate.RequestContent(start, end)
	}
	return annotate.ResponseContent(start, end)
}

// note reports a finding against whoever sent the message.
func (s contentSide) note(p *annotate.Pass, at exchange.Place, message string) {
	p.Report(annotate.Note{Place: at, Blame: s.blame, Message: message})
}

// mediaType is that of the message, judged only where it can be read.
func (s contentSide) mediaType() (t field.MediaType, ok bool) {
	if !s.m.Fields.Has(exchange.FieldContentType) || s.m.Fields.Count(exchange.FieldContentType) > 1 {
		return t, false
	}
	t = field.ParseMediaType(s.m.Fields.Value(exchange.FieldContentType))
	return t, t.Type != "" && t.Subtype != ""
}

// answering is an example: a response with fields and content.
func answering(fields, content string) string {
	return "> GET /v1/cart HTTP/1.1\n> Host: api.shop.test\n>\n< HTTP/1.1 200 OK\n" + marked("<", fields) + "<\n< " + strings.ReplaceAll(content, "\n", "\n< ") + "\n"
}

// sending is an example: a request with a method, fields and content.
func sending(method, fields, content string) string {
	request := "> " + method + " /v1/cart HTTP/1.1\n> Host: api.shop.test\n" + marked(">", fields) + ">\n"
	if content != "" {
		// A CR in content is written as two octets here and is one in the message.
		length := len(content) - strings.Count(content, `\r`)
		request = strings.TrimSuffix(request, ">\n") + "> Content-Length: " + strconv.Itoa(length) + "\n>\n"
		request += "> " + strings.ReplaceAll(content, "\n", "\n> ") + "\n"
	}
	return request + "< HTTP/1.1 200 OK\n< Content-Type: application/json\n< Content-Length: 2\n<\n< {}\n"
}
