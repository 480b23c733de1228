package report

import (
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

// text makes text from the wire fit for a file that people read.
func text(s string) string { return printable.Text(s, false) }
