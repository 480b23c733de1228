package otlp

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

// appendLength writes a length; nearly all are short.
func appendLength(b []byte, n int) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return protowire.AppendVarint(b, uint64(n))
}

// open begins a message that is a field of another; close ends it.
func (e *encoder) open(field protowire.Number) (at int) {
	e.b = append(appendTag(e.b, field, protowire.BytesType), 0) // the length, where one octet is enough for it
	return len(e.b)
}

func (e *encoder) close(at int) { e.closeWith(at, 1) }

// openSpan is open for a message that is seldom as short as its length would fit
// into one octet, so that closeSpan need not move it.
func (e *encoder) openSpan(field protowire.Number) (at int) {
	e.b = append(appendTag(e.b, field, protowire.BytesType), 0, 0)
	return len(e.b)
}

func (e *encoder) closeSpan(at int) { e.closeWith(at, 2) }

// closeWith writes the length of the message that begins at an offset before it,
// where room octets are kept for it, and moves the message where they do not fit.
func (e *encoder) closeWith(at, room int) {
	n := len(e.b) - at
	size := protowire.SizeVarint(uint64(n))
	if size > room {
		e.b = append(e.b, "         "[:size-room]...)
	}
	copy(e.b[at+size-room:], e.b[at:at+n]) // nothing to do where they fit
	e.b = e.b[:at+size-room+n]
	protowire.AppendVarint(e.b[:at-room], uint64(n))
}

// long begins a message of a known length, which the caller then writes.
func (e *encoder) long(field protowire.Number, n int) {
	e.b = appendLength(appendTag(e.b, field, protowire.BytesType), n)
}

func (e *encoder) bytes(field protowire.Number, b []byte) {
	e.b = append(appendLength(appendTag(e.b, field, protowire.BytesType), len(b)), b...)
}

// text writes a string, which is to be clean.
func (e *encoder) text(field protowire.Number, s string) {
	e.b = append(appendLength(appendTag(e.b, field, protowire.BytesType), len(s)), s...)
}

func (e *encoder) varint(field protowire.Number, n uint64) {
	e.b = protowire.AppendVarint(appendTag(e.b, field, protowire.VarintType), n)
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

// pair begins an attribute whose value is a message of so many octets, which
// come next.
func (a attributes) pair(key string, octets int) {
	n := 1 + protowire.SizeBytes(len(key)) + 1 + protowire.SizeBytes(octets)
	b := appendLength(append(a.b, byte(a.field)<<3|byte(protowire.BytesType)), n)
	b = append(appendLength(append(b, keyValueKey<<3|byte(protowire.BytesType)), len(key)), key...)
	a.b = appendLength(append(b, keyValueValue<<3|byte(protowire.BytesType)), octets)
}

// text writes text, which may come from the wire; nothing for "".
func (a attributes) text(key, s string) {
	if s == "" {
		return
	}
	if n := len(key) + len(s) + 8; n < 0x80 && cap(a.b)-len(a.b) >= n && isPlain(s) {
		a.short(key, s)
		return
	}
	s = clean(s)
	a.pair(key, 1+protowire.SizeBytes(len(s)))
	a.encoder.text(anyString, s)
}

// short is text where every length fits into one octet, and there is room for
// all of it: most of what spans have, in one go.
func (a attributes) short(key, s string) {
	const octets = byte(protowire.BytesType)
	at, k, n := len(a.b), len(key), len(s)
	a.b = a.b[:at+k+n+8]
	b := a.b[at:]
	b[0], b[1], b[2], b[3] = byte(a.field)<<3|octets, byte(k+n+6), keyValueKey<<3|octets, byte(k)
	copy(b[4:], key)
	b = b[4+k:]
	b[0], b[1], b[2], b[3] = keyValueValue<<3|octets, byte(n+2), anyString<<3|octets, byte(n)
	copy(b[4:], s)
}

// octets writes text of ours.
func (a attributes) octets(key string, b []byte) {
	a.pair(key, 1+protowire.SizeBytes(len(b)))
	a.bytes(anyString, b)
}

// texts writes a list of texts of ours, which are clean.
func (a attributes) texts(key string, list []string) {
	if len(list) == 0 {
		return
	}
	pair := a.open(a.field)
	a.encoder.text(keyValueKey, key)
	value := a.open(keyValueValue)
	array := a.open(anyArray)
	for _, s := range list {
		member := a.open(arrayValues)
		a.encoder.text(anyString, s)
		a.close(member)
	}
	a.close(array)
	a.close(value)
	a.close(pair)
}

// number writes a number; nothing for 0.
func (a attributes) number(key string, n int64) {
	if n == 0 {
		return
	}
	a.pair(key, 1+protowire.SizeVarint(uint64(n)))
	a.varint(anyInt, uint64(n))
}

func (a attributes) millis(key string, ms float64) {
	a.pair(key, 1+8)
	a.fixed64(anyDouble, math.Float64bits(ms))
}

// flag writes true; nothing for false.
func (a attributes) flag(key string, on bool) {
	if !on {
		return
	}
	a.pair(key, 1+1)
	a.varint(anyBool, 1)
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
