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

// checkTable lists the checks, each with its verdict in words.
func checkTable(rows []checkRow, t sink.Terminal) string {
	width := 0
	for i := range rows {
		rows[i].name = printable.Text(rows[i].name, t.ASCII)
		width = max(width, min(len(rows[i].name), 48))
	}
	var b strings.Builder
	for _, r := range rows {
		style := sink.Green
		if r.failed {
			style = sink.Red
		}
		verdict := fmt.Sprintf("%-4s", report.VerdictWord(!r.failed))
		line := fmt.Sprintf("-- %s  %-*s  %3s  %7s", t.Append(nil, style, verdict), width, r.name, r.status, wording.ShortDuration(r.took))
		if r.failed {
			why := r.why
			if why == "" {
				why = "a note fails it"
			}
			line += "  " + printable.Text(why, t.ASCII)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
