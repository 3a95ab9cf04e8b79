package report_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// posted is a lab with two issues and a report of them.
func posted(t *testing.T, k planning.Kind) (*lab, *report.Publisher) {
	t.Helper()
	l := newLab(t)
	l.add("first")
	l.add("second")
	l.due = planning.DateOf(monday).AddDays(7)
	p := l.publisher(act(k))
	_, err := p.Post(t.Context(), k, milestone, monday)
	l.must(err)
	l.later(6 * time.Minute) // a new store does not know whether somebody was opening it, too
	l.refresh(p)
	return l, p
}

// describe has a person write another description.
func (l *lab) describe(text string) {
	l.Helper()
	l.must(l.gitlab.Edit("ann", l.open()[0].Ref, sandbox.Change{Description: &text}))
}

func (l *lab) text() string { return l.open()[0].Description }

// TestTicks: a box is ticked when its issue does not belong there any more; what did not change costs two reads and no write.
func TestTicks(t *testing.T) {
	l, p := posted(t, planning.KindTriage)
	since := len(l.gitlab.Calls())
	r := l.refresh(p)
	if reads, writes := l.calls(since); len(reads) != 1 || len(writes) > 0 || len(r.Did) > 0 || l.gathers != 3 {
		t.Errorf("unchanged, it made %q and %q", reads, writes)
	}
	l.must(l.gitlab.Edit("ann", triage.Ref{Project: l.issues, IID: 2}, sandbox.Change{Weight: triage.Int(3)}))
	l.add("third")
	before := l.text()
	if r := l.refresh(p); len(r.Did) != 1 {
		t.Errorf("it did %q", r.Did)
	}
	after := l.text()
	want := document.Tick(before, planning.KindTriage, func(b document.Box) bool { return strings.HasSuffix(b.Item, "/2") })
	if after != want || !strings.Contains(after, "- [ ] ") || !strings.Contains(after, "- [x] ") || strings.Contains(after, "third") {
		t.Errorf("the description is %s", after)
	}
	if r := l.refresh(p, report.Compose); len(r.Did) != 1 || !strings.Contains(l.text(), "third") {
		t.Errorf("composed afresh, it did %q: %s", r.Did, l.text())
	}
}

// TestPeopleEdit: what people write while the bot is at it stays, byte for byte, and so do their marks.
func TestPeopleEdit(t *testing.T) {
	for name, when := range map[string]string{
		"before it is read":    "",
		"while it is composed": "compose",
		"after it was written": "PUT",
	} {
		t.Run(name, func(t *testing.T) {
			l, p := posted(t, planning.KindPlanning)
			edited := "Ours:\n- [ ] a list \n" + strings.Replace(l.text(), "- [ ] ", "- [~] ", 1) + "\n\n## Words\n\n <!-- flowkeeper:begin x -->"
			l.add("third")
			switch when {
			case "":
				l.describe(edited)
			case "compose":
				l.mu.Lock()
				l.hold = func() { l.mu.Lock(); l.hold = nil; l.mu.Unlock(); l.describe(edited) }
				l.mu.Unlock()
			case "PUT":
				// A person had opened the form before the bot wrote, and saves it after.
				held := make(chan struct{})
				l.gitlab.FailNext(sandbox.Fault{Match: "GET issue " + l.open()[0].Ref.String()})
				l.gitlab.FailNext(sandbox.Fault{Match: "GET issue " + l.open()[0].Ref.String()})
				l.gitlab.FailNext(sandbox.Fault{Match: "GET issue " + l.open()[0].Ref.String(), Wait: held})
				go func() {
					defer close(held)
					if err := l.gitlab.Await(t.Context(), func() bool { return len(l.gitlab.HeldCalls()) > 0 }); err == nil {
						l.describe(edited)
					}
				}()
			}
			l.refresh(p)
			got := l.text()
			if !strings.Contains(got, "third") || !strings.Contains(got, "- [~] ") {
				t.Errorf("the block is not as it should be: %s", got)
			}
			outside := func(s string) string {
				return document.Outside(document.Outside(s, planning.KindPlanning), planning.KindCapacity)
			}
			if outside(got) != outside(edited) {
				t.Errorf("people's text\n%q\nbecame\n%q", outside(edited), outside(got))
			}
		})
	}
}

