package field_test

import (
	"slices"
	"testing"

	"sidenote/exchange/field"
)

func TestRateLimits(t *testing.T) {
	type numbers struct {
		name       string
		r, t, q, w int64 // -1 for none
	}
	value := func(n field.RateNumber) int64 {
		if !n.Ok {
			return -1
		}
		return n.N
	}
	for _, c := range []struct {
		in   string
		want []numbers
	}{
		{"", nil},
		{`"default";r=50;t=30`, []numbers{{"default", 50, 30, -1, -1}}},
		{`"burst";q=100;w=60, "daily";q=1000;w=86400`, []numbers{{"burst", -1, -1, 100, 60}, {"daily", -1, -1, 1000, 86400}}},
		{`default;r=0`, []numbers{{"default", 0, -1, -1, -1}}},
		{`"a;r=1";r=-1;t=x`, []numbers{{"a;r=1", -1, -1, -1, -1}}},
		{`limit=100, remaining=0, reset=5`, []numbers{{"", -1, -1, 100, -1}, {"", 0, -1, -1, -1}, {"", -1, 5, -1, -1}}},
	} {
		var got []numbers
		for m := range field.RateLimits(c.in) {
			got = append(got, numbers{m.Name, value(m.Remaining), value(m.Reset), value(m.Quota), value(m.Window)})
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %+v, want %+v", c.in, got, c.want)
		}
	}
}

func FuzzRateLimits(f *testing.F) {
	f.Add(`"default";r=50;t=30`)
	f.Add(`limit=100, remaining=0;w=1, reset=5`)
	f.Add(`;r=1,=,"`)
	f.Fuzz(func(t *testing.T, s string) {
		for m := range field.RateLimits(s) {
			for _, n := range []field.RateNumber{m.Remaining, m.Reset, m.Quota, m.Window} {
				if n.Ok && (n.N < 0 || !field.IsDigit(s[n.At])) {
					t.Fatalf("%q: number %+v", s, n)
				}
			}
		}
	})
}
