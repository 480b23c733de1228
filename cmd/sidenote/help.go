package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sidenote/configs"
)

// helpAllFlag prints the help of a command with every flag.
const helpAllFlag = "--help-all"

// withoutHelpAll turns --help-all into --help, and reports whether it was
// there. What is behind "--" is another program's.
func withoutHelpAll(args []string) ([]string, bool) {
	end := slices.Index(args, "--")
	if end < 0 {
		end = len(args)
	}
	at := slices.Index(args[:end], helpAllFlag)
	if at < 0 {
		return args, false
	}
	args = slices.Clone(args)
	args[at] = "--help"
	return args, true
}

// The groups of commands, in the order of the help.
const (
	groupSee   = "see"
	groupJudge = "judge"
	groupLook  = "look"
	groupSetUp = "setup"
	groupOther = "other"
)

func commandGroups() []*cobra.Group {
	return []*cobra.Group{
		{ID: groupSee, Title: "See traffic:"},
		{ID: groupJudge, Title: "Judge traffic:"},
		{ID: groupLook, Title: "Look things up:"},
		{ID: groupSetUp, Title: "Set programs up:"},
		{ID: groupOther, Title: "More:"},
	}
}

// groupCommands puts each command into its group; one that is not named here is
// among the last.
func groupCommands(root *cobra.Command) {
	groups := map[string]string{
		"serve": groupSee, "open": groupSee, "demo": groupSee,
		"run": groupJudge, "check": groupJudge, "lint": groupJudge, "policy": groupJudge, "baseline": groupJudge,
		"explain": groupLook, "rules": groupLook, "schema": groupLook,
		"env": groupSetUp, "ca": groupSetUp, "config": groupSetUp, "doctor": groupSetUp, "completion": groupSetUp,
	}
	for _, c := range root.Commands() {
		if c.GroupID = groups[c.Name()]; c.GroupID == "" {
			c.GroupID = groupOther
		}
	}
}

// fewFlags is how many flags a command may have for all of them to be printed.
const fewFlags = 16

// usage prints how a command is used: its form, examples, commands and flags.
func (p *program) usage(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", strings.Join(useLines(c), "\n  "))
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	writeCommands(&b, c)
	p.writeFlags(&b, c)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nPrint the help of a command: %s COMMAND --help\n", c.CommandPath())
	}
	_, err := io.WriteString(c.OutOrStderr(), b.String())
	return err
}

func useLines(c *cobra.Command) (lines []string) {
	if c.Runnable() && !(c.HasParent() && c.HasAvailableSubCommands()) { // a group alone prints its help
		lines = append(lines, c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		lines = append(lines, c.CommandPath()+" COMMAND")
	}
	return lines
}

// writeCommands lists the commands below one, by group.
func writeCommands(b *strings.Builder, c *cobra.Command) {
	list := func(title, group string) {
		printed := false
		for _, sub := range c.Commands() {
			if sub.GroupID != group || !sub.IsAvailableCommand() && sub.Name() != "help" {
				continue
			}
			if !printed {
				fmt.Fprintf(b, "\n%s\n", title)
				printed = true
			}
			fmt.Fprintf(b, "  %-12s %s\n", sub.Name(), sub.Short)
		}
	}
	for _, g := range c.Groups() {
		list(g.Title, g.ID)
	}
	list("Commands:", "")
}

// writeFlags lists the flags of a command: all, by group, where that was asked
// for; else those that most people need, where there are many.
func (p *program) writeFlags(b *strings.Builder, c *cobra.Command) {
	var own, settings []*pflag.Flag
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Hidden:
		case f.Annotations[configs.GroupAnnotation] == nil:
			own = append(own, f)
		default:
			settings = append(settings, f)
		}
	})
	if len(own)+len(settings) == 0 {
		return
	}
	if p.helpAll {
		writeFlagList(b, "Flags:", append(own, helpAll("print the help with every flag")))
		for _, group := range configs.Groups() {
			writeFlagList(b, group+":", slices.DeleteFunc(slices.Clone(settings), func(f *pflag.Flag) bool {
				return f.Annotations[configs.GroupAnnotation][0] != group
			}))
		}
		return
	}
	shown := settings
	if len(own)+len(settings) > fewFlags {
		shown = slices.DeleteFunc(slices.Clone(settings), func(f *pflag.Flag) bool {
			_, common := f.Annotations[configs.CommonAnnotation]
			return !common
		})
	}
	if more := len(settings) - len(shown); more > 0 {
		own = append(own, helpAll(fmt.Sprintf("print the help with all flags, %d more", more)))
	}
	writeFlagList(b, "Flags:", slices.Concat(own, shown))
}

// helpAll is --help-all as a flag to print: what it does is done before flags
// are parsed.
func helpAll(usage string) *pflag.Flag {
	var fs pflag.FlagSet
	fs.Bool(strings.TrimPrefix(helpAllFlag, "--"), false, usage)
	return fs.Lookup(strings.TrimPrefix(helpAllFlag, "--"))
}

// flagColumns is where the help of a flag begins.
const flagColumns = 32

func writeFlagList(b *strings.Builder, title string, flags []*pflag.Flag) {
	if len(flags) == 0 {
		return
	}
	slices.SortFunc(flags, func(x, y *pflag.Flag) int { return strings.Compare(x.Name, y.Name) })
	fmt.Fprintf(b, "\n%s\n", title)
	for _, f := range flags {
		writeFlag(b, f)
	}
}

// writeFlag prints one flag, its help beside it or, where it is long, below it.
func writeFlag(b *strings.Builder, f *pflag.Flag) {
	name, help := flagWords(f)
	b.WriteString(name)
	at := len(name)
	if at+2 > flagColumns {
		b.WriteByte('\n')
		at = 0
	}
	indent := strings.Repeat(" ", flagColumns)
	b.WriteString(wrap(help, indent, indent)[at:])
}

// flagWords returns a flag with what stands for its value, and its help with its
// default. Names begin in one column, with and without a letter before them.
func flagWords(f *pflag.Flag) (name, help string) {
	value, help := pflag.UnquoteUsage(f)
	name = "      --" + f.Name
	if f.Shorthand != "" {
		name = "  -" + f.Shorthand + ", --" + f.Name
	}
	if value != "" && value != "bool" && f.NoOptDefVal == "" {
		name += " " + value
	}
	if d := f.DefValue; d != "" && d != "false" && d != "[]" && d != "0" && d != "0s" {
		help += " (default " + d + ")"
	}
	return name, help
}
