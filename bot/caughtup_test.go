package bot_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/inbox/redistest"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// ready is what /readyz answers.
func (r *rig) ready() (int, string) {
	r.Helper()
	resp, err := http.Get(r.app.AdminURL() + "/readyz")
	r.must(nil, err)
	body, err := io.ReadAll(resp.Body)
	r.must(nil, err)
	r.must(nil, resp.Body.Close())
	return resp.StatusCode, string(body)
}

// TestRedisAway takes Redis away: webhooks are still answered 202, /readyz says degraded, and all is done when Redis is back.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.RedisURL = redis.URL() })
	redis.Kill()
	ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t", Labels: []string{"security"}})
	r.must(nil, err)
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.gitlab.Quiet(t.Context()))
	for _, d := range r.gitlab.Deliveries() {
		if d.Status != http.StatusAccepted {
			t.Errorf("%s was answered %d %s", d.Action, d.Status, d.Answer)
		}
	}
	if status, body := r.ready(); status != http.StatusOK || !strings.Contains(body, "degraded") || !strings.Contains(body, "spool") {
		t.Errorf("readyz: %d %s", status, body)
	}
	redis.Restart()
	r.must(nil, r.gitlab.Await(t.Context(), func() bool {
		i := r.gitlab.Issue(ref)
		return i.Weight != nil && *i.Weight == 3 && i.Has("workflow::start")
	}))
}

// TestRestartWhileRedisIsAway: what a first start takes for a mistake, a restart bridges.
func TestRestartWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.RedisURL = redis.URL() })
	redis.Kill()
	r.restart()
	ref, err := r.gitlab.Open("ann", r.project, planned)
	r.must(nil, err)
	r.must(nil, r.gitlab.Quiet(t.Context()))
	for _, d := range r.gitlab.Deliveries() {
		if d.Status != http.StatusAccepted {
			t.Errorf("%s was answered %d %s", d.Action, d.Status, d.Answer)
		}
	}
	if status, body := r.ready(); status != http.StatusOK || !strings.Contains(body, "degraded") {
		t.Errorf("readyz: %d %s", status, body)
	}
	redis.Restart()
	r.must(nil, r.gitlab.Await(t.Context(), func() bool { return r.gitlab.Issue(ref).Has("backend") }))
}

// TestFullInboxAnswers503: a bound that is reached is said, and GitLab is asked to come again.
func TestFullInboxAnswers503(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Max = 1; o.Settle = time.Hour })
	for range 2 {
		r.must(r.gitlab.Open("ann", r.project, planned))
	}
	r.must(nil, r.gitlab.Quiet(t.Context()))
	refused := slices.DeleteFunc(r.gitlab.Deliveries(), func(d sandbox.Delivery) bool { return d.Status == http.StatusAccepted })
	if len(refused) != 1 || refused[0].Status != http.StatusServiceUnavailable || refused[0].Answer == "" {
		t.Errorf("want one of two refused with 503 and a reason, got %+v", refused)
	}
}

// TestSweepCatchesUp drops webhooks, one with a command, and has the bot look after them.
func TestSweepCatchesUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Sweep = 100 * time.Millisecond; o.Projects = []string{"team/project"} })
	r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	ref, err := r.gitlab.Open("ann", r.project, planned)
	r.must(nil, err)
	r.must(nil, r.gitlab.Await(t.Context(), func() bool { return r.gitlab.Issue(ref).Has("devops::create") }))
	id, err := r.gitlab.Comment("omar", ref, "/flow next")
	r.must(nil, err)
	r.must(nil, r.gitlab.Await(t.Context(), func() bool {
		reactions, _ := r.answer(ref, id)
		return slices.Equal(reactions, []string{triage.DoneEmoji})
	}))
	r.must(r.gitlab.Comment("ann", ref, "just talk"))
	r.settle()
	r.restart() // which sweeps again
	r.settle()
	if i := r.gitlab.Issue(ref); !i.Has("workflow::validation backlog") {
		t.Errorf("labels %v, want one step", i.Labels)
	}
	r.done(ref, id)
}

