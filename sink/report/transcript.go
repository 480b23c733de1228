package report

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// A Transcript is what the messages of an exchange say, with the places that
// notes are about. All text in it is printable.
type Transcript struct {
	Lines []Line
	Notes []Remark
	index []int // of each remark's note in the exchange
}

// A Line is one line of a message.
type Line struct {
	Mark  string // ">" for the request, "<" for a response, "*" for what no message says
	Text  string
	Spans []Span // what notes point at, by their start
	Notes []int  // those that are about this line, as indexes into Transcript.Notes
}

// A Span is a piece of a line's text, in octets.
type Span struct{ Start, End int }

// A Remark is a note as it is in a transcript.
type Remark struct {
	Rule     *annotate.Rule
	Severity annotate.Severity
	Blame    annotate.Blame
	Message  string
	Help     string
	Accepted string
}

// The bounds of a transcript.
const (
	mostRemarks    = 30
	mostFieldLines = 100      // of one section
	longestText    = 1000     // octets of one line
	leadingLines   = 12       // of content that are always shown
	linesAround    = 2        // of what a note points at
	mostContent    = 40       // lines of one content
	mostText       = 16 << 10 // octets of all lines, from which only lines with notes are added
)

// indexOf is the index among the remarks of a note of the exchange; -1 when it
// is not there.
func (t *Transcript) indexOf(note int) int {
	if t == nil {
		return -1
	}
	return slices.Index(t.index, note)
}

// size is how much text the transcript has, in octets.
func (t *Transcript) size() (n int) {
	for i := range t.Lines {
		n += len(t.Lines[i].Text)
	}
	for i := range t.Notes {
		n += len(t.Notes[i].Message) + len(t.Notes[i].Help)
	}
	return n
}

// spot is the part of an exchange that a line shows.
type spot struct {
	message exchange.PlaceMessage
	interim int
	part    exchange.PlacePart
	line    int
}

type transcriber struct {
	Transcript
	x      *exchange.Exchange
	places map[spot][]int // of the remarks
	at     []exchange.Place
	octets int // of all lines so far
	cut    int // lines left out since the last one, for want of room
}

// add appends a line, unless there is no room for one without notes.
func (t *transcriber) add(l Line) {
	if t.octets > mostText && len(l.Notes) == 0 {
		t.cut++
		return
	}
	t.skip(&t.cut)
	t.octets += len(l.Text)
	t.Lines = append(t.Lines, l)
}

// newTranscript writes down an exchange with its notes from a severity on.
func newTranscript(a *annotate.Annotated, least annotate.Severity) *Transcript {
	t := transcriber{x: a.X, places: make(map[spot][]int)}
	for i := range a.Notes {
		n := &a.Notes[i]
		if n.Severity < least || len(t.Notes) == mostRemarks {
			continue
		}
		s := spotOf(a.X, n.Place)
		t.places[s] = append(t.places[s], len(t.Notes))
		t.index = append(t.index, i)
		t.at = append(t.at, n.Place)
		t.Notes = append(t.Notes, Remark{
			Rule: n.Rule, Severity: n.Severity, Blame: n.Blame, Message: text(n.Message), Help: text(n.HelpText()), Accepted: text(n.Accepted),
		})
	}
	t.exchange()
	return &t.Transcript
}

// spotOf finds the line that shows a place: a field that is missing belongs to
// the start line of its message.
func spotOf(x *exchange.Exchange, p exchange.Place) spot {
	m := x.Message(p)
	if m == nil || p.Message == exchange.InResponse && x.Response.Status == 0 {
		return spot{}
	}
	s := spot{message: p.Message, part: p.Part, line: p.Line}
	if p.Message == exchange.InInterim {
		s.interim = p.Interim
	}
	start := spot{message: s.message, interim: s.interim, part: exchange.PartStartLine}
	switch p.Part {
	case exchange.PartField:
		if p.Line < 0 || p.Line >= min(m.Fields.Len(), mostFieldLines) {
			return start
		}
	case exchange.PartTrailer:
		if p.Line < 0 || p.Line >= min(m.Trailers.Len(), mostFieldLines) {
			return start
		}
	case exchange.PartContent:
		if len(m.Content.Kept) == 0 {
			return start
		}
		s.line = 0
	default:
		return start
	}
	return s
}

