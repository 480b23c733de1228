// Command fuzz runs each fuzz test of some packages for a while and says how
// many executions it reached, for one that does ten in a second finds nothing.
//
//	go run ./internal/project/fuzz [-time 10s] [-least 300] [PACKAGE...]
//
// The packages are all of the module when none is named. The exit code is 0 when
// each fuzz test passed and reached that many executions per second of its time,
// else 1.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	flags.SetOutput(stderr)
	long := flags.Duration("time", 10*time.Second, "how long each test runs")
	least := flags.Int("least", 300, "executions per second that each must reach")
	if flags.Parse(args) != nil {
		return 1
	}
	packages := flags.Args()
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	list, err := output(stderr, append([]string{"test", "-run", "^$", "-list", "^Fuzz"}, packages...)...)
	if err != nil {
		fmt.Fprintf(stderr, "fuzz: %v\n%s", err, list)
		return 1
	}
	code := 0
	for _, t := range targets(list) {
		// Minimizing an input takes up to a minute, in which nothing is tried.
		out, err := output(stderr, "test", t.pkg, "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", long.String(), "-fuzzminimizetime", "1x")
		line, ok := t.judge(out, err, *least)
		fmt.Fprintln(stdout, line)
		if !ok {
			code = 1
		}
	}
	return code
}

func output(stderr io.Writer, args ...string) (string, error) {
	var out bytes.Buffer
	c := exec.Command("go", args...)
	c.Stdout, c.Stderr = &out, stderr
	err := c.Run()
	return out.String(), err
}

// A target is one fuzz test.
type target struct{ pkg, name string }

// targets reads what go test -list prints: names, and below them their package.
func targets(list string) (all []target) {
	var names []string
	for line := range strings.Lines(list) {
		words := strings.Fields(line)
		switch {
		case len(words) == 1 && strings.HasPrefix(words[0], "Fuzz"):
			names = append(names, words[0])
		case len(words) > 1 && words[0] == "ok":
			for _, n := range names {
				all = append(all, target{words[1], n})
			}
			names = nil
		}
	}
	return all
}

var (
	execs = regexp.MustCompile(`elapsed: (\d+)s, execs: (\d+) `)
	begun = regexp.MustCompile(`elapsed: (\d+)s, .*now fuzzing`)
)

// reached returns how many inputs a run tried, and in how many seconds: those that
// it first spent on what earlier runs had found do not count.
func reached(out string) (n, seconds int) {
	all := execs.FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		return 0, 1
	}
	last := all[len(all)-1]
	n, _ = strconv.Atoi(last[2])
	seconds, _ = strconv.Atoi(last[1])
	if from := begun.FindStringSubmatch(out); from != nil {
		before, _ := strconv.Atoi(from[1])
		seconds -= before
	}
	return n, max(seconds, 1)
}

// endedInTheMiddle reports whether a run failed only because its time was over
// while an input was tried, which go test sometimes says so.
func endedInTheMiddle(out string) bool {
	return strings.Contains(out, "context deadline exceeded") && !strings.Contains(out, "Failing input")
}

// judge says how a run of a target went.
func (t target) judge(out string, err error, least int) (line string, ok bool) {
	n, seconds := reached(out)
	perSecond := n / seconds
	line = fmt.Sprintf("%s %s: %d executions, %d per second", t.pkg, t.name, n, perSecond)
	switch {
	case err != nil && !endedInTheMiddle(out):
		return line + ": failed\n" + out, false
	case perSecond < least:
		return fmt.Sprintf("%s: fewer than %d", line, least), false
	}
	return line, true
}
