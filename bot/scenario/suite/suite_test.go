package suite_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/bot/scenario/suite"
	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// folder writes files into a folder of its own and goes there.
func folder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// load reads configurations that are ids of rules, or "bad".
func load(file string) (engine.Policy, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return engine.Policy{}, err
	}
	if string(data) == "bad" {
		return engine.Policy{}, errors.New(file + ":1:1: bad\nvery bad")
	}
	var settings []engine.Setting
	for _, s := range engine.Defaults(rules.Catalogue()) {
		if slices.Contains(strings.Fields(string(data)), s.ID) {
			settings = append(settings, s)
		}
	}
	return engine.Policy{Team: triage.NewTeam(triage.TeamConfig{Side: "backend"}), Settings: settings, Grace: 5 * time.Minute}, nil
}

func run(t *testing.T, o suite.Options) suite.Result {
	t.Helper()
	o.Load = load
	r, err := suite.Run(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t *testing.T, r suite.Result) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	passes = "Fine.\n-- issue --\nlabels: [\"workflow::design\"]\n-- event --\nkind: opened\n-- decision --\n" +
		"design-needs-ux: design work carries the UX label\n  add ~UX (act)\nlabels: workflow::design, UX\n"
	fails = "Not so.\n-- issue --\nlabels: [\"workflow::design\", UX]\n-- event --\nkind: opened\n-- decision --\n" +
		"design-needs-ux: design work carries the UX label\n  add ~UX (act)\nlabels: workflow::design, UX\n-- event --\n"
)

// TestConfigurations: a scenario is played under the configuration that stands nearest to it.
func TestConfigurations(t *testing.T) {
	folder(t, map[string]string{
		"flowkeeper.yaml": "design-needs-ux", "top.txtar": passes, "deep/er/still.txtar": passes,
		"own/flowkeeper.yaml": "needs-type", "own/a.txtar": passes,
		"named.yaml": "spike-weight", "named/a.txtar": passes, "named/below/b.txtar": passes,
		".hidden/a.txtar": passes, "own/readme.md": "no scenario",
	})
	played := func(path string) map[string]string {
		found := map[string]string{}
		for _, c := range run(t, suite.Options{Path: path}).Cases {
			found[c.File] = c.Config
		}
		return found
	}
	want := map[string]string{
		"top.txtar": "flowkeeper.yaml", "deep/er/still.txtar": "flowkeeper.yaml", "own/a.txtar": "own/flowkeeper.yaml",
		"named/a.txtar": "named.yaml", "named/below/b.txtar": "named.yaml",
	}
	if diff := cmp.Diff(want, played(".")); diff != "" {
		t.Error("-want +got\n", diff)
	}
	if diff := cmp.Diff(map[string]string{"named/a.txtar": "named.yaml"}, played("named/a.txtar")); diff != "" {
		t.Error("one file: -want +got\n", diff)
	}
	if diff := cmp.Diff(map[string]string{"deep/er/still.txtar": ""}, played("deep")); diff != "" {
		t.Error("a folder without a configuration: -want +got\n", diff)
	}
	r := run(t, suite.Options{Path: ".", Config: "flowkeeper.yaml"})
	if r.Failures() != 0 || r.Configs() != 1 || len(r.Cases) != 5 {
		t.Errorf("all under one configuration: %s", text(t, r))
	}
}

// TestText: what failed is shown with the place, the difference and what the rules say.
func TestText(t *testing.T) {
	folder(t, map[string]string{
		"flowkeeper.yaml": "design-needs-ux", "fails.txtar": fails, "passes.txtar": passes, "broken.txtar": "A.\n-- event --\nkind: open\n",
		"weight.txtar": "-- event --\nweight: much\n",
		"bad.yaml":     "bad", "bad/a.txtar": passes, "bad/b.txtar": passes,
	})
	r := run(t, suite.Options{Path: "."})
	const want = `bad.yaml:1:1: bad
very bad
broken.txtar:2: part "event": unknown kind "open", allowed: opened, closed, reopened, commented, awarded, revoked, woken, swept, policies due, merge request, later, or none for an update
fails.txtar:6: another decision was expected (-) than came (+)
    - design-needs-ux: design work carries the UX label
    -   add ~UX (act)
    - labels: workflow::design, UX
    + design-needs-ux: design work carries the UX label, and so does the issue

fails.txtar:10: the event has no decision: write one behind it, or let --update write what comes
    + design-needs-ux: nothing that this rule looks at has changed

weight.txtar:1: part "event": weight "much": a number or none is wanted
`
	if diff := cmp.Diff(want, text(t, r)); diff != "" {
		t.Error("-want +got\n", diff)
	}
	if r.Failures() != 5 || r.Configs() != 2 {
		t.Errorf("%d failures under %d configurations", r.Failures(), r.Configs())
	}
}

