package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"sidenote/annotate"
	"sidenote/exchange"
)

// responseOf returns what an operation declares for a status: the exact code,
// then its range, then default; nil for one that it does not declare.
func responseOf(r *route, status int) *openapi3.Response {
	responses := r.operation.Responses
	ref := responses.Status(status)
	if ref == nil {
		ref = responses.Default()
	}
	if ref == nil {
		return nil
	}
	return ref.Value
}

// isAnyServers reports whether servers and gateways answer with a status
// whatever they serve, so that descriptions leave it out.
func isAnyServers(status int) bool {
	switch status {
	case 101, 304, 401, 403, 405, 406, 408, 412, 413, 414, 415, 421, 425, 426, 428, 429, 431, 502, 503, 504, 511:
		return true
	}
	return false
}

func checkStatus(c *Contract, p *annotate.Pass) {
	r, ok := c.operation(p)
	s := p.X.Response.Status
	if !ok || isAnyServers(s) || r.operation.Responses.Len() == 0 || responseOf(r, s) != nil || toHTTPS(p.X) || isRange(p.X) {
		return
	}
	var declared []string
	for code := range r.operation.Responses.Map() {
		declared = append(declared, code)
	}
	slices.Sort(declared)
	p.Note(p.StatusLine(), "%s declares %s for %s, not %d", r.description, strings.Join(declared, ", "), r.name(), s)
}

// isRange reports whether a response is the answer to a request for a range,
// which any GET may be.
func isRange(x *exchange.Exchange) bool {
	return x.Request.Fields.Has(exchange.FieldRange) && (x.Response.Status == 206 || x.Response.Status == 416)
}

// toHTTPS reports whether a response sends the client from http to https.
func toHTTPS(x *exchange.Exchange) bool {
	if x.Scheme != "http" || x.Response.Class() != 3 {
		return false
	}
	u, err := url.Parse(x.Response.Fields.Value(exchange.FieldLocation))
	return err == nil && strings.EqualFold(u.Scheme, "https")
}

// response returns what is declared for the exchange's status, and not for a
// response to HEAD, which lacks content and may lack the fields about it.
func (c *Contract) response(p *annotate.Pass) (*route, *openapi3.Response) {
	r, ok := c.operation(p)
	if !ok || p.X.Request.Method == "HEAD" {
		return nil, nil
	}
	return r, responseOf(r, p.X.Response.Status)
}

func checkResponseFields(c *Contract, p *annotate.Pass) {
	r, declared := c.response(p)
	if declared == nil || len(declared.Headers) == 0 || p.X.Response.Status == 304 {
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: &http.Request{Header: httpHeader(&p.X.Response.Fields)}, Options: r.description.filterOptions(inResponse),
	}
	for _, name := range sortedNames(declared.Headers) {
		ref := declared.Headers[name]
		if ref == nil || ref.Value == nil || strings.EqualFold(name, "Content-Type") {
			continue
		}
		i := p.X.Response.Fields.Named(name)
		if i >= 0 && exchange.IsRedacted(p.X.Response.Fields.At(i).Value) {
			continue
		}
		parameter := ref.Value.Parameter // a Header Object is a Parameter Object without a name
		parameter.Name, parameter.In = name, openapi3.ParameterInHeader
		if reason := parameterFault(in, &parameter); reason != "" {
			p.Note(responseField(p, name, i), "field %s: %s, says %s of %s, response %d", name, reason, r.description, r.name(), p.X.Response.Status)
			return
		}
	}
}

func responseField(p *annotate.Pass, name string, i int) exchange.Place {
	if i >= 0 {
		return p.ResponseLine(i)
	}
	return exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: name, Line: -1}
}

func sortedNames(h openapi3.Headers) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func checkResponseType(c *Contract, p *annotate.Pass) {
	r, declared := c.response(p)
	m := &p.X.Response.Message
	if declared == nil || len(declared.Content) == 0 || m.Content.Size == 0 || !p.X.MayHaveContent() || m.Fields.Count(exchange.FieldContentType) != 1 {
		return
	}
	switch p.X.Response.Status {
	case 502, 503, 504: // written by a gateway
		return
	}
	value := m.Fields.Value(exchange.FieldContentType)
	if isByteRanges(p.X) || declared.Content.Get(value) != nil {
		return
	}
	p.Note(p.ResponseField(exchange.FieldContentType), "%s declares %s for %s, response %d, not %s",
		r.description, mediaTypes(declared.Content), r.name(), p.X.Response.Status, m.MediaType())
}

// isByteRanges reports whether a response is several ranges, whose own media
// type is in each part.
func isByteRanges(x *exchange.Exchange) bool {
	return x.Response.Status == http.StatusPartialContent && x.Response.MediaType() == "multipart/byteranges"
}

func checkResponseBody(c *Contract, p *annotate.Pass) {
	if b, r, ok := c.responseBody(p); ok {
		b.judge(p, r)
	}
}

// responseBody returns the content of a response where all of it is there and
// declared.
func (c *Contract) responseBody(p *annotate.Pass) (b body, r *route, ok bool) {
	r, declared := c.response(p)
	if declared == nil || p.X.Response.Status == http.StatusPartialContent || !p.X.MayHaveContent() {
		return b, nil, false
	}
	b, ok = bodyOf(&p.X.Response.Message, declared.Content, inResponse)
	return b, r, ok
}

// bodies calls f with the content of request and response, where it is whole
// and declared, until f has reported.
func (c *Contract) bodies(p *annotate.Pass, f func(*body, *route) (reported bool)) {
	if r, ok := c.operation(p); ok {
		if b, ok := bodyOf(&p.X.Request.Message, requestContent(r), inRequest); ok && b.declared.Schema != nil && f(&b, r) {
			return
		}
	}
	if b, r, ok := c.responseBody(p); ok && b.declared.Schema != nil {
		f(&b, r)
	}
}

func ofMessage(b *body, r *route, status int) string {
	if b.direction == inResponse {
		return r.name() + ", response " + strconv.Itoa(status)
	}
	return r.name()
}
