package exchange

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// HAR 1.2 is what browsers, proxies and test tools save: one JSON object with
// all exchanges in log.entries. Its text says less than a recorded exchange
// does. There are no heads as received, so RawHead stays empty. Browsers save
// content without its codings, and text as UTF-8 whatever it was (see
// Content.Decoded). Sizes are what each writer understands by them, so that
// Content-Length is believed where there is one (see harSize).
//
// https://w3c.github.io/web-performance/specs/HAR/Overview.html

// An EntryError says which entry of a capture could not be read, and where.
type EntryError struct {
	File   string // as the user gave it; "" when unknown
	Entry  int    // counted from 0; -1 for what is outside the entries
	Offset int64  // octet in the file, counted from 1; 0 when unknown
	Err    error
}

// Error returns "cart.har: entry 3, byte 812: ...".
func (e *EntryError) Error() string {
	var where []string
	if e.Entry >= 0 {
		where = append(where, fmt.Sprintf("entry %d", e.Entry))
	}
	if e.Offset > 0 {
		where = append(where, fmt.Sprintf("byte %d", e.Offset))
	}
	s := e.Err.Error()
	if len(where) > 0 {
		s = strings.Join(where, ", ") + ": " + s
	}
	if e.File != "" {
		s = e.File + ": " + s
	}
	return s
}

// Unwrap returns what is wrong there.
func (e *EntryError) Unwrap() error { return e.Err }

var (
	errHARVersion   = errors.New("sidenote reads HAR 1.x")
	errNoLog        = errors.New(`not a HAR: the object has no member "log"`)
	errNoEntries    = errors.New(`not a HAR: "log" has no member "entries"`)
	errHARTruncated = errors.New("the file ends in the middle: it was cut short, or is still being written")
)

// A harReading is a HAR that is being read.
type harReading struct {
	Capture
	stream     *jsonStream
	text       jsonText // of an entry that is too large for the window
	entry      harEntry
	count      int    // of entries so far
	scratch    []byte // of the cursor
	inEntry    bool
	hasLog     bool
	hasEntries bool
}

// readHAR reads JSON texts that hold entries: a HAR or several, lists of them, or
// entries alone. skipped is how many octets stood before the first; files finds
// what stands beside.
func readHAR(r io.Reader, c Capture, skipped int64, files harFiles) error {
	h := harReading{Capture: c, stream: newJSONStream(r)}
	h.entry.files = files
	h.stream.base = skipped
	return h.located(h.texts())
}

// texts reads one JSON text after the other. What a script has behind them is
// passed over.
func (h *harReading) texts() error {
	for first := true; ; first = false {
		c, err := h.stream.next()
		switch {
		case err == io.ErrUnexpectedEOF && !first:
			return nil
		case err != nil:
			return err
		case c == '{':
			err = h.object()
		case c == '[':
			err = h.stream.elements(h.item)
		case !first && strings.IndexByte(");,\x1e\x00", c) >= 0:
			h.stream.take()
		default:
			err = fmt.Errorf("the file goes on behind the capture with %q", c)
		}
		if err != nil {
			return err
		}
	}
}

// item reads one of a list of HARs or entries.
func (h *harReading) item() error {
	if c, err := h.stream.next(); err != nil {
		return err
	} else if c != '{' {
		return h.element()
	}
	return h.object()
}

// object reads an object of any kind.
func (h *harReading) object() error {
	switch h.kind() {
	case kindEntry:
		return h.element()
	case kindRecord:
		return h.record()
	case kindLog:
		h.hasLog = true
		return h.log()
	}
	h.hasLog, h.hasEntries = false, false
	err := h.stream.members(func(name string) error {
		if c, err := h.stream.next(); err == nil && name == "log" && c == '{' {
			h.hasLog = true
			return h.log()
		}
		if advice := foreignMembers[name]; advice != "" && !h.hasLog {
			return errors.New(advice)
		}
		return h.stream.value(nil)
	})
	switch {
	case err != nil:
		return err
	case !h.hasLog:
		return errNoLog
	case !h.hasEntries:
		return errNoEntries
	}
	return nil
}

// foreignMembers are members of objects that people take for captures.
var foreignMembers = map[string]string{
	"constants":       "this is a net log of Chrome; save a HAR from the Network panel of its developer tools",
	"item":            "this is a collection of Postman: requests, and no exchanges; run it through sidenote: sidenote run -- newman run FILE",
	"protocolVersion": "this is a session of Charles; export it as HAR: File, Export Session, HTTP Archive",
	"openapi":         "this is an OpenAPI description; give it with --openapi",
	"swagger":         "this is an OpenAPI description; give it with --openapi",
}

// kind looks ahead for what the next object is.
func (h *harReading) kind() int {
	s := h.stream
	for {
		kind, whole := kindOf(s.rest())
		if whole || len(s.rest()) > maxInWindow || !s.more() {
			return kind
		}
	}
}

