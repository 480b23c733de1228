package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/cmd/sidenote/check"
	"sidenote/configs"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
	"sidenote/metrics"
	"sidenote/pipeline"
	"sidenote/sink"
	"sidenote/sink/report"
)

// leastWatch is the shortest time from round to round: checks are no load test.
const leastWatch = 100 * time.Millisecond

// A checkWatch makes the same checks again and again, round by round, and says
// what has changed.
type checkWatch struct {
	*checkRun
	every  time.Duration
	names  []string // of the checks, no two alike
	states []checkState
	probes *metrics.Probes
	admin  *http.Server // nil for none

	rounds int
	slow   bool // the last round took too long
	alone  bool // the policy failed in it though each check passed
	passed bool // the last whole round passed
	why    string
}

// A checkState is how a check went, so that a change can be told.
type checkState struct {
	known, failed bool
	status        string
	rounds        int // that went so
}

// watchable refuses what makes sense for one round only.
func (o *checkOptions) watchable(c *configs.Config) error {
	switch {
	case !o.watched && c.WasFlag("admin"):
		return usageErrorf("check: --admin serves the metrics of --watch; give --watch DURATION as well, such as --watch 30s")
	case !o.watched:
		return nil
	case o.watch < leastWatch:
		return usageErrorf("check: --watch %s: want a duration of at least %s, such as 30s", o.watch, leastWatch)
	case len(c.Reports) > 0:
		return usageErrorf("check: --report is about one round; leave out --watch, or read the metrics of --admin")
	case c.UpdateBaseline:
		return usageErrorf("check: --update-baseline is about one round; leave out --watch")
	case c.Format == "json":
		return usageErrorf("check: --format json is about one round; leave out --watch, or read the metrics of --admin")
	}
	return nil
}

func newCheckWatch(ch *checkRun, every time.Duration, checks []check.Check) *checkWatch {
	return &checkWatch{
		checkRun: ch, every: every, names: probeNames(checks), states: make([]checkState, len(checks)), probes: metrics.NewProbes(buildOf()),
	}
}

// probeNames names each check: as its list does, or by its method and URL without
// credentials and query, which may be secret. Further ones of a name have a number.
func probeNames(checks []check.Check) []string {
	used := map[string]int{}
	names := make([]string, len(checks))
	for i := range checks {
		name := checks[i].Name
		if name == "" {
			name = checks[i].Method + " " + checks[i].URL
			if u, err := url.Parse(checks[i].URL); err == nil {
				u.User, u.RawQuery, u.Fragment = nil, "", ""
				name = checks[i].Method + " " + u.String()
			}
		}
		names[i] = name
		for used[names[i]] > 0 {
			used[name]++
			names[i] = fmt.Sprintf("%s #%d", name, used[name])
		}
		used[names[i]]++
	}
	return names
}

// serve opens the address of the metrics and answers there.
func (w *checkWatch) serve(c *configs.Config) error {
	if !c.WasFlag("admin") || c.Admin == "off" {
		return nil
	}
	l, err := listenOn(c.Admin, "--admin")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", w.probes.Handler())
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "ok") })
	a := &admin{listener: l}
	w.admin = &http.Server{Handler: a.guard(mux, c.ProxyAuth), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	go func() { _ = w.admin.Serve(l) }() // until close
	fmt.Fprintf(w.program.stderr, "sidenote: check: metrics at http://%s/metrics\n", l.Addr())
	return nil
}

// watch makes rounds until a signal comes. The error is that of the last whole
// round.
func (w *checkWatch) watch(ctx context.Context, checks []check.Check) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	if w.admin != nil {
		defer w.admin.Close()
	}
	w.all = len(checks)
	fmt.Fprintf(w.program.stderr, "sidenote: check: %s every %s; press Ctrl-C to end\n", wording.Count(len(checks), "check"), w.every)
	for {
		begun := time.Now()
		err := w.round(ctx, checks)
		if err == nil {
			w.ended(time.Since(begun))
		}
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
		pause(ctx, w.every-time.Since(begun))
	}
	if w.rounds == 0 {
		return interrupted("check")
	}
	text := fmt.Sprintf("-- %s; last round: %s\n", wording.Count(w.rounds, "round"), report.VerdictWord(w.passed))
	if err := writeText(w.out, text); err != nil {
		return cannotWrite(err)
	}
	w.judge.warn("check")
	if !w.passed {
		return &codedError{exitPolicy, errors.New("check: in the last round, " + w.why)}
	}
	return nil
}

