package exchange

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A wrapping is a form in which a capture may be wrapped.
type wrapping struct {
	name string
	open func(io.Reader) (io.ReadCloser, error) // nil for a zip, which is no stream
}

// wrappingOf tells from the beginning of a file what it is wrapped in; nil for
// nothing.
func wrappingOf(head []byte) *wrapping {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return &wrapping{"gzip", func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }}
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return &wrapping{"zstd", openZstd}
	case bytes.HasPrefix(head, []byte("BZh")):
		return &wrapping{"bzip2", func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(r)), nil }}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return &wrapping{name: "zip"}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), len(head) > 1 && head[0] != 0 && head[0] < 0x80 && head[1] == 0:
		return &wrapping{"UTF-16", func(r io.Reader) (io.ReadCloser, error) {
			return io.NopCloser(&utf16Reader{r: r, order: binary.LittleEndian}), nil
		}}
	case bytes.HasPrefix(head, []byte("\xfe\xff")), len(head) > 1 && head[0] == 0 && head[1] != 0 && head[1] < 0x80:
		return &wrapping{"UTF-16", func(r io.Reader) (io.ReadCloser, error) {
			return io.NopCloser(&utf16Reader{r: r, order: binary.BigEndian}), nil
		}}
	}
	return nil
}

func openZstd(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// A utf16Reader makes UTF-8 of UTF-16. Halves of surrogate pairs become U+FFFD.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	in    [4096]byte
	have  int    // octets in in that are not decoded yet
	out   []byte // decoded and not given yet
	err   error
}

// Read returns UTF-8.
func (u *utf16Reader) Read(b []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		n, err := u.r.Read(u.in[u.have:])
		u.have += n
		u.err = err
		u.decode()
	}
	n := copy(b, u.out)
	u.out = u.out[n:]
	return n, nil
}

// decode takes the whole units that are there; at the end, all.
func (u *utf16Reader) decode() {
	u.out = u.out[:0]
	i := 0
	for i+2 <= u.have {
		r := rune(u.order.Uint16(u.in[i:]))
		size := 2
		if utf16.IsSurrogate(r) {
			if i+4 > u.have && u.err == nil {
				break
			}
			low := rune(0)
			if i+4 <= u.have {
				low = rune(u.order.Uint16(u.in[i+2:]))
			}
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				r, size = pair, 4
			} else {
				r = utf8.RuneError
			}
		}
		u.out = utf8.AppendRune(u.out, r)
		i += size
	}
	u.have = copy(u.in[:], u.in[i:u.have])
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// whenUsed returns a function that compiles an expression when it is called first,
// for most commands read no capture.
func whenUsed(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// jsonp is what may stand before JSON that a script is to read: a call of a
// function, an assignment, or what keeps it from being run.
var jsonp = whenUsed(`^(?:\)\]\}',?\s*|(?:(?:var|let|const)\s+)?[\w$.\[\]'"]+\s*(?:\(|=)\s*|/\*[^*]*\*/\s*)+`)

// prefixLen is the length of what stands before the JSON.
func prefixLen(head []byte) (n int) {
	if bytes.HasPrefix(head, byteOrderMark) {
		n = len(byteOrderMark)
	}
	n += len(head[n:]) - len(bytes.TrimLeft(head[n:], "\ufeff\x1e \t\r\n"))
	if n == len(head) || head[n] == '{' || head[n] == '[' {
		return n
	}
	rest := head[n:]
	at := len(jsonp().Find(rest))
	if at < len(rest) && (rest[at] == '{' || rest[at] == '[') {
		return n + at
	}
	return n
}

// knownByBeginning refuses what cannot be a capture that is read here, and says
// how to get one where it is known what it is.
func knownByBeginning(head []byte) error {
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(text) == 0:
		return errCaptureEmpty
	case text[0] == '{', text[0] == '[':
		return nil
	}
	for _, f := range foreignFiles {
		if bytes.HasPrefix(text, []byte(f.magic)) {
			return errors.New(f.advice)
		}
	}
	if tnetstring().Match(text) {
		return errors.New("this is a flow file of mitmproxy; make a HAR of it: mitmdump -nr FILE --set hardump=FILE.har")
	}
	return fmt.Errorf("%w: it begins with %.12q", errCaptureKind, text)
}

