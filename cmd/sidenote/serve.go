package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"sidenote/configs"
	"sidenote/metrics"
	"sidenote/pipeline"
	"sidenote/proxy"
	"sidenote/proxy/ca"
	"sidenote/sink"
	"sidenote/sink/report"
)

func newServeCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the proxy (the default without a command)",
		Long: `Run the proxy. Point a program at it with HTTP_PROXY and HTTPS_PROXY, or with
eval "$(sidenote env)". sidenote then prints each exchange, with what its status
means and what is wrong with it. You can also set every flag in the configuration
file, or as an environment variable: SIDENOTE_ and its name.`,
		Example: `  sidenote
  sidenote --listen 127.0.0.1:9000 --severity info
  sidenote --reverse https://api.example --annotate summary`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			config, warnings, err := p.settingsOrWarn(c)
			if err != nil {
				return err
			}
			plan := serverPlan{out: p.stdout, log: newLog(p.stderr), title: "sidenote serve"}
			plan.open(&config, warnings)
			s, err := p.openServer(config, plan)
			if err != nil {
				return err
			}
			defer p.paceGC()()
			return s.run(c.Context())
		},
	}
	addSettings(c)
	return c
}

// A serverPlan says what a server is opened for.
type serverPlan struct {
	out     io.Writer // what exchanges are printed to
	log     zerolog.Logger
	title   string // what is run, for reports
	summary bool   // say at the end what to fix first, and the verdict
	compare bool   // with an earlier run, where the settings name one
}

// open says where the settings came from, and what is odd about them.
func (s *serverPlan) open(c *configs.Config, warnings []string) {
	if c.Found {
		s.log.Info().Msg(settingsFrom(c))
	}
	for _, w := range warnings {
		s.log.Warn().Msg(w)
	}
}

// A server is a proxy with everything round it, opened and ready to be started.
type server struct {
	program   *program
	plan      serverPlan
	config    configs.Config
	log       zerolog.Logger
	runID     string
	at        listeners
	authority *ca.Authority
	judge     *judge
	outputs   *outputs
	notes     *pipeline.Live
	proxy     *proxy.Proxy
	admin     *admin // nil when it is off
	export    export
}

// openServer opens listeners, files and the CA, so that whatever cannot be
// opened is an error of the start. What was opened is closed again on error.
func (p *program) openServer(c configs.Config, plan serverPlan) (_ *server, err error) {
	at, err := openListeners(&c)
	if err != nil {
		return nil, err
	}
	var out *outputs
	defer func() {
		if err != nil {
			at.close()
			if out != nil {
				out.reports.close()
			}
		}
	}()
	authority, err := openCAFor(&c)
	if err != nil {
		return nil, err
	}
	s := &server{program: p, plan: plan, config: c, log: plan.log, runID: newRunID(), at: at, authority: authority}
	if s.export, err = p.newExport(&c, s.runID, s.log); err != nil {
		return nil, err
	}
	parts, err := p.openInspectorParts(&c, at.admin, authority, s.log)
	if err != nil {
		return nil, err
	}
	if s.judge, err = p.newJudge(&c); err != nil {
		return nil, err
	}
	out, err = p.openOutputs(outputPlan{
		serverPlan: plan, config: &c, judge: s.judge, run: s.runID, store: parts.fileSink(), otlp: s.export.lane,
	})
	if err != nil {
		return nil, err
	}
	s.outputs = out
	return s, s.wire(parts)
}

