package rules

import "iter"

// A jsonMember is one member of a JSON object as it stands in the text.
type jsonMember struct {
	name  []byte // between its quotes, escapes not resolved
	value []byte
	at    int // where value begins
}

// end is the octet after the value.
func (m *jsonMember) end() int { return m.at + len(m.value) }

// isEmpty reports whether the value is null, false, zero, or a string, array
// or object with nothing in it.
func (m *jsonMember) isEmpty() bool {
	switch v := m.value; v[0] {
	case 'n', 'f':
		return true
	case '"':
		return len(v) <= 2
	case '[', '{':
		return len(v) <= 2 || skipSpace(v, 1) == len(v)-1
	case 't':
		return false
	default:
		return isZero(v)
	}
}

// isZero reports whether a JSON number is zero.
func isZero(number []byte) bool {
	for _, c := range number {
		if c >= '1' && c <= '9' {
			return false
		}
		if c == 'e' || c == 'E' {
			break
		}
	}
	return true
}

// isFalse reports whether the value is false.
func (m *jsonMember) isFalse() bool { return string(m.value) == "false" }

// integer gives the value if it is a whole number of at most nine digits.
func (m *jsonMember) integer() (n int, ok bool) {
	if len(m.value) > 9 {
		return 0, false
	}
	for _, c := range m.value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// jsonMembers walks over the members of the JSON object that b holds, without
// decoding or allocating. What comes after something that is no JSON is left
// out; whether the text is valid is for others to say.
func jsonMembers(b []byte) iter.Seq[jsonMember] {
	return func(yield func(jsonMember) bool) { walkMembers(b, yield) }
}

func walkMembers(b []byte, yield func(jsonMember) bool) {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return
	}
	for i++; ; i++ {
		i = skipSpace(b, i)
		if i >= len(b) || b[i] != '"' {
			return
		}
		nameEnd := skipString(b, i)
		colon := skipSpace(b, nameEnd)
		if colon >= len(b) || b[colon] != ':' {
			return
		}
		at := skipSpace(b, colon+1)
		end := skipValue(b, at)
		if end <= at || !yield(jsonMember{name: b[i+1 : nameEnd-1], value: b[at:end], at: at}) {
			return
		}
		if i = skipSpace(b, end); i >= len(b) || b[i] != ',' {
			return
		}
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString gives the octet after the string that begins at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// skipValue gives the octet after the value that begins at i; i where there is none.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) && !endsScalar(b[i]) {
		i++
	}
	return i
}

func endsScalar(c byte) bool {
	switch c {
	case ',', '}', ']', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// skipNested counts brackets, so that no depth of nesting costs stack.
func skipNested(b []byte, i int) int {
	for depth := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = skipString(b, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(b)
}
