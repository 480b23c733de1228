package conversation

import (
	"iter"
	"strings"

	"sidenote/exchange/field"
)

// before yields the visits before V in a thread within the rule's window, the
// latest first, at most so many.
func (p *Pass) before(t Thread, most int) iter.Seq[*Visit] {
	return func(yield func(*Visit) bool) {
		n := 0
		for w := p.Back(p.V, t); w != nil && n < most; w = p.Back(w, t) {
			if !yield(w) {
				return
			}
			n++
		}
	}
}

// selectsLike reports whether two requests would be answered alike by what Vary
// of the earlier response says: the fields that it names are equal. A field of
// which nothing is remembered counts as different.
func (v *Visit) selectsLike(w *Visit) bool {
	if w.vary == 0 {
		return true
	}
	if len(w.text.vary) >= mostText {
		return false // it may have been cut
	}
	for name := range strings.SplitSeq(w.text.vary, ",") {
		if d := dimensionOf(strings.TrimSpace(name)); d == nil || d.of(v) != d.of(w) {
			return false
		}
	}
	return true
}

// A dimension is a request field of which a hash is remembered.
type dimension struct {
	name string
	of   func(v *Visit) uint64
}

var dimensions = [...]dimension{
	{"Accept", func(v *Visit) uint64 { return v.accept }},
	{"Accept-Language", func(v *Visit) uint64 { return v.language }},
	{"Accept-Encoding", func(v *Visit) uint64 { return v.encoding }},
	{"Origin", func(v *Visit) uint64 { return v.origin0 }},
	{"Cookie", func(v *Visit) uint64 { return v.cookies }},
	{"Authorization", func(v *Visit) uint64 { return v.auth }},
	{"User-Agent", func(v *Visit) uint64 { return v.ua }},
}

func dimensionOf(name string) *dimension {
	for i := range dimensions {
		if field.EqualFold(dimensions[i].name, name) {
			return &dimensions[i]
		}
	}
	return nil
}

// has reports whether Vary names a field, or is "*".
func (v *Visit) variesBy(name string) bool {
	for l := range strings.SplitSeq(v.text.vary, ",") {
		if l = strings.TrimSpace(l); l == "*" || field.EqualFold(l, name) {
			return true
		}
	}
	return false
}

// isPlain reports whether a request is a GET that a cache may answer.
func (v *Visit) isPlain() bool {
	return v.Method == "GET" && !v.askedFresh && !v.is(Ranged|Conditional)
}

// isKnown reports whether the client of a visit can be told from others: a HAR
// names none, and may hold several runs.
func (v *Visit) isKnown() bool { return v.peer.IsValid() }

// isStored reports whether a cache may keep a response.
func (v *Visit) isStored() bool { return v.is(Found200) && !v.noStore }

// writtenSince reports whether anyone wrote to V's URI after a visit.
func (p *Pass) writtenSince(w *Visit) bool {
	for u := range p.before(URI, 64) {
		if u.seq <= w.seq {
			return false
		}
		if u.is(Write) {
			return true
		}
	}
	return false
}

// abs is the magnitude of a number.
func abs(n int64) int64 { return max(n, -n) }
