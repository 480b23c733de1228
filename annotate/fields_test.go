package annotate_test

import (
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
)

func TestFieldsAreComplete(t *testing.T) {
	var previous exchange.Name
	for _, f := range annotate.Fields() {
		if f.Name <= previous {
			t.Errorf("%v stands after %v", f.Name, previous)
		}
		previous = f.Name
		if got, ok := annotate.LookupField(f.Name); !ok || got.Says != f.Says {
			t.Errorf("LookupField(%v) = %q, %v", f.Name, got.Says, ok)
		}
		if !strings.HasSuffix(f.Says, ".") || len(f.Refs) == 0 || f.Direction.String() == "" {
			t.Errorf("%v: says %q, refs %q, direction %v", f.Name, f.Says, f.Refs, f.Direction)
		}
		if !strings.HasPrefix(f.Example, f.Name.String()+": ") {
			t.Errorf("%v: example %q", f.Name, f.Example)
		}
	}
	if n := len(annotate.Fields()); n < 40 {
		t.Errorf("%d fields are too few", n)
	}
}

func TestLookupFieldMisses(t *testing.T) {
	for _, n := range []exchange.Name{0, exchange.FieldALPN, exchange.Names()[len(exchange.Names())-1], 9999} {
		if f, ok := annotate.LookupField(n); ok {
			t.Errorf("LookupField(%d) = %v", n, f.Name)
		}
	}
}

// TestStatusFieldsAreDescribed holds the two tables together: what a status
// calls for can be explained, and can stand in a response.
func TestStatusFieldsAreDescribed(t *testing.T) {
	for _, s := range annotate.Statuses() {
		for _, n := range s.Expects {
			f, ok := annotate.LookupField(n)
			if !ok {
				t.Errorf("%d expects %v, which is not described", s.Code, n)
			} else if f.Direction == annotate.InRequests {
				t.Errorf("%d expects %v, which is for requests", s.Code, n)
			}
		}
		if once := slices.Compact(slices.Sorted(slices.Values(s.Expects))); len(once) != len(s.Expects) {
			t.Errorf("%d names a field twice: %v", s.Code, s.Expects)
		}
	}
}
