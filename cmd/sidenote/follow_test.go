package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sidenote/exchange"
)

// A board is what a command has printed so far.
type board struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *board) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *board) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// await waits until the board says something a number of times.
func (b *board) await(t *testing.T, text string, times int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); strings.Count(b.String(), text) < times; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %d times %q in:\n%s", times, text, b)
		}
	}
}

// A running is a command that runs until it is ended.
type running struct {
	out, errs board
	cancel    context.CancelFunc
	code      chan int
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{cancel: cancel, code: make(chan int, 1)}
	go func() { r.code <- run(ctx, args, nil, nil, &r.out, &r.errs) }()
	t.Cleanup(cancel)
	return r
}

// end ends it as a signal does, and returns the exit code.
func (r *running) end(t *testing.T) int {
	t.Helper()
	r.cancel()
	select {
	case code := <-r.code:
		return code
	case <-time.After(time.Minute):
		t.Fatalf("it does not end:\n%s\n%s", &r.out, &r.errs)
		return 0
	}
}

// order returns a record with an error, which nothing else is like.
func order(t *testing.T, n int) *exchange.Exchange {
	t.Helper()
	x, err := exchange.ParseText(fmt.Sprintf("* started 2026-01-02T03:04:05Z\n> PUT /order-%d HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 405 Method Not Allowed\n< Content-Length: 0\n<\n", n))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func line(t *testing.T, n int) string {
	t.Helper()
	return string(order(t, n).AppendJSON(nil, exchange.EncodeOptions{Full: true}))
}

func har(t *testing.T, numbers ...int) string {
	t.Helper()
	var b bytes.Buffer
	if err := exchange.WriteHAR(&b, func(yield func(*exchange.Exchange) bool) {
		for _, n := range numbers {
			if !yield(order(t, n)) {
				return
			}
		}
	}, exchange.HAROptions{Version: "1"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// shown expects each of the orders once, and nothing on stderr but what is named.
func (r *running) shown(t *testing.T, code, orders int) {
	t.Helper()
	if got := r.end(t); got != code {
		t.Errorf("exit %d, want %d\n%s", got, code, &r.errs)
	}
	for n := 1; n <= orders; n++ {
		if got := strings.Count(r.out.String(), fmt.Sprintf("/order-%d ", n)); got != 1 {
			t.Errorf("order %d is shown %d times:\n%s", n, got, &r.out)
		}
	}
	if want := fmt.Sprintf("-- %d exchange", orders); !strings.Contains(r.out.String(), want) {
		t.Errorf("no %q in:\n%s", want, &r.out)
	}
}

// TestFollowLines: what is appended is judged once its line is whole, and what was
// written before the end is judged too.
func TestFollowLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.jsonl")
	r := start(t, "lint", "--watch", name)
	r.errs.await(t, "waiting for it", 1)
	put(t, name, line(t, 1))
	r.out.await(t, "/order-1 ", 1)
	second := line(t, 2)
	appendTo(t, name, second[:40])
	appendTo(t, name, second[40:]+line(t, 3))
	r.out.await(t, "/order-3 ", 1)
	appendTo(t, name, strings.TrimSpace(line(t, 4)))
	r.shown(t, exitPolicy, 4)
}

// TestFollowRotation: a file that takes the name is read from its beginning, after
// the rest of the one before; so is one that is written over.
func TestFollowRotation(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.jsonl")
	put(t, name, line(t, 1))
	r := start(t, "lint", "--watch", name)
	r.out.await(t, "/order-1 ", 1)
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	appendTo(t, name+".1", line(t, 2))
	put(t, name, line(t, 3))
	r.out.await(t, "/order-3 ", 1)
	put(t, name, "")
	appendTo(t, name, line(t, 4))
	r.out.await(t, "/order-4 ", 1)
	put(t, name, line(t, 5)+line(t, 6)) // longer than what was read
	r.out.await(t, "/order-6 ", 1)
	r.shown(t, exitPolicy, 6)
	if strings.Contains(r.errs.String(), "cannot be read") {
		t.Errorf("%s", &r.errs)
	}
}

// TestFollowHAR: a browser writes all again. What it is in the middle of writing
// does not spoil the verdict.
func TestFollowHAR(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.har")
	put(t, name, har(t, 1))
	r := start(t, "lint", "--watch", name)
	r.out.await(t, "/order-1 ", 1)
	all := har(t, 3, 1, 2)
	put(t, name, all[:len(all)-30])
	r.errs.await(t, "waiting for the rest", 1)
	put(t, name, all)
	r.out.await(t, "/order-2 ", 1)
	put(t, name, har(t, 1, 2, 3, 4))
	r.out.await(t, "/order-4 ", 1)
	r.shown(t, exitPolicy, 4)
}

// TestFollowCut: at the end a file that is still cut is read as far as it goes, and
// does not pass.
func TestFollowCut(t *testing.T) {
	name, all := filepath.Join(t.TempDir(), "a.har"), har(t, 1, 2)
	put(t, name, all[:len(all)-30])
	r := start(t, "lint", "--watch", "--rules", "*=off", name)
	r.errs.await(t, "waiting for the rest", 1)
	if code := r.end(t); code != exitUsage || !strings.Contains(r.out.String(), "/order-1 ") {
		t.Errorf("exit %d\n%s\n%s", code, &r.out, &r.errs)
	}
}

// TestFollowTwins: two exchanges that are alike in one file are two.
func TestFollowTwins(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.jsonl")
	put(t, name, line(t, 1)+line(t, 1))
	r := start(t, "lint", "--watch", name)
	r.out.await(t, "/order-1 ", 2)
	put(t, name, "")
	appendTo(t, name, line(t, 1)+line(t, 1)+line(t, 1))
	r.out.await(t, "/order-1 ", 3)
	if r.end(t); strings.Count(r.out.String(), "/order-1 ") != 3 {
		t.Errorf("%s", &r.out)
	}
}

// TestFollowNothing: a gate does not pass what it never saw.
func TestFollowNothing(t *testing.T) {
	r := start(t, "lint", "--watch", filepath.Join(t.TempDir(), "none.har"))
	r.errs.await(t, "waiting for it", 1)
	if code := r.end(t); code != exitLacks {
		t.Errorf("exit %d\n%s", code, &r.errs)
	}
}

// TestSeenIsBounded: what there is no room for is counted.
func TestSeenIsBounded(t *testing.T) {
	s := newSeen()
	for n := range mostSeen {
		s.now[uint64(n)] = 1
	}
	x := order(t, 1)
	first, again := s.known(x), s.known(x)
	if first || again || len(s.now) != mostSeen || s.begin() != 2 {
		t.Errorf("%d remembered, %d more", len(s.now), s.more)
	}
}
