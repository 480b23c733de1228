package main

import (
	"fmt"
	"strings"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/policy"
)

// policySettings are the settings that every command which judges has.
func policySettings() []string { return []string{"fail-on"} }

// A judge says of every exchange what the policy makes of its notes, and of
// all of them whether they are good enough.
type judge struct {
	policy *policy.Policy
	gate   *policy.Gate
}

// newJudge makes the policy ready that a configuration gives. A policy that
// cannot be read is a failure of the program: a broken gate lets nothing pass.
func newJudge(c *configs.Config) (*judge, error) {
	p := policy.Default()
	if c.WasSet("fail-on") {
		if err := p.SetFailOn(c.FailOn); err != nil {
			return nil, &codedError{exitFailed, fmt.Errorf("--fail-on: %w", err)}
		}
	}
	return &judge{policy: p, gate: p.NewGate()}, nil
}

// observe counts an exchange that has ended.
func (j *judge) observe(a *annotate.Annotated) {
	if j != nil {
		j.gate.Observe(a)
	}
}

// fails reports whether a note of an exchange fails by itself.
func (j *judge) fails(a *annotate.Annotated) bool {
	return j.policy.FailOn() != 0 && a.Verdict() >= j.policy.FailOn()
}

// closing is the last word of the summary.
func (j *judge) closing() string {
	switch v := j.gate.Verdict(); {
	case !v.Passed:
		return "policy: FAIL"
	case j.policy.FailOn() == 0:
		return ""
	}
	return "policy: ok"
}

// err is the error of a command that was to judge; nil when all was good enough.
func (j *judge) err(command string) error {
	v := j.gate.Verdict()
	if v.Passed {
		return nil
	}
	return &codedError{exitPolicy, fmt.Errorf("%s: %s", command, strings.Join(v.Reasons, "; "))}
}
