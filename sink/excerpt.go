package sink

import (
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/printable"
)

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
	if total := c.width() - len(noteIndent) - len(" origin|intermediary"); total > leastText {
		room = total
	}
	return c.window(before, marked, after, room)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(s, "\r")
}

// window shows as much of a line round its marked part as fits in room columns.
func (c *Console) window(before, marked, after string, room int) (line, caret string) {
	// Octets beyond what can be seen are not worth escaping.
	before, cutFront := keepEnd(before, room)
	mark, cutMark := fit(c.text(keepStart(marked, room)), room/2)
	cutMark = cutMark || len(marked) > room
	front := c.text(before)
	frontRoom := max(room-printable.Columns(mark)-16, room/4)
	seen := printable.End(front, frontRoom)
	if cutFront || len(seen) < len(front) {
		seen = c.ellipsis() + seen
	}
	front = seen
	if cutMark {
		mark += c.ellipsis()
		after = ""
	}
	back, cutBack := fit(c.text(keepStart(after, room)), max(room-printable.Columns(front)-printable.Columns(mark), 0))
	if cutBack || len(after) > room {
		back += c.ellipsis()
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
