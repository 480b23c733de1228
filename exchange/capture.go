package exchange

import (
	"bufio"
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
	At       io.ReaderAt             // the same file, of Size octets, which a zip needs; nil where there is none
	Size     int64
}

// About is what there is to say of a capture as a whole.
type About struct {
	NotHTTP int   // entries of data: and other URLs, which no HTTP was spoken for
	Clock   Clock // of the recording machine, where it is wrong
}

var (
	errCaptureEmpty = errors.New("the file is empty: nothing was recorded")
	errCaptureKind  = errors.New("neither a HAR nor a JSONL file that sidenote saved")
	errTooLarge     = fmt.Errorf("a zip of more than %d MiB can only be read from a file", maxZipInMemory>>20)
)

// sniffed is how much of a file is checked to tell its kind.
const sniffed = 4 << 10

// ReadCapture reads a file of exchanges, whichever its content shows it to be: one
// HAR or several, entries of a HAR in a list or a line each, or a JSONL that
// sidenote saved; in UTF-8 or UTF-16, compressed or not, or in a zip, and also with
// a call around it, as JSONP has. Places in errors count in the text that this is
// when it is decompressed and in UTF-8. It holds one entry at a time, and the first
// few until the clock of the recording machine has been judged. An error
// of c's functions ends the reading and is given back as it is; any other is an
// *EntryError and means that the rest could not be read.
func ReadCapture(r io.Reader, c Capture) error {
	a := &ahead{c: c}
	err := readCapture(r, a, 0)
	var given givenBack
	if errors.As(err, &given) {
		err = given.error
	}
	if a.gaveUp != nil {
		return a.gaveUp
	}
	if given := a.release(); given != nil {
		return given
	}
	return err
}

// maxWrapped bounds how often a capture may be compressed.
const maxWrapped = 4

// readCapture reads all of a reader: text, or text that is compressed or in
// another encoding. depth is how often it was.
func readCapture(r io.Reader, a *ahead, depth int) error {
	b := bufio.NewReaderSize(r, sniffed)
	head, err := sniff(b, a.c.Growing)
	if err != nil && err != io.EOF {
		return a.entryError(0, err)
	}
	w := wrappingOf(head)
	switch {
	case w == nil:
		return readText(b, head, a)
	case depth >= maxWrapped:
		return a.entryError(1, errors.New("the file is compressed again and again"))
	case w.open == nil:
		return readZip(b, a, depth)
	}
	inner, err := w.open(b)
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return a.entryError(1, errHARTruncated)
	}
	if err != nil {
		return a.entryError(1, fmt.Errorf("the %s file is broken: %w", w.name, err))
	}
	defer inner.Close()
	err = readCapture(inner, a, depth+1)
	var entry *EntryError
	if errors.As(err, &entry) && errors.Is(err, io.ErrUnexpectedEOF) {
		entry.Err = errHARTruncated
	}
	return err
}

// sniff returns the beginning of a file, which tells its kind. Of one that grows it
// waits for no more than shows that the file has lines.
func sniff(b *bufio.Reader, growing bool) (head []byte, err error) {
	for n := 1; growing && n <= sniffed; n = len(head) + 1 {
		if head, err = b.Peek(n); err != nil {
			return head, err
		}
		if head, _ = b.Peek(b.Buffered()); HasLines(head) {
			return head, nil
		}
	}
	return b.Peek(sniffed)
}

// HasLines reports whether the beginning of a file, without any compression, shows
// that each of its lines is an exchange, so that what is appended to it can be read
// by itself.
func HasLines(head []byte) bool {
	return wrappingOf(head) == nil && isLines(head[prefixLen(head):])
}

// entryError is an error of the file as a whole.
func (a *ahead) entryError(at int64, err error) error {
	return &EntryError{File: a.c.File, Entry: -1, Offset: at, Err: err}
}

// readText reads JSON in UTF-8.
func readText(b *bufio.Reader, head []byte, a *ahead) error {
	c := a.capture()
	start := prefixLen(head)
	skipped, _ := b.Discard(start)
	a.text.Reader = b
	head = head[skipped:]
	if err := knownByBeginning(head); err != nil {
		return a.entryError(int64(skipped)+1, err)
	}
	if isLines(head) {
		a.given = a.given || c.Growing
		return readJSONL(&a.text, c, int64(skipped))
	}
	return readHAR(&a.text, c, int64(skipped), a.files)
}

// readJSONL reads one record or entry of a HAR a line, and holds one at a time.
// Empty lines are skipped. skipped is how many octets stood before the first line.
func readJSONL(r io.Reader, c Capture, skipped int64) error {
	lines := lineReader{r: r, taken: skipped}
	var e harEntry
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
		if err := c.one(e.line(line), entry, start+1, fmt.Sprintf("line %d: ", n)); err != nil {
			return err
		}
		entry++
	}
}

// read is what was made of an entry: an exchange, an error, or both where it could
// be read in part.
type read struct {
	x   *Exchange
	err error
}

// one hands on an entry; at is where it begins, and an error says where first.
func (c *Capture) one(r read, entry int, at int64, where string) error {
	if r.x != nil {
		r.x.Source.File, r.x.Source.Entry = c.File, entry
		if err := c.Exchange(r.x); err != nil {
			return givenBack{err}
		}
	}
	switch {
	case r.err == nil:
		return nil
	case errors.Is(r.err, errNotHTTP):
		if c.About != nil {
			c.About.NotHTTP++
		}
		return nil
	}
	bad := &EntryError{File: c.File, Entry: entry, Offset: at, Err: r.err}
	if where != "" {
		bad.Err = fmt.Errorf("%s%w", where, r.err)
	}
	if c.Bad == nil {
		return bad
	}
	if err := c.Bad(bad); err != nil {
		return givenBack{err}
	}
	return nil
}

// line reads a line: a record that sidenote saved, or an entry of a HAR.
func (e *harEntry) line(line []byte) read {
	if memberOf(line) != kindEntry {
		x, err := ParseJSON(line)
		return read{x, err}
	}
	c := jsonCursor{s: string(line)}
	x, err := e.read(&c)
	if c.err != nil {
		x = e.rest()
	}
	return read{x, err}
}
