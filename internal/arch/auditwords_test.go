package arch

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zugou/internal/people/access"
)

// TestAuditSpeaksChinese: an auditor reads who did what to whom and which
// fields were shown, so every right of the table and every name that the
// program writes into an audit row has its word in the viewer's locale file.
func TestAuditSpeaksChinese(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "locale/zh-CN/audit.json"))
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, a := range access.Actions() {
		want["action."+dashed(string(a))] = "the table of rights"
	}
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.path, "internal/") || strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		for key := range auditNames(s.file) {
			want[key] = s.path
		}
	}
	if len(want) < 250 {
		t.Fatalf("only %d names found: the test looks in the wrong place", len(want))
	}
	var missing []string
	for key, where := range want {
		if words[key] == "" {
			missing = append(missing, key+" ("+where+")")
		}
	}
	slices.Sort(missing)
	for _, m := range missing {
		t.Errorf("no word for %s", m)
	}
}

func dashed(s string) string { return strings.ReplaceAll(s, ".", "-") }

// auditNames collects the literals of audit.Entry and audit.Shown, of calls of
// audit.Show, and of lists named …Fields, as keys of the locale file.
func auditNames(f *ast.File) map[string]bool {
	out := map[string]bool{}
	add := func(prefix string, e ast.Expr) {
		for _, v := range literals(e) {
			out[prefix+dashed(v)] = true
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if sel, ok := n.Type.(*ast.SelectorExpr); !ok || !isAudit(sel) {
				return true
			}
			for _, e := range n.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				switch kv.Key.(*ast.Ident).Name {
				case "Action":
					add("action.", kv.Value)
				case "Kind", "SubjectKind":
					add("noun.", kv.Value)
				case "Fields":
					add("audit.field.", kv.Value)
				}
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && isAudit(sel) && sel.Sel.Name == "Show" {
				add("action.", n.Args[1])
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if strings.HasSuffix(name.Name, "Fields") && i < len(n.Values) {
					add("audit.field.", n.Values[i])
				}
			}
		}
		return true
	})
	return out
}

func isAudit(sel *ast.SelectorExpr) bool {
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "audit"
}

// literals are the strings that stand in an expression by themselves: one, or
// those of a list. A list also holds names that data give (a role, a kind).
func literals(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, _ := strconv.Unquote(e.Value)
			return []string{s}
		}
	case *ast.CompositeLit:
		var out []string
		for _, x := range e.Elts {
			out = append(out, literals(x)...)
		}
		return out
	}
	return nil
}
