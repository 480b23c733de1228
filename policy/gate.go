package policy

import (
	"fmt"
	"strconv"
	"sync"

	"sidenote/annotate"
)

// A Gate counts what a policy says of exchanges and gives the verdict. It is
// safe for concurrent use.
type Gate struct {
	policy *Policy

	mu      sync.Mutex
	verdict Verdict
}

// A Verdict is whether exchanges were good enough, and why not.
type Verdict struct {
	Passed  bool
	Reasons []string // why it did not pass, a clause each, in a fixed order

	Exchanges int // that were judged
	Failing   int // notes at or above the severity that fails
	Accepted  int // notes that would, had a baseline not accepted them
}

// NewGate makes a gate that nothing has passed through.
func (p *Policy) NewGate() *Gate { return &Gate{policy: p} }

// Observe counts an exchange that has ended, with all its notes.
func (g *Gate) Observe(a *annotate.Annotated) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.verdict.Exchanges++
	if g.policy.failOn == 0 {
		return
	}
	for i := range a.Notes {
		switch n := &a.Notes[i]; {
		case n.Severity < g.policy.failOn:
		case n.Accepted != "":
			g.verdict.Accepted++
		default:
			g.verdict.Failing++
		}
	}
}

// Verdict says how what was observed so far compares with the policy.
func (g *Gate) Verdict() Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.verdict
	if v.Failing > 0 {
		v.Reasons = append(v.Reasons, fmt.Sprintf("%s at or above %s, the severity that fail-on gives", count(v.Failing, "note"), g.policy.failOn))
	}
	v.Passed = len(v.Reasons) == 0
	return v
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