// record reads a record of sidenote in a list.
func (h *harReading) record() error {
	if err := h.stream.value(&h.text); err != nil {
		return err
	}
	x, err := ParseJSON([]byte(h.text.text.String()))
	n := h.count
	h.count++
	return h.one(read{x, err}, n, h.text.start+1, "")
}

// located says where the reading ended, unless it was the caller who ended it.
func (h *harReading) located(err error) error {
	var given givenBack
	var entry *EntryError
	switch {
	case err == nil || errors.As(err, &entry):
		return err
	case errors.As(err, &given):
		return given.error
	case err == io.ErrUnexpectedEOF:
		err = errHARTruncated
	}
	e := &EntryError{File: h.File, Entry: -1, Offset: h.stream.offset() + 1, Err: err}
	if h.inEntry {
		e.Entry = h.count
	}
	return e
}

// givenBack wraps an error of the caller's own function.
type givenBack struct{ error }

func (h *harReading) log() error {
	h.entry.writer = nil // of the log before
	return h.stream.members(func(name string) error {
		c, err := h.stream.next()
		switch {
		case err != nil:
			return err
		case name == "version":
			return h.version()
		case name == "creator" && c == '{':
			return h.creator()
		case name == "entries" && c == '[':
			h.hasEntries = true
			return h.stream.elements(h.element)
		}
		return h.stream.value(nil)
	})
}

func (h *harReading) creator() error {
	if err := h.stream.value(&h.text); err != nil {
		return err
	}
	c := jsonCursor{s: h.text.text.String()}
	c.members(func(name string) {
		if name == "name" {
			h.entry.writer = harWriterOf(c.text())
		}
	})
	return nil
}

func (h *harReading) version() error {
	if err := h.stream.value(&h.text); err != nil {
		return err
	}
	c := jsonCursor{s: h.text.text.String()}
	if v := c.text(); v != "" && !strings.HasPrefix(v, "1.") && v != "1" {
		return fmt.Errorf("this is version %.20q: %w", v, errHARVersion)
	}
	return nil
}

// element reads one entry and hands on what could be read of it.
func (h *harReading) element() error {
	h.inEntry = true
	x, at, err := h.next()
	n := h.count
	var bad badEntry
	switch {
	case err == nil, errors.As(err, &bad):
		h.inEntry = false
		h.count++
		if err != nil {
			err = bad.error
		}
		return h.one(read{x, err}, n, at+1, "")
	case x != nil: // the file ends in it
		if given := h.one(read{x: x}, n, 0, ""); given != nil {
			return given
		}
	}
	return err
}

// badEntry wraps what is wrong with an entry whose end was found still.
type badEntry struct{ error }

func (e badEntry) Unwrap() error { return e.error }

// next reads one entry and goes behind it. Most are read where they stand. On a
// badEntry, at is the octet where it is wrong. What could be read of a wrong entry,
// or of one that the file ends in, is in x beside the error.
func (h *harReading) next() (x *Exchange, at int64, err error) {
	s := h.stream
	if c, err := s.next(); err != nil {
		return nil, 0, err
	} else if c != '{' {
		at = s.offset()
		if err := s.value(nil); err != nil {
			return nil, 0, err
		}
		return nil, at, badEntry{errNotEntry}
	}
	for {
		c := jsonCursor{s: s.window, i: s.pos, scratch: h.scratch}
		x, err = h.entry.read(&c)
		h.scratch = c.scratch
		switch {
		case c.err == nil:
			at = s.offset()
			if h.entry.problem != nil {
				at = s.base + int64(max(h.entry.problemAt, s.pos))
			}
			s.pos = c.i
			if err != nil {
				err = badEntry{err}
			}
			return x, at, err
		case c.err != errJSONEnd:
			at = s.base + int64(c.at)
			if skipErr := s.value(nil); skipErr != nil {
				return x, at, skipErr
			}
			return x, at, badEntry{c.err}
		case len(s.rest()) > maxInWindow:
			return h.nextLarge()
		case !s.more():
			x = h.entry.rest()
			s.pos = len(s.window)
			return x, 0, s.ended()
		}
	}
}

// nextLarge is next for an entry that is too large for the window.
func (h *harReading) nextLarge() (x *Exchange, at int64, err error) {
	cut := h.stream.value(&h.text)
	if cut == errEntryTooLarge {
		return nil, h.text.start, badEntry{cut}
	}
	c := jsonCursor{s: h.text.text.String(), cuts: h.text.cuts}
	h.text.text.Reset() // the exchange holds on to the text; the reader need not
	x, err = h.entry.read(&c)
	if cut != nil {
		return h.entry.rest(), 0, cut
	}
	at = h.text.offset(c.at)
	if h.entry.problem != nil {
		at = h.text.offset(h.entry.problemAt)
	}
	if err != nil {
		err = badEntry{err}
	}
	return x, at, err
}
