package main

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/internal/wording"
)

// An article explains one thing, in a form that can be printed in several ways.
type article struct {
	title     string
	label     string   // what kind of thing it is
	refs      []string // where it is defined
	text      []string // paragraphs
	facts     []fact
	factsLast bool // the facts are an appendix
	compared  []comparisonRecord
	sections  []section
	examples  []example
	record    any // the same for programs
}

// A fact is a short answer to a question that every reader has.
type fact struct {
	name   string
	values []string // each on a line of its own
}

// A section is a part of an article with a title of its own.
type section struct {
	title    string
	text     []string // paragraphs
	examples []example
}

// An example is text to be shown as it is, below a caption and a sentence.
type example struct{ caption, says, text string }

// heading returns the caption and the sentence of an example.
func (e *example) heading() string {
	switch {
	case e.caption == "":
		return ""
	case e.says == "":
		return e.caption + ":"
	}
	return e.caption + ": " + e.says
}

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

// plain prints the article for people. With links, references lead to their
// addresses where a terminal understands the sequence OSC 8.
func (a *article) plain(links bool) string {
	var b strings.Builder
	label := wrap(strings.Join(append([]string{a.label}, a.refs...), ", "), "", "")
	if links {
		label = linked(label, a.refs)
	}
	b.WriteString(wrap(a.title, "", "") + label)
	writeParagraphs(&b, a.text)
	if !a.factsLast {
		writeFacts(&b, a.facts)
	}
	for i := range a.compared {
		b.WriteString("\n" + a.compared[i].plain())
	}
	for _, s := range a.sections {
		b.WriteString("\n\n" + wrap(s.title, "", ""))
		writeParagraphs(&b, s.text)
		writeExamples(&b, s.examples)
	}
	writeExamples(&b, a.examples)
	if a.factsLast {
		b.WriteByte('\n')
		writeFacts(&b, a.facts)
	}
	if addresses := addressesOf(a.refs); addresses != nil {
		b.WriteString("\nlinks:\n    " + strings.Join(addresses, "\n    ") + "\n")
	}
	return b.String()
}

func writeParagraphs(b *strings.Builder, text []string) {
	for _, paragraph := range text {
		b.WriteString("\n" + wrap(paragraph, "", ""))
	}
}

func writeFacts(b *strings.Builder, facts []fact) {
	if len(facts) > 0 {
		b.WriteByte('\n')
	}
	widest := 0
	for _, f := range facts {
		widest = max(widest, len(f.name))
	}
	blank := strings.Repeat(" ", 2+widest+2)
	for _, f := range facts {
		first := "  " + f.name + strings.Repeat(" ", widest-len(f.name)+2)
		for _, v := range f.values {
			b.WriteString(wrap(v, first, blank))
			first = blank
		}
	}
}

func writeExamples(b *strings.Builder, examples []example) {
	for _, e := range examples {
		if b.WriteByte('\n'); e.caption != "" {
			b.WriteString(wrap(e.heading(), "", ""))
		}
		for line := range strings.SplitSeq(tidy(e.text), "\n") {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
	}
}

// addressesOf lists the addresses of references, each once.
func addressesOf(refs []string) (addresses []string) {
	for _, ref := range refs {
		if url := annotate.RefURL(ref); url != "" && !slices.Contains(addresses, url) {
			addresses = append(addresses, url)
		}
	}
	return addresses
}

// linked makes the references in a text lead to their addresses, on terminals
// that understand OSC 8. A reference that is broken over two lines stays as it is.
func linked(text string, refs []string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		var members []string
		for member := range strings.SplitSeq(line, ", ") {
			ref := strings.TrimSuffix(member, ",")
			if url := annotate.RefURL(ref); url != "" && slices.Contains(refs, ref) {
				member = "\x1b]8;;" + url + "\x1b\\" + ref + "\x1b]8;;\x1b\\" + member[len(ref):]
			}
			members = append(members, member)
		}
		lines[i] = strings.Join(members, ", ")
	}
	return strings.Join(lines, "\n")
}

// plain prints the codes side by side, each in a column.
func (c *comparisonRecord) plain() string {
	names := 0
	for _, r := range c.Rows {
		names = max(names, len(r.Name))
	}
	const gap = 2
	width := (screen - gap - names - gap*len(c.Codes)) / len(c.Codes)
	var b strings.Builder
	b.WriteString(wrap("compared: "+c.Question, "", "") + "\n")
	row := func(name string, cells []string) {
		columns := make([][]string, len(cells))
		height := 0
		for i, cell := range cells {
			columns[i] = wording.Wrap(cell, width, "", "")
			height = max(height, len(columns[i]))
		}
		for i := range height {
			line := "  " + name + strings.Repeat(" ", names-len(name))
			for _, column := range columns {
				cell := ""
				if i < len(column) {
					cell = column[i]
				}
				line += strings.Repeat(" ", gap) + cell + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(cell)))
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			name = ""
		}
	}
	var codes []string
	for _, code := range c.Codes {
		codes = append(codes, strconv.Itoa(code))
	}
	row("", codes)
	for _, r := range c.Rows {
		row(r.Name, r.Cells)
	}
	return b.String()
}

