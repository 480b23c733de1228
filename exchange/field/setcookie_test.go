package field_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sidenote/exchange/field"
)

func TestParseSetCookie(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a=b", "a@0=b@2"},
		{"a=b; Path=/; Secure", "a@0=b@2 Path@5=/@10 Secure@13"},
		{` a = "x y" ;; HttpOnly ;=v; Path`, `a@1="x y"@5 HttpOnly@14 @24=v@25 Path@28`},
		{"nameless", "nameless@0"},
		{"=v; Domain=", "=v@1 Domain@4=@11"},
		{"a=b=c;x=y=z", "a@0=b=c@2 x@6=y=z@8"},
		{`a="x;y"; Secure`, `a@0="x@2 y"@5 Secure@9`},
		{"", "@0"},
		{";", "@0"},
	} {
		got := describeSetCookie(field.ParseSetCookie(c.in))
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

func describeSetCookie(c field.SetCookie) string {
	var b strings.Builder
	if c.Name.Text != "" {
		fmt.Fprintf(&b, "%s@%d", c.Name.Text, c.Name.At)
	}
	if c.HasEquals {
		b.WriteByte('=')
	}
	fmt.Fprintf(&b, "%s@%d", c.Value.Text, c.Value.At)
	for a := range c.Attributes() {
		fmt.Fprintf(&b, " %s@%d", a.Name, a.At)
		if a.HasValue {
			fmt.Fprintf(&b, "=%s@%d", a.Value, a.ValueAt)
		}
	}
	return b.String()
}

func TestSetCookieLast(t *testing.T) {
	c := field.ParseSetCookie("a=b; path=/x; PATH=/y; Path=/" + strings.Repeat("z", 1024))
	if a, ok := c.Last("Path"); !ok || a.Value != "/y" {
		t.Errorf("%q, %v", a.Value, ok)
	}
	if _, ok := c.Last("Domain"); ok || c.Has("Domain") || !c.Has("pAth") {
		t.Error("Domain")
	}
}

func TestCookieMaxAge(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-1": "-1", "0060": "60", "31536000": "31536000", "99999999999999999999": fmt.Sprint(int64(field.MaxNumber)),
		"": "want digits only at byte 1", "-": "want digits only at byte 2", "3600.5": "want digits only at byte 5",
		"1h": "want digits only at byte 2", "+60": "want digits only at byte 1", `"60"`: "want digits only at byte 1",
	} {
		n, err := field.CookieMaxAge(in)
		got := fmt.Sprint(n)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestCookieValueProblem(t *testing.T) {
	for in, want := range map[string]int{
		"": -1, "abc": -1, `"abc"`: -1, `"`: 0, `a"b`: 1, `"a"b"`: 2, "a b": 1, "a,b": 1, `a\b`: 1, "a\x00": 1, "é": 0, `""`: -1, "a\tb": 1,
	} {
		if got := field.CookieValueProblem(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestJoinedCookie(t *testing.T) {
	for in, want := range map[string]string{
		"a=1; Secure, b=2; Path=/":                                 "b@13",
		"a=1; HttpOnly,b=2":                                        "b@14",
		"a=1; Max-Age=60, b=2":                                     "b@17",
		"a=1; SameSite=Lax, b=2; Secure":                           "b@19",
		"a=1; Domain=shop.test, b=2":                               "b@23",
		"a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT, b=2":          "b@44",
		"a=1; Expires=Sun, 06-Nov-94 08:49:37 GMT; Path=/":         "",
		"a=1, b=2; Secure":                                         "",
		"a=1; Path=/x, b=2":                                        "",
		"a=1; Secure, HttpOnly":                                    "",
		"a=1; Priority=High, b=2":                                  "",
		"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT, b=2; Path=/x": "b@44",
		"a=1": "",
	} {
		got := ""
		if next, ok := field.ParseSetCookie(in).JoinedCookie(); ok {
			got = fmt.Sprintf("%s@%d", next.Text, next.At)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestParseCookieDate(t *testing.T) {
	at := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, in := range []string{
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
		"06-Nov-1994 8:49:37", "08:49:37 november 6th 1994 +0200", "Sun,06/Nov/1994;08:49:37",
	} {
		if got, err := field.ParseCookieDate(in); err != nil || !got.Equal(at) {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	if got, err := field.ParseCookieDate("Thu, 01-Jan-70 00:00:01 GMT"); err != nil || got.Unix() != 1 {
		t.Errorf("1970: %v, %v", got, err)
	}
	for in, want := range map[string]string{
		"":                              "want a time such as 08:49:37 at byte 1",
		"0":                             "want a time such as 08:49:37 at byte 2",
		"-1":                            "want a time such as 08:49:37 at byte 3",
		"1994-11-06T08:49:37Z":          "want a time such as 08:49:37 at byte 21",
		"Sun, 06 Nov 1600 08:49:37 GMT": "want a year from 1601 on at byte 13",
		"Sun, 06 Nov 1994 08:49:60 GMT": "want a time up to 23:59:59 at byte 18",
		"Sun, 32 Nov 1994 08:49:37 GMT": "want a day from 1 to 31 at byte 6",
		"Sun, 31 Feb 1994 08:49:37 GMT": "the month has no such day at byte 6",
		"06 11 1994 08:49:37":           "want the name of a month at byte 20",
		"06 Nov 08:49:37":               "want a year at byte 16",
		"Nov 1994 08:49:37":             "want a day of the month at byte 18",
	} {
		if got, err := field.ParseCookieDate(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v, want %s", in, got, err, want)
		}
	}
}

func TestSetCookieDoesNotAllocate(t *testing.T) {
	const in = "sid=31d4d96e407aad42; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/; Secure; HttpOnly; SameSite=Lax"
	if n := testing.AllocsPerRun(100, func() {
		c := field.ParseSetCookie(in)
		e, _ := c.Last("expires")
		if _, err := field.ParseCookieDate(e.Value); err != nil || !c.Has("secure") {
			t.Fatal(err)
		}
		if _, ok := c.JoinedCookie(); ok {
			t.Fatal("joined")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzSetCookie: each part is in the text where its offset says, in order, and
// a line written again from its parts is read the same.
func FuzzSetCookie(f *testing.F) {
	f.Add("a=b; Path=/; Secure; Max-Age=1, c=d")
	f.Add(` x = "y" ;;=; a`)
	f.Fuzz(func(t *testing.T, s string) {
		c := field.ParseSetCookie(s)
		again := c.Name.Text
		if c.HasEquals {
			again += "="
		}
		again += c.Value.Text
		if s[c.Name.At:c.Name.End()] != c.Name.Text || s[c.Value.At:c.Value.End()] != c.Value.Text {
			t.Fatalf("%q: %+v", s, c)
		}
		last := c.Value.End()
		var names []string
		for a := range c.Attributes() {
			if a.At < last || s[a.At:a.At+len(a.Name)] != a.Name || s[a.ValueAt:a.ValueAt+len(a.Value)] != a.Value {
				t.Fatalf("%q: %+v after %d", s, a, last)
			}
			last = a.ValueAt + len(a.Value)
			again += ";" + a.Name
			if a.HasValue {
				again += "=" + a.Value
			}
			names = append(names, a.Name+"="+a.Value)
			if n, err := field.CookieMaxAge(a.Value); err == nil && (n < 0) != (a.Value[0] == '-' && strings.Trim(a.Value, "-0") != "") {
				t.Fatalf("Max-Age %q is %d", a.Value, n)
			}
		}
		var namesAgain []string
		d := field.ParseSetCookie(again)
		for a := range d.Attributes() {
			namesAgain = append(namesAgain, a.Name+"="+a.Value)
		}
		if d.Name.Text != c.Name.Text || d.Value.Text != c.Value.Text || fmt.Sprint(names) != fmt.Sprint(namesAgain) {
			t.Fatalf("%q: again %q", s, again)
		}
		if next, ok := c.JoinedCookie(); ok && s[next.At:next.End()] != next.Text {
			t.Fatalf("%q: %+v", s, next)
		}
	})
}

// FuzzCookieDate: a date that can be read is read the same when it is written
// in the form that servers should use; an error points into the text.
func FuzzCookieDate(f *testing.F) {
	f.Add("Sun, 06 Nov 1994 08:49:37 GMT")
	f.Add("1994-11-06T08:49:37Z")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := field.ParseCookieDate(s)
		if err != nil {
			if err.At < 0 || err.At > len(s) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		const form = "Mon, 02 Jan 2006 15:04:05 GMT"
		if again, err := field.ParseCookieDate(d.Format(form)); err != nil || !again.Equal(d) {
			t.Fatalf("%q: %v, again %v, %v", s, d, again, err)
		}
	})
}
