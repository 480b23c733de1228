// Package policy says what is good enough: from which severity a note fails a
// run, which rules weigh more or less for some traffic, what is expected of
// exchanges, and which budgets hold for all of them together.
package policy

import "sidenote/annotate"

// A Policy is what a run is judged by. It does not change once rules were made
// of it, and is then safe for concurrent use.
type Policy struct {
	failOn annotate.Severity // 0 for never
}

// DefaultFailOn is the severity that fails where none is said.
const DefaultFailOn = annotate.Error

// Never is what is written for a severity that lets every note pass.
const Never = "never"

// Default gives the policy that holds where none is given.
func Default() *Policy { return &Policy{failOn: DefaultFailOn} }

// FailOn is the lowest severity of a note that fails; 0 for none.
func (p *Policy) FailOn() annotate.Severity { return p.failOn }

// SetFailOn sets the lowest severity of a note that fails: "info", "warn",
// "error" or "never".
func (p *Policy) SetFailOn(s string) error {
	if s == Never {
		p.failOn = 0
		return nil
	}
	severity, err := annotate.ParseSeverity(s)
	if err != nil {
		return err
	}
	p.failOn = severity
	return nil
}
