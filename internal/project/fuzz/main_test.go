package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestTargets(t *testing.T) {
	list := "FuzzA\nFuzzB\nok  \ta.test/x\t0.01s\n?   \ta.test/none\t[no test files]\nok  \ta.test/y\t0.01s\nFuzzC\nok  \ta.test/z\t(cached)\n"
	want := []target{{"a.test/x", "FuzzA"}, {"a.test/x", "FuzzB"}, {"a.test/z", "FuzzC"}}
	if got := targets(list); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestJudge(t *testing.T) {
	const out = "fuzz: elapsed: 0s, gathering baseline coverage: 0/5 completed\nfuzz: elapsed: 2s, gathering baseline coverage: 5/5 completed, now fuzzing with 2 workers\nfuzz: elapsed: 3s, execs: 900 (300/sec), new interesting: 1 (total: 5)\nfuzz: elapsed: 6s, execs: 1800 (300/sec), new interesting: 1 (total: 5)\nPASS\n"
	for _, c := range []struct {
		out   string
		err   error
		least int
		want  string
		ok    bool
	}{
		{out, nil, 300, "p FuzzA: 1800 executions, 450 per second", true},
		{out, nil, 451, "p FuzzA: 1800 executions, 450 per second: fewer than 451", false},
		{out, errors.New("exit status 1"), 300, "p FuzzA: 1800 executions, 450 per second: failed", false},
		{out + "--- FAIL: FuzzA\n    context deadline exceeded\n", errors.New("exit status 1"), 300, "p FuzzA: 1800 executions, 450 per second", true},
		{"", nil, 1, "p FuzzA: 0 executions, 0 per second: fewer than 1", false},
	} {
		line, ok := target{"p", "FuzzA"}.judge(c.out, c.err, c.least)
		if first, _, _ := strings.Cut(line, "\n"); first != c.want || ok != c.ok {
			t.Errorf("%q %v, want %q %v", first, ok, c.want, c.ok)
		}
	}
}
