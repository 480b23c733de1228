package sink

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/printable"
)

// ConsoleOptions say what a Console shows.
type ConsoleOptions struct {
	Terminal Terminal
	Least    annotate.Severity // lowest severity of a note that is shown; 0 for all
	Quiet    bool              // only exchanges that have a note to show or failed
	// Wanted says which exchanges are shown; the others are only counted. nil
	// shows all.
	Wanted   func(*annotate.Annotated) bool
	Location *time.Location // for the clock on a terminal; nil for the local one
	// Closing returns the last words of the summary line, such as "policy:
	// FAIL"; nil for none.
	Closing func() string
}

// A Console prints exchanges for people: a line for each, its notes below. On
// a terminal it aligns, elides and groups; elsewhere it writes plain ASCII,
// elides nothing, and puts each note on one line.
//
// It is not safe for concurrent use; a Fanout sees to that.
type Console struct {
	w     io.Writer
	o     ConsoleOptions
	seen  *annotate.Memory // notes shown whole, by rule and route
	buf   []byte
	total totals
}

// NewConsole makes a console that writes to w, one write for each exchange. w
// is not closed.
func NewConsole(w io.Writer, o ConsoleOptions) *Console {
	if o.Location == nil {
		o.Location = time.Local
	}
	return &Console{w: w, o: o, seen: annotate.NewMemory(0)}
}

// Write prints one exchange.
func (c *Console) Write(a *annotate.Annotated) error {
	c.total.add(a)
	shown := c.shown(a.Notes)
	if c.o.Quiet && len(shown) == 0 && a.X.Err == nil || c.o.Wanted != nil && !c.o.Wanted(a) {
		return nil
	}
	b := c.buf[:0]
	if c.o.Terminal.TTY {
		b = c.appendLine(b, a.X, len(shown) > 0)
		b = c.appendReason(b, a.X)
		b = c.appendNotes(b, a.X, shown)
	} else {
		b = appendPlain(b, a.X, shown)
	}
	_, err := c.w.Write(b)
	if cap(b) <= keepBuffer {
		c.buf = b
	}
	return err
}

// Close prints the summary line.
func (c *Console) Close() error {
	_, err := io.WriteString(c.w, c.Summary()+"\n")
	return err
}

// Summary returns the line that Close prints, without its line feed.
func (c *Console) Summary() string {
	s := c.total.String()
	if c.o.Closing != nil {
		if closing := c.o.Closing(); closing != "" {
			s += "; " + closing
		}
	}
	return s
}

// shown returns the notes that are severe enough, and notes itself if all are.
func (c *Console) shown(notes []annotate.Note) []annotate.Note {
	for i := range notes {
		if notes[i].Severity < c.o.Least {
			kept := append([]annotate.Note(nil), notes[:i]...)
			for _, n := range notes[i+1:] {
				if n.Severity >= c.o.Least {
					kept = append(kept, n)
				}
			}
			return kept
		}
	}
	return notes
}

// The columns of an exchange's line on a terminal.
const (
	methodColumns   = 5
	durationColumns = 6
	sizeColumns     = 5
	protocolColumns = 4
	// fixedColumns is what a line needs beside its URI, with room for an ID.
	fixedColumns = len("12:04:31.207  200  ") + methodColumns + 2 + 2 + durationColumns + 2 + sizeColumns + 2 + protocolColumns + len("  #7f3kq")
	minURI       = 24
	maxURI       = 56 // wider ones would leave a gap on most lines; a URI may still be longer
)

