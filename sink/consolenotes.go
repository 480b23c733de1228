package sink

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/printable"
)

// appendReason quotes what an error response says of itself.
func (c *Console) appendReason(b []byte, x *exchange.Exchange) []byte {
	reason := annotate.Reason(x)
	if reason == "" {
		return b
	}
	p := c.paragraph(b)
	p.word("   says ", Plain)
	p.text(" " + c.text(strconv.QuoteToGraphic(reason)))
	return p.end()
}

// appendCaching says what caches may do with the response.
func (c *Console) appendCaching(b []byte, x *exchange.Exchange) []byte {
	words := c.caching(x)
	if words == "" {
		return b
	}
	p := c.paragraph(b)
	p.word("   cache", Plain)
	p.text(" " + c.text(words))
	return p.end()
}

// caching is what caches may do with a response; "" where notes of level info
// are not asked for, where nothing is to be said, and where the same was said of the
// server and route before.
func (c *Console) caching(x *exchange.Exchange) string {
	if c.o.Least != annotate.Info {
		return ""
	}
	switch s := x.Response.Status; {
	case x.Response.Class() == 2, s == 301, s == 308:
	case x.Response.Fields.Has(exchange.FieldCacheControl) && annotate.CachingOf(x).Storable() != "none":
	default:
		return "" // few want to keep it, and few caches do
	}
	words := annotate.CachingShown(x)
	if words == "" || c.verdicts.Times(nil, x.Request.Method+" "+x.HostPort()+annotate.RouteOf(x)+" "+words) > 1 {
		return ""
	}
	return words
}

// appendNotes writes the notes below an exchange's line on a terminal.
func (c *Console) appendNotes(b []byte, x *exchange.Exchange, notes []annotate.Note) []byte {
	times := c.times(x, notes)
	for i := range notes {
		n := &notes[i]
		switch before := times[n.Rule]; {
		case before == 1:
			b = c.appendNote(b, x, n)
		case before > 1:
			b = c.appendRepeated(b, n, before)
			times[n.Rule] = 0 // once, however many notes of the rule there are
		}
	}
	return b
}

// times counts the rules that speak of an exchange, and returns how often each
// has spoken of its server and route.
func (c *Console) times(x *exchange.Exchange, notes []annotate.Note) map[*annotate.Rule]int {
	if len(notes) == 0 {
		return nil
	}
	route := x.Request.Method + " " + x.HostPort() + annotate.RouteOf(x)
	times := make(map[*annotate.Rule]int, len(notes))
	for i := range notes {
		if r := notes[i].Rule; times[r] == 0 {
			times[r] = c.seen.Times(r, route)
		}
	}
	return times
}

const noteIndent = "         "

// head begins the paragraph of a note.
func (c *Console) head(b []byte, n *annotate.Note) *paragraph {
	p := c.paragraph(b)
	p.word("   "+fmt.Sprintf("%-5s", n.Severity), SeverityStyle(n.Severity))
	return p
}

func (c *Console) appendNote(b []byte, x *exchange.Exchange, n *annotate.Note) []byte {
	p := c.head(b, n)
	p.word(n.Rule.ID+":", Bold)
	p.text(c.text(n.Message) + accepted(n, c.o.Terminal.ASCII))
	if len(n.Rule.Refs) > 0 {
		p.gap()
		p.word("["+c.text(n.Rule.Refs[0])+"]", Dim) // explain has the others
	}
	excerpt, caret := c.excerpt(x, n)
	if caret == "" && n.Blame != annotate.ByNobody {
		p.gap()
		p.word("by "+string(n.Blame), Plain)
	}
	b = p.end()
	if caret != "" {
		b = append(append(append(b, noteIndent...), excerpt...), '\n')
		b = append(b, noteIndent...)
		b = c.colored(b, SeverityStyle(n.Severity), caret)
		if n.Blame != annotate.ByNobody {
			b = append(append(b, ' '), n.Blame...)
		}
		b = append(b, '\n')
	}
	return c.appendHelp(c.appendRelated(b, n.Related), n)
}

// appendRelated writes the other exchanges of a story, each on a line: when, what
// it is in the story, and what happened.
func (c *Console) appendRelated(b []byte, all []annotate.Related) []byte {
	for i := range all {
		r := &all[i]
		p := c.paragraph(b)
		p.indent()
		p.word(r.At.In(c.o.Location).Format("15:04:05.000"), Dim)
		p.text("  " + c.text(r.Role) + ": " + c.text(r.What))
		if r.Exchange != "" {
			p.gap()
			p.word("#"+c.text(r.Exchange), Dim)
		}
		b = p.end()
	}
	return b
}

// appendHelp writes what to do about a note, and where more is said.
func (c *Console) appendHelp(b []byte, n *annotate.Note) []byte {
	p := c.paragraph(b)
	p.indent()
	if help := n.HelpText(); help != "" {
		p.text("help: " + c.text(help))
		if !strings.Contains(help, "sidenote explain ") {
			p.gap()
			p.gap()
			p.gap()
		}
	}
	if !strings.Contains(n.HelpText(), "sidenote explain ") {
		p.word(cmp.Or(c.o.Terminal.Program, "sidenote")+" explain "+n.Rule.ID, Dim)
	}
	return p.end()
}

// accepted marks a note that a baseline accepts.
func accepted(n *annotate.Note, ascii bool) string {
	if n.Accepted == "" {
		return ""
	}
	return " (accepted: " + printable.Text(n.Accepted, ascii) + ")"
}

func (c *Console) appendRepeated(b []byte, n *annotate.Note, times int) []byte {
	p := c.head(b, n)
	p.word(n.Rule.ID, Bold)
	p.gap()
	p.word("again, "+strconv.Itoa(times)+" times on this route", Dim)
	return p.end()
}
