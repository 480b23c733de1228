package project_test

import (
	"go/ast"
	number "go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sidenote/configs"
	"sidenote/exchange"
)

// limitSetting are the names of settings that bound something beside those of the
// group for limits.
var limitSetting = regexp.MustCompile(`(^max-|-timeout$|-bytes$|-rate$|-max-|-keep$|^keep-content|^keep-messages|label-values$|^grace$)`)

// boundName are the names of constants that bound something.
var boundName = regexp.MustCompile(`^([mM]ax|[mM]ost|largest)[A-Z]`)

// boundRooms are the folders whose bounds docs/limits.md lists.
var boundRooms = []string{"proxy", "proxy/h1", "proxy/h2", "proxy/ca", "sink", "sink/store", "sink/otlp", "sink/report", "inspector", "diff"}

// TestEveryLimitIsListed compares docs/limits.md with the settings, the error codes,
// the metrics and the constants of the source.
func TestEveryLimitIsListed(t *testing.T) {
	rows := limitRows(read(t, "docs/limits.md"))
	metrics := read(t, "docs/metrics.md")
	for name, row := range rows {
		for _, word := range ticked(strings.Join(row, "|")) {
			switch metric, _, _ := strings.Cut(word, "{"); {
			case strings.HasPrefix(metric, "sidenote_") && !strings.Contains(metrics, "`"+metric+"`"):
				t.Errorf("%s: there is no metric %s", name, metric)
			case regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`).MatchString(word) && !strings.HasPrefix(word, "sidenote_"):
				if _, ok := exchange.ErrCode(word).Lookup(); !ok {
					t.Errorf("%s: there is no error code %s", name, word)
				}
			}
		}
	}
	checkLimitSettings(t, rows)
	checkBounds(t, rows)
}

// limitRows are the rows of the tables by what their first cell names.
func limitRows(text string) map[string][]string {
	rows := map[string][]string{}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if words := ticked(cells[0]); len(cells) > 2 && len(words) == 1 {
			rows[words[0]] = cells
		}
	}
	return rows
}

func ticked(s string) (words []string) {
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(s, -1) {
		words = append(words, m[1])
	}
	return words
}

func checkLimitSettings(t *testing.T, rows map[string][]string) {
	t.Helper()
	known := map[string]bool{}
	for _, s := range configs.Settings() {
		flag := "--" + s.Name
		known[flag] = true
		row, listed := rows[flag]
		switch bounds := s.Group == "Limits" || limitSetting.MatchString(s.Name) && s.Kind != configs.KindSwitch; {
		case bounds && !listed:
			t.Errorf("docs/limits.md has no row for %s", flag)
		case listed && strings.TrimSpace(row[1]) != s.Default:
			t.Errorf("docs/limits.md says that the default of %s is %s, and it is %s", flag, row[1], s.Default)
		}
	}
	for name := range rows {
		if strings.HasPrefix(name, "--") && !known[name] {
			t.Errorf("docs/limits.md names %s, which is not a setting", name)
		}
	}
}

// checkBounds compares the rows with the constants, and their values where those
// are whole numbers that stand in the source as such.
func checkBounds(t *testing.T, rows map[string][]string) {
	t.Helper()
	known := map[string]bool{}
	for _, f := range goFiles(t) {
		room := f.folder()
		if !slices.Contains(boundRooms, room) || strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, n := range v.Names {
					name := room + "." + n.Name
					known[name] = true
					row, listed := rows[name]
					switch bounds := boundName.MatchString(n.Name); {
					case bounds && !listed:
						t.Errorf("docs/limits.md has no row for `%s`", name)
					case listed && i < len(v.Values):
						if forms := numberForms(&f, v.Values[i]); forms != nil && !slices.Contains(forms, strings.TrimSpace(row[1])) {
							t.Errorf("docs/limits.md says that %s is %s, and it is %s", name, row[1], forms[0])
						}
					}
				}
			}
		}
	}
	for name := range rows {
		if !strings.HasPrefix(name, "--") && !known[name] {
			t.Errorf("docs/limits.md names `%s`, which is not a constant", name)
		}
	}
}

// numberForms are the ways in which the document may write a constant; none where
// its value is not a whole number that stands in the source.
func numberForms(f *goFile, e ast.Expr) (forms []string) {
	v, err := types.Eval(f.set, nil, token.NoPos, types.ExprString(e))
	if err != nil || v.Value == nil || v.Value.Kind() != number.Int {
		return nil
	}
	n, _ := number.Int64Val(v.Value)
	forms = append(forms, withCommas(n))
	for shift, unit := range map[int]string{10: " KiB", 20: " MiB", 30: " GiB"} {
		if n>>shift<<shift == n {
			forms = append(forms, withCommas(n>>shift)+unit)
		}
	}
	return forms
}

func withCommas(n int64) string {
	s := number.MakeInt64(n).ExactString()
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// TestNamedTestsExist: the tests that docs/transparency.md names are there.
func TestNamedTestsExist(t *testing.T) {
	there := map[string]bool{}
	for _, f := range goFiles(t) {
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				there[f.Name.Name] = true
			}
		}
	}
	named := 0
	for _, word := range ticked(read(t, "docs/transparency.md")) {
		if strings.HasPrefix(word, "Test") {
			if named++; !there[word] {
				t.Errorf("docs/transparency.md names %s, which is not there", word)
			}
		}
	}
	if named < 30 {
		t.Errorf("docs/transparency.md names %d tests", named)
	}
}