// TestSweepTellsReactionsFromEdits: GitLab moves a comment's time of update for both, and who edited is not known.
func TestSweepTellsReactionsFromEdits(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Sweep = time.Hour; o.Projects = []string{"team/project"} })
	ref := r.open(planned)
	r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	edited, err := r.gitlab.Comment("omar", ref, "hello")
	r.must(nil, err)
	reacted, err := r.gitlab.Comment("omar", ref, "/flow weight 2")
	r.must(nil, err)
	r.ahead.Add(int64(time.Minute))
	r.must(nil, r.gitlab.EditNote("omar", ref, edited, "/flow weight 3"))
	r.must(nil, r.gitlab.React("ann", ref, reacted, "thumbsup"))
	r.restart() // which sweeps
	r.must(nil, r.gitlab.Await(t.Context(), func() bool {
		reactions, _ := r.answer(ref, reacted)
		return len(reactions) > 0
	}))
	r.settle()
	if reactions, replies := r.answer(ref, edited); len(reactions)+len(replies) > 0 || r.weight(ref) != 2 {
		t.Errorf("the edited comment was answered %v %v, weight %d", reactions, replies, r.weight(ref))
	}
}

// TestSweepKnowsWhatChanged: rules that answer a change answer one that was not delivered, whether the issue is remembered or not.
func TestSweepKnowsWhatChanged(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"remembered": false, "store lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := redistest.Start(t, redistest.Options{})
			r := newRig(t, sandbox.Premium, func(o *bot.Options) {
				o.RedisURL, o.Sweep, o.Projects = redis.URL(), 100*time.Millisecond, []string{"team/project"}
			})
			weighed, closed := r.open(secured), r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::in dev"}, Assignees: []string{"omar"}})
			r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
			if lost {
				redis.Flush()
			}
			r.must(nil, r.gitlab.Edit("omar", weighed, sandbox.Change{Weight: triage.Int(2)}))
			r.must(nil, r.gitlab.Edit("omar", closed, sandbox.Change{Close: true}))
			ctx, cancel := context.WithTimeout(t.Context(), reachable)
			defer cancel()
			if err := r.gitlab.Await(ctx, func() bool {
				return *cmp.Or(r.gitlab.Issue(weighed).Weight, triage.Int(0)) == 3 && r.gitlab.Issue(closed).Has("workflow::complete")
			}); err != nil {
				t.Errorf("weight %v, labels %v", r.gitlab.Issue(weighed).Weight, r.gitlab.Issue(closed).Labels)
			}
		})
	}
}

// TestSweepKnowsWhatPeopleTookBack: the store was lost, and the issue's first webhook comes once more. Then a person takes back what the bot
// did, and that webhook is dropped.
func TestSweepKnowsWhatPeopleTookBack(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.RedisURL, o.Sweep, o.Projects = redis.URL(), 100*time.Millisecond, []string{"team/project"}
	})
	ref := r.open(planned)
	later := r.open(secured)
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	if !r.gitlab.Issue(ref).Has("UX") {
		t.Fatalf("labels %v", r.gitlab.Issue(ref).Labels)
	}
	r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
	redis.Flush()
	r.redeliver(func(d sandbox.Delivery) bool { return d.Issue == ref && d.Action == "open" })
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}}))
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}}))
	r.must(nil, r.gitlab.Edit("omar", later, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.gitlab.Await(t.Context(), func() bool { return *cmp.Or(r.gitlab.Issue(later).Weight, triage.Int(0)) == 3 }))
	r.settle()
	if i := r.gitlab.Issue(ref); i.Has("UX") {
		t.Errorf("the bot did again what a person undid: %v", i.Labels)
	}
}

// TestSweepKnowsWhatNothingTold: the webhook of a change is dropped, and the bot sees the change with a later webhook, before the sweep.
func TestSweepKnowsWhatNothingTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Sweep = time.Hour; o.Projects = []string{"team/project"} })
	weighed, closed := r.open(secured), r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::in dev"}, Assignees: []string{"omar"}})
	r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 2})
	r.must(nil, r.gitlab.Edit("omar", weighed, sandbox.Change{Weight: triage.Int(2)}))
	r.must(nil, r.gitlab.Edit("omar", closed, sandbox.Change{Close: true}))
	for _, ref := range []triage.Ref{weighed, closed} {
		r.edit("omar", ref, sandbox.Change{AddLabels: []string{"x"}})
	}
	r.restart() // which sweeps
	ctx, cancel := context.WithTimeout(t.Context(), reachable)
	defer cancel()
	if err := r.gitlab.Await(ctx, func() bool {
		return *r.gitlab.Issue(weighed).Weight == 3 && r.gitlab.Issue(closed).Has("workflow::complete")
	}); err != nil {
		t.Errorf("weight %d, labels %v", *r.gitlab.Issue(weighed).Weight, r.gitlab.Issue(closed).Labels)
	}
}

