// Package policy says what is good enough: from which severity a note fails a
// run, which rules weigh more or less for some traffic, what is expected of
// exchanges, and which budgets hold for all of them together.
package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"sidenote/annotate"
	"sidenote/internal/wording"
	"sidenote/internal/yamlfile"
)

// A Policy is what a run is judged by. It does not change once rules were made
// of it, and is then safe for concurrent use.
type Policy struct {
	failOn  annotate.Severity // 0 for never
	bypass  bool              // what goes past the proxy fails
	failAt  string            // where that was said; "" for the default
	scopes  []*scope
	expects []*Expectation
	budgets []*budget

	// scoped are the rules that are on only where a scope says so.
	scoped map[*annotate.Rule]bool
}

// DefaultFailOn is the severity that fails by default.
const DefaultFailOn = annotate.Error

// Never is what is written for a severity that lets every note pass.
const Never = "never"

// Bounds of a policy, so that an exchange costs no more than is sensible.
const (
	maxExpectations = 1000
	maxScopes       = 1000
	maxBudgets      = 100
)

// Default returns the policy that holds by default.
func Default() *Policy { return &Policy{failOn: DefaultFailOn} }

// FailOn is the lowest severity of a note that fails; 0 for none.
func (p *Policy) FailOn() annotate.Severity { return p.failOn }

// FailsOnBypass reports whether connections of a command that go past the proxy
// fail: no one can judge what they carried.
func (p *Policy) FailsOnBypass() bool { return p.bypass }

// bypass is in fail-on for connections that go past the proxy.
const bypass = "bypass"

// FailOnWords are the words of fail-on.
func FailOnWords() []string { return append(annotate.SeverityWords(), Never, bypass) }

// SetFailOn sets what fails: the lowest severity of a note, "info", "warn",
// "error" or "never"; "bypass", which means "error,bypass"; or both, with a
// comma. where says who set it, as "--fail-on".
func (p *Policy) SetFailOn(s, where string) error {
	severity, level, past := DefaultFailOn, "", false
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		parsed, err := annotate.ParseSeverity(word)
		switch {
		case word == bypass:
			past = true
			continue
		case err != nil && word != Never:
			return errors.New(wording.NotOneOf(word, FailOnWords()))
		case level != "":
			return fmt.Errorf("want one severity, not both %s and %s", level, word)
		}
		severity, level = parsed, word // 0 for never
	}
	p.failOn, p.bypass, p.failAt = severity, past, where
	return nil
}

// Parse reads a policy from its own file. An error is a *yamlfile.Error if its
// place is known.
func Parse(file string, text []byte) (*Policy, error) {
	f, err := yamlfile.Parse(file, text)
	if err != nil {
		return nil, err
	}
	return ParseNode(f, f.Root)
}

