// Command captures takes the captures of real servers and clients that the tests
// of the rules read: it starts each program that is installed, has it speak
// through sidenote, and keeps a few exchanges of each kind. Programs that are not
// installed are named and left out; their captures stay as they are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "annotate/rules/testdata/real", "folder of the captures")
	only := flag.String("only", "", "names of programs, separated by commas; all without it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "captures:", err)
		os.Exit(1)
	}
}

// run takes the captures of the programs named.
func run(ctx context.Context, out, only string) error {
	work, err := os.MkdirTemp("", "captures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	sidenote := filepath.Join(work, "sidenote")
	if b, err := exec.CommandContext(ctx, "go", "build", "-o", sidenote, "./cmd/sidenote").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, b)
	}
	programs, err := filepath.Abs("e2e/captures/programs")
	if err != nil {
		return err
	}
	t := &taker{sidenote: sidenote, work: work, programs: programs, out: out}
	var failed error
	for _, p := range append(servers(), clients()...) {
		if only != "" && !contains(strings.Split(only, ","), p.name) {
			continue
		}
		each, cancel := context.WithTimeout(ctx, 3*time.Minute)
		kept, err := t.take(each, p)
		cancel()
		switch {
		case errors.Is(err, errMissing):
			fmt.Fprintf(os.Stdout, "%-24s not installed\n", p.name)
		case err != nil:
			fmt.Fprintf(os.Stdout, "%-24s %v\n", p.name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.name, err))
		default:
			fmt.Fprintf(os.Stdout, "%-24s %d exchanges kept\n", p.name, kept)
		}
	}
	return failed
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
