package sink

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// A Style is the parameter of a "select graphic rendition" sequence (ECMA-48
// §8.3.117). It never carries meaning alone: the word is always there too.
type Style string

// The styles.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Blue   Style = "34"
	Cyan   Style = "36"
)

// And returns both styles in one.
func (s Style) And(other Style) Style { return s + ";" + other }

// Append appends text in a style to b, if the terminal takes colour.
func (t *Terminal) Append(b []byte, as Style, text string) []byte {
	if !t.Color || as == Plain {
		return append(b, text...)
	}
	b = append(append(append(b, "\x1b["...), as...), 'm')
	return append(append(b, text...), "\x1b[0m"...)
}

func (c *Console) colored(b []byte, as Style, s string) []byte { return c.o.Terminal.Append(b, as, s) }

func statusColor(x *exchange.Exchange) Style {
	switch x.Response.Class() {
	case 1:
		return Blue
	case 2:
		if x.Effective().IsInside() {
			return Yellow
		}
		return Green
	case 3:
		return Cyan
	case 4:
		return Yellow
	}
	return Red
}

// SeverityStyle is the style of the word of a severity.
func SeverityStyle(s annotate.Severity) Style {
	switch s {
	case annotate.Error:
		return Red
	case annotate.Warn:
		return Yellow
	}
	return Blue
}
