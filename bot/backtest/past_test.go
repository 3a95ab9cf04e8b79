package backtest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"flowkeeper/bot/backtest"
	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// recorded is a GitLab with one issue whose records say what they are told to.
type recorded struct {
	backtest.GitLab
	issue      triage.Issue
	resources  []triage.ResourceEvent
	states     []gitlab.StateEvent
	milestones []gitlab.MilestoneEvent
}

func (r recorded) EachUpdatedIssue(_ context.Context, _ int64, _ time.Time, each func(triage.Issue) error) error {
	return each(r.issue)
}

func (r recorded) ResourceEvents(context.Context, triage.Ref) ([]triage.ResourceEvent, error) {
	return r.resources, nil
}

func (r recorded) StateEvents(context.Context, triage.Ref) ([]gitlab.StateEvent, error) {
	return r.states, nil
}

func (r recorded) MilestoneEvents(context.Context, triage.Ref) ([]gitlab.MilestoneEvent, error) {
	return r.milestones, nil
}

func (recorded) Links(context.Context, triage.Ref) ([]triage.Link, error) { return nil, nil }

func (recorded) Comments(context.Context, triage.Ref, time.Time) ([]gitlab.Comment, error) {
	return nil, nil
}

func (recorded) Milestones(context.Context, int64) ([]gitlab.Milestone, error) { return nil, nil }

func (recorded) Awards(context.Context, triage.Ref, int64) ([]gitlab.Award, error) { return nil, nil }

var (
	ann    = triage.Person{ID: 1, Username: "ann"}
	itself = triage.Person{ID: 2, Username: "flowkeeper"}
	former = triage.Person{ID: 3, Username: "flowkeeper-old"}
)

