//go:build !race

package policy_test

import (
	"fmt"
	"testing"

	"sidenote/annotate"
)

// TestWhatIsNotMeantCostsNothing asks expectations about other traffic.
func TestWhatIsNotMeantCostsNothing(t *testing.T) {
	text := "expect:\n"
	for i := range 20 {
		text += fmt.Sprintf("  e%d: {match: 'GET *.shop.test/v1/%d/**', status: 200, json: {/a: 1}}\n", i, i)
	}
	p := parse(t, text)
	set, err := annotate.NewSet(p.Rules(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	x := record(t, order)
	x.Authority = "api.shop.test"
	if allocs := testing.AllocsPerRun(100, func() { set.All(x, nil) }); allocs > 1 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestAdjustAllocatesNothing(t *testing.T) {
	p := parse(t, "rules:\n  - match: GET *.test/v1/**\n    cache/*: info\n")
	x := answered("GET", "/v1/orders", 200, 0)
	notes := []annotate.Note{{Rule: &annotate.Rule{ID: "cache/one"}, Severity: annotate.Warn}}
	if allocs := testing.AllocsPerRun(100, func() { p.Adjust(x, notes) }); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
