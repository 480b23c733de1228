package main

import (
	"strings"

	"sidenote/internal/wording"
)

// An article explains one thing, in a form that can be printed in several ways.
type article struct {
	title    string
	label    string   // what kind of thing it is, and where it is defined
	text     []string // paragraphs
	facts    []fact
	examples []example
	record   any // the same for programs
}

// A fact is a short answer to a question that every reader has.
type fact struct {
	name   string
	values []string // each on a line of its own
}

// An example is text to be shown as it is.
type example struct{ caption, text string }

// add adds a fact when it has a value.
func (a *article) add(name string, values ...string) {
	var kept []string
	for _, v := range values {
		if v != "" {
			kept = append(kept, v)
		}
	}
	if len(kept) > 0 {
		a.facts = append(a.facts, fact{name, kept})
	}
}

// screen is how wide text is made, in characters.
const screen = 80

// plain prints the article for a terminal.
func (a *article) plain() string {
	var b strings.Builder
	b.WriteString(wrap(a.title, "", "") + wrap(a.label, "", ""))
	for _, paragraph := range a.text {
		b.WriteString("\n" + wrap(paragraph, "", ""))
	}
	if len(a.facts) > 0 {
		b.WriteByte('\n')
	}
	widest := 0
	for _, f := range a.facts {
		widest = max(widest, len(f.name))
	}
	blank := strings.Repeat(" ", 2+widest+2)
	for _, f := range a.facts {
		first := "  " + f.name + strings.Repeat(" ", widest-len(f.name)+2)
		for _, v := range f.values {
			b.WriteString(wrap(v, first, blank))
			first = blank
		}
	}
	for _, e := range a.examples {
		b.WriteString("\n" + wrap(e.caption+":", "", ""))
		for line := range strings.SplitSeq(tidy(e.text), "\n") {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
	}
	return b.String()
}

// markdown prints the article with its title as a heading of the level given.
func (a *article) markdown(level int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat("#", level) + " " + a.title + "\n\n" + a.label + "\n")
	for _, paragraph := range a.text {
		b.WriteString("\n" + strings.Join(strings.Fields(paragraph), " ") + "\n")
	}
	if len(a.facts) > 0 {
		b.WriteByte('\n')
	}
	for _, f := range a.facts {
		b.WriteString("- **" + f.name + "**: " + strings.Join(f.values, "; ") + "\n")
	}
	for _, e := range a.examples {
		text := tidy(e.text)
		fence := "```"
		for strings.Contains(text, fence) {
			fence += "`"
		}
		b.WriteString("\n" + e.caption + ":\n\n" + fence + "http\n" + text + "\n" + fence + "\n")
	}
	return b.String()
}

// wrap breaks text into lines that fit the screen. The first line begins with
// first, the others with rest, which should be as wide.
func wrap(text, first, rest string) string {
	return strings.Join(wording.Wrap(text, screen, first, rest), "\n") + "\n"
}

// tidy removes the empty lines and the indentation that text has from standing
// in source code.
func tidy(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	indent := ""
	if trimmed := strings.TrimLeft(lines[0], "\t"); trimmed != lines[0] {
		indent = lines[0][:len(lines[0])-len(trimmed)]
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, indent)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// paragraphs cuts text at its empty lines.
func paragraphs(text string) []string {
	var all []string
	for part := range strings.SplitSeq(tidy(text), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
