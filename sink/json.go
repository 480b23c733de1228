package sink

import (
	"bytes"
	"io"
	"strconv"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A JSONSink writes one record of schema "sidenote.exchange/1" a line, with
// its notes. It holds lines back until its queue is empty or 64 KiB are
// together, and is a Flusher.
type JSONSink struct {
	// Notes adds a record of schema "sidenote.note/1" for each note, on a line
	// of its own after that of the exchange. Set it before the first Write.
	Notes bool
	// Messages adds a record of schema "sidenote.message/1" for each message of a
	// stream, when it passes. Set it before the first Write.
	Messages bool

	lines  lineWriter
	log    zerolog.Logger
	full   bool
	closer io.Closer
}

// NewJSONLog makes the sink of the JSON log: records without message contents.
// A closer, such as the file, is closed with the sink; nil for one that stays
// open.
func NewJSONLog(w io.Writer, closer io.Closer) *JSONSink {
	return newJSONSink(w, closer, false)
}

// NewSave makes the sink of --save: whole exchanges, as
// exchange.ReadCapture reads them.
func NewSave(w io.Writer, closer io.Closer) *JSONSink {
	return newJSONSink(w, closer, true)
}

func newJSONSink(w io.Writer, closer io.Closer, full bool) *JSONSink {
	s := &JSONSink{full: full, closer: closer, lines: lineWriter{w: w}}
	s.log = zerolog.New(&s.lines)
	return s
}

// Write adds the record of a.
func (s *JSONSink) Write(a *annotate.Annotated) error {
	if a.Late {
		return s.writeLate(a)
	}
	e := s.log.Log()
	a.X.Encode(e, exchange.EncodeOptions{Full: s.full})
	EncodeNotes(e, a)
	e.Send()
	if s.Notes {
		s.noteRecords(a)
	}
	return s.lines.flushIfLarge()
}

// writeLate adds notes on an exchange that has its record already. Saved
// exchanges get none: whoever reads them makes their notes anew.
func (s *JSONSink) writeLate(a *annotate.Annotated) error {
	if s.full {
		return nil
	}
	s.noteRecords(a)
	return s.lines.flushIfLarge()
}

func (s *JSONSink) noteRecords(a *annotate.Annotated) {
	for i := range a.Notes {
		e := s.log.Log()
		encodeNoteRecord(e, a.X, &a.Notes[i])
		e.Send()
	}
}

// Flush writes what is held back.
func (s *JSONSink) Flush() error { return s.lines.flush() }

// Close flushes and closes the file.
func (s *JSONSink) Close() error {
	err := s.lines.flush()
	if s.closer != nil {
		if closeErr := s.closer.Close(); err == nil {
			err = closeErr
		}
	}
	return err
}

// EncodeNotes adds to a record what the rules say of its exchange: the class
// of its status, the verdict, who is to blame, and the notes.
func EncodeNotes(e *zerolog.Event, a *annotate.Annotated) {
	e.Str("sidenote.status.class", annotate.ClassOf(a.X))
	e.Str("sidenote.verdict", a.Verdict().String())
	if reason := annotate.Reason(a.X); reason != "" {
		e.Str("sidenote.reason", reason)
	}
	encodeCaching(e, a.X)
	if len(a.Notes) == 0 {
		return
	}
	if b := a.Blame(); b != annotate.ByNobody {
		e.Str("sidenote.blame", string(b))
	}
	e.Array("sidenote.notes", encodeNotes(e, a))
}

// encodeNotes makes the list of notes for an event.
func encodeNotes(e *zerolog.Event, a *annotate.Annotated) *zerolog.Array {
	list := e.CreateArray()
	for i := range a.Notes {
		d := e.CreateDict()
		encodeNote(d, &noteKeys, a.X, &a.Notes[i])
		list.Dict(d)
	}
	return list
}

// noteNames are the keys that a note has.
type noteNames struct {
	rule, severity, blame, message, accepted, help, place, related, refs, fingerprint string
}

// The keys of a note in the record of its exchange, and in one of its own.
var (
	noteKeys = noteNames{"rule", "severity", "blame", "message", "accepted", "help", "place", "related", "refs", "fingerprint"}

	noteRecordKeys = noteNames{
		"sidenote.note.rule", "sidenote.note.severity", "sidenote.note.blame", "sidenote.note.message",
		"sidenote.note.accepted", "sidenote.note.help", "sidenote.note.place", "sidenote.note.related", "sidenote.note.refs", "sidenote.note.fingerprint",
	}
)

func encodeNote(d *zerolog.Event, k *noteNames, x *exchange.Exchange, n *annotate.Note) {
	d.Str(k.rule, n.Rule.ID).
		Str(k.severity, n.Severity.String()).
		Str(k.blame, string(n.Blame)).
		Str(k.message, n.Message)
	if n.Accepted != "" {
		d.Str(k.accepted, n.Accepted)
	}
	if help := n.HelpText(); help != "" {
		d.Str(k.help, help)
	}
	d.Dict(k.place, encodePlace(d.CreateDict(), n.Place))
	if len(n.Related) > 0 {
		d.Array(k.related, encodeRelated(d, n.Related))
	}
	d.
		Strs(k.refs, n.Rule.Refs).
		Str(k.fingerprint, n.Fingerprint(x))
}

// encodeRelated makes the list of the other exchanges of a story.
func encodeRelated(d *zerolog.Event, all []annotate.Related) *zerolog.Array {
	list := d.CreateArray()
	for i := range all {
		r := &all[i]
		e := d.CreateDict()
		if r.Exchange != "" {
			e.Str("exchange", r.Exchange)
		}
		if r.File != "" {
			e.Str("file", r.File).Int("entry", r.Entry)
		}
		list.Dict(e.Str("role", r.Role).Time("at", r.At).Str("what", r.What))
	}
	return list
}

// NoteSchema names the form of the record of one note.
const NoteSchema = "sidenote.note/1"

// encodeNoteRecord writes a note with as much of its exchange as it takes to
// search for it, and to find the exchange.
func encodeNoteRecord(e *zerolog.Event, x *exchange.Exchange, n *annotate.Note) {
	x.EncodeIdentity(e, NoteSchema)
	e.Str("http.request.method", x.Request.Method)
	e.Str("url.full", x.URL())
	if host, _ := x.Server(); host != "" {
		e.Str("server.address", host)
	}
	if x.Response.Status != 0 {
		e.Int("http.response.status_code", x.Response.Status)
	}
	encodeNote(e, &noteRecordKeys, x, n)
}

// encodePlace writes a place; lines count from 0, and octets to are exclusive.
func encodePlace(d *zerolog.Event, p exchange.Place) *zerolog.Event {
	d.Str("message", p.Message.String())
	if p.Message == exchange.InInterim {
		d.Int("interim", p.Interim)
	}
	if p.Part == exchange.PartMessage {
		return d
	}
	d.Str("part", p.Part.String())
	if p.Field != "" {
		d.Str("field", p.Field)
		if p.Line >= 0 {
			d.Int("line", p.Line)
		} else {
			d.Bool("missing", true)
		}
	}
	if p.End > p.Start {
		d.Int("start", p.Start).Int("end", p.End)
	}
	return d
}

// lineWriter collects whole lines and writes them together. After a failed
// write it starts on a new line, so that a torn record spoils no other.
type lineWriter struct {
	w    io.Writer
	buf  []byte
	torn bool
}

const (
	largeBuffer = 64 << 10
	keepBuffer  = 1 << 20 // a larger buffer is not kept for the next lines
)

// Write takes one whole line.
func (l *lineWriter) Write(line []byte) (int, error) {
	at := len(l.buf)
	l.buf = append(l.buf, line...)
	l.buf = escapeHidden(l.buf, at)
	return len(line), nil
}

func (l *lineWriter) flushIfLarge() error {
	if len(l.buf) < largeBuffer {
		return nil
	}
	return l.flush()
}

func (l *lineWriter) flush() error {
	if len(l.buf) == 0 {
		return nil
	}
	out := l.buf
	if l.torn {
		out = append([]byte{'\n'}, out...)
	}
	n, err := l.w.Write(out)
	l.torn = err != nil && (l.torn && n == 0 || n > 0 && out[n-1] != '\n')
	if cap(l.buf) > keepBuffer {
		l.buf = nil
	}
	l.buf = l.buf[:0]
	return err
}

// escapeHidden makes \u escapes of the characters in JSON text b[from:] that a
// terminal acts upon though JSON allows them: C1 controls and the marks that
// change the direction of text. Nothing else of JSON can contain them than a
// string.
func escapeHidden(b []byte, from int) []byte {
	if !hasHidden(b[from:]) {
		return b
	}
	text := string(b[from:])
	b = b[:from]
	for _, r := range text {
		if isHidden(r) {
			b = append(b, '\\', 'u')
			hex := strconv.FormatInt(int64(r), 16)
			b = append(append(b, "0000"[len(hex):]...), hex...)
		} else {
			b = append(b, string(r)...)
		}
	}
	return b
}

// hasHidden looks for the first octets of the characters of isHidden.
func hasHidden(b []byte) bool {
	return bytes.IndexByte(b, 0xc2) >= 0 || bytes.IndexByte(b, 0xd8) >= 0 || bytes.IndexByte(b, 0xe2) >= 0
}

func isHidden(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r == 0x061c ||
		r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
