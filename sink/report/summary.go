package report

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"

	"sidenote/annotate"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
	"sidenote/sink"
)

// WriteSummary writes what follows the counts at the end of a run: what to fix
// first, and the verdict with its reason, which is the last line.
func WriteSummary(w io.Writer, r *Report, t sink.Terminal) error {
	b := bufio.NewWriter(w) // which keeps an error for Flush
	if t.TTY {
		summaryTTY(b, r, &t)
	} else {
		summaryPlain(b, r)
	}
	return b.Flush()
}

// summaryPlain writes a line for each thing, in ASCII.
func summaryPlain(b *bufio.Writer, r *Report) {
	for i := range r.Fixes {
		f := &r.Fixes[i]
		s := fmt.Sprintf("-- fix %d: %s %s: %s; %s, %s", i+1, f.Severity, f.Rule.ID, f.Example.Message, f.Where, f.Spread())
		if f.Blame != annotate.ByNobody {
			s += ", by " + string(f.Blame)
		}
		if f.Example.Help != "" {
			s += "; help: " + f.Example.Help
		}
		b.WriteString(printable.Text(s, true) + "\n")
	}
	if r.hasNoVerdict() {
		return
	}
	fmt.Fprintf(b, "-- policy: %s", VerdictWord(r.Verdict.Passed))
	if reason := r.Verdict.Reason(); reason != "" {
		b.WriteString(": " + printable.Text(reason, true))
	}
	b.WriteString("\n")
}

// hasNoVerdict reports whether nothing could fail and nothing is to be said.
func (r *Report) hasNoVerdict() bool {
	return r.FailOn == 0 && r.Verdict.Passed && len(r.Verdict.Reasons) == 0
}

// VerdictWord is the word of a verdict: "ok" or "FAIL".
func VerdictWord(passed bool) string {
	if passed {
		return "ok"
	}
	return "FAIL"
}

// leastText is how many columns text needs beside its indent to be wrapped.
const leastText = 20

// summaryTTY sets the same out for people.
func summaryTTY(b *bufio.Writer, r *Report, t *sink.Terminal) {
	text := func(s string) string { return printable.Text(s, t.ASCII) }
	width := 0
	if t.Width != nil {
		width = t.Width()
	}
	paint := func(as sink.Style, s string) string { return string(t.Append(nil, as, s)) }
	line := func(indent, s string) { // whole: advice that is cut is none
		most := width
		if most < len(indent)+leastText {
			most = math.MaxInt // a terminal that is as narrow wraps by itself
		}
		for _, l := range wording.Wrap(s, most, indent, indent) {
			b.WriteString(l + "\n")
		}
	}
	if len(r.Fixes) > 0 {
		b.WriteString("\n" + paint(sink.Bold, "fix first") + "\n")
	}
	for i := range r.Fixes {
		f := &r.Fixes[i]
		fmt.Fprintf(b, " %d %s %s  %s\n", i+1, paint(sink.SeverityStyle(f.Severity), fmt.Sprintf("%-5s", f.Severity)), paint(sink.Bold, f.Rule.ID), f.Spread())
		line("         ", text(f.Example.Message))
		where := text(f.Where)
		if f.Routes > 1 {
			where += " and others"
		}
		if f.Blame != annotate.ByNobody {
			where += ", by " + string(f.Blame)
		}
		line("         ", where)
		if f.Example.Help != "" {
			line("         ", "help: "+text(f.Example.Help))
		}
	}
	if r.hasNoVerdict() {
		return
	}
	style := sink.Red
	if r.Verdict.Passed {
		style = sink.Green
	}
	verdict := "policy: " + VerdictWord(r.Verdict.Passed)
	b.WriteString("\n" + paint(sink.Bold.And(style), verdict))
	reason := text(r.Verdict.Reason())
	if most := width - len(verdict) - 2; reason != "" && most >= leastText {
		indent := strings.Repeat(" ", len(verdict)+2)
		reason = strings.TrimPrefix(strings.Join(wording.Wrap(reason, width, indent, indent), "\n"), indent)
	}
	if reason != "" {
		b.WriteString("  " + reason)
	}
	b.WriteString("\n")
}
