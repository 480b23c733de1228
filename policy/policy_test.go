package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/policy"
)

func noted(notes ...annotate.Note) *annotate.Annotated {
	return &annotate.Annotated{X: &exchange.Exchange{}, Notes: notes}
}

func TestGateCountsWhatFails(t *testing.T) {
	r := &annotate.Rule{ID: "a/b"}
	seen := []*annotate.Annotated{
		noted(),
		noted(annotate.Note{Rule: r, Severity: annotate.Info}, annotate.Note{Rule: r, Severity: annotate.Warn}),
		noted(annotate.Note{Rule: r, Severity: annotate.Error, Accepted: "known"}),
	}
	for _, c := range []struct {
		failOn string
		want   policy.Verdict
	}{
		{"never", policy.Verdict{Passed: true, Exchanges: 3}},
		{"error", policy.Verdict{Passed: true, Exchanges: 3, Accepted: 1}},
		{"warn", policy.Verdict{Exchanges: 3, Failing: 1, Accepted: 1, Reasons: []string{"1 note at or above warn (fail-on)"}}},
		{"info", policy.Verdict{Exchanges: 3, Failing: 2, Accepted: 1, Reasons: []string{"2 notes at or above info (fail-on)"}}},
	} {
		p := policy.Default()
		if err := p.SetFailOn(c.failOn, "--fail-on"); err != nil {
			t.Fatal(err)
		}
		g := p.NewGate()
		for _, a := range seen {
			g.Observe(a)
		}
		if d := cmp.Diff(c.want, g.Verdict()); d != "" {
			t.Errorf("fail-on %s: %s", c.failOn, d)
		}
	}
	if err := policy.Default().SetFailOn("warning", ""); err == nil {
		t.Error("a severity is taken that there is not")
	}
}

func TestFailOn(t *testing.T) {
	for _, c := range []struct {
		text     string
		severity annotate.Severity
		bypass   bool
		err      string
	}{
		{text: "warn", severity: annotate.Warn},
		{text: "never"},
		{text: "bypass", severity: annotate.Error, bypass: true},
		{text: "warn,bypass", severity: annotate.Warn, bypass: true},
		{text: " bypass , never ", bypass: true},
		{text: "warn,error", err: "want one severity, not both warn and error"},
		{text: "warning", err: `want info, warn, error, never or bypass, not "warning"; did you mean "warn"?`},
		{text: "", err: "want info"},
	} {
		p := policy.Default()
		err := p.SetFailOn(c.text, "--fail-on")
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%q: %v, want %q", c.text, err, c.err)
		case err == nil && (p.FailOn() != c.severity || p.FailsOnBypass() != c.bypass):
			t.Errorf("%q: %v, %v", c.text, p.FailOn(), p.FailsOnBypass())
		}
	}
}
