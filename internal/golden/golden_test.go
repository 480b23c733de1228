package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidenote/internal/golden"
)

// A recorder is a test that keeps what it is told.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) { r.said += fmt.Sprintf(format, args...) }

func TestCompare(t *testing.T) {
	if golden.Update() {
		t.Log("with -update nothing is compared")
		return
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("as it was\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := recorder{TB: t}
	if golden.Compare(&r, file, "as it was\n"); r.said != "" {
		t.Error(r.said)
	}
	if golden.Compare(&r, file, "as it is\n"); !strings.Contains(r.said, file+" is stale") || !strings.Contains(r.said, "as it is") {
		t.Errorf("%q", r.said)
	}
	r.said = ""
	if golden.Compare(&r, file, strings.Repeat("as it was\nand so on\n", 1<<13)); !strings.Contains(r.said, "line 2\n-\n+and so on") {
		t.Errorf("%.200q", r.said)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "as it was\n" {
		t.Errorf("the file was changed: %q, %v", b, err)
	}
}
