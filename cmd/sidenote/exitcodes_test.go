package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits is a command of the scripts: "exits CODE PROGRAM ARG..." fails if the
// program ends with another exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		code = ended.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// TestExitTable has the script try each code of the table with each command that
// the table names for it.
func TestExitTable(t *testing.T) {
	script, err := os.ReadFile("testdata/script/exitcodes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tried := regexp.MustCompile(`(?m)^exits (\d+) sidenote (.+)$`).FindAllStringSubmatch(string(script), -1)
	root := newRootCommand(&program{stdout: io.Discard, stderr: io.Discard})
	known := make(map[int]bool)
	for _, e := range exitTable() {
		known[e.Code] = true
		for _, name := range e.commands {
			found := false
			for _, m := range tried {
				code, _ := strconv.Atoi(m[1])
				found = found || strings.HasPrefix(m[2]+" ", name+" ") && (code == e.Code || e.Code == exitFirstSignal && code > exitFirstSignal)
			}
			if !found {
				t.Errorf("exitcodes.txtar doesn't try %d with %q", e.Code, name)
			}
			if c, _, err := root.Find(strings.Fields(name)); err != nil || c == root {
				t.Errorf("there is no command %q", name)
			}
		}
	}
	for _, code := range []int{exitOK, exitNo, exitUsage, exitPolicy, exitLacks, exitFailed, exitNoRun, exitNoCMD} {
		if !known[code] {
			t.Errorf("the table lacks %d", code)
		}
	}
	for _, c := range allCommands(root) {
		_, name, below := strings.Cut(c.CommandPath(), " ")
		if !below {
			continue
		}
		for _, want := range []string{
			fmt.Sprintf("exits 0 sidenote %s --help\n", name),
			fmt.Sprintf("exits 2 sidenote %s --no-such-flag\n", name),
		} {
			if !strings.Contains(string(script), want) {
				t.Errorf("exitcodes.txtar lacks %q", want)
			}
		}
	}
}
