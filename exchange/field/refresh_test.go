package field_test

import (
	"testing"

	"sidenote/exchange/field"
)

func TestRefreshURL(t *testing.T) {
	for in, want := range map[string]string{
		"5; url=/next":      "/next",
		"0;URL='/a b' junk": "/a b",
		"0.5, /next":        "/next",
		"3 https://a/":      "https://a/",
		`1; url="/x`:        "/x",
		"1; url = /x":       "/x",
		"1; urls":           "urls",
		"5":                 "",
		"5;":                "",
		"5; url=":           "",
		"url=/x":            "",
		"5x; url=/x":        "",
		"":                  "",
	} {
		got, ok := field.RefreshURL(in)
		if got.Text != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", in, got.Text, ok, want)
		}
	}
}

// FuzzRefreshURL: the URL lies where it says, and an unquoted one is the end of the value.
func FuzzRefreshURL(f *testing.F) {
	f.Add("5; url='/x'")
	f.Fuzz(func(t *testing.T, s string) {
		u, ok := field.RefreshURL(s)
		if !ok {
			return
		}
		if u.Text == "" || u.At == 0 || s[u.At:u.End()] != u.Text {
			t.Fatalf("%q: %+v", s, u)
		}
		if before := s[u.At-1]; before != '"' && before != '\'' && u.End() != len(s) {
			t.Fatalf("%q: %+v stops early", s, u)
		}
	})
}
