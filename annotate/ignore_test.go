package annotate_test

import (
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

// speaking makes a rule that speaks about every exchange.
func speaking(id string, needs annotate.Needs, suppresses ...string) *annotate.Rule {
	return &annotate.Rule{
		ID: id, Severity: annotate.Warn, Needs: needs, Suppresses: suppresses,
		Check: func(p *annotate.Pass) { p.Note(p.StatusLine(), "something is so") },
	}
}

func TestIgnore(t *testing.T) {
	rules := []*annotate.Rule{
		speaking("cache/one", 0),
		speaking("cache/two", annotate.NeedsContent),
		speaking("cookie/exact", 0, "cookie/general"),
		speaking("cookie/general", 0),
	}
	set, err := annotate.NewSet(rules, annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"cache/one", "cookie/exact", "cache/two"}
	for _, c := range []struct {
		name   string
		fields []string
		want   []string
	}{
		{"no field", nil, all},
		{"nothing in it", []string{""}, all},
		{"one rule", []string{"cache/one"}, []string{"cookie/exact", "cache/two"}},
		{"a topic, at head and end", []string{"cache/*"}, []string{"cookie/exact"}},
		{"two members", []string{" cache/one ,\tcache/two"}, []string{"cookie/exact"}},
		{"two lines", []string{"cache/one", "cache/two"}, []string{"cookie/exact"}},
		{"everything", []string{"*"}, nil},
		{"what it suppresses goes too", []string{"cookie/exact"}, []string{"cache/one", "cache/two"}},
		{"what nobody knows", []string{"cache/three, nonsense/*, cache"}, all},
		{"empty members", []string{",, ,cache/one,"}, []string{"cookie/exact", "cache/two"}},
		{"more than is looked at", []string{strings.Repeat("a/b,", 100) + "cache/one"}, all},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &exchange.Exchange{}
			x.Response.Status = 200
			for _, f := range c.fields {
				x.Request.Fields.Add("Sidenote-Ignore", f)
			}
			var got []string
			for _, n := range set.All(x, nil) {
				got = append(got, n.Rule.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestIgnoreKeepsEarlierNotes starts a run with notes from before.
func TestIgnoreKeepsEarlierNotes(t *testing.T) {
	set, err := annotate.NewSet([]*annotate.Rule{speaking("a/b", annotate.NeedsContent)}, annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange.Exchange{}
	x.Response.Status = 200
	x.Request.Fields.Add("Sidenote-Ignore", "*")
	earlier := annotate.Note{Rule: speaking("c/d", 0), Message: "said before"}
	if got := set.End(x, []annotate.Note{earlier}); len(got) != 1 || got[0].Message != earlier.Message {
		t.Errorf("%v", got)
	}
}

func TestRuleWithoutCheckStaysSilent(t *testing.T) {
	quiet := &annotate.Rule{ID: "a/b", Severity: annotate.Warn}
	set, err := annotate.NewSet([]*annotate.Rule{quiet}, annotate.DefaultOptions(), annotate.Change{Rule: "a/b", Severity: annotate.Error})
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange.Exchange{}
	x.Response.Status = 200
	if notes := set.All(x, nil); len(notes) != 0 || len(set.Rules()) != 0 {
		t.Errorf("notes %v, rules %v", notes, set.Rules())
	}
}