// round makes each check once. Nothing is remembered from the round before but
// what is told of it.
func (w *checkWatch) round(ctx context.Context, checks []check.Check) error {
	w.judge.gate = w.judge.policy.NewGate()
	w.pipeline = pipeline.New(w.judge.stages(false))
	w.failed = 0
	err := w.runner.Run(ctx, checks, func(r *check.Result) error {
		failed, notes, err := w.judgeResult(r)
		if err != nil {
			return err
		}
		w.probes.Observe(metrics.Probe{Check: w.names[r.Number-1], Passed: !failed, Exchanges: r.Exchanges, Notes: notes})
		return w.tell(r, failed, notes)
	})
	if err != nil {
		return err
	}
	v := w.judge.gate.Verdict()
	why := ""
	alone := !v.Passed && w.failed == 0 // as with a budget
	switch {
	case w.failed > 0:
		why = w.reason()
	case alone:
		why = strings.Join(v.Reasons, "; ")
	}
	if alone != w.alone {
		err = w.say(!alone, "policy", "", why)
	}
	w.alone, w.passed, w.why = alone, v.Passed && w.failed == 0, why
	return err
}

// ended counts a round, and says when rounds begin to take too long.
func (w *checkWatch) ended(took time.Duration) {
	w.rounds++
	late := took > w.every
	w.probes.Round(late)
	if late && !w.slow {
		fmt.Fprintf(w.program.stderr, "sidenote: check: a round took %s, longer than --watch %s; the next round starts when it ends. Use more --jobs, or a longer --watch\n",
			wording.ShortDuration(took), w.every)
	}
	w.slow = late
}

// tell says how a check went if that has changed. The first round says it of all.
func (w *checkWatch) tell(r *check.Result, failed bool, notes []annotate.Note) error {
	row, s := rowOf(r, failed), &w.states[r.Number-1]
	now := checkState{known: true, failed: failed, status: row.status, rounds: 1}
	if s.known && s.failed == now.failed && s.status == now.status {
		s.rounds++
		return nil
	}
	before := *s
	*s = now
	if !before.known && !failed && w.quiet {
		return nil
	}
	why := row.why
	if failed && why == "" {
		why = failingNote(notes)
	}
	if before.known && before.failed != failed {
		why = joinWhy(why, "was "+report.VerdictWord(!before.failed)+" for "+wording.Count(before.rounds, "round"))
	}
	return w.say(!failed, w.names[r.Number-1], row.status+"  "+wording.ShortDuration(row.took), why)
}

// failingNote names the worst note, which failed a check.
func failingNote(notes []annotate.Note) string {
	worst := annotate.Worst(notes)
	for i := range notes {
		if n := &notes[i]; n.Severity == worst && n.Accepted == "" {
			return n.Rule.ID + ": " + n.Message
		}
	}
	return "a note fails it"
}

func joinWhy(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// say prints one line.
func (w *checkWatch) say(ok bool, name, facts, why string) error {
	style := sink.Green
	if !ok {
		style = sink.Red
	}
	text := time.Now().Format(time.TimeOnly) + "  " + string(w.terminal.Append(nil, style, fmt.Sprintf("%-4s", report.VerdictWord(ok)))) + "  " + printable.Text(name, w.terminal.ASCII)
	for _, part := range []string{facts, why} {
		if part != "" {
			text += "  " + printable.Text(part, w.terminal.ASCII)
		}
	}
	if err := writeText(w.out, text+"\n"); err != nil {
		return cannotWrite(err)
	}
	return nil
}
