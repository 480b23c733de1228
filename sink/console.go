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
	"sidenote/internal/wording"
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
	// Closing returns the end of the summary line, such as "policy: FAIL"; nil
	// for none.
	Closing func() string
}

// A Console prints exchanges for people: a line for each, its notes below. On
// a terminal it aligns, elides, wraps and groups; elsewhere it writes plain
// ASCII, elides nothing, and puts each note on one line. Either way a note is
// shown whole once for a rule, server and route, and then counted.
//
// It is not safe for concurrent use; a Fanout sees to that.
type Console struct {
	w        io.Writer
	o        ConsoleOptions
	seen     *annotate.Memory // notes shown whole, by rule, server and route
	help     *annotate.Memory // help shown, by rule, where there is no terminal
	verdicts *annotate.Memory // what was said of caching, by server and route
	buf      []byte
	total    totals
}

// NewConsole makes a console that writes to w, one write for each exchange. w
// is not closed.
func NewConsole(w io.Writer, o ConsoleOptions) *Console {
	if o.Location == nil {
		o.Location = time.Local
	}
	return &Console{w: w, o: o, seen: annotate.NewMemory(0), help: annotate.NewMemory(0), verdicts: annotate.NewMemory(0)}
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
		if !saysFailure(shown) {
			b = c.appendFailure(b, a.X)
		}
		b = c.appendReason(b, a.X)
		b = c.appendCaching(b, a.X)
		b = c.appendNotes(b, a.X, shown)
	} else {
		b = c.appendPlain(b, a.X, shown)
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
	methodColumns   = 7 // OPTIONS, CONNECT
	durationColumns = 6
	sizeColumns     = 5
	protocolColumns = 4
	minURI          = 16
	maxURI          = 56 // wider ones would leave a gap on most lines; a URI may still be longer
)

// A layout says which columns a line has. Narrow terminals leave out what is
// missed least, so that the URI stays readable.
type layout struct {
	clock          string // of package time
	size, protocol bool
}

// The widths below which columns are left out.
const (
	wantsMillis   = 90
	wantsProtocol = 80
	wantsSize     = 70
)

func layoutFor(width int) layout {
	l := layout{clock: "15:04:05.000", size: true, protocol: true}
	if width == 0 {
		return l
	}
	if width < wantsMillis {
		l.clock = "15:04:05"
	}
	l.size, l.protocol = width >= wantsSize, width >= wantsProtocol
	return l
}

// fixed is what a line needs beside its URI, with room for an ID.
func (l layout) fixed() int {
	n := len(l.clock) + len("  200  ") + methodColumns + 2 + 2 + durationColumns + len("  #7f3kq")
	if l.size {
		n += 2 + sizeColumns
	}
	if l.protocol {
		n += 2 + protocolColumns
	}
	return n
}

// appendLine writes the line of an exchange for a terminal.
func (c *Console) appendLine(b []byte, x *exchange.Exchange, id bool) []byte {
	width := c.width()
	l := layoutFor(width)
	if x.Started.IsZero() { // not known, as of a response out of a cache in a HAR
		b = pad(b, "-", len(l.clock))
	} else {
		b = x.Started.In(c.o.Location).AppendFormat(b, l.clock)
	}
	b = append(b, "  "...)
	b = c.colored(b, statusColor(x), statusWord(x))
	b = append(b, "  "...)
	b = pad(b, c.elide(c.text(method(x)), 12), methodColumns)
	b = append(b, "  "...)
	uri, column := c.uri(x, width, l.fixed())
	b = pad(b, uri, column)
	b = append(b, "  "...)
	b = padLeft(b, wording.ShortDuration(x.Timing.Done), durationColumns)
	if l.size {
		b = append(b, "  "...)
		b = padLeft(b, size(x), sizeColumns)
	}
	if l.protocol {
		b = append(b, "  "...)
		b = pad(b, protocol(x), protocolColumns)
	}
	if id && x.ID != "" {
		b = append(b, "  "...)
		b = c.colored(b, Dim, "#"+c.text(x.ID))
	}
	return append(bytes.TrimRight(b, " "), '\n')
}

// width is how many columns the terminal has; 0 for as many as it takes.
func (c *Console) width() int {
	if c.o.Terminal.Width == nil {
		return 0
	}
	return c.o.Terminal.Width()
}

// saysFailure reports whether a note tells why the exchange failed, so that it
// need not be told twice.
func saysFailure(notes []annotate.Note) bool {
	for i := range notes {
		if notes[i].Rule.Topic() == "failure" {
			return true
		}
	}
	return false
}

// appendFailure says why an exchange failed.
func (c *Console) appendFailure(b []byte, x *exchange.Exchange) []byte {
	title := failure(x)
	if title == "" {
		return b
	}
	p := c.paragraph(b)
	p.word("   fail", Red)
	p.text(" " + c.text(title))
	return p.end()
}

// uri returns the URI as it fits on a line beside fixed other columns, and how
// many columns it is to take.
func (c *Console) uri(x *exchange.Exchange, width, fixed int) (uri string, column int) {
	uri = c.text(shortURI(x))
	if width == 0 {
		return uri, maxURI
	}
	room := max(width-fixed, minURI)
	return c.elide(uri, room), min(room, maxURI)
}

// text makes text from the wire fit for the terminal.
func (c *Console) text(s string) string { return printable.Text(s, c.o.Terminal.ASCII) }

// ellipsis stands for what is left out.
func (c *Console) ellipsis() string { return c.text("…") }

// elide cuts the middle of a printable text out, so that it fits.
func (c *Console) elide(s string, most int) string {
	if printable.Columns(s) <= most {
		return s
	}
	return strings.Replace(printable.Elide(s, most+1-len([]rune(c.ellipsis()))), "…", c.ellipsis(), 1)
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
	if x.Err == nil {
		return false
	}
	f, _ := x.Err.Code.Lookup()
	return f.ClientTLS
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
