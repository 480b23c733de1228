package exchange

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A jsonCursor reads JSON text that is in memory. It is tolerant of kinds: a
// value that is not of the kind asked for is passed over and gives the zero
// value. After the first error in the grammar every method does nothing.
// Nothing in it recurses, so that nesting costs no stack.
type jsonCursor struct {
	s    string
	i    int
	cuts []jsonCut
	err  error
	at   int // where err is
}

func (c *jsonCursor) fail(err error) {
	if c.i >= len(c.s) {
		err = errJSONEnd
	}
	if c.err == nil {
		c.err, c.at = err, c.i
		c.i = len(c.s)
	}
}

// failAt fails at the beginning of the string that was taken last.
func (c *jsonCursor) failAt(raw string, err error) {
	if c.err == nil {
		c.i -= len(raw) + 1
		c.fail(err)
	}
}

var (
	errJSONEnd    = errors.New("the JSON text ends early")
	errJSONValue  = errors.New("want a JSON value here")
	errJSONString = errors.New("this is no escape of a JSON string")
)

// peek gives the next octet that is no white space; 0 at the end.
func (c *jsonCursor) peek() byte {
	s, i := c.s, c.i
	for ; i < len(s); i++ {
		if b := s[i]; !isSpace(b) {
			c.i = i
			return b
		}
	}
	c.i = i
	return 0
}

// members calls f at the value of each member of an object. What f does not
// take is passed over.
func (c *jsonCursor) members(f func(name string)) {
	if c.peek() != '{' {
		c.skip()
		return
	}
	c.i++
	for c.item('}') {
		if c.peek() != '"' {
			c.fail(errNotJSON)
			return
		}
		name := c.text()
		if c.peek() != ':' {
			c.fail(errNotJSON)
			return
		}
		c.i++
		before := c.i
		if f(name); c.i == before {
			c.skip()
		}
	}
}

// elements calls f at each element of an array. What f does not take is passed over.
func (c *jsonCursor) elements(f func()) {
	if c.peek() != '[' {
		c.skip()
		return
	}
	c.i++
	for c.item(']') {
		before := c.i
		if f(); c.i == before {
			c.skip()
		}
	}
}

// item goes to the next item of a list; false at its end, which is taken.
func (c *jsonCursor) item(closing byte) bool {
	next := c.peek()
	if next == ',' && c.i > 0 {
		c.i++
		next = c.peek()
	} else if next != closing && !c.afterOpening() {
		if next == 0 {
			c.fail(errJSONEnd)
		} else {
			c.fail(errWantComma)
		}
		return false
	}
	switch next {
	case closing:
		c.i++
		return false
	case 0:
		c.fail(errJSONEnd)
		return false
	}
	return true
}

// afterOpening reports whether nothing but white space is between the cursor
// and the opening bracket before it.
func (c *jsonCursor) afterOpening() bool {
	i := c.i - 1
	for i >= 0 && isSpace(c.s[i]) {
		i--
	}
	return i >= 0 && (c.s[i] == '{' || c.s[i] == '[')
}

// skip passes over one value.
func (c *jsonCursor) skip() {
	switch c.peek() {
	case 0:
		c.fail(errJSONEnd)
	case '"':
		c.i++
		c.stringEnd()
	case '{', '[':
		c.skipNested()
	default:
		if c.scalar() == "" {
			c.fail(errJSONValue)
		}
	}
}

func (c *jsonCursor) skipNested() {
	for depth := 0; c.i < len(c.s); {
		switch b := c.s[c.i]; b {
		case '"':
			c.i++
			c.stringEnd()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				c.i++
				return
			}
		}
		c.i++
	}
	c.fail(errJSONEnd)
}

// scalar takes a number, true, false or null.
func (c *jsonCursor) scalar() string {
	start := c.i
	for ; c.i < len(c.s); c.i++ {
		b := c.s[c.i]
		if isLetter := b|0x20 >= 'a' && b|0x20 <= 'z'; !isLetter && !isDigit(b) && b != '-' && b != '+' && b != '.' {
			break
		}
	}
	return c.s[start:c.i]
}

