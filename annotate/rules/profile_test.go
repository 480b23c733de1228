package rules_test

import (
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
)

// TestProfilesNameRules finds the change of a profile that names no rule. The
// rules of topic contract live elsewhere.
func TestProfilesNameRules(t *testing.T) {
	all := rules.All()
	for _, p := range annotate.Profiles() {
		for _, c := range p.Changes {
			if !strings.HasPrefix(c.Rule, "contract/") && !slices.ContainsFunc(all, func(r *annotate.Rule) bool { return annotate.Matches(c.Rule, r.ID) }) {
				t.Errorf("profile %s: there is no rule %q", p.Name, c.Rule)
			}
		}
	}
}

// TestSuppressesNamesRules finds the mention of a rule that there is not.
func TestSuppressesNamesRules(t *testing.T) {
	all := rules.All()
	for _, r := range all {
		for _, id := range r.Suppresses {
			if !slices.ContainsFunc(all, func(r *annotate.Rule) bool { return r.ID == id }) {
				t.Errorf("%s suppresses %s, which there is not", r.ID, id)
			}
		}
	}
}

// TestProfilesRaiseInfo holds the profiles to raising what is info: what is warn
// by default needs no mention.
func TestProfilesRaiseInfo(t *testing.T) {
	for _, p := range annotate.Profiles() {
		for _, c := range p.Changes {
			for _, r := range rules.All() {
				if c.Severity != 0 && annotate.Matches(c.Rule, r.ID) && r.Severity >= c.Severity {
					t.Errorf("profile %s: %s is %s by itself", p.Name, r.ID, r.Severity)
				}
			}
		}
	}
}

// TestProfilesAreClean runs each profile over the exemplary exchanges. Those
// that raise what is info by default may say more; none may call it an error.
func TestProfilesAreClean(t *testing.T) {
	for _, p := range annotate.Profiles() {
		set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions(), p.ChangesOf(rules.All())...)
		if err != nil {
			t.Fatal(err)
		}
		raised := func(id string) bool {
			return slices.ContainsFunc(p.Changes, func(c annotate.Change) bool { return c.Severity != 0 && annotate.Matches(c.Rule, id) })
		}
		for _, c := range cleanCases() {
			for _, n := range set.All(parse(t, c.text("HTTP/1.1")), nil) {
				if n.Severity == annotate.Error || n.Severity == annotate.Warn && !raised(n.Rule.ID) {
					t.Errorf("%s: %s: %s %s: %s", p.Name, c.name, n.Severity, n.Rule.ID, n.Message)
				}
			}
		}
	}
}
