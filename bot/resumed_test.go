package bot_test

import (
	"net/http"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
)

// TestResumedStaysResumed: GitLab still tells that a person took the label off, and the bot reads that again after a failure or for a
// webhook that was dropped. The person said that it is over.
func TestResumedStaysResumed(t *testing.T) {
	t.Parallel()
	noted := sandbox.IssueOptions{Title: "t"}
	drop := func(r *rig) { r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 1}) }
	refuse := func(r *rig) { r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusBadGateway}) }
	for name, test := range map[string]struct {
		issue   sandbox.IssueOptions
		trouble func(*rig)
	}{
		"nothing happens":         {planned, func(*rig) {}},
		"a dropped webhook":       {planned, drop},
		"a retry":                 {planned, refuse},
		"a dropped webhook, note": {noted, drop},
		"a retry, note":           {noted, refuse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.Premium, func(o *bot.Options) {
				o.Schedule.Every, o.Schedule.Projects = 100*time.Millisecond, []string{"team/project"}
			})
			ref := r.open(test.issue)
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
			r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"UX"}})
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::start"}})
			r.done(ref, r.say("omar", ref, "/flow resume all"))
			test.trouble(r)
			r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}}))
			if err := r.await(func() bool { return r.gitlab.Issue(ref).Has("UX") }); err != nil {
				t.Errorf("the rule that was resumed does not act: %v", r.gitlab.Issue(ref).Labels)
			}
		})
	}
}

// TestOwedReactionWhileARuleIsRefused: the comment was answered. That GitLab refuses what a rule wants now is none of its writer's business.
func TestOwedReactionWhileARuleIsRefused(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, func(o *bot.Options) { o.Drain = 50 * time.Millisecond })
	ref := r.open(planned)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "POST award", Wait: hold, CutBefore: true})
	id, err := r.gitlab.Comment("omar", ref, "/flow to nowhere")
	r.must(nil, err)
	r.must(nil, r.await(func() bool { return len(r.gitlab.Issue(ref).CommentsBy(botName)) > 0 }))
	r.must(nil, r.app.Stop())
	redis.Flush()
	close(hold)
	r.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 1})
	r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{"workflow::design"}}))
	r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", Status: http.StatusForbidden})
	r.options.Schedule.Every, r.options.Schedule.Projects = 100*time.Millisecond, []string{"team/project"}
	r.start()
	err = r.await(func() bool { reactions, _ := r.answer(ref, id); return len(reactions) > 0 })
	if reactions, replies := r.answer(ref, id); err != nil || len(replies) != 1 || len(reactions) != 1 {
		t.Errorf("%v: reactions %v, replies %v", err, reactions, replies)
	}
}

// TestResumeForgivesAllLabelsOfTheRule: two labels of one rule were taken off.
func TestResumeForgivesAllLabelsOfTheRule(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, nil)
	ref := r.open(planned)
	r.edit("mia", ref, sandbox.Change{RemoveLabels: []string{"devops::create", "Category:Source Code Management"}})
	t.Log(r.gitlab.Issue(ref).Labels)
	r.done(ref, r.say("omar", ref, "/flow resume team-labels"))
	if i := r.gitlab.Issue(ref); !i.Has("devops::create") || !i.Has("Category:Source Code Management") {
		t.Errorf("labels %v", i.Labels)
	}
	r.edit("mia", ref, sandbox.Change{AddLabels: []string{"workflow::design"}})
	t.Log(r.gitlab.Issue(ref).Labels)
}
