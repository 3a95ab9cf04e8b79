package rules_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules"
)

// TestPackageComments wants every package to say what it is for.
func TestPackageComments(t *testing.T) {
	for path, p := range packages(t) {
		if matches("flowkeeper/...", path) && p.Doc == "" {
			t.Errorf("%s has no package comment: say why it exists and what it must not know", path)
		}
	}
}

// TestFilesOfAllSystems finds files that some systems leave out. Go reads rule_label_ios.go as "only on iOS": the rule would silently be
// missing everywhere else. No name and no //go:build line passes on two systems that have neither kernel nor processor in common.
func TestFilesOfAllSystems(t *testing.T) {
	systems := []build.Context{build.Default, build.Default}
	systems[0].GOOS, systems[0].GOARCH = "linux", "amd64"
	systems[1].GOOS, systems[1].GOARCH = "windows", "arm64"
	for _, file := range goFiles(t) {
		for _, s := range systems {
			in, err := s.MatchFile(filepath.Dir(file), filepath.Base(file))
			if err != nil {
				t.Error(err)
			} else if !in {
				t.Errorf("%s is left out on %s/%s: give it a name without a system in it", file, s.GOOS, s.GOARCH)
			}
		}
	}
}

// TestRuleFiles wants each rule of the catalogue in a file of its own, named after it, and no rule outside the catalogue.
func TestRuleFiles(t *testing.T) {
	want := []string{}
	for _, r := range rules.Catalogue() {
		want = append(want, "rule_"+underscored(r.ID)+".go")
	}
	checkFiles(t, "Rule", want)
}

// TestCommandFiles wants the same of commands.
func TestCommandFiles(t *testing.T) {
	want := []string{}
	for _, c := range rules.Commands() {
		want = append(want, "cmd_"+underscored(c.Name)+".go")
	}
	checkFiles(t, "Command", want)
}

// underscored is a name as part of a file's name.
func underscored(name string) string { return strings.NewReplacer("-", "_", " ", "_").Replace(name) }

// checkFiles compares the files that declare values of a type of triage with those wanted, once for each value.
func checkFiles(t *testing.T, of string, want []string) {
	t.Helper()
	have := []string{}
	for _, file := range goFiles(t) {
		if filepath.Dir(file) != "." || strings.HasSuffix(file, "_test.go") {
			continue
		}
		for range declared(t, file, of) {
			have = append(have, file)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("files, once for each triage.%s declared in them (-list +folder):\n%s", of, diff)
	}
}

// declared counts the variables of a file that hold a value of a type of triage.
func declared(t *testing.T, file, of string) int {
	t.Helper()
	n := 0
	for _, d := range parse(t, file).Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			for _, v := range s.(*ast.ValueSpec).Values {
				if lit, ok := v.(*ast.CompositeLit); ok && selects(lit.Type, "triage", of) {
					n++
				}
			}
		}
	}
	return n
}

// TestNoClock finds rules that ask what time it is instead of being told.
func TestNoClock(t *testing.T) {
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			for _, name := range []string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc"} {
				if e, ok := n.(ast.Expr); ok && selects(e, "time", name) {
					t.Errorf("%s uses time.%s: the time is part of the input", file, name)
				}
			}
			return true
		})
	}
}

// selects reports whether an expression is the name of a package.
func selects(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// goFiles are all Go files below rules, tests too.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
