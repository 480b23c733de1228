package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/sink/report"
)

// The tests of this file hold the program to what CONTRIBUTING says: a setting,
// a kind of report, an error code and a rule are one row of one table each, and
// help, completion, checks and documentation follow.

// printed runs the program and returns what it prints, with both outputs in one.
func printed(t *testing.T, environ []string, args ...string) (string, int) {
	t.Helper()
	var out strings.Builder
	code := run(context.Background(), args, environ, strings.NewReader(""), &out, &out)
	return out.String(), code
}

func document(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestASettingIsOneRow(t *testing.T) {
	serve, _ := printed(t, nil, "serve", "--help-all")
	runs, _ := printed(t, nil, "run", "--help-all")
	page, example := document(t, "configuration.md"), configs.Example()
	for _, s := range configs.Settings() {
		command, help := "serve", serve
		if s.Command != "" {
			command, help = "run", runs
		}
		flag := "--" + s.Name
		if !slices.ContainsFunc([]string{" ", "\n", "["}, func(end string) bool { return strings.Contains(help, flag+end) }) {
			t.Errorf("%s is not in the help of %s", flag, command)
		}
		if !strings.Contains(page, "`"+flag) || !strings.Contains(page, "`"+s.Env()+"`") {
			t.Errorf("%s or %s is not in docs/configuration.md", flag, s.Env())
		}
		if !s.InPolicy && !strings.Contains(example, "\n"+s.Name+":") {
			t.Errorf("%s is not in the example of a configuration file", s.Name)
		}
		for _, choice := range s.Choices {
			if !strings.Contains(s.Help+s.More, choice) {
				t.Errorf("%s: neither help nor documentation says that %s can be chosen", flag, choice)
			}
		}
		completed, _ := printed(t, nil, "__complete", command, flag, begun(&s))
		for _, choice := range s.Choices {
			if !strings.Contains(completed, choice) {
				t.Errorf("%s: %s is not completed:\n%s", flag, choice, completed)
			}
		}
		checkChoices(t, &s)
	}
}

// begun is the beginning of a value behind which the choices are completed.
func begun(s *configs.Setting) string {
	if s.Chosen == configs.ItemValue {
		return "cache/*="
	}
	return ""
}

// checkChoices makes sure that a setting takes each of its choices, and nothing
// else.
func checkChoices(t *testing.T, s *configs.Setting) {
	t.Helper()
	load := func(text string) error {
		_, _, err := configs.Load(nil, []string{s.Env() + "=" + text}, "")
		return err
	}
	whole := map[configs.Part]func(string) string{
		configs.Whole:     func(choice string) string { return choice },
		configs.EachItem:  func(choice string) string { return choice },
		configs.ItemName:  func(choice string) string { return choice + "=x" },
		configs.ItemValue: func(choice string) string { return "cache/*=" + choice },
	}[s.Chosen]
	for _, choice := range s.Choices {
		if err := load(whole(choice)); err != nil {
			t.Errorf("%s=%s: %v", s.Name, choice, err)
		}
	}
	if len(s.Choices) == 0 {
		return
	}
	if err := load(whole("zzz")); err == nil || !strings.Contains(err.Error(), s.Choices[0]) {
		t.Errorf("%s=zzz: %v, want an error that lists the choices", s.Name, err)
	}
}

// TestAKindOfReportIsOneRow also writes each kind.
func TestAKindOfReportIsOneRow(t *testing.T) {
	help, _ := printed(t, nil, "lint", "--help-all")
	page := document(t, "reports.md")
	capture := aCapture(t)
	names := report.KindNames()
	if !slices.IsSorted(names) {
		t.Errorf("%q are not in order", names)
	}
	for _, k := range report.Kinds() {
		if !strings.Contains(help, k.Name) || !strings.Contains(page, "`"+k.Name+"`") {
			t.Errorf("%s is missing from help or docs/reports.md", k.Name)
		}
		completed, _ := printed(t, nil, "__complete", "lint", "--report", "")
		if !strings.Contains(completed, k.Name+"=") {
			t.Errorf("%s is not completed", k.Name)
		}
		file := filepath.Join(t.TempDir(), "made")
		if out, code := printed(t, nil, "lint", "--fail-on", "never", "--report", k.Name+"="+file, capture); code != exitOK {
			t.Errorf("%s: exit code %d\n%s", k.Name, code, out)
		}
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Errorf("%s: nothing was written: %v", k.Name, err)
		}
	}
}

// aCapture writes a file of one exchange.
func aCapture(t *testing.T) string {
	t.Helper()
	x, err := exchange.ParseText("> GET / HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 429 Too Many Requests\n< Content-Length: 0\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "x.jsonl")
	if err := os.WriteFile(name, x.AppendJSON(nil, exchange.EncodeOptions{Full: true}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAnErrorCodeIsOneRow(t *testing.T) {
	page := document(t, "errors.md")
	rules := knownRules()
	for _, f := range exchange.Failures() {
		if !strings.Contains(page, "\n### "+string(f.Code)+"\n") {
			t.Errorf("%s is not in docs/errors.md", f.Code)
		}
		if out, code := printed(t, nil, "explain", string(f.Code)); code != exitOK || !strings.Contains(out, strings.Fields(f.Act)[0]) {
			t.Errorf("explain %s: exit code %d\n%s", f.Code, code, out)
		}
		id := "failure/" + strings.ReplaceAll(string(f.Code), "_", "-")
		if f.Certificate {
			id = "tls/verification-failed" // which speaks of all of them
		}
		if !slices.ContainsFunc(rules, func(r *annotate.Rule) bool { return r.ID == id }) {
			t.Errorf("%s: there is no rule %s", f.Code, id)
		}
	}
}

func TestARuleIsOneRow(t *testing.T) {
	page := document(t, "rules.md")
	listed, _ := printed(t, nil, "rules")
	e := newExplainer(nil)
	for _, r := range knownRules() {
		if !strings.Contains(page, r.ID) || !strings.Contains(listed, r.ID) {
			t.Errorf("%s is missing from docs/rules.md or from the list of rules", r.ID)
		}
		a, err := e.explain(r.ID)
		if err != nil || a[0].title != r.ID || len(a[0].text) == 0 {
			t.Errorf("explain %s: %v", r.ID, err)
		}
	}
}
