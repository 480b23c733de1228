package exchange

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds on what a HAR reader holds in memory, in octets of JSON text.
const (
	// MaxEntry bounds one entry of a HAR, with long strings cut short.
	MaxEntry = 32 << 20
	// maxString bounds one string of an entry; what is beyond it is passed over.
	maxString = 8 << 20
	// streamWindow is how much is read at once.
	streamWindow = 256 << 10
	// maxInWindow bounds an entry that is read where it stands; longer ones are
	// copied together first.
	maxInWindow = 1 << 20
	// keepText is the size up to which the memory of an entry is used again.
	keepText = 1 << 20
)

var errEntryTooLarge = fmt.Errorf("the entry has more than %d MiB beside its contents, which no exchange has", MaxEntry>>20)

// A jsonStream walks over JSON text that need not fit in memory. It checks
// only what it needs to find where each value ends.
type jsonStream struct {
	r      io.Reader
	buf    []byte
	window string // what is read; a string, so that what is found in it can share its memory
	pos    int    // up to where in it has been walked
	base   int64  // which octet of the stream window[0] is
	err    error  // of the reader
}

func newJSONStream(r io.Reader) *jsonStream { return &jsonStream{r: r} }

// offset is which octet of the stream is next, counted from 0.
func (s *jsonStream) offset() int64 { return s.base + int64(s.pos) }

// rest is what is read and not yet walked over.
func (s *jsonStream) rest() string { return s.window[s.pos:] }

// more makes a new window of the rest and of what follows; it reports whether
// anything does.
func (s *jsonStream) more() bool {
	if s.err != nil {
		return false
	}
	kept := len(s.rest())
	if size := kept + streamWindow; size > len(s.buf) || size < len(s.buf)/4 {
		s.buf = make([]byte, size)
	}
	copy(s.buf, s.rest())
	read := s.read(s.buf[kept:])
	s.base, s.pos = s.offset(), 0
	s.window = string(s.buf[:kept+read])
	return read > 0
}

// read fills b unless the stream ends before.
func (s *jsonStream) read(b []byte) (read int) {
	for empty := 0; s.err == nil && read < len(b); {
		var n int
		n, s.err = s.r.Read(b[read:])
		read += n
		if empty++; n > 0 {
			empty = 0
		}
		if empty == 100 {
			s.err = io.ErrNoProgress
		}
	}
	return read
}

// fill reports whether there is a next octet, and reads on for it.
func (s *jsonStream) fill() bool { return s.pos < len(s.window) || s.more() }

// next returns the next octet that is not white space, without taking it.
func (s *jsonStream) next() (byte, error) {
	for s.fill() {
		for ; s.pos < len(s.window); s.pos++ {
			if c := s.window[s.pos]; !isSpace(c) {
				return c, nil
			}
		}
	}
	return 0, s.ended()
}