// appendLine writes the line of an exchange for a terminal.
func (c *Console) appendLine(b []byte, x *exchange.Exchange, id bool) []byte {
	if x.Started.IsZero() { // not known, as of a response out of a cache in a HAR
		b = append(b, "-           "...)
	} else {
		b = x.Started.In(c.o.Location).AppendFormat(b, "15:04:05.000")
	}
	b = append(b, "  "...)
	b = c.colored(b, statusColor(x), statusWord(x))
	b = append(b, "  "...)
	b = pad(b, printable.Elide(printable.Text(method(x), false), 12), methodColumns)
	b = append(b, "  "...)
	uri, column := c.uri(x)
	b = pad(b, uri, column)
	b = append(b, "  "...)
	b = padLeft(b, duration(x.Timing.Done), durationColumns)
	b = append(b, "  "...)
	b = padLeft(b, size(x), sizeColumns)
	b = append(b, "  "...)
	b = pad(b, protocol(x), protocolColumns)
	if id && x.ID != "" {
		b = append(b, "  "...)
		b = c.colored(b, dim, "#"+printable.Text(x.ID, false))
	}
	b = append(bytes.TrimRight(b, " "), '\n')
	if title := failure(x); title != "" {
		b = append(b, "   "...)
		b = c.colored(b, red, "fail")
		b = append(append(b, "  "...), title...)
		b = append(b, '\n')
	}
	return b
}

// uri returns the URI as it fits on a line, and how many columns it is to take.
func (c *Console) uri(x *exchange.Exchange) (uri string, column int) {
	uri = printable.Text(shortURI(x), false)
	total := 0
	if c.o.Terminal.Width != nil {
		total = c.o.Terminal.Width()
	}
	if total == 0 {
		return uri, maxURI
	}
	room := max(total-fixedColumns, minURI)
	return printable.Elide(uri, room), min(room, maxURI)
}

// shortURI is the target URI without its scheme.
func shortURI(x *exchange.Exchange) string {
	u := x.URL()
	if _, rest, ok := strings.Cut(u, "://"); ok && !strings.ContainsAny(u[:len(u)-len(rest)-3], "/?#") {
		return rest
	}
	return u
}

func method(x *exchange.Exchange) string {
	if x.Request.Method == "" {
		return "-"
	}
	return x.Request.Method
}

// statusWord is the status code; where there is none, the phase that failed.
func statusWord(x *exchange.Exchange) string {
	switch {
	case refusedUs(x):
		return "tls"
	case x.Response.Status != 0:
		return fmt.Sprintf("%-3d", x.Response.Status)
	case x.Err == nil:
		return "-  "
	}
	if f, ok := x.Err.Code.Lookup(); ok && (f.Phase == exchange.PhaseDNS || f.Phase == exchange.PhaseTLS) {
		return string(f.Phase)
	}
	return "err"
}

// refusedUs reports whether a tunnel was opened and the client's TLS handshake
// then failed: the 200 of its CONNECT says nothing.
func refusedUs(x *exchange.Exchange) bool {
	return x.Err != nil && (x.Err.Code == exchange.ErrClientRefusedCA || x.Err.Code == exchange.ErrClientTLS)
}

// failure says in words why an exchange failed; "" when it did not.
func failure(x *exchange.Exchange) string {
	if x.Err == nil {
		return ""
	}
	if refusedUs(x) && x.Err.Detail != "" {
		return printable.Text(x.Err.Detail, false)
	}
	s := "the exchange failed"
	if f, ok := x.Err.Code.Lookup(); ok {
		s = f.Title
	}
	return s + " (" + printable.Text(string(x.Err.Code), false) + ")"
}

func duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "-"
	case d < time.Millisecond:
		return "<1ms"
	case d < 10*time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	}
	return strconv.FormatInt(int64(d.Minutes()), 10) + "m"
}

// size is the response content's size, in octets below 1000, then in
// thousands, millions and so on; with "+" when the end is missing.
func size(x *exchange.Exchange) string {
	if x.Response.Status == 0 {
		return "-"
	}
	s := count(x.Response.Content.Size)
	if !x.Response.Content.Complete {
		s += "+"
	}
	return s
}

