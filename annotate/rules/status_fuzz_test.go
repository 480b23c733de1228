package rules_test

import (
	"strings"
	"testing"

	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// FuzzRules runs all rules over hostile exchanges: none may panic, and every
// note must say something and point into the text that it is about.
func FuzzRules(f *testing.F) {
	for _, r := range rules.All() {
		for _, text := range r.Bad {
			f.Add(text)
		}
	}
	set := defaultSet(f)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := exchange.ParseText(text)
		if err != nil {
			return
		}
		for _, n := range set.All(x, nil) {
			if s := x.Text(n.Place); n.Place.Start < 0 || n.Place.Start > n.Place.End || n.Place.End > len(s) {
				t.Errorf("%s points at bytes %d-%d of %q", n.Rule.ID, n.Place.Start, n.Place.End, s)
			}
			if n.Message == "" || strings.Contains(n.Message, "%!") && !strings.Contains(text, "%!") || n.Blame == "" {
				t.Errorf("%s: %+v", n.Rule.ID, n)
			}
		}
	})
}
