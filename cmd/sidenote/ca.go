package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sidenote/configs"
	"sidenote/internal/wholefile"
	"sidenote/internal/wording"
	"sidenote/proxy/ca"
)

// newCACommand groups what is to be done with the local CA.
func newCACommand(p *program) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "ca",
		Short: "Find, export, install or uninstall the local CA",
		Long: `The local CA signs the certificates that sidenote uses to intercept HTTPS. sidenote
creates it on first use. Its key stays in a private folder on this machine.`,
	}
	addCADir(c.PersistentFlags(), &dir)
	open := func(c *cobra.Command) (*ca.Authority, error) {
		if err := p.caDirFromSettings(c, &dir); err != nil {
			return nil, err
		}
		return openCA(dir)
	}
	group(c).AddCommand(newCAPathCommand(p, open), newCAExportCommand(p, open), newCAInstallCommand(p, open), newCAUninstallCommand(p, open))
	return c
}

// addCADir adds the flag for the folder of the CA to a command that has few
// other settings.
func addCADir(f *pflag.FlagSet, dir *string) {
	f.StringVar(dir, caDirFlag, "", "`FOLDER` of the CA, or set "+configs.Variable(caDirFlag)+" (default: sidenote in your configuration folder)")
}

const caDirFlag = "ca-dir"

// caDirFromSettings sets that flag from the environment or the configuration file.
func (p *program) caDirFromSettings(c *cobra.Command, dir *string) error {
	return p.fromSettings(c, caDirFlag, dir, func(c *configs.Config) string { return c.CADir })
}

// caFolder is the CA's folder: the usual one for "".
func caFolder(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	dir, err := ca.DefaultDir()
	if err != nil {
		return "", &codedError{exitFailed, err}
	}
	return dir, nil
}

// openCA opens the CA in a folder, the usual one for "".
func openCA(dir string) (*ca.Authority, error) {
	dir, err := caFolder(dir)
	if err != nil {
		return nil, err
	}
	authority, err := ca.Open(dir)
	if err != nil {
		return nil, &codedError{exitFailed, err}
	}
	return authority, nil
}

// openCAFor opens the CA that the settings need. It returns nil where nothing is
// intercepted, so that none is needed.
func openCAFor(c *configs.Config) (*ca.Authority, error) {
	if slices.Equal(c.Intercept, []string{"none"}) {
		return nil, nil
	}
	return openCA(c.CADir)
}

// openCAFunc opens the CA that the flags of a command name.
type openCAFunc func(*cobra.Command) (*ca.Authority, error)

// needsSubcommand is the rule for a command that only groups others.
func needsSubcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return usageErrorf("%s: unknown command %q%s; see %q", commandName(c), args[0], wording.Suggestion(args[0], names, "%q"), c.CommandPath()+" --help")
}

// group makes a command one that only groups others: alone it prints its help.
func group(c *cobra.Command) *cobra.Command {
	c.Args = needsSubcommand
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}

func newCAPathCommand(p *program, open openCAFunc) *cobra.Command {
	return &cobra.Command{
		Use:   "path",
		Short: "Print the path of the CA's certificate",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := open(c)
			if err != nil {
				return err
			}
			return writeText(p.stdout, a.CertFile()+"\n")
		},
	}
}

func newCAExportCommand(p *program, open openCAFunc) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "export",
		Short:   "Write the CA's certificate (never its key)",
		Example: "  sidenote ca export > ca.pem\n  sidenote ca export --output ca.pem",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := open(c)
			if err != nil {
				return err
			}
			if file == "" {
				return writeText(p.stdout, string(a.CertPEM()))
			}
			if err := os.WriteFile(file, a.CertPEM(), 0o644); err != nil {
				return &codedError{exitFailed, fmt.Errorf("--output: %w", wholefile.Unwritable(file, err))}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "`FILE` to write to (default: standard output)")
	return c
}
