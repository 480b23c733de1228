package project_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sidenote/internal/golden"
)

// unstyled lists the files that docs/style.md does not bind yet.
const unstyled = "testdata/unstyled.txt"

// longestSentence is how many words a sentence may have towards users.
const longestSentence = 30

// A phrase is one that users should not read.
type phrase struct {
	text    string
	instead string
	find    *regexp.Regexp
	unless  *regexp.Regexp // where it is fine; nil for nowhere
}

// readPhrases reads the table of docs/style.md.
func readPhrases(t *testing.T) (phrases []phrase) {
	t.Helper()
	_, table, found := strings.Cut(read(t, "docs/style.md"), "| not | but | why |\n")
	if !found {
		t.Fatal("docs/style.md: no table of phrases")
	}
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			break
		}
		not, fine, _ := strings.Cut(cells[1], "(not:")
		var unless []string
		for _, m := range quoted.FindAllStringSubmatch(fine, -1) {
			unless = append(unless, regexp.QuoteMeta(m[1]))
		}
		for _, m := range quoted.FindAllStringSubmatch(not, -1) {
			p := phrase{text: m[1], instead: strings.TrimSpace(cells[2]), find: regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(m[1]) + `\b`)}
			if unless != nil {
				p.unless = regexp.MustCompile(`(?i)\b(` + strings.Join(unless, "|") + `)\b`)
			}
			phrases = append(phrases, p)
		}
	}
	return phrases
}

// in reports whether a text has the phrase where it is not fine.
func (p *phrase) in(s string) bool {
	if p.unless != nil {
		s = p.unless.ReplaceAllString(s, "")
	}
	return p.find.MatchString(s)
}

// A style holds text to docs/style.md.
type style struct {
	phrases []phrase
	found   map[string][]string // by file: what is wrong and where
}

func (s *style) note(file string, line int, format string, args ...any) {
	s.found[file] = append(s.found[file], fmt.Sprintf("%s:%d: ", file, line)+fmt.Sprintf(format, args...))
}

// notProse finds names that are not prose: media types, fields of a form, and
// code.
var notProse = regexp.MustCompile("```[^`]*```|`[^`\n]*`|[\\w.+-]+/octet-stream|\\]\\([^)]*\\)|https?://\\S+")

// text checks what users read: a paragraph, a cell of a table or a string.
func (s *style) text(file string, line int, text string) {
	text = notProse.ReplaceAllString(text, "X")
	for i := range s.phrases {
		if p := &s.phrases[i]; p.in(text) {
			s.note(file, line, "%q: write %s", p.text, p.instead)
		}
	}
	for _, sentence := range sentenceEnd.Split(text, -1) {
		if n := len(strings.Fields(sentence)); n > longestSentence {
			s.note(file, line, "a sentence of %d words: %.60s…", n, strings.Join(strings.Fields(sentence), " "))
		}
	}
}

var sentenceEnd = regexp.MustCompile(`[.?!:]["')]*(\s|$)`)

