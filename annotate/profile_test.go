package annotate_test

import (
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
)

func TestProfilesAreComplete(t *testing.T) {
	names := annotate.ProfileNames()
	if want := []string{"default", "strict", "rest", "security", "browser"}; !slices.Equal(names, want) {
		t.Errorf("profiles %q, want %q", names, want)
	}
	for _, p := range annotate.Profiles() {
		if p.Title == "" || !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: title %q, doc %q", p.Name, p.Title, p.Doc)
		}
		if got, ok := annotate.LookupProfile(p.Name); !ok || got.Doc != p.Doc {
			t.Errorf("%s is not found", p.Name)
		}
	}
	if _, ok := annotate.LookupProfile("lax"); ok {
		t.Error("a profile that does not exist is found")
	}
	if p, _ := annotate.LookupProfile(annotate.DefaultProfile); len(p.Changes) != 0 {
		t.Errorf("the default profile changes %v", p.Changes)
	}
}

// TestProfilesChooseRules applies each profile to a few rules.
func TestProfilesChooseRules(t *testing.T) {
	var rules []*annotate.Rule
	for id, s := range map[string]annotate.Severity{
		"cache/vary-star": annotate.Warn, "cors/preflight": annotate.Info, "security/csp-missing": annotate.Info, "redirect/cross-host": annotate.Info,
		"status/error-missing-body": annotate.Info, "status/unusual-for-method": annotate.Info, "failure/timeout": annotate.Error,
	} {
		rules = append(rules, &annotate.Rule{ID: id, Severity: s, OffByDefault: id == "security/csp-missing" || id == "status/unusual-for-method"})
	}
	for name, want := range map[string]map[string]annotate.Severity{
		"default": {
			"cache/vary-star": annotate.Warn, "cors/preflight": annotate.Info, "redirect/cross-host": annotate.Info,
			"status/error-missing-body": annotate.Info, "failure/timeout": annotate.Error,
		},
		"strict": {
			"cache/vary-star": annotate.Warn, "cors/preflight": annotate.Info, "security/csp-missing": annotate.Info, "redirect/cross-host": annotate.Info,
			"status/error-missing-body": annotate.Warn, "status/unusual-for-method": annotate.Info, "failure/timeout": annotate.Error,
		},
		"rest": {
			"cache/vary-star": annotate.Warn, "cors/preflight": annotate.Info, "redirect/cross-host": annotate.Info,
			"status/error-missing-body": annotate.Warn, "status/unusual-for-method": annotate.Info, "failure/timeout": annotate.Error,
		},
		"security": {"security/csp-missing": annotate.Warn, "redirect/cross-host": annotate.Info, "failure/timeout": annotate.Error},
		"browser": {
			"cache/vary-star": annotate.Warn, "cors/preflight": annotate.Info, "security/csp-missing": annotate.Info, "redirect/cross-host": annotate.Info,
			"failure/timeout": annotate.Error,
		},
	} {
		p, _ := annotate.LookupProfile(name)
		severities, err := annotate.Severities(rules, p.ChangesOf(rules)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			if severities[r] != want[r.ID] {
				t.Errorf("%s: %s is %s, want %s", name, r.ID, severities[r], want[r.ID])
			}
		}
	}
}
