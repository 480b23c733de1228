package diff

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// Schema names the form of the JSON of a report.
const Schema = "sidenote.diff/1"

// Names are what the two sides are called.
type Names struct{ Before, After string }

// arrow stands between how something was and how it is.
const (
	arrow      = " → "
	plainArrow = " -> "
)

// Sentence says what changed. Its text may come from the wire.
func (r *Row) Sentence() string { return r.sentence(arrow) }

func (r *Row) sentence(arrow string) string {
	s := r.Subject + " " + r.Change
	switch {
	case r.Before != "" && r.After != "" && r.Before != r.After:
		s += ": " + r.Before + arrow + r.After
	case r.Before != "" && r.After == "":
		s += ": " + r.Before
	case r.After != "" && r.Before == "":
		s += ": " + r.After
	}
	return s
}

// Where names the operations of a row, at most three.
func (r *Row) Where() string {
	const most = 3
	names := make([]string, 0, most)
	for _, o := range r.Operations[:min(len(r.Operations), most)] {
		names = append(names, o.String())
	}
	where := strings.Join(names, ", ")
	if more := len(r.Operations) - most; more > 0 {
		where += fmt.Sprintf(" and %d more", more)
	}
	return where
}

// Summary says in a sentence how many changes there are.
func (r *Report) Summary() string {
	if len(r.Rows) == 0 {
		return "nothing changed"
	}
	breaking, changed := r.Count(Breaking), r.Count(Changed)
	switch {
	case changed == 0:
		return wording.Count(breaking, "breaking change")
	case breaking == 0:
		return wording.Count(changed, "change") + ", none of them breaking"
	}
	return wording.Count(breaking, "breaking change") + " and " + wording.Count(changed, "other change")
}

func (t Total) String() string {
	return wording.Count(t.Exchanges, "exchange") + " of " + wording.Count(t.Operations, "operation")
}

// footnotes say what the report leaves out.
func (r *Report) footnotes() (lines []string) {
	if r.Seldom > 0 {
		lines = append(lines, fmt.Sprintf("%s only in one run, but too rarely to tell chance from change.", appears(r.Seldom)))
	}
	if r.Unparsed > 0 {
		lines = append(lines, fmt.Sprintf("sidenote could not compare %s of JSON: the capture has only a part of them, or they are malformed.", bodies(r.Unparsed)))
	}
	if r.Dropped > 0 {
		lines = append(lines, fmt.Sprintf("%s did not fit into memory and is not compared.", wording.Count(r.Dropped, "further fact")))
	}
	return lines
}

func appears(n int) string {
	if n == 1 {
		return "1 operation appears"
	}
	return wording.Count(n, "operation") + " appear"
}

func bodies(n int) string {
	if n == 1 {
		return "1 body"
	}
	return fmt.Sprintf("%d bodies", n)
}

// WriteText writes the report for people at a terminal; ascii says that it shows
// nothing else.
func (r *Report) WriteText(w io.Writer, names Names, ascii bool) error {
	b := bufio.NewWriter(w) // which keeps an error for Flush
	between := arrow
	if ascii {
		between = plainArrow
	}
	where := ""
	for i := range r.Rows {
		row := &r.Rows[i]
		if at := row.Where(); at != where {
			where = at
			fmt.Fprintf(b, "%s\n", printable.Text(at, ascii))
		}
		fmt.Fprintf(b, "  %-8s  %-8s  %s\n", row.Level, row.Kind, printable.Text(row.sentence(between), ascii))
		if details := row.details(); details != "" {
			fmt.Fprintf(b, "  %20s%s\n", "", printable.Text(details, ascii))
		}
	}
	for _, l := range r.footnotes() {
		fmt.Fprintf(b, "note: %s\n", l)
	}
	fmt.Fprintf(b, "-- %s; %s (%s) against %s (%s)\n", r.Summary(), printable.Text(names.After, ascii), r.After, printable.Text(names.Before, ascii), r.Before)
	return b.Flush()
}

// details are what supports a row.
func (r *Row) details() string {
	var parts []string
	if c := r.Counts; c.AfterOf > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s, before %d of %d", c.After, wording.Count(c.AfterOf, "exchange"), c.Before, c.BeforeOf))
	}
	if r.Evidence != "" {
		parts = append(parts, r.Evidence)
	}
	if len(r.Statuses) > 0 {
		parts = append(parts, "status "+strings.Join(r.Statuses, ", "))
	}
	return strings.Join(parts, "; ")
}

// The bounds of a comment on a pull request: GitHub takes 65,536 characters, and a
// person reads fewer.
const (
	mostMarkdownRows = 60
	mostMarkdown     = 56 << 10 // octets of all rows
	mostMarkdownText = 300      // octets of one text from the wire
)

