package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/conversation"
	"sidenote/configs"
	"sidenote/internal/wholefile"
	"sidenote/internal/wording"
	"sidenote/pipeline"
	"sidenote/policy"
	"sidenote/policy/baseline"
	"sidenote/sink/report"
)

// policySettings are the settings that every command which judges has.
func policySettings() []string {
	return []string{"policy", "fail-on", "expect", "budget", "baseline", "print-policy"}
}

// A judge is what a pipeline judges exchanges by, and says the result of it.
type judge struct {
	policy   *policy.Policy
	gate     *policy.Gate
	baseline *baseline.Baseline  // nil for none
	rules    *ruleSet            // that are on, expectations among them
	stories  *conversation.State // what several exchanges say together
	asked    bool                // someone said what is good enough
	updates  bool                // the baseline takes what fails, and is written at the end
	stderr   io.Writer
}

// stages returns the options of a pipeline that judges, and hands nothing on.
// Exchanges are those of captures, or come as they end.
func (j *judge) stages(captures bool) pipeline.Options {
	o := j.alone()
	j.stories = j.rules.newState(captures)
	o.Stories = j.stories
	return o
}

// alone returns the options of a pipeline that looks at each exchange by itself.
func (j *judge) alone() pipeline.Options {
	return pipeline.Options{Rules: j.rules.Set, Gate: j.gate, Baseline: j.baseline}
}

// newJudge makes the rules and the policy ready that a configuration asks for,
// and says which policy it is. One that cannot be read is a failure of the
// program: a broken gate lets nothing pass.
func (p *program) newJudge(c *configs.Config) (*judge, error) {
	j := &judge{stderr: p.stderr}
	var err error
	if j.policy, err = loadPolicy(c); err != nil {
		return nil, &codedError{exitUsage, err}
	}
	if j.rules, err = newRuleSet(c, j.policy); err != nil {
		return nil, err
	}
	j.asked = c.WasSet("fail-on") || c.Policy != "" || c.PolicyPart != nil || c.Baseline != "" || !j.policy.IsPlain()
	if c.Baseline != "" {
		j.baseline, err = readBaseline(c.Baseline, c.Where("baseline"))
		if c.UpdateBaseline && errors.Is(err, fs.ErrNotExist) {
			j.baseline, err = baseline.New(c.Baseline, time.Now()), nil
		}
		if err != nil {
			return nil, &codedError{exitUsage, err}
		}
	}
	if j.updates = c.UpdateBaseline; j.updates {
		if err := j.adopt(c); err != nil {
			return nil, err
		}
	}
	j.gate = j.policy.NewGate()
	showWhatFails(c, j.policy)
	j.announce(c)
	return j, nil
}

// adopt has the baseline take what fails.
func (j *judge) adopt(c *configs.Config) error {
	where := c.Where("update-baseline")
	switch {
	case j.baseline == nil:
		return usageErrorf("%s: needs the file to write: give --baseline FILE as well", where)
	case j.policy.FailOn() == 0:
		return usageErrorf("%s: no note fails, so there is nothing to accept: give --fail-on info, warn or error", where)
	}
	j.baseline.Adopt(j.policy.FailOn())
	return nil
}

// writeBaseline writes the baseline that took what fails, and says what it took
// and what it left out.
func (j *judge) writeBaseline(command string) error {
	if !j.updates {
		return nil
	}
	b := j.baseline
	if err := saveBaseline(b); err != nil {
		return err
	}
	added, leftOut := b.Adopted()
	said := fmt.Sprintf("%s added or renewed, %s in all", wording.Count(added, "entry"), wording.Count(len(b.Entries()), "entry"))
	if leftOut > 0 {
		said += fmt.Sprintf("; left out %s that --fail-on %s doesn't fail", wording.Count(leftOut, "warning"), j.policy.FailOn())
	}
	fmt.Fprintf(j.stderr, "sidenote: %s: baseline %s: %s\n", command, oneLine(b.Name), said)
	return nil
}

// saveBaseline writes the file of a baseline, whole or not at all.
func saveBaseline(b *baseline.Baseline) error {
	if err := wholefile.ReplaceBytes(b.Name, publicMode, b.Bytes()); err != nil {
		return &codedError{exitFailed, fmt.Errorf("the baseline: %w", wholefile.Unwritable(b.Name, err))}
	}
	return nil
}

