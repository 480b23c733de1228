package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/configs"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// commands lists every command. This is the place to add one.
func commands(p *program) []*cobra.Command {
	return []*cobra.Command{
		newServeCommand(p),
		newCheckCommand(p),
		newRunCommand(p),
		newGuardCommand(p),
		newLintCommand(p),
		newDiffCommand(p),
		newPolicyCommand(p),
		newBaselineCommand(p),
		newOpenCommand(p),
		newDemoCommand(p),
		newExplainCommand(p),
		newRulesCommand(p),
		newSchemaCommand(p),
		newEnvCommand(p),
		newDoctorCommand(p),
		newCACommand(p),
		newConfigCommand(p),
		newHealthcheckCommand(p),
		newManCommand(p),
		newVersionCommand(p),
	}
}

// defaultCommand is meant when the arguments name none: when there are none,
// or they begin with a flag.
const defaultCommand = "serve"

// A program is what a command may touch of the process that it runs in.
type program struct {
	environ        []string // "NAME=value", as os.Environ gives it
	stdin          io.Reader
	stdout, stderr io.Writer
	helpAll        bool // help prints every flag
}

// lookup finds an environment variable; set is false when there is none.
func (p *program) lookup(name string) (value string, set bool) {
	for _, kv := range slices.Backward(p.environ) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// fromSettings sets a flag that has the name of a setting, and was not given, from
// the setting's variable or the configuration file. of picks the setting's value.
func (p *program) fromSettings(c *cobra.Command, flag string, value *string, of func(*configs.Config) string) error {
	if c.Flags().Changed(flag) {
		return nil
	}
	if v, _ := p.lookup(configs.Variable(flag)); v != "" { // others may be wrong, and are not asked for
		*value = v
		return nil
	}
	config, _, err := configs.Load(nil, p.environ, p.folder())
	if err != nil {
		return &codedError{exitUsage, err}
	}
	if config.WasSet(flag) {
		*value = of(&config)
	}
	return nil
}

// folder is where the program was started; "" if that is not known.
func (p *program) folder() string {
	folder, err := os.Getwd()
	if err != nil {
		return ""
	}
	return folder
}

// settings puts together what the flags of a command, the environment and the
// configuration file say. It says which file was found.
func (p *program) settings(c *cobra.Command) (configs.Config, error) {
	config, _, err := p.settingsOrWarn(c)
	if err == nil && config.Found {
		fmt.Fprintf(p.stderr, "sidenote: %s\n", settingsFrom(&config))
	}
	return config, err
}

// settingsOrWarn is settings for commands with a log, where they say which file was
// found: it also warns of likely mistakes in the environment, which short commands
// would repeat each time.
func (p *program) settingsOrWarn(c *cobra.Command) (configs.Config, []string, error) {
	config, warnings, err := configs.Load(c.Flags(), p.environ, p.folder())
	if err != nil {
		return config, nil, &codedError{exitUsage, err}
	}
	return config, warnings, nil
}

// settingsFrom says which configuration file is used.
func settingsFrom(c *configs.Config) string {
	return fmt.Sprintf("settings from %s (--no-config leaves them out)", printable.Text(c.File, false))
}

// run runs the program and returns its exit code. It ends soon after ctx is done.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	log.SetOutput(io.Discard) // net/http complains there of what is recorded and noted anyway
	p := &program{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	root := newRootCommand(p)
	args, p.helpAll = withoutHelpAll(args)
	args, err := resolve(root, args)
	if err == nil {
		root.SetArgs(args)
		err = root.ExecuteContext(ctx)
	}
	return p.exit(err)
}

func newRootCommand(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:   "sidenote",
		Short: "An HTTP debugging proxy that writes notes in the margin of every response",
		Long: `sidenote is an HTTP debugging proxy that writes notes in the margin of every
response: what the status means, whether the headers that it needs are there, who
has to act, and why.`,
		Example: `  sidenote
  sidenote run -- npm test
  sidenote lint checkout.har
  sidenote check https://api.example/health
  sidenote explain 409
  sidenote demo`,
		Args:          unknownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageFunc(p.usage)
	root.AddGroup(commandGroups()...)
	root.AddCommand(commands(p)...)
	root.SetHelpCommand(newHelpCommand(p, root))
	root.InitDefaultHelpCmd()
	initCompletion(root)
	groupCommands(root)
	return root
}

// initCompletion adds cobra's completion command, in this program's words.
func initCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c, _, err := root.Find([]string{"completion"})
	if err != nil || c == root {
		return
	}
	c.Short = "Print the script that completes commands in your shell"
	c.Long = `Print a script that lets your shell complete commands, flags and their values. The
help of each shell says how to load it.`
	for _, shell := range group(c).Commands() {
		shell.Short = "Print the script for " + shell.Name()
	}
}

// resolve puts the default command in where the arguments name none, and
// refuses a command that there is not before anybody looks at its flags.
func resolve(root *cobra.Command, args []string) ([]string, error) {
	if len(args) > 1 && isCompletion(args[0]) && strings.HasPrefix(args[1], "-") { // flags of the default command
		return slices.Insert(slices.Clone(args), 1, defaultCommand), nil
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		if isCommand(root, args[0]) {
			return args, nil
		}
		return nil, unknownCommand(root, args)
	}
	if len(args) == 1 {
		switch args[0] {
		case "-h", "--help":
			return args, nil
		case "--version", "-V":
			return []string{"version"}, nil
		}
	}
	if isCommand(root, defaultCommand) {
		args = append([]string{defaultCommand}, args...)
	}
	return args, nil
}

// isCompletion reports whether a shell asks how a command line may go on.
func isCompletion(name string) bool {
	return name == cobra.ShellCompRequestCmd || name == cobra.ShellCompNoDescRequestCmd
}

func isCommand(root *cobra.Command, name string) bool {
	return isCompletion(name) || slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == name || c.HasAlias(name) })
}

// unknownCommand is the root's rule for arguments: it takes none.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usageErrorf("unknown command %q%s; \"sidenote help\" lists the commands", args[0], wording.Suggestion(args[0], names, "%q"))
}

// newHelpCommand is cobra's help command, except for a name that there is not.
func newHelpCommand(p *program, root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print the help of a command, or of exit-codes",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			c, _, err := root.Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range c.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name())
				}
			}
			if c == root {
				names = append(names, exitTopic)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == exitTopic {
				return writeText(p.stdout, exitHelp())
			}
			c, rest, err := root.Find(args)
			if err != nil || c == root && len(rest) > 0 {
				return unknownCommand(root, args)
			}
			return c.Help()
		},
	}
}
