package field_test

import (
	"testing"

	"sidenote/exchange/field"
)

// checks are the grammars by name, for tables and for fuzzing.
var checks = map[string]func(string) *field.Error{
	"tokens":      field.CheckTokens,
	"weighted":    field.CheckWeighted,
	"type":        field.CheckMediaType,
	"types":       field.CheckMediaTypes,
	"tags":        func(s string) *field.Error { return field.CheckLanguages(s, false) },
	"languages":   func(s string) *field.Error { return field.CheckLanguages(s, true) },
	"directives":  field.CheckDirectives,
	"preferences": field.CheckPreferences,
	"auth":        field.CheckAuthParams,
	"disposition": field.CheckDisposition,
	"protocols":   field.CheckProtocols,
	"via":         field.CheckVia,
	"cdnloop":     field.CheckCDNLoop,
	"uri":         field.CheckURI,
	"forwarded":   field.CheckForwarded,
	"links":       field.CheckLinks,
}

func TestGrammars(t *testing.T) {
	for _, c := range []struct {
		grammar, in string
		at          int // -1 for a value that fits
	}{
		{"tokens", "GET", -1}, {"tokens", "GET, PUT", -1}, {"tokens", ", GET ,", -1}, {"tokens", "", -1},
		{"tokens", "GET PUT", 3}, {"tokens", `"GET"`, 0}, {"tokens", "GET; PUT", 3}, {"tokens", "*", -1},
		{"weighted", "gzip;q=0.5, br", -1}, {"weighted", "gzip; q = 0.5", -1}, {"weighted", "gzip br", 4},
		{"weighted", ";q=1", 0}, {"weighted", "gzip;q", 6}, {"weighted", `a;b="c"`, -1}, {"weighted", "a;b=c d", 4},
		{"type", "text/html; charset=utf-8", -1}, {"type", "text/html;", -1}, {"type", "text/html; charset = utf-8", 18},
		{"type", "text", 4}, {"type", "text/html, text/plain", 9}, {"type", "text/html; charset=utf 8", 19},
		{"types", "text/html, */*;q=0.1", -1}, {"types", "text/html, *", 12},
		{"tags", "en, de-CH", -1}, {"tags", "en_US", 2}, {"tags", "de-", 3}, {"tags", "*", 0}, {"tags", "toolonglang", 0},
		{"languages", "de-CH, de;q=0.8, *;q=0.1", -1}, {"languages", "de; q=0.8; x", 12}, {"languages", "de en", 2},
		{"directives", `no-store, max-age=3, private="a,b"`, -1}, {"directives", "no-store; max-age=0", 8},
		{"directives", "max-age = 3", 7}, {"directives", "max-age=1 2", 9}, {"directives", "=1", 0},
		{"preferences", `respond-async, wait = 10; x="y"`, -1}, {"preferences", "a b", 1}, {"preferences", "return=", 7},
		{"auth", `nextnonce="a", qop=auth`, -1}, {"auth", "nextnonce", 9},
		{"disposition", `attachment; filename="a b.txt"; filename*=UTF-8''a`, -1}, {"disposition", "attachment; filename=a b", 21},
		{"disposition", "", 0}, {"disposition", `filename="a"`, 8},
		{"protocols", "websocket, HTTP/2.0", -1}, {"protocols", "a/", 1}, {"protocols", "a b", 1},
		{"via", "1.1 edge, HTTP/2 a.test:80 (Apache/2 (x))", -1}, {"via", "1.1 [::1]:80", -1}, {"via", "edge", 4},
		{"via", "1.1 a b", 6}, {"via", "1.1 a (b", 6}, {"via", "1.1 ", 4}, {"via", "", -1},
		{"cdnloop", "foo.example:80; a=b, x_y", -1}, {"cdnloop", "a b", 0}, {"cdnloop", "a; b", 4},
		{"uri", "/a?b#c", -1}, {"uri", "/a b", 2}, {"uri", "/%zz", 1}, {"uri", "http://:80/", 7}, {"uri", "", -1},
		{"forwarded", `for="[::1]:80";proto=https, for=192.0.2.1`, -1}, {"forwarded", "for=192.0.2.1:80", 4},
		{"forwarded", "for =1", 3}, {"forwarded", "192.0.2.1", 9}, {"forwarded", "a=b;;c=d", -1},
		{"links", `<a>; rel=next, <b>; rel = "x y"; title*=UTF-8''a`, -1}, {"links", "a; rel=next", 0}, {"links", "<a", 0},
		{"links", "<a> rel=next", 4}, {"links", "<a,b>; x", -1}, {"links", "<a>; rel=a b", 9},
	} {
		err := checks[c.grammar](c.in)
		switch {
		case err == nil && c.at >= 0:
			t.Errorf("%s %q: no error, want one at %d", c.grammar, c.in, c.at)
		case err != nil && err.At != c.at:
			t.Errorf("%s %q: %v, want %d", c.grammar, c.in, err, c.at)
		}
	}
}

