package printable_test

import (
	"strings"
	"testing"

	"sidenote/internal/printable"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		s, plain, ascii string
	}{
		{"plain", "plain", "plain"}, {"a\x1b[2J\n", `a\x1b[2J\x0a`, `a\x1b[2J\x0a`}, {"\u202eevil", `\u202eevil`, `\u202eevil`},
		{"§ 3 → ä", "§ 3 → ä", `section  3 -> \u00e4`}, {"\xff", `\xff`, `\xff`}, {"\U0001f600", "\U0001f600", `\U0001f600`},
	} {
		if got := printable.Text(c.s, false); got != c.plain {
			t.Errorf("%q gives %q, want %q", c.s, got, c.plain)
		}
		if got := printable.Text(c.s, true); got != c.ascii {
			t.Errorf("%q gives %q in ASCII, want %q", c.s, got, c.ascii)
		}
	}
}

func TestColumns(t *testing.T) {
	for s, want := range map[string]int{"abc": 3, "日本": 4, "e\u0301": 1, "": 0} {
		if got := printable.Columns(s); got != want {
			t.Errorf("%q takes %d columns, want %d", s, got, want)
		}
	}
	for _, c := range []struct {
		s    string
		most int
		want string
	}{{"short", 10, "short"}, {"a long text that is cut", 11, "a long…cut"}, {"日本語日本語日本語", 9, "日本…本語"}} {
		if got := printable.Elide(c.s, c.most); printable.Columns(got) > c.most || !strings.Contains(got, "…") && got != c.s {
			t.Errorf("%q within %d is %q", c.s, c.most, got)
		}
	}
	if got := printable.Cut("日本", 3) + printable.End("日本", 3); got != "日本" {
		t.Errorf("%q", got)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff日", false)
	f.Fuzz(func(t *testing.T, s string, ascii bool) {
		for _, r := range printable.Text(s, ascii) {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || ascii && r > '~' || r == 0xfffd && !strings.ContainsRune(s, r) {
				t.Fatalf("%q gives %U", s, r)
			}
		}
	})
}
