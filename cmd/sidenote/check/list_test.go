package check

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
	"sidenote/internal/yamlfile"
)

func TestList(t *testing.T) {
	model := Check{Method: "GET", MaxTime: time.Second, Fields: []exchange.Line{{Name: "X-Model", Value: "m"}}}
	for in, want := range map[string]string{
		"a.test\n# b\n\n http://c.test/d#e \r\n":                                           "GET https://a.test 1s X-Model:m | GET http://c.test/d#e 1s X-Model:m",
		"- a.test\n- url: b.test\n":                                                        "GET https://a.test 1s X-Model:m | GET https://b.test 1s X-Model:m",
		"base: http://a.test/x/\nchecks:\n- /b?c\n- url: /d\n  name: N\n- https://e.test/": "GET http://a.test/x/b?c 1s X-Model:m | N GET http://a.test/x/d 1s X-Model:m | GET https://e.test/ 1s X-Model:m",
		"# first\n---\n- url: a.test\n  method: PUT\n  content: c\n  follow: true\n  max-time: 2s\n  fields: {A: b, C: [1, two]}": "PUT https://a.test c follow 2s X-Model:m A:b C:1 C:two",
		"- {url: a.test, content: ''}":             "POST https://a.test  1s X-Model:m",
		"- {url: a.test, content: x, method: GET}": "GET https://a.test x 1s X-Model:m",
	} {
		checks, err := ParseList("list", []byte(in), model)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		var all []string
		for _, c := range checks {
			all = append(all, describe(c))
		}
		if got := strings.Join(all, " | "); got != want {
			t.Errorf("%q\ngives %s\n want %s", in, got, want)
		}
	}
}

func describe(c Check) string {
	words := []string{c.Method, c.URL}
	if c.Name != "" {
		words = append([]string{c.Name}, words...)
	}
	if c.Content != nil {
		words = append(words, string(c.Content))
	}
	if c.Follow {
		words = append(words, "follow")
	}
	words = append(words, c.MaxTime.String())
	for _, f := range c.Fields {
		words = append(words, f.Name+":"+f.Value)
	}
	return strings.Join(words, " ")
}

func TestListFaults(t *testing.T) {
	for in, want := range map[string]string{
		"a.test\nftp://b\n":       `2:1: "ftp://b": check takes only`,
		"# only\n":                "contains no URL",
		"":                        "contains no URL",
		"checks: []":              "1:1: want a list of checks",
		"chekcs:\n- a.test":       `1:1: there is no key "chekcs" of a list of checks; did you mean "checks"?`,
		"base: b a\nchecks: [/a]": "1:7: base: ",
		"- name: a\n":             "1:3: this check has no url",
		"- url: [1]\n":            "1:8: ",
		"- {url: a.test, name: a}\n- {url: b.test, name: a}": `2:23: two checks have the name "a"`,
		"- {url: a.test, method: 'A B'}":                     "1:25: ",
		"- {url: a.test, follow: maybe}":                     `1:25: want true or false, not "maybe"`,
		"- {url: a.test, max-time: 5}":                       "1:27: want a duration with its unit",
		"- {url: a.test, fields: [a]}":                       "1:25: want one header per line",
		"- {url: a.test, fields: {Host: a}}":                 "1:26: Host is computed",
		"- {url: a.test, content-file: none}":                "1:31: none: cannot be read: no such file",
		"- url: a.test\n  expect:\n    status: 20":           "3:13: want statuses such as 200",
		"- url: a.test\n  expect:\n    assert: 1 +":          "3:",
		"- url: a.test\n  expect:\n    when: x":              "3:5: remove when",
		"- [\n":                                              "1:",
	} {
		checks, err := ParseList("list", []byte(in), Check{Method: "GET"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %d checks and %v; want %s", in, len(checks), err, want)
		}
		if at := (*yamlfile.Error)(nil); want != "contains no URL" && !errors.As(err, &at) {
			t.Errorf("%q: an error without its place: %v", in, err)
		}
	}
}

// TestListNames checks that each check has its own rule.
func TestListNames(t *testing.T) {
	for name, want := range map[string]string{"Log in": "log-in", "GET /a/b?c": "get-a-b-c", "": "check-7", "ä": "check-7", "--a--": "a"} {
		if got := ruleName(name, 7); got != want {
			t.Errorf("%q is %q, wanted %q", name, got, want)
		}
	}
}

func TestContentBesideTheList(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "content"), []byte("beside"), 0o600); err != nil {
		t.Fatal(err)
	}
	checks, err := ParseList(filepath.Join(dir, "list.yaml"), []byte("- {url: a.test, content-file: content}"), Check{Method: "GET"})
	if err != nil || string(checks[0].Content) != "beside" || checks[0].Method != "POST" {
		t.Errorf("%+v, %v", checks, err)
	}
}

// FuzzParseList: what is read can be asked for, and an error fits the file.
func FuzzParseList(f *testing.F) {
	for _, s := range []string{"a.test\n", "- url: a.test\n  expect: {status: 2xx}\n", "base: http://a\nchecks: [/b, {url: /c}]", "- {url: a, fields: {A: [b]}}", "- [", "- &a url: *a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checks, err := ParseList("list", []byte(text), Check{Method: "GET", MaxTime: time.Second})
		if (err == nil) != (len(checks) > 0) {
			t.Fatalf("%d checks, %v", len(checks), err)
		}
		if at := (*yamlfile.Error)(nil); errors.As(err, &at) && (at.Line < 1 || at.Column < 1) {
			t.Fatalf("at %d:%d", at.Line, at.Column)
		}
		for i := range checks {
			if err != nil {
				return
			}
			if _, err := checks[i].request(t.Context(), "fuzz"); err != nil {
				t.Fatalf("%s cannot be asked for: %v", fmt.Sprint(checks[i]), err)
			}
		}
	})
}
