package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/internal/wording"
	"sidenote/pipeline"
	"sidenote/sink"
)

func newLintCommand(p *program) *cobra.Command {
	format := newChoice("text", "json")
	var o lintOptions
	c := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Judge the exchanges of a HAR or JSONL file",
		Long: `Judge recorded exchanges as the proxy judges live ones. FILE is a HAR from a
browser or another proxy, a JSONL file from --save, a folder (for all captures
below it), or - for standard input. A file may be compressed (.har.gz, .har.zip),
hold several HARs, or have one entry a line. Entries are numbered from 0, as in
jq's .log.entries[0], in the output and in errors. At the end lint says which
rules were silent, because the capture does not have what they read. Rules over
several exchanges look at each file by itself; with --join they look at all files
as one conversation.


The exit code is 0 if no note is as severe as --fail-on, and 10 if one is. It is 11
if the files hold no exchange, and 2 if a file could not be read completely. lint
still judges the other files.`,
		Example: `  sidenote lint checkout.har
  sidenote lint --fail-on warn --rules 'cookie/*=off' captures/
  sidenote lint --format json - < checkout.har
  sidenote lint --watch exchanges.jsonl`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageErrorf("lint: needs a FILE, a folder, or - for standard input; see %q", c.CommandPath()+" --help")
			}
			if i := slices.IndexFunc(args, isURL); i >= 0 {
				return usageErrorf("lint: reads files, and %s is a URL; to request it: \"sidenote check %s\"", args[i], args[i])
			}
			if err := o.check(args); err != nil {
				return err
			}
			config, err := p.settings(c)
			if err != nil {
				return err
			}
			if c.Flags().Changed("format") {
				config.Format = format.value
			}
			l, err := p.newLintRun(config, args, o)
			if err != nil {
				return err
			}
			p.tuneGC()
			p.limitMemory()
			defer l.reports.close()
			return l.run(c.Context())
		},
	}
	addChoice(c, format, "format", "how to print exchanges: text, or json for one record per line")
	c.Flags().BoolVar(&o.join, "join", false, "take all files for one conversation, as of several proxies")
	c.Flags().BoolVar(&o.watch, "watch", false, "judge what is added to FILE, until Ctrl-C")
	addSettings(c, policySettings()...)
	addSettings(c, "update-baseline")
	addSettings(c, ruleSettings()...)
	addSettings(c, "severity", "color", "quiet", "filter", "report", "show-secrets", "config")
	return c
}

// lintOptions are the flags of the lint command that are not settings.
type lintOptions struct{ join, watch bool }

