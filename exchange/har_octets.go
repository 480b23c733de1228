package exchange

import "math/bits"

// The functions below go over the text of JSON strings eight octets at a time,
// for they see nearly every octet of a capture file.

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// eight is the first eight octets of s, the first in the lowest bits.
func eight(s string) uint64 {
	s = s[:8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// find has the high bit of each octet of w set that is c. Above the first such
// octet other bits may be set too.
func find(w uint64, c byte) uint64 {
	w ^= lowBits * uint64(c)
	return (w - lowBits) & ^w & highBits
}

// plainEnd is where in s, from i on, the first quotation mark or reverse
// solidus is; len(s) if there is none.
func plainEnd(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := eight(s[i:])
		if found := find(w, '"') | find(w, '\\'); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			return i
		}
	}
	return len(s)
}
