package field_test

import (
	"fmt"
	"testing"

	"sidenote/exchange/field"
)

func TestParseRanges(t *testing.T) {
	for _, c := range []struct {
		in, want string
	}{
		{"bytes=0-499", "bytes 0..499"},
		{"Bytes=0-", "Bytes 0..-1"},
		{"bytes=-500", "bytes -1..500"},
		{"bytes= 0-999, ,4500-5499, -1000", "bytes 0..999 4500..5499 -1..1000"},
		{"bytes=5-4", "bytes 5..4!8"},
		{"bytes=a-4", "bytes -1..-1!6"},
		{"bytes=0-x", "bytes 0..-1!8"},
		{"bytes=7", "bytes -1..-1!7"},
		{"bytes=-", "bytes -1..-1!7"},
		{"bytes=99999999999999999999-", "bytes 4611686018427387903..-1"},
		{"lines=1-2", "lines 1..2"},
		{"bytes", "bytes!5"},
		{"bytes 0-1", "bytes!5"},
		{"=0-1", "!0"},
		{"bytes=,", "bytes!7"},
		{"", "!0"},
	} {
		r, err := field.ParseRanges(c.in)
		got := r.Unit
		if err != nil {
			got += fmt.Sprintf("!%d", err.At)
		} else {
			for v, err := range r.All() {
				got += fmt.Sprintf(" %d..%d", v.First, v.Last)
				if err != nil {
					got += fmt.Sprintf("!%d", err.At)
				}
			}
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestRangePlace(t *testing.T) {
	const value = "bytes=0-1, 5-9"
	r, _ := field.ParseRanges(value)
	for v := range r.All() {
		if value[v.At:v.End()] != v.Text {
			t.Errorf("%q is at %q", v.Text, value[v.At:v.End()])
		}
	}
	if r.Count() != 2 {
		t.Errorf("count %d", r.Count())
	}
}

func TestRangeResolve(t *testing.T) {
	for _, c := range []struct {
		in          string
		length      int64
		first, last int64
		ok          bool
	}{
		{"bytes=0-9", 100, 0, 9, true},
		{"bytes=90-", 100, 90, 99, true},
		{"bytes=90-500", 100, 90, 99, true},
		{"bytes=100-", 100, 100, 99, false},
		{"bytes=-10", 100, 90, 99, true},
		{"bytes=-500", 100, 0, 99, true},
		{"bytes=-0", 100, 100, 99, false},
		{"bytes=-5", 0, 0, -1, false},
	} {
		r, _ := field.ParseRanges(c.in)
		for v := range r.All() {
			first, last, ok := v.Resolve(c.length)
			if first != c.first || last != c.last || ok != c.ok {
				t.Errorf("%s of %d: %d-%d %v, want %d-%d %v", c.in, c.length, first, last, ok, c.first, c.last, c.ok)
			}
		}
	}
}

func TestParseContentRange(t *testing.T) {
	for _, c := range []struct {
		in, want string
	}{
		{"bytes 42-1233/1234", "bytes 42-1233/1234"},
		{"bytes 42-1233/*", "bytes 42-1233/-1"},
		{"bytes */1234", "bytes */1234"},
		{"lines 1-2/3", "lines 1-2/3"},
		{"bytes  0-0/1", "bytes 0-0/1"},
		{"bytes */*", "bytes!8"},
		{"bytes 5-4/10", "bytes!8"},
		{"bytes 0-9/9", "bytes!10"},
		{"bytes 0-/9", "bytes!6"},
		{"bytes -5/9", "bytes!6"},
		{"bytes 0-4", "bytes!9"},
		{"bytes=0-4/5", "bytes!5"},
		{"bytes", "bytes!5"},
		{"bytes 0-4/x", "bytes!10"},
		{"pages 1.2-4.3/25", "pages!6"},
		{"", "!0"},
	} {
		r, err := field.ParseContentRange(c.in)
		got := r.Unit
		switch {
		case err != nil:
			got += fmt.Sprintf("!%d", err.At)
		case r.Unsatisfied:
			got += fmt.Sprintf(" */%d", r.Length)
		default:
			got += fmt.Sprintf(" %d-%d/%d", r.First, r.Last, r.Length)
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// FuzzRanges: a resolved range lies inside the representation and is what a
// naive reading of the RFC selects octet by octet.
func FuzzRanges(f *testing.F) {
	f.Add("bytes=0-1,-5,7-", int64(20))
	f.Add("bytes=-", int64(0))
	f.Fuzz(func(t *testing.T, s string, length int64) {
		r, err := field.ParseRanges(s)
		if err != nil {
			if err.At < 0 || err.At > len(s) {
				t.Fatalf("%q: error at %d", s, err.At)
			}
			return
		}
		length &= 63
		for v, err := range r.All() {
			if s[v.At:v.End()] != v.Text {
				t.Fatalf("%q: %q is at %q", s, v.Text, s[v.At:v.End()])
			}
			if err != nil {
				if err.At < v.At || err.At > v.End() {
					t.Fatalf("%q: error at %d of %d-%d", s, err.At, v.At, v.End())
				}
				continue
			}
			first, last, ok := v.Resolve(length)
			for i := range length {
				want := i >= v.First && (v.Last < 0 || i <= v.Last)
				if v.IsSuffix() {
					want = length-i <= v.Last
				}
				if got := ok && i >= first && i <= last; got != want {
					t.Fatalf("%q of %d: byte %d: %v, want %v", v.Text, length, i, got, want)
				}
			}
		}
	})
}

// FuzzContentRange: a value without error, written again, is read the same.
func FuzzContentRange(f *testing.F) {
	f.Add("bytes 0-1/2")
	f.Add("bytes */9")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := field.ParseContentRange(s)
		if err != nil {
			if err.At < 0 || err.At > len(s) {
				t.Fatalf("%q: error at %d", s, err.At)
			}
			return
		}
		again, err := field.ParseContentRange(r.Unit + " " + r.RangePart.Text + "/" + r.LengthPart.Text)
		if err != nil || again.First != r.First || again.Last != r.Last || again.Length != r.Length || again.Unsatisfied != r.Unsatisfied {
			t.Fatalf("%q: %+v, again %+v, %v", s, r, again, err)
		}
	})
}
