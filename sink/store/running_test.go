package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"sidenote/exchange"
)

func begun(n int, ago time.Duration) *exchange.Exchange {
	x := &exchange.Exchange{ID: fmt.Sprint("x", n), Scheme: "http", Authority: "a.test", Started: time.Now().Add(-ago)}
	x.Request.Method, x.Request.Target = "GET", fmt.Sprint("/", n)
	return x
}

func TestRunning(t *testing.T) {
	s := New(Options{})
	list := func(since time.Duration, most int) (out string) {
		rows, total := s.Running(since, most)
		for _, r := range rows {
			out += fmt.Sprint(r.ID, r.Path, " ", r.Status, ";")
		}
		return fmt.Sprint(out, total)
	}
	a, b, c := begun(1, time.Minute), begun(2, time.Hour), begun(3, 0)
	for _, x := range []*exchange.Exchange{a, b, c, a} {
		s.Begin(x)
	}
	if got := list(time.Second, 10); got != "x2/2 0;x1/1 0;2" {
		t.Error(got)
	}
	if got := list(time.Second, 1); got != "x2/2 0;2" {
		t.Error(got)
	}
	changed := s.Changed()
	a.Response.Status = 200
	s.Respond(a)
	s.End(b)
	select {
	case <-changed:
	default:
		t.Error("nobody hears of the end")
	}
	if got := list(0, 10); got != "x1/1 200;x3/3 0;2" {
		t.Error(got)
	}
	s.End(b)
	s.Respond(b)
	s.End(a)
	s.End(c)
	if s.Stats().Running != 0 {
		t.Error(list(0, 10))
	}
}

func TestRunningIsBounded(t *testing.T) {
	s := New(Options{})
	var all sync.WaitGroup
	for n := range mostRunning + 100 {
		all.Go(func() { s.Begin(begun(n, time.Minute)) })
	}
	all.Wait()
	if _, total := s.Running(0, 1); total != mostRunning {
		t.Errorf("%d are known", total)
	}
}