func (t *transcriber) exchange() {
	x := t.x
	lead := x.URL()
	if x.Request.Method != "" {
		lead = x.Request.Method + " " + lead
	}
	t.line("*", spot{}, "", lead)
	if x.Err != nil {
		failed := "failed: " + string(x.Err.Code)
		if f, ok := x.Err.Code.Lookup(); ok {
			failed = f.Title + " (" + string(x.Err.Code) + ")"
		}
		if x.Err.Detail != "" {
			failed += ": " + x.Err.Detail
		}
		t.remark(failed)
	}
	if x.Request.Method != "" {
		t.message(">", spot{message: exchange.InRequest}, x.Request.Line(), &x.Request.Message)
	}
	for i := range x.Interim {
		t.message("<", spot{message: exchange.InInterim, interim: i}, x.Interim[i].Line(), &x.Interim[i].Message)
	}
	if x.Response.Status != 0 {
		t.message("<", spot{message: exchange.InResponse}, x.Response.Line(), &x.Response.Message)
	}
}

func (t *transcriber) message(mark string, s spot, start string, m *exchange.Message) {
	s.part = exchange.PartStartLine
	t.line(mark, s, "", start)
	t.fields(mark, s, exchange.PartField, &m.Fields)
	if len(m.Content.Kept) > 0 {
		t.add(Line{Mark: mark})
		s.part, s.line = exchange.PartContent, 0
		t.content(mark, s, m)
	} else if m.Content.Size > 0 {
		t.remark(wording.Count(m.Content.Size, "octet") + " of content, none of them kept")
	}
	t.fields(mark, s, exchange.PartTrailer, &m.Trailers)
}

func (t *transcriber) fields(mark string, s spot, part exchange.PlacePart, f *exchange.Fields) {
	s.part = part
	for i, l := range f.All() {
		if i == mostFieldLines {
			t.remark(wording.Count(f.Len()-i, "more field line"))
			return
		}
		s.line = i
		t.line(mark, s, l.Name+": ", l.Value)
	}
}

// line adds a line and what notes say of it. Places count in value.
func (t *transcriber) line(mark string, s spot, name, value string) {
	notes := t.places[s]
	var spans []Span
	for _, n := range notes {
		p := t.at[n]
		if p.Part == s.part && p.Start >= 0 && p.Start < p.End && p.End <= len(value) {
			spans = append(spans, Span{p.Start, p.End})
		}
	}
	l := makeLine(name, value, spans)
	l.Mark, l.Notes = mark, notes
	t.add(l)
}

// remark adds a line of our own.
func (t *transcriber) remark(s string) {
	l := makeLine("", s, nil)
	l.Mark = "*"
	t.add(l)
}

// makeLine makes text printable and finds the spans in it again.
func makeLine(name, value string, spans []Span) Line {
	spans = merge(spans)
	from, to := 0, len(value)
	if to > longestText {
		if len(spans) > 0 {
			from = max(0, spans[0].Start-longestText/4)
		}
		to = min(to, from+longestText)
	}
	b := printable.Append(nil, name, false)
	if from > 0 {
		b = append(b, "…"...)
	}
	var l Line
	at := from
	for _, s := range spans {
		start, end := max(s.Start, at), min(s.End, to)
		if start >= end {
			continue
		}
		b = printable.Append(b, value[at:start], false)
		begin := len(b)
		b = printable.Append(b, value[start:end], false)
		l.Spans = append(l.Spans, Span{begin, len(b)})
		at = end
	}
	b = printable.Append(b, value[at:to], false)
	if to < len(value) {
		b = append(b, "…"...)
	}
	l.Text = string(b)
	return l
}

