package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// staleAfter marks open issues as stale that nobody has touched for so many days, and says so in a comment.
func staleAfter(days int) policy.Rule {
	return policy.Rule{Name: "stale", When: []policy.Condition{
		policy.InState{State: policy.Opened}, policy.LacksLabels{Labels: []string{"stale"}},
		policy.Age{Of: policy.UpdatedAt, Older: true, Interval: days, Unit: policy.Days},
	}, Actions: policy.Actions{Labels: []string{"stale"}, Own: true, Comment: text("Is this still of use?")}}
}

// idle imports issues that lack all that the handbook asks for, and to which nothing happened for so long each.
func (r *rig) idle(since ...time.Duration) []triage.Ref {
	r.Helper()
	var all []sandbox.Imported
	for n, d := range since {
		at := time.Now().Add(-d)
		all = append(all, sandbox.Imported{
			IssueOptions: sandbox.IssueOptions{Title: fmt.Sprint("idle ", n), Labels: []string{"type::bug"}}, Author: "ann", CreatedAt: at.Add(-time.Duration(n) * time.Second), UpdatedAt: at,
		})
	}
	r.must(nil, r.gitlab.Import(r.project, all))
	var refs []triage.Ref
	for _, i := range r.gitlab.Issues(r.project) {
		refs = append(refs, i.Ref)
	}
	return refs[len(refs)-len(since):]
}

// showingPolicies has these policies beside the handbook's rules, and walks.
func showingPolicies(o *bot.Options, rules ...policy.Rule) {
	sweeping(100 * time.Millisecond)(o)
	handbook := slices.DeleteFunc(slices.Clone(o.Policy.Settings), func(s engine.Setting) bool { return s.Looks != nil })
	o.Policy.Settings = slices.Concat(handbook, policySettings(rules...))
	o.Policy.Index = engine.NewIndex(o.Policy.Settings)
	o.Worker.Patience.Late = time.Millisecond
}

// marked is how many of the issues carry a label.
func (r *rig) marked(refs []triage.Ref, label string) int {
	n := 0
	for _, ref := range refs {
		if r.gitlab.Issue(ref).Has(label) {
			n++
		}
	}
	return n
}

// onlyStale fails if an issue has got anything but the policy's label and its one comment.
func (r *rig) onlyStale(refs []triage.Ref) {
	r.Helper()
	for _, ref := range refs {
		i := r.gitlab.Issue(ref)
		if said := i.CommentsBy(botName); len(said) != 1 || !strings.Contains(said[0].Text, "Is this still of use?") || !slices.Equal(i.Labels, []string{"type::bug", "stale"}) {
			r.Errorf("%s: labels %v, the bot said %+v", ref, i.Labels, said)
			return
		}
	}
}

// sweptAgain waits until the project was swept twice from now on, and all that was found is handled.
func (r *rig) sweptAgain() {
	r.Helper()
	swept := func() int { return strings.Count(r.handled.text(), `"sweep done"`) }
	before := swept()
	r.must(nil, r.handled.await(r.Context(), func() bool { return swept() >= before+2 }))
	r.settle()
}

const day = 24 * time.Hour

// ago is the same time n times.
func ago(n int, each time.Duration) []time.Duration { return slices.Repeat([]time.Duration{each}, n) }

