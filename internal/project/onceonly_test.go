package project_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestListsOfHopByHopFields: which fields are about a connection is said in
// exchange/hop.go alone; a second list would come to disagree with it.
func TestListsOfHopByHopFields(t *testing.T) {
	connection := []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "trailer"}
	for _, f := range goFiles(t) {
		if f.name == "exchange/hop.go" || f.name == "exchange/names.go" || strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			var members []ast.Expr
			switch n := n.(type) {
			case *ast.CompositeLit:
				members = n.Elts
			case *ast.CaseClause:
				members = n.List
			}
			named := 0
			for _, m := range members {
				if slices.Contains(connection, fieldNamed(m)) {
					named++
				}
			}
			if named >= 4 { // three of them are the framing
				t.Errorf("%s lists %d fields of a connection: ask exchange.Name.IsHopByHop and its like", f.name, named)
			}
			return true
		})
	}
}

// fieldNamed is the name of the field that an expression stands for, in lower
// case: a text, or a constant of exchange.
func fieldNamed(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); e.Kind == token.STRING && err == nil {
			return strings.ToLower(s)
		}
	case *ast.SelectorExpr:
		if name, ok := strings.CutPrefix(e.Sel.Name, "Field"); ok {
			return map[string]string{"KeepAlive": "keep-alive", "ProxyConnection": "proxy-connection", "TransferEncoding": "transfer-encoding"}[name] +
				map[string]string{"Connection": "connection", "Upgrade": "upgrade", "TE": "te", "Trailer": "trailer"}[name]
		}
	}
	return ""
}

// A placed is a piece of knowledge that has one place in the source.
type placed struct {
	what string
	find *regexp.Regexp // of code that has it
	like string         // what find must find
	in   []string       // the files and folders that may have it
	ask  string         // what others use
}

// ourKnowledge lists pieces of knowledge that once were in several places.
var ourKnowledge = []placed{
	{"the words of severities", regexp.MustCompile(`(?s)"info".*"warn".*"error"|"error".*"warn".*"info"`), `{"info", "warn", "error"}`,
		// exchange and metrics/dashboards may not import annotate.
		[]string{"annotate/note.go", "exchange/failure", "metrics/dashboards/"}, "annotate.SeverityWords and Severity.String"},
	{"what was perhaps meant", regexp.MustCompile(`"[^"\n]*did you mean`), `"; did you mean %q?"`,
		[]string{"internal/wording/", "annotate/rules/"}, "wording.Guess"}, // rules guess at values, not at words of ours
	{"how far clocks differ", regexp.MustCompile(`(?i)\b\w*(clock|skew)\w* *:?= *(60|time\.Minute|60 ?\* ?time\.Second)\b`), `const clocksDiffer = 60 * time.Second`,
		[]string{"exchange/capture_clock.go"}, "exchange.ClockTolerance"},
	{"the word of a verdict", regexp.MustCompile(`"(FAIL|passed)\b`), `"FAIL"`,
		[]string{"sink/report/summary.go", "sink/report/report.go", "e2e/", "internal/project/"}, "report.VerdictWord and Verdict.Word"}, // tests of tests have verdicts of their own
	{"durations for people", regexp.MustCompile(`Milliseconds\(\), 10\) \+ " ?ms"`), `strconv.FormatInt(d.Milliseconds(), 10) + "ms"`,
		[]string{"internal/wording/"}, "wording.Duration and wording.ShortDuration"},
	{"a field line", regexp.MustCompile(`\b(\w+)\.Name \+ ": " \+ \w+\.Value`), `l.Name + ": " + l.Value`,
		[]string{"exchange/head.go"}, "exchange.AppendFieldLine and Line.String"},
	{"a request line", regexp.MustCompile(`Method \+ " " \+ [\w.]+ \+ " " \+`), `r.Method + " " + target + " " + v.String()`,
		[]string{"exchange/head.go"}, "exchange.RequestLine"},
}

// TestKnowledgeHasOnePlace: what is written twice comes to disagree.
func TestKnowledgeHasOnePlace(t *testing.T) {
	for _, k := range ourKnowledge {
		if !k.find.MatchString(k.like) {
			t.Errorf("%s: this test cannot fail", k.what)
		}
	}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		code := withoutComments(read(t, f.name))
		for _, k := range ourKnowledge {
			mayHave := slices.ContainsFunc(k.in, func(place string) bool { return strings.HasPrefix(f.name, place) })
			if found := k.find.FindString(code); found != "" && !mayHave {
				t.Errorf("%s has %s (%.60q): use %s", f.name, k.what, found, k.ask)
			}
		}
	}
}

var lineComment = regexp.MustCompile(`(?m)(^|\s)//.*$`)

func withoutComments(code string) string { return lineComment.ReplaceAllString(code, "") }
