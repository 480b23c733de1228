package check

import (
	"fmt"
	"strconv"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/policy"
)

// Expectations are what is expected of the answer to a check. They are safe
// for concurrent use.
type Expectations struct{ set *annotate.Set }

// Expect makes expectations ready.
func Expect(all ...*policy.Expectation) (*Expectations, error) {
	p := policy.Default()
	for _, e := range all {
		if err := p.Add(e); err != nil {
			return nil, err
		}
	}
	set, err := annotate.NewSet(p.Rules(), annotate.DefaultOptions())
	return &Expectations{set}, err
}

// The expectation of a status, as a rule is called expect/status.
const (
	statusName    = "status"
	usualStatuses = "2xx,3xx" // what is expected where nothing else is said
	usualWhere    = "sidenote check"
)

// AnyStatus is what is written where every status will do.
const AnyStatus = "any"

// ExpectStatus expects a status, as policy.ExpectStatus does. "" is for one
// below 400, and AnyStatus for any.
func ExpectStatus(statuses, where string) (*Expectations, error) {
	switch statuses {
	case AnyStatus:
		return Expect()
	case "":
		e, err := expectUsual(statusName, usualWhere)
		if err != nil {
			return nil, err
		}
		return Expect(e)
	}
	e, err := policy.ExpectStatus(statusName, statuses, where)
	if err != nil {
		return nil, err
	}
	return Expect(e)
}

// expectUsual expects a status below 400.
func expectUsual(name, where string) (*policy.Expectation, error) {
	e, err := policy.ExpectStatus(name, usualStatuses, where)
	if err == nil {
		e.Why = "fix the server, or name the statuses that pass: --expect-status, or expect in a list of checks"
	}
	return e, err
}

// Rules returns the rules that a check has by itself, to be listed and explained.
func Rules() ([]*annotate.Rule, error) {
	usual, err := expectUsual(statusName, usualWhere)
	if err != nil {
		return nil, err
	}
	status := usual.Rule(policy.Default())
	status.Doc = "Unless you name other statuses, a check expects one below 400: " + usual.String() + "."
	return []*annotate.Rule{status, &redirectsRule}, nil
}

// redirectsRule is for what no expectation has to say.
var redirectsRule = annotate.Rule{
	ID: "expect/redirects", Severity: annotate.Error, Blame: annotate.ByOrigin,
	Title: "redirects don't end",
	Doc:   "A check follows " + strconv.Itoa(MostRedirects) + " redirects at most.",
	Help:  "check the Location headers: they probably form a loop",
}

// ranOutHelp is what to do about a failure that is only the end of the time.
const ranOutHelp = "find out why it takes so long, or allow more time: --max-time, or max-time in the list of checks"

// Unmet adds a note to the exchange for each expectation of its check that is
// not met. If the check ran out of time, the notes say how to allow more.
func (r *Result) Unmet(notes []annotate.Note) []annotate.Note {
	x := r.Last()
	for i := range notes {
		if n := &notes[i]; r.RanOut && n.Rule.Topic() == "failure" {
			n.Help = ranOutHelp
		}
	}
	if r.MoreRedirects {
		notes = append(notes, annotate.Note{
			Rule: &redirectsRule, Severity: redirectsRule.Severity, Blame: redirectsRule.Blame,
			Message: fmt.Sprintf("after %d redirects there is another one", MostRedirects),
			Place:   exchange.Place{Message: exchange.InResponse, Part: exchange.PartStartLine},
		})
	}
	if r.Check.Expect == nil || x.Response.Status == 0 || x.Response.Made { // that there is no answer is said already
		return notes
	}
	return r.Check.Expect.set.End(x, notes)
}

// Failed returns why the check failed by itself, regardless of the usual rules:
// the response is missing or incomplete, or breaks an expectation of severity
// error. It returns "" if the check passed.
func (r *Result) Failed() (why string) {
	if x := r.Last(); x.Err != nil {
		failure, _ := x.Err.Code.Lookup()
		return failure.Title
	}
	for _, n := range r.Unmet(nil) {
		if n.Severity == annotate.Error {
			return n.Message
		}
	}
	return ""
}