func count(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	f := float64(n)
	for _, unit := range "kMGTP" {
		f /= 1000
		if f < 9.95 {
			return strconv.FormatFloat(f, 'f', 1, 64) + string(unit)
		}
		if f < 999.5 || unit == 'P' {
			return strconv.FormatFloat(f, 'f', 0, 64) + string(unit)
		}
	}
	return ""
}

// protocol names the HTTP version, as "h1.1".
func protocol(x *exchange.Exchange) string {
	if n := x.HopVersion().Number(); n != "" {
		return "h" + n
	}
	return "-"
}

// appendReason quotes what an error response says of itself.
func (c *Console) appendReason(b []byte, x *exchange.Exchange) []byte {
	reason := annotate.Reason(x)
	if reason == "" {
		return b
	}
	b = append(b, "   says  "...)
	b = printable.Append(b, strconv.QuoteToGraphic(reason), false)
	return append(b, '\n')
}

// appendNotes writes the notes below an exchange's line on a terminal.
func (c *Console) appendNotes(b []byte, x *exchange.Exchange, notes []annotate.Note) []byte {
	if len(notes) == 0 {
		return b
	}
	route := x.Request.Method + " " + x.HostPort() + annotate.Route(x.Path())
	times := make(map[*annotate.Rule]int, len(notes))
	for i := range notes {
		n := &notes[i]
		before, asked := times[n.Rule]
		if !asked {
			before = c.seen.Times(n.Rule, route)
			times[n.Rule] = before
		}
		switch {
		case before == 1:
			b = c.appendNote(b, x, n)
		case !asked:
			b = c.appendRepeated(b, n, before)
		}
	}
	return b
}

func (c *Console) appendHead(b []byte, n *annotate.Note) []byte {
	b = append(b, "   "...)
	b = c.colored(b, severityColor(n.Severity), fmt.Sprintf("%-5s", n.Severity))
	b = append(b, ' ')
	return c.colored(b, bold, n.Rule.ID)
}

const noteIndent = "         "

func (c *Console) appendNote(b []byte, x *exchange.Exchange, n *annotate.Note) []byte {
	b = c.appendHead(b, n)
	b = append(b, ": "...)
	b = printable.Append(b, n.Message, false)
	b = appendAccepted(b, n, false)
	if len(n.Rule.Refs) > 0 {
		b = append(b, "  "...)
		b = c.colored(b, dim, "["+n.Rule.Refs[0]+"]") // explain has the others
	}
	excerpt, caret := c.excerpt(x, n)
	if caret == "" && n.Blame != annotate.ByNobody {
		b = append(append(b, "  by "...), n.Blame...)
	}
	b = append(b, '\n')
	if caret != "" {
		b = append(append(append(b, noteIndent...), excerpt...), '\n')
		b = append(b, noteIndent...)
		b = c.colored(b, severityColor(n.Severity), caret)
		if n.Blame != annotate.ByNobody {
			b = append(append(b, ' '), n.Blame...)
		}
		b = append(b, '\n')
	}
	b = append(b, noteIndent...)
	if help := n.HelpText(); help != "" {
		b = append(b, "help: "...)
		b = printable.Append(b, help, false)
		b = append(b, "    "...)
	}
	b = c.colored(b, dim, "sidenote explain "+n.Rule.ID)
	return append(b, '\n')
}

// appendAccepted marks a note that a baseline accepts.
func appendAccepted(b []byte, n *annotate.Note, ascii bool) []byte {
	if n.Accepted == "" {
		return b
	}
	b = printable.Append(append(b, " (accepted: "...), n.Accepted, ascii)
	return append(b, ')')
}

func (c *Console) appendRepeated(b []byte, n *annotate.Note, times int) []byte {
	b = c.appendHead(b, n)
	b = append(b, "  "...)
	b = c.colored(b, dim, "again, "+strconv.Itoa(times)+" times on this route")
	return append(b, '\n')
}

