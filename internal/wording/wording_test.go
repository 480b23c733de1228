package wording_test

import (
	"slices"
	"testing"

	"sidenote/internal/wording"
)

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"1 note": wording.Count(1, "note"), "0 notes": wording.Count(0, "note"), "2 notes": wording.Count(int64(2), "note"),
		"1 entry": wording.Count(1, "entry"), "3 entries": wording.Count(3, "entry"), "2 days": wording.Count(2, "day"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLists(t *testing.T) {
	for want, got := range map[string]string{
		"":                             wording.Or(nil),
		"a":                            wording.Or([]string{"a"}),
		"a or b":                       wording.Or([]string{"a", "b"}),
		"a, b or c":                    wording.Or([]string{"a", "b", "c"}),
		`want on or off, not "zzzzzz"`: wording.NotOneOf("zzzzzz", []string{"on", "off"}),
		`want on or off, not "offf"; did you mean "off"?`: wording.NotOneOf("offf", []string{"on", "off"}),
		`; did you mean "off"?`:                           wording.Instead("offf", []string{"on", "off"}),
		"; there are on, off":                             wording.Instead("zzzzzz", []string{"on", "off"}),
		"Émile came.":                                     wording.Sentence("émile came"),
		"It ends.":                                        wording.Sentence("it ends."),
		`a \| b`:                                          wording.Cell("a | b"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := wording.Wrap("a  bb\nccc äää averylongword e", 10, "- ", "  ")
	if want := []string{"- a bb ccc", "  äää", "  averylongword", "  e"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := wording.Wrap("", 10, "x ", ""); !slices.Equal(got, []string{"x"}) {
		t.Errorf("%q", got)
	}
}
