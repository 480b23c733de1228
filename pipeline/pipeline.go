// Package pipeline is what happens to a record, in the one order there is:
//
//	record → notes → policy → baseline → verdict → redacted → sinks
//
// A running proxy, a capture file, a single check, the demo and a store that is
// loaded again all go through it, so that they cannot disagree.
package pipeline

import (
	"sidenote/annotate"
	"sidenote/annotate/conversation"
	"sidenote/exchange"
	"sidenote/policy"
	"sidenote/policy/baseline"
)

// An Outlet is where annotated exchanges leave the pipeline: queues with sinks
// behind them (sink.Fanout), or sinks that are written to in place.
type Outlet interface {
	// Write takes an exchange that no one changes any more. An error ends
	// whatever reads the exchanges.
	Write(*annotate.Annotated) error
	// ShowsContent reports whether the content of every exchange is shown or
	// kept, so that secrets have to be looked for in all of it.
	ShowsContent() bool
}

// Options say what the stages of a pipeline work with.
type Options struct {
	Rules    *annotate.Set
	Stories  *conversation.State // rules over several exchanges; nil for none
	Gate     *policy.Gate        // counts what the policy says; its policy weighs the notes
	Baseline *baseline.Baseline  // accepts notes; nil for none
	// Judged get every exchange in place, one after another, with its secrets:
	// what counts and what keeps for a local reader. They must not wait.
	Judged []func(*annotate.Annotated)
	Redact *exchange.Redactor // takes the secrets out of what goes to Out; nil leaves them in
	Out    Outlet             // nil where exchanges are only judged
}

// A Pipeline makes notes of records, has them judged, and hands both on. Its
// methods must not be called at the same time, except for those of Again.
type Pipeline struct {
	o      Options
	memory *annotate.Memory

	held      []*held
	heldBytes int // octets of content of what is held
	late      []conversation.Found
}

// New makes a pipeline through which nothing has passed.
func New(o Options) *Pipeline { return &Pipeline{o: o, memory: annotate.NewMemory(0)} }

// Whole takes an ended exchange through all stages. Each function of more
// changes the notes before they are judged, for what only its caller knows,
// such as the expectations of a check. Whole returns the error of the outlet.
func (p *Pipeline) Whole(x *exchange.Exchange, more ...func([]annotate.Note) []annotate.Note) (*annotate.Annotated, error) {
	x.FailUndecodable()
	notes := p.o.Rules.All(x, nil)
	for _, m := range more {
		notes = m(notes)
	}
	return p.pass(x, notes)
}

// Again returns an exchange that was recorded some time ago with its notes, as
// the policy and the baseline see them today. It is not counted among those of
// this run, and goes nowhere else.
func (p *Pipeline) Again(x *exchange.Exchange) *annotate.Annotated {
	x.FailUndecodable()
	return &annotate.Annotated{X: x, Notes: p.preview(x, p.o.Rules.Again(x))}
}

// Fails reports whether a note of an exchange fails by itself.
func (p *Pipeline) Fails(a *annotate.Annotated) bool {
	failOn := p.o.Gate.Policy().FailOn()
	return failOn != 0 && a.Verdict() >= failOn
}

// rest is Whole for an exchange whose head has its notes already.
func (p *Pipeline) rest(x *exchange.Exchange, head []annotate.Note) (*annotate.Annotated, error) {
	x.FailUndecodable()
	return p.pass(x, p.o.Rules.End(x, head))
}

// pass takes an exchange that has ended, with all notes that were made of it,
// through what follows, with the rules that compare it with other exchanges
// first. It returns nil for one that has to wait for others.
func (p *Pipeline) pass(x *exchange.Exchange, notes []annotate.Note) (*annotate.Annotated, error) {
	if p.o.Stories == nil {
		return p.hand(x, notes)
	}
	return p.tell(x, notes)
}

// hand takes an exchange with all its notes through what follows them. A note
// that was made later comes through judge and redacted as well.
func (p *Pipeline) hand(x *exchange.Exchange, notes []annotate.Note) (*annotate.Annotated, error) {
	a := p.judge(x, notes, false)
	for _, f := range p.o.Judged {
		f(a)
	}
	if p.o.Out == nil {
		return a, nil
	}
	return a, p.o.Out.Write(p.redacted(a))
}

// judge weighs notes by the policy, marks those that the baseline accepts, drops
// what was said before, and counts what is left.
func (p *Pipeline) judge(x *exchange.Exchange, notes []annotate.Note, late bool) *annotate.Annotated {
	notes = p.o.Gate.Policy().Adjust(x, notes)
	if b := p.o.Baseline; b != nil {
		b.Accept(x, notes)
	}
	a := &annotate.Annotated{X: x, Notes: p.memory.Once(x, notes), Late: late}
	p.o.Gate.Observe(a)
	return a
}

// preview weighs notes and marks them as judge does, and counts nothing. It may
// change notes.
func (p *Pipeline) preview(x *exchange.Exchange, notes []annotate.Note) []annotate.Note {
	notes = p.o.Gate.Policy().Adjust(x, notes)
	if b := p.o.Baseline; b != nil {
		b.Mark(x, notes)
	}
	return notes
}

// redacted returns a copy for the outlet, and the exchange itself where it has
// no secrets. This is the place that decides whether they are looked for in
// response content: where it is shown, and where a note or the reason of an
// error, also of one inside a success, may quote it.
func (p *Pipeline) redacted(a *annotate.Annotated) *annotate.Annotated {
	quoted := len(a.Notes) > 0 || a.X.Effective().IsError()
	return annotate.Redacted(a, p.o.Redact, quoted || p.o.Out.ShowsContent())
}
