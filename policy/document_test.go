package policy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sidenote/policy"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n# policy.yaml\n(.*?)^```")

// TestExampleOfTheDocument reads the policy that docs/policy.md shows, and holds
// the page to the names that there are.
func TestExampleOfTheDocument(t *testing.T) {
	page, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	block := yamlBlock.FindSubmatch(page)
	if block == nil {
		t.Fatal("there is no example")
	}
	p, err := policy.Parse("policy.md", block[1])
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Summary(); got != "fails on warn or worse, 2 rule changes, 2 expectations, 3 budgets" {
		t.Error(got)
	}
	for _, name := range policy.Names() {
		if !strings.Contains(string(page), "`"+name) {
			t.Errorf("docs/policy.md does not explain the name %s", name)
		}
	}
	for _, key := range append(policy.Keys(), "max-5xx-rate", "max-failed-rate", "max-redirects", "p99") {
		if !strings.Contains(string(page), "`"+key) {
			t.Errorf("docs/policy.md does not explain the key %s", key)
		}
	}
}
