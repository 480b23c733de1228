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

// copyPlain copies s up to its first quotation mark or reverse solidus, or as
// much as fits, and gives how many octets that were. It may write beyond them.
func copyPlain(to []byte, s string) (n int) {
	if len(s) > len(to) {
		s = s[:len(to)]
	}
	to = to[:len(s)]
	for ; n+8 <= len(s); n += 8 {
		w := eight(s[n:])
		t := to[n : n+8]
		t[0], t[1], t[2], t[3] = byte(w), byte(w>>8), byte(w>>16), byte(w>>24)
		t[4], t[5], t[6], t[7] = byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56)
		if found := find(w, '"') | find(w, '\\'); found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(s) && s[n] != '"' && s[n] != '\\'; n++ {
		to[n] = s[n]
	}
	return n
}
