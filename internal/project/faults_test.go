package project_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// faults is the list of versions below which faults are known.
const faults = "testdata/faults.txt"

var required = regexp.MustCompile(`(?m)^(?:require )?\s*([a-z0-9.]+\.[a-z]+/\S+) v(\S+)`)

// versions lists what go.mod says the program is built from: module or "go", and version.
func versions(t *testing.T, mod string) map[string]string {
	t.Helper()
	built := map[string]string{}
	for _, m := range required.FindAllStringSubmatch(mod, -1) {
		built[m[1]] = m[2]
	}
	toolchain := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindStringSubmatch(mod)
	if toolchain == nil {
		t.Fatal("go.mod names no toolchain, so an old Go can build a release")
	}
	built["go"] = toolchain[1]
	return built
}

// older reports whether version a comes before version b. Of a pre-release or a
// pseudo-version only the numbers count.
func older(a, b string) bool { return slices.Compare(numbers(a), numbers(b)) < 0 }

func numbers(version string) (list []int) {
	version, _, _ = strings.Cut(version, "-")
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part)
		list = append(list, n)
	}
	return list
}

// faultsIn returns the lines of the list that concern what was built.
func faultsIn(t *testing.T, list string, built map[string]string) (found []string) {
	t.Helper()
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, " ", 3)
		if len(parts) != 3 || len(numbers(parts[1])) < 2 {
			t.Fatalf("%s: %q is not MODULE VERSION FAULT", faults, line)
		}
		if version, used := built[parts[0]]; used && older(version, parts[1]) {
			found = append(found, line)
		}
	}
	return found
}

// TestNoKnownFaults compares the versions of go.mod with the list.
func TestNoKnownFaults(t *testing.T) {
	list, err := os.ReadFile(faults)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`as of\n# \d{4}-\d\d-\d\d\.`).Match(list) {
		t.Errorf("%s does not say of which day it is", faults)
	}
	built := versions(t, read(t, "go.mod"))
	if len(built) < 20 {
		t.Fatalf("only %d modules were found in go.mod", len(built))
	}
	for _, fault := range faultsIn(t, string(list), built) {
		module, _, _ := strings.Cut(fault, " ")
		t.Errorf("go.mod has %s %s, which has a known fault: %s", module, built[module], fault)
	}
}

// TestKnownFaultsAreFound makes sure that the test above can fail.
func TestKnownFaultsAreFound(t *testing.T) {
	const mod = "module m\n\ngo 1.26.0\n\ntoolchain go1.26.11\n\nrequire (\n\ta.test/x v0.9.0\n\ta.test/y v1.10.0 // indirect\n\ta.test/z v0.0.0-20230101000000-abcdef\n)\nrequire a.test/one v1.0.0\n"
	const list = "# a\ngo 1.26.9 fine\ngo 1.26.12 old Go\na.test/x 0.10.0 old x\na.test/y 1.9.0 fine\na.test/z 0.0.1 old z\na.test/one 2.0.0 old one\na.test/none 9.0.0 unused\n"
	want := []string{"go 1.26.12 old Go", "a.test/x 0.10.0 old x", "a.test/z 0.0.1 old z", "a.test/one 2.0.0 old one"}
	if got := faultsIn(t, list, versions(t, mod)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestReleasesAreBuiltWithTheToolchain holds what builds a release to the
// toolchain of go.mod, since images and runners bring a Go of their own.
func TestReleasesAreBuiltWithTheToolchain(t *testing.T) {
	goVersion := versions(t, read(t, "go.mod"))["go"]
	if image := "golang:" + goVersion; !regexp.MustCompile(`(?m)^ARG GO_IMAGE=.*/` + regexp.QuoteMeta(image) + `$`).MatchString(read(t, "Dockerfile")) {
		t.Errorf("Dockerfile: GO_IMAGE is not %s", image)
	}
	ci := read(t, ".github/workflows/ci.yml")
	if strings.Contains(ci, "setup-go@v5") || strings.Count(ci, "setup-go@") != strings.Count(ci, "go-version-file: go.mod") {
		t.Error(".github/workflows/ci.yml: setup-go before v6 does not read the toolchain of go.mod, or a step has a version of its own")
	}
}
