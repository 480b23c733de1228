package field_test

import (
	"fmt"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func describe(c field.Challenge) string {
	s := c.Scheme
	if c.Token68 != "" {
		s += " [" + c.Token68 + "]"
	}
	for p := range c.Params() {
		s += fmt.Sprintf(" %s=%s", p.Name, field.Unquote(p.Value))
	}
	if c.Err != nil {
		s += fmt.Sprintf(" !%d", c.Err.At)
	}
	return s
}

func TestChallenges(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`Basic realm="simple"`, `Basic realm=simple`},
		{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`,
			`Basic realm=simple|Newauth realm=apps type=1 title=Login to "apps"`},
		{`Negotiate`, `Negotiate`},
		{`Negotiate, NTLM, Basic realm="a, b"`, `Negotiate|NTLM|Basic realm=a, b`},
		{`Negotiate oYG2MIGzoA==`, `Negotiate [oYG2MIGzoA==]`},
		{`Negotiate oYG2==, Basic realm=x`, `Negotiate [oYG2==]|Basic realm=x`},
		{`Digest realm = "a" , nonce="b",,stale=true`, `Digest realm=a nonce=b stale=true`},
		{`Bearer`, `Bearer`},
		{`,, Bearer ,`, `Bearer`},
		{`Bearer, realm="x"`, `Bearer realm=x`},
		{`Bearer realm="a" error="b"`, `Bearer realm=a error=b !17`},
		{`Basic realm=My Site`, `Basic realm=My !15|Site`},
		{`Basic realm="open`, `Basic realm="open !12`},
		{`Basic realm=`, `Basic [realm=]`},
		{`Basic realm=a@b`, `Basic realm=a@b !12`},
		{`realm="x"`, ` !0`},
		{`realm="x", Basic realm=y`, ` !0|Basic realm=y`},
		{`"x"`, ` !0`},
		{`Basic; realm="x"`, `Basic !5`},
		{``, ``},
		{` , `, ``},
	} {
		var got []string
		for ch := range field.Challenges(c.in) {
			got = append(got, describe(ch))
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, s, c.want)
		}
	}
}

func TestCredentials(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Basic dXNlcjpwYXNz", "Basic [dXNlcjpwYXNz]"},
		{`Digest username="a", uri="/x"`, "Digest username=a uri=/x"},
		{"Bearer", "Bearer"},
		{"Bearer abc def", "Bearer abc= !7"},
		{"", " !0"},
		{"Basic a, Basic b", "Basic [a] !9"},
	} {
		if got := describe(field.Credentials(c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
}

// FuzzChallenges: challenges follow one another in the value and leave out
// nothing but commas and white space; one without error, written again, is
// read the same.
func FuzzChallenges(f *testing.F) {
	f.Add(`Basic realm="a", Digest realm="b", nonce=c, Negotiate abc==`)
	f.Add(`realm=",Basic x y=`)
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for c := range field.Challenges(s) {
			if c.At < last || c.End() <= c.At || s[c.At:c.End()] != c.Text {
				t.Fatalf("%q: %q at %d-%d after %d", s, c.Text, c.At, c.End(), last)
			}
			if gap := strings.Trim(s[last:c.At], ", \t"); gap != "" {
				t.Fatalf("%q: %q is in no challenge", s, gap)
			}
			last = c.End()
			if c.Err != nil {
				if c.Err.At < 0 || c.Err.At > len(s) {
					t.Fatalf("%q: error at %d", s, c.Err.At)
				}
				continue
			}
			if again := field.Credentials(c.Text); describe(again) != describe(c) {
				t.Fatalf("%q: %q, again %q", s, describe(c), describe(again))
			}
		}
		if gap := strings.Trim(s[last:], ", \t"); gap != "" {
			t.Fatalf("%q: %q at the end is in no challenge", s, gap)
		}
	})
}