// markdown checks a document: paragraphs, items and cells, without code.
func (s *style) markdown(file, text string) {
	var (
		block []string
		from  int
		code  bool
	)
	end := func() {
		s.text(file, from, strings.Join(block, " "))
		block = block[:0]
	}
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```"):
			end()
			code = !code
			continue
		case code || strings.HasPrefix(trimmed, "<!--"):
			continue
		case strings.HasPrefix(trimmed, "|"):
			end()
			for cell := range strings.SplitSeq(trimmed, "|") {
				s.text(file, i+1, cell)
			}
			continue
		case trimmed == "" || strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "- "):
			end()
			from = i + 1
		}
		block = append(block, line)
	}
	end()
}

// stops says of keys of literals whether their text ends in a full stop.
var stops = map[string]bool{"Help": false, "Short": false, "More": true}

// source checks a Go file: the texts that its program can show, and its doc comments.
func (s *style) source(f *goFile, shown bool) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Doc != nil {
			if m := notGo.FindStringSubmatch(fn.Doc.Text()); m != nil {
				s.note(f.name, f.line(fn), "doc comment: %q: functions return, and report whether", m[0])
			}
		}
	}
	if !shown {
		return
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field: // has a tag at most
			return false
		case *ast.KeyValueExpr:
			key, _ := n.Key.(*ast.Ident)
			if key != nil && (key.Name == "Bad" || key.Name == "Good") {
				return false // examples of rules
			}
			text, known := constant(n.Value)
			if key == nil || !known || text == "" {
				break
			}
			stop, bound := stops[key.Name]
			stop = stop || strings.HasPrefix(f.name, "metrics/") // as Prometheus's own have it
			if bound && stop != strings.HasSuffix(strings.TrimSuffix(text, "..."), ".") {
				s.note(f.name, f.line(n), "%s: a full stop at the end: want %v: %q", key.Name, stop, text)
			}
		case *ast.CallExpr:
			if text, known := errorText(n); known && strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "...") {
				s.note(f.name, f.line(n), "an error ends in a full stop: %q", text)
			}
		case ast.Expr:
			if text, known := constant(n); known {
				switch {
				case isExample.MatchString(text) || !strings.Contains(text, " "):
				case strings.Contains(text, "\n|"):
					s.markdown(f.name, text)
				default:
					s.text(f.name, f.line(n), text)
				}
				return false
			}
		}
		return true
	})
}

// isExample finds exchanges in text form and their remarks.
var isExample = regexp.MustCompile(`(?m)^([<>] |[<>]$|[@*#] )`)

// notGo finds what a doc comment of a function does not say in Go.
var notGo = regexp.MustCompile(`\bgives\b|\b(?:knows|says|tells) whether\b`)

// errorText returns the text of a call that makes an error.
func errorText(call *ast.CallExpr) (string, bool) {
	var name string
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		name = fn.Sel.Name
	}
	if len(call.Args) == 0 || !strings.HasSuffix(name, "Errorf") && name != "New" {
		return "", false
	}
	return constant(call.Args[0])
}

// constant returns the text of a literal, or of several that are joined by +.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	case *ast.BinaryExpr:
		left, known := constant(e.X)
		right, too := constant(e.Y)
		return left + right, known && too && e.Op == token.ADD
	}
	return "", false
}

var (
	pageScript  = regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<!--.*?-->`)
	pageMarkup  = regexp.MustCompile(`(?s)\{[^{}]*\}|<[^<>]*>`)
	pageComment = regexp.MustCompile(`(?s)/\*.*?\*/|(?m)(^|\s)//.*$`)
	pageString  = regexp.MustCompile("\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`")
)

// page checks a file of the inspector's page, or a template of HTML: the
// strings in it, and what is between its tags.
func (s *style) page(file, text string) {
	for i, line := range strings.Split(pageComment.ReplaceAllString(text, ""), "\n") {
		for _, m := range pageString.FindAllString(line, -1) {
			if strings.Contains(m, " ") {
				s.text(file, i+1, strings.Trim(m, "\"'`"))
			}
		}
	}
	if path.Ext(file) == ".ts" {
		return
	}
	text = pageScript.ReplaceAllString(text, "\n\n")
	for {
		next := pageMarkup.ReplaceAllString(text, "\n\n")
		if next == text {
			break
		}
		text = next
	}
	for block := range strings.SplitSeq(text, "\n\n") {
		s.text(file, 1, block)
	}
}

// developers are folders whose strings no user reads.
var developers = []string{"e2e", "internal/project", "internal/golden"}

// readStyle checks every file and returns what is wrong, by file.
func readStyle(t *testing.T) *style {
	t.Helper()
	s := &style{phrases: readPhrases(t), found: map[string][]string{}}
	everyFile(t, func(name string) {
		switch {
		case slices.Contains([]string{"docs/rules.md", "docs/style.md"}, name) || strings.Contains(name, "testdata/"):
		case path.Ext(name) == ".md":
			s.markdown(name, read(t, name))
		case strings.HasSuffix(name, ".test.ts"):
		case strings.HasPrefix(name, "inspector/web/src/") && (path.Ext(name) == ".svelte" || path.Ext(name) == ".ts"),
			path.Ext(name) == ".tmpl":
			s.page(name, read(t, name))
		}
	})
	files := goFiles(t)
	for i := range files {
		f := &files[i]
		shown := !strings.HasSuffix(f.name, "_test.go") && !slices.ContainsFunc(developers, func(folder string) bool {
			return strings.HasPrefix(f.name, folder+"/")
		})
		s.source(f, shown)
	}
	return s
}

