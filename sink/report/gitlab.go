package report

import (
	"encoding/json"
	"io"

	"sidenote/annotate"
)

// A codeQuality is an issue as GitLab reads it, which is a part of the
// Code Climate format.
//
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
type codeQuality struct {
	Description string              `json:"description"`
	CheckName   string              `json:"check_name"`
	Fingerprint string              `json:"fingerprint"`
	Severity    string              `json:"severity"`
	Location    codeQualityLocation `json:"location"`
}

type codeQualityLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// WriteGitLab writes a code quality report: an issue for each group that no
// baseline accepts. There is no source file to point at, so the path is the
// request.
func WriteGitLab(w io.Writer, r *Report) error {
	issues := []codeQuality{}
	for _, g := range r.Groups {
		if g.IsAccepted() {
			continue
		}
		q := codeQuality{
			Description: text(g.Examples[0].Message), CheckName: g.Rule.ID,
			Fingerprint: g.Fingerprint(), Severity: gitlabSeverity(g),
		}
		q.Location.Path = text(g.SteadyWhere())
		q.Location.Lines.Begin = 1
		issues = append(issues, q)
	}
	return writeJSON(w, issues)
}

// gitlabSeverity is blocker for what fails the run.
func gitlabSeverity(g *Group) string {
	switch {
	case g.Fails():
		return "blocker"
	case g.Severity == annotate.Error:
		return "major"
	case g.Severity == annotate.Warn:
		return "minor"
	}
	return "info"
}

// writeJSON writes a value for programs to read, and indented, since people
// compare reports.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
