package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/internal/wholefile"
	"sidenote/metrics"
	"sidenote/pipeline"
	"sidenote/proxy"
	"sidenote/proxy/ca"
	"sidenote/sink"
	"sidenote/sink/otlp"
	"sidenote/sink/report"
)

func newServeCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the proxy; this is what sidenote does without a command",
		Long: `Run the proxy. Point a program at it with HTTP_PROXY and HTTPS_PROXY, or with
eval "$(sidenote env)", and each exchange is shown with what its status means and
what is wrong with it. Every flag is also a key of the configuration file and,
as SIDENOTE_ and its name, an environment variable.`,
		Example: `  sidenote
  sidenote --listen 127.0.0.1:9000 --severity info
  sidenote --reverse https://api.example --annotate summary`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			config, warnings, err := p.settingsOrWarn(c)
			if err != nil {
				return err
			}
			s := p.newServing(config)
			if err := s.open(); err != nil {
				return err
			}
			p.tuneGC()
			for _, w := range warnings {
				s.log.Warn().Msg(w)
			}
			return s.run(c.Context())
		},
	}
	configs.AddFlags(c.Flags())
	return c
}

// gcPercent lets the heap grow to four times what is in use before garbage is
// collected. What is in use is small, so that this costs some 20 MB and saves a
// tenth of the CPU time for each exchange.
const gcPercent = 300

// tuneGC sets the garbage collector, unless the user did.
func (p *program) tuneGC() {
	if _, set := p.lookup("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
}

// A serving is a running proxy with everything round it, opened and not yet
// started.
type serving struct {
	program   *program
	config    configs.Config
	log       zerolog.Logger
	proxy     *proxy.Proxy
	notes     *pipeline.Live
	sinks     *sink.Fanout // behind notes
	redact    *exchange.Redactor
	metrics   *metrics.Metrics
	authority *ca.Authority
	reports   *reports

	judge   *judge
	runID   string
	out     io.Writer    // what exchanges are printed to
	title   string       // what is run, for reports
	summary bool         // say at the end what to fix first, and the verdict
	targets otlp.Targets // of --otlp
	// inspecting is what the inspector has beside the proxy; nil without an
	// admin server.
	inspecting *inspecting

	listener net.Listener
	admin    net.Listener // nil when it is off
	// adminServer answers on it; nil when it is off.
	adminServer *http.Server
	reverse     []reverseListener
	logs        []*sink.LogFile // which SIGHUP opens anew
	ready       readiness
}

type reverseListener struct {
	net.Listener
	to *url.URL
}

// newServing makes a serving that is not opened yet. It prints exchanges to
// standard output.
func (p *program) newServing(c configs.Config) *serving {
	return &serving{program: p, config: c, log: newLog(p.stderr), redact: redactor(&c), out: p.stdout, title: "sidenote serve"}
}

// newLog makes the log of what the program itself has to say.
func newLog(w io.Writer) zerolog.Logger {
	return zerolog.New(zerolog.ConsoleWriter{Out: w, NoColor: true, PartsOrder: []string{"level", "message"}}).Level(zerolog.InfoLevel)
}

// open opens listeners, files and the CA, so that whatever cannot be opened is
// an error of the start. What was opened is closed again on error.
func (s *serving) open() (err error) {
	defer func() {
		if err != nil {
			s.closeListeners()
			s.reports.close()
		}
	}()
	if err := s.listen(); err != nil {
		return err
	}
	if s.authority, err = openCA(s.config.CADir); err != nil {
		return err
	}
	s.runID = newRunID()
	if s.targets, err = s.otlpTargets(); err != nil {
		return err
	}
	if s.inspecting, err = s.newInspecting(); err != nil {
		return err
	}
	if err := s.newPipeline(); err != nil {
		return err
	}
	pc, err := s.proxyConfig(s.runID)
	if err != nil {
		return err
	}
	s.proxy = proxy.New(pc)
	if s.inspecting != nil {
		s.inspecting.server = s.newInspector()
	}
	if err := s.load(); err != nil {
		return err
	}
	if i := s.inspecting; i != nil {
		s.metrics.Store(func() metrics.StoreStats {
			st := i.store.Stats()
			return metrics.StoreStats{Entries: st.Entries, Bytes: st.Bytes, Most: st.Most, Evicted: st.Evicted}
		})
	}
	s.metrics.Proxy(func() metrics.ProxyStats { return metrics.ProxyStats(s.proxy.Stats()) })
	return nil
}

// listen opens every listener.
func (s *serving) listen() (err error) {
	if s.listener, err = listenOn(s.config.Listen, "--listen"); err != nil {
		return err
	}
	if s.config.Admin != "off" {
		if s.admin, err = listenOn(s.config.Admin, "--admin"); err != nil {
			return err
		}
	}
	for _, r := range s.config.Reverse {
		to, err := url.Parse(r.URL)
		if err != nil {
			return usageErrorf("--reverse %q: %w", r.URL, err)
		}
		address := r.Listen
		if address == "" {
			address = "127.0.0.1:0"
		}
		l, err := listenOn(address, "--reverse")
		if err != nil {
			return err
		}
		s.reverse = append(s.reverse, reverseListener{l, to})
	}
	return nil
}

// listenOn opens a listener; the error says which flag to change.
func listenOn(address, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: another program listens there; stop it, or choose another port (0 takes a free one)", flag, address)}
	case errors.Is(err, syscall.EACCES):
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: not permitted; choose a port above 1023", flag, address)}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: this machine has no such address; use one of its own, such as 127.0.0.1", flag, address)}
	case err != nil:
		return nil, &codedError{exitFailed, fmt.Errorf("%s %s: %w", flag, address, err)}
	}
	return l, nil
}

