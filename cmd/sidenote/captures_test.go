package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sidenote/internal/golden"
)

// What differs between runs, or with every new rule: fingerprints of secrets have a
// new key, and how many rules there are is no fact of a capture.
var (
	fingerprints = regexp.MustCompile(`\[redacted:[0-9a-f]{6}\]`)
	ruleCounts   = regexp.MustCompile(`^-- \d+ of \d+ rules (?:were|was)`)
	reasonCounts = regexp.MustCompile(` \(\d+\)`)
)

// TestCaptures lints small captures of many programs with all that there is to
// say. Each line of the golden file was read and judged: right, and of use to
// anyone who looks at the capture. What is not said, no one can know from it.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob("testdata/captures/*.har")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	var b strings.Builder
	for _, f := range files {
		var stdout, stderr strings.Builder
		args := []string{"lint", "--severity", "info", "--color", "never", "--fail-on", "never", f}
		code := run(t.Context(), args, []string{"GOMEMLIMIT=off"}, strings.NewReader(""), &stdout, &stderr)
		b.WriteString("=== " + filepath.Base(f) + "\n" + said(stdout.String(), stderr.String()))
		if code != 0 && code != 2 {
			t.Errorf("%s: exit code %d\n%s", f, code, stderr.String())
		}
	}
	golden.Compare(t, filepath.Join("testdata", "captures", "captures.golden"), b.String())
}

// said is what a run printed, without what every one does.
func said(stdout, stderr string) string {
	var b strings.Builder
	for line := range strings.Lines(stderr + stdout) {
		if strings.HasPrefix(line, "-- fix ") || strings.HasPrefix(line, "-- policy") {
			continue
		}
		if ruleCounts.MatchString(line) {
			line = reasonCounts.ReplaceAllString(ruleCounts.ReplaceAllString(line, "-- rules were"), "")
		}
		line = strings.ReplaceAll(line, "testdata"+string(os.PathSeparator)+"captures"+string(os.PathSeparator), "")
		b.WriteString(fingerprints.ReplaceAllString(line, "[redacted:......]"))
	}
	return b.String()
}