// stringEnd goes behind the closing quotation mark of the string that the
// cursor is in, and reports whether there are escapes in it.
func (c *jsonCursor) stringEnd() (escapes bool) {
	s, i := c.s, c.i
	for i < len(s) {
		b := s[i]
		i++
		if b == '"' {
			c.i = i
			return escapes
		}
		if b == '\\' {
			escapes = true
			i++
		}
	}
	c.i = len(s)
	c.fail(errJSONEnd)
	return escapes
}

// raw takes a string and gives what is between its quotation marks. For null
// that is "", for another scalar its text.
func (c *jsonCursor) raw() (raw string, escapes, cut bool) {
	switch c.peek() {
	case '"':
	case '{', '[', 0:
		c.skip()
		return "", false, false
	default:
		if raw = c.scalar(); raw == "" {
			c.fail(errJSONValue)
		}
		if raw == "null" {
			raw = ""
		}
		return raw, false, false
	}
	c.i++
	start := c.i
	if escapes = c.stringEnd(); c.err != nil {
		return "", false, false
	}
	end := c.i - 1
	return c.s[start:end], escapes, c.isCut(end)
}

func (c *jsonCursor) isCut(at int) bool {
	for i := range c.cuts {
		if c.cuts[i].at == at {
			return true
		}
	}
	return false
}

// text takes a string. It shares the memory of the whole text where it can.
func (c *jsonCursor) text() string {
	raw, escapes, _ := c.raw()
	if !escapes {
		return raw
	}
	b, ok := unescapeJSON(raw)
	if !ok {
		c.failAt(raw, errJSONString)
	}
	return string(b)
}

// octets takes a string as octets of its own; cut says that there was more.
func (c *jsonCursor) octets() (b []byte, cut bool) {
	raw, escapes, cut := c.raw()
	if !escapes {
		return []byte(raw), cut
	}
	b, ok := unescapeJSON(raw)
	if !ok && !cut { // a cut may go through an escape
		c.failAt(raw, errJSONString)
	}
	return b, cut
}

// number takes a number, also one that is written as a string; ok is false for
// anything else.
func (c *jsonCursor) number() (f float64, ok bool) {
	raw, _, _ := c.raw()
	if n, short := shortNumber(raw); short {
		return n, true
	}
	f, err := strconv.ParseFloat(raw, 64)
	return f, err == nil
}

// shortNumber reads what most numbers are: a few digits, and nothing else.
func shortNumber(s string) (n float64, ok bool) {
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	whole := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		whole = whole*10 + int(s[i]-'0')
	}
	return float64(whole), true
}

// flag takes true or false; anything else is false.
func (c *jsonCursor) flag() bool {
	raw, _, _ := c.raw()
	return raw == "true"
}

// unescapeJSON gives a string without its escapes (RFC 8259 §7). Half a
// surrogate pair becomes U+FFFD. It stops at an escape that is none.
func unescapeJSON(raw string) (_ []byte, ok bool) {
	b := make([]byte, len(raw)) // an escape is never shorter than what it stands for
	n := 0
	for i := 0; i < len(raw); {
		c := raw[i]
		i++
		if c != '\\' {
			b[n] = c
			n++
			continue
		}
		if i == len(raw) {
			return b[:n], false
		}
		if raw[i] == 'u' {
			r, size := unescapeRune(raw[i:])
			if size == 0 {
				return b[:n], false
			}
			n += utf8.EncodeRune(b[n:], r)
			i += size
			continue
		}
		if c = plainEscape(raw[i]); c == 0 {
			return b[:n], false
		}
		b[n] = c
		n++
		i++
	}
	return b[:n], true
}

// plainEscape gives what an escape of one letter stands for; 0 for none.
func plainEscape(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return 0
}

// unescapeRune reads uXXXX, or both halves of a pair, and gives how many octets
// that took; 0 when it is no escape.
func unescapeRune(s string) (r rune, n int) {
	r, ok := hexRune(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if len(s) > 6 && s[5] == '\\' && s[6] == 'u' {
			if low, ok := hexRune(s[6:]); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return pair, 11
				}
			}
		}
		return utf8.RuneError, 5
	}
	return r, 5
}

// hexRune reads uXXXX.
func hexRune(s string) (r rune, ok bool) {
	if len(s) < 5 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:5], 16, 16)
	return rune(n), err == nil
}