func (s *serving) closeListeners() {
	for _, l := range s.listeners() {
		l.Close()
	}
}

func (s *serving) listeners() (all []net.Listener) {
	if s.listener != nil {
		all = append(all, s.listener)
	}
	if s.admin != nil {
		all = append(all, s.admin)
	}
	for _, r := range s.reverse {
		all = append(all, r.Listener)
	}
	return all
}

// newPipeline makes the rules ready and opens the sinks.
func (s *serving) newPipeline() error {
	j, err := s.program.newJudge(&s.config)
	if err != nil {
		return err
	}
	s.judge = j
	mode, _ := sink.ParseFieldMode(s.config.Annotate)
	s.metrics = metrics.New(buildOf(), metricsOptions(&s.config))
	lanes, err := s.lanes()
	if err != nil {
		return err
	}
	s.sinks = sink.NewFanout(s.log, lanes...)
	stages := j.stages()
	stages.Redact, stages.Out = s.redact, s.sinks
	if s.inspecting != nil { // beside an admin server, where the metrics are asked for
		stages.Judged = append(stages.Judged, s.metrics.Observe, s.inspecting.take)
	}
	s.notes = pipeline.NewLive(stages, mode, s.log)
	for _, f := range []*sink.Fanout{s.notes.Queue(), s.sinks} {
		for i, lane := range f.Stats() {
			s.metrics.Sink(lane.Name, func() metrics.SinkStats {
				l := f.Stats()[i]
				return metrics.SinkStats{Queued: l.Queued, Limit: l.Limit, Dropped: l.Dropped, Failed: l.Failed}
			})
		}
	}
	return nil
}

func metricsOptions(c *configs.Config) metrics.Options {
	return metrics.Options{
		Hosts:  slices.Contains(c.MetricsLabels, configs.LabelHost),
		Routes: slices.Contains(c.MetricsLabels, configs.LabelRoute),
		Values: c.MetricsLabelValues,
	}
}

// redactor is what takes secrets out before exchanges are shown or written; nil
// where they are to be seen.
func redactor(c *configs.Config) *exchange.Redactor {
	if c.ShowSecrets {
		return nil
	}
	return exchange.NewRedactor(nil)
}

// lanes opens what exchanges are written to.
func (s *serving) lanes() (lanes []sink.Lane, err error) {
	if s.reports, err = s.program.openReports(&s.config, reportOptions(s.judge, leastShown(&s.config), s.title, s.runID)); err != nil {
		return nil, err
	}
	if s.reports.toStdout() && s.out == s.program.stdout {
		s.out = s.program.stderr
	}
	for _, l := range []struct {
		wanted bool
		open   func() (sink.Lane, error)
	}{
		{true, s.consoleLane},
		{s.config.LogFile != "", s.logLane},
		{s.config.Save != "" || s.config.SaveFilter != "", s.saveLane},
		{s.inspecting != nil && s.inspecting.file != nil, s.storeLane},
		{s.targets.Any(), s.otlpLane},
	} {
		if !l.wanted {
			continue
		}
		lane, err := l.open()
		if err != nil {
			return nil, err
		}
		if lane.Sink != nil {
			lanes = append(lanes, lane)
		}
	}
	if s.summary || s.reports.any() {
		lanes = append(lanes, s.reports.lanes()...)
	}
	return lanes, nil
}

