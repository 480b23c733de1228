package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An event is one line of go test -json (go doc test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of what is built, in build events
	Test        string // "" in events of a whole package
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string  // why a package failed without running
}

// A tally counts tests as they end.
type tally struct {
	out     io.Writer
	noSkips bool

	passed, failed int
	skips          []skip
	output         map[key]*strings.Builder // of what still runs
	perPackage     map[string]*tests
	took           []timed // the tests that are not part of another
}

// timed is a test and how long it took, in seconds.
type timed struct {
	key
	seconds float64
}

// key names a test, or a package where test is "".
type key struct{ pkg, test string }

type skip struct {
	key
	reason string
}

// tests counts those of one package that have ended.
type tests struct{ ended, failed int }

func newTally(out io.Writer, noSkips bool) *tally {
	return &tally{out: out, noSkips: noSkips, output: map[key]*strings.Builder{}, perPackage: map[string]*tests{}}
}

// read takes all events. A line that is none, such as what a program under
// test prints past the testing package, is passed on.
func (t *tally) read(r io.Reader) error {
	br := bufio.NewReader(r)
	for {
		line, err := br.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			fmt.Fprintf(t.out, "%s", line)
		default:
			t.take(&e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what go test says: %w", err)
		}
	}
}

func (t *tally) take(e *event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "output":
		t.keep(e)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.endPackage(e)
		} else {
			t.endTest(e)
		}
	}
}

func (t *tally) keep(e *event) {
	k := key{e.Package, e.Test}
	b := t.output[k]
	if b == nil {
		b = new(strings.Builder)
		t.output[k] = b
	}
	b.WriteString(e.Output)
}

// said returns what a test printed, and forgets it.
func (t *tally) said(k key) string {
	b := t.output[k]
	delete(t.output, k)
	if b == nil {
		return ""
	}
	return b.String()
}

func (t *tally) endTest(e *event) {
	k := key{e.Package, e.Test}
	said := t.said(k)
	p := t.of(e.Package)
	p.ended++
	if !strings.Contains(e.Test, "/") {
		t.took = append(t.took, timed{k, e.Elapsed})
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skips = append(t.skips, skip{k, reasonOf(said)})
	default:
		t.failed++
		p.failed++
		fmt.Fprintf(t.out, "--- %s %s\n%s", e.Package, e.Test, said)
	}
}

func (t *tally) of(pkg string) *tests {
	p := t.perPackage[pkg]
	if p == nil {
		p = new(tests)
		t.perPackage[pkg] = p
	}
	return p
}

// endPackage says how a package did. One that failed shows what it printed
// outside of its tests, and in those that never ended; it counts as a failure
// itself when none of its tests failed, since it cannot be built, panicked or
// ran out of time.
func (t *tally) endPackage(e *event) {
	p := t.of(e.Package)
	said := t.said(key{e.Package, ""})
	switch e.Action {
	case "pass":
		fmt.Fprintf(t.out, "ok    %-28s %s, %d\n", e.Package, seconds(e), p.ended)
	case "fail":
		if p.failed == 0 {
			t.failed++
		}
		fmt.Fprintf(t.out, "--- %s\n%s%s", e.Package, t.unfinished(e.Package), said)
		fmt.Fprintf(t.out, "FAIL  %-28s %s, %d of %d tests failed%s\n", e.Package, seconds(e), p.failed, p.ended, built(e))
	}
}

func built(e *event) string {
	if e.FailedBuild != "" {
		return "; it cannot be built"
	}
	return ""
}

func seconds(e *event) string { return fmt.Sprintf("%6.1fs", e.Elapsed) }

// unfinished is what the tests of a package printed that never ended.
func (t *tally) unfinished(pkg string) string {
	var b strings.Builder
	for k := range t.output {
		if k.pkg == pkg && k.test != "" {
			b.WriteString(t.said(k))
		}
	}
	return b.String()
}

// reasonOf finds what a test gave as the reason for being skipped.
func reasonOf(said string) string {
	var reasons []string
	for line := range strings.SplitSeq(said, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			reasons = append(reasons, line)
		}
	}
	return cmp.Or(strings.Join(reasons, "; "), "no reason is given")
}

// The slowest tests are printed, so that a suite that grows slow says where.
const (
	slowTests   = 20
	slowSeconds = 1 // what takes less is not worth a line
)

// slowest prints the tests that took longest, the slowest first.
func (t *tally) slowest() {
	slices.SortStableFunc(t.took, func(a, b timed) int { return cmp.Compare(b.seconds, a.seconds) })
	for _, s := range t.took[:min(len(t.took), slowTests)] {
		if s.seconds >= slowSeconds {
			fmt.Fprintf(t.out, "slow  %6.1fs %s %s\n", s.seconds, s.pkg, s.test)
		}
	}
}

// sum prints the slowest and the skipped tests and the last line, and reports
// whether all is well. It is not when no test ran at all.
func (t *tally) sum() (ok bool) {
	t.slowest()
	for _, s := range t.skips {
		fmt.Fprintf(t.out, "skip  %s %s: %s\n", s.pkg, s.test, s.reason)
	}
	ok = t.failed == 0 && t.passed > 0
	if t.noSkips && len(t.skips) > 0 {
		fmt.Fprintln(t.out, "tests were skipped, and SIDENOTE_TEST_NO_SKIP=1 forbids it")
		ok = false
	}
	if t.passed+t.failed == 0 {
		fmt.Fprintln(t.out, "no test ran")
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, len(t.skips))
	return ok
}
