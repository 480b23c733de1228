package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"sidenote/cmd/sidenote/child"
	"sidenote/cmd/sidenote/environ"
	"sidenote/configs"
	"sidenote/internal/printable"
)

func newRunCommand(p *program) *cobra.Command {
	var printEnv bool
	c := &cobra.Command{
		Use:                   "run [flags] -- CMD [ARG...]",
		DisableFlagsInUseLine: true,
		Short:                 "Run a command with its own proxy, and judge its exchanges",
		Long: `Run CMD with its own proxy. Environment variables make CMD, and every program it
starts, use the proxy and trust its CA, so you don't have to change anything else.
CMD keeps its standard input, output and error; sidenote writes to standard error.
When CMD has ended, sidenote judges its exchanges.

The exit code is CMD's own if it isn't 0, or 128 plus the signal number if a signal
ended CMD. Otherwise it is 0 if the policy passed, 10 if it failed, and 11 if
nothing came through the proxy. It is 2 if the command line or the configuration is
wrong, 125 if sidenote itself failed, 126 if CMD can't be run, and 127 if CMD
doesn't exist.`,
		Example: `  sidenote run -- npm test
  sidenote run --fail-on warn --save exchanges.jsonl -- go test ./...
  sidenote run --min-exchanges 20 --grace 10s -- ./smoke.sh`,
		RunE: func(c *cobra.Command, args []string) error {
			config, warnings, err := p.settingsOrWarn(c)
			if err != nil {
				return err
			}
			command, err := p.findCommand(args)
			if err != nil {
				return err
			}
			if outer := p.outerProxy(); outer != nil {
				return p.runInside(outer, c, command)
			}
			plan := p.runPlan(command)
			plan.open(&config, warnings)
			defer p.paceGC()()
			s, err := p.openServer(runConfig(config), plan)
			if err != nil {
				return err
			}
			r := &commandRun{server: s, command: command, printEnv: printEnv}
			return r.run(c.Context())
		},
	}
	addSettings(c)
	addSettings(c, "require-traffic", "min-exchanges", "grace", "keep-no-proxy", "allow-bypass", "update-baseline", "compare", "baseline-run", "fail-on-changes", "compare-report")
	c.Flags().BoolVar(&printEnv, "print-env", false, "print the variables set for CMD, and which programs read them")
	for _, name := range []string{"listen", "admin"} {
		c.Flags().Lookup(name).DefValue = runDefaults()[name]
	}
	c.Flags().SetInterspersed(false) // flags behind CMD are its own
	return c
}

// runDefaults are the defaults of settings that run has otherwise.
func runDefaults() map[string]string {
	return map[string]string{"listen": "127.0.0.1:0", "admin": "off"}
}

// runConfig sets what differs between run and serve. An address from the file
// or the environment is meant for serve, which may be running.
func runConfig(c configs.Config) configs.Config {
	if !c.WasFlag("listen") {
		c.Listen = runDefaults()["listen"]
	}
	if !c.WasFlag("admin") {
		c.Admin = runDefaults()["admin"]
	}
	return c
}

// findCommand finds the program that the arguments name.
func (p *program) findCommand(args []string) (child.Command, error) {
	if len(args) == 0 {
		return child.Command{}, usageErrorf(`run: needs a CMD, as in "sidenote run -- npm test"; see "sidenote run --help"`)
	}
	path, err := exec.LookPath(args[0])
	if err != nil && !errors.Is(err, exec.ErrDot) { // as env(1) does, the current folder is searched if PATH says so
		return child.Command{}, cannotRun(args[0], err)
	}
	c := child.Command{Path: path, Args: args}
	for _, f := range []struct {
		from any
		to   **os.File
		flag int
	}{{p.stdin, &c.Stdin, os.O_RDONLY}, {p.stdout, &c.Stdout, os.O_WRONLY}, {p.stderr, &c.Stderr, os.O_WRONLY}} {
		if *f.to, _ = f.from.(*os.File); *f.to == nil { // never so in the program itself
			if *f.to, err = os.OpenFile(os.DevNull, f.flag, 0); err != nil {
				return c, &codedError{exitFailed, err}
			}
		}
	}
	return c, nil
}

