package message

import "unicode/utf8"

// A utf8Check checks text that comes in pieces.
type utf8Check struct {
	tail [utf8.UTFMax]byte // of a character that has not come whole
	have int
	at   int64 // octets taken
	bad  int64 // octets before the first that is not UTF-8, plus 1; 0 for none
}

// take checks the next piece.
func (c *utf8Check) take(p []byte) {
	start := c.at
	c.at += int64(len(p))
	if c.bad != 0 {
		return
	}
	begun := c.have
	for i := 0; c.have > 0; i++ {
		if i == len(p) {
			return
		}
		c.tail[c.have] = p[i]
		c.have++
		if !utf8.FullRune(c.tail[:c.have]) {
			continue
		}
		if r, size := utf8.DecodeRune(c.tail[:c.have]); r == utf8.RuneError && size == 1 {
			c.bad = start - int64(begun) + 1
			return
		}
		c.have = 0
		p, start = p[i+1:], start+int64(i+1)
	}
	whole := len(p)
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if tail := p[len(p)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				whole -= n
				c.have = copy(c.tail[:], tail)
			}
			break
		}
	}
	if n := firstInvalid(p[:whole]); n >= 0 {
		c.bad = start + int64(n) + 1
	}
}

// end says that the text is whole, and returns the number of the first octet that
// is not UTF-8, from 1; 0 for none.
func (c *utf8Check) end() int64 {
	if c.bad == 0 && c.have > 0 {
		c.bad = c.at - int64(c.have) + 1
	}
	return c.bad
}

// firstInvalid is the index of the first octet that is not UTF-8; -1 for none.
func firstInvalid(p []byte) int {
	if utf8.Valid(p) {
		return -1
	}
	for i := 0; i < len(p); {
		r, size := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