// markdown prints the article with its title as a heading of the level given.
func (a *article) markdown(level int) string {
	var b strings.Builder
	label := []string{a.label}
	for _, ref := range a.refs {
		if url := annotate.RefURL(ref); url != "" {
			ref = "[" + ref + "](" + url + ")"
		}
		label = append(label, ref)
	}
	b.WriteString(strings.Repeat("#", level) + " " + a.title + "\n\n" + strings.Join(label, ", ") + "\n")
	paragraphs := func(text []string) {
		for _, paragraph := range text {
			b.WriteString("\n" + strings.Join(strings.Fields(paragraph), " ") + "\n")
		}
	}
	paragraphs(a.text)
	if !a.factsLast {
		markFacts(&b, a.facts)
	}
	for i := range a.compared {
		b.WriteString("\n" + a.compared[i].markdown())
	}
	for _, s := range a.sections {
		b.WriteString("\n" + strings.Repeat("#", level+1) + " " + s.title + "\n")
		paragraphs(s.text)
		markExamples(&b, s.examples)
	}
	markExamples(&b, a.examples)
	if a.factsLast {
		markFacts(&b, a.facts)
	}
	return b.String()
}

func markFacts(b *strings.Builder, facts []fact) {
	if len(facts) > 0 {
		b.WriteByte('\n')
	}
	for _, f := range facts {
		b.WriteString("- **" + f.name + "**: " + strings.Join(f.values, "; ") + "\n")
	}
}

func markExamples(b *strings.Builder, examples []example) {
	for _, e := range examples {
		text := tidy(e.text)
		fence := "```"
		for strings.Contains(text, fence) {
			fence += "`"
		}
		if e.caption != "" {
			b.WriteString("\n" + e.heading() + "\n")
		}
		b.WriteString("\n" + fence + "http\n" + text + "\n" + fence + "\n")
	}
}

// markdown prints the codes side by side as a table.
func (c *comparisonRecord) markdown() string {
	var b strings.Builder
	b.WriteString("Compared: " + c.Question + "\n\n|")
	for _, code := range c.Codes {
		b.WriteString(" | " + strconv.Itoa(code))
	}
	b.WriteString(" |\n|---" + strings.Repeat("|---", len(c.Codes)) + "|\n")
	for _, r := range c.Rows {
		b.WriteString("| " + r.Name)
		for _, cell := range r.Cells {
			b.WriteString(" | " + wording.Cell(cell))
		}
		b.WriteString(" |\n")
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

// A pageArticle is an article as the inspector's page shows it.
type pageArticle struct {
	Title    string             `json:"title"`
	Label    string             `json:"label"`
	Links    []linkRecord       `json:"links"`
	Text     []string           `json:"text"`
	Facts    []pageFact         `json:"facts"`
	Compared []comparisonRecord `json:"compared"`
	Sections []pageSection      `json:"sections"`
	Examples []pageExample      `json:"examples"`
	Also     []pageArticle      `json:"also,omitempty"`
	Record   any                `json:"record"`
}

type pageFact struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

type pageSection struct {
	Title    string        `json:"title"`
	Text     []string      `json:"text"`
	Examples []pageExample `json:"examples"`
}

type pageExample struct {
	Caption string `json:"caption"`
	Says    string `json:"says,omitempty"`
	Text    string `json:"text"`
}

func (a *article) forPage() pageArticle {
	p := pageArticle{
		Title: a.title, Label: strings.Join(append([]string{a.label}, a.refs...), ", "), Links: linksOf(a.refs), Text: notNil(a.text),
		Facts: []pageFact{}, Compared: append([]comparisonRecord{}, a.compared...), Sections: []pageSection{},
		Examples: pageExamples(a.examples), Record: a.record,
	}
	for _, f := range a.facts {
		p.Facts = append(p.Facts, pageFact{f.name, f.values})
	}
	for _, s := range a.sections {
		p.Sections = append(p.Sections, pageSection{s.title, s.text, pageExamples(s.examples)})
	}
	return p
}

func pageExamples(examples []example) []pageExample {
	shown := []pageExample{}
	for _, e := range examples {
		shown = append(shown, pageExample{e.caption, e.says, tidy(e.text)})
	}
	return shown
}
