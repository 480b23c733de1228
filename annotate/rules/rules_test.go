package rules_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
	"sidenote/internal/golden"
)

func allOn(t *testing.T) *annotate.Set {
	t.Helper()
	var on []annotate.Change
	for _, r := range rules.All() {
		if r.OffByDefault {
			on = append(on, annotate.Change{Rule: r.ID})
		}
	}
	s, err := annotate.NewSet(rules.All(), annotate.DefaultOptions(), on...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestExamples runs all rules over each rule's examples.
func TestExamples(t *testing.T) {
	set := allOn(t)
	for _, r := range rules.All() {
		t.Run(r.ID, func(t *testing.T) {
			for i, text := range r.Bad {
				want := append([]string{r.ID}, also(text)...)
				if got := judged(idsOver(t, set, text), r); !slices.Equal(sorted(got), sorted(want)) {
					t.Errorf("Bad[%d] gives %q, want %q\n%s", i, got, want, text)
				}
			}
			for i, text := range r.Good {
				for _, n := range notesOver(t, set, text) {
					if (n.Severity > annotate.Info && !abridged(n.Rule.ID)) || n.Rule == r {
						t.Errorf("Good[%d] gives %s %s: %s\n%s", i, n.Severity, n.Rule.ID, n.Message, text)
					}
				}
			}
		})
	}
}

// abridged reports whether a rule is about what examples leave out for brevity:
// it is judged over its own examples only.
func abridged(id string) bool {
	return id == "content/content-type-missing" || id == "content/user-agent-missing"
}

// judged leaves out abridged rules but r itself.
func judged(ids []string, r *annotate.Rule) []string {
	return slices.DeleteFunc(ids, func(id string) bool { return abridged(id) && id != r.ID })
}

// also reads the rules that an example names in lines "# also ID".
func also(text string) (ids []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if id, ok := strings.CutPrefix(line, "# also "); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

func notesOver(t *testing.T, set *annotate.Set, text string) []annotate.Note {
	t.Helper()
	x, err := exchange.ParseText(text)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return set.All(x, nil)
}

func idsOver(t *testing.T, set *annotate.Set, text string) (ids []string) {
	for _, n := range notesOver(t, set, text) {
		ids = append(ids, n.Rule.ID)
	}
	return ids
}

// TestThresholds sets the limits so low that an ordinary exchange is beyond
// them, and so high that none is.
func TestThresholds(t *testing.T) {
	want := []string{"syntax/field-section-too-large", "syntax/field-too-large", "syntax/uri-too-long"}
	about := func(o annotate.Options, text string) (ids []string) {
		set, err := annotate.NewSet(rules.All(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range idsOver(t, set, text) {
			if slices.Contains(want, id) {
				ids = append(ids, id)
			}
		}
		return sorted(ids)
	}
	if got := about(annotate.Options{LargeField: 30, LargeHead: 100, LongURI: 30}, clean); !slices.Equal(got, want) {
		t.Errorf("low limits: %q, want %q", got, want)
	}
	high := annotate.Options{LargeField: 1 << 30, LargeHead: 1 << 30, LongURI: 1 << 30}
	for _, r := range rules.All() {
		for _, text := range r.Bad {
			if slices.Contains(want, r.ID) && len(about(high, text)) > 0 {
				t.Errorf("%s speaks below the limit", r.ID)
			}
		}
	}
}

// TestNotesPointAtSomething follows each note of each Bad example to the text it points at.
func TestNotesPointAtSomething(t *testing.T) {
	set := allOn(t)
	for _, r := range rules.All() {
		for _, text := range r.Bad {
			x, err := exchange.ParseText(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range set.All(x, nil) {
				if s := x.Text(n.Place); n.Place.End > len(s) || n.Place.Start > n.Place.End {
					t.Errorf("%s points at bytes %d-%d of %q", n.Rule.ID, n.Place.Start, n.Place.End, s)
				}
				if strings.HasSuffix(n.Message, ".") || strings.Contains(n.Message, "%!") || n.Message == "" {
					t.Errorf("%s: message %q", n.Rule.ID, n.Message)
				}
				if n.Blame == "" {
					t.Errorf("%s: nobody to blame", n.Rule.ID)
				}
			}
		}
	}
}

// TestRulesAreComplete holds every rule to the parts that a rule must have.
func TestRulesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules.All() {
		if seen[r.ID] {
			t.Errorf("%s is listed twice", r.ID)
		}
		seen[r.ID] = true
		for what, missing := range map[string]bool{
			"Severity": r.Severity == 0, "Title": r.Title == "", "Refs": len(r.Refs) == 0, "Doc": r.Doc == "",
			"Help": r.Help == "", "Bad": len(r.Bad) == 0, "Good": len(r.Good) == 0, "Check": r.Check == nil,
		} {
			if missing {
				t.Errorf("%s lacks %s", r.ID, what)
			}
		}
	}
}

// TestIDsArePermanent: configurations, accepted notes and other people's scripts
// name rules by their ID, so one that has been released stays, with the severity
// that they expect.
func TestIDsArePermanent(t *testing.T) {
	var list strings.Builder
	for _, r := range rules.All() {
		fmt.Fprintf(&list, "%s %s\n", r.ID, r.Severity)
	}
	golden.Compare(t, "testdata/ids.golden", list.String())
}

// TestAllListsEveryRule finds the package-level variables of type *annotate.Rule
// and fails with the line to add for one that no list has.
func TestAllListsEveryRule(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(fset, e.Name(), source, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range ruleVars(f) {
			if !strings.Contains(string(source), "\t\t"+name+",\n") {
				t.Errorf("%s: add to the list that All concatenates:\n\t\t%s,", e.Name(), name)
			}
		}
	}
}

// ruleVars returns the names of variables declared as &annotate.Rule{...}.
func ruleVars(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			for i, value := range v.Values {
				if u, ok := value.(*ast.UnaryExpr); ok && u.Op == token.AND {
					if lit, ok := u.X.(*ast.CompositeLit); ok && isRule(lit.Type) {
						names = append(names, v.Names[i].Name)
					}
				}
			}
		}
	}
	return names
}

func isRule(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Rule"
}
