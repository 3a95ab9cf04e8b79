package bot_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// staleMergeAfter is the policy staleAfter for merge requests.
func staleMergeAfter(days int) policy.Rule {
	p := staleAfter(days)
	p.Subject = triage.SubjectMergeRequest
	return p
}

// mergeBacklog is what stands in the project before the bot comes to it: an issue that is ready for development, and merge requests to which nothing
// happened for so long each. Most of them close the issue.
func (r *rig) mergeBacklog(since ...time.Duration) (issue triage.Ref, merges []triage.Ref) {
	r.Helper()
	long := time.Now().Add(-400 * day)
	r.must(nil, r.gitlab.Import(r.project, []sandbox.Imported{{
		IssueOptions: sandbox.IssueOptions{Title: "old", Labels: []string{readyForDev, "type::bug"}}, Author: "ann", CreatedAt: long, UpdatedAt: long,
	}}))
	issues := r.gitlab.Issues(r.project)
	issue = issues[len(issues)-1].Ref
	var all []sandbox.ImportedMergeRequest
	for n, d := range since {
		at := time.Now().Add(-d)
		o := sandbox.MergeRequestOptions{Title: fmt.Sprint("idle ", n)}
		if n%4 != 0 {
			o.Description = fmt.Sprintf("Closes #%d", issue.IID)
		}
		all = append(all, sandbox.ImportedMergeRequest{
			MergeRequestOptions: o, Author: "omar", CreatedAt: at.Add(-time.Duration(n) * time.Second), UpdatedAt: at,
		})
		merges = append(merges, triage.Ref{Project: r.project, Kind: triage.SubjectMergeRequest, IID: int64(n + 1)})
	}
	r.must(nil, r.gitlab.ImportMergeRequests(r.project, all))
	return issue, merges
}

// walking is a rig with the handbook's rules, those of merge requests in mode act, and these policies. It does not look at anything by itself before walk.
func walking(o *bot.Options, rules ...policy.Rule) {
	showingPolicies(o, rules...)
	for n := range o.Policy.Settings {
		if s := &o.Policy.Settings[n]; strings.HasPrefix(s.ID, "mr-") {
			s.Mode = s.MaxMode
		}
	}
	o.Schedule.Every = 0
}

// walk has the bot look after the project from now on, and waits until its policies have seen all merge requests.
func (r *rig) walk() {
	r.Helper()
	r.must(nil, r.gitlab.SetLevel(r.gitlab.BotUser(), "team", sandbox.Developer))
	r.must(nil, r.app.Stop())
	r.options.Schedule.Every = 100 * time.Millisecond
	r.start()
	r.allShown(0)
}

// allShown waits until the policies have been shown all merge requests more than so many times, and all that came of it is done.
func (r *rig) allShown(before int) {
	r.Helper()
	r.must(nil, r.handled.await(r.Context(), func() bool { return r.timesShown() > before }))
	r.sweptAgain()
}

func (r *rig) timesShown() int {
	return strings.Count(r.handled.text(), "have been shown all merge requests")
}

// onlyStaleMerges fails if a merge request has got anything but the policy's label and its one comment.
func (r *rig) onlyStaleMerges(refs []triage.Ref) {
	r.Helper()
	for _, ref := range refs {
		m := r.gitlab.MergeRequest(ref)
		if said := r.saidOn(ref); len(said) != 1 || !strings.Contains(said[0], "Is this still of use?") || !slices.Equal(m.Labels, []string{"stale"}) || m.State != "opened" {
			r.Errorf("%s is %s with %v, the bot said %q; it cost %q", ref, m.State, m.Labels, said, r.callsFor(ref))
			return
		}
	}
}

// untouched fails if the bot did anything about an issue.
func (r *rig) untouched(ref triage.Ref) {
	r.Helper()
	i := r.gitlab.Issue(ref)
	if said := i.CommentsBy(botName); len(said) > 0 || !slices.Equal(i.Labels, []string{readyForDev, "type::bug"}) {
		r.Errorf("%s has the labels %v, and the bot said %+v", ref, i.Labels, said)
	}
	if calls := r.callsFor(ref); len(calls) > 0 {
		r.Errorf("%s cost %q, want no call", ref, calls)
	}
}

// TestIdleMergeRequests: a policy with a date reaches the merge requests that nothing happens to, once, also after a restart and when the store was
// emptied. No other rule says anything on them, and the issue that they close hears nothing of it.
func TestIdleMergeRequests(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, func(o *bot.Options) { walking(o, staleMergeAfter(120)) })
	issue, all := r.mergeBacklog(slices.Concat(ago(20, 200*day), ago(40, 100*day), ago(1, 120*day-8*time.Second))...)
	old, young, soon := all[:20], all[20:60], all[60]
	r.walk()
	r.onlyStaleMerges(old)
	r.untouched(issue)
	for _, ref := range young {
		if calls := r.callsFor(ref); len(calls) > 0 {
			t.Errorf("%s cost %q, want no call", ref, calls)
			break
		}
	}
	r.restart()
	r.sweptAgain()
	r.onlyStaleMerges(old)
	r.alive()

	redis.Flush()
	r.allShown(r.timesShown())
	r.onlyStaleMerges(old)
	r.untouched(issue)
	r.must(nil, r.await(func() bool { return len(r.saidOn(soon)) > 0 }))
	r.settle()
	r.onlyStaleMerges(append(old, soon))
	r.untouched(issue)
	r.alive()
}