// backtest plays the one issue to one rule.
func (r recorded) backtest(t *testing.T, id string) backtest.Rule {
	t.Helper()
	r.issue.Ref, r.issue.Title, r.issue.CreatedAt = triage.Ref{Project: 1, IID: 1}, "t", monday
	if r.issue.Author.ID == 0 {
		r.issue.Author = ann
	}
	result, err := backtest.Run(t.Context(), backtest.Options{
		GitLab: r, Bot: itself, Former: []string{former.Username}, Project: 1, Path: "team/project", Policies: []engine.Policy{handbook(id)}, Since: monday.Add(-day), Now: monday.Add(28 * day), Workers: 1,
		Sleep: func(context.Context, time.Duration) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	return rule(result.Reports[0], id)
}

func label(d time.Duration, by triage.Person, name string, added bool) triage.ResourceEvent {
	return triage.ResourceEvent{At: monday.Add(d), Actor: by, Label: name, Added: added}
}

// TestReopened: that an issue was closed for a time counts although it is open now.
func TestReopened(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.open(0, sandbox.IssueOptions{Labels: []string{"workflow::ready for development"}})
	w.edit(4*day, ref, sandbox.Change{Close: true})
	w.edit(20*day, ref, sandbox.Change{Reopen: true})
	w.edit(20*day+time.Hour, ref, sandbox.Change{AddLabels: []string{"type::bug"}})
	result, err := w.play(nil, handbook("needs-type"))
	w.must(err)
	// Closing ends the first reminder and says neither; after reopening people do what is asked.
	if got := rule(result.Reports[0], "needs-type"); got.Disagreed != 0 {
		t.Errorf("the report says %+v; a reminder that closing ended is not one that people left", got)
	}
}

// TestClosedWithoutRecord: an imported issue is closed and GitLab has no record of that; its end is when it was closed.
func TestClosedWithoutRecord(t *testing.T) {
	t.Parallel()
	r := recorded{issue: triage.Issue{Closed: true, ClosedAt: monday.Add(time.Hour), Labels: []string{"workflow::ready for development"}}}
	if got := r.backtest(t, "needs-type"); got.Disagreed != 0 {
		t.Errorf("the report says %+v; nobody left a reminder on a closed issue", got)
	}
}

// TestOpenedWith: what the bot opened an issue with is not a doing of the bot that is left out, nor is the weight that GitLab records in the name of
// who changes it first.
func TestOpenedWith(t *testing.T) {
	t.Parallel()
	own := recorded{
		issue:     triage.Issue{Author: itself, Labels: []string{"workflow::start"}},
		resources: []triage.ResourceEvent{label(0, itself, "workflow::start", true)},
	}
	if got := own.backtest(t, "workflow-intake"); got.Fired != 0 {
		t.Errorf("on an issue that the bot opened with the label, it says %+v", got)
	}
	weighed := recorded{
		issue: triage.Issue{Weight: triage.Int(1), Labels: []string{"spike"}},
		resources: []triage.ResourceEvent{
			{At: monday, Actor: itself, Weight: triage.Int(5)},
			{At: monday.Add(time.Minute), Actor: itself, Weight: triage.Int(1)},
		},
	}
	unweighed := recorded{issue: triage.Issue{Weight: triage.Int(5), Labels: []string{"spike"}}}
	if a, b := weighed.backtest(t, "spike-weight").Fired, unweighed.backtest(t, "spike-weight").Fired; a != b {
		t.Errorf("opened with a weight of 5, it fires %d times if the bot changed that later, and %d times if not", a, b)
	}
}

// TestFormerBot: what a user did that the bot had before is left out, too.
func TestFormerBot(t *testing.T) {
	t.Parallel()
	r := recorded{
		issue:     triage.Issue{Labels: []string{"workflow::start"}},
		resources: []triage.ResourceEvent{label(time.Minute, former, "workflow::start", true)},
	}
	if got := r.backtest(t, "workflow-intake"); got.Fired != 1 || got.Agreed != 0 {
		t.Errorf("the report says %+v; want it to fire once and nobody to agree", got)
	}
}

// TestFiredOnceAState: people who take the label on and off again make a rule fire once as long as the issue is in one state.
func TestFiredOnceAState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.open(0, sandbox.IssueOptions{Labels: []string{"workflow::ready for development"}})
	for n := range 4 {
		w.edit(time.Duration(2*n+1)*day, ref, sandbox.Change{AddLabels: []string{"type::bug"}})
		w.edit(time.Duration(2*n+2)*day, ref, sandbox.Change{RemoveLabels: []string{"type::bug"}})
	}
	result, err := w.play(nil, handbook("needs-type"))
	w.must(err)
	if got := rule(result.Reports[0], "needs-type"); got.Fired != 1 || got.WouldRemind != 1 || got.Agreed+got.Disagreed > 1 {
		t.Errorf("the report says %+v, want it to fire once", got)
	}
}

// TestIssuesNamedTwice: an issue that is named twice is played once.
func TestIssuesNamedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.open(0, sandbox.IssueOptions{})
	result, err := w.play(func(o *backtest.Options) { o.Issues = []int64{1, 1} }, handbook("workflow-intake"))
	w.must(err)
	if r := result.Reports[0]; r.Issues != 1 || rule(r, "workflow-intake").Fired != 1 {
		t.Errorf("%d issues, %+v", r.Issues, r.Rules)
	}
}

// TestFaultsOfTheList: a GitLab that fails while the issues are listed is asked again, and none is played twice.
func TestFaultsOfTheList(t *testing.T) {
	t.Parallel()
	for _, match := range []string{"GET issues", "GET issue"} {
		w := newWorld(t, nil)
		w.open(0, sandbox.IssueOptions{})
		w.gitlab.FailNext(sandbox.Fault{Match: match, Status: 429, Times: 1})
		result, err := w.play(func(o *backtest.Options) {
			if match == "GET issue" {
				o.Issues = []int64{1}
			}
		}, handbook("workflow-intake"))
		w.must(err)
		if n := result.Reports[0].Issues; n != 1 {
			t.Errorf("%s failed, and %d issues were played", match, n)
		}
	}
}