// check refuses what cannot be watched.
func (o lintOptions) check(args []string) error {
	switch {
	case !o.watch:
		return nil
	case len(args) > 1:
		return usageErrorf("lint: --watch takes one FILE, not %d; start one lint for each", len(args))
	case args[0] == "-":
		return usageErrorf("lint: --watch needs the name of a file; lint reads standard input to its end without --watch: \"sidenote lint -\"")
	}
	if info, err := os.Stat(args[0]); err == nil && !info.Mode().IsRegular() {
		return usageErrorf("lint: --watch takes one file, and %s isn't one; name a HAR or JSONL file", args[0])
	}
	return nil
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// memoryLimit is what the garbage collector tries to stay below, in octets. Only
// entries of many megabytes come near it.
const memoryLimit = 64 << 20

// limitMemory sets that limit, unless the user set one.
func (p *program) limitMemory() {
	if _, set := p.lookup("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// A lintRun judges capture files, one exchange at a time and in their order.
type lintRun struct {
	captureReader
	config   configs.Config
	pipeline *pipeline.Pipeline
	least    annotate.Severity // lowest that is shown
	judge    *judge
	reports  *reports
	terminal sink.Terminal // where the exchanges are shown
	text     bool
	sink     sink.Sink
	out      *bufio.Writer // behind the sink
	watch    bool          // the file grows
}

func (p *program) newLintRun(c configs.Config, args []string, o lintOptions) (*lintRun, error) {
	j, err := p.newJudge(&c)
	if err != nil {
		return nil, err
	}
	l := &lintRun{
		captureReader: captureReader{command: "lint", program: p, inputs: p.captures(args), progress: p.newProgress()},
		config:        c, judge: j, text: c.Format != "json", least: leastShown(&c), watch: o.watch,
	}
	if o.watch {
		l.progress = nil // there is no end that it could show the way to
	}
	if err := notTheSameFile(c.Reports, l.inputs); err != nil {
		return nil, err
	}
	if l.reports, err = p.openReports(&c, reportOptions(j, l.least, "sidenote lint "+strings.Join(args, " "), "")); err != nil {
		return nil, err
	}
	if err := l.openSink(); err != nil {
		return nil, err
	}
	stages := j.stages(!o.watch)
	stages.Redact, stages.Out = redactor(&c), inPlace{l.reports, l.sink}
	l.pipeline = pipeline.New(stages)
	l.each, l.flush = l.exchange, l.out.Flush
	l.ended = func() error { return l.pipeline.Finish(!o.join) }
	return l, nil
}

// openSink makes what exchanges are written to. A terminal gets each at once.
func (l *lintRun) openSink() error {
	wanted, err := parseFilter("filter", l.config.Filter)
	if err != nil {
		return err
	}
	out := l.program.stdout
	if l.reports.toStdout() {
		out = l.program.stderr
	}
	l.terminal = l.program.terminal(out, l.config.Color)
	size := 64 << 10
	if l.terminal.TTY || l.watch {
		size = 1 // bufio passes on what is larger than its buffer
	}
	l.out = bufio.NewWriterSize(clearFirst{out, l.progress}, size)
	if !l.text {
		l.sink = only(sink.NewJSONLog(l.out, nil), wanted)
		if l.config.Quiet {
			l.sink = only(l.sink, func(a *annotate.Annotated) bool { return a.Verdict() >= l.least || a.X.Err != nil })
		}
		return nil
	}
	l.sink = sink.NewConsole(l.out, sink.ConsoleOptions{
		Terminal: l.terminal, Least: l.least, Quiet: l.config.Quiet, Wanted: wanted,
	})
	return nil
}

// run judges all files and says how it went, also when a signal ends it early.
func (l *lintRun) run(ctx context.Context) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	read := l.all
	if l.watch {
		read = newFollower(&l.captureReader).follow
	}
	ended := read(ctx)
	v := verdictOf(l.judge)
	switch {
	case ended != nil && ctx.Err() == nil:
		return ended
	case ended != nil:
		v = judged(l.judge, "it was interrupted; "+onlyUntilThen)
	case l.unread > 0: // which may be what fails
		v = judged(l.judge, wording.Count(l.unread, "file")+" could not be read whole")
	case l.empty():
		v = judged(l.judge, nothingToJudge)
	}
	made, failed := l.reports.finish(v)
	err := l.sink.Close()
	if l.text {
		err = errors.Join(err, writeUnjudged(l.out, l.about.Sentences(l.judge.rules.Rules())), writeForgotten(l.out, l.judge.stories), l.program.printSummary(l.out, made, l.terminal))
	}
	if err := errors.Join(err, l.out.Flush()); err != nil {
		return cannotWrite(err)
	}
	if ended == nil {
		l.judge.warn(l.command)
		failed = errors.Join(failed, l.judge.writeBaseline(l.command))
	}
	switch {
	case failed != nil:
		return failed
	case ended != nil:
		return ended
	case l.unread > 0:
		return &codedError{exitUsage, errSaid}
	case l.empty():
		return l.emptyError()
	case l.text && l.terminal.TTY && !made.Verdict.Passed: // the summary says why
		return &codedError{exitPolicy, errSaid}
	}
	return l.judge.err("lint")
}

// exchange judges one exchange and prints it.
func (l *lintRun) exchange(x *exchange.Exchange) error {
	if l.text {
		x.ID = x.Source.File + ":" + strconv.Itoa(x.Source.Entry)
	}
	_, err := l.pipeline.Whole(x)
	return err
}

// clearFirst takes the progress bar away before something else is written to
// the same terminal.
type clearFirst struct {
	w io.Writer
	p *progress
}

func (c clearFirst) Write(b []byte) (int, error) {
	c.p.clear()
	return c.w.Write(b)
}
