package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A Report is how a run went. It is made by Collector.Report and not changed.
type Report struct {
	Version string // of sidenote
	Run     string // names the run; "" when it has no name
	Title   string // what was run, as "lint cart.har"

	// First and Last are when the first exchange began and the last one ended;
	// zero when no exchange says.
	First, Last time.Time

	Verdict Verdict
	FailOn  annotate.Severity // notes from here on fail a run; 0 when none do
	Least   annotate.Severity // notes below this are counted, and not in Groups

	Exchanges int
	Classes   []ClassCount // in the order of ClassNames, those that have exchanges
	Notes     Counts       // all that count against the run
	Accepted  Counts       // those that a baseline accepts
	Durations Durations

	Groups []*Group // the worst first
	Fixes  []Fix    // what to fix first, at most MostFixes
	Rows   []*Row   // exchanges by their start

	// What had no room: exchanges that are not in Rows, and notes that are not
	// in Groups.
	MoreRows, MoreNotes int
}

// A Verdict is the outcome of a run.
type Verdict struct {
	Passed  bool
	Reasons []string // why; clauses without a full stop
}

// Word is "passed" or "failed".
func (v Verdict) Word() string {
	if v.Passed {
		return "passed"
	}
	return "failed"
}

// Reason is all reasons in one line.
func (v Verdict) Reason() string { return strings.Join(v.Reasons, "; ") }

// ClassCount is how many exchanges ended with a class of status.
type ClassCount struct {
	Class string // as annotate.ClassOf names it
	Label string // as people write it: "4xx"; of a success with how many have an error inside
	Count int
}

// Counts are numbers of notes by severity.
type Counts struct{ Errors, Warnings, Infos int }

func (c *Counts) add(s annotate.Severity) {
	switch s {
	case annotate.Error:
		c.Errors++
	case annotate.Warn:
		c.Warnings++
	default:
		c.Infos++
	}
}

// Total is the number of all notes.
func (c Counts) Total() int { return c.Errors + c.Warnings + c.Infos }

// Durations describe how long exchanges took, those whose time is known and
// that were no tunnels. Quantiles are values that occurred (nearest rank).
type Durations struct {
	Count            int
	Median, P95, Max time.Duration
}

// A Group is the notes of one rule about one kind of request: same method,
// host and route, same blame.
type Group struct {
	Rule     *annotate.Rule
	Severity annotate.Severity // the worst that counts; the worst of all when none does
	Blame    annotate.Blame
	Method   string
	Host     string // with its port unless that is the scheme's
	Route    string // template of the path, as annotate.Route makes it; "" for a tunnel

	Notes     int       // how many
	Accepted  int       // of these, those that a baseline accepts
	Exchanges int       // in how many exchanges
	Reason    string    // why they are accepted; "" when none is
	Examples  []Example // at most MostExamples

	fails  bool
	seen   int    // the exchange that was counted last
	steady string // Host as another run would have it
}

// Where names the requests that a group is about: "POST api.test/orders/{id}".
func (g *Group) Where() string { return strings.TrimSpace(g.Method + " " + g.Host + g.Route) }

// SteadyWhere is Where as another run would have it: a port that the system
// picked is "*".
func (g *Group) SteadyWhere() string { return strings.TrimSpace(g.Method + " " + g.steady + g.Route) }

// IsAccepted reports whether a baseline accepts every note of the group.
func (g *Group) IsAccepted() bool { return g.Accepted == g.Notes }

// Fails reports whether the group has a note that fails the run.
func (g *Group) Fails() bool { return g.fails }

// Fingerprint names the group in every run: 32 hexadecimal digits.
func (g *Group) Fingerprint() string {
	h := sha256.New()
	for _, s := range [...]string{g.Rule.ID, g.Method, g.steady, g.Route, string(g.Blame)} {
		_, _ = io.WriteString(h, s+"\x00") // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// An Example is one note of a group.
type Example struct {
	Row        *Row
	Message    string // as annotate.Note has it
	Help       string
	Place      string      // in words
	Transcript *Transcript // nil unless they are kept
	Index      int         // of the note in the transcript
}

// A Row is one exchange in short.
type Row struct {
	ID      string
	Method  string
	URL     string // without secrets; cut when it is very long
	Status  int    // 0 when there was no response
	Class   string // as annotate.ClassOf names it
	Failure string // the code of the failure; "" when it did not fail
	Started time.Time
	Timing  exchange.Timing
	Worst   annotate.Severity // of the notes that count; 0 for none
	Notes   int               // those that count and are not below Report.Least
	Source  exchange.Source
	number  int // in the order in which exchanges ended
}

// Label names the exchange: its ID, else its place in a file, else "".
func (r *Row) Label() string {
	switch {
	case r.ID != "":
		return r.ID
	case r.Source.File != "":
		return r.Source.File + ":" + strconv.Itoa(r.Source.Entry)
	}
	return ""
}

// A Fix is something to fix: what one rule says of one host.
type Fix struct {
	Rule      *annotate.Rule
	Severity  annotate.Severity
	Blame     annotate.Blame
	Host      string
	Routes    int // how many kinds of request it concerns
	Exchanges int
	Example   Example // of its worst group
	Where     string  // which that is
}

// statusLabels are the classes in their order, with what people write.
var statusLabels = [...]struct{ class, label string }{
	{"informational", "1xx"}, {"success", "2xx"}, {"redirection", "3xx"}, {"client-error", "4xx"}, {"server-error", "5xx"},
	{"other", "other"}, {annotate.ClassNone, "failed"},
}

// MostFixes is how many things to fix first are named.
const MostFixes = 3
