package field_test

import (
	"fmt"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func describeCSP(s string) string {
	var b strings.Builder
	for p := range field.CSPolicies(s) {
		fmt.Fprintf(&b, "[%d", p.At)
		for d := range p.Directives() {
			fmt.Fprintf(&b, " %s@%d(", d.Name, d.At)
			for w := range d.Sources() {
				fmt.Fprintf(&b, "%s@%d ", w.Text, w.At)
			}
			b.WriteByte(')')
		}
		b.WriteByte(']')
	}
	return b.String()
}

func TestCSPolicies(t *testing.T) {
	for in, want := range map[string]string{
		"default-src 'self'":                 "[0 default-src@0('self'@12 )]",
		" a  b\tc ; ;d;":                     "[1 a@1(b@4 c@6 ) d@11()]",
		"a b, c d;e":                         "[0 a@0(b@2 )][5 c@5(d@7 ) e@9()]",
		"":                                   "",
		";,;":                                "[0][2]",
		"script-src \"x;y\"":                 "[0 script-src@0(\"x@11 ) y\"@14()]",
		"upgrade-insecure-requests;sandbox ": "[0 upgrade-insecure-requests@0() sandbox@26()]",
	} {
		if got := describeCSP(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestCSPDirective(t *testing.T) {
	for p := range field.CSPolicies("Script-Src 'Self' 'nonce-abc'; script-src *") {
		d, ok := p.Directive("script-src")
		if !ok || !d.HasSource("'self'") || d.HasSource("*") || !d.HasNonceOrHash() {
			t.Errorf("%+v, %v", d, ok)
		}
		if _, ok := p.Directive("img-src"); ok {
			t.Error("img-src")
		}
	}
}

func TestNonceLen(t *testing.T) {
	for in, want := range map[string]int{
		"'nonce-" + strings.Repeat("A", 22) + "=='": 16, "'nonce-abc'": 2, "'nonce-'": 0, "'Nonce-a-_b'": 3,
		"'self'": -1, "'nonce-": -1, "'nonce-a b'": -1, "nonce-abc": -1,
	} {
		n, ok := field.NonceLen(in)
		if !ok {
			n = -1
		}
		if n != want {
			t.Errorf("%s: %d, want %d", in, n, want)
		}
	}
}

// FuzzCSP: every word is in the text where its offset says, in order, and
// policies written again are read the same.
func FuzzCSP(f *testing.F) {
	f.Add("default-src 'self'; script-src 'nonce-abc' https:, sandbox")
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		check := func(text string, at int) {
			if at < last || s[at:at+len(text)] != text {
				t.Fatalf("%q: %q at %d after %d", s, text, at, last)
			}
			last = at + len(text)
		}
		var again, words []string
		for p := range field.CSPolicies(s) {
			var directives []string
			for d := range p.Directives() {
				check(d.Name, d.At)
				line := d.Name
				for w := range d.Sources() {
					check(w.Text, w.At)
					line += " " + w.Text
					field.NonceLen(w.Text)
				}
				directives = append(directives, line)
				words = append(words, line)
			}
			again = append(again, strings.Join(directives, ";"))
		}
		var wordsAgain []string
		for p := range field.CSPolicies(strings.Join(again, ",")) {
			for d := range p.Directives() {
				line := d.Name
				for w := range d.Sources() {
					line += " " + w.Text
				}
				wordsAgain = append(wordsAgain, line)
			}
		}
		if fmt.Sprint(words) != fmt.Sprint(wordsAgain) {
			t.Fatalf("%q: %q, again %q", s, words, wordsAgain)
		}
	})
}
