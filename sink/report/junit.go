package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/internal/wording"
)

// The elements of a JUnit report, as much as the schemas of Ant and of Jenkins
// have in common.
type junitSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suite   junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Package    string          `xml:"package,attr"`
	ID         int             `xml:"id,attr"`
	Hostname   string          `xml:"hostname,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    string          `xml:"skipped,attr,omitempty"` // Ant's first schema lacks it, so not when it is 0
	Time       string          `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        string          `xml:"system-out"`
	Err        string          `xml:"system-err"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *string       `xml:"skipped"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

// WriteJUnit writes a test case for each group: a failure when it fails the
// run, and else one that was skipped, with why. The first case is the verdict.
func WriteJUnit(w io.Writer, r *Report) error {
	s := junitSuite{
		Name: "sidenote", Package: "sidenote", Hostname: "localhost", Timestamp: "1970-01-01T00:00:00",
		Time: strconv.FormatFloat(r.Last.Sub(r.First).Seconds(), 'f', 3, 64),
		Properties: []junitProperty{
			{"version", r.Version}, {"command", text(r.Title)}, {"exchanges", strconv.Itoa(r.Exchanges)}, {"verdict", r.Verdict.Word()},
		},
		Cases: []junitCase{junitVerdict(r)},
	}
	if !r.First.IsZero() {
		s.Timestamp = r.First.UTC().Format(time.RFC3339)[:len(s.Timestamp)]
	}
	for _, g := range r.Groups {
		s.Cases = append(s.Cases, junitCaseOf(g))
	}
	skipped := 0
	for i := range s.Cases {
		switch {
		case s.Cases[i].Failure != nil:
			s.Failures++
		case s.Cases[i].Skipped != nil:
			skipped++
		}
	}
	if s.Tests = len(s.Cases); skipped > 0 {
		s.Skipped = strconv.Itoa(skipped)
	}
	return writeXML(w, junitSuites{Suite: s})
}

func junitVerdict(r *Report) junitCase {
	c := junitCase{Name: "verdict", Class: "sidenote.run", Time: "0"}
	if !r.Verdict.Passed {
		c.Failure = &junitFailure{Message: text(r.Verdict.Reason()), Type: "verdict", Text: text(wording.Sentence(r.Verdict.Reason()))}
	}
	return c
}

func junitCaseOf(g *Group) junitCase {
	c := junitCase{Name: text(g.SteadyWhere()), Class: "sidenote." + g.Rule.ID, Time: "0"}
	if g.Blame != g.Rule.Blame && g.Blame != annotate.ByNobody {
		c.Name += " (by the " + blameText(g.Blame) + ")"
	}
	what := text(g.Examples[0].Message)
	switch {
	case g.IsAccepted():
		s := "accepted: " + text(g.Reason) + "; " + what
		c.Skipped = &s
	case !g.Fails():
		s := "doesn't fail this run, because its severity is only " + g.Severity.String() + "; " + what
		c.Skipped = &s
	default:
		c.Failure = &junitFailure{Message: what, Type: g.Severity.String(), Text: junitText(g)}
	}
	return c
}

// junitText tells of a group in some lines.
func junitText(g *Group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s", g.Severity, wording.Count(g.Exchanges, "exchange"))
	if g.Blame != annotate.ByNobody {
		fmt.Fprintf(&b, ", by the %s", blameText(g.Blame))
	}
	b.WriteString(". For example:\n")
	for i := range g.Examples {
		e := &g.Examples[i]
		fmt.Fprintf(&b, "\n%s %s", text(e.Row.Method), text(e.Row.URL))
		if id := e.Row.Label(); id != "" {
			fmt.Fprintf(&b, " (%s)", text(id))
		}
		fmt.Fprintf(&b, "\n  %s\n  at the %s\n", text(e.Message), text(e.Place))
		if e.Help != "" {
			fmt.Fprintf(&b, "  help: %s\n", text(e.Help))
		}
	}
	fmt.Fprintf(&b, "\n%s: sidenote explain %s\n", strings.Join(g.Rule.Refs, "; "), g.Rule.ID)
	return b.String()
}

func writeXML(w io.Writer, v any) error {
	b := bufio.NewWriter(w) // which keeps an error for Flush
	b.WriteString(xml.Header)
	e := xml.NewEncoder(b)
	e.Indent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	b.WriteString("\n")
	return b.Flush()
}
