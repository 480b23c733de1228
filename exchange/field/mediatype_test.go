package field_test

import (
	"fmt"
	"testing"

	"sidenote/exchange/field"
)

func TestParseMediaType(t *testing.T) {
	for _, c := range []struct {
		in, typ, subtype, charset string
		errAt                     int
	}{
		{"text/html", "text", "html", "", -1},
		{`Text/HTML; Charset="utf-8"`, "Text", "HTML", "utf-8", -1},
		{"text/html;charset=utf-8;", "text", "html", "utf-8", -1},
		{"application/problem+json", "application", "problem+json", "", -1},
		{"text", "text", "", "", 4},
		{"text/", "text", "", "", 5},
		{"/html", "", "", "", 0},
		{"", "", "", "", 0},
		{"text/html charset=utf-8", "text", "html", "", 9},
		{"text/html; charset", "text", "html", "", 18},
		{"text/html; charset=a b", "text", "html", "a b", 19},
		{`text/html; charset="a\"`, "text", "html", `a\`, 19},
		{"text/html, text/html", "text", "html", "", 9},
	} {
		m := field.ParseMediaType(c.in)
		at := -1
		if m.Err != nil {
			at = m.Err.At
		}
		charset, _ := m.Param("charset")
		if m.Type != c.typ || m.Subtype != c.subtype || charset != c.charset || at != c.errAt {
			t.Errorf("%q: %q %q charset %q error at %d", c.in, m.Type, m.Subtype, charset, at)
		}
	}
}

func TestMediaTypeKinds(t *testing.T) {
	for in, want := range map[string]string{
		"application/json":                    "json true html false suffix ",
		"application/vnd.api+JSON; ext=\"x\"": "json true html false suffix JSON",
		"application/json-seq":                "json false html false suffix ",
		"text/HTML":                           "json false html true suffix ",
		"application/xhtml+xml":               "json false html true suffix xml",
	} {
		m := field.ParseMediaType(in)
		if got := fmt.Sprintf("json %v html %v suffix %s", m.IsJSON(), m.IsHTML(), m.Suffix()); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestIsQuoted(t *testing.T) {
	for in, want := range map[string]bool{
		`""`: true, `"a"`: true, `"a\"b"`: true, `"a\\"`: true,
		`"`: false, `"a`: false, `"a\"`: false, `"a"b"`: false, `a"`: false, ``: false, "\"\x01\"": false,
	} {
		if field.IsQuoted(in) != want {
			t.Errorf("%s: %v", in, !want)
		}
	}
}

func TestAccept(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"text/html, application/json;q=0.9, */*;q=0", "text/html@0=1000 application/json@11=900 */*@35=0"},
		{"a/b;q=1.000;x=y", "a/b@0=1000"},
		{"a/b;q=2, c", "a/b@0=1000!6 c@9=1000!10"},
		{",,", ""},
	} {
		got := ""
		for p := range field.Accept(c.in) {
			if got != "" {
				got += " "
			}
			got += fmt.Sprintf("%s@%d=%d", p.Media.Name(), p.At, p.Weight)
			if p.Err != nil {
				got += fmt.Sprintf("!%d", p.Err.At)
			}
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestWeight(t *testing.T) {
	for in, want := range map[string]int{"0": 0, "1": 1000, "0.": 0, "0.5": 500, "0.123": 123, "1.000": 1000} {
		if got, ok := field.Weight(in); got != want || !ok {
			t.Errorf("%s: %d %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "2", "1.001", "0.1234", ".5", "-0", "0,5", "1.0000", "x"} {
		if got, ok := field.Weight(in); ok {
			t.Errorf("%q: %d", in, got)
		}
	}
}

func TestAcceptWeight(t *testing.T) {
	for _, c := range []struct {
		accept string
		want   int
	}{
		{"application/json", 0},
		{"*/*", 1000},
		{"*", 1000},
		{"text/*;q=0.3, text/html;q=0.7", 700},
		{"text/html;q=0, */*", 0},
		{"", 0},
	} {
		if got := field.AcceptWeight(c.accept, "text", "html"); got != c.want {
			t.Errorf("%q: %d, want %d", c.accept, got, c.want)
		}
	}
}

func TestMediaTypeDoesNotAllocate(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		m := field.ParseMediaType(`application/json; charset="utf-8"`)
		if v, _ := m.Param("charset"); !m.IsJSON() || v != "utf-8" {
			t.Fail()
		}
		if field.AcceptWeight("application/json, text/plain;q=0.5, */*;q=0.1", "text", "html") != 100 {
			t.Fail()
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzMediaType: a type without error, put together again from its parts, is
// read the same; an error points into the value.
func FuzzMediaType(f *testing.F) {
	f.Add(`text/html; charset="utf-8"; a=b`)
	f.Add(`a/b;"`)
	f.Fuzz(func(t *testing.T, s string) {
		m := field.ParseMediaType(s)
		if m.Err != nil {
			if m.Err.At < 0 || m.Err.At > len(s) {
				t.Fatalf("%q: error at %d", s, m.Err.At)
			}
			return
		}
		built := m.Type + "/" + m.Subtype
		for p := range m.Params() {
			if s[p.At:p.At+len(p.Name)] != p.Name || s[p.ValueAt:p.ValueAt+len(p.Value)] != p.Value {
				t.Fatalf("%q: parameter %+v is not where it says", s, p)
			}
			built += ";" + p.Name + "=" + p.Value
		}
		again := field.ParseMediaType(built)
		if again.Err != nil || again.Type != m.Type || again.Subtype != m.Subtype {
			t.Fatalf("%q built %q: %v", s, built, again.Err)
		}
		for p := range m.Params() {
			v, _ := m.Param(p.Name)
			if w, _ := again.Param(p.Name); v != w {
				t.Fatalf("%q: %s is %q, then %q", s, p.Name, v, w)
			}
		}
	})
}

// FuzzAccept: a weight lies between 0 and 1000, elements follow one another,
// and a type whose own element allows it is allowed.
func FuzzAccept(f *testing.F) {
	f.Add("text/html, a/b;q=0.5, */*;q=0")
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for p := range field.Accept(s) {
			if p.Weight < 0 || p.Weight > 1000 || p.At < last || s[p.At:p.End()] != p.Text {
				t.Fatalf("%q: %+v", s, p)
			}
			last = p.End()
			if p.Err == nil && p.Media.Type != "*" && p.Media.Subtype != "*" {
				if w := field.AcceptWeight(s, p.Media.Type, p.Media.Subtype); w < p.Weight {
					t.Fatalf("%q: %s has weight %d, its element %d", s, p.Media.Name(), w, p.Weight)
				}
			}
		}
	})
}