// consoleLane is for what is printed.
func (s *serving) consoleLane() (sink.Lane, error) {
	wanted, err := parseFilter("filter", s.config.Filter)
	if err != nil {
		return sink.Lane{}, err
	}
	lane := sink.Lane{Name: "console", Fix: "see what reads the output"}
	if s.config.Format == "json" {
		lane.Sink = only(s.jsonLog(s.out, nil), wanted)
		return lane, nil
	}
	o := sink.ConsoleOptions{
		Terminal: s.program.terminal(s.out, s.config.Color), Least: leastShown(&s.config), Quiet: s.config.Quiet, Wanted: wanted,
	}
	if !s.summary {
		o.Closing = s.judge.closing
	}
	lane.Sink = sink.NewConsole(s.out, o)
	return lane, nil
}

// logLane is for the JSON log.
func (s *serving) logLane() (sink.Lane, error) {
	path := s.config.LogFile
	f, err := s.openLog(path, "--log-file", sink.LogFileOptions{MaxSize: s.config.LogMaxSize, MaxAge: s.config.LogMaxAge, Keep: s.config.LogKeep})
	if err != nil {
		return sink.Lane{}, err
	}
	return sink.Lane{Name: "log", Sink: s.jsonLog(f, f), Fix: "free space for " + path}, nil
}

// saveLane is for whole exchanges. A filter of them alone is only looked at.
func (s *serving) saveLane() (sink.Lane, error) {
	path := s.config.Save
	saved, err := parseFilter("save-filter", s.config.SaveFilter)
	if err != nil || path == "" {
		return sink.Lane{}, err
	}
	f, err := s.openLog(path, "--save", sink.LogFileOptions{})
	if err != nil {
		return sink.Lane{}, err
	}
	return sink.Lane{Name: "save", Sink: only(sink.NewSave(f, f), saved), Content: true, Fix: "free space for " + path}, nil
}

// storeLane is for what the inspector shows and keeps.
func (s *serving) storeLane() (sink.Lane, error) {
	return sink.Lane{Name: "store", Sink: s.inspecting.file, Content: true, Fix: "free space for " + s.config.Store}, nil
}

// terminal says what it is that text for people is written to.
func (p *program) terminal(w io.Writer, color string) sink.Terminal {
	env := func(name string) string { v, _ := p.lookup(name); return v }
	if b, ok := w.(besides); ok {
		w = b.Writer
	}
	f, _ := w.(*os.File)
	if f == nil {
		return sink.Terminal{Color: sink.WantsColor(color, false, env)}
	}
	return sink.DetectTerminal(f, color, env)
}

// proxyConfig makes the proxy's configuration.
func (s *serving) proxyConfig(run string) (proxy.Config, error) {
	pc, err := forwarding(&s.config)
	if err != nil {
		return pc, err
	}
	pc.Hooks = proxy.Hooks{Request: s.tracer().Request, Head: s.notes.Head, Done: s.notes.Done}
	pc.RunID, pc.CA, pc.Intercept = run, s.authority, hostFilter(s.config.Intercept)
	pc.User, pc.Password, _ = strings.Cut(s.config.ProxyAuth, ":")
	if s.admin != nil {
		if t, ok := s.admin.Addr().(*net.TCPAddr); ok {
			pc.Forbidden = append(pc.Forbidden, netip.AddrPortFrom(t.AddrPort().Addr().Unmap(), t.AddrPort().Port()))
		}
	}
	return pc, nil
}

// forwarding is the part of a proxy's configuration that says how origin
// servers are reached and what is kept of the traffic.
func forwarding(c *configs.Config) (proxy.Config, error) {
	pc := proxy.Config{
		NoProxy: strings.Join(c.NoProxy, ","), Insecure: hostFilter(c.InsecureUpstream),
		ConnectTimeout: c.ConnectTimeout, ResponseHeaderTimeout: c.ResponseHeaderTimeout, IdleTimeout: c.IdleTimeout,
		MaxHeadBytes: int(c.MaxHeadBytes), KeepContent: int(c.KeepContent),
	}
	if c.UpstreamProxy != "" {
		u, err := url.Parse(c.UpstreamProxy)
		if err != nil {
			return pc, usageErrorf("--upstream-proxy: not a URL")
		}
		pc.UpstreamProxy = u
	}
	if c.UpstreamCA != "" {
		pool, err := rootsWith(c.UpstreamCA, "--upstream-ca")
		if err != nil {
			return pc, err
		}
		pc.UpstreamCAs = pool
	}
	return pc, nil
}

// maxRoots bounds a file of certificates, in octets.
const maxRoots = 64 << 20

