package field

import (
	"bytes"
	"math/big"
)

// mostJSONKeys bounds how many names of open objects are held; an object with
// more is not searched to its end.
const mostJSONKeys = 128

// mostJSONDepth bounds how deep objects are searched.
const mostJSONDepth = 64

// DuplicateJSONKey finds the first name that one object of the valid JSON text
// b has twice, compared after unescaping (RFC 8259 §4), and where its second
// occurrence stands, quotes included. It allocates only for names with escapes.
func DuplicateJSONKey(b []byte) (start, end int, ok bool) {
	var keys [mostJSONKeys][2]int32 // of all open objects
	var frames [mostJSONDepth]int32 // where each open object's keys begin; -1 for an array
	depth, top := 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			if depth == mostJSONDepth {
				return 0, 0, false
			}
			frames[depth] = int32(top)
			if b[i] == '[' {
				frames[depth] = -1
			}
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return 0, 0, false
			}
			if frames[depth] >= 0 {
				top = int(frames[depth])
			}
		case '"':
			e := jsonStringEnd(b, i)
			if colon := skipJSONSpace(b, e); depth > 0 && frames[depth-1] >= 0 && colon < len(b) && b[colon] == ':' {
				for _, k := range keys[frames[depth-1]:top] {
					if equalJSONStrings(b[k[0]:k[1]], b[i:e]) {
						return i, e, true
					}
				}
				if top == mostJSONKeys {
					return 0, 0, false
				}
				keys[top] = [2]int32{int32(i), int32(e)}
				top++
			}
			i = e - 1
		}
	}
	return 0, 0, false
}

func equalJSONStrings(a, b []byte) bool {
	if bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0 {
		return bytes.Equal(a, b)
	}
	return jsonString(a) == jsonString(b)
}

// LossyJSONInteger finds the first number of the valid JSON text b that has
// neither fraction nor exponent and is not the same once it has been through
// an IEEE double (RFC 8259 §6).
func LossyJSONInteger(b []byte) (start, end int, ok bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '"' {
			i = jsonStringEnd(b, i) - 1
			continue
		}
		if !IsDigit(c) {
			continue
		}
		e := i
		for e < len(b) && IsDigit(b[e]) {
			e++
		}
		whole := e == len(b) || b[e] != '.' && b[e] != 'e' && b[e] != 'E'
		if whole && e-i >= 16 && !survivesDouble(b[i:e]) {
			if i > 0 && b[i-1] == '-' {
				i--
			}
			return i, e, true
		}
		for e < len(b) && (IsDigit(b[e]) || b[e] == '.' || b[e] == 'e' || b[e] == 'E' || b[e] == '+' || b[e] == '-') {
			e++
		}
		i = e - 1
	}
	return 0, 0, false
}

// survivesDouble reports whether an integer, in digits, is one that a double
// can hold: at most 53 significant bits.
func survivesDouble(digits []byte) bool {
	if len(digits) > 19 {
		return survivesLargeDouble(digits)
	}
	var n uint64
	for _, d := range digits {
		n = n*10 + uint64(d-'0')
	}
	return uint64(float64(n)) == n && float64(n) < 1<<64
}

// survivesLargeDouble is survivesDouble for more digits than 64 bits hold.
// Numbers too long to be worth the work count as lost.
func survivesLargeDouble(digits []byte) bool {
	const most = 309 // digits of the largest double
	if len(digits) > most {
		return false
	}
	n, ok := new(big.Int).SetString(string(digits), 10)
	if !ok {
		return false
	}
	f, accuracy := new(big.Float).SetInt(n).Float64()
	return accuracy == big.Exact && f == f
}
