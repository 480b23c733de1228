package annotate_test

import (
	"fmt"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

// talkative is a rule that makes n notes.
func talkative(id string, needs annotate.Needs, n int) *annotate.Rule {
	return &annotate.Rule{ID: id, Severity: annotate.Warn, Needs: needs, Check: func(p *annotate.Pass) {
		for i := range n {
			p.Note(exchange.Place{}, "note %d", i)
		}
	}}
}

func notesOfSet(t *testing.T, rules ...*annotate.Rule) []annotate.Note {
	t.Helper()
	set, err := annotate.NewSet(rules, annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	x, err := exchange.ParseText("> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	return set.All(x, nil)
}

func TestNotesOfOneRuleAreBounded(t *testing.T) {
	for _, c := range []struct {
		made, kept int
		last       string
	}{
		{1, 1, "note 0"},
		{annotate.MostNotesOfRule, annotate.MostNotesOfRule, "note 15"},
		{annotate.MostNotesOfRule + 1, annotate.MostNotesOfRule, "note 15 (and 1 more like it)"},
		{1000, annotate.MostNotesOfRule, "note 15 (and 984 more like it)"},
	} {
		notes := notesOfSet(t, talkative("a/b", 0, c.made), talkative("a/c", annotate.NeedsEnd, 1))
		if len(notes) != c.kept+1 || notes[c.kept-1].Message != c.last || notes[c.kept].Message != "note 0" {
			t.Errorf("of %d notes %d are kept, the last is %q; want %d and %q", c.made, len(notes)-1, notes[len(notes)-2].Message, c.kept, c.last)
		}
	}
}

func TestNotesOfOneExchangeAreBounded(t *testing.T) {
	var rules []*annotate.Rule
	for i := range 40 {
		needs := annotate.Needs(0)
		if i%2 == 1 {
			needs = annotate.NeedsEnd
		}
		rules = append(rules, talkative(fmt.Sprintf("a/r%d", i), needs, 15))
	}
	notes := notesOfSet(t, rules...)
	if len(notes) != annotate.MostNotes {
		t.Fatalf("%d notes, want %d", len(notes), annotate.MostNotes)
	}
	if last := notes[len(notes)-1].Message; last != "note 0 (and 14 more like it)" || strings.Contains(notes[0].Message, "more") {
		t.Errorf("the last note is %q", last)
	}
}
