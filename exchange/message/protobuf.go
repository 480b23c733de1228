package message

import (
	"encoding/base64"
	"strconv"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// The bounds of a tree.
const (
	mostDepth = 32
	mostTree  = 256 << 10
)

// FieldTree reads protobuf without its description: a JSON object of field numbers.
// What is said by length only is text where it can be, else a message, else base64.
// It returns "" for what is not protobuf.
func FieldTree(b []byte) string {
	out, ok := appendTree(nil, b, mostDepth)
	if !ok {
		return ""
	}
	return string(out)
}

// A fieldValue is one field of a message as it stands there.
type fieldValue struct {
	kind protowire.Type
	raw  []byte
}

// splitFields reads a message: its field numbers in the order in which they first
// come, and the values of each.
func splitFields(b []byte) (order []protowire.Number, values map[protowire.Number][]fieldValue, ok bool) {
	values = map[protowire.Number][]fieldValue{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, nil, false
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return nil, nil, false
		}
		if values[number] == nil {
			order = append(order, number)
		}
		values[number] = append(values[number], fieldValue{kind, b[n : n+size]})
		b = b[n+size:]
	}
	return order, values, true
}

// appendTree appends a message. A field that is there several times is a list.
func appendTree(out, b []byte, depth int) ([]byte, bool) {
	order, values, ok := splitFields(b)
	if !ok {
		return out, false
	}
	out = append(out, '{')
	for i, number := range order {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = strconv.AppendInt(out, int64(number), 10)
		out = append(out, `":`...)
		list := values[number]
		if len(list) > 1 {
			out = append(out, '[')
		}
		for k, v := range list {
			if k > 0 {
				out = append(out, ',')
			}
			if out, ok = appendValue(out, v.kind, v.raw, depth); !ok || len(out) > mostTree {
				return out, false
			}
		}
		if len(list) > 1 {
			out = append(out, ']')
		}
	}
	return append(out, '}'), true
}

func appendValue(out []byte, kind protowire.Type, raw []byte, depth int) ([]byte, bool) {
	switch kind {
	case protowire.VarintType:
		n, _ := protowire.ConsumeVarint(raw)
		return strconv.AppendUint(out, n, 10), true
	case protowire.Fixed32Type:
		n, _ := protowire.ConsumeFixed32(raw)
		return strconv.AppendUint(out, uint64(n), 10), true
	case protowire.Fixed64Type:
		n, _ := protowire.ConsumeFixed64(raw)
		return strconv.AppendUint(out, n, 10), true
	case protowire.BytesType:
		b, _ := protowire.ConsumeBytes(raw)
		return appendOctets(out, b, depth), true
	}
	return out, false // groups went out of use
}

func appendOctets(out, b []byte, depth int) []byte {
	if isText(b) {
		return appendQuoted(out, b)
	}
	if depth > 0 {
		if inner, ok := appendTree(out, b, depth-1); ok {
			return inner
		}
	}
	out = append(out, `{"base64":"`...)
	out = base64.StdEncoding.AppendEncode(out, b)
	return append(out, `"}`...)
}

// isText reports whether octets are text that people write.
func isText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}

func appendQuoted(out, b []byte) []byte {
	out = append(out, '"')
	for _, c := range b {
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\t':
			out = append(out, '\\', 't')
		case '\r':
			out = append(out, '\\', 'r')
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
