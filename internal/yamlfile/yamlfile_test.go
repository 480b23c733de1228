package yamlfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"sidenote/internal/yamlfile"
)

func TestFaultPointsAtTheCharacter(t *testing.T) {
	for _, c := range []struct{ line, at string }{
		{"key: some text", "text"},
		{"key: 'some text'", "text"},
		{`key: "some text"`, "text"},
		{"ä:  some text # comment", "text"},
		{`key: "so\tme text"`, `"so\tme`}, // not written as it is read
	} {
		f, err := yamlfile.Parse("f.yaml", []byte(c.line+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		pairs, _ := yamlfile.Mapping(f.Root)
		text, _ := yamlfile.Scalar(pairs[0].Value)
		err = f.FaultIn(pairs[0].Value, strings.Index(text, "text"), "wrong")
		var e *yamlfile.Error
		if !errors.As(err, &e) || !strings.HasPrefix(string([]rune(e.Source)[e.Column-1:]), c.at) {
			t.Errorf("%s: %v", c.line, err)
		}
	}
}

func TestUnknownKeys(t *testing.T) {
	f, err := yamlfile.Parse("f.yaml", []byte("statsu: 1\nx: 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	pairs, _ := yamlfile.Mapping(f.Root)
	for i, want := range []string{`f.yaml:1:1: there is no key "statsu" of it; did you mean "status"?`, `f.yaml:2:1: there is no key "x" of it; there are status, fields`} {
		if err := f.Unknown(pairs[i].Key, "of it", []string{"status", "fields"}); !strings.HasPrefix(err.Error(), want) {
			t.Error(err)
		}
	}
}

func TestSnippet(t *testing.T) {
	s := yamlfile.Snippet{Message: "wrong", Source: "ä\x1b\u202e b", Offset: 7}
	if got, want := s.Error(), "wrong\n     | ä?? b\n           ^"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestQuote reads back what was written.
func TestQuote(t *testing.T) {
	for _, s := range []string{
		"plain", "/v1/{id}", "two words", "a: b", "a #b", "#a", "*", "**", "{a", "on", "No", "null", "~", "1", "1.5", "2026-01-01", "0x1", "-", "- a", "'", `"`, `\`,
		"ä", "tab\t", " lead", "trail ", "a,b", "[", "origin|intermediary", "|", ">", "%a", "@a", "`a", "!a", "&a", "a\nb", "", "slow, sorry (soon).",
	} {
		var back map[string]any
		if err := yaml.Unmarshal([]byte("key: "+yamlfile.Quote(s)+"\n"), &back); err != nil || back["key"] != s {
			t.Errorf("%q is written as %s and read as %#v, %v", s, yamlfile.Quote(s), back["key"], err)
		}
	}
}
