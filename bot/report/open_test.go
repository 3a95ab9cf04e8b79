package report_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
)

// TestPost: a report is opened with all that belongs to it; posting it again changes nothing, with one read; something new is one edit.
func TestPost(t *testing.T) {
	l := newLab(t)
	l.add("first")
	p := l.publisher(nil)
	o, err := p.Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
	l.must(err)
	if len(l.reports()) != 1 || o.What != report.Opened || o.Ref != l.reports()[0].Ref || !strings.HasPrefix(o.URL, "http") {
		t.Fatalf("%+v, and the reports are %+v", o, l.reports())
	}
	text := l.reports()[0].Description
	if kind, key, ok := document.FindMarker(text); !ok || kind != planning.KindTriage || key != "2026-11-30" || !strings.Contains(text, "- [ ] "+l.url) {
		t.Errorf("the description is %s", text)
	}
	since := len(l.gitlab.Calls())
	o, err = p.Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
	l.must(err)
	if reads, writes := l.calls(since); o.What != report.Unchanged || len(writes) > 0 || len(reads) != 2 {
		t.Errorf("%s with the reads %q and the writes %q; want the look for the marker and one read", o.What, reads, writes)
	}
	l.add("second")
	o, err = p.Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
	l.must(err)
	if o.What != report.Edited || len(l.reports()) != 1 || !strings.Contains(l.reports()[0].Description, "second") {
		t.Errorf("%+v", o)
	}
}

// TestConfidential: a confidential document is opened confidentially, found again, and stays as people have it.
func TestConfidential(t *testing.T) {
	l := newLab(t)
	l.add("first")
	for n, what := range []string{report.Opened, report.Unchanged} {
		o, err := l.publisher(nil).Post(t.Context(), planning.KindRetrospective, milestone, monday)
		l.must(err)
		if o.What != what || len(l.reports()) != 1 || l.reports()[0].Confidential != (n == 0) {
			t.Fatalf("%+v, and the reports are %+v", o, l.reports())
		}
		public := false
		l.must(l.gitlab.Edit("mia", o.Ref, sandbox.Change{Confidential: &public}))
	}
}

// TestNothingToSay: a report with nothing to say is not opened.
func TestNothingToSay(t *testing.T) {
	l := newLab(t)
	l.empty = true
	o, err := l.publisher(nil).Post(t.Context(), planning.KindBuild, milestone, monday)
	if err != nil || o.What != report.Nothing || len(l.reports()) > 0 {
		t.Errorf("%+v %v", o, err)
	}
}

// TestQuickActionInTemplate: what GitLab would execute is not posted.
func TestQuickActionInTemplate(t *testing.T) {
	l := newLab(t)
	l.frame = "# Planning\n  /close\n{{block}}"
	if _, err := l.publisher(nil).Post(t.Context(), planning.KindPlanning, milestone, monday); err == nil || !strings.Contains(err.Error(), `"/close"`) || len(l.reports()) > 0 {
		t.Errorf("%v, %d reports", err, len(l.reports()))
	}
	l.frame = "# Planning\n{{block}}\n\n/tmp is no quick action"
	if _, err := l.publisher(nil).Post(t.Context(), planning.KindPlanning, milestone, monday); err != nil {
		t.Error(err)
	}
}

// TestPostedOnce: a GitLab that answers every second request with 502, before or after it carried it out, has one report in the end.
func TestPostedOnce(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"502 before":    {Status: http.StatusBadGateway},
		"cut before":    {CutBefore: true},
		"carried out":   {ApplyThenCut: true},
		"only the POST": {Match: "POST issue", ApplyThenCut: true, Times: 3},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.add("first")
			p := l.publisher(nil)
			posted := false
			for try := 0; try < 20 && !posted; try++ {
				for skip := range 4 { // each time another one of the requests fails
					if fault.Match == "" && skip != try%4 {
						l.gitlab.FailNext(sandbox.Fault{})
					} else {
						l.gitlab.FailNext(fault)
					}
				}
				_, err := p.PostOnce(t.Context(), planning.KindTriage, planning.Version{}, monday)
				posted = err == nil
			}
			l.gitlab.ClearFaults()
			if n := len(l.reports()); n != 1 || !posted {
				t.Errorf("there are %d reports, posted: %t", n, posted)
			}
		})
	}
}

// TestTwoProcesses: of two that open the same report at the same time one does.
func TestTwoProcesses(t *testing.T) {
	l := newLab(t)
	l.add("first")
	var both sync.WaitGroup
	var outcomes [2]string
	for n := range 2 {
		p := l.publisher(nil)
		both.Go(func() {
			o, err := p.Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
			l.must(err)
			outcomes[n] = o.What
		})
	}
	both.Wait()
	if len(l.reports()) != 1 || outcomes[0] == outcomes[1] {
		t.Errorf("%d reports, %v", len(l.reports()), outcomes)
	}
}