// merge sorts spans and joins those that overlap.
func merge(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	var out []Span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.Start <= out[last].End {
			out[last].End = max(out[last].End, s.End)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// content shows the beginning of text content, and the lines round the places
// that notes are about.
func (t *transcriber) content(mark string, s spot, m *exchange.Message) {
	d := m.DecodedContent()
	notes := t.places[s]
	areas := t.areas(d.Bytes, notes)
	rest := slices.DeleteFunc(slices.Clone(notes), func(n int) bool { // they point at no octet
		return slices.ContainsFunc(areas, func(a area) bool { return a.note == n })
	})
	if !isText(d.Bytes) {
		kind := m.Fields.Value(exchange.FieldContentType)
		if kind == "" {
			kind = "content without a type"
		}
		l := makeLine("", strconv.FormatInt(m.Content.Size, 10)+" bytes of "+kind+", which is not text", nil)
		l.Mark, l.Notes = "*", notes
		t.add(l)
		return
	}
	t.contentLines(mark, string(d.Bytes), areas, rest)
	if !d.Whole() {
		t.remark("the content goes on; no more of it was kept")
	}
}

// isText reports whether content can be shown; it may end within a character.
func isText(b []byte) bool {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 && len(b)-i >= utf8.UTFMax || r == 0 {
			return false
		}
		i += size
	}
	return true
}

// contentLines shows lines of content. The first carries the notes that are
// about all of it.
func (t *transcriber) contentLines(mark, content string, areas []area, rest []int) {
	shown, skipped, start := 0, 0, 0
	for number := 0; start <= len(content); number++ {
		end := len(content)
		if i := strings.IndexByte(content[start:], '\n'); i >= 0 {
			end = start + i
		}
		if shown < mostContent && (number < leadingLines || isNear(areas, number)) {
			t.skip(&skipped)
			l := contentLine(content, start, end, number, areas)
			l.Mark = mark
			if number == 0 {
				l.Notes = append(l.Notes, rest...)
			}
			t.add(l)
			shown++
		} else if end > start || end < len(content) {
			skipped++
		}
		start = end + 1
	}
	t.skip(&skipped)
}

// An area is what a note points at in content.
type area struct {
	note        int // index of the remark
	start, end  int // octets
	first, last int // lines, counted from 0
}

func (t *transcriber) areas(content []byte, notes []int) (areas []area) {
	for _, n := range notes {
		p := t.at[n]
		if p.Start < 0 || p.End <= p.Start || p.End > len(content) {
			continue
		}
		newline := []byte{'\n'}
		first := bytes.Count(content[:p.Start], newline)
		areas = append(areas, area{n, p.Start, p.End, first, first + bytes.Count(content[p.Start:p.End-1], newline)})
	}
	return areas
}

func isNear(areas []area, line int) bool {
	return slices.ContainsFunc(areas, func(a area) bool { return line >= a.first-linesAround && line <= a.last+linesAround })
}

// contentLine shows content[start:end], which is the line of that number.
func contentLine(content string, start, end, number int, areas []area) Line {
	var spans []Span
	var notes []int
	for _, a := range areas {
		if number < a.first || number > a.last {
			continue
		}
		if s := (Span{max(a.start, start) - start, min(a.end, end) - start}); s.Start < s.End {
			spans = append(spans, s)
		}
		if number == a.first {
			notes = append(notes, a.note)
		}
	}
	line := strings.TrimSuffix(content[start:end], "\r")
	for i := range spans {
		spans[i].End = min(spans[i].End, len(line))
	}
	l := makeLine("", line, spans)
	l.Notes = notes
	return l
}

// skip says how many lines are not shown, and begins to count again.
func (t *transcriber) skip(skipped *int) {
	if *skipped > 0 {
		t.Lines = append(t.Lines, Line{Mark: "*", Text: wording.Count(*skipped, "line") + " not shown"})
		*skipped = 0
	}
}