// TestMergeRequestsOfNoPolicy: 200 merge requests on which no policy acts cost nothing but the lists. What they close is found out when something happens
// to one of them.
func TestMergeRequestsOfNoPolicy(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { walking(o, staleMergeAfter(120)) })
	r.must(nil, r.gitlab.SetAutoClose(r.project, false))
	issue, all := r.mergeBacklog(ago(200, 100*day)...)
	before := len(r.gitlab.Calls())
	r.walk()
	for _, c := range r.gitlab.Calls()[before:] {
		of := strings.Join(strings.Fields(c.Line)[:2], " ") + " " // what a start costs, and a round of the schedule
		if c.User == botName && !slices.Contains([]string{"GET issues ", "GET merge ", "GET project ", "GET user ", "GET version ", "GET token ", "GET member "}, of) || c.Issue.IID != 0 {
			t.Errorf("it cost %q", c.Line)
		}
	}
	r.untouched(issue)

	r.change("omar", all[7], sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}})
	r.settle()
	if got := r.gitlab.Issue(issue); !got.Has("workflow::in review") {
		t.Errorf("the issue has %v once its merge requests are heard of\n%s", got.Labels, calls(r))
	}
	r.alive()
}

// TestNewPolicyReachesIdleMergeRequests: a policy that comes with a reload is shown the merge requests to which nothing happens. Closed and merged ones
// are shown if a policy asks for them.
func TestNewPolicyReachesIdleMergeRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) { walking(o, staleMergeAfter(300)) })
	_, all := r.mergeBacklog(ago(3, 200*day)...)
	r.must(nil, r.gitlab.ImportMergeRequests(r.project, []sandbox.ImportedMergeRequest{
		{MergeRequestOptions: sandbox.MergeRequestOptions{Title: "merged"}, Author: "omar", CreatedAt: time.Now().Add(-200 * day), UpdatedAt: time.Now().Add(-190 * day), MergedAt: time.Now().Add(-190 * day)},
		{MergeRequestOptions: sandbox.MergeRequestOptions{Title: "closed"}, Author: "omar", CreatedAt: time.Now().Add(-200 * day), UpdatedAt: time.Now().Add(-190 * day), ClosedAt: time.Now().Add(-190 * day)},
	}))
	merged := triage.Ref{Project: r.project, Kind: triage.SubjectMergeRequest, IID: 4}
	r.walk()
	landed := policy.Rule{
		Name: "landed", Subject: triage.SubjectMergeRequest, Actions: policy.Actions{Labels: []string{"landed"}},
		When: []policy.Condition{policy.InState{State: policy.Merged}},
	}
	next, shown := r.options, r.timesShown()
	walking(&next, staleMergeAfter(120), landed)
	next.Schedule.Every = r.options.Schedule.Every
	r.must(nil, r.app.Reload(t.Context(), next))
	r.allShown(shown)
	r.onlyStaleMerges(all)
	for iid, want := range map[int64][]string{merged.IID: {"landed"}, merged.IID + 1: nil} {
		ref := triage.Ref{Project: r.project, Kind: triage.SubjectMergeRequest, IID: iid}
		if got := r.gitlab.MergeRequest(ref); !slices.Equal(got.Labels, want) || len(r.saidOn(ref)) > 0 {
			t.Errorf("%s has the labels %v, want %v; the bot said %q", ref, got.Labels, want, r.saidOn(ref))
		}
	}
	r.alive()
}

// TestIdleMergeRequestsOfReplicas: two replicas share the walk and what comes of it.
func TestIdleMergeRequestsOfReplicas(t *testing.T) {
	t.Parallel()
	r, redis := newRedisRig(t, func(o *bot.Options) { walking(o, staleMergeAfter(120)) })
	issue, all := r.mergeBacklog(ago(30, 200*day)...)
	r.must(nil, r.gitlab.SetLevel(r.gitlab.BotUser(), "team", sandbox.Developer))
	r.must(nil, r.app.Stop())
	r.options.Schedule.Every = 100 * time.Millisecond
	r.start()
	r.secondReplica(nil)
	r.allShown(0)
	r.onlyStaleMerges(all)
	redis.Flush()
	r.allShown(r.timesShown())
	r.onlyStaleMerges(all)
	r.untouched(issue)
	r.alive()
}

// failing are faults of one call.
func failing(call string) map[string]sandbox.Fault {
	return map[string]sandbox.Fault{"502": {Match: call, Status: http.StatusBadGateway}, "done, answer cut": {Match: call, ApplyThenCut: true}}
}

// TestIdleMergeRequestCallsFail: whichever write to an idle merge request fails, or the list, it is marked once, and its issue hears nothing.
func TestIdleMergeRequestCallsFail(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"GET merge requests ", "PUT merge request ", "POST note "} {
		for name, fault := range failing(call) {
			t.Run(call+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, sandbox.Premium, func(o *bot.Options) { walking(o, staleMergeAfter(120)) })
				issue, all := r.mergeBacklog(ago(2, 200*day)...)
				r.gitlab.FailNext(fault)
				r.walk()
				r.must(nil, r.await(func() bool { return len(r.saidOn(all[0])) > 0 && len(r.saidOn(all[1])) > 0 }))
				r.settle()
				r.onlyStaleMerges(all)
				r.untouched(issue)
				r.alive()
			})
		}
	}
}