// TestEmptiedStore: what the store forgot is found by its marker.
func TestEmptiedStore(t *testing.T) {
	l := newLab(t)
	l.add("first")
	_, err := l.publisher(nil).Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
	l.must(err)
	l.emptyStore()
	o, err := l.publisher(nil).Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
	if err != nil || o.What != report.Unchanged || len(l.reports()) != 1 {
		t.Errorf("%+v %v, %d reports", o, err, len(l.reports()))
	}
}

// TestKilledWhileOpening: the process ends between the request and its answer. The next one finds the report.
func TestKilledWhileOpening(t *testing.T) {
	l := newLab(t)
	l.add("first")
	l.gitlab.FailNext(sandbox.Fault{Match: "POST issue", ApplyThenCut: true})
	if _, err := l.publisher(nil).PostOnce(t.Context(), planning.KindTriage, planning.Version{}, monday); err == nil {
		t.Fatal("the answer did not get lost")
	}
	o, err := l.publisher(nil).Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
	if err != nil || o.What != report.Unchanged || len(l.reports()) != 1 {
		t.Errorf("%+v %v, %d reports", o, err, len(l.reports()))
	}
}

// TestOpenedLate: GitLab carries out the first request after the second. The younger report is closed, and says which one counts.
func TestOpenedLate(t *testing.T) {
	for name, lost := range map[string]func(*lab){"": func(*lab) {}, " and an emptied store": (*lab).emptyStore} {
		t.Run("a killed process"+name, func(t *testing.T) {
			l := newLab(t)
			l.add("first")
			late := make(chan struct{})
			l.gitlab.FailNext(sandbox.Fault{Match: "POST issue", CutThenApply: late})
			if _, err := l.publisher(nil).PostOnce(t.Context(), planning.KindTriage, planning.Version{}, monday); err == nil {
				t.Fatal("the answer did not get lost")
			}
			lost(l)
			p := l.publisher(nil)
			first, err := p.Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
			l.must(err)
			if r := l.refresh(p); r.WakeAt.IsZero() {
				t.Error("nobody looks for the late report")
			}
			l.later(time.Second)
			close(late)
			l.must(l.gitlab.Await(t.Context(), func() bool { return len(l.reports()) == 2 }))
			e, _, err := p.Find(t.Context(), first.Ref)
			l.must(err)
			l.later(6 * time.Minute)
			r, err := p.Refresh(t.Context(), report.Request{Report: e, May: func(context.Context) error { return nil }})
			l.must(err)
			if open := l.open(); len(open) != 1 || open[0].Ref != first.Ref || !r.WakeAt.IsZero() {
				t.Fatalf("open are %+v, again at %s", open, r.WakeAt)
			}
			if said := l.reports()[1].CommentsBy(botName); len(said) != 1 || !strings.Contains(said[0].Text, "#1") {
				t.Errorf("on the second one stands %v", said)
			}
			l.must(l.gitlab.Edit("ann", l.reports()[1].Ref, sandbox.Change{Reopen: true}))
			e.Doubt = l.clock()
			_, err = p.Refresh(t.Context(), report.Request{Report: e, May: func(context.Context) error { return nil }})
			if err != nil || len(l.open()) != 2 {
				t.Errorf("what a person opened again is closed again: %v", err)
			}
		})
	}
}

// TestNoPlanningIssue: what stands on another report's issue needs it, and says how to get it.
func TestNoPlanningIssue(t *testing.T) {
	l := newLab(t)
	l.add("first")
	p := l.publisher(nil)
	for _, k := range []planning.Kind{planning.KindCapacity, planning.KindKickoff} {
		_, err := p.Post(t.Context(), k, milestone, monday)
		if missing, ok := errors.AsType[*report.NoReport](err); !ok || !strings.Contains(missing.Error(), "flowkeeper report planning --milestone 19.8 --post") {
			t.Errorf("%s: %v", k, err)
		}
	}
	_, err := p.Post(t.Context(), planning.KindPlanning, milestone, monday)
	l.must(err)
	for n, want := range []string{report.Opened, report.Unchanged, report.Edited} {
		if n == 2 {
			l.add("second")
		}
		if o, err := p.Post(t.Context(), planning.KindKickoff, milestone, monday); err != nil || o.What != want {
			t.Errorf("the kickoff is %+v, %v, want %s", o, err, want)
		}
	}
	if said := l.reports()[0].CommentsBy(botName); len(said) != 1 {
		t.Errorf("%d comments", len(said))
	}
	if o, err := p.Post(t.Context(), planning.KindCapacity, milestone, monday); err != nil || o.What != report.Edited {
		t.Errorf("the capacity is %+v, %v", o, err)
	}
	if _, err := p.Post(t.Context(), planning.KindSLO, planning.Version{}, monday); err == nil {
		t.Error("what is only printed was posted")
	}
}
