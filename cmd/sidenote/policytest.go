package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/internal/printable"
	"sidenote/pipeline"
	"sidenote/policy"
	"sidenote/sink/report"
)

func newPolicyCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Test a policy on saved exchanges",
		Long: `A policy defines what passes and what fails: the severity from which notes fail,
other severities for some rules or traffic, expectations, and budgets.`,
	}
	group(c).AddCommand(newPolicyTestCommand(p))
	return c
}

func newPolicyTestCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "test FILE...",
		Short: "Count how often each expectation held on saved exchanges",
		Long: `Judge recorded exchanges by a policy. For each expectation, print how many exchanges
it applied to, and how many met it or broke it. An expectation that applied to no
exchange is probably mistyped. FILE is the same as for "sidenote lint".

The exit code is 0 if the policy passed, and 10 if it failed. It is 11 if the files
hold no exchange, and 2 if a file could not be read completely or if the policy
itself is wrong.`,
		Example: `  sidenote policy test --policy policy.yaml captures/
  sidenote policy test --expect 'fast: duration < 0.5' checkout.har`,
		RunE: func(c *cobra.Command, args []string) error {
			j, err := p.judgeRunOf(c, args)
			if err != nil {
				return err
			}
			return j.testPolicy(c.Context())
		},
	}
	addSettings(c, policySettings()...)
	addSettings(c, ruleSettings()...)
	addSettings(c, "config")
	return c
}

// judgeRunOf makes ready to judge the captures that a command was given.
func (p *program) judgeRunOf(c *cobra.Command, args []string) (*judgeRun, error) {
	name := strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	if len(args) == 0 {
		return nil, usageErrorf("%s: needs a FILE, a folder, or - for standard input; see %q", name, c.CommandPath()+" --help")
	}
	config, err := p.settings(c)
	if err != nil {
		return nil, err
	}
	return p.newJudgeRun(name, config, args)
}

// A judgeRun judges capture files and shows none of their exchanges.
type judgeRun struct {
	captureReader
	judge *judge
}

func (p *program) newJudgeRun(command string, c configs.Config, args []string) (*judgeRun, error) {
	j, err := p.newJudge(&c)
	if err != nil {
		return nil, err
	}
	p.tuneGC()
	p.limitMemory()
	return &judgeRun{judge: j, captureReader: captureReader{
		command: command, program: p, inputs: p.captures(args), progress: p.newProgress(),
	}}, nil
}

// whole judges all files; judged get the result of it. A file that cannot be
// read whole is an error: what is decided of exchanges must not rest on some of
// them.
func (j *judgeRun) whole(ctx context.Context, judged ...func(*annotate.Annotated)) error {
	stages := j.judge.stages(true)
	stages.Judged = judged
	through := pipeline.New(stages)
	j.each = func(x *exchange.Exchange) error {
		_, err := through.Whole(x)
		return err
	}
	err := errors.Join(j.all(ctx), through.Finish(false))
	if err == nil && j.unread > 0 {
		err = &codedError{exitUsage, errSaid}
	}
	return err
}

// testPolicy judges all files and prints how the policy fared.
func (j *judgeRun) testPolicy(ctx context.Context) error {
	if err := j.whole(ctx); err != nil {
		return err
	}
	if j.empty() {
		return j.emptyError()
	}
	if err := printPolicyTest(j.program.stdout, j.judge.policy, j.judge.gate.Verdict()); err != nil {
		return cannotWrite(err)
	}
	j.judge.warn(j.command)
	return j.judge.err(j.command)
}

func printPolicyTest(w io.Writer, p *policy.Policy, v policy.Verdict) error {
	var b strings.Builder
	fmt.Fprintf(&b, "exchanges  %d\n", v.Exchanges)
	fmt.Fprintf(&b, "notes      %d failing, %d accepted by a baseline\n", v.Failing, v.Accepted)
	all := p.Expectations()
	if len(all) > 0 {
		width := len("expectation")
		for _, e := range all {
			width = max(width, len(e.Name))
		}
		fmt.Fprintf(&b, "\n%-*s  about  held  broken\n", width, "expectation")
		for _, e := range all {
			fmt.Fprintf(&b, "%-*s %6d %5d %7d\n", width, e.Name, e.Applied(), e.Applied()-e.Failed(), e.Failed())
		}
	}
	for i, budget := range v.Budgets {
		if i == 0 {
			b.WriteByte('\n')
		}
		outcome := "held"
		if !budget.Held {
			outcome = "BROKEN"
		}
		fmt.Fprintf(&b, "budget %s: %s, %s\n", printable.Text(budget.Budget, true), outcome, printable.Text(budget.Is, true))
	}
	fmt.Fprintf(&b, "\npolicy: %s\n", report.VerdictWord(v.Passed))
	_, err := io.WriteString(w, b.String())
	return err
}