// ParseNode reads a policy that is a part of a file; n may be nil.
func ParseNode(f *yamlfile.File, n ast.Node) (*Policy, error) {
	p := Default()
	if yamlfile.IsEmpty(n) {
		return p, nil
	}
	r := reader{f}
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return nil, r.Fault(n, "want one key of a policy per line, such as: fail-on: warn")
	}
	for _, pair := range pairs {
		if err := p.read(r, pair); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func policyKeys() []string { return []string{"fail-on", "rules", "expect", "budgets"} }

func (p *Policy) read(r reader, pair *ast.MappingValueNode) error {
	switch yamlfile.Key(pair.Key) {
	case "fail-on":
		text, _ := yamlfile.Scalar(pair.Value)
		if err := p.SetFailOn(text, r.where(pair.Key)); err != nil {
			return r.Fault(pair.Value, "%v", err)
		}
		return nil
	case "rules":
		return p.readScopes(r, pair.Value)
	case "expect":
		return p.readExpectations(r, pair.Value)
	case "budgets":
		return p.readBudgets(r, pair.Value)
	}
	return r.Unknown(pair.Key, "of a policy", policyKeys())
}

func (p *Policy) readExpectations(r reader, n ast.Node) error {
	if yamlfile.IsEmpty(n) {
		return nil
	}
	pairs, ok := yamlfile.Mapping(n)
	if !ok {
		return r.Fault(n, "want a name for each expectation, with its conditions below it")
	}
	for _, pair := range pairs {
		name := yamlfile.Key(pair.Key)
		if err := checkName(name); err != nil {
			return r.At(pair.Key.GetToken(), err.Error())
		}
		if yamlfile.IsEmpty(pair.Value) {
			return r.At(pair.Key.GetToken(), name+": want conditions below it, such as: status: 200")
		}
		e, err := ParseExpectation(r.File, name, pair.Value)
		if err != nil {
			return err
		}
		e.Where = r.where(pair.Key)
		if err := p.Add(e); err != nil {
			return r.At(pair.Key.GetToken(), err.Error())
		}
	}
	return nil
}

// Add adds an expectation. Its name must be new.
func (p *Policy) Add(e *Expectation) error {
	if has(p.expects, e.Name) {
		return fmt.Errorf("two expectations have the name %q", e.Name)
	}
	if len(p.expects) == maxExpectations {
		return fmt.Errorf("more than %d expectations", maxExpectations)
	}
	p.expects = append(p.expects, e)
	return nil
}

// Expect adds an expectation in the form that a flag has: "NAME: CONDITION".
// where is the flag.
func (p *Policy) Expect(s, where string) error {
	name, condition, ok := strings.Cut(s, ":")
	if name = strings.TrimSpace(name); !ok {
		return fmt.Errorf("want NAME: CONDITION, such as fast: duration < 0.5, not %q", s)
	}
	if err := checkName(name); err != nil {
		return err
	}
	a, err := compile(strings.TrimSpace(condition))
	if err != nil {
		return underlined(strings.TrimSpace(condition), err)
	}
	e := newExpectation(name, where)
	e.asserts = []*expression{a}
	return p.Add(e)
}

// Expectations returns the expectations in the order in which they were written.
func (p *Policy) Expectations() []*Expectation { return p.expects }

// Rules makes a rule of each expectation.
func (p *Policy) Rules() []*annotate.Rule {
	rules := make([]*annotate.Rule, len(p.expects))
	for i, e := range p.expects {
		rules[i] = e.Rule(p)
	}
	return rules
}

// IsPlain reports whether the policy consists only of the severity that fails.
func (p *Policy) IsPlain() bool { return len(p.scopes)+len(p.expects)+len(p.budgets) == 0 }

// CanFail reports whether anything could make it fail.
func (p *Policy) CanFail() bool { return p.failOn != 0 || len(p.budgets) > 0 }

// Summary says in one clause what the policy holds.
func (p *Policy) Summary() string {
	parts := []string{"fails on " + p.failText()}
	for _, part := range []struct {
		n    int
		noun string
	}{{p.changes(), "rule change"}, {len(p.expects), "expectation"}, {len(p.budgets), "budget"}} {
		if part.n > 0 {
			parts = append(parts, wording.Count(part.n, part.noun))
		}
	}
	return strings.Join(parts, ", ")
}

func (p *Policy) failText() string {
	var s string
	switch p.failOn {
	case 0:
		s = "no note"
	case annotate.Error:
		s = "error"
	default:
		s = p.failOn.String() + " or worse"
	}
	if p.bypass {
		s += ", on bypass"
	}
	return s
}

func (p *Policy) changes() (n int) {
	for _, s := range p.scopes {
		n += len(s.changes)
	}
	return n
}

// String sets the whole policy out for people: every part with where it was
// written.
func (p *Policy) String() string {
	var b strings.Builder
	line := func(kind, text, where string) {
		fmt.Fprintf(&b, "  %-8s %s  (%s)\n", kind, text, where)
	}
	where := p.failAt
	if where == "" {
		where = "the default"
	}
	line("fails on", p.failText(), where)
	for _, s := range p.scopes {
		line("rules", s.String(), s.where)
	}
	for _, e := range p.expects {
		line("expect", e.Name+severityText(e.Severity)+", "+e.About(), e.Where)
		for _, part := range e.parts() {
			fmt.Fprintf(&b, "             %s\n", part)
		}
	}
	for _, budget := range p.budgets {
		line("budget", budget.String(), budget.where)
	}
	return b.String()
}

func severityText(s annotate.Severity) string {
	if s == annotate.Error {
		return ""
	}
	return " (" + s.String() + ")"
}

// underlined adds to an error the text that it is about, with a caret.
func underlined(text string, err error) error {
	var at *syntaxError
	if !errors.As(err, &at) {
		return err
	}
	return &yamlfile.Snippet{Message: at.message, Source: text, Offset: at.offset}
}

// unknownRule says that no rule has a name.
func unknownRule(pattern string, known []*annotate.Rule) string {
	ids := make([]string, len(known))
	for i, r := range known {
		ids[i] = r.ID
	}
	slices.Sort(ids)
	return fmt.Sprintf("unknown rule %q%s", pattern, wording.DidYouMean(pattern, ids))
}
