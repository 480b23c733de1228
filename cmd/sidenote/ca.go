package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sidenote/proxy/ca"
)

// newCACommand groups what is to be done with the local CA.
func newCACommand(p *program) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "ca",
		Short: "The local CA: where it is, and who trusts it",
		Long: `The local CA signs the certificates with which HTTPS is intercepted. It is made
on first use; its key stays in a private folder on this machine.`,
		Args: needsSubcommand,
	}
	c.PersistentFlags().StringVar(&dir, "ca-dir", "", "`FOLDER` of the CA, also SIDENOTE_CA_DIR (default: sidenote in your configuration folder)")
	open := func(c *cobra.Command) (*ca.Authority, error) {
		if v, set := p.lookup("SIDENOTE_CA_DIR"); set && !c.Flags().Changed("ca-dir") {
			dir = v
		}
		return p.openCA(dir)
	}
	c.AddCommand(newCAPathCommand(p, open), newCAExportCommand(p, open), newCAInstallCommand(p, open), newCAUninstallCommand(p, open))
	return c
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
	return usageErrorf("%s: unknown command %q%s; see %q", c.Name(), args[0], didYouMean(args[0], names, "%q"), c.CommandPath()+" --help")
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
		Short:   "Write the CA's certificate, never its key",
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
				return &codedError{exitFailed, fmt.Errorf("--output: %w", err)}
			}
			return nil
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "`FILE` to write to (default: standard output)")
	return c
}