// cannotRun says why a command was not started, with the exit codes of env(1).
func cannotRun(name string, err error) error {
	var (
		cause syscall.Errno
		code  = exitNoRun
		what  = err.Error()
	)
	if errors.As(err, &cause) {
		what = cause.Error()
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		code, what = exitNoCMD, "no such program in PATH; check the spelling, or give its path"
	case errors.Is(err, fs.ErrNotExist) && !exists(name):
		code, what = exitNoCMD, "no such file; check the spelling"
	case errors.Is(err, fs.ErrNotExist):
		code, what = exitNoCMD, "the interpreter in its first line, or its loader, does not exist"
	case errors.Is(err, fs.ErrPermission):
		what += "; make it executable with chmod +x, or run it with its interpreter"
	}
	return &codedError{code, fmt.Errorf("run: can't run %s: %s", printable.Text(name, false), what)}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// runPlan says what a server is opened for that serves one command: standard
// output is the command's.
func (p *program) runPlan(command child.Command) serverPlan {
	out := besides{p.stderr}
	return serverPlan{out: out, log: newLog(out), title: "sidenote run -- " + strings.Join(command.Args, " "), summary: true, compare: true}
}

// A commandRun is a server for the sake of one command.
type commandRun struct {
	*server
	command  child.Command
	printEnv bool
	folder   string // of the files that the command's environment names
}

// run runs the command and judges what came through the proxy.
func (r *commandRun) run(ctx context.Context) error {
	defer r.at.close()
	defer r.outputs.changes.drop()
	if err := r.prepare(); err != nil {
		return &codedError{exitFailed, fmt.Errorf("run: %w", err)}
	}
	defer os.RemoveAll(r.folder)

	g, failed := errgroup.WithContext(ctx)
	r.start(g)
	r.warn()
	r.log.Info().Msgf("proxy on http://%s for %s", r.at.proxy.Addr(), titleOf(r.command.Args))
	ch, err := child.Start(r.command)
	if err != nil {
		return cannotRun(r.command.Args[0], err)
	}
	signal.Ignore(syscall.SIGPIPE) // what reads our notes may go before the command does
	defer context.AfterFunc(failed, ch.Terminate)()
	watch := ch.Watch(r.at.addresses()...)
	end := ch.Wait()
	return r.finish(ctx, g, end, watch.End())
}

// prepare makes the folder and the environment of the command.
func (r *commandRun) prepare() (err error) {
	if r.folder, err = os.MkdirTemp("", folderPrefix); err != nil {
		return fmt.Errorf("create a folder for this run: %w", err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(r.folder)
		}
	}()
	settings, err := r.files()
	if err != nil {
		return err
	}
	inherited := environ.Restore(r.program.environ)
	plan := environ.New(settings, inherited)
	if r.command.Guard, err = guardCommand(); err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	r.command.Note = r.folder
	r.command.Env = append(plan.Apply(inherited), runVariable+"="+r.runID)
	if r.printEnv {
		r.sayVariables(plan)
	}
	if cleared := plan.NoProxy.Cleared; len(cleared) > 0 {
		r.log.Info().Msgf("removed from NO_PROXY, so that sidenote sees it: %s", printable.Text(strings.Join(cleared, ", "), false))
	}
	return nil
}

// runVariable names, beside environ.Mark, the run that a process is a part of.
const runVariable = "SIDENOTE_RUN"

// files writes the files that the environment is to name into the folder.
func (r *commandRun) files() (environ.Settings, error) {
	if r.authority == nil { // nothing is intercepted, so there is nothing to trust
		return environ.Settings{ProxyURL: r.proxyURL(), KeepNoProxy: r.config.KeepNoProxy}, nil
	}
	env := r.program.environ
	s := environ.Settings{
		ProxyURL: r.proxyURL(), KeepNoProxy: r.config.KeepNoProxy,
		CAFile: filepath.Join(r.folder, "ca.pem"), BundleFile: filepath.Join(r.folder, "bundle.pem"),
	}
	for name, content := range map[string][]byte{
		s.CAFile:     r.authority.CertPEM(),
		s.BundleFile: r.authority.Bundle(trustedFiles(env)...),
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return s, err
		}
	}
	home, _ := r.program.lookup("HOME")
	return s, s.WriteFiles(r.folder, home, env)
}

// proxyURL is the proxy's address, with the credentials that it wants.
func (r *commandRun) proxyURL() string {
	u := url.URL{Scheme: "http", Host: numeric(r.at.proxy.Addr().String())}
	if user, password, ok := strings.Cut(r.config.ProxyAuth, ":"); ok {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// sayVariables prints what is set for the command.
func (r *commandRun) sayVariables(plan environ.Plan) {
	for _, v := range plan.Variables {
		line := v.Name + "=" + v.Value
		if v.Unset {
			line = v.Name + " is unset"
		}
		fmt.Fprintf(r.plan.out, "%s\n    for %s\n", printable.Text(line, false), v.ReadBy)
	}
}

// titleOf is a command as it is called, cut short.
func titleOf(args []string) string {
	const most = 60
	title := printable.Text(strings.Join(args, " "), false)
	if printable.Columns(title) > most {
		title = printable.Cut(title, most-3) + "..."
	}
	return title
}