// TestPeopleEditBetweenTwoWrites: what a person writes while the second change is being found out is not lost.
func TestPeopleEditBetweenTwoWrites(t *testing.T) {
	l, p := posted(t, planning.KindTriage)
	weigh := func(iid int64) {
		l.must(l.gitlab.Edit("ann", triage.Ref{Project: l.issues, IID: iid}, sandbox.Change{Weight: triage.Int(3)}))
	}
	weigh(1)
	looked := 0
	l.hold = func() {
		switch looked++; looked {
		case 1:
			weigh(2) // too late for the first write
		case 2:
			l.describe("Words of a person.\n\n" + l.text())
		}
	}
	l.refresh(p)
	if text := l.text(); looked < 2 || !strings.HasPrefix(text, "Words of a person.") || strings.Contains(text, "- [ ] ") {
		t.Errorf("after %d looks at the issues the description is %s", looked, text)
	}
}

// TestResourceLock: GitLab refuses a write because of another one at the same moment. It is read again and written.
func TestResourceLock(t *testing.T) {
	l, p := posted(t, planning.KindPlanning)
	l.add("third")
	l.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusConflict, Body: `{"message":"409 Conflict: Resource lock"}`})
	if l.refresh(p); !strings.Contains(l.text(), "third") {
		t.Errorf("the description is %s", l.text())
	}
}

// TestMissingEndMark: nothing is written, and the error says what would help.
func TestMissingEndMark(t *testing.T) {
	l, p := posted(t, planning.KindTriage)
	broken := strings.Replace(l.text(), "<!-- flowkeeper:end triage -->", "", 1)
	l.describe(broken)
	broken = l.text()
	l.add("third")
	since := len(l.gitlab.Calls())
	for _, publish := range []func() error{
		func() error {
			_, err := p.Post(t.Context(), planning.KindTriage, planning.Version{}, monday)
			return err
		},
		func() error {
			_, err := p.Refresh(t.Context(), report.Request{Report: l.entry(p), May: func(context.Context) error { return nil }})
			return err
		},
	} {
		err := publish()
		if _, is := errors.AsType[*report.BrokenBlock](err); !is || !errors.Is(err, document.ErrNoEnd) {
			t.Errorf("the error is %v", err)
		}
	}
	if _, writes := l.calls(since); len(writes) > 0 || l.text() != broken {
		t.Errorf("it wrote %q", writes)
	}
}

// TestKickoffBesideABrokenBlock: a planning issue whose block people broke gets its kickoff all the same.
func TestKickoffBesideABrokenBlock(t *testing.T) {
	l, p := posted(t, planning.KindPlanning)
	l.describe(strings.Replace(l.text(), "<!-- flowkeeper:end planning -->", "", 1))
	for range 2 {
		_, err := p.Refresh(t.Context(), report.Request{Report: l.entry(p), Tasks: []report.Task{report.Kickoff}, May: func(context.Context) error { return nil }})
		if said := l.open()[0].CommentsBy(botName); !errors.Is(err, document.ErrNoEnd) || len(said) != 1 {
			t.Errorf("there are %d comments, and the error is %v", len(said), err)
		}
	}
	if text, err := p.Broken(t.Context(), l.open()[0].Ref); err != nil || !strings.Contains(text, "no end mark") {
		t.Errorf("operators are told %q, %v", text, err)
	}
}

