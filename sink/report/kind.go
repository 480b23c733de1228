package report

import "io"

// A Kind is a form in which a report is written. Kinds that are streamed hold
// the exchanges themselves; anyone who records those writes them, one at a
// time.
type Kind struct {
	Name     string
	Title    string // what it is for, as a clause
	Streamed bool

	// Write writes a report. file is the name under which it will be found, ""
	// for none.
	Write func(w io.Writer, r *Report, file string) error

	// Beside is what is added to the name of the report for a second file, which
	// WriteBeside writes; "" for none.
	Beside      string
	WriteBeside func(io.Writer, *Report) error
}

// Kinds lists every kind by name.
func Kinds() []Kind {
	return []Kind{
		{Name: "github", Title: "annotations of a GitHub Actions job, and its summary", Write: nameless(WriteGitHub)},
		{Name: "gitlab", Title: "a GitLab code quality report", Write: nameless(WriteGitLab)},
		{Name: "har", Title: "the exchanges as a HAR, for browsers and other tools", Streamed: true},
		{Name: "html", Title: "one page for people, with the messages and a timeline", Write: nameless(WriteHTML)},
		{Name: "jsonl", Title: "the exchanges in sidenote's own format", Streamed: true},
		{Name: "junit", Title: "test cases for Jenkins, GitLab and others", Write: nameless(WriteJUnit)},
		{Name: "markdown", Title: "a summary for a merge request or a wiki", Write: nameless(WriteMarkdown)},
		{Name: "sarif", Title: "results for code scanning", Write: WriteSARIF, Beside: ".txt", WriteBeside: WriteTranscripts},
	}
}

// nameless makes a kind's function of one that does not ask for the file's name.
func nameless(write func(io.Writer, *Report) error) func(io.Writer, *Report, string) error {
	return func(w io.Writer, r *Report, _ string) error { return write(w, r) }
}
