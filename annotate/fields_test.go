package annotate_test

import (
	"os"
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
	if got, want := len(annotate.Fields()), len(exchange.Names()); got < want*95/100 {
		t.Errorf("%d fields of %d names are too few", got, want)
	}
}

// TestRegistryIsDescribed holds the table to the registry of field names, of the
// date that the list in testdata has.
func TestRegistryIsDescribed(t *testing.T) {
	list, err := os.ReadFile("testdata/registry.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	for line := range strings.Lines(string(list)) {
		name := strings.TrimSpace(line)
		if name == "" || name[0] == '#' {
			continue
		}
		names++
		if f, ok := annotate.LookupField(exchange.LookupName(name)); !ok || f.Name.String() != name {
			t.Errorf("%s is registered and not described, or as %v", name, f.Name)
		}
	}
	if names < 250 {
		t.Errorf("%d names are too few", names)
	}
}

// TestFactsAreOfTheTable holds the quick look-up to the table, and the marks
// to one another.
func TestFactsAreOfTheTable(t *testing.T) {
	for _, f := range annotate.Fields() {
		facts := annotate.FactsOf(f.Name)
		if facts.Form != f.Form || facts.Marks != f.Marks || facts.Direction != f.Direction || facts.List != f.List {
			t.Errorf("FactsOf(%v) = %+v", f.Name, facts)
		}
		for _, pair := range [][2]annotate.Marks{
			{annotate.MayTrail, annotate.NeverTrails},
			{annotate.RequestOnly, annotate.ResponseOnly},
		} {
			if facts.Is(pair[0] | pair[1]) {
				t.Errorf("%v has marks that contradict each other", f.Name)
			}
		}
		if facts.Is(annotate.EndToEnd) && f.Name.IsHopByHop() {
			t.Errorf("%v is for all recipients and for one connection only", f.Name)
		}
		if facts.Is(annotate.RequestOnly) && f.Direction != annotate.InRequests ||
			facts.Is(annotate.ResponseOnly) && f.Direction != annotate.InResponses {
			t.Errorf("%v stands in %v", f.Name, f.Direction)
		}
		if dictionaryOrList := f.Form == annotate.FormDictionary || f.Form == annotate.FormSFList; dictionaryOrList && !f.List ||
			f.Form == annotate.FormItem && f.List {
			t.Errorf("%v: List is %v", f.Name, f.List)
		}
	}
	n := exchange.FieldVary
	if allocs := testing.AllocsPerRun(10, func() { _ = annotate.FactsOf(n) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestLookupFieldMisses(t *testing.T) {
	for _, n := range []exchange.Name{0, 9999} {
		if f, ok := annotate.LookupField(n); ok {
			t.Errorf("LookupField(%d) = %v", n, f.Name)
		}
	}
}

// TestStatusFieldsAreDescribed holds the two tables together: what a status
// calls for can be explained, and can be in a response.
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
