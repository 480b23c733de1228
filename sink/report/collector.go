package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
)

// The bounds of a report. What is beyond them is counted.
const (
	MostGroups    = 1000
	MostExamples  = 3 // of each group
	MostRows      = 1000
	mostDurations = 100_000
	longestURL    = 2000 // octets

	// mostTranscripts bounds the text of all transcripts that are made, in
	// octets. Examples beyond it have none.
	mostTranscripts = 32 << 20
)

// Options say what a Collector keeps.
type Options struct {
	Version string // of sidenote
	Run     string
	Title   string // what is run

	FailOn annotate.Severity // notes from here on fail the run; 0 when none do
	Least  annotate.Severity // lowest severity of the notes that are told of; 0 for all

	// Detail keeps exchanges and what their messages say. Without it there are
	// only counts, groups and things to fix.
	Detail bool
}

// A Collector makes a Report of exchanges. It has the methods of a sink, and
// is safe for concurrent use. Secrets must have been taken out of what it is
// given.
type Collector struct {
	o Options

	mu     sync.Mutex
	done   bool // the report has been made
	report Report
	count  [len(statusLabels)]int
	inside int // successes that say that the call failed
	groups map[groupKey]*Group
	took   []time.Duration
	octets int // of transcripts
}

type groupKey struct {
	rule                *annotate.Rule
	method, host, route string
	blame               annotate.Blame
}

// NewCollector makes a collector.
func NewCollector(o Options) *Collector {
	return &Collector{o: o, groups: make(map[groupKey]*Group)}
}

// Close does nothing.
func (c *Collector) Close() error { return nil }

// Write adds an exchange that has ended. It keeps nothing of a itself.
func (c *Collector) Write(a *annotate.Annotated) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return nil
	}
	var row *Row
	if a.Late {
		row = c.rowOf(a)
	} else {
		c.report.Exchanges++
		c.countClass(a.X)
		c.time(a.X)
	}
	if c.o.Detail && !a.Late {
		if len(c.report.Rows) < MostRows {
			row = c.row(a)
			c.report.Rows = append(c.report.Rows, row)
		} else {
			c.report.MoreRows++
		}
	}
	var t *Transcript
	for i := range a.Notes {
		row, t = c.note(a, i, row, t)
	}
	return nil
}

// rowOf finds the row of an exchange that has further notes, and counts them; nil
// where there is none.
func (c *Collector) rowOf(a *annotate.Annotated) *Row {
	for _, r := range c.report.Rows {
		if r.ID != a.X.ID || r.Source.Entry != a.X.Source.Entry || r.Source.File != a.X.Source.File {
			continue
		}
		for i := range a.Notes {
			if n := &a.Notes[i]; n.Accepted == "" && n.Severity >= c.o.Least {
				r.Worst = max(r.Worst, n.Severity)
				r.Notes++
			}
		}
		return r
	}
	return nil
}

func (c *Collector) countClass(x *exchange.Exchange) {
	class := annotate.ClassOf(x)
	for i := range statusLabels {
		if statusLabels[i].class == class {
			c.count[i]++
			if x.Effective().IsInside() {
				c.inside++
			}
			return
		}
	}
}

func (c *Collector) time(x *exchange.Exchange) {
	if !x.Started.IsZero() {
		if first := c.report.First; first.IsZero() || x.Started.Before(first) {
			c.report.First = x.Started
		}
		if last := x.Started.Add(x.Timing.Done); last.After(c.report.Last) {
			c.report.Last = last
		}
	}
	if x.Timing.Done > 0 && x.Request.Method != "CONNECT" && len(c.took) < mostDurations {
		c.took = append(c.took, x.Timing.Done)
	}
}

// note counts one note. It returns the exchange's row and transcript, made when
// they were needed first.
func (c *Collector) note(a *annotate.Annotated, i int, row *Row, t *Transcript) (*Row, *Transcript) {
	n := &a.Notes[i]
	if n.Accepted == "" {
		c.report.Notes.add(n.Severity)
	} else {
		c.report.Accepted.add(n.Severity)
	}
	if n.Severity < c.o.Least {
		return row, t
	}
	g := c.group(a.X, n)
	if g == nil {
		c.report.MoreNotes++
		return row, t
	}
	g.add(n, c.report.Exchanges, c.o.FailOn)
	if !c.o.Detail && len(g.Examples) > 0 {
		return row, t
	}
	e := Example{Row: row, Message: n.Message, Help: n.HelpText(), Place: n.Place.String()}
	if row == nil {
		e.Row = c.row(a)
		row = e.Row
	}
	at, isNew := g.slot(&e)
	if !isNew {
		return row, t
	}
	if c.o.Detail {
		if t == nil && c.octets < mostTranscripts {
			t = newTranscript(a, c.o.Least)
			c.octets += t.size()
		}
		e.Transcript, e.Index = t, t.indexOf(i)
	}
	g.put(e, at)
	return row, t
}

// group finds the group of a note, nil when there is no room for another.
func (c *Collector) group(x *exchange.Exchange, n *annotate.Note) *Group {
	k := groupKey{rule: n.Rule, method: x.Request.Method, host: x.HostPort(), blame: n.Blame}
	if k.method != "CONNECT" {
		k.route = annotate.RouteOf(x)
	} else if _, port := exchange.SplitAuthority(x.Request.Target); port != "" {
		k.route = ":" + port
	}
	if g := c.groups[k]; g != nil {
		return g
	}
	if len(c.groups) >= MostGroups {
		return nil
	}
	k.method, k.host, k.route = cut(k.method), cut(k.host), cut(k.route)
	g := &Group{Rule: k.rule, Method: k.method, Host: k.host, Route: k.route, Blame: k.blame, steady: cut(x.SteadyHostPort())}
	c.groups[k] = g
	return g
}

