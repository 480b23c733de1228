package annotate

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"sidenote/exchange"
)

// A Set is rules made ready to run. It is safe for concurrent use.
type Set struct {
	rules   []*Rule
	options Options
	head    *index
	end     *index
	failed  *index // asked only about exchanges that failed
	passes  sync.Pool
}

// A Change is what a configuration makes of one rule, or of a whole topic by
// "topic/*".
type Change struct {
	Rule     string
	Off      bool
	Severity Severity // 0 keeps the rule's own
}

// NewSet makes a set of rules, with the changes applied in their order. A
// change that names no rule is an error.
func NewSet(rules []*Rule, options Options, changes ...Change) (*Set, error) {
	s := &Set{options: options}
	s.passes.New = func() any { return new(Pass) }
	severities, err := Severities(rules, changes...)
	if err != nil {
		return nil, err
	}
	var head, end, failed []entry
	for _, r := range rules {
		if severities[r] == 0 || r.Check == nil {
			continue
		}
		s.rules = append(s.rules, r)
		e := entry{rule: r, severity: severities[r]}
		switch {
		case r.When.Failed:
			failed = append(failed, e)
		case r.Needs.AtEnd() || r.When.Always:
			end = append(end, e)
		default:
			head = append(head, e)
		}
	}
	s.head, s.end, s.failed = newIndex(head), newIndex(end), newIndex(failed)
	return s, nil
}

// Severities returns the severity of each rule once the changes are applied in
// their order; 0 for one that is off. A change that names no rule is an error.
func Severities(rules []*Rule, changes ...Change) (map[*Rule]Severity, error) {
	severities := make(map[*Rule]Severity, len(rules))
	for _, r := range rules {
		severities[r] = 0
		if !r.OffByDefault {
			severities[r] = r.Severity
		}
	}
	for _, c := range changes {
		if err := c.apply(rules, severities); err != nil {
			return nil, err
		}
	}
	return severities, nil
}

func (c Change) apply(rules []*Rule, severities map[*Rule]Severity) error {
	found := false
	for _, r := range rules {
		if !Matches(c.Rule, r.ID) {
			continue
		}
		found = true
		switch {
		case c.Off:
			severities[r] = 0
		case c.Severity != 0:
			severities[r] = c.Severity
		default:
			severities[r] = r.Severity
		}
	}
	if !found {
		return fmt.Errorf("there is no rule %q", c.Rule)
	}
	return nil
}

// Matches reports whether a pattern, a rule ID or "topic/*" or "*", covers a rule ID.
func Matches(pattern, id string) bool {
	if topic, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(id, topic)
	}
	return pattern == id
}

// Rules returns the rules that are on.
func (s *Set) Rules() []*Rule { return s.rules }

// Head runs the rules that need only the message heads and appends their
// notes to notes. The response head must be known, or Err be set.
func (s *Set) Head(x *exchange.Exchange, notes []Note) []Note {
	return s.run(x, notes, false, s.head)
}

// End runs the rules that had to wait for the end of the exchange and appends
// their notes, then drops what more specific rules have said better.
func (s *Set) End(x *exchange.Exchange, notes []Note) []Note {
	return Suppress(s.run(x, notes, false, s.end, s.failed))
}

// Preview is End for an exchange that has failed before a response head came and
// that will come again when it has ended: nothing is counted.
func (s *Set) Preview(x *exchange.Exchange, notes []Note) []Note {
	return Suppress(s.run(x, notes, true, s.end, s.failed))
}

// All runs every rule over an exchange that has ended, as Head and then End do.
func (s *Set) All(x *exchange.Exchange, notes []Note) []Note {
	return Suppress(s.run(x, notes, false, s.head, s.end, s.failed))
}

// Again is All for an exchange of an earlier run: nothing is counted.
func (s *Set) Again(x *exchange.Exchange) []Note {
	return Suppress(s.run(x, nil, true, s.head, s.end, s.failed))
}

// run asks indexes in their order, with one pass, so that what one of them made
// known of the message heads need not be found out again for the next.
func (s *Set) run(x *exchange.Exchange, notes []Note, trial bool, indexes ...*index) []Note {
	if x.Source.Lacks.Has(exchange.LacksNetwork) {
		return notes // a user agent answered itself
	}
	status := x.Response.Status
	if x.Response.Made {
		status = 0 // what sidenote itself said is no one's fault
	}
	p := s.passes.Get().(*Pass)
	p.X, p.Options, p.Trial, p.notes = x, &s.options, trial, notes
	p.not = Forbidden(x.Source.Lacks)
	for _, ix := range indexes {
		if ix == s.failed && x.Err == nil {
			continue
		}
		before := len(p.notes)
		ix.run(p, status)
		if len(p.notes) > before {
			p.notes = DropIgnored(x, p.notes, before)
		}
	}
	made := p.finish()
	s.passes.Put(p)
	return made
}

// Suppress drops the notes of rules that another note's rule suppresses. It
// leaves notes as they are and returns a shorter slice when there is something to
// drop.
func Suppress(notes []Note) []Note {
	first := firstSuppressed(notes)
	if first < 0 {
		return notes
	}
	kept := append(make([]Note, 0, len(notes)-1), notes[:first]...)
	for i := first + 1; i < len(notes); i++ {
		if !isSuppressed(notes, notes[i].Rule.ID) {
			kept = append(kept, notes[i])
		}
	}
	return kept
}

// firstSuppressed is the index of the first note to drop; -1 for none.
func firstSuppressed(notes []Note) int {
	for i := range notes {
		if isSuppressed(notes, notes[i].Rule.ID) {
			return i
		}
	}
	return -1
}

func isSuppressed(notes []Note, id string) bool {
	for i := range notes {
		if slices.Contains(notes[i].Rule.Suppresses, id) {
			return true
		}
	}
	return false
}
