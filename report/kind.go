package report

import "io"

// A Kind is a form in which a report is written. Kinds that are streamed hold
// the exchanges themselves; whoever records those writes them, one at a time.
type Kind struct {
	Name     string
	Title    string // what it is for, as a clause
	Streamed bool
	Detail   bool // it tells of single exchanges (Options.Detail)
	Write    func(io.Writer, *Report) error
}

// Kinds lists every kind by name.
func Kinds() []Kind {
	return []Kind{
		{Name: "har", Title: "the exchanges as a HAR, for browsers and other tools", Streamed: true},
		{Name: "jsonl", Title: "the exchanges as sidenote reads them itself", Streamed: true},
		{Name: "markdown", Title: "a summary for a merge request or a wiki", Write: WriteMarkdown},
	}
}
