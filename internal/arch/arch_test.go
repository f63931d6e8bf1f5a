// Package arch holds the house to its plan: which floor may import which, the
// one place that asks the machine for the time, files that can be read in one
// sitting, tests that are never skipped.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// floors from the ground up; imports run down only.
var floors = []string{"kernel", "people", "centre", "loop", "report", "web", "app"}

// downward are imports against the plan, each with its reason.
var downward = map[string]string{}

// long are files over the bound, each with its reason.
var long = map[string]string{}

const mostLines = 700

type source struct {
	path string // slash-separated, from the root
	file *ast.File
	size int // lines
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	set := token.NewFileSet()
	for _, dir := range []string{"cmd", "internal", "test", "policy", "locale", "instruments", "scripts"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(path, ".go") {
				return nil
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f, err := parser.ParseFile(set, path, raw, 0)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			out = append(out, source{filepath.ToSlash(rel), f, strings.Count(string(raw), "\n")})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 300 {
		t.Fatalf("only %d files found: the test looks in the wrong place", len(out))
	}
	return out
}

// floorOf gives the floor of a path below internal/, -1 for others.
func floorOf(path string) int {
	rest, ok := strings.CutPrefix(path, "internal/")
	if !ok {
		return -1
	}
	name, _, _ := strings.Cut(rest, "/")
	for i, f := range floors {
		if f == name {
			return i
		}
	}
	return -1
}

func TestImportsRunDownOnly(t *testing.T) {
	for _, s := range sources(t) {
		from := floorOf(s.path)
		if from < 0 || strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		for _, i := range s.file.Imports {
			path, ok := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "zugou/")
			if to := floorOf(path); ok && to > from && downward[s.path+" → "+path] == "" {
				t.Errorf("%s imports %s, a floor above it", s.path, path)
			}
		}
	}
}

// uses tells where a file names pkg.name.
func uses(f *ast.File, pkg, name string) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
				found = true
			}
		}
		return true
	})
	return found
}

func TestOnlyTheClockAsksTheMachineForTheTime(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasSuffix(s.path, "_test.go") || !strings.HasPrefix(s.path, "internal/") || strings.HasPrefix(s.path, "internal/kernel/clock/") {
			continue
		}
		if uses(s.file, "time", "Now") {
			t.Errorf("%s calls time.Now: take a clock.Clock", s.path)
		}
	}
}

func TestNoTestIsSkippedInSilence(t *testing.T) {
	for _, s := range sources(t) {
		for _, name := range []string{"Skip", "Skipf", "SkipNow"} {
			if strings.HasSuffix(s.path, "_test.go") && (uses(s.file, "t", name) || uses(s.file, "b", name)) {
				t.Errorf("%s calls %s: a suite that did not run is red", s.path, name)
			}
		}
	}
}

func TestNothingRegistersItself(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init: wire it in app", s.path)
			}
		}
	}
}

func TestAFileCanBeReadInOneSitting(t *testing.T) {
	for _, s := range sources(t) {
		if s.size > mostLines && long[s.path] == "" {
			t.Errorf("%s has %d lines, more than %d: split it by noun", s.path, s.size, mostLines)
		}
	}
}