// TestIdleIssues: a policy with a date reaches the issues that nothing happens to. No other rule says anything on them, not when they are swept after
// the policy's own changes either, nor when the store was emptied.
func TestIdleIssues(t *testing.T) {
	t.Parallel()
	var old, young []triage.Ref
	r, redis := newRedisRig(t, func(o *bot.Options) { showingPolicies(o, staleAfter(120)) })
	young, old = r.idle(ago(120, 100*day)...), r.idle(ago(30, 200*day)...)
	soon := r.idle(120*day - 6*time.Second)[0] // the store wakes it, also after it was emptied
	r.must(nil, r.await(func() bool { return r.marked(old, "stale") == len(old) }))
	r.must(nil, r.handled.await(t.Context(), func() bool { return strings.Contains(r.handled.text(), "have been shown all issues") }))
	r.sweptAgain()
	r.onlyStale(old)
	if n := r.marked(young, "stale"); n > 0 {
		t.Errorf("%d young issues are stale", n)
	}
	for _, ref := range young {
		if calls := r.callsFor(ref); len(calls) > 0 {
			t.Errorf("%s cost %q, want no call", ref, calls)
			break
		}
	}
	r.alive()

	redis.Flush()
	shown := strings.Count(r.handled.text(), "have been shown all issues")
	r.must(nil, r.handled.await(t.Context(), func() bool { return strings.Count(r.handled.text(), "have been shown all issues") > shown }))
	r.sweptAgain()
	r.onlyStale(old)
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(soon).Has("stale") }))
	r.settle()
	r.onlyStale(append(old, soon))
	r.alive()
}

// callsFor are the calls about an issue.
func (r *rig) callsFor(ref triage.Ref) []string {
	var all []string
	for _, c := range r.gitlab.Calls() {
		if c.Issue == ref {
			all = append(all, c.Line)
		}
	}
	return all
}

// TestNewPolicyReachesIdleIssues: a policy that comes with a reload is shown the issues to which nothing happens, also those that were shown to others.
func TestNewPolicyReachesIdleIssues(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { showingPolicies(o, staleAfter(300)) })
	refs := r.idle(ago(3, 200*day)...)
	r.must(nil, r.handled.await(t.Context(), func() bool { return strings.Contains(r.handled.text(), "have been shown all issues") }))
	r.settle()
	next := r.options
	showingPolicies(&next, staleAfter(120))
	r.must(nil, r.app.Reload(t.Context(), next))
	r.must(nil, r.await(func() bool { return r.marked(refs, "stale") == len(refs) }))
	r.settle()
	r.onlyStale(refs)
	r.alive()
}

// TestCommentFirst: the bot first hears of an issue by a comment, at which no policy looks, and waits for the policy's date all the same.
func TestCommentFirst(t *testing.T) {
	t.Parallel()
	old := policy.Rule{Name: "old", When: []policy.Condition{policy.Age{Of: policy.CreatedAt, Older: true, Interval: 365, Unit: policy.Days}}, Actions: policy.Actions{Labels: []string{"old"}}}
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		showingPolicies(o, old)
		o.Schedule.Every = 0
	})
	ref := r.idle(365*day - 4*time.Second)[0]
	r.say("omar", ref, "me too")
	r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Has("old") }))
	r.settle()
	r.alive()
}

// TestIdleIssueWritesFail: whichever write to an idle issue fails, a policy says what it has to say once, in a comment of its own or on the note.
func TestIdleIssueWritesFail(t *testing.T) {
	t.Parallel()
	noted := policy.Rule{Name: "noted", When: staleAfter(120).When[2:], Actions: policy.Actions{Labels: []string{"stale"}, Comment: text("Is this still of use?")}}
	for how, rule := range map[string]policy.Rule{"of its own": staleAfter(120), "on the note": noted} {
		for _, write := range []string{"PUT issue ", "POST note "} {
			for name, fault := range failing(write) {
				t.Run(how+"/"+write+name, func(t *testing.T) {
					t.Parallel()
					r := newRig(t, sandbox.Premium, func(o *bot.Options) { walking(o, rule) })
					refs := r.idle(ago(2, 200*day)...)
					r.gitlab.FailNext(fault)
					r.must(nil, r.app.Stop())
					r.options.Schedule.Every = 100 * time.Millisecond
					r.start()
					said := func() bool { return r.saidOwn(refs[0], "of use?") > 0 && r.saidOwn(refs[1], "of use?") > 0 }
					r.must(nil, r.await(said))
					r.sweptAgain()
					r.onlyStale(refs)
					r.alive()
				})
			}
		}
	}
}
