package exchange

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fillContent fills in what is known of content; may is for messages that can have
// any at all.
func (e *harEntry) fillContent(m *harMessage, to *Message, may bool) {
	c := &to.Content
	c.Complete = !e.broken
	e.fetch(m)
	if e.writer.has(quirkMerged) && m.hasText {
		m.size, m.bodySize = -1, -1
	}
	var encoded bool
	var err error
	if c.Kept, encoded, err = m.octets(); err != nil {
		e.trouble(m.textAt, err)
		c.Kept, m.hasText = nil, false
		m.size = max(m.size, 1) // there was something
	}
	if len(c.Kept) <= maxPlaceholder && !e.writer.has(quirkOwn) && isLeftOut(string(c.Kept), false) {
		m.size = max(m.size, float64(len(c.Kept)))
		c.Kept, m.hasText = nil, false
	}
	coding := outermostCoding(&to.Fields)
	c.Decoded = len(c.Kept) > 0 && m.isDecoded(to, coding, encoded)
	c.Size = m.harSize(to, coding, may)
	whole := c.Size
	if coding != "" && c.Decoded {
		whole = harOctets(m.size)
	}
	c.Truncated = m.cut || e.broken || !m.hasText && c.Size > 0 || whole > int64(len(c.Kept))
}

// fetch takes content out of a file that the entry names. It has to be in the same
// zip and folder.
func (e *harEntry) fetch(m *harMessage) {
	if m.file == "" || m.hasText || e.files == nil || strings.ContainsAny(m.file, `/\`) {
		return
	}
	b, err := e.files(m.file)
	if err != nil {
		e.trouble(m.textAt, fmt.Errorf("the body is in the file %.60q, which cannot be read; the rest of the entry was read: %w", m.file, err))
		return
	}
	m.hasText, m.text, m.asFile = true, b, true
	m.cut = m.cut || len(b) >= maxString
}

// octets is the content without the coding in which the file has it; encoded says
// that there was one.
func (m *harMessage) octets() (b []byte, encoded bool, err error) {
	decode := decodeNothing
	switch strings.ToLower(m.encoding) {
	case "base64":
		decode, encoded = decodeBase64, true
	case "hex":
		decode, encoded = decodeHex, true
	}
	pieces := m.pieces
	if encoded && len(pieces) == 0 && len(m.text) > 1 && m.text[0] == '[' && m.text[len(m.text)-1] == ']' { // a list in a string
		c := jsonCursor{s: string(m.text)}
		c.elements(func() { pieces = append(pieces, c.text()) })
		if c.err != nil || c.i != len(c.s) {
			return nil, true, errBadBase64
		}
	}
	if m.asFile {
		return m.text, true, nil
	}
	if pieces == nil {
		b, err = decode(m.text, m.cut)
		return b, encoded, err
	}
	for _, p := range pieces {
		piece, err := decode([]byte(p), false)
		if err != nil {
			return nil, true, err
		}
		b = append(b, piece...)
	}
	return b, encoded, nil
}

func decodeNothing(b []byte, _ bool) ([]byte, error) { return b, nil }

func decodeHex(b []byte, cut bool) ([]byte, error) {
	if cut {
		b = b[:len(b)/2*2]
	}
	n, err := hex.Decode(b, b)
	if err != nil {
		return nil, errBadBase64
	}
	return b[:n], nil
}

// isDecoded reports whether the kept octets are not those that passed.
func (m *harMessage) isDecoded(to *Message, coding string, encoded bool) bool {
	switch {
	case coding != "":
		return !encoded || !startsAs(coding, to.Content.Kept)
	case encoded:
		return false
	}
	kind := to.Fields.Value(FieldContentType)
	return !isASCII(to.Content.Kept) && !isJSONType(kind) && !strings.Contains(strings.ToLower(kind), "utf-8")
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// outermostCoding is the content coding that was applied last, in lower case;
// "" for none.
func outermostCoding(f *Fields) string {
	if !f.Has(FieldContentEncoding) {
		return ""
	}
	list := f.Combined(FieldContentEncoding)
	last := strings.ToLower(trimOWS(list[strings.LastIndexByte(list, ',')+1:]))
	if last == "identity" {
		return ""
	}
	return last
}

// startsAs reports whether octets begin as a coding does. Brotli has no such sign.
func startsAs(coding string, b []byte) bool {
	switch coding {
	case "gzip", "x-gzip":
		return bytes.HasPrefix(b, []byte("\x1f\x8b"))
	case "zstd":
		return bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd"))
	case "deflate": // RFC 1950 §2.2
		return len(b) > 1 && b[0]&15 == 8 && (int(b[0])<<8|int(b[1]))%31 == 0
	}
	return false
}

// harSize is the size of content as it passed. What writers say of it differs:
// with the framing or without, with codings or without. So Content-Length is
// believed; then the writer, for content that has codings; then what there is.
func (m *harMessage) harSize(to *Message, coding string, may bool) int64 {
	kept := int64(len(to.Content.Kept))
	if may && to.Fields.Has(FieldContentLength) && !to.Fields.Has(FieldTransferEncoding) && m.bodySize != 0 {
		if n, err := strconv.ParseInt(to.Fields.Value(FieldContentLength), 10, 64); err == nil && n >= 0 && (n > 0 || kept == 0) {
			return n
		}
	}
	if coding != "" && m.bodySize > 0 {
		return harOctets(m.bodySize)
	}
	if m.hasText && !m.cut && (kept > 0 || m.size <= 0) {
		return max(kept, harOctets(m.size))
	}
	return max(kept, harOctets(m.size), harOctets(m.bodySize))
}

func harOctets(n float64) int64 {
	if !(n > 0 && n < 1<<53) {
		return 0
	}
	return int64(n)
}

// decodeBase64 decodes in place, with padding or without. White space is
// passed over, as encoding/base64 does with line ends.
func decodeBase64(b []byte, cut bool) ([]byte, error) {
	if bytes.ContainsAny(b, " \t") {
		b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte(" "), nil), []byte("\t"), nil)
	}
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(b, "-_") {
		encoding = base64.RawURLEncoding
	}
	digits := bytes.TrimRight(b, "=\r\n")
	if cut {
		digits = digits[:len(digits)/4*4]
	}
	n, err := encoding.Decode(b, digits)
	if err != nil && !cut {
		return nil, errBadBase64
	}
	return b[:n], nil
}