// TestSweepGoesThroughThePast: the bot met the issue after its close, whose webhook was dropped.
func TestSweepGoesThroughThePast(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.RedisURL, o.Sweep, o.Projects = redis.URL(), time.Hour, []string{"team/project"}
	})
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: []string{"type::maintenance", "workflow::in dev"}, Assignees: []string{"omar"}})
	r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 1})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Close: true}))
	redis.Flush()
	r.redeliver(func(d sandbox.Delivery) bool { return d.Issue == ref && d.Action == "open" })
	r.restart() // which sweeps
	ctx, cancel := context.WithTimeout(t.Context(), reachable)
	defer cancel()
	if err := r.gitlab.Await(ctx, func() bool { return r.gitlab.Issue(ref).Has("workflow::complete") }); err != nil {
		t.Errorf("labels %v", r.gitlab.Issue(ref).Labels)
	}
}

// TestEmptiedStoreKnowsNoNewIssue: the webhook that opened the issue comes once more after the store was emptied, and that of an undoing never
// comes.
func TestEmptiedStoreKnowsNoNewIssue(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.RedisURL = redis.URL() })
	ref := r.open(planned)
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	redis.Flush()
	r.redeliver(func(d sandbox.Delivery) bool { return d.Issue == ref && d.Action == "open" })
	r.gitlab.NextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 1})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}}))
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::ready for design"}})
	if i := r.gitlab.Issue(ref); i.Has("UX") {
		t.Errorf("the bot did again what a person undid: %v", i.Labels)
	}
}

// TestThousandEventsCostFewCalls: what matters is how many issues moved, not how often.
func TestThousandEventsCostFewCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { o.Settle = time.Second; o.Policy.Grace = 1500 * time.Millisecond })
	var refs []triage.Ref
	for range 100 {
		ref, err := r.gitlab.Open("ann", r.project, sandbox.IssueOptions{Title: "t"})
		r.must(nil, err)
		refs = append(refs, ref)
	}
	for n := range 9 {
		for _, ref := range refs {
			r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Weight: triage.Int(n % 3), AddLabels: []string{strings.Repeat("x", n+1)}}))
		}
	}
	r.must(nil, r.gitlab.Await(t.Context(), func() bool {
		return !slices.ContainsFunc(refs, func(ref triage.Ref) bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) == 0 })
	}))
	r.settle()
	calls := 0
	for _, c := range r.gitlab.Calls() {
		if c.User == botName {
			calls++
		}
	}
	if calls > 250 || len(r.gitlab.Deliveries()) < 1000 {
		t.Errorf("%d API calls for %d events, want at most 250", calls, len(r.gitlab.Deliveries()))
	}
}

// TestFailuresByKind: what may get better is tried again until it is done, what will not is kept as a dead letter at once.
func TestFailuresByKind(t *testing.T) {
	t.Parallel()
	for status, buried := range map[int]bool{
		http.StatusInternalServerError: false, http.StatusBadGateway: false, http.StatusServiceUnavailable: false, http.StatusGatewayTimeout: false,
		http.StatusTooManyRequests: false, http.StatusRequestTimeout: false, http.StatusConflict: false, http.StatusUnauthorized: false,
		http.StatusBadRequest: true, http.StatusForbidden: true, http.StatusUnprocessableEntity: true,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, nil)
			r.gitlab.Next(sandbox.Fault{Match: "PUT issue", Status: status, Times: 2})
			ref := r.open(planned)
			dead, err := r.app.Inbox().Dead(t.Context(), 10)
			r.must(nil, err)
			if done := r.gitlab.Issue(ref).Has("devops::create"); done == buried || (len(dead) == 1) != buried {
				t.Errorf("done %t, dead letters %+v", done, dead)
			}
		})
	}
}
