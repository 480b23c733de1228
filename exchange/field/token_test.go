package field_test

import (
	"testing"

	"sidenote/exchange/field"
)

func TestIsToken(t *testing.T) {
	for in, want := range map[string]bool{
		"": false, "a": true, "a-Z0!#$%&'*+.^_`|~": true, "a b": false, "a/b": false, "é": false, "\x7f": false, "a\"": false,
	} {
		if got := field.IsToken(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		ok   bool
	}{
		{"", 0, false}, {"-1", 0, false}, {"+1", 0, false}, {"1.0", 0, false}, {"1 ", 0, false},
		{"0", 0, true}, {"007", 7, true}, {"604800", 604800, true},
		{"9223372036854775807", field.MaxNumber, true}, {"99999999999999999999999999", field.MaxNumber, true},
	} {
		if got, ok := field.Number(c.in); got != c.want || ok != c.ok {
			t.Errorf("%q: %d %v, want %d %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"WebSocket", "websocket", true}, {"a", "ab", false}, {"k", "\u212a", false}, {"[", "{", false}, {"", "", true},
	} {
		if got := field.EqualFold(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
	if i := field.IndexFold("<a HREF=x>", "href="); i != 3 {
		t.Errorf("index %d", i)
	}
	if i := field.IndexFold("", "x"); i != -1 {
		t.Errorf("index %d", i)
	}
}
