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
	head    index
	end     index
	failed  index // asked only about exchanges that failed
	passes  sync.Pool
}

// index finds the rules worth calling, by the final status code.
type index struct {
	byStatus [600][]entry
	other    []entry // of codes outside 100-599
	none     []entry // without a final response
}

type entry struct {
	rule          *Rule
	severity      Severity
	fields        *exchange.NameMask
	requestFields *exchange.NameMask
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
	for _, r := range rules {
		if severities[r] != 0 && r.Check != nil {
			s.rules = append(s.rules, r)
			s.add(r, severities[r])
		}
	}
	return s, nil
}

// Severities gives the severity of each rule once the changes are applied in
// their order; 0 for one that is off. A change that names no rule is an error.
func Severities(rules []*Rule, changes ...Change) (map[*Rule]Severity, error) {
	severities := make(map[*Rule]Severity, len(rules))
	for _, r := range rules {
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

// Rules gives the rules that are on.
func (s *Set) Rules() []*Rule { return s.rules }

func (s *Set) add(r *Rule, severity Severity) {
	e := entry{rule: r, severity: severity}
	if len(r.When.Fields) > 0 {
		m := exchange.MaskOf(r.When.Fields...)
		e.fields = &m
	}
	if len(r.When.RequestFields) > 0 {
		m := exchange.MaskOf(r.When.RequestFields...)
		e.requestFields = &m
	}
	ix := &s.head
	switch {
	case r.When.Failed:
		ix = &s.failed
	case r.Needs.AtEnd() || r.When.Always:
		ix = &s.end
	}
	ix.add(e)
}

func (ix *index) add(e entry) {
	w := &e.rule.When
	anyStatus := len(w.Status) == 0 && len(w.Class) == 0
	for code := range ix.byStatus {
		if anyStatus || slices.Contains(w.Status, code) || slices.Contains(w.Class, code/100) {
			ix.byStatus[code] = append(ix.byStatus[code], e)
		}
	}
	if anyStatus {
		ix.other = append(ix.other, e)
	}
	if w.Always || w.Failed {
		ix.none = append(ix.none, e)
	}
}

func (ix *index) entries(status int) []entry {
	switch {
	case status == 0:
		return ix.none
	case status < 0 || status >= len(ix.byStatus):
		return ix.other
	}
	return ix.byStatus[status]
}

// Head runs the rules that need only the message heads and appends their
// notes to notes. The response head must be known, or Err be set.
func (s *Set) Head(x *exchange.Exchange, notes []Note) []Note {
	return s.run(&s.head, x, notes)
}

// End runs the rules that had to wait for the end of the exchange and appends
// their notes, then drops what more specific rules have said better.
func (s *Set) End(x *exchange.Exchange, notes []Note) []Note {
	notes = s.run(&s.end, x, notes)
	if x.Err != nil {
		notes = s.run(&s.failed, x, notes)
	}
	return Suppress(notes)
}

// All runs every rule over an exchange that has ended.
func (s *Set) All(x *exchange.Exchange, notes []Note) []Note {
	return s.End(x, s.Head(x, notes))
}

func (s *Set) run(ix *index, x *exchange.Exchange, notes []Note) []Note {
	status := x.Response.Status
	if x.Response.Made {
		status = 0 // what sidenote itself said is nobody's fault
	}
	entries := ix.entries(status)
	if len(entries) == 0 {
		return notes
	}
	p := s.passes.Get().(*Pass)
	p.X, p.Options, p.notes = x, &s.options, notes
	for i := range entries {
		e := &entries[i]
		if e.fields != nil && !x.Response.Fields.HasAny(e.fields) ||
			e.requestFields != nil && !x.Request.Fields.HasAny(e.requestFields) ||
			len(e.rule.When.Methods) > 0 && !slices.Contains(e.rule.When.Methods, x.Request.Method) {
			continue
		}
		p.rule, p.severity = e.rule, e.severity
		e.rule.Check(p)
	}
	made := p.notes
	*p = Pass{}
	s.passes.Put(p)
	if len(made) > len(notes) && x.Request.Fields.Has(exchange.FieldSidenoteIgnore) {
		return dropIgnored(x, made, len(notes))
	}
	return made
}

// Suppress drops the notes of rules that another note's rule suppresses. It
// leaves notes as they are and gives
// a shorter slice when there is something to drop.
func Suppress(notes []Note) []Note {
	suppressed := func(n Note) bool {
		return slices.ContainsFunc(notes, func(other Note) bool {
			return slices.Contains(other.Rule.Suppresses, n.Rule.ID)
		})
	}
	for i := range notes {
		if len(notes[i].Rule.Suppresses) > 0 {
			kept := slices.Collect(func(yield func(Note) bool) {
				for _, n := range notes {
					if !suppressed(n) && !yield(n) {
						return
					}
				}
			})
			return kept
		}
	}
	return notes
}
