package project_test

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
	"testing"
)

// TestExportedNamesAreUsed finds exported names that no other code uses: what
// only the tests of a folder need belongs into its export_test.go. A name counts as used wherever
// it appears again, so the test misses a name that several packages share, and
// never accuses a used one.
func TestExportedNamesAreUsed(t *testing.T) {
	for _, name := range unusedNames(goFiles(t)) {
		t.Errorf("%s: nothing uses it, or only tests of its folder: remove it, or put it into an export_test.go", name)
	}
}

// TestUnusedNamesAreFound makes sure that the test above can fail.
func TestUnusedNamesAreFound(t *testing.T) {
	files := []goFile{
		*parse(t, "a/a.go", "package a\nfunc Used() {}\nfunc Dead() {}\ntype T struct{ Kept, Lost int }\nfunc (T) String() string { return \"\" }\nfunc (T) Gone() {}\nconst C = 1\n"),
		*parse(t, "a/a_test.go", "package a_test\nvar _ = a.Dead"),
		*parse(t, "b/b.go", "package b\nvar _ = a.Used\nvar t = a.T{Kept: a.C}"),
	}
	want := "a/a.go: Dead\na/a.go: T.Gone"
	if got := strings.Join(unusedNames(files), "\n"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// unusedNames lists exported functions, methods, types, variables and constants
// that appear only where they are declared, and in tests of their own folder.
// Methods by which other modules call our types are not listed, nor constants
// that begin an enumeration.
func unusedNames(files []goFile) (unused []string) {
	seen := map[string]int{}
	declared := map[string]int{}
	for i := range files {
		f := &files[i]
		test := strings.HasSuffix(f.name, "_test.go")
		others := map[string]bool{} // the names of other packages of ours
		for _, i := range f.Imports {
			if folder := strings.Trim(i.Path.Value, `"`); strings.HasPrefix(folder, module) && folder != module+f.folder() {
				others[path.Base(folder)] = true
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if of, ok := n.X.(*ast.Ident); test && ok && others[of.Name] {
					seen[n.Sel.Name]++
				}
			case *ast.Ident:
				if !test {
					seen[n.Name]++
				}
			}
			return true
		})
		if test {
			continue
		}
		for _, d := range f.Decls {
			for name := range exportedOf(d) {
				declared[name]++
			}
		}
	}
	for i := range files {
		f := &files[i]
		if strings.HasSuffix(f.name, "_test.go") || f.Name.Name == "main" {
			continue
		}
		for _, d := range f.Decls {
			for name, shown := range exportedOf(d) {
				if seen[name] <= declared[name] && !asked[name] && kept[shown] == "" {
					unused = append(unused, f.name+": "+shown)
				}
			}
		}
	}
	return unused
}

// kept are names that stay although nothing uses them yet, each with the reason.
var kept = map[string]string{
	"Stream.Abort": "what watches a stream must be able to end it; the tests of the relay do",
}

// asked are methods by which other modules call our types.
var asked = map[string]bool{
	"String": true, "Error": true, "Unwrap": true, "Is": true, "As": true, "Timeout": true, "Temporary": true,
	"MarshalJSON": true, "UnmarshalJSON": true, "MarshalText": true, "UnmarshalText": true,
	"Read": true, "Write": true, "Close": true, "Flush": true, "ReadFrom": true, "WriteTo": true, "CloseWrite": true, "SyscallConn": true,
	"Len": true, "Less": true, "Swap": true, "Push": true, "Pop": true,
	"Collect": true, "Describe": true, "ServeHTTP": true, "RoundTrip": true, "Set": true, "Type": true,
}

// exportedOf yields the exported names that a declaration makes, each with the
// words to show it by.
func exportedOf(d ast.Decl) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		switch d := d.(type) {
		case *ast.FuncDecl:
			shown := d.Name.Name
			if d.Recv != nil {
				of := receiver(d.Recv.List[0].Type)
				if !ast.IsExported(of) {
					return
				}
				shown = of + "." + shown
			}
			if d.Name.IsExported() {
				yield(d.Name.Name, shown)
			}
		case *ast.GenDecl:
			for i, s := range d.Specs {
				var names []*ast.Ident
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = []*ast.Ident{s.Name}
				case *ast.ValueSpec:
					names = s.Names
					if d.Tok == token.CONST && i == 0 && len(d.Specs) > 1 {
						names = nil // the zero value of an enumeration, which nothing needs to write
					}
				}
				for _, n := range names {
					if n.IsExported() && !yield(n.Name, n.Name) {
						return
					}
				}
			}
		}
	}
}

// receiver returns the name of the type of a method.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
