package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"sidenote/cmd/sidenote/child"
	"sidenote/configs"
	"sidenote/internal/wording"
	"sidenote/sink/report"
)

// finish ends the proxy when the command has ended, judges, and returns the error
// with the exit code of the run.
func (r *commandRun) finish(ctx context.Context, g *errgroup.Group, end child.End, seen child.Seen) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := r.shutdown(ctx, "grace", r.config.Grace)
	stop()
	if serveErr := g.Wait(); serveErr != nil {
		err = serveErr
	}
	seen = r.withoutAllowed(seen)
	r.sayBypass(seen)
	bypassed := r.bypassed(seen)
	err = errors.Join(err, r.judge.writeBaseline("run"))
	changed, diffErr := r.outputs.changes.finish(r.outputs.out, r.plan.title, isPlain(r.program.terminal(r.outputs.out, r.config.Color)))
	err = errors.Join(err, diffErr, r.conclude(r.judged(bypassed, changed)))
	r.judge.warn("run")
	code, reasons := r.verdict(end, err, bypassed, changed)
	keepErr := r.outputs.changes.keep(code == exitOK)
	if code == exitOK {
		return keepErr
	}
	if r.judge.gate.Verdict().Exchanges == 0 && r.config.RequireTraffic {
		r.diagnose(seen)
	}
	if code == exitPolicy && r.config.Format != "json" { // the summary says why, on the same stream
		return &codedError{code, errSaid}
	}
	return &codedError{code, fmt.Errorf("run: %s", strings.Join(reasons, "; "))}
}

// judged is the verdict on the exchanges, whatever became of the command;
// bypassed is why those that were not seen fail it, changed why what differs from
// an earlier run does, "" if they do not.
func (r *commandRun) judged(bypassed, changed string) report.Verdict {
	var why []string
	for _, s := range []string{bypassed, changed, lacks(&r.config, r.judge.gate.Verdict().Exchanges)} {
		if s != "" {
			why = append(why, s)
		}
	}
	return judged(r.judge, why...)
}

// verdict returns the exit code of the run, and what led to it: the first reason
// is the one that the code stands for.
func (r *commandRun) verdict(end child.End, failure error, bypassed, changed string) (code int, reasons []string) {
	add := func(c int, format string, args ...any) {
		if code == exitOK {
			code = c
		}
		reasons = append(reasons, fmt.Sprintf(format, args...))
	}
	if end.ExitCode() != exitOK {
		add(end.ExitCode(), "%s", howItEnded(r.command.Args, end))
	}
	if failure != nil {
		add(exitFailed, "%v", failure)
	}
	v := r.judge.gate.Verdict()
	if !v.Passed {
		add(exitPolicy, "%s", strings.Join(v.Reasons, "; "))
	}
	for _, why := range []string{bypassed, changed} {
		if why != "" {
			add(exitPolicy, "%s", why)
		}
	}
	if lack := lacks(&r.config, v.Exchanges); lack != "" {
		add(exitLacks, "%s", lack)
	}
	return code, reasons
}

// lacks says what is wrong with the number of exchanges; "" when it is enough.
func lacks(c *configs.Config, exchanges int) string {
	switch {
	case exchanges == 0 && c.RequireTraffic:
		return "nothing came through the proxy, so there was nothing to judge; --require-traffic=false accepts that"
	case exchanges < c.MinExchanges:
		return fmt.Sprintf("%s came through the proxy; --min-exchanges requires %d", wording.Count(exchanges, "exchange"), c.MinExchanges)
	}
	return ""
}

// besides is where notes go that are written besides the work itself: that no
// one can read them is not a failure of the command.
type besides struct{ io.Writer }

// Write always succeeds.
func (b besides) Write(p []byte) (int, error) {
	_, _ = b.Writer.Write(p)
	return len(p), nil
}