// TestListFailsInTheMiddle: issues that were listed before a failure are not listed twice.
func TestListFailsInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.open(0, sandbox.IssueOptions{})
	result, err := w.play(func(o *backtest.Options) { o.GitLab = &halfList{GitLab: w.client} }, handbook("workflow-intake"))
	w.must(err)
	if n := result.Reports[0].Issues; n != 1 {
		t.Errorf("%d issues were played", n)
	}
}

// halfList fails once after it listed all.
type halfList struct {
	backtest.GitLab
	failed bool
}

func (h *halfList) EachUpdatedIssue(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error {
	err := h.GitLab.EachUpdatedIssue(ctx, project, since, each)
	if err == nil && !h.failed {
		h.failed = true
		return &gitlab.Error{Class: gitlab.Transient, Err: errors.New("502")}
	}
	return err
}

// TestSavedFile: what was kept is found by who asks the same question again, and by nobody else.
func TestSavedFile(t *testing.T) {
	t.Parallel()
	of := func(change func(*backtest.Options)) string {
		o := backtest.Options{Project: 1, Policies: []engine.Policy{handbook()}}
		if change != nil {
			change(&o)
		}
		return backtest.SavedFile("data", o)
	}
	if a, b := of(nil), of(nil); a != b {
		t.Errorf("the same backtest is kept in %s and %s", a, b)
	}
	others := []string{
		of(nil), of(func(o *backtest.Options) { o.Confidential = true }), of(func(o *backtest.Options) { o.Issues = []int64{1} }),
		of(func(o *backtest.Options) { o.Policies = []engine.Policy{handbook("needs-type")} }), of(func(o *backtest.Options) { o.Policies[0].Grace++ }),
		of(func(o *backtest.Options) { o.Policies[0].Settle++ }), of(func(o *backtest.Options) { o.Former = []string{"old"} }),
	}
	slices.Sort(others)
	if len(slices.Compact(others)) != 7 {
		t.Errorf("different backtests are kept in the same file: %q", others)
	}
}

// TestOldIssues: of issues that are named, all of the past counts unless something else is said.
func TestOldIssues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.open(0, sandbox.IssueOptions{})
	result, err := w.play(func(o *backtest.Options) {
		o.Issues, o.Since, o.Now = []int64{1}, time.Time{}, monday.Add(400*day)
	}, handbook("workflow-intake"))
	w.must(err)
	if r := result.Reports[0]; rule(r, "workflow-intake").Fired != 1 || !r.Since.Equal(monday) {
		t.Errorf("since %v: %+v", r.Since, r.Rules)
	}
}

// TestInterrupted: a run that is stopped in the middle is gone on with, and both together are one whole run.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for range 9 {
		w.open(0, sandbox.IssueOptions{})
	}
	whole, err := w.play(nil, handbook())
	w.must(err)
	self, err := w.client.CurrentUser(t.Context())
	w.must(err)
	ctx, stop := context.WithCancel(t.Context())
	o := backtest.Options{
		GitLab: w.client, Bot: self, Project: w.project, Path: "team/project", Policies: []engine.Policy{handbook()}, Since: monday.Add(-day), Now: monday.Add(28 * day), Workers: 3,
		Sleep: func(ctx context.Context, _ time.Duration) bool { return ctx.Err() == nil },
		Progress: func(done, _ int) {
			if done == 4 {
				stop()
			}
		},
	}
	first, err := backtest.Run(ctx, o)
	if !errors.Is(err, context.Canceled) || len(first.Done) < 4 || len(first.Done) == 9 {
		t.Fatalf("%d issues were played: %v", len(first.Done), err)
	}
	o.Progress, o.Done, o.Reports = nil, first.Done, first.Reports
	second, err := backtest.Run(t.Context(), o)
	w.must(err)
	if a, b := numbers(whole.Reports[0]), numbers(second.Reports[0]); a != b {
		t.Errorf("one run says\n%s\ntwo say\n%s", a, b)
	}
}