// wire makes what works with what has been opened: the pipeline, the proxy in
// front of it, and the admin server that looks at both.
func (s *server) wire(parts *inspectorParts) error {
	redact, count := redactor(&s.config), metrics.New(buildOf(), metricsOptions(&s.config))
	sinks := sink.NewFanout(s.log, s.outputs.lanes...)
	stages := s.judge.stages(false)
	stages.Redact, stages.Out = redact, sinks
	if parts != nil { // beside an admin server, where the metrics are asked for
		stages.Judged = append(stages.Judged, count.Observe, parts.take)
	}
	mode, _ := sink.ParseFieldMode(s.config.Annotate) // one of its choices
	s.notes = pipeline.NewLive(stages, mode, s.log)
	pc, err := s.proxyConfig()
	if err != nil {
		return err
	}
	pc.Hooks = parts.watched(pc.Hooks)
	s.proxy = proxy.New(pc)
	connectDecoder(pc.Decoder, s.proxy)
	if parts == nil {
		return nil
	}
	s.admin = s.newAdmin(parts, redact, count)
	watch(count, s.proxy, s.judge.stories, parts.store, s.export.exporter, s.notes.Queue(), sinks)
	return parts.load(s.notes.Again, &s.config, s.log)
}

// proxyConfig makes the proxy's configuration.
func (s *server) proxyConfig() (proxy.Config, error) {
	pc, adopted, err := s.program.forwarding(&s.config)
	if err != nil {
		return pc, err
	}
	if adopted != "" {
		s.log.Info().Msg(adopted)
	}
	pc.Hooks = proxy.Hooks{Request: s.export.tracer.Request, Head: s.notes.Head, Done: s.notes.Done, Message: s.notes.Message, Limited: s.limited()}
	pc.RunID, pc.CA, pc.Intercept = s.runID, s.authority, interceptFilter(s.config.Intercept)
	if pc.ClientTLSMin, err = tlsVersion(s.config.ClientTLSMin); err != nil {
		return pc, err
	}
	pc.User, pc.Password, _ = strings.Cut(s.config.ProxyAuth, ":")
	if s.at.admin != nil {
		if a, ok := addressOf(s.at.admin); ok {
			pc.Forbidden = append(pc.Forbidden, a)
		}
	}
	return pc, nil
}

func newRunID() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// run serves until ctx ends, a signal comes, or a part fails.
func (s *server) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.program.hangups(gctx, stop, &s.outputs.logs); return nil })
	s.start(g)
	s.greet()
	g.Go(func() error {
		<-gctx.Done()
		stop() // a second signal ends the program at once
		err := s.shutdown(context.Background(), "drain-timeout", s.config.DrainTimeout)
		return errors.Join(err, s.conclude(verdictOf(s.judge)))
	})
	if err := g.Wait(); err != nil {
		return &codedError{exitFailed, err}
	}
	return nil
}

// start starts the servers in g, until shutdown.
func (s *server) start(g *errgroup.Group) {
	g.Go(func() error { return s.proxy.Serve(s.at.proxy) })
	for _, r := range s.at.reverse {
		g.Go(func() error { return s.proxy.ServeReverse(r.Listener, r.to.Scheme, r.to.Host) })
	}
	if s.admin != nil {
		g.Go(func() error { return s.proxy.Serve(s.admin.parts.byHand) })
		g.Go(s.admin.serve)
		s.admin.ready.Store(true)
	}
}

// shutdown waits for open exchanges, for the time of a setting or until ctx
// ends, and flushes the sinks.
func (s *server) shutdown(ctx context.Context, setting string, patience time.Duration) error {
	if s.admin != nil {
		s.admin.ready.Store(false)
	}
	drain, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if n := s.proxy.Stats().InFlight; n > 0 {
		s.log.Info().Msgf("stopping; waiting up to %[2]s for open exchanges (%[1]d)", n, patience)
	}
	if err := s.proxy.Shutdown(drain); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("closed exchanges that had not ended after %s; use --%s to wait longer", patience, setting)
		}
		s.log.Warn().Msgf("stopping: %v", err)
	}
	flush, cancelFlush := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancelFlush()
	err := s.notes.Drain(flush)
	if s.admin != nil {
		s.admin.close()
	}
	return err
}

// conclude writes the reports after the last exchange, and the summary where
// there is one.
func (s *server) conclude(v report.Verdict) error {
	made, err := s.outputs.reports.finish(v)
	if s.plan.summary && s.config.Format != "json" {
		err = errors.Join(err, s.program.printSummary(s.outputs.out, made, s.program.terminal(s.outputs.out, s.config.Color)))
	}
	return err
}
