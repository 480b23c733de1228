package sink

import (
	"strings"

	"sidenote/internal/printable"
)

// A paragraph is text that is wrapped to the width of the terminal, with the
// lines after the first indented. A word that is wider than a line is alone.
type paragraph struct {
	c     *Console
	b     []byte
	width int // columns; 0 for as many as it takes
	at    int // columns used on this line
	space int // columns to leave before the next word
}

// leastText is how many columns text needs beside its indent; a terminal that
// has fewer wraps by itself.
const leastText = 20

func (c *Console) paragraph(b []byte) *paragraph {
	p := &paragraph{c: c, b: b, width: c.width()}
	if p.width < len(noteIndent)+leastText {
		p.width = 0
	}
	return p
}

// indent begins the first line where the others do.
func (p *paragraph) indent() {
	p.b = append(p.b, noteIndent...)
	p.at, p.space = len(noteIndent), 0
}

// gap widens the space before the next word by a column.
func (p *paragraph) gap() { p.space++ }

// word adds printable text that is not broken.
func (p *paragraph) word(s string, as Style) {
	columns := printable.Columns(s)
	if p.width > 0 && p.at > len(noteIndent) && p.at+p.space+columns > p.width {
		p.b = append(append(p.b, '\n'), noteIndent...)
		p.at, p.space = len(noteIndent), 0
	}
	p.b = append(p.b, strings.Repeat(" ", p.space)...)
	p.b = p.c.colored(p.b, as, s)
	p.at += p.space + columns
	p.space = 1
}

// text adds printable text word by word. Several spaces stay together.
func (p *paragraph) text(s string) {
	for s != "" {
		trimmed := strings.TrimLeft(s, " ")
		p.space += len(s) - len(trimmed)
		end := strings.IndexByte(trimmed, ' ')
		if end < 0 {
			end = len(trimmed)
		}
		if end > 0 {
			p.word(trimmed[:end], Plain)
			p.space = 0
		}
		s = trimmed[end:]
	}
	p.space = 1
}

// end ends the last line.
func (p *paragraph) end() []byte { return append(p.b, '\n') }
