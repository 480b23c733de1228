package rules

import (
	"slices"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// rangeRules lists the rules on range requests (RFC 9110 §14).
func rangeRules() []*annotate.Rule {
	return slices.Concat(
		range206Rules(),
		range206BytesRules(),
		range416Rules(),
		rangeRequestRules(),
		rangeResponseRules(),
	)
}

// requestedRanges reads the request's Range. ok is false where there is none
// or it cannot be read.
func requestedRanges(x *exchange.Exchange) (r field.Ranges, ok bool) {
	if !x.Request.Fields.Has(exchange.FieldRange) {
		return r, false
	}
	r, err := field.ParseRanges(x.Request.Fields.Value(exchange.FieldRange))
	return r, err == nil
}

// requestedBytes reads a bytes Range whose every range is valid; a server has
// to ignore any other.
func requestedBytes(x *exchange.Exchange) (r field.Ranges, ok bool) {
	r, ok = requestedRanges(x)
	if !ok || !r.IsBytes() {
		return r, false
	}
	for _, err := range r.All() {
		if err != nil {
			return r, false
		}
	}
	return r, true
}

// contentRangeOf reads the response's Content-Range. ok is false where there is
// none or it is invalid.
func contentRangeOf(x *exchange.Exchange) (r field.ContentRange, ok bool) {
	if !x.Response.Fields.Has(exchange.FieldContentRange) {
		return r, false
	}
	r, err := field.ParseContentRange(x.Response.Fields.Value(exchange.FieldContentRange))
	return r, err == nil
}

// isByteranges reports whether a message has several ranges as its parts
// (RFC 9110 §14.6).
func isByteranges(m *exchange.Message) bool {
	t := field.ParseMediaType(m.Fields.Value(exchange.FieldContentType))
	return t.Is("multipart", "byteranges") || t.Is("multipart", "x-byteranges")
}

// rangePlace is the place of the range in the response's Content-Range.
func rangePlace(p *annotate.Pass, r field.ContentRange) exchange.Place {
	return annotate.Span(p.ResponseField(exchange.FieldContentRange), r.RangePart.At, r.RangePart.End())
}
