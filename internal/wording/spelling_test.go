package wording

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"Location", "Retry-After", "status/405-missing-allow", "404", "connect_refused", "env", "explain"}
	for word, want := range map[string]string{
		"lokation": "Location", "loc": "Location", "rety-after": "Retry-After", "status/405-missing-alow": "status/405-missing-allow",
		"connect_refsued": "connect_refused", "evn": "env", "explian": "explain",
		"": "", "zzzzzzzz": "", "x": "", strings.Repeat("a", 5000): "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}
