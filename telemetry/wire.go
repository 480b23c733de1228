package telemetry

import (
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// An encoder writes protobuf messages one after the other, without making
// objects of them first: spans are made of every exchange, and must cost next
// to nothing. The field numbers are those of opentelemetry-proto 1.x, whose
// messages the tests read back with the collector's own code.
type encoder struct{ b []byte }

// appendTag is protowire.AppendTag, quicker for the fields that there are most of.
func appendTag(b []byte, field protowire.Number, kind protowire.Type) []byte {
	if field < 16 {
		return append(b, byte(field)<<3|byte(kind))
	}
	return protowire.AppendTag(b, field, kind)
}

// open begins a message that is a field of another; close ends it.
func (e *encoder) open(field protowire.Number) (at int) {
	e.b = appendTag(e.b, field, protowire.BytesType)
	e.b = append(e.b, 0) // the length, where one octet is enough for it
	return len(e.b)
}

func (e *encoder) close(at int) {
	n := len(e.b) - at
	if n < 0x80 {
		e.b[at-1] = byte(n)
		return
	}
	more := protowire.SizeVarint(uint64(n)) - 1
	e.b = append(e.b, "         "[:more]...)
	copy(e.b[at+more:], e.b[at:at+n])
	protowire.AppendVarint(e.b[:at-1], uint64(n))
}

// long begins a message of a known length, which the caller then writes.
func (e *encoder) long(field protowire.Number, n int) {
	e.b = appendTag(e.b, field, protowire.BytesType)
	e.b = protowire.AppendVarint(e.b, uint64(n))
}

func (e *encoder) bytes(field protowire.Number, b []byte) {
	e.b = appendTag(e.b, field, protowire.BytesType)
	e.b = protowire.AppendBytes(e.b, b)
}

// text writes a string, which is to be clean.
func (e *encoder) text(field protowire.Number, s string) {
	e.b = appendTag(e.b, field, protowire.BytesType)
	if len(s) < 0x80 {
		e.b = append(append(e.b, byte(len(s))), s...)
		return
	}
	e.b = protowire.AppendString(e.b, s)
}

func (e *encoder) varint(field protowire.Number, n uint64) {
	e.b = appendTag(e.b, field, protowire.VarintType)
	e.b = protowire.AppendVarint(e.b, n)
}

func (e *encoder) fixed64(field protowire.Number, n uint64) {
	e.b = appendTag(e.b, field, protowire.Fixed64Type)
	e.b = protowire.AppendFixed64(e.b, n)
}

func (e *encoder) fixed32(field protowire.Number, n uint32) {
	e.b = appendTag(e.b, field, protowire.Fixed32Type)
	e.b = protowire.AppendFixed32(e.b, n)
}

// The fields of KeyValue and of AnyValue (opentelemetry/proto/common/v1).
const (
	keyValueKey   = 1
	keyValueValue = 2
	anyString     = 1
	anyBool       = 2
	anyInt        = 3
	anyDouble     = 4
	anyArray      = 5
	arrayValues   = 1
)

// attributes writes attributes into the field with a number of the message
// that is being written.
type attributes struct {
	*encoder
	field protowire.Number
}

// begin writes the key; what follows is the value.
func (a attributes) begin(key string) (pair, value int) {
	pair = a.open(a.field)
	a.encoder.text(keyValueKey, key)
	return pair, a.open(keyValueValue)
}

func (a attributes) end(pair, value int) {
	a.close(value)
	a.close(pair)
}

// text writes text, which may come from the wire; nothing for "".
func (a attributes) text(key, s string) {
	if s == "" {
		return
	}
	// Nearly all are short. The lengths are those of the pair and of the value.
	if n := len(key) + len(s) + 6; n < 0x80 && isPlain(s) {
		const octets = byte(protowire.BytesType)
		b := append(a.b, byte(a.field)<<3|octets, byte(n), keyValueKey<<3|octets, byte(len(key)))
		b = append(append(b, key...), keyValueValue<<3|octets, byte(len(s)+2), anyString<<3|octets, byte(len(s)))
		a.b = append(b, s...)
		return
	}
	pair, value := a.begin(key)
	a.encoder.text(anyString, clean(s))
	a.end(pair, value)
}

// octets writes text of ours.
func (a attributes) octets(key string, b []byte) {
	pair, value := a.begin(key)
	a.encoder.bytes(anyString, b)
	a.end(pair, value)
}

// texts writes a list of texts of ours, which are clean.
func (a attributes) texts(key string, list []string) {
	if len(list) == 0 {
		return
	}
	pair, value := a.begin(key)
	array := a.open(anyArray)
	for _, s := range list {
		member := a.open(arrayValues)
		a.encoder.text(anyString, s)
		a.close(member)
	}
	a.close(array)
	a.end(pair, value)
}

// number writes a number; nothing for 0.
func (a attributes) number(key string, n int64) {
	if n == 0 {
		return
	}
	pair, value := a.begin(key)
	a.varint(anyInt, uint64(n))
	a.end(pair, value)
}

func (a attributes) millis(key string, ms float64) {
	pair, value := a.begin(key)
	a.fixed64(anyDouble, math.Float64bits(ms))
	a.end(pair, value)
}

// flag writes true; nothing for false.
func (a attributes) flag(key string, on bool) {
	if !on {
		return
	}
	pair, value := a.begin(key)
	a.varint(anyBool, 1)
	a.end(pair, value)
}

// maxText bounds one text in octets. A target may have 256 KiB, and one such
// exchange should not fill a batch.
const maxText = 4096

// clean makes text from the wire fit for protobuf, which wants UTF-8, and for
// the terminals and pages that it will be shown on: what does not print is
// written as an escape. Long text is cut, and ends in "…" then.
func clean(s string) string {
	if len(s) <= maxText && isPlain(s) {
		return s
	}
	b := make([]byte, 0, min(len(s), maxText)+16)
	for i := 0; i < len(s); {
		if len(b) >= maxText {
			b = append(b, "…"...)
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, `\x`...), "0123456789abcdef"[s[i]>>4], "0123456789abcdef"[s[i]&15])
		case unicode.IsPrint(r) || r == '\n' || r == '\t':
			b = append(b, s[i:i+size]...)
		default:
			q := strconv.AppendQuoteRuneToASCII(nil, r)
			b = append(b, q[1:len(q)-1]...)
		}
		i += size
	}
	return string(b)
}

func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
