package report_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// TestHide: a kickoff that names an issue which became confidential is composed afresh; where there was none it is not written for that.
func TestHide(t *testing.T) {
	l, p := posted(t, planning.KindPlanning)
	said := func() []sandbox.Note { return l.open()[0].CommentsBy(botName) }
	if l.refresh(p, report.Hide); len(said()) > 0 {
		t.Error("a kickoff was written")
	}
	l.refresh(p, report.Kickoff)
	l.must(l.gitlab.Edit("ann", triage.Ref{Project: l.issues, IID: 1}, sandbox.Change{Weight: triage.Int(1)}))
	if l.refresh(p, report.Hide); len(said()) != 1 || strings.Contains(said()[0].Text, "first") {
		t.Errorf("the comments are %+v", said())
	}
}

// TestNoEditOfBroken: who would like an issue is not told that this was noted on a planning issue which cannot be written.
func TestNoEditOfBroken(t *testing.T) {
	l, p := posted(t, planning.KindPlanning)
	edits := []triage.ReportEdit{{Person: "ann", Takes: &triage.Ref{Project: l.issues, IID: 1}}}
	for _, want := range []int{1, 0} {
		if n, err := p.EditHolding(t.Context(), l.url+"/team/project/-/issues/1", edits); n != want || err != nil {
			t.Errorf("it reached %d reports, %v; want %d", n, err, want)
		}
		l.describe(strings.Replace(l.text(), "<!-- flowkeeper:end planning -->", "", 1))
		_, err := p.Refresh(t.Context(), report.Request{Report: l.entry(p), May: func(context.Context) error { return nil }})
		if !errors.Is(err, document.ErrNoEnd) {
			t.Error(err)
		}
	}
}
