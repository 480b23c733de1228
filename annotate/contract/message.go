package contract

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"sidenote/annotate"
	"sidenote/exchange"
)

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

func isXML(mediaType string) bool {
	return mediaType == "application/xml" || mediaType == "text/xml" || strings.HasSuffix(mediaType, "+xml")
}

// A body is a message's content with what is declared of it.
type body struct {
	declared  *openapi3.MediaType
	media     string // media type of the message
	content   []byte // decoded, whole
	direction direction
	message   *exchange.Message
}

// bodyOf returns the content of a message if it is whole, can be decoded, is not
// too large to be compared, and its media type is declared.
func bodyOf(m *exchange.Message, declared openapi3.Content, in direction) (b body, ok bool) {
	if m.Content.Size == 0 || len(declared) == 0 || m.Fields.Count(exchange.FieldContentType) != 1 {
		return b, false
	}
	b = body{direction: in, message: m, media: m.MediaType()}
	if b.declared = declared.Get(m.Fields.Value(exchange.FieldContentType)); b.declared == nil {
		return b, false
	}
	d := m.DecodedContent()
	b.content = d.Bytes
	return b, d.Whole() && len(d.Bytes) > 0 && len(d.Bytes) <= maxContent
}

// place is where octets of the content are.
func (b *body) place(start, end int) exchange.Place {
	if b.direction == inResponse {
		return annotate.ResponseContent(start, end)
	}
	return annotate.RequestContent(start, end)
}

// blame says whose message it is.
func (b *body) blame() annotate.Blame {
	if b.direction == inResponse {
		return annotate.ByOrigin
	}
	return annotate.ByClient
}

// judge compares JSON content with its schema.
func (b *body) judge(p *annotate.Pass, r *route) {
	if b.declared.Schema == nil || !isJSON(b.media) {
		return
	}
	value, err := exchange.DecodeJSON(b.content, maxNesting)
	if err != nil {
		return // content/body-invalid-json says so
	}
	if f := r.description.breaks(b.declared.Schema, value, b.direction); f != nil {
		at := b.place(locate(b.content, f.path))
		p.Note(at, "%s%s, says %s of %s", f.where(), f.reason, r.description, r.name())
	}
}

// httpRequest makes a request for the parsers of parameters, which read no
// more than URL and fields.
func httpRequest(x *exchange.Exchange) *http.Request {
	return &http.Request{
		Method: x.Request.Method,
		URL:    &url.URL{Path: x.Path(), RawQuery: x.Query()},
		Header: httpHeader(&x.Request.Fields),
	}
}

func httpHeader(f *exchange.Fields) http.Header {
	h := make(http.Header, f.Len())
	for _, line := range f.All() {
		h.Add(line.Name, line.Value)
	}
	return h
}