// tnetstring is how a flow file of mitmproxy begins.
var tnetstring = whenUsed(`^\d{1,9}:\d{1,9}:\w+;`)

// foreignFiles are files that people take for captures of HTTP.
var foreignFiles = [...]struct{ magic, advice string }{
	{"\xd4\xc3\xb2\xa1", pcapAdvice}, {"\xa1\xb2\xc3\xd4", pcapAdvice}, {"\x4d\x3c\xb2\xa1", pcapAdvice}, {"\x0a\x0d\x0d\x0a", pcapAdvice},
	{"\xfd7zXZ\x00", "the file is compressed with xz; decompress it first: xz -d FILE"},
	{"7z\xbc\xaf", "the file is a 7z archive; unpack it first"},
	{"Rar!", "the file is a RAR archive; unpack it first"},
	{"SQLite format 3", "this is a database of SQLite; export its exchanges as a HAR from the program that wrote it"},
	{"<?xml", "this is XML; export a HAR from the program that wrote it"},
	{"<!", "this is a web page and not a capture; see whether the download failed"},
	{"<html", "this is a web page and not a capture; see whether the download failed"},
	{"<HTML", "this is a web page and not a capture; see whether the download failed"},
	{"HTTP/", "this is one response as text; sidenote reads HAR, and the JSONL files that it saved"},
	{"GET ", "this is a request as text; sidenote reads HAR, and the JSONL files that it saved"},
	{"POST ", "this is a request as text; sidenote reads HAR, and the JSONL files that it saved"},
	{"curl ", "this is a command; run it: sidenote run -- curl URL"},
}

const pcapAdvice = "this is a capture of packets; sidenote reads HAR: record the exchanges with sidenote or with a browser"

// The kinds of objects that a file may hold.
const (
	kindUnknown = iota
	kindHAR     // {"log": {"entries": [...]}}
	kindLog     // {"entries": [...]}
	kindEntry   // {"request": {...}, "response": {...}}
	kindRecord  // of sidenote
)

// memberKinds has the kind of an object by the names of its members.
var memberKinds = map[string]int{
	"log": kindHAR, "entries": kindLog, "request": kindEntry, "response": kindEntry, "startedDateTime": kindEntry, "schema": kindRecord,
}

// memberOf tells the kind of the object that a text begins with.
func memberOf(text []byte) int {
	kind, _ := kindOf(string(text))
	return kind
}

// kindOf tells the kind of the object that a text begins with by the first of its
// members that shows it; whole is false where the text ends before.
func kindOf(text string) (kind int, whole bool) {
	c := jsonCursor{s: text}
	if c.peek() != '{' {
		return kindUnknown, true
	}
	c.i++
	for c.item('}') {
		if c.peek() != '"' {
			return kindUnknown, c.i < len(c.s)
		}
		name := c.text()
		if kind, ok := memberKinds[name]; ok && c.err == nil {
			return kind, true
		}
		if c.peek() != ':' {
			return kindUnknown, c.i < len(c.s)
		}
		c.i++
		c.skip()
	}
	return kindUnknown, c.err == nil || c.err != errJSONEnd
}

// isLines reports whether a file has an object on each line: records, or entries
// whose first is whole on its line.
func isLines(head []byte) bool {
	switch kind := memberOf(head); kind {
	case kindRecord:
		return true
	case kindEntry:
		first, _, more := bytes.Cut(head, []byte("\n"))
		c := jsonCursor{s: string(first)}
		c.skip()
		return c.err == nil || !more && len(head) >= sniffed
	}
	return false
}
