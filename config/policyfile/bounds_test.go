package policyfile_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"flowkeeper/config/policyfile"
	"flowkeeper/rules/triage"
)

// TestBounded reads what would keep a reader busy for ever. Each is one clear problem, or a rule that does not run.
func TestBounded(t *testing.T) {
	const head = "resource_rules:\n  issues:\n    rules:\n"
	aliases := func(levels int, first, item string) string {
		var b strings.Builder
		fmt.Fprintf(&b, ".a0: &a0 %s\n", first)
		for i := range levels {
			fmt.Fprintf(&b, ".a%d: &a%d %s\n", i+1, i+1, fmt.Sprintf(item, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 40), ", ")))
		}
		return b.String()
	}
	for _, test := range []struct{ name, source, want string }{
		{"any of any", aliases(8, "{state: opened}", "{any: [%s]}") + head + "      - {conditions: *a8, actions: {labels: [a]}}\n", "more than can be read"},
		{"lists of lists", aliases(8, "[a]", "[%s]") + head + "      - {conditions: {labels: *a8}, actions: {labels: [a]}}\n", "an item that is a list"},
		{"merges of merges", aliases(8, "{x: y}", "{<<: [%s]}") + head + "      - {conditions: *a8, actions: {labels: [a]}}\n", "there is no condition x"},
		{"a rule many times", ".r: &r {conditions: {labels: [a, b, c]}, actions: {labels: [a]}}\n" + head + strings.Repeat("      - *r\n", 9000), "file is too long"},
		{"labels many times", ".l: &l [" + strings.Repeat("a, ", 5000) + "a]\n" + head + strings.Repeat("      - {conditions: {labels: *l}, actions: {labels: *l}}\n", 300), "more than can be read"},
		{"braces", head + "      - {conditions: {labels: [" + strings.TrimSuffix(strings.Repeat(`"{1..9}{1..9}{1..9}{1..9}", `, 50), ", ") + "]}, actions: {labels: [a]}}\n", "more than 1000 rules"},
		{"one sequence", head + `      - {conditions: {labels: ["{1..999999999999}"]}, actions: {labels: [a]}}` + "\n", "more than 1000 rules"},
		{"around itself", "&r\nresource_rules:\n  issues:\n    rules:\n      - *r\n", "within what it repeats"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, problems := policyfile.Read([]policyfile.Source{{Name: "a.yml", Content: []byte(test.source)}}, policyfile.Defaults{})
			text := problems.Error()
			for _, e := range p.Entries {
				for _, n := range e.Notes {
					text += n.What + "\n"
				}
			}
			if !strings.Contains(text, test.want) {
				t.Errorf("got %.300s\nwant %s", text, test.want)
			}
		})
	}
}

// TestLineEndings reads files as other systems write them.
func TestLineEndings(t *testing.T) {
	source := "resource_rules:\n  issues:\n    rules:\n      - name: A\n        actions:\n          comment: |\n            Hello\n            /lock\n"
	want := result(policyfile.Read([]policyfile.Source{{Name: "a.yml", Content: []byte(source)}}, policyfile.Defaults{Mode: triage.Remind}))
	if !strings.Contains(want, "line 8, does not run: comment: /lock") {
		t.Fatal(want)
	}
	for name, other := range map[string]string{"CRLF": strings.ReplaceAll(source, "\n", "\r\n"), "CR": strings.ReplaceAll(source, "\n", "\r"), "BOM": "\ufeff" + source} {
		if got := result(policyfile.Read([]policyfile.Source{{Name: "a.yml", Content: []byte(other)}}, policyfile.Defaults{Mode: triage.Remind})); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// FuzzRead holds the reader to what others rely on: it ends, each rule that runs has an entry that says so and an id of its own, and there is
// something to say of each that does not.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			f.Add(part.Data)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		p, problems := policyfile.Read([]policyfile.Source{{Name: "a.yml", Content: content}}, policyfile.Defaults{Mode: triage.Remind})
		running := map[string]bool{}
		for _, r := range p.Rules {
			if running[r.ID] {
				t.Fatalf("%s comes twice", r.ID)
			}
			running[r.ID] = true
			for _, c := range r.When {
				_ = c.String()
			}
		}
		for _, e := range p.Entries {
			if runs := e.Status() != policyfile.DoesNotRun; len(problems) == 0 && runs != running[e.ID] {
				t.Fatalf("%s: %s, but it runs: %v", e.ID, e.Status(), running[e.ID])
			}
		}
		for _, problem := range problems {
			if problem.Message == "" {
				t.Fatalf("a problem says nothing: %+v", problem)
			}
		}
	})
}

// BenchmarkRead reads twelve files of 16 rules each, which is what teams have.
func BenchmarkRead(b *testing.B) {
	var one strings.Builder
	one.WriteString(".open: &open {state: opened}\nresource_rules:\n  issues:\n    rules:\n")
	for i := range 16 {
		fmt.Fprintf(&one, `      - name: Rule %d
        conditions:
          <<: *open
          date: {attribute: updated_at, condition: older_than, interval_type: months, interval: %d}
          labels: ["workflow::{triage, investigation, devel}", "p{1..4}"]
          forbidden_labels: [stale, backlog]
        actions:
          labels: [stale]
          comment: |
            {{author}} This has been inactive for a while.

            It gets closed if nobody says a word; say one if it is still of interest.

            /milestone %%"Backlog"
`, i, i+1)
	}
	var sources []policyfile.Source
	for i := range 12 {
		sources = append(sources, policyfile.Source{Name: fmt.Sprintf("%d.yml", i), Content: []byte(one.String())})
	}
	for b.Loop() {
		if p, problems := policyfile.Read(sources, policyfile.Defaults{}); len(problems) > 0 || len(p.Rules) != 12*16 {
			b.Fatal(problems, len(p.Rules))
		}
	}
}
