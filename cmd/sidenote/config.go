package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/configs"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// newConfigCommand groups what is to be done with the configuration file.
func newConfigCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show, check or begin a configuration file",
		Long: `Show which settings hold here and where each comes from, check a configuration
file, or write one to begin with. sidenote reads sidenote.yaml from the current
folder or, within a repository, from the nearest folder above it.`,
	}
	group(c).AddCommand(newConfigShowCommand(p), newConfigCheckCommand(p), newConfigInitCommand(p))
	return c
}

func newConfigShowCommand(p *program) *cobra.Command {
	var all bool
	format := newChoice("text", "json")
	c := &cobra.Command{
		Use:   "show",
		Short: "Show the settings that hold here, and where each comes from",
		Long: `Show the settings that the configuration file and the environment change, and where
each comes from: a line of the file or a variable. Secrets are hidden.`,
		Example: `  sidenote config show
  sidenote config show --all
  SIDENOTE_SEVERITY=info sidenote config show --format json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			config, warnings, err := p.settingsOrWarn(c)
			if err != nil {
				return err
			}
			for _, w := range warnings {
				fmt.Fprintf(p.stderr, "sidenote: %s\n", w)
			}
			if format.value == "json" {
				return writeJSON(p.stdout, shownConfig(&config, all))
			}
			return writeText(p.stdout, configText(&config, all))
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also show the settings that have their default")
	addChoice(c, format, "format", "how to print them")
	addSettings(c, "config")
	return c
}

// A configShown is what "config show" prints for programs.
type configShown struct {
	File     string         `json:"file,omitempty"` // that was read
	Settings []settingShown `json:"settings"`
}

type settingShown struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`
}

func shownConfig(c *configs.Config, all bool) configShown {
	shown := configShown{File: c.File, Settings: []settingShown{}}
	for _, e := range c.Entries(all) {
		shown.Settings = append(shown.Settings, settingShown{e.Setting.Name, e.Text, e.Where})
	}
	return shown
}

func configText(c *configs.Config, all bool) string {
	var b strings.Builder
	switch {
	case c.File != "":
		fmt.Fprintf(&b, "file: %s\n\n", printable.Text(c.File, false))
	default:
		fmt.Fprintf(&b, "file: none; \"sidenote config init\" writes one\n\n")
	}
	entries := c.Entries(all)
	if len(entries) == 0 {
		b.WriteString("every setting has its default; \"sidenote config show --all\" lists them\n")
	}
	width, values := 0, 0
	for _, e := range entries {
		width, values = max(width, len(e.Setting.Name)), max(values, min(len(e.Text), 40))
	}
	for _, e := range entries {
		value := printable.Text(strings.ReplaceAll(e.Text, "\n", ", "), false)
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n", width, e.Setting.Name, values, value, printable.Text(e.Where, false))
	}
	return b.String()
}

func newConfigCheckCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration file, with the policy, rules and descriptions that it names",
		Long: `Check a configuration file: every setting, the policy, the baseline and the OpenAPI
descriptions that it names, and the IDs of rules. Without FILE, check the one that
sidenote finds here. The exit code is 0 if it is right, and 2 if it isn't.`,
		Example: `  sidenote config check
  sidenote config check ci/sidenote.yaml`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageErrorf("config check: takes one FILE, but was given %d; see \"sidenote config check --help\"", len(args))
			}
			environ := p.environ
			if len(args) == 1 {
				environ = append(environ[:len(environ):len(environ)], configs.Variable("config")+"="+args[0])
			}
			config, _, err := configs.Load(nil, environ, p.folder())
			if err != nil {
				return &codedError{exitUsage, err}
			}
			if config.File == "" {
				return usageErrorf("config check: no %s is here%s; \"sidenote config init\" writes one", configs.FileName, above)
			}
			if _, err := p.newJudge(&config); err != nil {
				return err
			}
			n := 0
			for _, e := range config.Entries(false) {
				if strings.HasPrefix(e.Where, config.File) {
					n++
				}
			}
			return writeText(p.stdout, fmt.Sprintf("%s: ok, %s\n", printable.Text(config.File, false), wording.Count(n, "setting")))
		},
	}
	return c
}

// above is where else a file was looked for.
const above = ", nor above it in the repository"

func newConfigInitCommand(p *program) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a configuration file to begin with",
		Long: `Write a configuration file in which every setting is explained and none is set.
Without FILE, write sidenote.yaml in this folder; - is standard output.`,
		Example: `  sidenote config init
  sidenote config init - | less`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageErrorf("config init: takes one FILE, but was given %d; see \"sidenote config init --help\"", len(args))
			}
			name := configs.FileName
			if len(args) == 1 {
				name = args[0]
			}
			if name == "-" {
				return writeText(p.stdout, configs.Starter())
			}
			if err := writeNew(name, configs.Starter(), force); err != nil {
				return err
			}
			return writeText(p.stdout, fmt.Sprintf("wrote %s; see what holds with: %s config show\n", printable.Text(name, false), p.self()))
		},
	}
	c.Flags().BoolVar(&force, "force", false, "overwrite the file if there is one")
	return c
}

// writeNew writes a file that is not there yet, unless it may be overwritten.
func writeNew(name, text string, force bool) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, how, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return usageErrorf("config init: %s exists; look at it with \"sidenote config show\", or overwrite it with --force", name)
	case err != nil:
		return cannotWrite(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return cannotWrite(err)
	}
	return nil
}
