package field_test

import (
	"net/url"
	"strings"
	"testing"

	"sidenote/exchange/field"
)

func TestParseURI(t *testing.T) {
	for _, c := range []struct {
		in                                                  string
		scheme, userinfo, host, port, path, query, fragment string
	}{
		{"https://u:p@shop.test:8443/a/b?c=d?e#f#g", "https", "u:p", "shop.test", "8443", "/a/b", "c=d?e", "f#g"},
		{"//cdn.test/x", "", "", "cdn.test", "", "/x", "", ""},
		{"/a:b@c", "", "", "", "", "/a:b@c", "", ""},
		{"?q", "", "", "", "", "", "q", ""},
		{"#", "", "", "", "", "", "", ""},
		{"", "", "", "", "", "", "", ""},
		{"http://[2001:db8::1]:80/", "http", "", "[2001:db8::1]", "80", "/", "", ""},
		{"com.example.app:/callback?code=1", "com.example.app", "", "", "", "/callback", "code=1", ""},
		{`\\evil.test\x`, "", "", "evil.test", "", `\x`, "", ""},
		{`http:\\evil.test\x`, "http", "", "evil.test", "", `\x`, "", ""},
		{"mailto:a@b", "mailto", "", "", "", "a@b", "", ""},
		{"http://a@b@c/", "http", "a@b", "c", "", "/", "", ""},
		{"http://a/?x@y", "http", "", "a", "", "/", "x@y", ""},
		{"http://münchen.test/ä b", "http", "", "münchen.test", "", "/ä b", "", ""},
		{"1http://x", "", "", "", "", "1http://x", "", ""},
	} {
		u, err := field.ParseURI(c.in)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		got := []string{u.Scheme, u.Userinfo, u.Host, u.Port, u.Path, u.Query, u.Fragment}
		want := []string{c.scheme, c.userinfo, c.host, c.port, c.path, c.query, c.fragment}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q:\n got %q\nwant %q", c.in, got, want)
		}
		if u.String() != c.in && !strings.Contains(c.in, `\`) {
			t.Errorf("%q: put together %q", c.in, u.String())
		}
	}
}

func TestParseURIErrors(t *testing.T) {
	for in, want := range map[string]int{
		"http://":                 7,
		"http:///path":            7,
		"http://?x":               7,
		"http://user@/":           12,
		"http://:80/":             7,
		"//":                      2,
		"http://a:b/":             9,
		"http://a:65536/":         9,
		"http://a:8a":             9,
		"http://a%/":              8,
		"http://a%zz/":            8,
		"http://a%2fb/":           8,
		"http://a b/":             8,
		"http://a|b/":             8,
		"http://[::1/":            7,
		"http://[x]/":             7,
		"http://256.1.1.256/":     7,
		"http://1.2.3.4.5/":       7,
		"https://{{host}}/":       -1, // the URL standard lets braces pass
		"http://a.test:/":         -1,
		"http://a%41.test/":       -1,
		"http://127.1/":           -1,
		"http://a_b.test/":        -1,
		"myapp://:x/":             -1,
		"file:///etc/passwd":      -1,
		"javascript:alert(1)":     -1,
		"localhost:8080/x":        -1,
		"/%zz":                    -1,
		"http://a/%":              -1,
		"http://a/?b=http://c:d/": -1,
	} {
		_, err := field.ParseURI(in)
		got := -1
		if err != nil {
			got = err.At
		}
		if got != want {
			t.Errorf("%q: error at %d (%v), want %d", in, got, err, want)
		}
	}
}

// TestResolve has the examples of RFC 3986 §5.4, except for schemes that
// browsers read leniently, and some that only browsers understand.
func TestResolve(t *testing.T) {
	const base = "http://a/b/c/d;p?q"
	for in, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g",
		"//g": "http://g/", "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s",
		"g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s", ";x": "http://a/b/c/;x", "": "http://a/b/c/d;p?q",
		".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/",
		"../../g": "http://a/g", "../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g", "g.": "http://a/b/c/g.",
		".g": "http://a/b/c/.g", "g..": "http://a/b/c/g..", "./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/",
		"g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h", "g;x=1/../y": "http://a/b/c/y",
		"g?y/../x": "http://a/b/c/g?y/../x", "http:g": "http://a/b/c/g",
		`\g`: "http://a/g", `\\g\h`: "http://g/h", "https:g": "https://g/", "https:/g/h?i#j": "https://g/h?i#j",
		"https://x": "https://x/",
	} {
		b, _ := field.ParseURI(base)
		u, err := field.ParseURI(in)
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if got := u.Resolve(b).String(); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"http://Shop.test/a", "HTTP://shop.TEST:80/b", true},
		{"https://a", "https://a:0443", true},
		{"http://a", "https://a", false},
		{"http://a:8080", "http://a", false},
		{"http://a", "http://www.a", false},
	} {
		a, _ := field.ParseURI(c.a)
		b, _ := field.ParseURI(c.b)
		if a.SameOrigin(b) != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, !c.want)
		}
	}
}

func TestUnescapedRun(t *testing.T) {
	for _, c := range []struct {
		in         string
		start, end int
		escaped    string
	}{
		{"/a b", 2, 3, "/a%20b"},
		{"/caf\u00e9", 4, 6, "/caf%C3%A9"},
		{"/a\x01\x02b c", 2, 4, "/a%01%02b%20c"},
		{"/{a}|^[]", 8, 8, "/{a}|^[]"},
	} {
		start, end, ok := field.UnescapedRun(c.in)
		if start != c.start || end != c.end || ok != (end > start) {
			t.Errorf("%q: %d-%d %v", c.in, start, end, ok)
		}
		if got := field.EscapeURI(c.in); got != c.escaped {
			t.Errorf("%q: %q", c.in, got)
		}
	}
}

// FuzzURI: the parts put together are the text again, and where net/url
// accepts a reference that has no backslash and no error, it reads the same
// host and resolves to the same target.
func FuzzURI(f *testing.F) {
	f.Add("https://u:p@shop.test:8443/a/../b?c#d")
	f.Add(`\\x\..`)
	f.Add("//[::1]:1/%41")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := field.ParseURI(s)
		if err != nil && (err.At < 0 || err.At > len(s)) {
			t.Fatalf("%q: error at %d", s, err.At)
		}
		if u.HasAuthority && (u.AuthorityAt > u.HostAt || u.HostAt+len(u.Host) > len(s)) {
			t.Fatalf("%q: places %+v", s, u)
		}
		base, _ := field.ParseURI("http://a/b/c/d;p?q")
		resolved := u.Resolve(base)
		if strings.ContainsRune(s, '\\') || err != nil {
			return
		}
		if got := u.String(); got != s && !(strings.HasSuffix(s, ":") || strings.Contains(s, ":/") || strings.Contains(s, ":?") || strings.Contains(s, ":#")) {
			t.Fatalf("%q: put together %q", s, got)
		}
		std, stdErr := url.Parse(s)
		if stdErr != nil || std.Opaque != "" || u.Scheme != "" && !u.HasAuthority || strings.ContainsRune(s, '%') {
			return
		}
		if u.HasAuthority && std.Host != "" && std.Host != u.Host && std.Host != u.Host+":"+u.Port {
			t.Fatalf("%q: host %q, net/url says %q", s, u.Host, std.Host)
		}
		stdBase, _ := url.Parse("http://a/b/c/d;p?q")
		want := stdBase.ResolveReference(std)
		if got := resolved.Path; u.IsWeb() && want.Path != "" && got != want.Path {
			t.Fatalf("%q: path %q, net/url says %q", s, got, want.Path)
		}
	})
}
