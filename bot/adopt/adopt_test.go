package adopt_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/adopt"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// lab is a project 7, "team/project", with issues by the time of their creation, oldest first. It takes what is adopted, too.
type lab struct {
	issues []triage.Issue
	taken  []string
	full   bool
	wait   int // issues in the inbox
}

// add adds issues that were all created at one time.
func (l *lab) add(count int, at time.Time, closed bool) {
	for range count {
		l.issues = append(l.issues, triage.Issue{Ref: triage.Ref{Project: 7, IID: int64(len(l.issues) + 1)}, CreatedAt: at, Closed: closed})
	}
}

func (l *lab) ProjectID(_ context.Context, path string) (int64, error) {
	if path != "team/project" {
		return 0, &gitlab.Error{Op: "asking", Status: http.StatusNotFound, Class: gitlab.NotFound, Err: errors.New("not found")}
	}
	return 7, nil
}

func (l *lab) CanSeeProject(_ context.Context, id int64) (bool, error) { return id == 7, nil }

func (l *lab) EachOpenIssue(_ context.Context, _ int64, since time.Time, each func(triage.Issue) error) error {
	for _, i := range l.issues {
		if i.CreatedAt.Before(since) || i.Closed {
			continue
		}
		if err := each(i); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) Enqueue(_ context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	if l.full {
		return "", inbox.ErrFull
	}
	l.taken = append(l.taken, d.IdempotencyKey)
	return inbox.Stored, nil
}

func (l *lab) Stats(context.Context) (inbox.Stats, error) { return inbox.Stats{Issues: l.wait}, nil }

func (l *lab) adopter() *adopt.Adopter {
	return &adopt.Adopter{GitLab: l, Inbox: l, Now: func() time.Time { return began }, Explain: func(_ context.Context, ref triage.Ref) (engine.Decision, error) {
		if ref.IID == 2 {
			return engine.Decision{Reason: "it is another group's"}, nil
		}
		return engine.Decision{InScope: true, Findings: []engine.Finding{
			{Rule: "team-labels", Mode: triage.Act, Notable: true, Wants: []string{"add ~backend"}},
			{Rule: "needs-type", Mode: triage.Remind, Notable: true, Reason: "it has no type"},
			{Rule: "quiet", Mode: triage.Act},
		}}, nil
	}}
}

// walk asks for all pages.
func walk(t *testing.T, a *adopt.Adopter, r adopt.Request) (all []adopt.Issue, pages int) {
	t.Helper()
	for pages < 1000 {
		p, err := a.Page(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		all = append(all, p.Issues...)
		if p.Done {
			return all, pages
		}
		r.From, r.Until = p.Next, p.Until
	}
	t.Fatal("the walk does not end")
	return nil, 0
}

// TestWalk: every open issue of the backlog is taken once, page by page, also where many were created at one time; closed ones are not, nor
// those that are opened meanwhile.
func TestWalk(t *testing.T) {
	l := &lab{}
	l.add(250, began.Add(-72*time.Hour), false)
	l.add(3, began.Add(-71*time.Hour), true)
	for n := range 250 {
		l.add(1, began.Add(-48*time.Hour+time.Duration(n)*time.Minute), false)
	}
	l.add(1, began.Add(time.Minute), false)
	all, pages := walk(t, l.adopter(), adopt.Request{Project: "team/project"})
	seen := map[string]bool{}
	for _, key := range l.taken {
		if seen[key] {
			t.Errorf("%s was taken twice", key)
		}
		seen[key] = true
	}
	if len(all) != 500 || len(l.taken) != 500 || pages != 4 {
		t.Errorf("%d issues, %d taken, on %d pages; want 500 on 4", len(all), len(l.taken), pages)
	}
}

// TestGoesOn: a walk that was broken off goes on with From; a new walk looks at all once more, for rules that may do more by now.
func TestGoesOn(t *testing.T) {
	l := &lab{}
	for n := range 150 {
		l.add(1, began.Add(-48*time.Hour+time.Duration(n)*time.Minute), false)
	}
	a := l.adopter()
	first, err := a.Page(t.Context(), adopt.Request{Project: "7"})
	if err != nil || first.Done || len(first.Issues) != 100 {
		t.Fatalf("%d issues, done %t, %v", len(first.Issues), first.Done, err)
	}
	l.full = true
	if _, err := a.Page(t.Context(), adopt.Request{Project: "7", From: first.Next, Until: first.Until}); !errors.Is(err, inbox.ErrFull) {
		t.Errorf("with a full inbox: %v", err)
	}
	l.full = false
	if rest, _ := walk(t, a, adopt.Request{Project: "7", From: first.Next}); len(rest) != 50 {
		t.Errorf("%d issues are left, want 50", len(rest))
	}
	before := l.taken
	l.taken = nil
	a.Now = func() time.Time { return began.Add(time.Hour) }
	if again, _ := walk(t, a, adopt.Request{Project: "7"}); len(again) != 150 || slices.Contains(before, l.taken[0]) {
		t.Errorf("%d issues the second time, want 150", len(again))
	}
}

// TestDryRun takes nothing and says what the rules would do.
func TestDryRun(t *testing.T) {
	l := &lab{}
	for n := range 12 {
		l.add(1, began.Add(-48*time.Hour+time.Duration(n)*time.Minute), false)
	}
	all, pages := walk(t, l.adopter(), adopt.Request{Project: "7", DryRun: true})
	if len(all) != 12 || pages != 3 || len(l.taken) != 0 {
		t.Errorf("%d issues on %d pages, %d taken", len(all), pages, len(l.taken))
	}
	var b strings.Builder
	for _, i := range all[:2] {
		if err := i.Text(&b); err != nil {
			t.Fatal(err)
		}
	}
	want := `7#1  
  team-labels                act     add ~backend
  needs-type                 remind  say: it has no type
7#2  
  left alone: it is another group's
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

// TestNoSuchProject: who asks learns what would work.
func TestNoSuchProject(t *testing.T) {
	for name, want := range map[string]string{
		"team/other": "there is no project team/other, or the bot's token cannot see it: check the path, or make the bot's user a member",
		"8":          "there is no project with the id 8, or the bot's token cannot see it: make the bot's user a member",
	} {
		_, err := (&lab{}).adopter().Page(t.Context(), adopt.Request{Project: name})
		if refusal, ok := errors.AsType[adopt.Refusal](err); !ok || !strings.Contains(refusal.Text, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGivesWay: while many issues wait in the inbox nothing is added to them, and the same page is asked for later. A dry run adds nothing anyway.
func TestGivesWay(t *testing.T) {
	l := &lab{wait: adopt.MaxWaiting}
	l.add(3, began.Add(-time.Hour), false)
	a := l.adopter()
	p, err := a.Page(t.Context(), adopt.Request{Project: "7"})
	if err != nil || p.Waiting != adopt.MaxWaiting || p.Done || len(l.taken) > 0 {
		t.Fatalf("%+v, taken %v, %v", p, l.taken, err)
	}
	if dry, err := a.Page(t.Context(), adopt.Request{Project: "7", DryRun: true}); err != nil || len(dry.Issues) != 3 {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	l.wait--
	if rest, _ := walk(t, a, adopt.Request{Project: "7", From: p.Next, Until: p.Until}); len(rest) != 3 || len(l.taken) != 3 {
		t.Errorf("afterwards %d issues, taken %v", len(rest), l.taken)
	}
}
