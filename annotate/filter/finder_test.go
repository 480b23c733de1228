package filter

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

// FuzzFinder finds what the plain way finds, in both kinds of text.
func FuzzFinder(f *testing.F) {
	for _, seed := range [][2]string{
		{"hello world", "WORLD"}, {"", ""}, {"aaab", "ab"}, {"abababac", "ABAC"}, {"x", "xy"}, {"\x80\xff", "\xff"}, {"Straße", "ß"}, {"[K]", "k]"},
		{strings.Repeat("a", 600) + "b", strings.Repeat("a", 300) + "b"}, {strings.Repeat("ab", 300), strings.Repeat("ba", 299)},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, sub string) {
		want := field.IndexFold(text, sub) >= 0
		wanted := newFinder(sub)
		if got := isIn(text, wanted); got != want {
			t.Errorf("%q in %q: %v", sub, text, got)
		}
		if got := isIn([]byte(text), wanted); got != want {
			t.Errorf("%q in bytes %q: %v", sub, text, got)
		}
	})
}

// FuzzPattern matches what the regular expression alone matches.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"err|fail", "it FAILED"}, {"out of (paper|ink)", "Out of Ink"}, {"ok", "o\u212a"}, {"loss", "lo\u017f\u017f"}, {"(ab)+c?", "xABab"}, {"(abc){0,2}", "x"},
		{"(abc){2}", "abcabc"}, {"a.*b|", ""}, {"^foo", "bar\nfoo"}, {"(?-i:Ab)c", "AbC"}, {"ünï", "ÜNÏ"}, {"[ab]cd", "xbCD"}, {"\xff", "\xff"}, {"\\Q*+\\E", "*+"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		p, err := newPattern(expression)
		if err != nil {
			return
		}
		want := regexp.MustCompile("(?i)" + expression).MatchString(text)
		if p.matchString(text) != want || p.match([]byte(text)) != want {
			t.Errorf("%q on %q: without the texts that it needs it says %v", expression, text, want)
		}
	})
}

func TestNeeded(t *testing.T) {
	for expression, want := range map[string][]string{
		"err|fail": {"ERR", "FAIL"}, "out of (paper|ink)": {"OUT OF "}, "x(foo|fo+d)": nil, "a.b": nil, "(abc)?": nil, "(abc){2,}": {"ABC"},
		"status=5": {"TATU"}, "ticket.*paid": {"PAID"}, "order [0-9]+ is locked": {"ORDER "}, "ab|.*": nil,
	} {
		tree, err := syntax.Parse("(?i)"+expression, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := needed(tree); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}
