package report_test

import (
	"context"
	"strings"
	"testing"

	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// TestPredecessorsIssues: the issues that were dealt for the milestone before are not listed again, with ticked boxes, for the next one.
func TestPredecessorsIssues(t *testing.T) {
	l := newLab(t)
	old := l.add("weighed for the milestone before")
	p := l.publisher(nil)
	l.document = func(k planning.Kind, s planning.Snapshot) (planning.Document, error) {
		s.Calendar = planning.New(planning.Options{})
		for n := range s.Issues {
			if s.Issues[n].Ref == old {
				s.Issues[n].Milestone = milestone.String()
			}
		}
		return planning.Compose(k, s)
	}
	_, err := p.Post(t.Context(), planning.KindNeedsWeight, milestone, monday)
	l.must(err)
	weight := 3
	l.must(l.gitlab.Edit("mia", old, sandbox.Change{Weight: &weight}))
	l.add("of the next one")
	o, err := p.Post(t.Context(), planning.KindNeedsWeight, milestone.Next(), monday)
	l.must(err)
	text := l.reports()[1].Description
	if o.What != report.Opened || strings.Contains(text, "weighed for the milestone before") || !strings.Contains(text, "of the next one") {
		t.Errorf("%s:\n%s", o.What, text)
	}
}

// TestDaysAwayOverTwoMilestones: days away that were said on the planning issue before count on the next one, in both of its blocks.
func TestDaysAwayOverTwoMilestones(t *testing.T) {
	l := newLab(t)
	l.add("first")
	p := l.publisher(nil)
	_, err := p.Post(t.Context(), planning.KindPlanning, milestone, monday)
	l.must(err)
	_, err = p.Refresh(t.Context(), report.Request{
		Report: l.entry(p), Edits: []triage.ReportEdit{{Person: "ann", AwayFrom: "2026-12-21", AwayTo: "2027-01-22"}}, May: func(context.Context) error { return nil },
	})
	l.must(err)
	_, err = p.Post(t.Context(), planning.KindPlanning, milestone.Next(), monday)
	l.must(err)
	for _, k := range []planning.Kind{planning.KindPlanning, planning.KindCapacity} {
		b, err := document.Parse(l.reports()[1].Description, k)
		l.must(err)
		if len(b.State.Away["ann"]) != 1 {
			t.Errorf("the block of %s knows of the days %v", k, b.State.Away)
		}
	}
}
