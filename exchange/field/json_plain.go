package field

// How much of a text IsPlainJSON takes.
const (
	plainJSONDepth  = 32
	plainJSONKeys   = 64 // of all open objects
	plainJSONDigits = 15 // of a number, which every parser keeps
)

// IsPlainJSON reports whether b is one JSON text (RFC 8259 §2) with which no
// parser has difficulty: not nested deep, no number long, no name twice in an
// object. It is a quick way to say yes; what it refuses may still be JSON.
func IsPlainJSON(b []byte) bool {
	s := plainJSON{b: b}
	for {
		opened, ok := s.value()
		switch {
		case !ok:
			return false
		case opened:
			continue
		}
		more, ok := s.afterValue()
		if !ok || !more {
			return ok && s.at == len(b)
		}
	}
}

// plainJSON walks over a text.
type plainJSON struct {
	b     []byte
	at    int
	depth int
	top   int
	open  [plainJSONDepth]int8    // for each open object how many keys there were before it; -1 for an array
	keys  [plainJSONKeys][2]int32 // of all open objects, from quote to quote

	escaped bool // the last string has an escape
}

// value takes a scalar or the beginning of an array or object: up to its
// closing bracket when it is empty, else with the name of its first member.
func (s *plainJSON) value() (opened, ok bool) {
	s.space()
	if s.at == len(s.b) {
		return false, false
	}
	c := s.b[s.at]
	if c != '{' && c != '[' {
		return false, s.scalar()
	}
	if s.at++; s.depth == plainJSONDepth {
		return false, false
	}
	s.open[s.depth] = -1
	if c == '{' {
		s.open[s.depth] = int8(s.top)
	}
	s.depth++
	s.space()
	switch {
	case s.at < len(s.b) && s.b[s.at] == c+2: // as ']' and '}' are after '[' and '{'
		return false, true
	case c == '{':
		return true, s.name()
	}
	return true, true
}

// afterValue closes what ends after a value, and takes the comma and the name
// of the next one if there is one.
func (s *plainJSON) afterValue() (more, ok bool) {
	for s.space(); s.depth > 0; s.space() {
		if s.at == len(s.b) {
			return false, false
		}
		before := s.open[s.depth-1]
		switch c := s.b[s.at]; {
		case c == ',':
			s.at++
			return true, before < 0 || s.name()
		case c == ']' && before < 0:
		case c == '}' && before >= 0:
			s.top = int(before)
		default:
			return false, false
		}
		s.at++
		s.depth--
	}
	return false, true
}

// name takes the name of a member, without escapes, and its colon.
func (s *plainJSON) name() bool {
	s.space()
	start := s.at
	if s.top == plainJSONKeys || !s.text() || s.escaped {
		return false
	}
	for _, k := range s.keys[s.open[s.depth-1]:s.top] {
		if int(k[1]-k[0]) == s.at-start && string(s.b[k[0]:k[1]]) == string(s.b[start:s.at]) {
			return false
		}
	}
	s.keys[s.top] = [2]int32{int32(start), int32(s.at)}
	s.top++
	if s.space(); s.at == len(s.b) || s.b[s.at] != ':' {
		return false
	}
	s.at++
	return true
}

// scalar takes a string, a number or a word.
func (s *plainJSON) scalar() bool {
	switch c := s.b[s.at]; {
	case c == '"':
		return s.text()
	case c == '-' || IsDigit(c):
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	}
	return s.word("null")
}

func (s *plainJSON) word(word string) bool {
	if len(s.b)-s.at < len(word) || string(s.b[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// text takes a string without escapes but those of one letter.
func (s *plainJSON) text() bool {
	if s.at == len(s.b) || s.b[s.at] != '"' {
		return false
	}
	s.escaped = false
	for i := s.at + 1; i < len(s.b); i++ {
		c := s.b[i]
		if c > '\\' {
			continue
		}
		switch {
		case c == '"':
			s.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			s.escaped = true
			if i++; i == len(s.b) || !isShortEscape(s.b[i]) {
				return false
			}
		}
	}
	return false
}

func isShortEscape(c byte) bool {
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	}
	return false
}

// number takes one without an exponent, and not too long.
func (s *plainJSON) number() bool {
	if s.b[s.at] == '-' {
		s.at++
	}
	start := s.at
	n := s.digits()
	if n == 0 || n > plainJSONDigits || n > 1 && s.b[start] == '0' {
		return false
	}
	if s.at < len(s.b) && s.b[s.at] == '.' {
		s.at++
		return s.digits() > 0
	}
	return true
}

// digits takes digits and says how many they were.
func (s *plainJSON) digits() int {
	start := s.at
	for s.at < len(s.b) && IsDigit(s.b[s.at]) {
		s.at++
	}
	return s.at - start
}

func (s *plainJSON) space() {
	if s.at < len(s.b) && s.b[s.at] <= ' ' {
		s.at = skipJSONSpace(s.b, s.at)
	}
}