// ended is why there is no next octet.
func (s *jsonStream) ended() error {
	if s.err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// take takes the octet that next gave.
func (s *jsonStream) take() { s.pos++ }

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// jsonText is one JSON value out of a stream.
type jsonText struct {
	text  strings.Builder
	start int64 // which octet of the stream it begins at
	cuts  []jsonCut
	large bool // it did not fit
}

// A jsonCut is a place where octets of a long string are missing.
type jsonCut struct {
	at      int // in text; the string's closing quotation mark is there
	missing int64
}

func (t *jsonText) reset(start int64) {
	t.text.Reset()
	t.start, t.cuts, t.large = start, t.cuts[:0], false
}

func (t *jsonText) add(b string) {
	switch {
	case t.large:
	case t.text.Len()+len(b) > MaxEntry:
		t.large = true
		t.text.Reset()
	default:
		t.text.WriteString(b)
	}
}

// offset returns which octet of the stream an octet of the text is.
func (t *jsonText) offset(i int) int64 {
	at := t.start + int64(i)
	for _, c := range t.cuts {
		if c.at <= i {
			at += c.missing
		}
	}
	return at
}

// value takes one value; with keep nil it is passed over.
func (s *jsonStream) value(keep *jsonText) error {
	c, err := s.next()
	if err != nil {
		return err
	}
	if keep != nil {
		keep.reset(s.offset())
	}
	walk := valueWalk{keep: keep, scalar: c != '{' && c != '[' && c != '"'}
	for !walk.done {
		if !s.fill() {
			if walk.scalar && s.err == io.EOF {
				return nil
			}
			return s.ended()
		}
		s.pos += walk.over(s.rest())
	}
	if keep != nil && keep.large {
		return errEntryTooLarge
	}
	return nil
}

// A valueWalk finds the end of one value, piece by piece.
type valueWalk struct {
	keep     *jsonText
	depth    int
	scalar   bool // a number, true, false or null
	inString bool
	escaped  bool  // the octet before was a reverse solidus
	length   int   // of the string so far
	cut      bool  // the string is longer than is kept
	missing  int64 // how much of it is not
	done     bool
}

// over walks over the part of b that belongs to the value and returns its length.
func (w *valueWalk) over(b string) (n int) {
	from := 0 // b[from:n] is still to be kept
	for n < len(b) && !w.done {
		switch {
		case w.inString:
			n, from = w.overString(b, n, from)
		case w.scalar:
			n = w.overScalar(b, n)
		default:
			n = w.overStructure(b, n)
		}
	}
	if w.keep != nil && !w.cut {
		w.keep.add(b[from:n])
	}
	return n
}

func (w *valueWalk) overScalar(b string, n int) int {
	for ; n < len(b); n++ {
		if c := b[n]; isSpace(c) || c == ',' || c == '}' || c == ']' {
			w.done = true
			return n
		}
	}
	return n
}

func (w *valueWalk) overStructure(b string, n int) int {
	for ; n < len(b); n++ {
		switch b[n] {
		case '"':
			w.inString, w.length = true, 0
			return n + 1
		case '{', '[':
			w.depth++
		case '}', ']':
			if w.depth--; w.depth == 0 {
				w.done = true
				return n + 1
			}
		}
	}
	return n
}

// overString walks over a part of a string; it stops after its end, and where
// it begins to be cut.
func (w *valueWalk) overString(b string, n, from int) (int, int) {
	if w.escaped {
		w.escaped = false
		w.count(1)
		return n + 1, from
	}
	end := plainEnd(b, n)
	if w.keep != nil && !w.cut && w.length+end-n > maxString {
		room := max(maxString-w.length, 0) // an escape is kept whole
		w.keep.add(b[from : n+room])
		w.cut, w.missing = true, -int64(room)
	}
	w.count(end - n)
	if end == len(b) {
		return end, from
	}
	if b[end] == '\\' {
		w.escaped = true
		w.count(1)
		return end + 1, from
	}
	if w.cut {
		w.keep.cuts = append(w.keep.cuts, jsonCut{w.keep.text.Len(), w.missing})
		w.cut, from = false, end
	}
	w.inString, w.done = false, w.depth == 0
	return end + 1, from
}

func (w *valueWalk) count(n int) {
	if w.cut {
		w.missing += int64(n)
		return
	}
	w.length += n
}

var (
	errNotJSON   = errors.New("this is not JSON")
	errWantComma = errors.New("want a comma or the end of the list here")
)

// members walks over the members of an object and calls f at the value of
// each, which must take it. A name is valid during the call.
func (s *jsonStream) members(f func(name string) error) error {
	if err := s.want('{'); err != nil {
		return err
	}
	var name jsonText
	return s.list('}', func() error {
		if c, err := s.next(); err != nil {
			return err
		} else if c != '"' {
			return errNotJSON
		}
		if err := s.value(&name); err != nil {
			return err
		}
		c := jsonCursor{s: name.text.String()}
		key := c.text()
		if err := s.want(':'); err != nil {
			return err
		}
		return f(key)
	})
}

// elements walks over the elements of an array and calls f at each.
func (s *jsonStream) elements(f func() error) error {
	if err := s.want('['); err != nil {
		return err
	}
	return s.list(']', f)
}

// list calls f at each item up to the closing bracket.
func (s *jsonStream) list(closing byte, f func() error) error {
	for first := true; ; first = false {
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == closing:
			s.take()
			return nil
		case first:
		case c != ',':
			return errWantComma
		default:
			s.take()
			if c, err = s.next(); err != nil {
				return err
			} else if c == closing { // a comma too many, which hurts no one
				continue
			}
		}
		if err := f(); err != nil {
			return err
		}
	}
}

func (s *jsonStream) want(c byte) error {
	switch got, err := s.next(); {
	case err != nil:
		return err
	case got != c:
		return fmt.Errorf("want %q here, not %q", c, got)
	}
	s.take()
	return nil
}
