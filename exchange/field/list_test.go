package field_test

import (
	"slices"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestList(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" \t", nil},
		{"a", []string{"a"}},
		{"a, b ,c", []string{"a", "b", "c"}},
		{",, a ,,b,", []string{"a", "b"}},
		{`a="x,y", b`, []string{`a="x,y"`, "b"}},
		{`"\",", b`, []string{`"\","`, "b"}},
		{`"open, b`, []string{`"open, b`}},
		{`"trailing\`, []string{`"trailing\`}},
	} {
		var got []string
		for p := range field.List(c.in) {
			got = append(got, p.Text)
			if c.in[p.At:p.End()] != p.Text {
				t.Errorf("%q: element %q is said to be at %d", c.in, p.Text, p.At)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestParams(t *testing.T) {
	for _, c := range []struct {
		in, head string
		want     []field.Param
	}{
		{"a", "a", nil},
		{" a ;", "a", nil},
		{"a;q=1", "a", []field.Param{{Name: "q", Value: "1", HasValue: true, At: 2, ValueAt: 4}}},
		{`"x;y"; hit; n = "a;b"`, `"x;y"`, []field.Param{
			{Name: "hit", At: 7, ValueAt: 10},
			{Name: "n", Value: `"a;b"`, HasValue: true, At: 12, ValueAt: 16},
		}},
	} {
		var got []field.Param
		for p := range field.Params(c.in) {
			got = append(got, p)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %+v, want %+v", c.in, got, c.want)
		}
		if head := field.Head(c.in).Text; head != c.head {
			t.Errorf("%q: head %q, want %q", c.in, head, c.head)
		}
	}
}

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		``: ``, `a`: `a`, `"a b"`: `a b`, `"a\"b"`: `a"b`, `"`: `"`, `"a`: `"a`, `"\"`: `\`,
	} {
		if got := field.Unquote(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestListAllocatesNothing(t *testing.T) {
	const list = `text/html;q=0.5, "a,b";r=1;t=2, c`
	n := 0
	if allocs := testing.AllocsPerRun(100, func() {
		for p := range field.List(list) {
			for q := range field.Params(p.Text) {
				n += len(q.Name)
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzList(f *testing.F) {
	for _, s := range []string{"a, b", `"a,b";c="d;e", f`, `"\`, ",;=,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for p := range field.List(s) {
			if p.Text == "" || p.At < last || s[p.At:p.End()] != p.Text || strings.TrimSpace(p.Text[:1]) == "" && field.IsOWS(p.Text[0]) {
				t.Fatalf("%q: part %+v", s, p)
			}
			last = p.End()
			for q := range field.Params(p.Text) {
				if p.Text[q.At:q.At+len(q.Name)] != q.Name || p.Text[q.ValueAt:q.ValueAt+len(q.Value)] != q.Value {
					t.Fatalf("%q: parameter %+v", p.Text, q)
				}
				field.Unquote(q.Value)
			}
		}
	})
}
