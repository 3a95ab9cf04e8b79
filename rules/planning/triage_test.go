package planning_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/planning/planningtest"
	"flowkeeper/rules/triage"
)

// onMonday is the world of the triage report.
func onMonday() planning.Snapshot { return planningtest.For(planning.KindTriage, planning.Version{}) }

func TestGoldenTriage(t *testing.T) {
	checkGolden(t, "triage", compose(t, planning.KindTriage, onMonday()))
}

func TestGoldenSLO(t *testing.T) {
	checkGolden(t, "slo", compose(t, planning.KindSLO, onMonday()))
}

// rowsOf are the rows of a section, nil if the document has none of that name.
func rowsOf(d planning.Document, section string) []planning.Row {
	for _, s := range d.Sections {
		if s.Name == section {
			return s.Rows
		}
	}
	return nil
}

// lists reports whether a section of a document has an issue.
func lists(d planning.Document, section string, i planning.Issue) bool {
	return slices.ContainsFunc(rowsOf(d, section), func(r planning.Row) bool { return r.Issue != nil && r.Issue.Ref == i.Ref })
}

// TestTriageLists: each case stands in the lists that it is made for, and in no other.
func TestTriageLists(t *testing.T) {
	s := onMonday()
	s.Options.Cap = 0
	d := compose(t, planning.KindTriage, s)
	for name, want := range map[string][]string{
		"unlabelled": {"without-type"}, "without-type": {"without-type"}, "bug-subtype-only": {"without-type"},
		"bug-without-severity": {"bugs-without-severity"}, "bug-without-either": {"bugs-without-severity"}, "bug-without-priority": {"bugs-without-priority"},
		"ux-debt-without-severity": {"ux-debt"}, "deferred-ux-without-severity": {"ux-debt"},
		"feature-customer": {"features-without-milestone"}, "feature-frontend": {"features-without-milestone"},
		"frontend-bug": {"frontend-bugs"}, "two-sided-bug": {"frontend-bugs"}, "backend-bug": {"backend-bugs"},
		"past-1": {"past-slo"}, "past-3-unknown": {"past-slo"}, "past-infradev": {"past-slo"}, "limit-today": {"past-slo"}, "two-severities": {"past-slo"},
		"near-1": {"near-slo"}, "near-3-unknown": {"near-slo"}, "near-infradev": {"near-slo"}, "in-time-4": nil,
		"blocked": {"blocked"}, "blocked-unknown": {"blocked"}, "blocked-lately": nil, "stale": {"idle"}, "stale-bug": {"past-slo", "idle"}, "almost-stale": nil,
		"duplicate-1": nil, "duplicate-2": {"duplicates"}, "duplicate-3": nil, "duplicate-5": {"duplicates"}, "no-duplicate-2": nil,
		"skipped": nil, "other-group": nil, "unweighted": nil,
	} {
		i, got := planningtest.Case(name), []string(nil)
		for _, section := range d.Sections {
			if lists(d, section.Name, i) {
				got = append(got, section.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s stands in %v, want %v", name, got, want)
		}
	}
}

// TestDone: a box can be ticked when the issue has what was missing, not before, and when it is closed.
func TestDone(t *testing.T) {
	labelled := func(labels ...string) func(*planning.Issue) {
		return func(i *planning.Issue) { i.Labels = append(slices.Clone(i.Labels), labels...) }
	}
	for _, test := range []struct {
		section, name string
		mend          func(*planning.Issue)
	}{
		{"past-slo", "past-2", func(i *planning.Issue) { i.Labels = []string{"type::bug", "severity::4"} }},
		{"near-slo", "near-1", func(i *planning.Issue) { i.Labels = []string{"type::bug", "severity::3"} }},
		{"without-type", "without-type", labelled("type::feature")},
		{"without-type", "without-type", labelled("group::gitaly", "type::undefined")},
		{"bugs-without-severity", "bug-without-either", labelled("severity::3")},
		{"bugs-without-priority", "bug-without-priority", labelled("priority::3")},
		{"features-without-milestone", "feature-customer", func(i *planning.Issue) { i.Milestone = "Backlog" }},
		{"frontend-bugs", "frontend-bug", func(i *planning.Issue) { i.Milestone = "19.8" }},
		{"backend-bugs", "backend-bug", func(i *planning.Issue) { i.Milestone = "19.8" }},
		{"ux-debt", "ux-debt-without-severity", labelled("severity::4")},
		{"duplicates", "duplicate-2", labelled("Duplicate")},
		{"blocked", "blocked", func(i *planning.Issue) { i.Labels = []string{"type::feature", "workflow::in dev"} }},
		{"idle", "stale", func(i *planning.Issue) { i.UpdatedAt = planningtest.Now }},
	} {
		s, i := onMonday(), planningtest.Case(test.name)
		if planning.Done(planning.KindTriage, test.section, &i, s) {
			t.Errorf("%s is done in %s before anything was done", test.name, test.section)
		}
		closed := i
		if closed.Closed = true; !planning.Done(planning.KindTriage, test.section, &closed, s) {
			t.Errorf("%s is not done in %s when it is closed", test.name, test.section)
		}
		if test.mend(&i); !planning.Done(planning.KindTriage, test.section, &i, s) {
			t.Errorf("%s is not done in %s with %v", test.name, test.section, i.Labels)
		}
	}
	if i := planningtest.Case("near-1"); planning.Done(planning.KindTriage, "near-slo", &i, on(onMonday(), time.December, 6)) {
		t.Error("a bug that has passed its limit in the meantime is done with being near it")
	}
	if i := planningtest.Case("near-1"); !planning.Done(planning.KindTriage, "no such list", &i, onMonday()) {
		t.Error("an issue belongs into a list that there is not")
	}
}

// TestRowsBelong: no box of a fresh report could be ticked at once.
func TestRowsBelong(t *testing.T) {
	s := onMonday()
	byRef := map[triage.Ref]*planning.Issue{}
	for n := range s.Issues {
		byRef[s.Issues[n].Ref] = &s.Issues[n]
	}
	for _, section := range compose(t, planning.KindTriage, s).Sections {
		for _, r := range section.Rows {
			if r.Box != planning.NoBox && planning.Done(planning.KindTriage, section.Name, byRef[r.Issue.Ref], s) {
				t.Errorf("%s: the box of %s could be ticked at once", section.Name, r.Issue.URL)
			}
		}
	}
}

// TestCap: a list is cut, and says by how much; what is past its SLO never is.
func TestCap(t *testing.T) {
	s := onMonday()
	s.Options.Cap = 1
	for _, section := range compose(t, planning.KindTriage, s).Sections {
		boxes := 0
		for _, r := range section.Rows {
			if r.Box != planning.NoBox {
				boxes++
			}
		}
		if section.Name == "past-slo" {
			if section.More != 0 || boxes < 2 {
				t.Errorf("past-slo shows %d issues and %d more", boxes, section.More)
			}
		} else if boxes > 1 || boxes == 1 && section.Count > 2 && section.More == 0 {
			t.Errorf("%s shows %d issues of %d and %d more", section.Name, boxes, section.Count, section.More)
		}
	}
}

// TestSecondReport: a report says what changed since its predecessor, also when it is composed again.
func TestSecondReport(t *testing.T) {
	first := compose(t, planning.KindTriage, onMonday())
	s := on(onMonday(), time.December, 7)
	mended := planningtest.Case("ux-debt-without-severity").Ref
	s.Issues = slices.DeleteFunc(s.Issues, func(i planning.Issue) bool { return i.Ref == mended })
	s.Previous = first.State
	second := compose(t, planning.KindTriage, s)
	s.Previous, s.Key = second.State, second.Key
	s = on(s, time.December, 9)
	for name, d := range map[string]planning.Document{"second": second, "second, composed again": compose(t, planning.KindTriage, s)} {
		for _, section := range d.Sections {
			if section.Name == "ux-debt" && (section.Count != 1 || section.Before == nil || *section.Before != 2) {
				t.Errorf("%s: %d UX debts, before %v, want 1 after 2", name, section.Count, section.Before)
			}
		}
		if d.Key != "2026-12-07" || d.Due != (planning.Date{Year: 2026, Month: time.December, Day: 14}) || d.State.Key != d.Key || d.State.Before["ux-debt"] != 2 {
			t.Errorf("%s: %s %+v", name, d.Key, d.State)
		}
	}
	for _, section := range first.Sections {
		if section.Before != nil {
			t.Errorf("the first report knows one before it: %s %d", section.Name, *section.Before)
		}
	}
}

// TestConfidential: of confidential issues nothing is told but how many there are, and less where everybody reads it.
func TestConfidential(t *testing.T) {
	for name, home := range map[string]planning.Home{
		"another project": {Project: planningtest.Planning.ID, Path: planningtest.Planning.Path},
		"its own project": {Project: planningtest.App.ID, Path: planningtest.App.Path},
		"public":          {Project: planningtest.App.ID, Path: planningtest.App.Path, Public: true},
		"only printed":    {},
	} {
		for _, k := range []planning.Kind{planning.KindTriage, planning.KindSLO} {
			s := onMonday()
			s.Home = home
			d := compose(t, k, s)
			text := outline(d)
			if strings.Contains(text, "SECRET") || strings.Contains(text, "bug::vulnerability") || home.Public && strings.Contains(text, "(confidential)") {
				t.Errorf("%s in %s tells what is confidential:\n%s", k, name, text)
			}
			if n := len(d.Sections[0].Rows); d.Sections[0].Count != 9 || home.Public != (n < 9) {
				t.Errorf("%s in %s counts %d past their SLO and shows %d", k, name, d.Sections[0].Count, n)
			}
		}
	}
}

// TestConfidentialPair: a confidential issue is in no pair, which would tell its title by the other's.
func TestConfidentialPair(t *testing.T) {
	s := onMonday()
	for n := range s.Issues {
		if s.Issues[n].Ref == planningtest.Case("duplicate-5").Ref {
			s.Issues[n].Confidential = true
		}
	}
	if rows := rowsOf(compose(t, planning.KindTriage, s), "duplicates"); len(rows) != 1 {
		t.Errorf("%d pairs, want only the public one", len(rows))
	}
}

// TestFree: where an issue has one assignee, the first manager is assigned, and all are asked.
func TestFree(t *testing.T) {
	s := onMonday()
	s.Home.Premium = false
	d := compose(t, planning.KindTriage, s)
	if !slices.Equal(d.Assignees, []string{"emma"}) || !slices.Equal(d.Asks, []string{"emma", "farid", "priya"}) {
		t.Errorf("assigned to %v, asks %v", d.Assignees, d.Asks)
	}
}

// TestNothingToTriage: a report without anything to say says so, and lists nothing.
func TestNothingToTriage(t *testing.T) {
	s := onMonday()
	s.Issues = slices.DeleteFunc(s.Issues, func(i planning.Issue) bool { return i.Ref != planningtest.Case("in-time-4").Ref })
	if d := compose(t, planning.KindTriage, s); !d.Empty || len(d.Sections) != 0 || len(d.Intro) == 0 {
		t.Errorf("%+v", d)
	}
	s.Issues = nil
	if d := compose(t, planning.KindSLO, s); !d.Empty || len(d.Intro) == 0 {
		t.Errorf("%+v", d)
	}
}

// TestLabelledOnly: a team of whose issues each carries its label has no others, and links to no others.
func TestLabelledOnly(t *testing.T) {
	s := onMonday()
	c := s.Team.TeamConfig
	c.LabelledOnly = true
	s.Team = triage.NewTeam(c)
	d := compose(t, planning.KindTriage, s)
	if lists(d, "without-type", planningtest.Case("unlabelled")) {
		t.Error("an issue without the team's label is listed")
	}
	for _, section := range d.Sections {
		if f := section.Filter; f != nil && !slices.Contains(f.Labels, c.GroupLabel) {
			t.Errorf("%s links to issues of other teams: %+v", section.Name, f)
		}
	}
}

// TestMisspeltLabels: a label that is known in another spelling counts.
func TestMisspeltLabels(t *testing.T) {
	i := planning.Issue{Title: "words", Labels: []string{"Type::Bug", "severity :: 1", "Priority::2"}, SeverityAt: planningtest.Now.AddDate(0, 0, -31), Milestone: "Backlog", UpdatedAt: planningtest.Now}
	s := onMonday()
	s.Issues = []planning.Issue{i}
	if d := compose(t, planning.KindTriage, s); len(rowsOf(d, "past-slo")) != 1 || len(rowsOf(d, "bugs-without-severity"))+len(rowsOf(d, "bugs-without-priority"))+len(rowsOf(d, "without-type")) != 0 {
		t.Errorf("\n%s", outline(d))
	}
}

// TestBlockedStaysOpen: an issue that is still blocked keeps its box open when something else of it changes, also where nobody knows since when it is.
func TestBlockedStaysOpen(t *testing.T) {
	s := planningtest.World()
	i := planningtest.Case("blocked")
	i.StateAt, i.UpdatedAt = time.Time{}, s.Now.Add(-time.Minute)
	if planning.Done(planning.KindTriage, "blocked", &i, s) {
		t.Error("ticked after a comment")
	}
	i.StateAt = s.Now.Add(-time.Hour)
	if !planning.Done(planning.KindTriage, "blocked", &i, s) {
		t.Error("blocked anew, it is not ticked")
	}
	i.StateAt, i.Labels = time.Time{}, nil
	if !planning.Done(planning.KindTriage, "blocked", &i, s) {
		t.Error("no longer blocked, it is not ticked")
	}
}

// TestNothingLeft: a report of which all was seen to mentions the same people, so that GitLab tells them nothing when more comes.
func TestNothingLeft(t *testing.T) {
	s := onMonday()
	asked := compose(t, planning.KindTriage, s).Asks
	s.Issues = nil
	if d := compose(t, planning.KindTriage, s); !d.Empty || len(asked) == 0 || !slices.Equal(d.Asks, asked) {
		t.Errorf("it asks %v, before %v", d.Asks, asked)
	}
}
