// Command tally runs go test and says how it went: a line for each package, the
// whole output of each test that failed, the twenty slowest tests, each test
// that was skipped with its reason, and at the end one line, "N passed, N
// failed, N skipped".
//
//	go run ./internal/project/tally [ARGUMENTS OF go test]
//
// With SIDENOTE_TEST_NO_SKIP=1 in the environment a skipped test is a failure:
// anyone who sets it says that nothing is missing on this machine. The exit
// code is 0 when all is well, else 1.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	os.Exit(run(os.Args[1:], os.Getenv("SIDENOTE_TEST_NO_SKIP") == "1", os.Stdout, os.Stderr))
}

func run(args []string, noSkips bool, stdout, stderr io.Writer) int {
	c := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	c.Stderr = stderr
	events, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		fmt.Fprintln(stderr, "tally: go test cannot be run:", err)
		return 1
	}
	t := newTally(stdout, noSkips)
	if err := t.read(events); err != nil {
		fmt.Fprintln(stderr, "tally:", err)
		_ = c.Process.Kill()
	}
	err = c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(stderr, "tally:", err)
	}
	if ok := t.sum(); !ok || err != nil {
		return 1
	}
	return 0
}
