package field_test

import (
	"fmt"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestBodyParts(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"--b\r\nA: 1\r\n\r\nxy\r\n--b\r\n\r\nz\r\n--b--\r\nafter", `["A: 1\r\n" "xy"] ["" "z"]`},
		{"before\n--b\nA: 1\n\nxy\n--b--", `["A: 1\n" "xy"]`},
		{"--b\r\nA: 1\r\n\r\nxy--b\r\n--bc\r\n", `["A: 1\r\n" "xy--b\r\n--bc\r\n"]`},
		{"--b\r\nA: 1", `["A: 1" ""]`},
		{"--b\r\n\r\n--b--", `["" ""]`},
		{"--b--", ""},
	} {
		var got []string
		for p := range field.BodyParts([]byte(c.in), "b") {
			got = append(got, fmt.Sprintf("[%q %q]", c.in[p.HeadAt:p.HeadEnd], c.in[p.At:p.End]))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q gives %s, want %s", c.in, s, c.want)
		}
	}
	for range field.BodyParts([]byte("--\r\n\r\n----"), "") {
		t.Error("a part without a boundary")
	}
}

func TestBodyPartField(t *testing.T) {
	b := []byte("--b\r\ncontent-TYPE:  text/plain \r\nX: 2\r\n\r\nX: 3\r\n--b--")
	for p := range field.BodyParts(b, "b") {
		v, at, ok := p.Field(b, "Content-Type")
		if !ok || v != "text/plain" || string(b[at:at+len(v)]) != v {
			t.Errorf("Content-Type is %q at %d", v, at)
		}
		if v, _, _ := p.Field(b, "X"); v != "2" {
			t.Errorf("X is %q", v)
		}
		if _, _, ok := p.Field(b, "Y"); ok {
			t.Error("there is a Y")
		}
	}
}

// FuzzBodyParts: parts lie in order within the content and do not overlap.
func FuzzBodyParts(f *testing.F) {
	f.Add("--b\r\nA: 1\r\n\r\nxy\r\n--b--", "b")
	f.Add("\n--\n--\n", "-")
	f.Fuzz(func(t *testing.T, s, boundary string) {
		b, last := []byte(s), 0
		for p := range field.BodyParts(b, boundary) {
			if p.HeadAt < last || p.HeadEnd < p.HeadAt || p.At < p.HeadEnd || p.End < p.At || p.End > len(b) {
				t.Fatalf("%q by %q: %+v after %d", s, boundary, p, last)
			}
			last = p.End
			if v, at, ok := p.Field(b, "A"); ok && s[at:at+len(v)] != v {
				t.Fatalf("%q: field %q at %d", s, v, at)
			}
		}
	})
}
