package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"sidenote/annotate"
	"sidenote/internal/printable"
)

// SummaryOptions say where a summary is shown.
type SummaryOptions struct {
	TTY   bool // for people: aligned, and cut to the width
	Color bool
	Width int // columns; 0 when unknown
}

// WriteSummary writes what follows the counts at the end of a run: what to fix
// first, and the verdict with its reason, which is the last line.
func WriteSummary(w io.Writer, r *Report, o SummaryOptions) error {
	b := bufio.NewWriter(w) // which keeps an error for Flush
	if o.TTY {
		summaryTTY(b, r, o)
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
	fmt.Fprintf(b, "-- policy: %s", verdictWord(r.Verdict))
	if reason := r.Verdict.Reason(); reason != "" {
		b.WriteString(": " + printable.Text(reason, true))
	}
	b.WriteString("\n")
}

// hasNoVerdict reports whether nothing could fail and nothing is to be said.
func (r *Report) hasNoVerdict() bool {
	return r.FailOn == 0 && r.Verdict.Passed && len(r.Verdict.Reasons) == 0
}

func verdictWord(v Verdict) string {
	if v.Passed {
		return "ok"
	}
	return "FAIL"
}

// summaryTTY sets the same out for people.
func summaryTTY(b *bufio.Writer, r *Report, o SummaryOptions) {
	line := func(indent, s string) {
		if room := o.Width - len(indent); o.Width > 0 {
			s = printable.Elide(s, room)
		}
		b.WriteString(indent + s + "\n")
	}
	if len(r.Fixes) > 0 {
		b.WriteString("\n" + o.paint(strong, "fix first") + "\n")
	}
	for i := range r.Fixes {
		f := &r.Fixes[i]
		fmt.Fprintf(b, " %d %s %s  %s\n", i+1, o.paint(severityStyle(f.Severity), fmt.Sprintf("%-5s", f.Severity)), o.paint(strong, f.Rule.ID), f.Spread())
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
	style := bad
	if r.Verdict.Passed {
		style = good
	}
	b.WriteString("\n" + o.paint(style, "policy: "+verdictWord(r.Verdict)))
	if reason := r.Verdict.Reason(); reason != "" {
		b.WriteString("  " + text(reason))
	}
	b.WriteString("\n")
}

// A style is the parameter of a "select graphic rendition" sequence (ECMA-48
// §8.3.117).
type style string

const (
	strong  style = "1"
	bad     style = "1;31"
	good    style = "1;32"
	caution style = "33"
)

func severityStyle(s annotate.Severity) style {
	if s == annotate.Error {
		return "31"
	}
	return caution
}

func (o *SummaryOptions) paint(as style, s string) string {
	if !o.Color {
		return s
	}
	return "\x1b[" + string(as) + "m" + strings.TrimRight(s, "\n") + "\x1b[0m"
}
