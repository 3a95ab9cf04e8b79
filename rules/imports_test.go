package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// direction is an import that must not be. A pattern is an import path; "…/..." is the package and all below it, as for the go command.
type direction struct {
	of     string   // the packages
	except []string // those of them that may
	never  string   // what they must not import
	deep   bool     // nor through other packages
	why    string
}

// unwatched is why a package keeps to one thing after the other. The Makefile lists them.
const unwatched = "make test runs all of its tests without the race detector"

var directions = []direction{
	{of: "flowkeeper/rules/...", never: "flowkeeper/bot/...", deep: true, why: "rules are pure: what the bot does is built around them"},
	{of: "flowkeeper/rules/...", never: "flowkeeper/config/...", deep: true, why: "rules are given their options"},
	{of: "flowkeeper/rules/...", never: "flowkeeper/cmd/...", deep: true, why: "cmd is the outermost layer"},
	{of: "flowkeeper/rules/...", never: "os/...", why: "rules do no input and output"},
	{of: "flowkeeper/rules/...", never: "io/...", why: "rules do no input and output"},
	{of: "flowkeeper/rules/...", never: "net/...", why: "rules do no input and output"},
	{of: "flowkeeper/rules/...", never: "log/...", why: "what a rule has to say is its reason"},
	{of: "flowkeeper/rules/...", never: "math/rand/...", why: "the same input gives the same decision"},
	{of: "flowkeeper/rules/triage", never: "flowkeeper/rules/engine", deep: true, why: "the vocabulary comes before what is said with it"},
	{of: "flowkeeper/rules/triage", never: "flowkeeper/rules/planning", deep: true, why: "the vocabulary comes before what is said with it"},
	{of: "flowkeeper/rules/planning", never: "flowkeeper/rules", why: "the calendar is for rules, not of them"},
	{of: "flowkeeper/rules/engine", never: "flowkeeper/rules", why: "the engine is given the rules"},
	{of: "flowkeeper/rules/conflict", never: "flowkeeper/rules", why: "the search is given the rules"},

	{of: "flowkeeper/rules/...", except: []string{"flowkeeper/rules/conflict"}, never: "sync/...", why: unwatched},
	{of: "flowkeeper/config/...", never: "sync/...", why: unwatched},
	{of: "flowkeeper/bot/command", never: "sync/...", why: unwatched},
	{of: "flowkeeper/bot/note/...", never: "sync/...", why: unwatched},
	{of: "flowkeeper/bot/report/document", never: "sync/...", why: unwatched},

	{of: "flowkeeper/bot/...", never: "flowkeeper/config/...", deep: true, why: "the bot is given options; only cmd knows where they come from"},
	{of: "flowkeeper/bot/...", never: "flowkeeper/cmd/...", deep: true, why: "cmd is the outermost layer"},
	{of: "flowkeeper/bot/...", never: "flowkeeper/rules/conflict", deep: true, why: "rules are searched before the bot runs, by cmd"},
	{of: "flowkeeper/config/...", never: "flowkeeper/bot/...", deep: true, why: "reading a configuration starts nothing"},
	{of: "flowkeeper/config/...", never: "flowkeeper/cmd/...", deep: true, why: "cmd is the outermost layer"},

	{of: "flowkeeper/bot/gitlab/...", never: "flowkeeper/bot/inbox/...", deep: true, why: "bot/worker joins the two"},
	{of: "flowkeeper/bot/gitlab/...", never: "flowkeeper/bot/webhook/...", deep: true, why: "what GitLab sends and what is asked of it change apart"},
	{of: "flowkeeper/bot/inbox/...", never: "flowkeeper/bot/gitlab/...", deep: true, why: "events, memories and records are bytes to the inbox"},
	{of: "flowkeeper/bot/inbox/...", never: "flowkeeper/bot/webhook/...", deep: true, why: "bot joins the two"},
	{of: "flowkeeper/bot/webhook/...", never: "flowkeeper/bot/gitlab/...", deep: true, why: "a webhook is answered without asking GitLab anything"},
	{of: "flowkeeper/bot/webhook/...", never: "flowkeeper/bot/inbox/...", deep: true, why: "bot joins the two"},

	{of: "flowkeeper/...", except: []string{"flowkeeper/bot", "flowkeeper/bot/explain", "flowkeeper/bot/demo", "flowkeeper/cmd/flowkeeper"}, never: "flowkeeper/bot/worker/...",
		why: "what is kept of events and decisions is bot/record's; the worker is for whoever runs it or gives it options"},
	{of: "flowkeeper/bot/record/...", never: "flowkeeper/bot/...", why: "what is kept is read by all of the bot"},

	{of: "flowkeeper/...", except: []string{"flowkeeper/bot/demo"}, never: "flowkeeper/bot/sandbox/page", why: "the sandbox is a GitLab without its page"},
	{of: "flowkeeper/bot/sandbox/markdown", never: "flowkeeper/bot/...", why: "reading a text needs nothing of the sandbox"},

	{of: "flowkeeper/cmd/...", never: "testing/...", deep: true, why: "what helps tests stays out of the program"},

	{of: "flowkeeper/...", except: []string{"flowkeeper/bot/gitlab"}, never: "github.com/xanzy/go-gitlab/...",
		why: "the library's successor is to be a change of one package"},
	{of: "flowkeeper/...", except: []string{"flowkeeper/config", "flowkeeper/config/document", "flowkeeper/config/policyfile", "flowkeeper/bot/scenario"}, never: "github.com/goccy/go-yaml/...",
		why: "what people write is read strictly, in two places"},
	{of: "flowkeeper/...", except: []string{"flowkeeper/bot/scenario"}, never: "golang.org/x/tools/txtar",
		why: "how scenarios are written is known to one package"},
	{of: "flowkeeper/...", except: []string{"flowkeeper/bot/inbox/sqlite"}, never: "modernc.org/sqlite/...",
		why: "how the embedded inbox is stored is its own matter"},
	{of: "flowkeeper/...", except: []string{"flowkeeper/bot/inbox/redis", "flowkeeper/bot/inbox/redistest"}, never: "github.com/redis/go-redis/...",
		why: "keys and scripts are known to one package"},
	{of: "flowkeeper/...", except: []string{"flowkeeper/bot/tracing", "flowkeeper/bot/tracing/tracingtest"}, never: "go.opentelemetry.io/...",
		why: "how traces are sent is known to one package, and a bot without them pays nothing"},
}

