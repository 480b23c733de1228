package report

import (
	"io"
	"slices"
	"strconv"
	"strings"
)

// A page is an exchange with its transcript.
type page struct {
	*Row
	*Transcript
}

// pages are the transcripts of all examples, one after the other.
type pages struct {
	lines []string
	start map[*Transcript]int // line of its first line, counted from 1
}

// transcripts lists the transcripts of all examples by the start of their
// exchanges, each once.
func (r *Report) transcripts() []page {
	seen := make(map[*Transcript]bool)
	var all []page
	for _, g := range r.Groups {
		for i := range g.Examples {
			e := &g.Examples[i]
			if e.Transcript != nil && !seen[e.Transcript] {
				seen[e.Transcript] = true
				all = append(all, page{e.Row, e.Transcript})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b page) int { return a.Row.compare(b.Row) })
	return all
}

// layOut writes all transcripts as lines of one text.
func layOut(r *Report) pages {
	p := pages{start: make(map[*Transcript]int)}
	p.lines = append(p.lines,
		"Exchanges that notes are about, without secrets. Lines that begin with > are",
		"of the request, those with < of the response; - lines are the notes.")
	for i, x := range r.transcripts() {
		title := "# " + strconv.Itoa(i+1)
		if label := x.Label(); label != "" {
			title += "  " + text(label)
		}
		p.lines = append(p.lines, "", title)
		p.start[x.Transcript] = len(p.lines) + 1
		for _, l := range x.Lines {
			p.lines = append(p.lines, strings.TrimRight(l.Mark+" "+l.Text, " "))
		}
		for _, n := range x.Transcript.Notes {
			line := "- " + n.Severity.String() + " " + n.Rule.ID + ": " + n.Message
			if n.Accepted != "" {
				line += " (accepted: " + n.Accepted + ")"
			}
			p.lines = append(p.lines, line)
		}
	}
	return p
}

// WriteTranscripts writes the transcripts that a SARIF report points into.
func WriteTranscripts(w io.Writer, r *Report) error {
	_, err := io.WriteString(w, strings.Join(layOut(r).lines, "\n")+"\n")
	return err
}
