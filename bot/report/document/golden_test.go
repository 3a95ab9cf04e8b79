package document_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/report/document"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

var update = flag.Bool("update", false, "write the golden documents")

// checkGolden compares a text with a file of testdata.
func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // a file of the test's own
	if err != nil {
		t.Fatalf("%v: write it with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); write it with -update:\n%s", file, diff)
	}
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
