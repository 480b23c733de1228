package main

import (
	"fmt"
	"strings"
	"time"

	"sidenote/cmd/sidenote/check"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
	"sidenote/sink"
	"sidenote/sink/report"
)

// A checkRow is how one check went.
type checkRow struct {
	failed bool
	name   string // of the check, or what it requested
	status string // of the last response, "-" where there is none
	took   time.Duration
	why    string // it failed; "" where it passed, or only a note failed it
}

func rowOf(r *check.Result, failed bool) checkRow {
	x := r.Last()
	row := checkRow{failed: failed, name: r.Check.Name, status: "-", took: x.Timing.Done}
	if row.name == "" {
		row.name = r.Check.Method + " " + r.Check.URL
	}
	if x.Response.Status != 0 && !x.Response.Made {
		row.status = fmt.Sprint(x.Response.Status)
	}
	if failed {
		row.why = r.Failed()
	}
	return row
}

// The columns of the table: how many of a name are aligned, and how many the
// verdict, the status and the time take.
const (
	mostName  = 48
	otherName = len("-- FAIL    200  12345ms")
)

// columnsOf is how many columns a terminal has, 0 for as many as it takes.
func columnsOf(t *sink.Terminal) int {
	if !t.TTY || t.Width == nil {
		return 0
	}
	return t.Width()
}

// checkTable lists the checks, each with its verdict in words.
func checkTable(rows []checkRow, t sink.Terminal) string {
	width, most := 0, mostName
	if columns := columnsOf(&t); columns > otherName {
		most = min(most, columns-otherName)
	}
	for i := range rows {
		rows[i].name = printable.Text(rows[i].name, t.ASCII)
		width = max(width, min(printable.Columns(rows[i].name), most))
	}
	var b strings.Builder
	for _, r := range rows {
		style := sink.Green
		if r.failed {
			style = sink.Red
		}
		verdict := fmt.Sprintf("%-4s", report.VerdictWord(!r.failed))
		space := strings.Repeat(" ", max(width-printable.Columns(r.name), 0))
		rest := fmt.Sprintf("  %s%s  %3s  %7s", r.name, space, r.status, wording.ShortDuration(r.took))
		fmt.Fprintf(&b, "-- %s%s", t.Append(nil, style, verdict), rest)
		if r.failed {
			why := r.why
			if why == "" {
				why = "a note fails it"
			}
			b.WriteString(besideOrBelow(printable.Text(why, t.ASCII), len("-- ")+len(verdict)+printable.Columns(rest), columnsOf(&t)))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// besideOrBelow sets a text beside what fills some columns of a line, or, where
// width columns are too few for that, on lines of its own.
func besideOrBelow(text string, filled, width int) string {
	const indent = "         " // below the name
	if width < 2*len(indent) || filled+len("  ")+printable.Columns(text) <= width {
		return "  " + text
	}
	return "\n" + strings.Join(wording.Wrap(text, width, indent, indent), "\n")
}