// TestCommandsEditTheState: what commands say is kept in the block, once.
func TestCommandsEditTheState(t *testing.T) {
	l, p := posted(t, planning.KindPlanning)
	edit := triage.ReportEdit{Person: "ann", AwayFrom: "2026-12-21", AwayTo: "2026-12-23"}
	for n := range 2 {
		r, err := p.Refresh(t.Context(), report.Request{Report: l.entry(p), Edits: []triage.ReportEdit{edit}, May: func(context.Context) error { return nil }})
		if err != nil || len(r.Did) != 1-n {
			t.Errorf("the %d. time: %v %v", n+1, r.Did, err)
		}
	}
	b, err := document.Parse(l.text(), planning.KindCapacity)
	if err != nil || len(b.State.Away["ann"]) != 1 {
		t.Errorf("%+v %v", b.State, err)
	}
}

// TestRunDue: what is due is opened once over all processes, also after an emptied store; what was missed for long is left.
func TestRunDue(t *testing.T) {
	l := newLab(t)
	l.add("first")
	l.now = monday.Add(-time.Minute)
	processes := []*report.Publisher{l.publisher(act(planning.KindTriage)), l.publisher(act(planning.KindTriage))}
	run := func() {
		t.Helper()
		for _, p := range processes {
			l.must(p.RunDue(t.Context()))
		}
	}
	run()
	if len(l.reports()) > 0 {
		t.Fatal("a report was opened that is not due") // that of the week before was due more than a day ago
	}
	l.later(time.Minute)
	run()
	if len(l.reports()) != 1 || !slices.Contains(l.queue.take(t), l.open()[0].Ref.String()) {
		t.Fatalf("%d reports", len(l.reports()))
	}
	since := len(l.gitlab.Calls())
	l.later(time.Minute)
	run()
	if reads, writes := l.calls(since); len(reads)+len(writes) > 0 {
		t.Errorf("nothing is due, and it made %q and %q", reads, writes)
	}
	l.emptyStore()
	processes = []*report.Publisher{l.publisher(act(planning.KindTriage))}
	run()
	if len(l.reports()) != 1 || len(l.queue.take(t)) == 0 {
		t.Errorf("after the store was emptied there are %d reports", len(l.reports()))
	}
	l.later(14*24*time.Hour + 25*time.Hour)
	run()
	if len(l.reports()) != 1 {
		t.Error("a report was opened that was due more than a day ago")
	}
	l.later(7*24*time.Hour - 2*time.Hour) // 23 hours after the next one was due
	run()
	if len(l.reports()) != 2 || !strings.HasSuffix(l.reports()[1].Title, "2026-12-21") {
		t.Errorf("%d reports", len(l.reports()))
	}
}

// TestExpired: a triage report that has a successor is closed some time after it was due, unless a person opened it again.
func TestExpired(t *testing.T) {
	l, p := posted(t, planning.KindTriage)
	old := l.entry(p)
	refresh := func() []string {
		t.Helper()
		r, err := p.Refresh(t.Context(), report.Request{Report: old, May: func(context.Context) error { return nil }})
		l.must(err)
		return r.Did
	}
	l.later(21*24*time.Hour - 7*time.Minute)
	l.must(p.RunDue(t.Context()))
	_, err := p.Post(t.Context(), planning.KindTriage, planning.Version{}, l.clock())
	l.must(err)
	since := len(l.gitlab.Calls())
	did := refresh()
	if reads, _ := l.calls(since); len(did) > 0 || len(l.open()) != 2 || len(reads) != 1 {
		t.Errorf("a minute early it did %q, with the reads %q", did, reads)
	}
	l.later(time.Minute)
	if refresh(); len(l.open()) != 1 || l.open()[0].Ref == old.Ref {
		t.Errorf("open are %+v", l.open())
	}
	l.must(l.gitlab.Edit("ann", old.Ref, sandbox.Change{Reopen: true}))
	if refresh(); len(l.open()) != 2 {
		t.Error("what a person opened again is closed again")
	}
}

