package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sidenote/cmd/sidenote/environ"
	"sidenote/configs"
)

// envOptions are the flags of the env command.
type envOptions struct {
	shell, listen, caDir string
	keepNoProxy, unset   bool
}

func newEnvCommand(p *program) *cobra.Command {
	var o envOptions
	c := &cobra.Command{
		Use:   "env",
		Short: "Print the variables that point programs at the proxy",
		Long: `Print commands for your shell that point programs at the proxy and make them
trust its CA: variables for curl, git, Python, Node, Go, Java and many more.
sidenote creates the CA if there is none yet. The commands keep the previous
values, and --unset prints commands that restore them.`,
		Example: `  eval "$(sidenote env)"                    sh, bash, zsh
  sidenote env --shell fish | source        fish
  eval "$(sidenote env --unset)"            undo`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cmp.Or(
				p.fromSettings(c, "listen", &o.listen, func(c *configs.Config) string { return c.Listen }),
				p.caDirFromSettings(c, &o.caDir),
			); err != nil {
				return err
			}
			script, err := p.envScript(o)
			if err != nil {
				return err
			}
			if !o.unset {
				p.warnIfSilent(c.Context(), o.listen)
			}
			return writeText(p.stdout, script)
		},
	}
	c.Flags().StringVar(&o.shell, "shell", "", "`SHELL` to print commands for: sh, bash, zsh, fish, powershell or cmd (default: $SHELL)")
	completeFlag(c, "shell", func(string) []string { return environ.ShellNames() })
	c.Flags().StringVar(&o.listen, "listen", configs.Default().Listen, "`ADDRESS` of the proxy, or set "+configs.Variable("listen"))
	addCADir(c.Flags(), &o.caDir)
	c.Flags().BoolVar(&o.keepNoProxy, "keep-no-proxy", false, "keep the hosts in NO_PROXY out of the proxy, except loopback")
	c.Flags().BoolVar(&o.unset, "unset", false, "print commands that restore the previous values")
	return c
}

// warnIfSilent says that no proxy listens at an address: a shell that points
// there reaches nothing.
func (p *program) warnIfSilent(ctx context.Context, listen string) {
	address, err := reachable(listen)
	if err != nil {
		return
	}
	dialer := net.Dialer{Timeout: time.Second}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		c.Close()
		return
	}
	start := p.self()
	if listen != configs.Default().Listen {
		start += " --listen " + listen
	}
	fmt.Fprintf(p.stderr, "sidenote: env: no proxy listens on %s, so requests will fail; start it in another shell: %s\n", address, start)
}

// envScript is what the env command prints.
func (p *program) envScript(o envOptions) (string, error) {
	env := p.environ
	shell, err := chooseShell(o.shell, env)
	if err != nil {
		return "", err
	}
	if o.unset {
		return shell.Script(environ.Undo(env)), nil
	}
	proxy, err := reachable(o.listen)
	if err != nil {
		return "", usageErrorf("env: --listen %q: %w", o.listen, err)
	}
	settings, err := p.caSettings(o.caDir)
	if err != nil {
		return "", err
	}
	settings.ProxyURL = "http://" + numeric(proxy)
	settings.KeepNoProxy = o.keepNoProxy
	plan := environ.New(settings, env)

	var b strings.Builder
	say := func(format string, args ...any) { b.WriteString(shell.Comment(fmt.Sprintf(format, args...)) + "\n") }
	say("run this with: %s", shell.Usage(p.self()+" env"))
	say("undo it with:  %s", shell.Usage(p.self()+" env --unset"))
	if cleared := plan.NoProxy.Cleared; len(cleared) > 0 {
		say("removed from NO_PROXY, so that sidenote sees it: %s", strings.Join(cleared, ", "))
	}
	say("bypasses the proxy: %s", strings.Join(plan.NoProxy.Kept, ", "))
	b.WriteString(shell.Script(plan.Changes(env)))
	return b.String(), nil
}

func chooseShell(name string, env []string) (environ.Shell, error) {
	if name != "" {
		shell, err := environ.ParseShell(name)
		if err != nil {
			return "", usageErrorf("env: --shell: %w", err)
		}
		return shell, nil
	}
	shell, err := environ.DetectShell(env)
	if err != nil {
		return "", usageErrorf("env: $SHELL: %w; choose one with --shell", err)
	}
	return shell, nil
}

// caSettings makes the CA's files where they are not there yet, with a bundle
// that also holds what the environment had programs trust.
func (p *program) caSettings(dir string) (environ.Settings, error) {
	authority, err := openCA(dir)
	if err != nil {
		return environ.Settings{}, err
	}
	bundle, err := authority.WriteBundle(trustedFiles(p.environ)...)
	if err != nil {
		return environ.Settings{}, err
	}
	s := environ.Settings{CAFile: authority.CertFile(), BundleFile: bundle}
	for _, path := range []*string{&s.CAFile, &s.BundleFile} {
		if *path, err = filepath.Abs(*path); err != nil { // a program may run in any folder
			return environ.Settings{}, fmt.Errorf("find %s: %w", *path, err)
		}
	}
	home, _ := p.lookup("HOME")
	return s, s.WriteFiles(filepath.Dir(s.CAFile), home, p.environ)
}

// trustedFiles lists the files whose certificates an environment has programs
// trust.
func trustedFiles(env []string) []string {
	files, dirs := environ.TrustedFiles(env)
	for _, d := range dirs {
		files = append(files, certificateFiles(d)...)
	}
	return files
}

// certificateFiles lists the files of a folder that OpenSSL would read: those
// named by a hash; where there are none, those that look like certificates.
// Folders that cannot be read have none.
func certificateFiles(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var hashed, named []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch ext := filepath.Ext(e.Name()); {
		case len(e.Name()) == len("01234567.0") && ext >= ".0" && ext <= ".9":
			hashed = append(hashed, path)
		case ext == ".pem" || ext == ".crt":
			named = append(named, path)
		}
	}
	if len(hashed) > 0 {
		return hashed
	}
	return named
}

// numeric writes loopback as an address: several clients treat the name
// "localhost" as something that needs no proxy.
func numeric(address string) string {
	if host, port, err := net.SplitHostPort(address); err == nil && strings.EqualFold(host, "localhost") {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