// TestImportDirections looks at what packages import outside their tests. That rules/... imports nothing but the standard library and
// itself is the first test, because it names no package that it forbids.
func TestImportDirections(t *testing.T) {
	all := packages(t)
	t.Run("rules import the standard library and themselves", func(t *testing.T) {
		for _, p := range matching(t, all, "flowkeeper/rules/...") {
			for _, dep := range p.Deps {
				if !all[dep].Standard && !matches("flowkeeper/rules/...", dep) {
					t.Errorf("%s depends on %s: a rule can be read, tested and explained without anything else", p.ImportPath, dep)
				}
			}
		}
	})
	for _, d := range directions {
		t.Run(d.of+" not "+d.never, func(t *testing.T) {
			used := false
			for _, p := range matching(t, all, d.of) {
				for _, dep := range p.imports(d.deep) {
					switch {
					case !matches(d.never, dep):
					case slices.Contains(d.except, p.ImportPath):
						used = true
					default:
						t.Errorf("%s imports %s: %s", p.ImportPath, dep, d.why)
					}
				}
			}
			if len(d.except) > 0 && !used {
				t.Errorf("none of %s imports %s (any more): the direction is about nothing", strings.Join(d.except, ", "), d.never)
			}
		})
	}
}

// pkg is what the go command says of a package.
type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	Standard   bool
	Imports    []string
	Deps       []string // imported by it and by what it imports
}

// imports are those of the package itself, or with deep all it is built from.
func (p pkg) imports(deep bool) []string {
	if deep {
		return p.Deps
	}
	return p.Imports
}

// packages are all packages of the module and what they are built from, by import path.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Dir,Doc,Standard,Imports,Deps", "flowkeeper/...")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("listing the packages: %s", failed.Stderr)
	}
	if err != nil {
		t.Fatal("listing the packages:", err)
	}
	all := map[string]pkg{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal("reading the list of packages:", err)
		}
		all[p.ImportPath] = p
	}
	for path, p := range all {
		if !matches("flowkeeper/...", path) {
			continue
		}
		// The go command does not see that this test depends on the folders unless it reads them; it would repeat an old result.
		if _, err := os.ReadDir(p.Dir); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// matching are the packages of a pattern, at least one.
func matching(t *testing.T, all map[string]pkg, pattern string) []pkg {
	t.Helper()
	var found []pkg
	for path, p := range all {
		if matches(pattern, path) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		t.Fatalf("there is no package %s (any more)", pattern)
	}
	return found
}

func matches(pattern, path string) bool {
	root, below := strings.CutSuffix(pattern, "/...")
	return path == root || below && strings.HasPrefix(path, root+"/")
}