// TestReminder: people with open boxes are reminded once, when the report is due.
func TestReminder(t *testing.T) {
	l, p := posted(t, planning.KindNeedsWeight)
	ref := l.open()[0].Ref
	state := planning.State{Dealt: map[string]string{triage.Ref{Project: l.issues, IID: 1}.String(): "ann", triage.Ref{Project: l.issues, IID: 2}.String(): "mia"}}
	l.describe(strings.Replace(l.text(), document.StateMark(planning.State{}), document.StateMark(state), 1))
	l.must(l.gitlab.Edit("ann", triage.Ref{Project: l.issues, IID: 2}, sandbox.Change{Weight: triage.Int(1)}))
	l.queue.take(t)
	for n := range 3 {
		l.later(7 * 24 * time.Hour / 2)
		l.must(p.RunDue(t.Context()))
		if n == 2 {
			l.emptyStore()
			p = l.publisher(act(planning.KindNeedsWeight))
			l.must(p.RunDue(t.Context()))
		}
		reminds := slices.Contains(l.queue.take(t), ref.String()+" remind")
		if reminds != (n == 1) {
			t.Errorf("after %d half weeks it reminds: %t", n+1, reminds)
		}
		l.refresh(p, report.Remind)
		said := l.gitlab.Issue(ref).CommentsBy(botName)
		if len(said) != 1 || !strings.Contains(said[0].Text, "@ann:") || strings.Contains(said[0].Text, "@mia") {
			t.Fatalf("there are the comments %+v", said)
		}
	}
}

// TestShadow: what is due is composed and kept, and nothing is written.
func TestShadow(t *testing.T) {
	l := newLab(t)
	for range 300 {
		l.add(strings.Repeat("a long title ", 15))
	}
	p := l.publisher(map[planning.Kind]triage.Mode{planning.KindTriage: triage.Shadow})
	since := len(l.gitlab.Calls())
	l.must(p.RunDue(t.Context()))
	k, ok, err := p.KeptReport(t.Context(), planning.KindTriage)
	l.must(err)
	if reads, writes := l.calls(since); len(reads)+len(writes) > 0 {
		t.Errorf("it made %q and %q", reads, writes)
	}
	if !ok || k.Key != "2026-11-30" || k.Mode != triage.Shadow || !k.DueAt.Equal(monday) || k.Error != "" || strings.Count(k.Document, "- [ ]") != 300 {
		t.Errorf("kept is %+v", k)
	}
	if _, ok, err := p.KeptReport(t.Context(), planning.KindBuild); ok || err != nil {
		t.Errorf("of build something is kept, %v", err)
	}
}

// TestTouched: an issue that changes has those reports looked at that it is on.
func TestTouched(t *testing.T) {
	l, p := posted(t, planning.KindTriage)
	l.queue.take(t)
	address := func(n int64) string { return l.url + "/team/project/-/work_items/" + itoa(n) }
	for n, want := range map[int64]int{1: 1, 2: 1, 3: 0} {
		l.must(p.Touched(t.Context(), address(n), true, false))
		if got := l.queue.take(t); len(got) != want {
			t.Errorf("after a change of #%d it looks at %q", n, got)
		}
	}
	_, err := p.Post(t.Context(), planning.KindPlanning, milestone, monday)
	l.must(err)
	l.queue.take(t)
	l.must(p.Touched(t.Context(), address(1), false, false))
	if got := l.queue.take(t); len(got) != 2 {
		t.Errorf("on both reports, it looks at %q", got)
	}
	l.must(p.Touched(t.Context(), address(7), true, false))
	if got := l.queue.take(t); len(got) != 1 {
		t.Errorf("come to a milestone, it looks at %q", got)
	}
	l.must(p.Touched(t.Context(), address(7), false, false))
	if got := l.queue.take(t); len(got) > 0 {
		t.Errorf("on none, it looks at %q", got)
	}
}