// WriteMarkdown writes the report as a comment on a pull request. Nothing from the
// wire can become markup, a mention or a link.
func (r *Report) WriteMarkdown(w io.Writer, names Names) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "## sidenote diff: %s\n\n", r.Summary())
	fmt.Fprintf(b, "%s (%s) against %s (%s).\n", printable.MarkdownCode(names.After), r.After, printable.MarkdownCode(names.Before), r.Before)
	if len(r.Rows) > 0 {
		b.WriteString("\n| | what changed | where | how often |\n|---|---|---|---|\n")
	}
	for i, octets := 0, 0; i < len(r.Rows); i++ {
		line := r.Rows[i].markdown()
		if octets += len(line); i == mostMarkdownRows || octets > mostMarkdown {
			fmt.Fprintf(b, "\n%s not shown.\n", more(len(r.Rows)-i))
			break
		}
		b.WriteString(line)
	}
	for _, l := range r.footnotes() {
		fmt.Fprintf(b, "\n%s\n", l)
	}
	return b.Flush()
}

func more(rows int) string {
	if rows == 1 {
		return "1 more row is"
	}
	return fmt.Sprintf("%d more rows are", rows)
}

// markdown is the row as one of a table.
func (r *Row) markdown() string {
	level := r.Level.String()
	if r.Level == Breaking {
		level = "**breaking**"
	}
	return fmt.Sprintf("| %s %s | %s | %s | %s |\n", level, r.Kind, printable.MarkdownText(short(r.Sentence())), printable.MarkdownCode(short(r.Where())), printable.MarkdownText(r.details()))
}

func short(s string) string {
	if len(s) <= mostMarkdownText {
		return s
	}
	return strings.ToValidUTF8(s[:mostMarkdownText], "") + "..."
}

// The report as JSON has it.
type (
	jsonReport struct {
		Schema   string    `json:"schema"`
		Before   jsonSide  `json:"before"`
		After    jsonSide  `json:"after"`
		Worst    string    `json:"worst"`
		Changes  []jsonRow `json:"changes"`
		Seldom   int       `json:"seldom"`
		Unparsed int       `json:"unparsed"`
		Dropped  int       `json:"dropped"`
	}
	jsonSide struct {
		Name       string `json:"name"`
		Exchanges  int    `json:"exchanges"`
		Operations int    `json:"operations"`
	}
	jsonRow struct {
		Level      string   `json:"level"`
		Kind       string   `json:"kind"`
		Subject    string   `json:"subject"`
		Change     string   `json:"change"`
		Before     string   `json:"before,omitempty"`
		After      string   `json:"after,omitempty"`
		Counts     *Counts  `json:"counts,omitempty"`
		Evidence   string   `json:"evidence,omitempty"`
		Operations []string `json:"operations"`
		Statuses   []string `json:"statuses,omitempty"`
	}
)

// WriteJSON writes the report as one JSON text.
func (r *Report) WriteJSON(w io.Writer, names Names) error {
	out := jsonReport{
		Schema: Schema, Worst: "none", Changes: []jsonRow{}, Seldom: r.Seldom, Unparsed: r.Unparsed, Dropped: r.Dropped,
		Before: jsonSide{names.Before, r.Before.Exchanges, r.Before.Operations}, After: jsonSide{names.After, r.After.Exchanges, r.After.Operations},
	}
	if worst := r.Worst(); worst != 0 {
		out.Worst = worst.String()
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		j := jsonRow{row.Level.String(), string(row.Kind), row.Subject, row.Change, row.Before, row.After, nil, row.Evidence, nil, row.Statuses}
		if row.Counts != (Counts{}) {
			j.Counts = &row.Counts
		}
		for _, o := range row.Operations {
			j.Operations = append(j.Operations, o.String())
		}
		out.Changes = append(out.Changes, j)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

//go:embed page.tmpl
var pageTemplate string

// The page as its template has it, which escapes all text.
type (
	page struct {
		Summary, Before, After string
		Failed                 bool
		Rows                   []pageRow
		Notes                  []string
	}
	pageRow struct{ Level, Kind, What, Where, Details string }
)

// WriteHTML writes the report as a page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer, names Names) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return err
	}
	plain := func(s string) string { return printable.Text(s, false) }
	p := page{
		Summary: r.Summary(), Failed: r.Worst() == Breaking, Notes: r.footnotes(),
		Before: fmt.Sprintf("%s (%s)", plain(names.Before), r.Before), After: fmt.Sprintf("%s (%s)", plain(names.After), r.After),
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		p.Rows = append(p.Rows, pageRow{row.Level.String(), string(row.Kind), plain(row.Sentence()), plain(row.Where()), plain(row.details())})
	}
	return t.Execute(w, p)
}
