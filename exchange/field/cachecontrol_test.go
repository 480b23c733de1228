package field_test

import (
	"fmt"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestDirectives(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"no-store", "no-store@0"},
		{"Max-Age=60 ,, no-cache=\"a, b\"", "Max-Age@0=60@8 no-cache@14=\"a, b\"@23"},
		{"max-age=", "max-age@0=@8!8 want an argument after the equals sign"},
		{"max-age=1 0", "max-age@0=1 0@8!9 want a token or a quoted string as the argument"},
		{"max age", "max age@0!3 want the name of a directive, which is a token"},
		{`private="a`, `private@0="a@8!8 want a token or a quoted string as the argument`},
	} {
		var got []string
		for d := range field.Directives(c.in) {
			s := fmt.Sprintf("%s@%d", d.Name, d.At)
			if d.HasArgument {
				s += fmt.Sprintf("=%s@%d", d.Argument, d.ArgumentAt)
			}
			if err := d.Err(); err != nil {
				s += fmt.Sprintf("!%d %s", err.At, err.What)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q gives %s, want %s", c.in, s, c.want)
		}
	}
}

func TestDirectiveSeconds(t *testing.T) {
	for in, want := range map[string]int64{
		"max-age=60": 60, `max-age="60"`: 60, "max-age": -1, "max-age=-1": -1, "max-age=1.5": -1, "max-age=": -1,
		"max-age=99999999999999999999": field.MaxNumber,
	} {
		for d := range field.Directives(in) {
			n, ok := d.Seconds()
			if !ok {
				n = -1
			}
			if n != want || !d.Is("MAX-AGE") {
				t.Errorf("%s: %d, want %d", in, n, want)
			}
		}
	}
}

func TestDirectivesDoNotAllocate(t *testing.T) {
	n := int64(0)
	if allocs := testing.AllocsPerRun(100, func() {
		for d := range field.Directives(`public, max-age=31536000, no-cache="a, b", immutable`) {
			s, _ := d.Seconds()
			n += s
			if d.Err() != nil {
				n++
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzDirectives(f *testing.F) {
	for _, s := range []string{"no-store", `private="a,b", max-age=1`, "=,=", "a=\"\\", "max-age = 5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for d := range field.Directives(s) {
			if s[d.At:d.End()] != d.Text || s[d.ArgumentAt:d.ArgumentAt+len(d.Argument)] != d.Argument {
				t.Fatalf("%q: %+v", s, d)
			}
			if !strings.HasPrefix(d.Text, d.Name) {
				t.Fatalf("%q: name %q of %q", s, d.Name, d.Text)
			}
			err := d.Err()
			if err != nil && (err.At < d.At || err.At > d.End()) {
				t.Fatalf("%q: %v is outside %+v", s, err, d)
			}
			if seconds, ok := d.Seconds(); ok && (seconds < 0 || err != nil && field.IsToken(d.Name)) {
				t.Fatalf("%q: %d seconds, %v", s, seconds, err)
			}
		}
	})
}
