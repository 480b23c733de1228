package report

import (
	"strconv"
	"time"

	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// String returns what there is of each severity: "3 errors, 9 warnings".
func (c Counts) String() string {
	s := wording.Count(c.Errors, "error") + ", " + wording.Count(c.Warnings, "warning")
	if c.Infos > 0 {
		s += ", " + wording.Count(c.Infos, "info")
	}
	return s
}

// took writes a duration for people: "38 ms", "1.2 s".
func took(d time.Duration) string {
	switch {
	case d <= 0:
		return "-"
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	case d < 10*time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return strconv.FormatInt(int64(d.Minutes()), 10) + " min"
}

// text makes text from the wire fit for a file that people read.
func text(s string) string { return printable.Text(s, false) }
