package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/cmd/sidenote/check"
	"sidenote/configs"
	"sidenote/internal/wholefile"
	"sidenote/internal/wording"
	"sidenote/pipeline"
	"sidenote/sink"
)

// checkOptions are the flags of the check command that are not settings.
type checkOptions struct {
	method, content, status string
	list, module            string
	fields                  []string
	follow                  bool
	maxTime                 time.Duration
	parallel, retries       int
	watch                   time.Duration // from round to round
	watched                 bool          // there is more than one round
	format                  *choice
}

func newCheckCommand(p *program) *cobra.Command {
	o := checkOptions{format: newChoice("text", "json")}
	c := &cobra.Command{
		Use:   "check [URL...]",
		Short: "Request each URL once and judge the answers",
		Long: `Request each URL once and judge the responses as the proxy judges live traffic: a
smoke test without a test suite. Requests use HTTP/1.1. A URL without a scheme
means http for this machine, and https for any other.

A check passes if the response is complete, its status is below 400 (or in
--expect-status), and no note is as severe as --fail-on. With --fail-on never,
notes don't count. sidenote retries only with --retry.

The FILE of --file contains one URL per line, or checks in YAML:

  - name: order
    url: https://api.example/orders
    method: POST
    fields: {Content-Type: application/json}
    content: '{"item": 7}'
    expect:
      status: 201
      json: {/id: {type: integer}}
      duration: 500ms

Other keys are content-file, follow and max-time. expect takes what a policy takes.

--module takes method, headers, body, credentials and conditions from the HTTP
module NAME of a configuration file of blackbox_exporter. check refuses what it
can't do as the module says.

With --watch, check repeats its checks until Ctrl-C, and prints a line when a check
starts to fail or passes again. --admin HOST:PORT serves the results as Prometheus
metrics at /metrics. The exit code is that of the last round.

The exit code is 0 if all checks pass, 10 if one fails, and 2 if the command line
is wrong.`,
		Example: `  sidenote check https://api.example/health
  sidenote check --expect-status 201 -d @order.json -H 'Content-Type: application/json' https://api.example/orders
  sidenote check --follow --max-time 5s example.com/ localhost:8000/
  sidenote check -j 8 -f checks.yaml
  sidenote check --module blackbox.yml:http_2xx https://api.example/health
  sidenote check --watch 30s --admin 127.0.0.1:9115 -f checks.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			return p.check(c, &o, args)
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVarP(&o.method, "request", "X", "", "`METHOD` of the requests (default GET, or POST with --data)")
	f.StringArrayVarP(&o.fields, "header", "H", nil, "`HEADER` to send, as \"Name: value\"; repeatable")
	f.StringVarP(&o.content, "data", "d", "", "`BODY` to send; @FILE reads a file, - reads standard input")
	f.StringVarP(&o.list, "file", "f", "", "`FILE` of URLs or checks; - for standard input")
	f.StringVar(&o.module, "module", "", "request and judge as a module of blackbox_exporter says: `FILE[:NAME]`")
	f.BoolVar(&o.follow, "follow", false, fmt.Sprintf("follow redirects, at most %d", check.MostRedirects))
	f.StringVar(&o.status, "expect-status", "", "`LIST` of statuses that pass, such as 200,3xx or 200-204, or any (default: below 400)")
	f.DurationVar(&o.maxTime, "max-time", 30*time.Second, "longest `TIME` for a check, including redirects")
	f.IntVarP(&o.parallel, "jobs", "j", 1, "`NUMBER` of checks to run at once")
	f.IntVar(&o.retries, "retry", 0, "retry a check up to this `NUMBER` of times if there is no response or an unexpected status")
	f.DurationVar(&o.watch, "watch", 0, "repeat the checks every `DURATION` and print what changes")
	addChoice(c, o.format, "format", "how to print exchanges: text, or json for one record per line")
	addSettings(c, policySettings()...)
	addSettings(c, "update-baseline")
	addSettings(c, ruleSettings()...)
	addSettings(c, "severity", "color", "quiet", "report", "show-secrets",
		"upstream-ca", "insecure-upstream", "upstream-proxy", "no-proxy", "config")
	addSettings(c, "admin", "proxy-auth")
	f.Lookup("admin").DefValue = "off"
	return c
}

// check runs the command.
func (p *program) check(c *cobra.Command, o *checkOptions, args []string) error {
	if err := moduleAlone(c); err != nil {
		return err
	}
	config, err := p.settings(c)
	if err != nil {
		return err
	}
	if c.Flags().Changed("format") {
		config.Format = o.format.value
	}
	o.watched = c.Flags().Changed("watch")
	if err := o.watchable(&config); err != nil {
		return err
	}
	checks, err := p.checks(o, args)
	if err != nil {
		return err
	}
	run, err := p.newCheckRun(config, o, args)
	if err != nil {
		return err
	}
	defer run.reports.close()
	if !o.watched {
		return run.run(c.Context(), checks)
	}
	w := newCheckWatch(run, o.watch, checks)
	if err := w.serve(&config); err != nil {
		return err
	}
	return w.watch(c.Context(), checks)
}

// What is asked of a check at once and again at most.
const (
	maxParallel = 64
	maxRetries  = 100
)

// checks makes a check of each URL.
func (p *program) checks(o *checkOptions, urls []string) ([]check.Check, error) {
	switch {
	case len(urls) == 0 && o.list == "":
		return nil, usageErrorf("check: needs a URL or --file FILE; see \"sidenote check --help\"")
	case o.parallel < 1 || o.parallel > maxParallel:
		return nil, usageErrorf("check: --jobs %d: want a number from 1 to %d", o.parallel, maxParallel)
	case o.retries < 0 || o.retries > maxRetries:
		return nil, usageErrorf("check: --retry %d: want a number from 0 to %d", o.retries, maxRetries)
	case o.maxTime <= 0:
		return nil, usageErrorf("check: --max-time %s: want a duration above 0, such as 5s", o.maxTime)
	}
	model, err := p.checkModel(o)
	if err == nil && o.module != "" {
		model, err = p.checkModule(o, model)
	}
	if err != nil {
		return nil, err
	}
	var checks []check.Check
	for _, s := range urls {
		u, err := check.ParseURL(s)
		if err != nil {
			return nil, usageErrorf("check: %w", err)
		}
		c := model
		c.URL = u.String()
		checks = append(checks, c)
	}
	if o.list == "" {
		return checks, nil
	}
	listed, err := p.checkList(o.list, model)
	return append(checks, listed...), err
}

// checkModule is model with what a module of blackbox_exporter says.
func (p *program) checkModule(o *checkOptions, model check.Check) (check.Check, error) {
	file, name := o.module, ""
	if i := strings.LastIndexByte(file, ':'); i > 0 && !exists(file) {
		file, name = file[:i], file[i+1:]
	}
	text, err := wholefile.Read(file, maxCheckList)
	if err != nil {
		return model, usageErrorf("check: --module: %w", err)
	}
	model, err = check.ParseModule(file, text, name, model)
	if err != nil {
		return model, &codedError{exitUsage, err}
	}
	return model, nil
}

// moduleAlone refuses flags that say what a module says too.
func moduleAlone(c *cobra.Command) error {
	for _, name := range []string{"request", "data", "expect-status", "follow"} {
		if c.Flags().Changed("module") && c.Flags().Changed(name) {
			return usageErrorf("check: --module and --%s both say what to request and expect; leave out one of them", name)
		}
	}
	return nil
}

// maxCheckList bounds a file of checks, in octets.
const maxCheckList = 16 << 20

// checkList reads the file of checks.
func (p *program) checkList(name string, model check.Check) ([]check.Check, error) {
	text, err := p.readInput(name, maxCheckList)
	if err != nil {
		return nil, usageErrorf("check: --file: %w", err)
	}
	if name == "-" {
		name = "standard input"
	}
	checks, err := check.ParseList(name, text, model)
	if err != nil {
		return nil, &codedError{exitUsage, err}
	}
	return checks, nil
}

// readInput reads a file, or standard input for "-", that may have a number of
// octets at most.
func (p *program) readInput(name string, most int64) ([]byte, error) {
	if name == "-" {
		return wholefile.ReadAll(p.stdin, "standard input", most)
	}
	return wholefile.Read(name, most)
}

// checkModel is what the flags say of every check.
func (p *program) checkModel(o *checkOptions) (c check.Check, err error) {
	c = check.Check{Method: http.MethodGet, Follow: o.follow, MaxTime: o.maxTime}
	if o.content != "" {
		c.Method = http.MethodPost
		if c.Content, err = p.checkContent(o.content); err != nil {
			return c, err
		}
	}
	if o.method != "" {
		if c.Method, err = check.ParseMethod(o.method); err != nil {
			return c, usageErrorf("check: --request: %w", err)
		}
	}
	for _, s := range o.fields {
		field, err := check.ParseField(s)
		if err != nil {
			return c, usageErrorf("check: --header: %w", err)
		}
		c.Fields = append(c.Fields, field)
	}
	if c.Expect, err = check.ExpectStatus(o.status, "--expect-status"); err != nil {
		return c, usageErrorf("check: --expect-status: %w", err)
	}
	return c, nil
}

// checkContent reads the value of --data.
func (p *program) checkContent(s string) ([]byte, error) {
	name, isFile := strings.CutPrefix(s, "@")
	if !isFile && s != "-" {
		return []byte(s), nil
	}
	b, err := p.readInput(name, check.MostContent)
	if err != nil {
		return nil, usageErrorf("check: --data: %w", err)
	}
	return b, nil
}

// A checkRun makes checks and prints the result of them.
type checkRun struct {
	program  *program
	runner   check.Runner
	pipeline *pipeline.Pipeline
	judge    *judge
	sink     sink.Sink
	reports  *reports

	// out is where the exchanges are shown; text says that people read them.
	out      io.Writer
	terminal sink.Terminal
	text     bool

	mu     sync.Mutex // guards stderr
	failed int        // checks that did not pass
	all    int
	table  []checkRow // how each went; empty where they are not printed
	quiet  bool
}

func (p *program) newCheckRun(c configs.Config, o *checkOptions, args []string) (*checkRun, error) {
	j, err := p.newJudge(&c)
	if err != nil {
		return nil, err
	}
	ch := &checkRun{program: p, judge: j}
	least := leastShown(&c)
	ch.runner = check.Runner{UserAgent: userAgent(), Parallel: o.parallel, Retries: o.retries, Again: ch.again}
	var adopted string
	if ch.runner.Proxy, adopted, err = p.forwarding(&c); err != nil {
		return nil, err
	}
	if adopted != "" {
		fmt.Fprintf(p.stderr, "sidenote: check: %s\n", adopted)
	}
	if err := p.goThroughOuter(&c, &ch.runner.Proxy); err != nil {
		return nil, err
	}
	ch.runner.Proxy.RunID = newRunID()
	if ch.reports, err = p.openReports(&c, reportOptions(j, least, "sidenote check "+strings.Join(args, " "), ch.runner.Proxy.RunID)); err != nil {
		return nil, err
	}
	ch.out, ch.text, ch.quiet = p.stdout, c.Format != "json", c.Quiet
	if ch.reports.toStdout() {
		ch.out = p.stderr
	}
	ch.terminal = p.terminal(ch.out, c.Color)
	ch.sink = sink.NewJSONLog(ch.out, nil)
	if ch.text {
		ch.sink = sink.NewConsole(ch.out, sink.ConsoleOptions{Terminal: ch.terminal, Least: least, Quiet: c.Quiet})
	}
	stages := j.stages(false)
	stages.Redact, stages.Out = redactor(&c), inPlace{ch.reports, ch.sink}
	ch.pipeline = pipeline.New(stages)
	return ch, nil
}

// userAgent is what checks say of who makes them (RFC 9110 §10.1.5).
func userAgent() string {
	version := strings.TrimPrefix(readVersion().Version, "v")
	if version == "(devel)" {
		return "sidenote"
	}
	return "sidenote/" + version
}

// run makes the checks and says how it went.
func (ch *checkRun) run(ctx context.Context, checks []check.Check) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	ch.all = len(checks)
	err := ch.runner.Run(ctx, checks, ch.result)
	switch {
	case ctx.Err() != nil:
		if err := ch.conclude("it was interrupted; " + onlyUntilThen); err != nil {
			return err
		}
		return interrupted("check")
	case err != nil: // without a report: there is no verdict
		_ = ch.sink.Close()
		return err
	}
	if err := errors.Join(ch.conclude(), ch.judge.writeBaseline("check")); err != nil {
		return err
	}
	ch.judge.warn("check")
	switch {
	case ch.failed > 0 && ch.text && ch.terminal.TTY: // the summary says why
		return &codedError{exitPolicy, errSaid}
	case ch.failed > 0:
		return &codedError{exitPolicy, errors.New("check: " + ch.reason())}
	}
	return ch.judge.err("check")
}

// reason says how many checks did not pass.
func (ch *checkRun) reason() string {
	if ch.all == 1 {
		return "the check failed"
	}
	return fmt.Sprintf("%d of %s failed", ch.failed, wording.Count(ch.all, "check"))
}

// conclude writes the reports and the summary; why are reasons why the run did
// not pass, beside its checks.
func (ch *checkRun) conclude(why ...string) error {
	if ch.failed > 0 {
		why = append(why, ch.reason())
	}
	made, failed := ch.reports.finish(judged(ch.judge, why...))
	err := ch.sink.Close()
	if ch.text {
		if ch.all > 1 {
			err = errors.Join(err, writeText(ch.out, checkTable(ch.table, ch.terminal)))
		}
		err = errors.Join(err, ch.program.printSummary(ch.out, made, ch.terminal))
	}
	if err != nil {
		return cannotWrite(err)
	}
	return failed
}

// again says that a check is made again.
func (ch *checkRun) again(r *check.Result, why string, pause time.Duration) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	fmt.Fprintf(ch.program.stderr, "sidenote: check: %s: %s; try %d of %d in %s\n",
		oneLine(r.Check.URL), oneLine(why), r.Try+1, ch.runner.Retries+1, pause)
}

// result judges and prints the result of a check.
func (ch *checkRun) result(r *check.Result) error {
	failed, _, err := ch.judgeResult(r)
	if err == nil && ch.text && (failed || !ch.quiet) {
		ch.table = append(ch.table, rowOf(r, failed))
	}
	return err
}

// judgeResult judges the result of a check, and returns the notes on all of its
// exchanges. One that failed by itself has not passed, whatever the rules say of
// that.
func (ch *checkRun) judgeResult(r *check.Result) (failed bool, notes []annotate.Note, err error) {
	failed = r.Failed() != ""
	for i, x := range r.Exchanges {
		var unmet []func([]annotate.Note) []annotate.Note
		if i == len(r.Exchanges)-1 {
			unmet = append(unmet, r.Unmet)
		}
		a, err := ch.pipeline.Whole(x, unmet...)
		if err != nil {
			return failed, notes, cannotWrite(err)
		}
		failed = failed || ch.pipeline.Fails(a)
		notes = append(notes, a.Notes...)
	}
	if failed {
		ch.failed++
	}
	return failed, notes, nil
}
