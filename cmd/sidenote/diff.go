package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/diff"
	"sidenote/exchange"
	"sidenote/internal/wholefile"
	"sidenote/internal/wording"
	"sidenote/pipeline"
	"sidenote/sink"
)

func newDiffCommand(p *program) *cobra.Command {
	settings := append(ruleSettings(), "config", "no-config")
	d := &diffRun{program: p, format: newChoice(diffFormats()...), failOn: newChoice(configs.ChangesThatFail()...)}
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare what two runs did over HTTP",
		Long: `Compare two runs: A before, B after. Each is a JSONL file from --save, a HAR, or a
folder of them. sidenote compares the exchanges of each operation (method, host and
path template): statuses, headers and the form of their values, JSON members and
their types, redirects, cookies, caching, TLS, notes, times and the number of calls.

IDs, times, nonces and the order of things don't count as changes. To teach
sidenote what else varies, give more runs of A's version with --noise.

The exit code is 0 if nothing changed that --fail-on names, and 10 if something did.
It is 11 if a run has no exchanges, and 2 if a file could not be read completely.`,
		Example: `  sidenote diff before.jsonl after.jsonl
  sidenote diff --noise before2.jsonl before.jsonl after.jsonl
  sidenote diff --fail-on any --report markdown=diff.md main.har branch.har`,
		RunE: func(c *cobra.Command, args []string) error {
			if d.baseline != "" {
				args = append([]string{d.baseline}, args...)
			}
			if err := d.check(args); err != nil {
				return err
			}
			config, err := p.settingsOf(c, settings)
			if err != nil {
				return err
			}
			if d.judge, err = p.newJudge(&config); err != nil {
				return err
			}
			p.tuneGC()
			return d.run(c.Context(), args[0], args[1])
		},
	}
	addChoice(c, d.format, "format", "how to print the changes")
	addChoice(c, d.failOn, "fail-on", "which changes fail, with exit code 10")
	c.Flags().StringArrayVar(&d.noise, "noise", nil, "`FILE` of another run of A's version, to learn what varies (repeatable)")
	c.Flags().StringArrayVar(&d.reports, "report", nil, "also write the changes as `FORMAT=FILE`, such as markdown=diff.md (repeatable)")
	c.Flags().StringVar(&d.baseline, "baseline-run", "", "`FILE` to use as A: the one that \"sidenote run --baseline-run\" keeps")
	addSettings(c, ruleSettings()...)
	addSettings(c, "config")
	c.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "fail-on-changes" { // as run has it
			name = "fail-on"
		}
		return pflag.NormalizedName(name)
	})
	return c
}

// settingsOf is settings for a command that has flags of its own with the names of
// settings: only those in names are theirs.
func (p *program) settingsOf(c *cobra.Command, names []string) (configs.Config, error) {
	flags := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if slices.Contains(names, f.Name) {
			flags.AddFlag(f)
		}
	})
	config, _, err := configs.Load(flags, p.environ, p.folder())
	if err != nil {
		return config, &codedError{exitUsage, err}
	}
	if config.Found {
		fmt.Fprintf(p.stderr, "sidenote: %s\n", settingsFrom(&config))
	}
	return config, nil
}

// diffFormats are the forms in which changes are written.
func diffFormats() []string { return []string{"text", "markdown", "json", "html"} }

// A diffRun compares captures.
type diffRun struct {
	program        *program
	judge          *judge
	format, failOn *choice
	noise, reports []string
	baseline       string
}

// check finds what is wrong with the command line.
func (d *diffRun) check(args []string) error {
	switch {
	case len(args) < 2:
		return usageErrorf(`diff: needs two runs to compare, as in "sidenote diff before.jsonl after.jsonl"; see "sidenote diff --help"`)
	case len(args) > 2:
		return usageErrorf("diff: takes two runs, not %d; give each further run of A's version with its own --noise", len(args))
	case args[0] == "-" && args[1] == "-":
		return usageErrorf("diff: only one of the two runs can be standard input")
	}
	return checkDiffReports("diff", "--report", d.reports)
}

