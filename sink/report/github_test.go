package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink/report"
)

// A command is a line of output as the runner of GitHub Actions understands it
// (actions/runner, ActionCommand.TryParseV2).
type command struct {
	name, message string
	properties    map[string]string
}

func parseCommand(line string) (c command, ok bool) {
	line = strings.TrimLeft(line, " \t")
	rest, ok := strings.CutPrefix(line, "::")
	if !ok {
		return c, false
	}
	head, data, ok := strings.Cut(rest, "::")
	if !ok {
		return c, false
	}
	c.name, head, _ = strings.Cut(head, " ")
	c.properties = map[string]string{}
	for pair := range strings.SplitSeq(head, ",") {
		if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			c.properties[key] = unescapeCommand(value, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
		}
	}
	c.message = unescapeCommand(data, "%0D", "\r", "%0A", "\n")
	return c, true
}

func unescapeCommand(s string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return strings.ReplaceAll(s, "%25", "%")
}

func commands(t *testing.T, r *report.Report) (all []command) {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteGitHub(&b, r); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\n"), "\n") {
		if line == "" {
			continue
		}
		c, ok := parseCommand(line)
		if !ok || c.name != "error" && c.name != "warning" && c.name != "notice" {
			t.Errorf("the runner reads %q as %+v", line, c)
		}
		all = append(all, c)
	}
	return all
}

func TestGitHubCommands(t *testing.T) {
	all := commands(t, collect(t, options(), judged, newRun().exchanges(t)))
	if len(all) != 5 || all[0].properties["title"] != "sidenote: failed" || all[0].message != "6 notes at or above error (fail-on)." {
		t.Fatalf("%+v", all)
	}
	hostile := all[4]
	if hostile.name != "warning" || hostile.properties["title"] != "syntax/value-has-controls" || strings.Count(hostile.message, "\n") != 1 {
		t.Errorf("%+v", hostile)
	}
	for _, part := range []string{"GET evil.test/<b>&|`@all/x: X has the control character \\x1b", "::error::x%0A @all", "by the origin or an intermediary"} {
		if !strings.Contains(hostile.message, part) {
			t.Errorf("%q is not in %q", part, hostile.message)
		}
	}
}

// TestGitHubShowsTenAtMost counts the rest in the last one.
func TestGitHubShowsTenAtMost(t *testing.T) {
	for groups, want := range map[int]int{0: 0, 9: 9, 10: 10, 11: 10, 500: 10} {
		for _, v := range []report.Verdict{{Passed: true}, judged} {
			c := report.NewCollector(options())
			for i := range groups {
				r := rule(fmt.Sprintf("a/rule-%03d", i), annotate.Warn, annotate.ByOrigin)
				x := &exchange.Exchange{Scheme: "http", Authority: "a.test"}
				if err := c.Write(&annotate.Annotated{X: x, Notes: []annotate.Note{note(r, exchange.Place{}, "m")}}); err != nil {
					t.Fatal(err)
				}
			}
			all := commands(t, c.Report(v))
			expected := want
			if !v.Passed {
				expected = min(want+1, report.MostCommands)
			}
			if len(all) != expected {
				t.Errorf("%d groups, passed %v: %d commands, want %d", groups, v.Passed, len(all), expected)
			}
			if groups < 11 {
				continue
			}
			shown := report.MostCommands - 1
			if !v.Passed {
				shown--
			}
			if got := all[len(all)-1].message; got != fmt.Sprintf("%d more kinds of notes: see the summary of this job.", groups-shown) && groups != 11 {
				t.Errorf("%d groups: the last says %q", groups, got)
			}
		}
	}
}
