package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A Capture says what is to be done with what a capture file holds.
type Capture struct {
	File     string                  // its name as the user gave it, for Exchange.Source and for errors
	Exchange func(*Exchange) error   // called for each exchange, in order; an error ends the reading
	Bad      func(*EntryError) error // called for each entry that cannot be read, or not whole; nil ends the reading there
	About    *About                  // gets what there is to say of the capture as a whole; may be nil
	Growing  bool                    // the file may still be written: each exchange of a JSONL is handed on at once
}

// About is what there is to say of a capture as a whole.
type About struct {
	NotHTTP int   // entries of data: and other URLs, which no HTTP was spoken for
	Clock   Clock // of the recording machine, where it is wrong
}

var (
	errCaptureEmpty = errors.New("the file is empty: nothing was recorded")
	errCaptureKind  = errors.New("neither a HAR nor a JSONL file that sidenote saved")
)

// sniffed is how much of a file is looked at to tell its kind.
const sniffed = 4 << 10

// ReadCapture reads a file of exchanges, a HAR or a JSONL that sidenote saved,
// whichever its content shows it to be. It holds one entry at a time, and the first
// few until the clock of the recording machine has been judged. An error
// of c's functions ends the reading and is given back as it is; any other is an
// *EntryError and means that the rest could not be read.
func ReadCapture(r io.Reader, c Capture) error {
	a := &ahead{c: c}
	a.r.Reader = r
	err := readCapture(&a.r, a)
	if a.gaveUp != nil {
		return a.gaveUp
	}
	if given := a.release(); given != nil {
		return given
	}
	return err
}

func readCapture(r io.Reader, a *ahead) error {
	c := a.capture()
	b := bufio.NewReaderSize(r, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && err != io.EOF {
		return &EntryError{File: c.File, Entry: -1, Err: err}
	}
	skipped := 0
	if bytes.HasPrefix(head, byteOrderMark) {
		skipped, _ = b.Discard(len(byteOrderMark))
		head = head[skipped:]
	}
	kind, err := captureKind(head)
	if err != nil {
		return &EntryError{File: c.File, Entry: -1, Offset: 1, Err: err}
	}
	if kind == kindJSONL {
		a.given = c.Growing
		return readJSONL(b, c, int64(skipped))
	}
	return readHAR(b, c, int64(skipped))
}

var byteOrderMark = []byte("\xef\xbb\xbf")

const (
	kindHAR = iota
	kindJSONL
)

// captureKind tells the kind of a file from its beginning: a record begins with
// its schema, a HAR with "log", or with something else that is passed over.
func captureKind(head []byte) (int, error) {
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(text) == 0:
		return 0, errCaptureEmpty
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return 0, errors.New("the file is compressed: decompress it with gunzip first")
	case isUTF16(head):
		return 0, errors.New("the file is UTF-16: save it as UTF-8")
	case text[0] != '{':
		return 0, fmt.Errorf("%w: it begins with %.12q", errCaptureKind, text)
	}
	text = bytes.TrimLeft(text[1:], " \t\r\n")
	if bytes.HasPrefix(text, []byte(`"schema"`)) {
		return kindJSONL, nil
	}
	return kindHAR, nil
}

// isUTF16 reports whether text begins with a byte order mark of UTF-16, or with
// an ASCII character in it, whose other octet is NUL.
func isUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) ||
		len(head) > 1 && (head[0] == 0) != (head[1] == 0)
}

// readJSONL reads full records, one a line, and holds one at a time. Empty lines
// are skipped. skipped is how many octets stood before the first line.
func readJSONL(r io.Reader, c Capture, skipped int64) error {
	lines := lineReader{r: r, taken: skipped}
	entry := 0
	for n := 1; ; n++ {
		start := lines.taken
		line, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &EntryError{File: c.File, Entry: entry, Offset: start + 1, Err: fmt.Errorf("line %d: %w", n, err)}
		}
		if len(line) == 0 {
			continue
		}
		x, err := ParseJSON(line)
		if err != nil {
			bad := &EntryError{File: c.File, Entry: entry, Offset: start + 1, Err: fmt.Errorf("line %d: %w", n, err)}
			if c.Bad == nil {
				return bad
			}
			if err := c.Bad(bad); err != nil {
				return err
			}
			entry++
			continue
		}
		x.Source.File, x.Source.Entry = c.File, entry
		entry++
		if err := c.Exchange(x); err != nil {
			return err
		}
	}
}
