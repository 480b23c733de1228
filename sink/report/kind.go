package report

import (
	"io"

	"sidenote/sink"
)

// A Stream is where a kind that is streamed goes.
type Stream struct {
	W       io.Writer
	Closer  io.Closer // closed with the sink; nil for nothing
	IsFile  bool      // W is a regular file, which can be written again at its end
	Version string    // of sidenote
}

// A Kind is a form in which a report is written: at the end of a run, or, for
// kinds that hold the exchanges themselves, as they come.
type Kind struct {
	Name  string
	Title string // what it is for, as a clause

	// Write writes a report. file is the name under which it will be found, ""
	// for none. It is nil for a kind that is streamed.
	Write func(w io.Writer, r *Report, file string) error

	// Stream makes the sink that writes each exchange; nil for a kind that is
	// written at the end.
	Stream func(Stream) sink.Sink

	// JobSummary says that the Markdown report also goes into the summary of the
	// CI job, where there is one.
	JobSummary bool

	// Beside is what is added to the name of the report for a second file, which
	// WriteBeside writes; "" for none.
	Beside      string
	WriteBeside func(io.Writer, *Report) error
}

// Kinds has one row for each kind, by name, and is the place to add one: the
// setting, its help, its completion and its documentation are made of it.
func Kinds() []Kind {
	return []Kind{
		{Name: "github", Title: "annotations of a GitHub Actions job, and its summary", Write: nameless(WriteGitHub), JobSummary: true},
		{Name: "gitlab", Title: "a GitLab code quality report", Write: nameless(WriteGitLab)},
		{Name: "har", Title: "the exchanges as a HAR, for browsers and other tools", Stream: streamHAR},
		{Name: "html", Title: "one page for people, with the messages and a timeline", Write: nameless(WriteHTML)},
		{Name: "jsonl", Title: "the exchanges in sidenote's own format", Stream: streamJSONL},
		{Name: "junit", Title: "test cases for Jenkins, GitLab and others", Write: nameless(WriteJUnit)},
		{Name: "markdown", Title: "a summary for a merge request or a wiki", Write: nameless(WriteMarkdown)},
		{Name: "sarif", Title: "results for code scanning", Write: WriteSARIF, Beside: ".txt", WriteBeside: WriteTranscripts},
	}
}

func streamHAR(s Stream) sink.Sink   { return sink.NewHAR(s.W, s.IsFile, s.Closer, s.Version) }
func streamJSONL(s Stream) sink.Sink { return sink.NewSave(s.W, s.Closer) }

// KindNames lists the names of the kinds.
func KindNames() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// nameless makes a kind's function of one that does not ask for the file's name.
func nameless(write func(io.Writer, *Report) error) func(io.Writer, *Report, string) error {
	return func(w io.Writer, r *Report, _ string) error { return write(w, r) }
}
