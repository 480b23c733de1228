package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sidenote/configs"
	"sidenote/internal/wholefile"
	"sidenote/internal/wording"
)

// newManCommand writes the manual pages, which are made of what help prints.
func newManCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages",
		Long: `Write a manual page for each command into DIR: sidenote.1, sidenote-run.1 and so on.
sidenote creates DIR if there is none yet.`,
		Example: `  sidenote man ~/.local/share/man/man1
  man sidenote-run`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageErrorf(`man: needs one DIR, as in "sidenote man ~/.local/share/man/man1"; see "sidenote man --help"`)
			}
			n, err := writeManual(c.Root(), args[0])
			if err != nil {
				return err
			}
			return writeText(p.stdout, fmt.Sprintf("wrote %s into %s\n", wording.Count(n, "page"), args[0]))
		},
	}
}

// writeManual writes the pages of all commands, and returns how many there are.
func writeManual(root *cobra.Command, folder string) (n int, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return 0, cannotWrite(err)
	}
	for _, c := range allCommands(root) {
		if err := wholefile.ReplaceBytes(filepath.Join(folder, pageName(c)+".1"), 0o644, []byte(manualPage(c))); err != nil {
			return n, cannotWrite(err)
		}
		n++
	}
	return n, nil
}

// allCommands lists a command and all below it that help shows.
func allCommands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, allCommands(sub)...)
		}
	}
	return all
}

func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manualPage writes the page of a command in the macros of man(7).
func manualPage(c *cobra.Command) string {
	m := &manPage{}
	date := ""
	if at, err := time.Parse(time.RFC3339, readVersion().Time); err == nil { // that of the source, so that two builds write the same page
		date = at.UTC().Format(time.DateOnly)
	}
	fmt.Fprintf(m, ".TH %q 1 %q %q \"sidenote\"\n", strings.ToUpper(pageName(c)), date, "sidenote "+readVersion().Version)
	m.section("NAME")
	m.text(pageName(c) + " - " + c.Short)
	m.section("SYNOPSIS")
	m.lines(strings.Join(useLines(c), "\n"))
	m.section("DESCRIPTION")
	m.paragraphs(c.Long)
	m.commands(c)
	m.flags(c)
	m.exitCodes(c)
	if c.HasExample() {
		m.section("EXAMPLES")
		m.lines(c.Example)
	}
	m.seeAlso(c)
	return m.String()
}

// A manPage is a page as it is written.
type manPage struct{ strings.Builder }

// roff has text stand for itself: nothing in it is a request or an escape.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

func (m *manPage) section(name string) { m.WriteString(".SH " + name + "\n") }

func (m *manPage) text(s string) { m.WriteString(roff(s) + "\n") }

// lines writes a text whose lines stay as they are.
func (m *manPage) lines(s string) {
	m.WriteString(".nf\n")
	for line := range strings.Lines(s) {
		m.text(strings.TrimRight(line, "\n"))
	}
	m.WriteString(".fi\n")
}

// paragraphs writes a text whose lines are filled; indented ones stay as they are.
func (m *manPage) paragraphs(s string) {
	for i, part := range strings.Split(strings.TrimSpace(s), "\n\n") {
		if i > 0 {
			m.WriteString(".PP\n")
		}
		if strings.HasPrefix(part, " ") {
			m.lines(part)
			continue
		}
		for line := range strings.Lines(part) {
			m.text(strings.TrimSpace(line))
		}
	}
}

// item writes a term, and what is to be said of it.
func (m *manPage) item(term, text string) {
	m.WriteString(".TP\n.B " + roff(term) + "\n")
	m.text(text)
}

func (m *manPage) commands(c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	m.section("COMMANDS")
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			m.item(sub.Name(), wording.Sentence(sub.Short))
		}
	}
}

// flags writes all flags: the command's own, then the settings by group, each with
// its variable.
func (m *manPage) flags(c *cobra.Command) {
	var own []*pflag.Flag
	settings := make(map[string][]*pflag.Flag)
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		switch group := f.Annotations[configs.GroupAnnotation]; {
		case f.Hidden:
		case group == nil:
			own = append(own, f)
		default:
			settings[group[0]] = append(settings[group[0]], f)
		}
	})
	m.flagList("OPTIONS", own, false)
	for _, group := range configs.Groups() {
		m.flagList(strings.ToUpper(group), settings[group], true)
	}
}

func (m *manPage) flagList(title string, flags []*pflag.Flag, settings bool) {
	if len(flags) == 0 {
		return
	}
	m.section(fmt.Sprintf("%q", title))
	for _, f := range flags {
		name, help := flagWords(f)
		help = wording.Sentence(help)
		if settings {
			help += " (" + configs.Variable(f.Name) + ")"
		}
		m.item(strings.TrimSpace(name), help)
	}
}

func (m *manPage) exitCodes(c *cobra.Command) {
	m.section(`"EXIT STATUS"`)
	for _, e := range exitTable() {
		if e.of(c) {
			m.item(e.shown(), e.Meaning)
		}
	}
}

func (m *manPage) seeAlso(c *cobra.Command) {
	var pages []string
	if c.HasParent() {
		pages = append(pages, pageName(c.Parent())+"(1)")
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			pages = append(pages, pageName(sub)+"(1)")
		}
	}
	if len(pages) > 0 {
		m.section(`"SEE ALSO"`)
		m.text(strings.Join(pages, ", "))
	}
}
