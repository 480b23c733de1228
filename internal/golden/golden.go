// Package golden compares the output of tests with golden files, and updates
// these files if the tests run with -update.
package golden

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Update reports whether the tests are run with -update.
func Update() bool { return *update }

// Compare fails a test when a text is not what a file holds.
func Compare(t testing.TB, file, got string) {
	t.Helper()
	if Update() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update, or \"make update\"", err)
	}
	if got != string(want) {
		t.Errorf("%s is stale: read the difference (-file +now), and run the test with -update, or \"make update\", if it is right:\n%s", file, difference(string(want), got))
	}
}

// difference shows what differs; of long texts, for which that takes long, the
// first line that does.
func difference(want, got string) string {
	const long = 64 << 10
	if len(want) < long && len(got) < long {
		return cmp.Diff(want, got)
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n-%.200s\n+%.200s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("-%d lines\n+%d lines", len(w), len(g))
}
