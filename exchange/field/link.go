package field

import (
	"iter"
	"strings"
)

// A Link is one link of a Link field (RFC 8288 §3).
type Link struct {
	Target string // what is between the angle brackets
	At     int    // where Target begins in the value
	Text   string // all of the link
	TextAt int    // where Text begins
}

// Links returns the links of a Link value. What is not a link is passed over.
func Links(s string) iter.Seq[Link] {
	return func(yield func(Link) bool) {
		for at := 0; at < len(s); {
			open := strings.IndexByte(s[at:], '<')
			if open < 0 {
				return
			}
			open += at
			shut := strings.IndexByte(s[open:], '>')
			if shut < 0 {
				return
			}
			shut += open
			end := shut + pieceLen(s[shut:], ',')
			l := Link{Target: s[open+1 : shut], At: open + 1, Text: TrimOWS(s[open:end]), TextAt: open}
			if !yield(l) {
				return
			}
			at = end
		}
	}
}

// Params returns the parameters of the link, values as received; offsets count
// in the field value.
func (l Link) Params() iter.Seq[Param] {
	return func(yield func(Param) bool) {
		from := len(l.Target) + 2
		for p := range Params(l.Text[from:]) {
			p.At += l.TextAt + from
			p.ValueAt += l.TextAt + from
			if !yield(p) {
				return
			}
		}
	}
}

// HasRel reports whether the first rel parameter names a relation type,
// compared without case (RFC 8288 §3.3); later ones are ignored, as it demands.
func (l Link) HasRel(relation string) bool {
	for p := range l.Params() {
		if !EqualFold(p.Name, "rel") {
			continue
		}
		for r := range Pieces(strings.Trim(p.Value, `"`), ' ') {
			if EqualFold(r.Text, relation) {
				return true
			}
		}
		return false
	}
	return false
}
