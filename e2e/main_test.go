// Package e2e_test runs the program as a user would: real clients, through the
// real binary, to real origin servers, on loopback only.
package e2e_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// noSkipVariable, set to 1, makes a missing program a failure.
const noSkipVariable = "SIDENOTE_TEST_NO_SKIP"

// built is the path of the binary under test, made once by TestMain.
var built string

// program returns the path of the binary under test.
func program(t *testing.T) string {
	t.Helper()
	lookAtSource()
	return built
}

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sidenote-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "sidenote")
	args := []string{"build", "-o", built}
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "sidenote/cmd/sidenote")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		return 1
	}
	return m.Run()
}

// lookAtSource opens every folder of the module: "go test" repeats an earlier
// result until something changes that the test itself looked at, and the
// build looks from another process.
var lookAtSource = sync.OnceFunc(func() {
	_ = filepath.WalkDir("..", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		return nil // what cannot be read is the build's matter
	})
})

// need skips the test when a program is not installed, or fails it where
// nothing may be skipped. It returns the program's path.
func need(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		lacks(t, name)
	}
	return path
}

// lacks ends a test for which something is not installed.
func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv(noSkipVariable) == "1" {
		t.Fatalf("%s is not installed; packages.txt lists what these tests need", what)
	}
	t.Skipf("%s is not installed", what)
}
