package filter

import (
	"math"

	"sidenote/exchange/field"
)

// A finder looks for a text in others, without the case of ASCII letters. Where
// an octet is not in the text it goes on behind it (Horspool's algorithm), so
// that it looks at few octets of a large content.
type finder struct {
	text string     // in lower case
	skip [256]uint8 // by the last octet of the part that is compared: how much further the next part lies
}

func newFinder(text string) *finder {
	octets := []byte(text)
	for i := range octets {
		octets[i] = field.Lower(octets[i])
	}
	f := &finder{text: string(octets)}
	for i := range f.skip {
		f.skip[i] = uint8(min(len(f.text), math.MaxUint8))
	}
	for i := range len(f.text) - 1 {
		left := uint8(min(len(f.text)-1-i, math.MaxUint8))
		f.skip[f.text[i]] = left
		if c := f.text[i]; c >= 'a' && c <= 'z' {
			f.skip[c-'a'+'A'] = left
		}
	}
	return f
}

// isIn reports whether a text has the one that the finder looks for.
func isIn[S ~string | ~[]byte](s S, f *finder) bool {
	last := len(f.text) - 1
	if last < 0 {
		return true
	}
	end := f.text[last]
	for at := last; at < len(s); at += int(f.skip[s[at]]) {
		if c := s[at]; c != end && field.Lower(c) != end {
			continue
		}
		from, n := at-last, 0
		for n < last && field.Lower(s[from+n]) == f.text[n] {
			n++
		}
		if n == last {
			return true
		}
	}
	return false
}