// TestStyle holds what users read, and doc comments, to what docs/style.md says
// and a machine can check. With -update files that became clean leave the list
// of those that are still to be done; none joins it.
func TestStyle(t *testing.T) {
	s := readStyle(t)
	list, err := os.ReadFile(unstyled)
	if err != nil {
		t.Fatal(err)
	}
	var still []string
	for file := range strings.FieldsSeq(string(list)) {
		switch {
		case s.found[file] != nil:
			still = append(still, file)
		case !golden.Update():
			t.Errorf("internal/project/%s: %s is clean or gone: take it out (go test ./internal/project -run TestStyle -update)", unstyled, file)
		}
		delete(s.found, file)
	}
	if golden.Update() {
		if err := os.WriteFile(unstyled, []byte(strings.Join(still, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, findings := range s.found {
		for _, finding := range findings {
			t.Errorf("%s (docs/style.md)", finding)
		}
	}
}

// TestStyleFinds makes sure that the test above can fail.
func TestStyleFinds(t *testing.T) {
	for _, c := range []struct {
		name  string
		check func(s *style)
		want  string // in the only finding; "" for none
	}{
		{"a phrase in a paragraph", func(s *style) { s.markdown("a.md", "# A\n\nRead\nby nobody.\n") }, `a.md:2: "nobody": write`},
		{"one across lines", func(s *style) { s.markdown("a.md", "as\never\n") }, `"as ever"`},
		{"one in a cell", func(s *style) { s.markdown("a.md", "| a | an octet |\n") }, `a.md:1: "octet"`},
		{"code", func(s *style) { s.markdown("a.md", "```\nnobody\n```\nthe `octet`, application/octet-stream\n") }, ""},
		{"what is fine", func(s *style) { s.markdown("a.md", "There is no file, and it is no longer there.\n") }, ""},
		{"what is not", func(s *style) { s.markdown("a.md", "It is no file.\n") }, `"is no"`},
		{"a long sentence", func(s *style) { s.markdown("a.md", strings.Repeat("word ", 31)+"end. Short one.\n") }, "a sentence of 32 words"},
		{"short sentences", func(s *style) { s.markdown("a.md", strings.Repeat("word word. ", 40)) }, ""},
		{"a string", func(s *style) { s.source(parse(t, "a.go", "package a\n"+`var a = "shown to " + "nobody"`), true) }, `a.go:2: "nobody"`},
		{"a string for developers", func(s *style) { s.source(parse(t, "a.go", "package a\n"+`var a = "shown to nobody"`), false) }, ""},
		{"an example", func(s *style) {
			s.source(parse(t, "a.go", "package a\n"+`var a = "# for nobody\n> GET / HTTP/1.1\n"`), true)
		}, ""},
		{"examples of a rule", func(s *style) {
			s.source(parse(t, "a.go", "package a\n"+`var a = b{Bad: []string{"for nobody"}, Title: "of nobody"}`), true)
		}, `"nobody"`},
		{"a table", func(s *style) { s.source(parse(t, "a.go", "package a\n"+`var a = "\n| a | an octet |\n"`), true) }, `"octet"`},
		{"a tag", func(s *style) {
			s.source(parse(t, "a.go", "package a\n"+"type a struct { B string `json:\"is no,omitempty\"` }"), true)
		}, ""},
		{"help with a full stop", func(s *style) {
			s.source(parse(t, "a.go", "package a\n"+`var a = b{Help: "address to listen on."}`), true)
		}, "Help: a full stop"},
		{"more without", func(s *style) {
			s.source(parse(t, "a.go", "package a\n"+`var a = b{More: "Port 0 takes a free one"}`), true)
		}, "More: a full stop"},
		{"an error with one", func(s *style) {
			s.source(parse(t, "a.go", "package a\n"+`var a = fmt.Errorf("no such file: %w.", err)`), true)
		}, "an error ends"},
		{"gives", func(s *style) { s.source(parse(t, "a.go", "package a\n"+"// a gives b.\nfunc a() {}"), false) }, `"gives"`},
		{"knows whether", func(s *style) { s.source(parse(t, "a.go", "package a\n"+"// a knows whether b.\nfunc a() {}"), false) }, `"knows whether"`},
		{"markup", func(s *style) { s.page("a.svelte", "<script>let octet</script>\n<p>no {octets} octet</p>") }, `"octet"`},
		{"a string of the page", func(s *style) { s.page("a.ts", "const octet = 'an octet' // octet") }, `a.ts:1: "octet"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &style{phrases: readPhrases(t), found: map[string][]string{}}
			c.check(s)
			var all []string
			for _, findings := range s.found {
				all = append(all, findings...)
			}
			if c.want == "" && all != nil || c.want != "" && (len(all) != 1 || !strings.Contains(all[0], c.want)) {
				t.Errorf("want %q, got %q", c.want, all)
			}
		})
	}
}
