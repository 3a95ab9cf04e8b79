package report_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/report"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
)

// TestPostedForAnotherDay: a report of a day to come, or of a milestone far ahead, is found again.
func TestPostedForAnotherDay(t *testing.T) {
	for name, post := range map[string]struct {
		kind  planning.Kind
		day   time.Time
		later time.Duration
	}{
		"a day to come":             {planning.KindTriage, monday.AddDate(0, 4, 0), time.Hour},
		"a milestone in ten months": {planning.KindPlanning, monday, 300 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.add("first")
			for range 2 {
				_, err := l.publisher(nil).Post(t.Context(), post.kind, milestone, post.day)
				l.must(err)
				l.emptyStore()
				l.later(post.later)
				if post.kind == planning.KindPlanning {
					post.day = l.clock()
				}
			}
			if n := len(l.reports()); n != 1 {
				t.Errorf("there are %d reports", n)
			}
		})
	}
}

// TestCapacityInCode: a template whose place for the capacity is code, where GitLab would show the marks of the block, is refused.
func TestCapacityInCode(t *testing.T) {
	l := newLab(t)
	l.frame = "{{block}}\n\n```\n{{capacity}}\n```\n"
	if _, err := l.publisher(nil).Post(t.Context(), planning.KindPlanning, milestone, monday); err == nil || !strings.Contains(err.Error(), "template") || len(l.reports()) > 0 {
		t.Errorf("%v, %d reports", err, len(l.reports()))
	}
}

// TestElsewhere: a report that does not stand where reports are opened is left as it is, since others may read it there; the new place gets its own.
func TestElsewhere(t *testing.T) {
	l, p := posted(t, planning.KindPlanning)
	of, before := l.entry(p), l.text()
	l.add("third")
	l.home = l.gitlab.AddProject("team/reports")
	if _, is, err := p.Recognise(t.Context(), of.Ref); is || err != nil {
		t.Errorf("it is a report: %t, %v", is, err)
	}
	r, err := p.Refresh(t.Context(), report.Request{Report: of, Tasks: []report.Task{report.Kickoff}, May: func(context.Context) error { return nil }})
	if i := l.gitlab.Issue(of.Ref); err != nil || len(r.Did) > 0 || i.Description != before || len(i.CommentsBy(botName)) > 0 {
		t.Errorf("%v %v: %s", r.Did, err, i.Description)
	}
	_, err = p.Post(t.Context(), planning.KindPlanning, milestone, monday)
	if l.must(err); len(l.reports()) != 1 {
		t.Errorf("there are %d reports", len(l.reports()))
	}
}

// TestOpenedByHand: a planning issue that the command line opened, which shares no store with the bot, gets its kickoff.
func TestOpenedByHand(t *testing.T) {
	l, _ := posted(t, planning.KindTriage)
	byHand := &lab{T: t, gitlab: l.gitlab, url: l.url, client: l.client, self: l.self, home: l.home, issues: l.issues, now: l.now, queue: &queue{}}
	byHand.emptyStore()
	_, err := byHand.publisher(nil).Post(t.Context(), planning.KindPlanning, milestone, monday)
	l.must(err)
	l.queue.take(t)
	l.now = time.Date(2026, time.December, 11, 6, 0, 0, 0, time.UTC)
	l.must(l.publisher(act(planning.KindKickoff)).RunDue(t.Context()))
	if got := l.queue.take(t); len(got) != 1 || !strings.HasSuffix(got[0], " kickoff") {
		t.Errorf("it enqueues %q", got)
	}
}

// TestFirstOfTwoClosed: of two reports that GitLab opened, people closed the first. The second one counts then.
func TestFirstOfTwoClosed(t *testing.T) {
	l, _ := posted(t, planning.KindTriage)
	first := l.open()[0]
	second, err := l.gitlab.Open(botName, l.home, sandbox.IssueOptions{Title: first.Title, Description: first.Description})
	l.must(err)
	l.must(l.gitlab.Edit("ann", first.Ref, sandbox.Change{Close: true}))
	l.emptyStore()
	p := l.publisher(nil)
	if o, err := p.Post(t.Context(), planning.KindTriage, planning.Version{}, monday); err != nil || o.Ref != second {
		t.Errorf("it posts to %s, %v", o.Ref, err)
	}
	l.refresh(p)
}
