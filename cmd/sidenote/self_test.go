package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSuggestionsCanBeTyped starts the program in each way that people do, and
// types what it suggests.
func TestSuggestionsCanBeTyped(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(t.TempDir(), "a folder", "sidenote")
	if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	inPath := "PATH=" + filepath.Dir(built) + string(filepath.ListSeparator) + os.Getenv("PATH")
	for _, c := range []struct{ name, dir, env, start, want string }{
		{"in PATH", root, inPath, "sidenote", "sidenote"},
		{"by its path", root, "", "'" + built + "'", "'" + built + "'"},
		{"below this folder", filepath.Dir(built), "", "./sidenote", "./sidenote"},
		{"go run", root, "", "go run ./cmd/sidenote", "go run ./cmd/sidenote"},
		{"go run elsewhere", filepath.Join(root, "docs"), "", "go run ../cmd/sidenote", "go run sidenote/cmd/sidenote"},
	} {
		t.Run(c.name, func(t *testing.T) {
			shell := func(command string) string {
				sh := exec.Command("sh", "-c", command)
				sh.Dir, sh.Env = c.dir, append(os.Environ(), "SHELL=/bin/sh", c.env)
				out, _ := sh.CombinedOutput()
				return string(out)
			}
			said := shell("set -x; " + c.start + " explain nonsense-of-some-kind; " + c.start + " nosuch")
			if !strings.Contains(said, `"`+c.want+` help"`) {
				t.Fatalf("%s suggests:\n%s", c.start, said)
			}
			if help := shell(c.want + " help"); !strings.Contains(help, "Usage:") {
				t.Errorf("%s help prints:\n%s", c.want, help)
			}
		})
	}
}
