package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
	"sidenote/policy/baseline"
)

func newBaselineCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "baseline",
		Short: "Accept known notes, so that only new ones fail",
		Long: `A baseline is a file of notes that you accept for now. Each entry has the rule, the
place, an owner, a reason and an end date. With --baseline FILE, sidenote shows
these notes but doesn't fail because of them.`,
	}
	group(c).AddCommand(newBaselineUpdateCommand(p), newBaselinePruneCommand(p), newBaselineShowCommand(p))
	return c
}

// A newcomer is what entries get that are added.
type newcomer struct{ owner, reason, expires string }

func newBaselineUpdateCommand(p *program) *cobra.Command {
	var n newcomer
	c := &cobra.Command{
		Use:   "update FILE...",
		Short: "Add the failing notes of saved exchanges to the baseline",
		Long: `Judge recorded exchanges, and add an entry to the baseline for each failing note
that isn't in it yet. Existing entries stay as they are, and expired ones are
renewed. FILE is a HAR, or a JSONL file from --save, as for "sidenote lint".`,
		Example: "  sidenote baseline update --baseline accepted.yaml --owner team-shop --expires 2026-12-31 run.jsonl",
		RunE: func(c *cobra.Command, args []string) error {
			b, err := p.openBaseline(c, args, true)
			if err != nil {
				return err
			}
			return b.update(c.Context(), n)
		},
	}
	addBaselineFlags(c)
	c.Flags().StringVar(&n.owner, "owner", "", "who fixes the added notes")
	c.Flags().StringVar(&n.reason, "reason", "", "why these notes are accepted")
	c.Flags().StringVar(&n.expires, "expires", "", "last `DAY` on which these notes are accepted, such as 2026-12-31")
	return c
}

func newBaselinePruneCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "prune [FILE...]",
		Short: "Remove entries that you no longer need",
		Long: `Remove expired and duplicate entries. With saved exchanges, also remove entries
that match none of their notes.`,
		Example: "  sidenote baseline prune --baseline accepted.yaml run.jsonl",
		RunE: func(c *cobra.Command, args []string) error {
			b, err := p.openBaseline(c, args, false)
			if err != nil {
				return err
			}
			return b.prune(c.Context())
		},
	}
	addBaselineFlags(c)
	return c
}

func newBaselineShowCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "show [FILE...]",
		Short: "List the entries and their state",
		Long: `List the entries of the baseline, and mark the expired ones. With saved exchanges,
count the notes that each entry matches.`,
		Example: "  sidenote baseline show --baseline accepted.yaml run.jsonl",
		RunE: func(c *cobra.Command, args []string) error {
			b, err := p.openBaseline(c, args, false)
			if err != nil {
				return err
			}
			return b.show(c.Context())
		},
	}
	addBaselineFlags(c)
	return c
}

func addBaselineFlags(c *cobra.Command) {
	addSettings(c, policySettings()...)
	addSettings(c, ruleSettings()...)
	addSettings(c, "config")
}

// A baselineRun works on the file of a baseline.
type baselineRun struct {
	*judgeRun
	baseline *baseline.Baseline
}

// openBaseline reads the baseline, or begins one where it may be new, and makes
// ready to judge captures.
func (p *program) openBaseline(c *cobra.Command, args []string, mayBeNew bool) (*baselineRun, error) {
	name := "baseline " + c.Name()
	if mayBeNew && len(args) == 0 {
		return nil, usageErrorf("%s: needs a FILE of saved exchanges; see %q", name, c.CommandPath()+" --help")
	}
	config, err := p.settings(c)
	if err != nil {
		return nil, err
	}
	file, where := config.Baseline, config.Where("baseline")
	if file == "" {
		return nil, usageErrorf("%s: needs a baseline file; add --baseline FILE", name)
	}
	b := &baselineRun{}
	b.baseline, err = readBaseline(file, where)
	if mayBeNew && errors.Is(err, fs.ErrNotExist) {
		b.baseline, err = baseline.New(file, time.Now()), nil
	}
	if err != nil {
		return nil, &codedError{exitUsage, err}
	}
	config.Baseline = "" // it is ours to apply
	if b.judgeRun, err = p.newJudgeRun(name, config, args); err != nil {
		return nil, err
	}
	b.judge.baseline = b.baseline
	return b, nil
}

// update adds what fails.
func (b *baselineRun) update(ctx context.Context, n newcomer) error {
	var expires time.Time
	if n.expires != "" {
		var err error
		if expires, err = baseline.ParseDate(n.expires); err != nil {
			return usageErrorf("baseline update: --expires: %w", err)
		}
	}
	failOn := b.judge.policy.FailOn()
	if failOn == 0 {
		return usageErrorf("baseline update: with --fail-on never no note fails, so there is nothing to accept; use --fail-on info, warn or error")
	}
	added := 0
	oneLineOf := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	accept := func(a *annotate.Annotated) {
		for i := range a.Notes {
			note := &a.Notes[i]
			if note.Severity >= failOn && note.Accepted == "" &&
				b.baseline.Include(baseline.EntryKey(a.X, note), oneLineOf(n.owner), oneLineOf(n.reason), expires) {
				added++
			}
		}
	}
	if err := b.whole(ctx, accept); err != nil {
		return err
	}
	return b.save(fmt.Sprintf("%s added or renewed", wording.Count(added, "entry")))
}

// prune removes what is not needed.
func (b *baselineRun) prune(ctx context.Context) error {
	if err := b.whole(ctx); err != nil {
		return err
	}
	removed := b.baseline.Prune(len(b.inputs) > 0)
	for _, e := range removed {
		why := "was not seen"
		switch {
		case b.baseline.IsExpired(e):
			why = "expired on " + e.Expires.Format(time.DateOnly)
		case e.Seen > 0 || len(b.inputs) == 0:
			why = "is a duplicate"
		}
		fmt.Fprintf(b.program.stdout, "removed %s: it %s\n", printable.Text(e.Key.String(), true), why)
	}
	return b.save(fmt.Sprintf("%s removed", wording.Count(len(removed), "entry")))
}

// save writes the file, whole or not at all.
func (b *baselineRun) save(what string) error {
	if err := saveBaseline(b.baseline); err != nil {
		return err
	}
	fmt.Fprintf(b.program.stdout, "%s: %s, %s in all\n", printable.Text(b.baseline.Name, true), what, wording.Count(len(b.baseline.Entries()), "entry"))
	return nil
}

// show lists the entries.
func (b *baselineRun) show(ctx context.Context) error {
	if err := b.whole(ctx); err != nil {
		return err
	}
	var out strings.Builder
	for _, e := range b.baseline.Entries() {
		fmt.Fprintf(&out, "%s\n", printable.Text(e.Key.String(), true))
		if s := e.Accepted(); s != "" {
			fmt.Fprintf(&out, "  %s\n", printable.Text(s, true))
		}
		if b.baseline.IsExpired(e) {
			out.WriteString("  EXPIRED: it no longer accepts anything\n")
		}
		if len(b.inputs) > 0 {
			fmt.Fprintf(&out, "  matches %s of these exchanges\n", wording.Count(e.Seen, "note"))
		}
	}
	fmt.Fprintf(&out, "%s\n", printable.Text(b.baseline.Summary(), true))
	if _, err := io.WriteString(b.program.stdout, out.String()); err != nil {
		return cannotWrite(err)
	}
	return nil
}
