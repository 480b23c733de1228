package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sidenote/internal/golden"
)

// TestMistakes makes the mistakes of testdata/mistakes.txt, a command line each,
// and holds what is printed to testdata/mistakes.golden: one message that says
// what, where and why, and what to type next.
func TestMistakes(t *testing.T) {
	lines, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := filepath.Abs("testdata/mistakes.golden")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, text := range map[string]string{
		"empty.har": `{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[]}}`, "zero.har": "", "text.txt": "no har\n",
		"object.json": `{"a":1}`, "policy.yaml": "fail-on: warnn\n", "settings.yaml": "lisen: x\n", "broken.yaml": "rules: [a\n",
		"tabs.yaml": "rules:\n\tcache/*: off\n", "rule.yaml": "rules:\n  cache/vary-str: off\n", "checks.yaml": "checks:\n  - ulr: http://a.test/\n",
		"folder/": "", "noread.pem": "x",
	} {
		if name, isFolder := strings.CutSuffix(name, "/"); isFolder {
			err = os.Mkdir(filepath.Join(folder, name), 0o755)
		} else {
			err = os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	plain := func(s string) string { // what differs from machine to machine
		self := (&program{}).self()
		s = strings.ReplaceAll(strings.ReplaceAll(s, self, "sidenote"), taken.Addr().String(), "127.0.0.1:TAKEN")
		s = regexp.MustCompile(`\S+\.test \(process \d+\)`).ReplaceAllString(s, "PROGRAM (process N)")
		return strings.ReplaceAll(s, folder, "FOLDER")
	}
	var b strings.Builder
	n := 0
	for line := range strings.Lines(string(lines)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			fmt.Fprintln(&b, line)
			continue
		}
		var stdout, stderr bytes.Buffer
		environ := []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH"), "SHELL=/bin/sh"}
		words := shellFields(line)
		for len(words) > 0 && strings.HasPrefix(words[0], "SIDENOTE_") {
			environ, words = append(environ, words[0]), words[1:]
		}
		for i, w := range words {
			words[i] = strings.ReplaceAll(w, "127.0.0.1:TAKEN", taken.Addr().String())
		}
		code := run(t.Context(), words[1:], environ, strings.NewReader(""), &stdout, &stderr)
		if code == exitOK {
			t.Errorf("%s: exit code 0\n%s%s", line, &stdout, &stderr)
		}
		fmt.Fprintf(&b, "$ %s\n%s%s[%d]\n", line, plain(stdout.String()), plain(stderr.String()), code)
		n++
	}
	if n < 60 {
		t.Errorf("only %d mistakes are made", n)
	}
	golden.Compare(t, printed, b.String())
}

// shellFields takes a command line apart as a shell does, with single quotes.
func shellFields(line string) (words []string) {
	for _, m := range regexp.MustCompile(`(?:[^\s']|'[^']*')+`).FindAllString(line, -1) {
		words = append(words, strings.ReplaceAll(m, "'", ""))
	}
	return words
}
