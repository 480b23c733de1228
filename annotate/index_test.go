package annotate_test

import (
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

func TestIndexCallsWhatIsWanted(t *testing.T) {
	asked, called := 0, ""
	never := &annotate.Condition{Holds: func(*annotate.Pass) bool { asked++; return false }}
	always := &annotate.Condition{Holds: func(*annotate.Pass) bool { return true }}
	rule := func(name string, when annotate.When) *annotate.Rule {
		return &annotate.Rule{ID: "a/b", Severity: annotate.Warn, When: when, Check: func(*annotate.Pass) { called += name }}
	}
	host, length, age := exchange.FieldHost, exchange.FieldContentLength, exchange.FieldAge
	notesOfSet(t,
		rule("-", annotate.When{If: []*annotate.Condition{never}}),
		rule("-", annotate.When{If: []*annotate.Condition{always, never}}),
		rule("-", annotate.When{If: []*annotate.Condition{always}, Methods: []string{"PUT"}}),
		rule("-", annotate.When{If: []*annotate.Condition{always}, Class: []int{3}}),
		rule("-", annotate.When{EitherFields: []exchange.Name{age}}),
		rule("-", annotate.When{Fields: []exchange.Name{length}, RequestFields: []exchange.Name{age}}),
		rule("-", annotate.When{Fields: []exchange.Name{host}}),
		rule("-", annotate.When{RequestFields: []exchange.Name{length}}),
		rule("-", annotate.When{Failed: true}),
		rule("a", annotate.When{}),
		rule("b", annotate.When{If: []*annotate.Condition{always}, Methods: []string{"GET", "PUT"}}),
		rule("c", annotate.When{EitherFields: []exchange.Name{host, age}}),
		rule("d", annotate.When{EitherFields: []exchange.Name{length}, Status: []int{200}}),
		rule("e", annotate.When{Fields: []exchange.Name{length}, RequestFields: []exchange.Name{host}}),
		rule("f", annotate.When{Always: true, Class: []int{2}}),
	)
	if asked != 1 || called != "abcdef" {
		t.Errorf("the condition was asked %d times and the rules called are %q; want 1 and abcdef", asked, called)
	}
}
