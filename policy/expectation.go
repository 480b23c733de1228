package policy

import (
	"strings"
	"sync/atomic"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// An Expectation is a condition on exchanges. It is safe for concurrent use,
// and counts the exchanges that it applied to.
type Expectation struct {
	Name     string            // as in the rule's ID, expect/NAME
	Where    string            // where it was written: "policy.yaml:12" or "--expect"
	Severity annotate.Severity // of a note about an exchange that breaks it
	Why      string            // what its author says for it; "" for nothing

	match patterns
	when  *expression // nil for always

	status       *statusSet
	contentTypes []string
	effects      []string // how it may end in effect; none for any
	fields       []fieldTest
	json         []jsonTest
	duration     time.Duration // at most; 0 for any
	size         int64         // at most; -1 for any
	tls          uint16        // at least; 0 for any
	asserts      []*expression

	applied, failed atomic.Int64
}

type fieldTest struct {
	name string
	test *valueTest
}

type jsonTest struct {
	at   pointer
	test *valueTest
}

func newExpectation(name, where string) *Expectation {
	return &Expectation{Name: name, Where: where, Severity: annotate.Error, size: -1}
}

// ExpectStatus makes an expectation of a status: "200", "2xx" and "200-204",
// several of them separated by commas. where says who expects it, as "--flag".
func ExpectStatus(name, statuses, where string) (*Expectation, error) {
	e := newExpectation(name, where)
	var err error
	e.status, err = parseStatus(statuses)
	return e, err
}

// Applied is how many exchanges the expectation was about so far.
func (e *Expectation) Applied() int64 { return e.applied.Load() }

// Failed is how many of them broke it.
func (e *Expectation) Failed() int64 { return e.failed.Load() }

// ID is the ID of the expectation's rule.
func (e *Expectation) ID() string { return topic + "/" + e.Name }

// topic is the topic of the rules that expectations are.
const topic = "expect"

// Rule returns the rule whose notes report exchanges that break the
// expectation.
func (e *Expectation) Rule(p *Policy) *annotate.Rule {
	return &annotate.Rule{
		ID: e.ID(), Severity: e.Severity, Blame: annotate.ByOrigin,
		Title: "an exchange does not meet an expectation",
		Refs:  []string{e.Where},
		Doc:   "The policy expects: " + e.String() + ".",
		Help:  e.help(),
		When:  annotate.When{Always: true}, Certain: true,
		Needs: annotate.NeedsContent | annotate.NeedsEnd | annotate.NeedsTLS,
		Check: func(pass *annotate.Pass) { e.check(p, pass) },
	}
}

// RuleNamed makes a rule that explains an expectation of which no more is
// available than the ID of its rule; ok is false for an ID that no expectation
// has.
func RuleNamed(id string) (r *annotate.Rule, ok bool) {
	name, ok := strings.CutPrefix(id, topic+"/")
	if !ok || checkName(name) != nil {
		return nil, false
	}
	return &annotate.Rule{
		ID: id, Severity: annotate.Error, Blame: annotate.ByOrigin,
		Title: "an exchange does not meet an expectation",
		Doc: "This is your own rule: an expectation in a policy, in --expect or in a check. " +
			"Each note says what you expected, what the exchange has, and where you wrote the expectation.",
		Help:  "fix the server, or change the expectation",
		Needs: annotate.NeedsContent | annotate.NeedsEnd | annotate.NeedsTLS,
	}, true
}

func (e *Expectation) help() string {
	if e.Why != "" {
		return e.Why
	}
	return "fix the server, or change the expectation in " + e.Where
}

// check is the check of the rule.
func (e *Expectation) check(p *Policy, pass *annotate.Pass) {
	x := pass.X
	if !e.match.match(x) || isOurs(x) {
		return
	}
	notes := func() []annotate.Note { return p.asShown(x, pass.Notes()) }
	if e.when != nil {
		holds, err := e.when.holds(x, notes)
		if err != nil {
			e.count(pass, true)
			pass.Note(exchange.Place{}, "can't decide whether the expectation applies: when (%s): %v", e.when.text, err)
			return
		}
		if !holds {
			return
		}
	}
	faults := e.faults(x, notes)
	e.count(pass, len(faults) > 0)
	for _, f := range faults {
		pass.Report(annotate.Note{Place: f.place, Message: f.message, Blame: f.blame})
	}
}

func (e *Expectation) count(pass *annotate.Pass, failed bool) {
	if pass.Trial {
		return
	}
	e.applied.Add(1)
	if failed {
		e.failed.Add(1)
	}
}

// isOurs reports whether an exchange ended early because of the client or of
// sidenote, before the origin server could answer: it says nothing about that.
func isOurs(x *exchange.Exchange) bool {
	if x.Err == nil || statusOf(x) != 0 {
		return false
	}
	f, _ := x.Err.Code.Lookup()
	return f.ClientTLS || f.Code == exchange.ErrClientGone || f.Code == exchange.ErrShutdown
}

// String says what is expected, in words.
func (e *Expectation) String() string { return strings.Join(e.parts(), "; ") }

func (e *Expectation) parts() (parts []string) {
	add := func(s ...string) { parts = append(parts, strings.Join(s, "")) }
	if e.status != nil {
		add("status ", e.status.String())
	}
	if len(e.effects) > 0 {
		add("effective outcome ", wording.Or(e.effects))
	}
	if len(e.contentTypes) > 0 {
		add("content type ", wording.Or(e.contentTypes))
	}
	for _, f := range e.fields {
		add("field ", f.name, " ", f.test.String())
	}
	for _, j := range e.json {
		add("JSON ", j.at.String(), " ", j.test.String())
	}
	if e.duration > 0 {
		add("at most ", e.duration.String())
	}
	if e.size >= 0 {
		add("at most ", bytesText(e.size))
	}
	if e.tls > 0 {
		add("TLS ", tlsText(e.tls), " or later")
	}
	for _, a := range e.asserts {
		add(a.text)
	}
	return parts
}

// About says which exchanges are meant, in words.
func (e *Expectation) About() string {
	about := e.match.String()
	if about == "" {
		about = "every exchange"
	}
	if e.when != nil {
		about += " when " + e.when.text
	}
	return about
}
