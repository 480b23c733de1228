package field

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strings"
)

// CheckJSON reports whether b is one JSON text (RFC 8259 §2), and where it
// stops being one. It allocates nothing for content that is. Content nested too
// deeply to be judged counts as valid.
func CheckJSON(b []byte) *Error {
	if json.Valid(b) {
		return nil
	}
	var raw json.RawMessage
	err := json.Unmarshal(b, &raw)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return nil
	}
	what := syntax.Error()
	if strings.HasSuffix(what, "exceeded max depth") {
		return nil
	}
	if strings.HasPrefix(what, "unexpected end") {
		return &Error{At: len(b), What: "the text ends in the middle of a value"}
	}
	return &Error{At: max(0, min(int(syntax.Offset), len(b))-1), What: plainly(what)}
}

// plainly says in the words of people what encoding/json says in its own.
func plainly(what string) string {
	for _, w := range [...][2]string{
		{"looking for beginning of object key string", "where a name in double quotes should begin"},
		{"looking for beginning of value", "where a value should begin"},
		{"after object key:value pair", "where a comma or } should follow"},
		{"after array element", "where a comma or ] should follow"},
		{"after object key", "where a colon should follow"},
		{"after top-level value", "after the end of the JSON"},
	} {
		if start, ok := strings.CutSuffix(what, w[0]); ok {
			return start + w[1]
		}
	}
	return what
}

// JSONValues counts the JSON values that b is a sequence of, such as one a
// line; ok is false when something in b is not JSON.
func JSONValues(b []byte) (n int, ok bool) {
	for at := skipJSONSpace(b, 0); at < len(b); n++ {
		end := jsonEnd(b, at)
		if !json.Valid(b[at:end]) {
			return n, false
		}
		at = skipJSONSpace(b, end)
	}
	return n, true
}

// A JSONMember is one member of an object.
type JSONMember struct {
	Key   []byte // as it stands, with its quotes
	Value []byte // as it stands, at least one octet
	At    int    // where Value begins
}

// End is the octet after the value.
func (m JSONMember) End() int { return m.At + len(m.Value) }

// RawName is the name as it stands, escapes not resolved.
func (m JSONMember) RawName() []byte { return bytes.Trim(m.Key, `"`) }

// Is reports whether the member has that name. Names are compared as they are,
// with case (RFC 8259 §8.3).
func (m JSONMember) Is(name string) bool {
	if bytes.IndexByte(m.Key, '\\') >= 0 {
		return jsonString(m.Key) == name
	}
	return len(m.Key) >= 2 && string(m.Key[1:len(m.Key)-1]) == name
}

// IsEmpty reports whether the value is null, false, zero, or a string, array or
// object with nothing in it.
func (m JSONMember) IsEmpty() bool {
	switch v := m.Value; v[0] {
	case 'n', 'f':
		return true
	case '"':
		return len(v) <= 2
	case '[', '{':
		return len(v) <= 2 || skipJSONSpace(v, 1) == len(v)-1
	case 't':
		return false
	default:
		return isJSONZero(v)
	}
}

func isJSONZero(number []byte) bool {
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

// Integer returns the value if it is a whole number of at most nine digits.
func (m JSONMember) Integer() (n int, ok bool) {
	if len(m.Value) > 9 {
		return 0, false
	}
	for _, c := range m.Value {
		if !IsDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// jsonString is what a JSON string means; "" for anything else.
func jsonString(b []byte) string {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return ""
	}
	return s
}

// JSONMembers returns the members of the object that the JSON text b is; none
// when it is something else. Values are not read deeper than to find their end.
// Of a text that is cut, or no JSON, it returns what comes before that shows; a
// value that is cut is given up to there.
func JSONMembers(b []byte) iter.Seq[JSONMember] {
	return func(yield func(JSONMember) bool) {
		at := skipJSONSpace(b, 0)
		if at >= len(b) || b[at] != '{' {
			return
		}
		for at++; ; at++ {
			key := skipJSONSpace(b, at)
			if key >= len(b) || b[key] != '"' {
				return
			}
			keyEnd := jsonStringEnd(b, key)
			colon := skipJSONSpace(b, keyEnd)
			if colon >= len(b) || b[colon] != ':' {
				return
			}
			value := skipJSONSpace(b, colon+1)
			end := jsonEnd(b, value)
			if end <= value || !yield(JSONMember{Key: b[key:keyEnd], Value: b[value:end], At: value}) {
				return
			}
			if at = skipJSONSpace(b, end); at >= len(b) || b[at] != ',' {
				return
			}
		}
	}
}

// JSONElements returns the elements of the array that the JSON text b is, as
// JSONMembers returns members.
func JSONElements(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		at := skipJSONSpace(b, 0)
		if at >= len(b) || b[at] != '[' {
			return
		}
		for at++; ; at++ {
			start := skipJSONSpace(b, at)
			end := jsonEnd(b, start)
			if end <= start || !yield(b[start:end]) {
				return
			}
			if at = skipJSONSpace(b, end); at >= len(b) || b[at] != ',' {
				return
			}
		}
	}
}

func skipJSONSpace(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\t' || b[at] == '\n' || b[at] == '\r') {
		at++
	}
	return at
}

// jsonEnd is the octet after the value that begins at octet at.
func jsonEnd(b []byte, at int) int {
	depth := 0
	for i := at; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = jsonStringEnd(b, i) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				if depth < 0 {
					return i // of the object around a number or literal
				}
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}

func jsonStringEnd(b []byte, at int) int {
	for i := at + 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}
