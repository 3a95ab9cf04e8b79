package planning_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
)

// TestLookBack says of each kind of issue in which list of the retrospective of 19.7 it stands, while 19.7 runs and when it has ended.
func TestLookBack(t *testing.T) {
	closed := func(i planning.Issue) planning.Issue {
		i.Closed = true
		return i
	}
	left := func(i planning.Issue, milestones ...string) planning.Issue {
		i.LeftMilestones = milestones
		return i
	}
	for _, c := range []struct {
		name           string
		issue          planning.Issue
		running, ended string // the list, "" for none
	}{
		{"done", closed(candidate(1, "19.7", 2, "complete", "Deliverable")), "shipped", "shipped"},
		{"done without having been selected", closed(candidate(1, "19.7", 2, "complete")), "shipped", "shipped"},
		{"closed in refinement: it was given up", closed(candidate(1, "19.7", 2, "refinement")), "", ""},
		{"a duplicate", closed(candidate(1, "19.7", 2, "in dev", "Duplicate")), "", ""},
		{"done for the frontend", closed(planning.Issue{Ref: unweighted(1).Ref, Milestone: "19.7", Labels: []string{"frontend"}}), "", ""},
		{"selected, still open", candidate(1, "19.7", 2, "refinement", "Deliverable"), "", "slipped"},
		{"begun, still open", candidate(1, "19.7", 2, "in dev"), "", "slipped"},
		{"a candidate, still open", candidate(1, "19.7", 2, "ready for development"), "", ""},
		{"selected and moved on", left(candidate(1, "19.8", 2, "refinement", "Deliverable"), "19.7"), "slipped", "slipped"},
		{"selected and put off", left(candidate(1, "Backlog", 2, "refinement", "Deliverable"), "19.7"), "slipped", "slipped"},
		{"a candidate that moved on", left(candidate(1, "19.8", 2, "refinement"), "19.7"), "", ""},
		{"selected for another milestone", left(candidate(1, "19.8", 2, "refinement", "Deliverable"), "19.6"), "", ""},
		{"labelled", candidate(1, "19.8", 2, "refinement", "missed:19.7"), "missed", "missed"},
		{"labelled and moved on", left(candidate(1, "19.8", 2, "in dev", "missed:19.7", "Deliverable"), "19.7"), "missed", "missed"},
		{"labelled and done since", closed(candidate(1, "19.8", 2, "complete", "missed:19.7")), "missed", "missed"},
		{"labelled for another milestone", candidate(1, "19.8", 2, "refinement", "missed:19.6"), "", ""},
	} {
		s := empty()
		s.Milestone, s.Issues = planningtest.Running, []planning.Issue{c.issue, unweighted(99)}
		for _, on := range []struct {
			day  int
			want string
		}{{11, c.running}, {12, c.ended}} {
			s.Now = time.Date(2026, time.December, on.day, 9, 0, 0, 0, time.UTC)
			got := ""
			for section, issues := range dealtTo(compose(t, planning.KindRetrospective, s)) {
				if slices.Contains(issues, c.issue.IID) {
					got += section
				}
			}
			if got != on.want {
				t.Errorf("%s, on %d December: in %q, want %q", c.name, on.day, got, on.want)
			}
		}
	}
}

// TestScore says how many of the Deliverables were done.
func TestScore(t *testing.T) {
	done := candidate(1, "19.7", 3, "complete", "Deliverable")
	extra := candidate(2, "19.7", 1, "complete")
	done.Closed, extra.Closed = true, true
	moved := candidate(3, "19.8", 2, "in dev", "Deliverable")
	moved.LeftMilestones = []string{"19.7"}
	s := on(empty(), time.December, 16)
	s.Milestone, s.Issues = planningtest.Running, []planning.Issue{done, extra, moved, candidate(4, "19.7", 2, "in dev", "Deliverable")}
	want := "19.7 ended on 11 December 2026: 2 issues with a weight of 4 shipped, 1 of 3 Deliverables done."
	if got := compose(t, planning.KindRetrospective, s).Intro[1].Plain(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestNothingToLookBackOn is said, and nothing is opened; with issues that are not done yet it is.
func TestNothingToLookBackOn(t *testing.T) {
	s := on(empty(), time.November, 25)
	s.Milestone = planningtest.Running
	if d := compose(t, planning.KindRetrospective, s); !d.Empty || !strings.HasPrefix(d.Intro[0].Plain(), "There is nothing to look back on") {
		t.Errorf("empty %v, %q", d.Empty, d.Intro[0].Plain())
	}
	s.Issues = []planning.Issue{candidate(1, "19.7", 2, "in dev")}
	if d := compose(t, planning.KindRetrospective, s); d.Empty || d.Sections[0].Text[0].Plain() != "Nothing yet." {
		t.Errorf("with an issue in development: empty %v, %+v", d.Empty, d.Sections)
	}
}
