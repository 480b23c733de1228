package sink

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// A color is the parameter of a "select graphic rendition" sequence (ECMA-48
// §8.3.117). It never carries meaning alone: the word is always there too.
type color string

const (
	plain  color = ""
	bold   color = "1"
	dim    color = "2"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	blue   color = "34"
	cyan   color = "36"
)

func (c *Console) colored(b []byte, as color, s string) []byte {
	if !c.o.Terminal.Color || as == plain {
		return append(b, s...)
	}
	b = append(append(append(b, "\x1b["...), as...), 'm')
	return append(append(b, s...), "\x1b[0m"...)
}

func statusColor(x *exchange.Exchange) color {
	switch x.Response.Class() {
	case 1:
		return blue
	case 2:
		return green
	case 3:
		return cyan
	case 4:
		return yellow
	}
	return red
}

func severityColor(s annotate.Severity) color {
	switch s {
	case annotate.Error:
		return red
	case annotate.Warn:
		return yellow
	}
	return blue
}
