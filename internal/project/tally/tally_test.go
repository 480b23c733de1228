package main

import (
	"strings"
	"testing"
)

const (
	passes = `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":1.5}
`
	skips = `{"Action":"output","Package":"p","Test":"TestS","Output":"=== RUN   TestS\n"}
{"Action":"output","Package":"p","Test":"TestS","Output":"    s_test.go:7: no curl here\n"}
{"Action":"output","Package":"p","Test":"TestS","Output":"--- SKIP: TestS (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestS","Elapsed":0}
`
	fails = `{"Action":"output","Package":"q","Test":"TestF","Output":"    f_test.go:3: want 1, got 2\n"}
{"Action":"fail","Package":"q","Test":"TestF","Elapsed":0}
{"Action":"output","Package":"q","Output":"FAIL\n"}
{"Action":"fail","Package":"q","Elapsed":0.2}
`
	panics = `{"Action":"output","Package":"q","Test":"TestP","Output":"panic: oh\n"}
{"Action":"output","Package":"q","Output":"FAIL\tq\t0.1s\n"}
{"Action":"fail","Package":"q","Elapsed":0.1}
`
	slow = `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":2}
{"Action":"pass","Package":"p","Test":"TestB/part","Elapsed":3}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":3}
{"Action":"pass","Package":"p","Test":"TestC","Elapsed":0.2}
{"Action":"pass","Package":"p","Elapsed":5}
`
	unbuilt = `{"ImportPath":"q","Action":"build-output","Output":"q.go:1: undefined: x\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"fail","Package":"q","Elapsed":0,"FailedBuild":"q"}
`
)

func TestTally(t *testing.T) {
	for _, c := range []struct {
		name, events string
		noSkips, ok  bool
		says         []string
		last         string
	}{
		{"passes", passes, true, true, []string{"ok    p"}, "1 passed, 0 failed, 0 skipped"},
		{"skips", skips + passes, false, true, []string{"skip  p TestS: s_test.go:7: no curl here"}, "1 passed, 0 failed, 1 skipped"},
		{"skips are forbidden", skips + passes, true, false, []string{"no curl here", "forbids"}, "1 passed, 0 failed, 1 skipped"},
		{"fails", passes + fails, false, false, []string{"--- q TestF", "want 1, got 2", "FAIL  q", "1 of 1 tests failed"}, "1 passed, 1 failed, 0 skipped"},
		{"panics", passes + panics, false, false, []string{"panic: oh", "FAIL  q"}, "1 passed, 1 failed, 0 skipped"},
		{"cannot be built", passes + unbuilt, false, false, []string{"undefined: x", "cannot be built"}, "1 passed, 1 failed, 0 skipped"},
		{"slow", slow, false, true, []string{"slow     3.0s p TestB\nslow     2.0s p TestA\n"}, "4 passed, 0 failed, 0 skipped"},
		{"no test", "", false, false, []string{"no test ran"}, "0 passed, 0 failed, 0 skipped"},
		{"not JSON", "hello\n" + passes, false, true, []string{"hello"}, "1 passed, 0 failed, 0 skipped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			tally := newTally(&out, c.noSkips)
			if err := tally.read(strings.NewReader(c.events)); err != nil {
				t.Fatal(err)
			}
			if ok := tally.sum(); ok != c.ok {
				t.Errorf("ok is %v", ok)
			}
			for _, s := range c.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("want %q in:\n%s", s, out.String())
				}
			}
			if !strings.HasSuffix(out.String(), "\n"+c.last+"\n") && out.String() != c.last+"\n" {
				t.Errorf("the last line is not %q:\n%s", c.last, out.String())
			}
		})
	}
}