// TestWhy: where something was expected of a rule that is silent, its reason is told.
func TestWhy(t *testing.T) {
	folder(t, map[string]string{
		"flowkeeper.yaml": "design-needs-ux needs-type",
		"a.txtar":         "-- event --\nadd: [\"type::bug\"]\n-- decision --\nneeds-type: it lacks one\n",
	})
	got := text(t, run(t, suite.Options{Path: "a.txtar"}))
	want := "    - needs-type: it lacks one\n    Why:\n      needs-type: the issue has a type\n"
	if !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant in it\n%s", got, want)
	}
}

// TestUpdate writes what comes, keeps all else, and then everything is as expected.
func TestUpdate(t *testing.T) {
	folder(t, map[string]string{"flowkeeper.yaml": "design-needs-ux", "fails.txtar": fails, "passes.txtar": passes})
	if r := run(t, suite.Options{Path: ".", Update: true}); r.Updated != 1 || r.Failures() != 0 {
		t.Errorf("%d updated, %d failures", r.Updated, r.Failures())
	}
	if r := run(t, suite.Options{Path: "."}); r.Failures() != 0 {
		t.Errorf("after the update:\n%s", text(t, r))
	}
	written, err := os.ReadFile("fails.txtar")
	if err != nil || !strings.HasPrefix(string(written), fails[:strings.Index(fails, "-- decision --")]) {
		t.Errorf("%v\n%s", err, written)
	}
}

// TestNothingToPlay: what was named wrongly is said, and what would be right.
func TestNothingToPlay(t *testing.T) {
	folder(t, map[string]string{"flowkeeper.yaml": "needs-type", "empty/readme.md": "x"})
	for path, want := range map[string]string{
		"nowhere": "there is no folder nowhere", "empty": "there are no scenarios in empty: their names end with .txtar",
		"flowkeeper.yaml": "flowkeeper.yaml is no folder and no scenario",
	} {
		if _, err := suite.Run(suite.Options{Path: path, Load: load}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want something with %q", path, err, want)
		}
	}
}

// junit is a JUnit report as its readers see it.
type junit struct {
	Tests, Failures, Errors int `xml:",attr"`
	Suites                  []struct {
		Name  string `xml:"name,attr"`
		Tests int    `xml:"tests,attr"`
		Cases []struct {
			Name    string `xml:"name,attr"`
			File    string `xml:"file,attr"`
			Failure string `xml:"failure"`
			Error   string `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func writeJUnit(t failer, r suite.Result) ([]byte, junit) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJUnit(&b); err != nil {
		t.Fatalf("writing: %v", err)
	}
	var read struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		junit
	}
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatalf("reading: %v\n%s", err, &b)
	}
	read.junit.Tests, read.junit.Failures, read.junit.Errors = read.Tests, read.Failures, read.Errors
	return b.Bytes(), read.junit
}

// failer is a test, or a draw of rapid's.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func TestJUnit(t *testing.T) {
	folder(t, map[string]string{
		"flowkeeper.yaml": "design-needs-ux", "fails.txtar": fails, "passes.txtar": passes, "bad.yaml": "bad", "bad/a.txtar": passes,
	})
	first, got := writeJUnit(t, run(t, suite.Options{Path: "."}))
	again, _ := writeJUnit(t, run(t, suite.Options{Path: "."}))
	if !bytes.Equal(first, again) {
		t.Error("the same suite gives another report")
	}
	if got.Tests != 3 || got.Failures != 1 || got.Errors != 1 || len(got.Suites) != 2 {
		t.Fatalf("%s", first)
	}
	bad, fine := got.Suites[0].Cases, got.Suites[1].Cases
	if bad[0].Error != "bad.yaml:1:1: bad\nvery bad" || fine[0].File != "fails.txtar" || !strings.Contains(fine[0].Failure, "- labels: workflow::design, UX\n") || fine[1].Failure != "" {
		t.Errorf("%s", first)
	}
}

// TestJUnitOfAnything: whatever a decision says, the report can be read.
func TestJUnitOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.String().Draw(t, "said")
		r := suite.Result{Cases: []suite.Case{
			{File: said, Config: "c", Failures: []suite.Failure{{Line: 1, Message: said, Details: said}}},
			{File: "b", Config: said, Broken: errors.New(said)},
		}}
		if _, got := writeJUnit(t, r); got.Tests != 2 || got.Failures != 1 || got.Errors != 1 {
			t.Fatalf("%+v", got)
		}
	})
}
