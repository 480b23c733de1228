package field_test

import (
	"slices"
	"testing"

	"sidenote/exchange/field"
)

func TestParseETag(t *testing.T) {
	for _, c := range []struct {
		in     string
		weak   bool
		opaque string
		errAt  int // -1 for none
	}{
		{`"abc"`, false, "abc", -1},
		{`W/"abc"`, true, "abc", -1},
		{`""`, false, "", -1},
		{`"a,b"`, false, "a,b", -1},
		{"\"\xe9\"", false, "\xe9", -1},
		{`w/"abc"`, true, "abc", 0},
		{`abc`, false, "abc", 0},
		{`W/abc`, true, "abc", 2},
		{`"abc`, false, "abc", 4},
		{`"a b"`, false, "a b", 2},
		{`"a" "b"`, false, "a", 4},
		{``, false, "", 0},
	} {
		got := field.ParseETag(c.in)
		at := -1
		if got.Err != nil {
			at = got.Err.At
		}
		if got.Weak != c.weak || got.Opaque != c.opaque || at != c.errAt {
			t.Errorf("%q: weak=%v opaque=%q error at %d, want %v %q %d", c.in, got.Weak, got.Opaque, at, c.weak, c.opaque, c.errAt)
		}
	}
}

func TestETags(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{`"a", W/"b","c"`, []string{`"a"`, `W/"b"`, `"c"`}},
		{`, "a,b" ,, c , "d`, []string{`"a,b"`, `"c"`, `"d"`}},
		{`*`, nil},
		{``, nil},
		{`"a" "b"`, []string{`"a"`, `"b"`}},
	} {
		var got []string
		for tag := range field.ETags(c.in) {
			got = append(got, tag.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// TestETagComparison is the table of RFC 9110 §8.8.3.2.
func TestETagComparison(t *testing.T) {
	for _, c := range []struct {
		a, b         string
		strong, weak bool
	}{
		{`W/"1"`, `W/"1"`, false, true},
		{`W/"1"`, `W/"2"`, false, false},
		{`W/"1"`, `"1"`, false, true},
		{`"1"`, `"1"`, true, true},
	} {
		a, b := field.ParseETag(c.a), field.ParseETag(c.b)
		if a.StrongEqual(b) != c.strong || a.WeakEqual(b) != c.weak {
			t.Errorf("%s, %s: strong %v, weak %v", c.a, c.b, a.StrongEqual(b), a.WeakEqual(b))
		}
	}
}

func TestETagsDoNotAllocate(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		for tag := range field.ETags(`"a", W/"b", "c"`) {
			if tag.Err != nil {
				t.Fail()
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzETags: every tag lies in the value after the one before it, and a tag
// without error, written again, is read the same.
func FuzzETags(f *testing.F) {
	f.Add(`"a", W/"b"`)
	f.Add(`w/x,,"`)
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for tag := range field.ETags(s) {
			if tag.At < last || tag.End <= tag.At || tag.End > len(s) {
				t.Fatalf("%q: tag at %d-%d after %d", s, tag.At, tag.End, last)
			}
			last = tag.End
			if tag.Err != nil {
				if tag.Err.At < tag.At || tag.Err.At > len(s) {
					t.Fatalf("%q: error at %d", s, tag.Err.At)
				}
				continue
			}
			if again := field.ParseETag(tag.String()); again.Err != nil || again.Weak != tag.Weak || again.Opaque != tag.Opaque {
				t.Fatalf("%q: %s read again as %s", s, tag, again)
			}
			if s[tag.At:tag.End] != tag.String() {
				t.Fatalf("%q: place %q, tag %s", s, s[tag.At:tag.End], tag)
			}
		}
	})
}
