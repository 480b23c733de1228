package policy

import (
	"fmt"
	"sync"

	"sidenote/annotate"
	"sidenote/internal/wording"
)

// A Gate judges exchanges by a policy and returns the verdict. It is safe for
// concurrent use.
type Gate struct {
	policy *Policy

	mu      sync.Mutex
	verdict Verdict
	tallies []*tally
}

// A Verdict is whether exchanges were good enough, and why not.
type Verdict struct {
	Passed   bool
	Reasons  []string // why it did not pass, a clause each, in a fixed order
	Warnings []string // what looks like a mistake in the policy or baseline, a clause each

	Exchanges int // that were judged
	Failing   int // notes at or above the severity that fails
	Accepted  int // notes that would, had a baseline not accepted them

	Budgets []BudgetResult // in the order of the policy
}

// A BudgetResult is how one budget fared.
type BudgetResult struct {
	Budget string // "p95 800ms of GET api.test/**"
	Is     string // "about 620ms over 31 exchanges"
	Held   bool
}

// NewGate makes a gate that nothing has passed through.
func (p *Policy) NewGate() *Gate {
	g := &Gate{policy: p}
	for _, b := range p.budgets {
		g.tallies = append(g.tallies, &tally{budget: b})
	}
	return g
}

// Policy returns the policy by which the gate judges.
func (g *Gate) Policy() *Policy { return g.policy }

// Observe counts an exchange that has ended, with all its notes. Secrets need
// not have been taken out: nothing of it is kept but the URIs of redirects.
func (g *Gate) Observe(a *annotate.Annotated) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !a.Late {
		g.verdict.Exchanges++
		for _, t := range g.tallies {
			t.observe(a.X)
		}
	}
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
		v.Reasons = append(v.Reasons, fmt.Sprintf("%s at or above %s (fail-on)", wording.Count(v.Failing, "note"), g.policy.failOn))
	}
	for _, t := range g.tallies {
		result := t.result()
		v.Budgets = append(v.Budgets, result)
		if !result.Held {
			v.Reasons = append(v.Reasons, fmt.Sprintf("over the budget %s: %s", result.Budget, result.Is))
		}
	}
	for _, e := range g.policy.expects {
		if e.Applied() == 0 {
			v.Warnings = append(v.Warnings, fmt.Sprintf("no exchange matched the expectation %s (%s): %s", e.Name, e.Where, e.About()))
		}
	}
	v.Passed = len(v.Reasons) == 0
	return v
}
