package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"sidenote/annotate"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// mostMarkdownGroups bounds the table, for forges refuse long comments: GitHub
// takes 1 MiB of step summary, GitLab 1 MB of a note.
const mostMarkdownGroups = 200

// WriteMarkdown writes a report in GitHub's dialect of Markdown, which GitLab
// reads too. Nothing from the wire can become markup, a mention or a link.
func WriteMarkdown(w io.Writer, r *Report) error {
	b := bufio.NewWriter(w) // which keeps an error for Flush
	fmt.Fprintf(b, "## sidenote: %s\n\n", r.Verdict.Word())
	if reason := r.Verdict.Reason(); reason != "" {
		fmt.Fprintf(b, "%s\n\n", printable.MarkdownText(wording.Sentence(reason)))
	}
	markdownCounts(b, r)
	markdownFixes(b, r.Fixes)
	markdownGroups(b, r)
	return b.Flush()
}

func markdownCounts(b *bufio.Writer, r *Report) {
	fmt.Fprintf(b, "**%s**", wording.Count(r.Exchanges, "exchange"))
	for i, c := range r.Classes {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(b, "%s%d %s", separator, c.Count, c.Label)
	}
	fmt.Fprintf(b, ". **Notes**: %s", r.Notes)
	if n := r.Accepted.Total(); n > 0 {
		fmt.Fprintf(b, "; %d accepted by the baseline", n)
	}
	b.WriteString(".")
	if d := r.Durations; d.Count > 0 {
		fmt.Fprintf(b, " **Time**: median %s, 95%% within %s, longest %s.", wording.Duration(d.Median), wording.Duration(d.P95), wording.Duration(d.Max))
	}
	b.WriteString("\n")
}

func markdownFixes(b *bufio.Writer, fixes []Fix) {
	if len(fixes) == 0 {
		return
	}
	b.WriteString("\n### Fix first\n\n")
	for i := range fixes {
		f := &fixes[i]
		fmt.Fprintf(b, "%d. **%s** %s: %s", i+1, f.Severity, printable.MarkdownCode(f.Rule.ID), printable.MarkdownText(f.Example.Message))
		fmt.Fprintf(b, "  \n   %s, %s", printable.MarkdownCode(f.Where), f.Spread())
		if f.Blame != annotate.ByNobody {
			fmt.Fprintf(b, ", by the %s", printable.MarkdownText(blameText(f.Blame)))
		}
		b.WriteString("\n")
		if f.Example.Help != "" {
			fmt.Fprintf(b, "   %s\n", printable.MarkdownText(wording.Sentence(f.Example.Help)))
		}
	}
}

func markdownGroups(b *bufio.Writer, r *Report) {
	if len(r.Groups) == 0 {
		return
	}
	b.WriteString("\n### Notes by rule and route\n\n| | rule | where | exchanges | what |\n|---|---|---|--:|---|\n")
	for i, g := range r.Groups {
		if i == mostMarkdownGroups {
			break
		}
		what := printable.MarkdownText(g.Examples[0].Message)
		if g.IsAccepted() {
			what = "accepted: " + printable.MarkdownText(g.Reason)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %d | %s |\n", g.Severity, printable.MarkdownCode(g.Rule.ID), printable.MarkdownCode(g.Where()),
			g.Exchanges, what)
	}
	if more := len(r.Groups) - mostMarkdownGroups; more > 0 {
		fmt.Fprintf(b, "\n%d more rows are not shown.\n", more)
	}
	if r.MoreNotes > 0 {
		fmt.Fprintf(b, "\n%s more did not fit into this report.\n", wording.Count(r.MoreNotes, "note"))
	}
}

// blameText names who has to act.
func blameText(b annotate.Blame) string {
	if b == annotate.ByOriginOrIntermediary {
		return "origin or an intermediary"
	}
	return string(b)
}

// markdownLines is printable.MarkdownText for a text of our own, whose lines stay lines.
func markdownLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = printable.MarkdownText(l)
	}
	return strings.Join(lines, "\n")
}
