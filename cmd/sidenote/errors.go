package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sidenote/configs"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
	"sidenote/internal/yamlfile"
)

// errSaid ends the program when all that is wrong has been said already.
var errSaid = errors.New("")

// A codedError ends the program with an exit code of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// usageErrorf makes an error for a wrong command line: one line that says
// what is wrong, where, and what to do.
func usageErrorf(format string, args ...any) error {
	return &codedError{exitUsage, fmt.Errorf(format, args...)}
}

// exit says on stderr what ended the program and returns its exit code.
func (p *program) exit(err error) int {
	if err == nil {
		return exitOK
	}
	code := exitFailed
	var coded *codedError
	if errors.As(err, &coded) {
		code = coded.code
	}
	if errors.Is(err, errSaid) {
		return code
	}
	text := p.suggest(oneLine(err.Error()))
	var (
		file    *yamlfile.Error
		snippet *yamlfile.Snippet
	)
	if errors.As(err, &file) || errors.As(err, &snippet) { // shows the line with a caret below it
		text = p.suggest(printableLines(err.Error()))
	}
	fmt.Fprintf(p.stderr, "sidenote: %s\n", text)
	return code
}

// printableLines makes each line of a text printable.
func printableLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = printable.Text(l, false)
	}
	return strings.Join(lines, "\n")
}

// oneLine keeps what an error quotes from breaking the line or steering the terminal.
func oneLine(s string) string {
	return printable.Text(strings.NewReplacer("\n", " ", "\t", " ").Replace(strings.TrimSpace(s)), false)
}

// flagError says what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	see := fmt.Sprintf("see %q", c.CommandPath()+" --help")
	where := ""
	if c.HasParent() {
		where = commandName(c) + ": "
	}
	var (
		unknown *pflag.NotExistError
		lacks   *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			return usageErrorf("%sunknown flag -%s%s; %s", where, name, longFlag(c, short), see)
		}
		return usageErrorf("%sunknown flag --%s%s; %s", where, name, wording.Suggestion(name, flagNames(c), "--%s"), see)
	case errors.As(err, &lacks):
		kind, _ := pflag.UnquoteUsage(lacks.GetFlag())
		return usageErrorf("%s--%s needs a value, %s; %s", where, lacks.GetFlag().Name, kind, see)
	case errors.As(err, &invalid):
		return invalidValue(where, invalid, see)
	}
	return usageErrorf("%s%w; %s", where, err, see)
}

// invalidValue says what is wrong with the value of a flag, which it names once.
func invalidValue(where string, invalid *pflag.InvalidValueError, see string) error {
	err := invalid.Unwrap()
	value := fmt.Sprintf(" %q", invalid.GetValue())
	if strings.Contains(err.Error(), ", not"+value) {
		value = ""
	}
	if !strings.HasSuffix(err.Error(), "?") {
		see = "; " + see
	} else {
		see = " " + see
	}
	return usageErrorf("%s--%s%s: %w%s", where, invalid.GetFlag().Name, value, err, see)
}

// commandName is a command as it is typed behind the program: "ca export".
func commandName(c *cobra.Command) string {
	_, name, _ := strings.Cut(c.CommandPath(), " ")
	return name
}

// longFlag suggests the long flag that someone meant who typed it with one dash.
func longFlag(c *cobra.Command, typed string) string {
	name, _, _ := strings.Cut(typed, "=")
	if len(name) < 2 {
		return ""
	}
	if near := wording.Nearest(name, flagNames(c)); near != "" {
		return " (" + wording.Guess("--%s", near) + ")"
	}
	return ""
}

func flagNames(c *cobra.Command) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// noArguments is the rule for commands that take flags only.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageErrorf("%s: takes no arguments, but was given %q; see %q", commandName(c), args[0], c.CommandPath()+" --help")
	}
	return nil
}

// A choice is a flag's value that must be one of a few words.
type choice struct {
	value string
	words []string
}

// newChoice makes a choice whose first word is the default.
func newChoice(words ...string) *choice { return &choice{words[0], words} }

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.words, "|") }

func (c *choice) Set(s string) error {
	for _, w := range c.words {
		if s == w {
			c.value = s
			return nil
		}
	}
	return errors.New(wording.NotOneOf(s, c.words))
}

// addSettings adds a flag for each of some settings, as configs.AddFlags does,
// with completion.
func addSettings(c *cobra.Command, names ...string) {
	for _, s := range configs.AddFlags(c.Flags(), names...) {
		if s.TakesFile() && len(s.Choices) == 0 {
			continue
		}
		_ = c.RegisterFlagCompletionFunc(s.Name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			values := s.Complete(begun)
			if s.Name == "rules" && len(values) == 0 {
				values = completeRule(begun)
			}
			if len(values) == 0 && s.TakesFile() {
				return nil, cobra.ShellCompDirectiveDefault
			}
			if s.Chosen == configs.Whole {
				return values, cobra.ShellCompDirectiveNoFileComp
			}
			return values, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace // more may follow
		}) // fails only for a flag that has one already
	}
}

// completeFlag completes the value of a flag, which is one of a few words.
func completeFlag(c *cobra.Command, name string, words func(begun string) []string) {
	_ = c.RegisterFlagCompletionFunc(name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return words(begun), cobra.ShellCompDirectiveNoFileComp
	}) // fails only for a flag that there is not
}

// completeRule lists the rules and topics that the last item of RULE=LEVEL,… may
// name.
func completeRule(begun string) (values []string) {
	before := begun[:strings.LastIndexByte(begun, ',')+1]
	topics := make(map[string]bool)
	for _, r := range knownRules() {
		if !topics[r.Topic()] {
			topics[r.Topic()] = true
			values = append(values, before+r.Topic()+"/*=")
		}
		values = append(values, before+r.ID+"=")
	}
	return values
}

// addChoice adds a flag for a choice, with completion.
func addChoice(c *cobra.Command, v *choice, name, usage string) {
	c.Flags().Var(v, name, usage)
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(v.words, cobra.ShellCompDirectiveNoFileComp)) // fails only for an unknown flag
}
