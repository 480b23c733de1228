package exchange

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A jsonCursor reads JSON text that is in memory. It is tolerant of kinds: for
// a value of another kind, a method skips the value and returns the zero value.
// After the first error in the grammar every method does nothing. Nothing in it
// recurses, so that nesting costs no stack.
type jsonCursor struct {
	s    string
	i    int
	cuts []jsonCut
	err  error
	at   int // where err is

	scratch []byte // room for a string without its escapes
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
	errJSONString = errors.New("not a valid escape in a JSON string")
)

// peek returns the next octet that is not white space; 0 at the end.
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
	s := c.s
	for i := plainEnd(s, c.i); i < len(s); i = plainEnd(s, i+2) {
		if s[i] == '"' {
			c.i = i + 1
			return escapes
		}
		escapes = true
	}
	c.i = len(s)
	c.fail(errJSONEnd)
	return escapes
}

// raw takes a string and returns what is between its quotation marks. For null
// that is "", for another scalar its text.
func (c *jsonCursor) raw() (raw string, escapes bool) {
	switch c.peek() {
	case '"':
	case '{', '[', 0:
		c.skip()
		return "", false
	default:
		if raw = c.scalar(); raw == "" {
			c.fail(errJSONValue)
		}
		if raw == "null" {
			raw = ""
		}
		return raw, false
	}
	c.i++
	start := c.i
	if escapes = c.stringEnd(); c.err != nil {
		return "", false
	}
	return c.s[start : c.i-1], escapes
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
	if c.peek() == '"' { // most strings have no escape
		start := c.i + 1
		if end := plainEnd(c.s, start); end < len(c.s) && c.s[end] == '"' {
			c.i = end + 1
			return c.s[start:end]
		}
	}
	raw, escapes := c.raw()
	if !escapes {
		return raw
	}
	c.i -= len(raw) + 1
	b, _ := c.inString()
	return string(b)
}

// octets takes a string as octets of its own; cut says that there was more.
func (c *jsonCursor) octets() (b []byte, cut bool) {
	if c.peek() != '"' {
		raw, _ := c.raw()
		return []byte(raw), false
	}
	c.i++
	if b, cut = c.inString(); c.scratch == nil {
		return b, cut
	}
	return bytes.Clone(b), cut
}

// inString takes the string that the cursor is in; b is valid until the next call.
func (c *jsonCursor) inString() (b []byte, cut bool) {
	start := c.i
	b, ok := c.unescaped(c.scratch[:0])
	if c.err != nil {
		return nil, false
	}
	if c.scratch = b; cap(b) > keepText {
		c.scratch = nil
	}
	if cut = c.isCut(c.i - 1); !ok && !cut { // a cut may go through an escape
		c.failAt(c.s[start:c.i-1], errJSONString)
	}
	return b, cut
}

// unescaped goes behind the string that the cursor is in, and returns it
// without its escapes (RFC 8259 §7), in room if that is large enough. ok is
// false when something in it is not an escape; what it returns then ends there.
// Half a surrogate pair becomes U+FFFD.
func (c *jsonCursor) unescaped(room []byte) (_ []byte, ok bool) {
	const short = 16 // octets that go one by one, as between the quotation marks of JSON in a string
	b, s, n, i := room[:cap(room)], c.s, 0, c.i
	for {
		if len(b)-n < 2*short {
			b = append(b[:n], make([]byte, c.roomFor(n, i))...)
		}
		for most := min(i+short, len(s)); i < most && s[i] != '"' && s[i] != '\\'; i++ {
			b[n] = s[i]
			n++
		}
		switch {
		case i == len(s):
			c.i = i
			c.fail(errJSONEnd)
			return b[:n], false
		case s[i] == '"':
			c.i = i + 1
			return b[:n], true
		case s[i] != '\\':
			end := plainEnd(s, i)
			b = append(b[:n], s[i:end]...)
			b, n, i = b[:cap(b)], len(b), end
			continue
		case i+1 < len(s) && plainEscapes[s[i+1]] != 0:
			b[n] = plainEscapes[s[i+1]]
			n, i = n+1, i+2
			continue
		}
		r, size := unescapeRune(s[i+1:])
		if size == 0 {
			c.i = i
			c.stringEnd()
			return b[:n], false
		}
		n += utf8.EncodeRune(b[n:], r)
		i += 1 + size
	}
}

// roomFor is how much more room to make for a string of which n octets are
// known and the rest begins at i. For a long one it is all that it can need.
func (c *jsonCursor) roomFor(n, i int) int {
	const small = 4 << 10
	if n < 16*small {
		return max(n, small)
	}
	rest := jsonCursor{s: c.s, i: i}
	rest.stringEnd()
	return rest.i - i + small
}

// plainEscapes has what an escape of one letter stands for; 0 for none.
var plainEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

// number takes a number, also one that is written as a string; ok is false for
// anything else.
func (c *jsonCursor) number() (f float64, ok bool) {
	raw, _ := c.raw()
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
	raw, _ := c.raw()
	return raw == "true"
}

// unescapeRune reads uXXXX, or both halves of a pair, and returns how many
// octets that took; 0 when it is not an escape.
func unescapeRune(s string) (r rune, n int) {
	if s == "" || s[0] != 'u' {
		return 0, 0
	}
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
	for _, c := range []byte(s[1:5]) {
		d := hexDigit(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// hexDigit returns what a hexadecimal digit stands for; -1 for anything else.
func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
