package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// writtenActions collects the actions that the code writes into the audit log: what is given to a field Action or to a function
// that takes an action.
func writtenActions(t *testing.T) map[string]string {
	t.Helper()
	var files []*ast.File
	set := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		files = append(files, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	takes := map[string]bool{}
	for _, file := range files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			for i := 0; ok && i < len(f.Type.Params.List); i++ {
				for _, name := range f.Type.Params.List[i].Names {
					takes[f.Name.Name] = takes[f.Name.Name] || name.Name == "action"
				}
			}
		}
	}
	found := map[string]string{}
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && strings.Count(text, ".") == 1 && !strings.ContainsAny(text, "/ ") {
				found[text] = set.Position(lit.Pos()).String()
			}
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Action" {
					add(n.Value)
				}
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				for _, arg := range n.Args {
					if takes[name] {
						add(arg)
					}
				}
			}
			return true
		})
	}
	return found
}

// Nobody reads a raw key in the console: each action of the audit log has its word in each language.
func TestEveryActionHasItsWord(t *testing.T) {
	found := writtenActions(t)
	if len(found) < 60 {
		t.Fatalf("only %d actions found", len(found))
	}
	for _, lang := range []string{"en", "de"} {
		words, err := os.ReadFile("../templates/locales/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		for action, at := range found {
			if !strings.Contains(string(words), `"audit.`+action+`":`) {
				t.Errorf("%s has no word for %s, written at %s", lang, action, at)
			}
		}
	}
}