// rootsWith returns the system's roots and those of a file.
func rootsWith(file, flag string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	b, err := wholefile.Read(file, maxRoots)
	if err != nil {
		return nil, &codedError{exitUsage, fmt.Errorf("%s: %w; name a PEM file", flag, err)}
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, usageErrorf("%s %s: no certificate in PEM form in it", flag, file)
	}
	return pool, nil
}

// hostFilter makes a test of a list of hosts: "all", "none", names, and
// "*.example.com" for the names below one.
func hostFilter(list []string) func(string) bool {
	return func(host string) bool {
		host = strings.ToLower(host)
		return slices.ContainsFunc(list, func(pattern string) bool {
			pattern = strings.ToLower(pattern)
			suffix, wild := strings.CutPrefix(pattern, "*")
			return pattern == "all" || pattern == host || wild && strings.HasSuffix(host, suffix)
		})
	}
}

func newRunID() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// run serves until ctx ends, a signal comes, or a part fails.
func (s *serving) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.hangups(gctx, stop); return nil })
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

// start starts the servers of an open serving in g, until shutdown.
func (s *serving) start(g *errgroup.Group) {
	g.Go(func() error { return s.proxy.Serve(s.listener) })
	for _, r := range s.reverse {
		g.Go(func() error { return s.proxy.ServeReverse(r.Listener, r.to.Scheme, r.to.Host) })
	}
	if s.admin != nil {
		g.Go(func() error { return s.proxy.Serve(s.inspecting.byHand) })
		s.adminServer = s.newAdmin()
		g.Go(func() error {
			if err := s.adminServer.Serve(s.admin); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	s.ready.set(true)
}

// shutdown lets running exchanges end, for the time that a setting returns them
// or until ctx ends, and writes what is recorded.
func (s *serving) shutdown(ctx context.Context, setting string, patience time.Duration) error {
	s.ready.set(false)
	drain, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if n := s.proxy.Stats().InFlight; n > 0 {
		s.log.Info().Msgf("stopping; what still runs (%d) has %s to end", n, patience)
	}
	if err := s.proxy.Shutdown(drain); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("what had not ended after %s was cut off; --%s gives it longer", patience, setting)
		}
		s.log.Warn().Msgf("stopping: %v", err)
	}
	flush, cancelFlush := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancelFlush()
	err := s.notes.Drain(flush)
	if s.adminServer != nil {
		s.inspecting.server.Close()
		s.closeAdmin()
	}
	return err
}

// conclude writes the reports after the last exchange, and the summary where
// there is one.
func (s *serving) conclude(v report.Verdict) error {
	made, err := s.reports.finish(v)
	if s.summary && s.config.Format != "json" {
		err = errors.Join(err, s.program.printSummary(s.out, made, s.program.terminal(s.out, s.config.Color)))
	}
	return err
}

// lastAnswers is how long the admin server gets for what it is asked at the
// end, which is little: a scrape of the final numbers.
const lastAnswers = time.Second

func (s *serving) closeAdmin() {
	ctx, cancel := context.WithTimeout(context.Background(), lastAnswers)
	defer cancel()
	if s.adminServer.Shutdown(ctx) != nil {
		s.adminServer.Close()
	}
}

// greet says where everything is.
func (s *serving) greet() {
	proxyURL := "http://" + s.listener.Addr().String()
	s.log.Info().Msgf("proxy on %s", proxyURL)
	if s.admin != nil {
		s.log.Info().Msgf("inspector on %s", s.inspecting.link(s.admin.Addr()))
		s.log.Info().Msgf("metrics and health on http://%s/metrics", s.admin.Addr())
	}
	s.greetCollector()
	for _, r := range s.reverse {
		s.log.Info().Msgf("http://%s answers as %s", r.Listener.Addr(), r.to)
	}
	s.warn()
	s.log.Info().Msgf(`point a shell at it with: eval "$(%s)"`, s.envCommand())
}

// warn says which settings take protection away.
func (s *serving) warn() {
	if slices.Contains(s.config.InsecureUpstream, "all") {
		s.log.Warn().Msg("certificates of origin servers are NOT verified: anybody on the way can read and change the traffic")
	} else if len(s.config.InsecureUpstream) > 0 {
		s.log.Warn().Msgf("certificates are NOT verified for %s", strings.Join(s.config.InsecureUpstream, ", "))
	}
	if s.config.ShowSecrets {
		s.log.Warn().Msg("secrets are shown and written as they are")
	}
}

// envCommand is the env command that fits this proxy.
func (s *serving) envCommand() string {
	command := "sidenote env"
	if s.listener.Addr().String() != configs.Default().Listen {
		command += " --listen " + s.listener.Addr().String()
	}
	if s.config.CADir != "" {
		command += " --ca-dir " + s.config.CADir
	}
	return command
}