// excerpt returns the line of the message that a note points at and the carets
// below it; "" for both when there is nothing to point at.
func (c *Console) excerpt(x *exchange.Exchange, n *annotate.Note) (line, caret string) {
	p := n.Place
	text := x.Text(p)
	if text == "" || p.Start < 0 || p.End <= p.Start || p.End > len(text) {
		return "", ""
	}
	before, marked, after := text[:p.Start], text[p.Start:p.End], text[p.End:]
	switch p.Part {
	case exchange.PartField, exchange.PartTrailer:
		before = p.Field + ": " + before
	case exchange.PartContent:
		if i := strings.LastIndexByte(before, '\n'); i >= 0 {
			before = before[i+1:]
		}
		before = strings.TrimLeft(before, " \t")
		marked, after = firstLine(marked), firstLine(after)
		if len(marked) < p.End-p.Start {
			after = ""
		}
	}
	room := 160
	if w := c.o.Terminal.Width; w != nil {
		if total := w() - len(noteIndent) - len(" origin|intermediary"); total > 20 {
			room = total
		}
	}
	return window(before, marked, after, room)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(s, "\r")
}

// window shows as much of a line round its marked part as fits in room columns.
func window(before, marked, after string, room int) (line, caret string) {
	// Octets beyond what can be seen are not worth escaping.
	before, cutFront := keepEnd(before, room)
	mark, cutMark := fit(printable.Text(keepStart(marked, room), false), room/2)
	cutMark = cutMark || len(marked) > room
	front := printable.Text(before, false)
	frontRoom := max(room-printable.Columns(mark)-16, room/4)
	seen := printable.End(front, frontRoom)
	if cutFront || len(seen) < len(front) {
		seen = "…" + seen
	}
	front = seen
	if cutMark {
		mark += "…"
		after = ""
	}
	back, cutBack := fit(printable.Text(keepStart(after, room), false), max(room-printable.Columns(front)-printable.Columns(mark), 0))
	if cutBack || len(after) > room {
		back += "…"
	}
	caret = strings.Repeat(" ", printable.Columns(front)) + strings.Repeat("^", max(printable.Columns(mark), 1))
	return front + mark + back, caret
}

func keepStart(s string, most int) string {
	if len(s) > most*4 {
		return s[:most*4]
	}
	return s
}

func keepEnd(s string, most int) (string, bool) {
	if len(s) > most*4 {
		return s[len(s)-most*4:], true
	}
	return s, false
}

func fit(s string, most int) (string, bool) {
	cut := printable.Cut(s, most)
	return cut, len(cut) < len(s)
}

// appendPlain writes an exchange and its notes for a file or a pipe.
func appendPlain(b []byte, x *exchange.Exchange, notes []annotate.Note) []byte {
	if x.Started.IsZero() {
		b = append(b, '-')
	} else {
		b = x.Started.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	}
	for _, s := range [...]string{
		strings.TrimRight(statusWord(x), " "), method(x), x.URL(), duration(x.Timing.Done), size(x), protocol(x),
	} {
		b = append(b, ' ')
		b = printable.Append(b, s, true)
	}
	if len(notes) > 0 && x.ID != "" {
		b = printable.Append(append(b, " #"...), x.ID, true)
	}
	if title := failure(x); title != "" {
		b = printable.Append(append(b, " "...), title, true)
	}
	if reason := annotate.Reason(x); reason != "" {
		b = printable.Append(append(b, " says "...), strconv.QuoteToASCII(reason), true)
	}
	b = append(b, '\n')
	for i := range notes {
		n := &notes[i]
		b = append(append(b, n.Severity.String()...), ' ')
		b = append(append(b, n.Rule.ID...), " #"...)
		b = printable.Append(b, x.ID, true)
		b = printable.Append(append(b, ' '), n.Message, true)
		b = appendAccepted(b, n, true)
		if len(n.Rule.Refs) > 0 {
			b = printable.Append(b, " ["+strings.Join(n.Rule.Refs, "; ")+"]", true)
		}
		b = append(b, '\n')
	}
	return b
}
