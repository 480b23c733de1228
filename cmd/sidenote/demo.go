package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"sidenote/annotate"
	"sidenote/configs"
	"sidenote/internal/demo"
	"sidenote/pipeline"
	"sidenote/policy"
	"sidenote/proxy"
	"sidenote/sink"
)

func newDemoCommand(p *program) *cobra.Command {
	var origin string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show what sidenote does in ten seconds, without a network",
		Long: `Start an origin server that sends good and bad responses, put a proxy in front of
it, and send a series of requests through both. Nothing leaves this machine. The
demo shows all notes, including info, unless you set --severity. With --origin,
only the origin server runs, at that address until you stop it, so that you can
try it yourself.`,
		Example: `  sidenote demo
  sidenote demo --origin 127.0.0.1:9000
  sidenote demo --profile security`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := p.settings(c)
			if err != nil {
				return err
			}
			if origin != "" {
				return p.serveDemo(c.Context(), origin)
			}
			return p.demo(c.Context(), &config)
		},
	}
	c.Flags().StringVar(&origin, "origin", "", "run only the origin server, at this address (`HOST:PORT`)")
	addSettings(c, ruleSettings()...)
	addSettings(c, "severity", "color", "config")
	return c
}

// serveDemo runs the demo's origin server until a signal comes.
func (p *program) serveDemo(ctx context.Context, address string) error {
	l, err := listenOn(address, "--origin")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: demo.Origin(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Fprintf(p.stdout, "origin server on http://%s; / lists its paths\n", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return &codedError{exitFailed, err}
	}
	return nil
}

// demo makes the tour.
func (p *program) demo(ctx context.Context, config *configs.Config) error {
	set, err := newRuleSet(config, policy.Default())
	if err != nil {
		return err
	}
	least := annotate.Info
	if config.WasSet("severity") {
		least = leastShown(config)
	}
	console := sink.NewConsole(p.stdout, sink.ConsoleOptions{Terminal: p.terminal(p.stdout, config.Color), Least: least})
	shown := make(chan error, 1)
	notes := pipeline.NewLive(pipeline.Options{Rules: set.Set, Stories: set.newState(false), Gate: policy.Default().NewGate(), Out: told{console, shown}}, sink.FieldsOff, newLog(p.stderr))
	px := proxy.New(proxy.Config{
		RunID: "demo", ConnectTimeout: 5 * time.Second, MaxHeadBytes: 64 << 10, KeepContent: 64 << 10,
		Hooks: proxy.Hooks{Head: notes.Head, Done: notes.Done},
	})
	origin, err := listenOn("127.0.0.1:0", "demo")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: demo.Origin(), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(origin)
	defer server.Close()
	l, err := listenOn("127.0.0.1:0", "demo")
	if err != nil {
		return err
	}
	go px.Serve(l)
	defer px.Shutdown(context.WithoutCancel(ctx))
	if err := p.tour(ctx, l.Addr(), origin.Addr(), shown); err != nil {
		return err
	}
	if err := notes.Drain(ctx); err != nil {
		return &codedError{exitFailed, err}
	}
	fmt.Fprintln(p.stdout)
	if err := console.Close(); err != nil {
		return &codedError{exitFailed, err}
	}
	fmt.Fprintf(p.stdout, "\nNow try your own traffic: run %[1]s, then in another shell: eval \"$(%[1]s env)\"\n", p.self())
	return nil
}

// told is an outlet that shows exchanges, as they are, and tells of each when it
// has been shown.
type told struct {
	console sink.Sink
	shown   chan<- error
}

// Write shows an exchange; the error goes to who waits for it.
func (o told) Write(a *annotate.Annotated) error {
	err := o.console.Write(a)
	if !a.Late {
		o.shown <- err
	}
	return nil
}

// ShowsContent is of no account, since nothing is redacted.
func (o told) ShowsContent() bool { return true }

// tour asks for one thing after another; shown says that the proxy's record of
// it has been printed.
func (p *program) tour(ctx context.Context, through, origin net.Addr, shown <-chan error) error {
	client := &http.Client{
		Transport: &http.Transport{
			Proxy:              http.ProxyURL(&url.URL{Scheme: "http", Host: through.String()}),
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	_, port, _ := net.SplitHostPort(origin.String())
	for i, step := range demo.Tour() {
		fmt.Fprintf(p.stdout, "\n%2d. %s\n", i+1, step.Caption)
		r, err := http.NewRequestWithContext(ctx, step.Method, "http://demo.localhost:"+port+step.Path, strings.NewReader(step.Content))
		if err != nil {
			return &codedError{exitFailed, err}
		}
		for name, values := range step.Fields {
			r.Header[name] = values
		}
		if resp, err := client.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body) // some steps are cut short, which is what they show
			resp.Body.Close()
		}
		select {
		case err := <-shown:
			if err != nil {
				return &codedError{exitFailed, err}
			}
		case <-ctx.Done():
			return &codedError{exitFailed, errors.New("interrupted")}
		case <-time.After(10 * time.Second):
			return &codedError{exitFailed, fmt.Errorf("step %d was not recorded; please report this", i+1)}
		}
	}
	return nil
}
