package field_test

import (
	"testing"

	"sidenote/exchange/field"
)

func TestLinks(t *testing.T) {
	const in = `</a,b;c>; rel="next alternate"; title="x, <y>", junk, <https://u@h/>;rel=Preload;rel=alternate , <>`
	want := []struct {
		target    string
		alternate bool
		params    int
	}{{"/a,b;c", true, 2}, {"https://u@h/", false, 2}, {"", false, 0}}
	i := 0
	for l := range field.Links(in) {
		if i >= len(want) {
			t.Fatalf("one link too many: %+v", l)
		}
		w := want[i]
		n := 0
		for p := range l.Params() {
			n++
			if in[p.At:p.At+len(p.Name)] != p.Name || in[p.ValueAt:p.ValueAt+len(p.Value)] != p.Value {
				t.Errorf("%+v is not where it says", p)
			}
		}
		if l.Target != w.target || l.HasRel("alternate") != w.alternate || n != w.params || in[l.At:l.At+len(l.Target)] != l.Target {
			t.Errorf("link %d: %+v with %d parameters", i, l, n)
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d links, want %d", i, len(want))
	}
}

// FuzzLinks: links follow one another and lie where they say.
func FuzzLinks(f *testing.F) {
	f.Add(`<a>; rel="x", <b>;c="d,`)
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for l := range field.Links(s) {
			if l.TextAt < last || s[l.At:l.At+len(l.Target)] != l.Target || s[l.TextAt:l.TextAt+len(l.Text)] != l.Text {
				t.Fatalf("%q: %+v", s, l)
			}
			last = l.TextAt + len(l.Text)
			for p := range l.Params() {
				if p.At < l.At+len(l.Target) || s[p.ValueAt:p.ValueAt+len(p.Value)] != p.Value {
					t.Fatalf("%q: %+v", s, p)
				}
			}
		}
	})
}
