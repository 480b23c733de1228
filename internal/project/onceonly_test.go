package project_test

import (
	"go/ast"
	"go/token"
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
