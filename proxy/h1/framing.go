package h1

import (
	"net/http"
	"strings"

	"sidenote/exchange"
)

// An End is how the end of a message's content is found (RFC 9112 §6.3).
type End uint8

// The ends.
const (
	NoContent End = iota // the message ends with its head
	ByLength             // after so many octets
	ByChunks             // after the last chunk
	ByClosing            // with the connection; a response only
)

// A Frame says where a message ends.
type Frame struct {
	End    End
	Length int64 // of the content, ByLength
	// Extra are the lines that are not to be passed on, since they say the same
	// again, or something that does not hold: Content-Length lines after the first
	// one, or beside chunks.
	Extra LineSet
	// Plain is the one value of a Content-Length that came as a list; "" where it
	// did not.
	Plain string
	// Last says that nothing can follow the message on its connection.
	Last bool
}

// FrameRequest finds where a request ends. The fault says why nobody can tell.
func (h *Head) FrameRequest(v exchange.Version) (fr Frame, f *Fault) {
	codings, length := h.Fields.Has(exchange.FieldTransferEncoding), h.Fields.Has(exchange.FieldContentLength)
	switch {
	case codings && length:
		return fr, faultf(Framing, "it has both Transfer-Encoding and Content-Length")
	case codings && v < exchange.HTTP11:
		return fr, faultf(Framing, "Transfer-Encoding is unknown to HTTP/1.0")
	case codings:
		chunked, f := endsInChunks(&h.Fields)
		if f != nil {
			return fr, f
		}
		if !chunked {
			return fr, faultf(Framing, "Transfer-Encoding %q does not end with chunked", first(h.Fields.Combined(exchange.FieldTransferEncoding)))
		}
		fr.End = ByChunks
		return fr, nil
	case length:
		return fr, fr.byLength(&h.Fields)
	}
	return fr, nil
}

// FrameResponse finds where a response ends. The fault says why nobody can tell.
func (h *Head) FrameResponse(method string, l StatusLine) (fr Frame, f *Fault) {
	codings, length := h.Fields.Has(exchange.FieldTransferEncoding), h.Fields.Has(exchange.FieldContentLength)
	switch {
	case method == http.MethodHead, l.Status < 200, l.Status == http.StatusNoContent, l.Status == http.StatusNotModified:
		return fr, nil
	case method == http.MethodConnect && l.Status < 300:
		return fr, nil
	case codings:
		chunked, f := endsInChunks(&h.Fields)
		if f != nil {
			return fr, f
		}
		fr.End, fr.Last = ByClosing, true
		if chunked {
			fr.End, fr.Last = ByChunks, length || l.Version < exchange.HTTP11
		}
		for i := range h.Fields.Each(exchange.FieldContentLength) {
			fr.Extra.Add(i)
		}
		return fr, nil
	case length:
		return fr, fr.byLength(&h.Fields)
	}
	fr.End, fr.Last = ByClosing, true
	return fr, nil
}

// endsInChunks reports whether chunked is the last transfer coding. It is a fault
// for it to stand anywhere else (RFC 9112 §7.1).
func endsInChunks(f *exchange.Fields) (bool, *Fault) {
	all := f.Combined(exchange.FieldTransferEncoding)
	if strings.Trim(all, ", \t") == "" {
		return false, faultf(Framing, "Transfer-Encoding names no coding")
	}
	last := false
	for coding := range strings.SplitSeq(all, ",") {
		coding = trimOWS(coding)
		if last && coding != "" {
			return false, faultf(Framing, "Transfer-Encoding is %q, in which chunked is not the last", first(all))
		}
		name, _, _ := strings.Cut(coding, ";")
		if coding != "" && !isToken(trimRightOWS(name)) {
			return false, faultf(Framing, "Transfer-Encoding is %q, which is not a list of codings", first(all))
		}
		if strings.EqualFold(coding, "chunked") {
			last = true
		} else if strings.EqualFold(trimRightOWS(name), "chunked") {
			return false, faultf(Framing, "Transfer-Encoding is %q: chunked has no parameters", first(all))
		}
	}
	return last, nil
}

// byLength reads Content-Length. Several values are let pass where they are the
// same (RFC 9110 §8.6).
func (fr *Frame) byLength(f *exchange.Fields) *Fault {
	fr.End = ByLength
	value, lines := "", 0
	for i, l := range f.Each(exchange.FieldContentLength) {
		if lines++; lines > 1 {
			fr.Extra.Add(i)
		}
		for member := range strings.SplitSeq(l.Value, ",") {
			member = trimOWS(member)
			n, ok := parseLength(member)
			switch {
			case !ok:
				return faultf(Framing, "Content-Length is %q", first(f.Combined(exchange.FieldContentLength)))
			case value != "" && n != fr.Length:
				return faultf(Framing, "Content-Length is both %q and %q", first(value), first(member))
			}
			if value == "" {
				value, fr.Length = member, n
			}
			if len(member) != len(l.Value) && lines == 1 {
				fr.Plain = value
			}
		}
	}
	if fr.Length == 0 {
		fr.End = NoContent
	}
	return nil
}

// parseLength reads digits, at most as many as no reader takes for another number.
func parseLength(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// Persists reports whether a message lets its connection go on
// (RFC 9112 §9.3).
func Persists(f *exchange.Fields, v exchange.Version) bool {
	keep := v >= exchange.HTTP11
	for _, l := range f.Each(exchange.FieldConnection) {
		switch {
		case HasToken(l.Value, "close"):
			return false
		case HasToken(l.Value, "keep-alive"):
			keep = true
		}
	}
	return keep
}

// HasToken reports whether a comma-separated list has a member, compared without case.
func HasToken(list, token string) bool {
	for member := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(trimOWS(member), token) {
			return true
		}
	}
	return false
}