func TestEmptyElement(t *testing.T) {
	for in, want := range map[string]int{
		"": -1, "a": -1, "a,b": -1, `a,"b,,c"`: -1, " ": -1,
		",": 0, "a,": 1, "a, ": 1, ",a": 0, "a, ,b": 3, "a,,b": 2,
	} {
		at, found := field.EmptyElement(in)
		if !found {
			at = -1
		}
		if at != want {
			t.Errorf("%q: %d, want %d", in, at, want)
		}
	}
}

func TestExtValue(t *testing.T) {
	for _, c := range []struct {
		in, decoded string
		at          int
	}{
		{"UTF-8''na%C3%AFve", "na\u00efve", -1},
		{"utf-8'en'a", "a", -1},
		{`"UTF-8''a"`, "", 0},
		{"a", "", 0},
		{"UTF-8'a", "", 0},
		{"''a", "", 0},
		{"UTF-8'e_n'a", "a", 6},
		{"UTF-8''a%2", "a%2", 8},
		{"UTF-8''a b", "a b", 8},
	} {
		v := field.ParseExtValue(c.in)
		at := -1
		if v.Err != nil {
			at = v.Err.At
		}
		if at != c.at || v.Decode() != c.decoded {
			t.Errorf("%q: %q, %v; want %q, %d", c.in, v.Decode(), v.Err, c.decoded, c.at)
		}
	}
}

// FuzzGrammars: an error points into the value, and a list that fits fits as
// well with an empty element before and after it.
func FuzzGrammars(f *testing.F) {
	f.Add(`a;b="c,d", <e>; f=g, 1.1 h (i)`)
	f.Add("text/html;q=0.5, de-CH, for=x")
	f.Fuzz(func(t *testing.T, s string) {
		for name, check := range checks {
			err := check(s)
			if err != nil {
				if err.At < 0 || err.At > len(s) || err.What == "" {
					t.Fatalf("%s %q: %v", name, s, err)
				}
				continue
			}
			if name == "type" || name == "disposition" || name == "uri" {
				continue
			}
			if err := check(", " + s); err != nil {
				t.Fatalf("%s %q fits, but not after an empty element: %v", name, s, err)
			}
		}
	})
}

// FuzzExtValue: what parses encodes what it decodes to, and errors point into the value.
func FuzzExtValue(f *testing.F) {
	f.Add("UTF-8'en'a%20b")
	f.Fuzz(func(t *testing.T, s string) {
		v := field.ParseExtValue(s)
		if v.Err != nil {
			if v.Err.At < 0 || v.Err.At > len(s) {
				t.Fatalf("%q: %v", s, v.Err)
			}
			return
		}
		if v.Charset+"'"+v.Language+"'"+v.Encoded != s || len(v.Decode()) > len(v.Encoded) {
			t.Fatalf("%q: %+v", s, v)
		}
	})
}