// showWhatFails has notes shown that fail, unless the user said what to show:
// who reads that something failed wants to see what.
func showWhatFails(c *configs.Config, p *policy.Policy) {
	if !c.WasSet("severity") && p.FailOn() != 0 && p.FailOn() < leastShown(c) {
		c.Severity = p.FailOn().String()
	}
}

// leastShown is the lowest severity of a note that is shown.
func leastShown(c *configs.Config) annotate.Severity {
	s, _ := annotate.ParseSeverity(c.Severity) // one of its choices
	return s
}

// loadPolicy puts the policy together: its file, or its part of the
// configuration file, and then what single settings say.
func loadPolicy(c *configs.Config) (p *policy.Policy, err error) {
	switch {
	case c.PolicyPart != nil:
		p, err = policy.ParseNode(c.PolicyPart.File, c.PolicyPart.Node)
	case c.Policy != "":
		p, err = readPolicy(c.Policy, c.Where("policy"))
	default:
		p = policy.Default()
	}
	if err != nil {
		return nil, err
	}
	if c.WasSet("fail-on") {
		if err := p.SetFailOn(c.FailOn, c.Where("fail-on")); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Where("fail-on"), err)
		}
	}
	for _, e := range c.Expect {
		if err := p.Expect(e, c.Where("expect")); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Where("expect"), err)
		}
	}
	for _, b := range c.Budget {
		name, value, _ := strings.Cut(b, "=")
		if err := p.Budget(name, value, c.Where("budget")); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Where("budget"), err)
		}
	}
	return p, nil
}

// maxPolicy bounds the files of policy and baseline, in octets.
const maxPolicy = 1 << 20

func readPolicy(name, where string) (*policy.Policy, error) {
	text, err := readBounded(name, where, "name a policy file")
	if err != nil {
		return nil, err
	}
	return policy.Parse(name, text)
}

func readBaseline(name, where string) (*baseline.Baseline, error) {
	text, err := readBounded(name, where, "\"sidenote baseline update\" writes one")
	if err != nil {
		return nil, err
	}
	return baseline.Parse(name, text, time.Now())
}

// readBounded reads a file that a setting names; fix says what to do when it
// cannot be read.
func readBounded(name, where, fix string) ([]byte, error) {
	text, err := wholefile.Read(name, maxPolicy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; %s", where, err, fix)
	}
	return text, nil
}

// announce says what the policy is: in one line where there is one at all, and
// in full when that was asked for.
func (j *judge) announce(c *configs.Config) {
	known := ""
	if j.baseline != nil {
		known = j.baseline.Summary()
	}
	switch {
	case c.PrintPolicy && known == "":
		fmt.Fprintf(j.stderr, "sidenote: the policy\n%s\n", printableLines(j.policy.String()))
	case c.PrintPolicy:
		fmt.Fprintf(j.stderr, "sidenote: the policy\n%s\n  accepts  %s\n", printableLines(j.policy.String()), oneLine(known))
	case known != "":
		fmt.Fprintf(j.stderr, "sidenote: policy: %s; %s\n", j.policy.Summary(), oneLine(known))
	case !j.policy.IsPlain():
		fmt.Fprintf(j.stderr, "sidenote: policy: %s\n", j.policy.Summary())
	}
}

// closing is the last word of the summary, for those who said what is good
// enough: to others a verdict would be a riddle.
func (j *judge) closing() string {
	v := j.gate.Verdict()
	if !j.asked || v.Passed && !j.policy.CanFail() {
		return ""
	}
	return "policy: " + report.VerdictWord(v.Passed)
}

// warn says what looks like a mistake in policy or baseline, once all was
// observed.
func (j *judge) warn(command string) {
	warnings := j.gate.Verdict().Warnings
	if j.baseline != nil {
		warnings = append(warnings, j.baseline.Warnings()...)
	}
	for _, warning := range warnings {
		fmt.Fprintf(j.stderr, "sidenote: %s: warning: %s\n", command, oneLine(warning))
	}
}

// err is the error of a command that was to judge; nil when all was good enough.
func (j *judge) err(command string) error {
	v := j.gate.Verdict()
	if v.Passed {
		return nil
	}
	return &codedError{exitPolicy, fmt.Errorf("%s: %s", command, strings.Join(v.Reasons, "; "))}
}
