//go:build !race

// The race detector allocates, so allocations are counted without it.

package rules_test

import (
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
)

func TestCleanExchangeAllocatesNothing(t *testing.T) {
	set, x := defaultSet(t), parse(t, clean)
	for _, n := range set.All(x, nil) {
		t.Errorf("%s: %s", n.Rule.ID, n.Message)
	}
	if allocs := testing.AllocsPerRun(200, func() { set.All(x, nil) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// TestNoRuleAllocates names the rule that allocates over the clean exchange or,
// for the topics whose checks only scan text, over a good example of its own.
// Checks that take a URI apart may allocate where there is one.
func TestNoRuleAllocates(t *testing.T) {
	for _, r := range rules.All() {
		set, err := annotate.NewSet([]*annotate.Rule{r}, annotate.DefaultOptions(), annotate.Change{Rule: r.ID})
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{clean}
		switch r.Topic() {
		case "status", "timing", "tls", "failure":
			texts = append(texts, r.Good...)
		}
		for _, text := range texts {
			x := parse(t, text)
			x.Response.DecodedContent() // decoding is done once, for all rules
			x.Request.DecodedContent()
			if allocs := testing.AllocsPerRun(50, func() { set.All(x, nil) }); allocs != 0 {
				t.Errorf("%s: %v allocations over\n%s", r.ID, allocs, text)
			}
		}
	}
}
