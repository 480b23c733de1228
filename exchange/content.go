package exchange

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	kflate "github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Content describes a message's content (RFC 9110 §6.4): its size, and a
// bounded piece of it.
type Content struct {
	Size      int64  // octets after transfer decoding and before content decoding
	Kept      []byte // the first octets; never changed once the exchange has ended
	Truncated bool   // Kept lacks octets that passed
	Complete  bool   // the message ended as its framing said
	SHA256    Digest // of all octets that passed; zero when not computed
	Unhashed  bool   // Kept is all octets that passed, and SHA256 is left to Digest

	// Decoded says that Kept is not the octets that passed, but what a program
	// that saved the message made of them: without content codings, and text
	// in UTF-8. What it means can be judged; its octets and their number cannot.
	Decoded bool

	decodeOnce sync.Once
	decoded    *Decoded // what DecodedContent made; nil where it made nothing
}

// Whole reports whether Kept is all there was, so that its end can be judged.
func (c *Content) Whole() bool { return c.Complete && !c.Truncated }

// Digest returns the SHA-256 of all octets that passed, zero when it is not known.
// Each call computes it where it was left to this.
func (c *Content) Digest() Digest {
	if c.Unhashed {
		return DigestOf(c.Kept)
	}
	return c.SHA256
}

// KeepDigest computes the digest that was left to Digest, and keeps it. Call it
// before anybody shares the content.
func (c *Content) KeepDigest() { c.SHA256, c.Unhashed = c.Digest(), false }

// A Digest is a SHA-256; the zero value is none.
type Digest [32]byte

// String returns the digest in hexadecimal, "" for none.
func (d Digest) String() string {
	if d == (Digest{}) {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// MaxDecoded bounds how many octets DecodedContent makes of the kept ones, so
// that a small message cannot grow without limit.
const MaxDecoded = 8 << 20

// Decoded is kept content with its content codings removed.
type Decoded struct {
	Bytes     []byte // what could be decoded
	Truncated bool   // there was or may have been more
	Err       error  // why decoding stopped early; nil for content that was merely cut by the limit
	Coding    string // the coding that Err is about
}

// Whole reports whether Bytes is the whole content, so that its end can be judged.
func (d Decoded) Whole() bool { return !d.Truncated && d.Err == nil }

// DecodedContent removes the codings that Content-Encoding names from the kept
// content, the last one first (RFC 9110 §8.4). The work is done once; any
// number of goroutines may ask. Call it only after the message has ended.
func (m *Message) DecodedContent() Decoded {
	c := &m.Content
	if !m.isCoded() {
		return Decoded{Bytes: c.Kept, Truncated: !c.Whole()}
	}
	c.decodeOnce.Do(func() {
		d := m.Decode()
		c.decoded = &d
	})
	return *c.decoded
}

// isCoded reports whether the kept content may have codings.
func (m *Message) isCoded() bool {
	return len(m.Content.Kept) > 0 && !m.Content.Decoded && (m.Fields.Has(FieldContentEncoding) || m.Fields.Has(FieldTransferEncoding))
}

// Decode is DecodedContent without keeping what it made, for a look at many
// messages that are to stay as small as they are.
func (m *Message) Decode() Decoded {
	d := decode(&m.Content, m.compressedInTransfer())
	if d.Err != nil {
		return d
	}
	return decodeAll(d, &m.Content, m.Fields.Combined(FieldContentEncoding))
}

// compressedInTransfer is the list of transfer codings that the kept content
// still has: those that compress (RFC 9112 §7.2) where it begins as they do,
// for anyone who recorded it may have removed them.
func (m *Message) compressedInTransfer() string {
	if !m.Fields.Has(FieldTransferEncoding) {
		return ""
	}
	list := strings.ToLower(m.Fields.Combined(FieldTransferEncoding))
	list = strings.TrimRight(strings.TrimSuffix(strings.TrimRight(list, ", \t"), "chunked"), ", \t")
	last := list[strings.LastIndexByte(list, ',')+1:]
	if last = strings.TrimSpace(last); !startsAs(last, m.Content.Kept) {
		return ""
	}
	return list
}

func decode(c *Content, codings string) Decoded {
	return decodeAll(Decoded{Bytes: c.Kept, Truncated: !c.Whole()}, c, codings)
}

// decodeAll removes codings from content, the last one first.
func decodeAll(d Decoded, c *Content, codings string) Decoded {
	if c.Decoded || codings == "" || len(d.Bytes) == 0 {
		return d
	}
	list := strings.Split(codings, ",")
	if len(list) > 8 {
		d.Err = fmt.Errorf("%d content codings are more than sidenote decodes", len(list))
		d.Coding = strings.TrimSpace(list[len(list)-1])
		return d
	}
	for i := len(list) - 1; i >= 0 && d.Err == nil; i-- {
		if coding := strings.ToLower(strings.TrimSpace(list[i])); coding != "" && coding != "identity" {
			d = decodeOne(d, coding)
		}
	}
	return d
}

func decodeOne(d Decoded, coding string) Decoded {
	r, err := newDecoder(coding, d.Bytes)
	if err != nil {
		if d.Truncated && errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
		return Decoded{Truncated: true, Err: err, Coding: coding}
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, MaxDecoded+1))
	if n > MaxDecoded {
		out.Truncate(MaxDecoded)
		d.Truncated = true
	}
	if err != nil && d.Truncated {
		err = nil // the kept piece ends early, so its decoder must
	}
	return Decoded{Bytes: out.Bytes(), Truncated: d.Truncated || err != nil, Err: err, Coding: coding}
}

// errUnknownCoding is the error for a coding that is not registered, or not known here.
var errUnknownCoding = errors.New("unknown content coding")

func newDecoder(coding string, b []byte) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(bytes.NewReader(b))
	case "deflate":
		// RFC 9110 §8.4.1.2: zlib; some servers send bare deflate data.
		if r, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
			return r, nil
		}
		return flate.NewReader(bytes.NewReader(b)), nil
	case "br":
		return brotli.NewReader(bytes.NewReader(b)), nil
	case "zstd":
		r, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%w %q", errUnknownCoding, coding)
}

