package document_test

import (
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/report/document"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

var update = flag.Bool("update", false, "write the golden documents")

// checkGolden compares a text with a file of testdata.
func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	testkit.Golden(t, *update, filepath.Join("testdata", name), got)
	if strings.Contains(got, "SECRET") {
		t.Errorf("%s tells what is confidential", name)
	}
}

// compose is the document of the fixed world, as it is gathered for the kind.
func compose(t *testing.T, k planning.Kind, change func(*planning.Snapshot)) planning.Document {
	t.Helper()
	s := planningtest.For(k, planningtest.Coming)
	if change != nil {
		change(&s)
	}
	d, err := planning.Compose(k, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGolden compares what the fixed world looks like with what was read and found good: in GitLab, on a terminal and for programs.
func TestGolden(t *testing.T) {
	for _, k := range []planning.Kind{planning.KindTriage, planning.KindSLO} {
		d := compose(t, k, nil)
		var table, program strings.Builder
		if err := document.WriteTable(&table, d); err != nil {
			t.Fatal(err)
		}
		if err := document.WriteJSON(&program, d); err != nil {
			t.Fatal(err)
		}
		checkGolden(t, string(k)+".md", described(d, options))
		checkGolden(t, string(k)+".txt", table.String())
		checkGolden(t, string(k)+".json", program.String())
	}
}

// TestGoldenPublic is of a home that everybody reads.
func TestGoldenPublic(t *testing.T) {
	d := compose(t, planning.KindTriage, func(s *planning.Snapshot) {
		s.Home = planning.Home{Project: planningtest.App.ID, Path: planningtest.App.Path, Public: true}
	})
	checkGolden(t, "triage-public.md", described(d, document.Options{List: options.List, Home: planningtest.App.Path}))
}

// TestGoldenSecond is of a week later: three lists are shorter, one is longer and one is empty.
func TestGoldenSecond(t *testing.T) {
	first := compose(t, planning.KindTriage, nil)
	d := compose(t, planning.KindTriage, func(s *planning.Snapshot) {
		s.Now, s.Previous = s.Now.AddDate(0, 0, 7), first.State
		seenTo := []string{"past-infradev", "past-2", "blocked", "ux-debt-without-severity", "deferred-ux-without-severity", "bug-without-priority"}
		s.Issues = slices.DeleteFunc(s.Issues, func(i planning.Issue) bool {
			return slices.ContainsFunc(seenTo, func(name string) bool { return planningtest.Case(name).Ref == i.Ref })
		})
	})
	checkGolden(t, "triage-second.md", described(d, options))
}
