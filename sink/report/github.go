package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"sidenote/annotate"
	"sidenote/internal/wording"
)

// MostCommands is how many annotations GitHub shows for one step and level.
const MostCommands = 10

// WriteGitHub writes workflow commands for GitHub Actions, which make
// annotations of what they say: the verdict when it is bad, then the worst
// groups, then how many more there are.
//
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func WriteGitHub(w io.Writer, r *Report) error {
	b := bufio.NewWriter(w) // which keeps an error for Flush
	room := MostCommands
	if !r.Verdict.Passed {
		githubCommand(b, "error", "sidenote: failed", wording.Sentence(r.Verdict.Reason()))
		room--
	}
	var open []*Group
	for _, g := range r.Groups {
		if !g.IsAccepted() {
			open = append(open, g)
		}
	}
	shown := open
	if len(shown) > room {
		shown = shown[:room-1]
	}
	for _, g := range shown {
		githubCommand(b, githubLevel(g.Severity), g.Rule.ID, githubMessage(g))
	}
	if more := len(open) - len(shown); more > 0 {
		githubCommand(b, "notice", "sidenote", wording.Count(more, "more kind")+" of notes: see the summary of this job.")
	}
	return b.Flush()
}

func githubMessage(g *Group) string {
	s := text(g.Where()) + ": " + text(g.Examples[0].Message) + " (" + wording.Count(g.Exchanges, "exchange")
	if g.Blame != annotate.ByNobody {
		s += ", by the " + blameText(g.Blame)
	}
	s += ")"
	if help := g.Examples[0].Help; help != "" {
		s += "\n" + wording.Sentence(text(help))
	}
	return s
}

func githubLevel(s annotate.Severity) string {
	switch s {
	case annotate.Error:
		return "error"
	case annotate.Warn:
		return "warning"
	}
	return "notice"
}

// githubCommand writes one command. What it says cannot begin another one, for
// line ends are escaped.
func githubCommand(b *bufio.Writer, level, title, message string) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	fmt.Fprintf(b, "::%s title=%s::%s\n", level, property.Replace(title), data.Replace(message))
}