// UnknownCoding reports whether decoding stopped at a coding that sidenote
// cannot decode, which says nothing about the content.
func (d Decoded) UnknownCoding() bool { return errors.Is(d.Err, errUnknownCoding) }

// Why says in plain words why decoding stopped; "" where it did not.
func (d Decoded) Why() string {
	var corrupt flate.CorruptInputError
	var corruptInGzip kflate.CorruptInputError
	switch {
	case d.Err == nil:
		return ""
	case errors.As(d.Err, &corrupt):
		return fmt.Sprintf("corrupt near byte %d", int64(corrupt)+1)
	case errors.As(d.Err, &corruptInGzip):
		return fmt.Sprintf("corrupt near byte %d", int64(corruptInGzip)+1)
	case errors.Is(d.Err, gzip.ErrHeader), errors.Is(d.Err, zstd.ErrMagicMismatch):
		return "it does not begin as " + d.Coding + " does"
	case errors.Is(d.Err, gzip.ErrChecksum), errors.Is(d.Err, zlib.ErrChecksum), errors.Is(d.Err, zstd.ErrCRCMismatch):
		return "its checksum is wrong"
	case errors.Is(d.Err, io.ErrUnexpectedEOF), errors.Is(d.Err, io.EOF):
		return "it ends early"
	}
	return d.Err.Error()
}

// UndecodableContent returns the error of a response whose content is not in the
// coding that it names, nil when it is, or when that cannot be told: of a range,
// of content that did not come whole, and of a coding that is not known here.
func (x *Exchange) UndecodableContent() *Err {
	r := &x.Response
	if !r.Fields.Has(FieldContentEncoding) || r.Status == 206 || !x.MayHaveContent() || !r.Content.Complete {
		return nil
	}
	d := r.DecodedContent()
	if d.Err == nil || d.UnknownCoding() {
		return nil
	}
	return &Err{Code: ErrUndecodable, Detail: "the content is not " + d.Coding + ": " + d.Err.Error()}
}

// FailUndecodable makes UndecodableContent the failure of an exchange that has
// no other. Call it once the exchange has ended and before anybody shares it.
func (x *Exchange) FailUndecodable() {
	if x.Err != nil {
		return
	}
	if err := x.UndecodableContent(); err != nil { // else nothing is written, for who calls it again may share it
		x.Err = err
	}
}

// DigestOf computes the digest of b; content of no octets has one too.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

func parseDigest(s string) (d Digest, err error) {
	if s == "none" {
		return Digest{}, nil
	}
	if len(s) != hex.EncodedLen(len(d)) { // hex.Decode panics on more than it has room for
		return Digest{}, fmt.Errorf("%.70q is not a hexadecimal SHA-256: it has %d digits, not %d", s, len(s), hex.EncodedLen(len(d)))
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return Digest{}, fmt.Errorf("%q is not a hexadecimal SHA-256", s)
	}
	return d, nil
}
