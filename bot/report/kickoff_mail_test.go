package report_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/mail"
	"flowkeeper/bot/report"
	"flowkeeper/bot/report/document"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/planning"
)

// post notes what it is asked, with the names that the kickoff's comment carries at that moment.
type post struct {
	lab   *lab
	asked []string
	again []time.Duration // until the next try, for each time that it is to send
}

func (p *post) note(what string, names []string) {
	carried := "no comment"
	if said := p.lab.open()[0].CommentsBy(botName); len(said) > 0 {
		carried = strings.Join(document.CommentState(said[0].Text).Mailed, " ")
	}
	p.asked = append(p.asked, strings.TrimSpace(what+" "+strings.Join(names, " "))+", "+carried)
}

func (p *post) Prepare(_ context.Context, key string, letters []planning.Letter, known []string) ([]string, error) {
	p.note("prepare "+key, known)
	for _, l := range letters {
		if !slices.Contains(known, l.To) {
			known = append(known, l.To)
		}
	}
	return known, nil
}

func (p *post) Send(_ context.Context, key string, letters []planning.Letter) (mail.Outcome, error) {
	p.note("send "+key, nil)
	o := mail.Outcome{Sent: []string{"ann"}, Waiting: []string{"mia"}}
	if len(p.again) == 0 {
		return mail.Outcome{Sent: []string{"ann", "mia"}}, nil
	}
	o.Again = p.lab.clock().Add(p.again[0])
	p.again = p.again[1:]
	return o, nil
}

// took checks what was asked since the last time.
func (p *post) took(want ...string) {
	p.lab.Helper()
	if diff := cmp.Diff(want, p.asked); diff != "" {
		p.lab.Errorf("asked (-want +got):\n%s", diff)
	}
	p.asked = nil
}

// TestKickoffByMail: the comment carries the names before a mail is sent, mails that wait are tried again when it is time, and after the store was
// emptied the comment tells who was written to.
func TestKickoffByMail(t *testing.T) {
	l, _ := posted(t, planning.KindPlanning)
	m := &post{lab: l, again: []time.Duration{5 * time.Minute, 10 * time.Minute}}
	l.mailer = m
	p := l.publisher(act(planning.KindPlanning, planning.KindKickoff))
	l.refresh(p)
	m.took()
	// run is a minute of the schedule, and what it has the worker do.
	run := func(after time.Duration) {
		t.Helper()
		l.later(after)
		for range 2 {
			l.must(p.RunDue(t.Context()))
		}
		for _, task := range l.queue.take(t) {
			if strings.HasSuffix(task, " kickoff") {
				l.refresh(p, report.Kickoff)
			}
		}
	}
	l.must(p.RunDue(t.Context()))
	l.queue.take(t)
	l.refresh(p, report.Kickoff)
	m.took("prepare 19.8, no comment", "send 19.8, ann mia")
	run(4 * time.Minute)
	m.took()
	run(time.Minute)
	m.took("prepare 19.8 ann mia, ann mia", "send 19.8, ann mia")
	run(9 * time.Minute)
	m.took()
	run(time.Minute)
	m.took("prepare 19.8 ann mia, ann mia", "send 19.8, ann mia")
	run(time.Hour)
	m.took()
	l.emptyStore()
	p = l.publisher(act(planning.KindPlanning, planning.KindKickoff))
	l.must(p.RunDue(t.Context()))
	l.refresh(p, report.Kickoff)
	m.took("prepare 19.8 ann mia, ann mia", "send 19.8, ann mia")
	if said := l.open()[0].CommentsBy(botName); len(said) != 1 {
		t.Errorf("there are %d comments", len(said))
	}
}

// TestNoMailWithoutComment: while GitLab does not take the comment no mail is sent, because the comment has to carry the names.
func TestNoMailWithoutComment(t *testing.T) {
	l, _ := posted(t, planning.KindPlanning)
	m := &post{lab: l}
	l.mailer = m
	p := l.publisher(act(planning.KindPlanning))
	entry := l.entry(p)
	l.gitlab.FailNext(sandbox.Fault{Match: "POST note", Status: http.StatusBadGateway})
	request := report.Request{Report: entry, Tasks: []report.Task{report.Kickoff}, May: func(context.Context) error { return nil }}
	if _, err := p.Refresh(t.Context(), request); err == nil {
		t.Error("got no error from a GitLab that is away")
	}
	m.took("prepare 19.8, no comment")
	lost := errors.New("the lease is lost")
	request.May = func(context.Context) error { return lost }
	if _, err := p.Refresh(t.Context(), request); !errors.Is(err, lost) {
		t.Errorf("got %v without the lease", err)
	}
	m.took("prepare 19.8, no comment")
	l.refresh(p, report.Kickoff)
	m.took("prepare 19.8, no comment", "send 19.8, ann mia")
}
