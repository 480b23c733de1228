package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// ciEnv is an environment in which "sidenote" is the binary under test.
func ciEnv(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	env := plainEnv(home)
	for i, kv := range env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			env[i] = "PATH=" + filepath.Dir(program(t)) + ":" + path
		}
	}
	return append(env, "GOPATH="+filepath.Join(home, "go"), "GOFLAGS=-modcacherw")
}

// runCI runs a command and returns its exit code and what it printed.
func runCI(t *testing.T, dir string, env []string, name string, args ...string) (code int, output string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, env
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	timer := time.AfterFunc(3*time.Minute, func() { c.Process.Kill() })
	defer timer.Stop()
	_ = c.Run()
	return c.ProcessState.ExitCode(), out.String()
}

// hasFiles fails unless a folder has just these files, none of them empty.
func hasFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Size() > 0 {
			got = append(got, e.Name())
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %q, wanted %q", filepath.Base(dir), got, want)
	}
}

// skimYAML reads of a file what into knows.
func skimYAML(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// An action is what of action.yml is run here.
type action struct {
	Inputs map[string]struct {
		Description, Default string
	}
	Runs struct {
		Using string
		Steps []struct {
			Name, Uses, Shell, Run string
			Env                    map[string]string
		}
	}
}

// TestAction runs the steps of the composite action as GitHub would.
func TestAction(t *testing.T) {
	t.Parallel()
	bash := need(t, "bash")
	curl := need(t, "curl")
	url := startHTTPBin(t, newAuthority(t)).clear
	var a action
	skimYAML(t, "../action.yml", &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 3 {
		t.Fatalf("%+v", a.Runs)
	}
	for i, s := range a.Runs.Steps {
		if (s.Uses == "") == (s.Run == "") || s.Run != "" && s.Shell != "bash" || strings.Contains(s.Run, "${{") {
			t.Errorf("step %d: %+v", i, s)
		}
	}
	build, run := a.Runs.Steps[1], a.Runs.Steps[2]

	t.Run("build", func(t *testing.T) {
		temp := t.TempDir()
		source, err := filepath.Abs("..")
		if err != nil {
			t.Fatal(err)
		}
		env := append(os.Environ(), "GITHUB_ACTION_PATH="+source, "RUNNER_TEMP="+temp, "GITHUB_PATH="+filepath.Join(temp, "path"))
		if code, out := runCI(t, temp, env, bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", build.Run); code != 0 {
			t.Fatalf("exit code %d: %s", code, out)
		}
		if code, out := runCI(t, temp, env, filepath.Join(temp, "sidenote-bin", "sidenote"), "version"); code != 0 {
			t.Errorf("exit code %d: %s", code, out)
		}
	})

	for name, c := range map[string]struct {
		inputs  map[string]string
		checks  string
		code    int
		says    string
		reports []string
	}{
		"passes":     {inputs: map[string]string{"command": curl + " -s -o /dev/null " + url + "/status/204", "flags": "--fail-on error --severity info"}, reports: []string{"command"}},
		"policy":     {inputs: map[string]string{"command": curl + " -s -o /dev/null " + url + "/get", "flags": "--fail-on warn"}, code: 10, says: "::error", reports: []string{"command"}},
		"command":    {inputs: map[string]string{"command": curl + " -s -o /dev/null " + url + "/status/204; exit 7"}, code: 7, reports: []string{"command"}},
		"checks":     {inputs: map[string]string{"checks": "checks"}, checks: url + "/status/500\n", code: 10, says: "expect/status", reports: []string{"checks"}},
		"both":       {inputs: map[string]string{"command": curl + " -s -o /dev/null " + url + "/status/204", "checks": "checks"}, checks: url + "/status/204\n", reports: []string{"command", "checks"}},
		"neither":    {code: 2, says: "::error::this action needs the input command or checks"},
		"wrong flag": {inputs: map[string]string{"command": "true", "flags": "--nonsense"}, code: 2, says: "unknown flag --nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			env := append(ciEnv(t), "GITHUB_STEP_SUMMARY="+filepath.Join(t.TempDir(), "summary"))
			for variable, expression := range run.Env {
				input := strings.TrimSuffix(strings.TrimPrefix(expression, "${{ inputs."), " }}")
				known, ok := a.Inputs[input]
				if !ok {
					t.Fatalf("there is no input %q", input)
				}
				value, given := c.inputs[input]
				if !given {
					value = known.Default
				}
				env = append(env, variable+"="+value)
			}
			if c.checks != "" {
				if err := os.WriteFile(filepath.Join(dir, "checks"), []byte(c.checks), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, out := runCI(t, dir, env, bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", run.Run)
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit code %d, wanted %d and %q in:\n%s", code, c.code, c.says, out)
			}
			var files []string
			for _, report := range c.reports {
				files = append(files, report+".html", report+".sarif", report+".sarif.txt", report+".xml")
			}
			if c.reports != nil {
				hasFiles(t, filepath.Join(dir, "sidenote-reports"), files...)
			}
		})
	}
}

// TestActionComparesRuns runs the action twice: the first run is kept, and what the
// second does otherwise is told in a text for a comment.
func TestActionComparesRuns(t *testing.T) {
	t.Parallel()
	bash, curl := need(t, "bash"), need(t, "curl")
	url := startHTTPBin(t, newAuthority(t)).clear
	var a action
	skimYAML(t, "../action.yml", &a)
	dir, summary := t.TempDir(), filepath.Join(t.TempDir(), "summary")
	run := func(status string) (code int, out string) {
		env := append(ciEnv(t), "GITHUB_STEP_SUMMARY="+summary, "COMMAND="+curl+" -s -o /dev/null "+url+"/status/"+status,
			"CHECKS=", "FLAGS=", "REPORTS=reports", "BASELINE_RUN=green.jsonl")
		return runCI(t, dir, env, bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", a.Runs.Steps[2].Run)
	}
	if code, out := run("204"); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	green := readFile(t, filepath.Join(dir, "green.jsonl"))
	if code, out := run("404"); code != 10 || !strings.Contains(out, "policy: FAIL: 1 breaking change") {
		t.Errorf("exit code %d: %s", code, out)
	}
	comment := readFile(t, filepath.Join(dir, "reports", "changes.md"))
	if !strings.Contains(comment, "status changed: 204 → 404") || !strings.Contains(readFile(t, summary), comment) {
		t.Errorf("the comment is\n%s", comment)
	}
	if readFile(t, filepath.Join(dir, "green.jsonl")) != green {
		t.Error("a run that failed has taken the place of the green one")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".green*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestGitHubExample holds the example to the action that it uses.
func TestGitHubExample(t *testing.T) {
	t.Parallel()
	var a action
	skimYAML(t, "../action.yml", &a)
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]string
			}
		}
	}
	skimYAML(t, "../configs/ci/github-actions.yml", &workflow)
	used := false
	for _, s := range workflow.Jobs["test"].Steps {
		if !strings.Contains(s.Uses, "/sidenote@") {
			continue
		}
		used = true
		for input := range s.With {
			if _, ok := a.Inputs[input]; !ok {
				t.Errorf("the action has no input %q", input)
			}
		}
	}
	if !used {
		t.Error("the action is not used")
	}
}

// TestGitLabExample runs the script of the example; what comes before it is
// read by bash only, since it clones and installs.
func TestGitLabExample(t *testing.T) {
	t.Parallel()
	bash := need(t, "bash")
	curl := need(t, "curl")
	need(t, "make")
	url := startHTTPBin(t, newAuthority(t)).clear
	var jobs map[string]struct {
		Before    []string `yaml:"before_script"`
		Script    []string
		Artifacts struct {
			Reports map[string]string
		}
	}
	skimYAML(t, "../configs/ci/gitlab-ci.yml", &jobs)
	job := jobs["http"]
	if code, out := runCI(t, t.TempDir(), ciEnv(t), bash, "-n", "-c", strings.Join(job.Before, "\n")); code != 0 || len(job.Before) == 0 {
		t.Errorf("before_script: exit code %d: %s", code, out)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Makefile"), []byte("test:\n\t"+curl+" -s -o /dev/null "+url+"/status/204\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := runCI(t, dir, ciEnv(t), bash, "-euo", "pipefail", "-c", strings.Join(job.Script, "\n")); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	hasFiles(t, filepath.Join(dir, "reports"), "sidenote.html", "sidenote.json", "sidenote.xml")
	for kind, file := range job.Artifacts.Reports {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestMakefileExample runs both targets.
func TestMakefileExample(t *testing.T) {
	t.Parallel()
	makeProgram := need(t, "make")
	curl := need(t, "curl")
	url := startHTTPBin(t, newAuthority(t)).clear
	example := absolute(t, "../configs/ci/Makefile")
	for name, c := range map[string]struct {
		args   []string
		code   int
		report string
	}{
		"http passes":  {[]string{"http", "TEST=" + curl + " -s -o /dev/null " + url + "/status/204"}, 0, "http"},
		"http fails":   {[]string{"http", "FLAGS=--fail-on warn", "TEST=" + curl + " -s -o /dev/null " + url + "/get"}, 2, "http"},
		"smoke passes": {[]string{"smoke", "CHECKS=good"}, 0, "smoke"},
		"smoke fails":  {[]string{"smoke", "CHECKS=bad"}, 2, "smoke"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range map[string]string{"good": url + "/status/204\n", "bad": url + "/status/500\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if code, out := runCI(t, dir, ciEnv(t), makeProgram, append([]string{"-f", example}, c.args...)...); code != c.code {
				t.Errorf("exit code %d, wanted %d:\n%s", code, c.code, out)
			}
			hasFiles(t, filepath.Join(dir, "reports"), c.report+".html", c.report+".xml")
		})
	}
}