// cut returns a copy of text from the wire, without the rest when it is very long.
func cut(s string) string {
	if len(s) > longestURL {
		return s[:longestURL] + "…"
	}
	return strings.Clone(s)
}

// add counts a note of the exchange with that number.
func (g *Group) add(n *annotate.Note, number int, failOn annotate.Severity) {
	g.Notes++
	if g.seen != number {
		g.seen = number
		g.Exchanges++
	}
	reason := n.Accepted
	switch {
	case reason == "" && g.Accepted == g.Notes-1: // the first that counts
		g.Severity = n.Severity
	case reason == "" || g.Accepted == g.Notes-1:
		g.Severity = max(g.Severity, n.Severity)
	}
	if reason != "" {
		g.Accepted++
		if g.Reason == "" || reason < g.Reason {
			g.Reason = reason
		}
	} else if failOn != 0 && n.Severity >= failOn {
		g.fails = true
	}
}

// slot says where among the examples e belongs, and whether it does. Which
// ones are kept does not depend on the order in which exchanges end.
func (g *Group) slot(e *Example) (at int, isNew bool) {
	at, same := slices.BinarySearchFunc(g.Examples, e, func(a Example, b *Example) int { return a.compare(b) })
	if same {
		if g.Examples[at].Row.compare(e.Row) <= 0 {
			return at, false
		}
		g.Examples = slices.Delete(g.Examples, at, at+1) // the earlier exchange stands for both
	}
	return at, at < MostExamples
}

func (g *Group) put(e Example, at int) {
	g.Examples = slices.Insert(g.Examples, at, e)
	if len(g.Examples) > MostExamples {
		g.Examples[MostExamples] = Example{}
		g.Examples = g.Examples[:MostExamples]
	}
}

// compare orders examples by what they say; equal ones say the same.
func (e *Example) compare(o *Example) int {
	return cmp.Or(strings.Compare(e.Row.URL, o.Row.URL), strings.Compare(e.Message, o.Message), strings.Compare(e.Place, o.Place))
}

func (c *Collector) row(a *annotate.Annotated) *Row {
	x := a.X
	r := &Row{
		ID: x.ID, Method: cut(x.Request.Method), URL: cut(x.URL()), Status: x.Response.Status, Class: annotate.ClassOf(x),
		Started: x.Started, Timing: x.Timing, Source: x.Source, number: c.report.Exchanges,
	}
	if x.Err != nil {
		r.Failure = string(x.Err.Code)
	}
	for i := range a.Notes {
		if n := &a.Notes[i]; n.Accepted == "" && n.Severity >= c.o.Least {
			r.Worst = max(r.Worst, n.Severity)
			r.Notes++
		}
	}
	return r
}

// compare orders exchanges by their start, then by their place in a file.
func (r *Row) compare(o *Row) int {
	return cmp.Or(r.Started.Compare(o.Started), strings.Compare(r.Source.File, o.Source.File), cmp.Compare(r.Source.Entry, o.Source.Entry),
		strings.Compare(r.URL, o.URL), strings.Compare(r.Method, o.Method), cmp.Compare(r.Status, o.Status), strings.Compare(r.ID, o.ID))
}

// Report makes the report of all that was written, with the verdict given.
// What is written after it is left out.
func (c *Collector) Report(v Verdict) *Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
	r := &c.report
	r.Version, r.Run, r.Title = c.o.Version, c.o.Run, c.o.Title
	r.Verdict, r.FailOn, r.Least = v, c.o.FailOn, c.o.Least
	r.Classes = nil
	for i, n := range c.count {
		if n > 0 {
			label := statusLabels[i].label
			if c.inside > 0 && statusLabels[i].class == annotate.ClassSuccess {
				label += " (" + strconv.Itoa(c.inside) + " with an error inside)"
			}
			r.Classes = append(r.Classes, ClassCount{statusLabels[i].class, label, n})
		}
	}
	r.Durations = durations(c.took)
	r.Groups = make([]*Group, 0, len(c.groups))
	for _, g := range c.groups {
		r.Groups = append(r.Groups, g)
	}
	slices.SortFunc(r.Groups, compareGroups)
	slices.SortStableFunc(r.Rows, (*Row).compare)
	r.Fixes = fixesOf(r.Groups)
	return r
}

// compareGroups puts what counts before what is accepted, then the worst first.
func compareGroups(a, b *Group) int {
	return cmp.Or(compareBool(a.IsAccepted(), b.IsAccepted()), compareBool(b.fails, a.fails), cmp.Compare(b.Severity, a.Severity),
		strings.Compare(a.Rule.ID, b.Rule.ID), strings.Compare(a.Host, b.Host), strings.Compare(a.Route, b.Route),
		strings.Compare(a.Method, b.Method), strings.Compare(string(a.Blame), string(b.Blame)))
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func durations(took []time.Duration) Durations {
	if len(took) == 0 {
		return Durations{}
	}
	slices.Sort(took)
	rank := func(percent int) time.Duration { return took[(len(took)*percent+99)/100-1] }
	return Durations{Count: len(took), Median: rank(50), P95: rank(95), Max: took[len(took)-1]}
}