// checkDiffReports finds what is wrong with FORMAT=FILE.
func checkDiffReports(command, flag string, reports []string) error {
	for _, r := range reports {
		format, file, ok := strings.Cut(r, "=")
		switch {
		case !ok || file == "":
			return usageErrorf("%s: %s %q: want FORMAT=FILE, such as markdown=diff.md", command, flag, r)
		case !slices.Contains(diffFormats(), format):
			return usageErrorf("%s: %s: %s", command, flag, wording.NotOneOf(format, diffFormats()))
		}
	}
	return nil
}

func (d *diffRun) run(ctx context.Context, before, after string) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	sides := make([]*diff.Side, 0, 2+len(d.noise))
	for _, name := range append([]string{before, after}, d.noise...) {
		side, err := d.program.readSide(ctx, "diff", name, d.judge)
		if err != nil {
			return err
		}
		sides = append(sides, side)
	}
	report := diff.Compare(sides[0], sides[1], sides[2:]...)
	names := diff.Names{Before: before, After: after}
	if err := writeDiff(d.program.stdout, d.format.value, report, names, isPlain(d.program.terminal(d.program.stdout, "auto"))); err != nil {
		return cannotWrite(err)
	}
	if err := writeDiffReports("diff", d.reports, report, names); err != nil {
		return err
	}
	if why := failingChanges(report, d.failOn.value); why != "" {
		return &codedError{exitPolicy, errors.New("diff: " + why)}
	}
	return nil
}

// readSide reads a run. It must be read whole: what is missing would look like a
// change.
func (p *program) readSide(ctx context.Context, command, name string, j *judge) (*diff.Side, error) {
	side := diff.NewSide()
	compared := newCompared(side, pipeline.New(j.alone()))
	redact := exchange.NewRedactor(nil)
	r := captureReader{command: command, program: p, inputs: p.captures([]string{name}), progress: p.newProgress(), each: func(x *exchange.Exchange) error {
		return compared.Write(&annotate.Annotated{X: redact.Redact(x, true)})
	}}
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	switch {
	case r.unread > 0:
		return nil, &codedError{exitUsage, errSaid}
	case side.Exchanges() == 0:
		return nil, &codedError{exitLacks, fmt.Errorf("%s: %s has no exchanges to compare", command, name)}
	}
	return side, nil
}

// A compared is a sink that counts exchanges for one side of a comparison.
type compared struct {
	side  *diff.Side
	again *pipeline.Pipeline // makes the notes, also those that are said once only
}

func newCompared(side *diff.Side, again *pipeline.Pipeline) *compared {
	return &compared{side, again}
}

// Write counts an exchange. Its secrets have been taken out.
func (c *compared) Write(a *annotate.Annotated) error {
	if a.Late { // it was counted when it ended
		return nil
	}
	c.side.Add(c.again.Again(a.X))
	return nil
}

// Close does nothing.
func (*compared) Close() error { return nil }

// writeDiff writes a report in one of its formats.
func writeDiff(w io.Writer, format string, r *diff.Report, names diff.Names, ascii bool) error {
	switch format {
	case "markdown":
		return r.WriteMarkdown(w, names)
	case "json":
		return r.WriteJSON(w, names)
	case "html":
		return r.WriteHTML(w, names)
	}
	return r.WriteText(w, names, ascii)
}

// isPlain reports whether text for people has to be ASCII, as all that is not for a
// terminal has.
func isPlain(t sink.Terminal) bool { return t.ASCII || !t.TTY }

// writeDiffReports writes the files of FORMAT=FILE.
func writeDiffReports(command string, reports []string, r *diff.Report, names diff.Names) error {
	for _, asked := range reports {
		format, file, _ := strings.Cut(asked, "=")
		err := wholefile.Replace(file, publicMode, func(w io.Writer) error {
			b := bufio.NewWriter(w)
			return errors.Join(writeDiff(b, format, r, names, false), b.Flush())
		})
		if err != nil {
			return &codedError{exitFailed, fmt.Errorf("%s: %w", command, err)}
		}
	}
	return nil
}

// failingChanges says why changes fail, "" if they do not. failOn is one of
// configs.ChangesThatFail.
func failingChanges(r *diff.Report, failOn string) string {
	breaking := r.Count(diff.Breaking)
	switch {
	case failOn == "breaking" && breaking > 0:
		return wording.Count(breaking, "breaking change")
	case failOn == "any" && len(r.Rows) > 0:
		return r.Summary()
	}
	return ""
}
