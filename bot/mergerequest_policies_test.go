package bot_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// mergePolicyRig is a rig with no rules but these policies on merge requests, in mode act, and a bot that may label merge requests.
func mergePolicyRig(t *testing.T, rules ...policy.Rule) *rig {
	t.Helper()
	for n := range rules {
		rules[n].Subject = triage.SubjectMergeRequest
	}
	r := policyRig(t, sandbox.Premium, rules...)
	r.must(nil, r.gitlab.SetLevel(r.gitlab.BotUser(), "team", sandbox.Developer))
	return r
}

// change edits a merge request as a person and waits until the bot is done with it.
func (r *rig) change(who string, ref triage.Ref, c sandbox.MergeRequestChange) {
	r.Helper()
	r.must(nil, r.gitlab.EditMergeRequest(who, ref, c))
	r.settle()
}

// saidOn are the bot's own comments on a merge request.
func (r *rig) saidOn(ref triage.Ref) []string {
	r.Helper()
	var said []string
	for _, n := range r.gitlab.Issue(ref).CommentsBy(botName) {
		said = append(said, n.Text)
	}
	return said
}

// TestMergeRequestPolicies: every condition and action that a merge request has.
func TestMergeRequestPolicies(t *testing.T) {
	t.Parallel()
	label := func(name string, when ...policy.Condition) policy.Rule {
		return policy.Rule{Name: name, When: when, Actions: policy.Actions{Labels: []string{name}}}
	}
	tests := map[string]struct {
		rule  policy.Rule
		open  sandbox.MergeRequestOptions
		then  func(*rig, triage.Ref)
		check func(sandbox.MergeRequest) bool
	}{
		"a draft":         {rule: label("a", policy.IsDraft{Draft: true}), open: sandbox.MergeRequestOptions{Title: "Draft: one"}},
		"ready":           {rule: label("a", policy.IsDraft{}), open: sandbox.MergeRequestOptions{Title: "Draft: one"}, then: func(r *rig, m triage.Ref) { r.draft(m, false) }},
		"a source branch": {rule: label("a", policy.FromBranch{Name: "hotfix"}), open: sandbox.MergeRequestOptions{Title: "one", SourceBranch: "hotfix"}},
		"a target branch": {rule: label("a", policy.ToBranch{Name: "stable"}), open: sandbox.MergeRequestOptions{Title: "one"}, then: func(r *rig, m triage.Ref) {
			r.change("omar", m, sandbox.MergeRequestChange{TargetBranch: "stable"})
		}},
		"merged":       {rule: label("a", policy.InState{State: policy.Merged}), open: sandbox.MergeRequestOptions{Title: "one"}, then: func(r *rig, m triage.Ref) { r.merge(m) }},
		"merged a day": {rule: label("a", policy.Age{Of: policy.MergedAt, Interval: 1, Unit: policy.Days}), open: sandbox.MergeRequestOptions{Title: "one"}, then: func(r *rig, m triage.Ref) { r.merge(m) }},
		"closed": {rule: label("a", policy.InState{State: policy.Closed}), open: sandbox.MergeRequestOptions{Title: "one"}, then: func(r *rig, m triage.Ref) {
			r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
		}},
		"in a milestone": {rule: label("a", policy.InMilestone{Title: "next"}), open: sandbox.MergeRequestOptions{Title: "one"}, then: func(r *rig, m triage.Ref) {
			r.must(r.gitlab.AddMilestone(r.project, "next"))
			r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Milestone: new("next")}})
		}},
		"by somebody":    {rule: label("a", policy.IsBy{Username: "omar"}), open: sandbox.MergeRequestOptions{Title: "one"}},
		"by a member":    {rule: label("a", policy.IsMember{Group: true, Source: "team"}), open: sandbox.MergeRequestOptions{Title: "one"}},
		"without a word": {rule: label("a", policy.Counts{What: policy.Notes, Threshold: 1}), open: sandbox.MergeRequestOptions{Title: "one"}},
		"without votes":  {rule: label("a", policy.Counts{What: policy.Upvotes, Threshold: 1}), open: sandbox.MergeRequestOptions{Title: "one"}},
		"closes": {rule: policy.Rule{Name: "a", When: []policy.Condition{labelled("no")}, Actions: policy.Actions{State: policy.Closed}}, open: sandbox.MergeRequestOptions{Title: "one", Labels: []string{"no"}},
			check: func(m sandbox.MergeRequest) bool { return m.State == "closed" }},
		"reopens": {rule: policy.Rule{Name: "a", When: []policy.Condition{labelled("again"), policy.InState{State: policy.Closed}}, Actions: policy.Actions{State: policy.Opened}}, open: sandbox.MergeRequestOptions{Title: "one"},
			then: func(r *rig, m triage.Ref) {
				r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"again"}, Close: true}})
			}, check: func(m sandbox.MergeRequest) bool { return m.State == "opened" }},
		"assigns": {rule: policy.Rule{Name: "a", Actions: policy.Actions{Assign: []string{"mia"}}}, open: sandbox.MergeRequestOptions{Title: "one"},
			check: func(m sandbox.MergeRequest) bool { return slices.Equal(m.Assignees, []string{"mia"}) }},
		"removes": {rule: policy.Rule{Name: "a", When: []policy.Condition{labelled("wip")}, Actions: policy.Actions{RemoveLabels: []string{"wip"}}}, open: sandbox.MergeRequestOptions{Title: "one", Labels: []string{"wip"}},
			check: func(m sandbox.MergeRequest) bool { return len(m.Labels) == 0 }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mergePolicyRig(t, test.rule)
			m := r.mergingIn(r.project, test.open)
			if test.then != nil {
				test.then(r, m)
			}
			check := test.check
			if check == nil {
				check = func(m sandbox.MergeRequest) bool { return slices.Contains(m.Labels, "a") }
			}
			if got := r.gitlab.MergeRequest(m); !check(got) {
				t.Errorf("it ended as %+v\n%s", got, calls(r))
			}
			if r.calls(); r.gitlab.MergeRequest(m).State == "opened" {
				r.must(nil, r.gitlab.Approve("mia", m))
				r.settle()
			}
			if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
				t.Errorf("an approval costs %q %q", reads, writes)
			}
			r.alive()
		})
	}
}

// TestMergeRequestPolicyComments: said once in a spell, on the merge request, also after the store was lost.
func TestMergeRequestPolicyComments(t *testing.T) {
	t.Parallel()
	hello := policy.Rule{Name: "hello", When: []policy.Condition{policy.IsDraft{}}, Actions: policy.Actions{
		Own: true, Comment: policy.Template{{Text: "Hello "}, {Field: "author"}, {Text: ", into "}, {Field: "target_branch"}, {Text: "."}}, Mentions: []string{"pam"},
	}}
	thread := policy.Rule{Name: "thread", When: []policy.Condition{policy.IsDraft{}}, Actions: policy.Actions{Own: true, Thread: true, Comment: text("Is there a test?")}}
	noted := policy.Rule{Name: "noted", When: []policy.Condition{policy.IsDraft{}}, Actions: policy.Actions{Comment: text("Ask for a review.")}}
	r := mergePolicyRig(t, hello, thread, noted)
	m := r.merging("Draft: one", "")
	if said := r.saidOn(m); len(said) > 0 {
		t.Fatalf("of a draft it says %q", said)
	}
	r.draft(m, false)
	once := func(when string, want int) {
		t.Helper()
		said := strings.Join(r.saidOn(m), "\n")
		for _, words := range []string{"Hello @omar, into main.", "Is there a test?"} {
			if n := strings.Count(said, words); n != want {
				t.Errorf("%s it says %q %d times, want %d\n%s", when, words, n, want, said)
			}
		}
		if strings.Contains(said, "issue") {
			t.Errorf("it speaks of an issue\n%s", said)
		}
		if n := strings.Count(said, "- [ ] Ask for a review."); n != 1 {
			t.Errorf("%s the note says %d times what it has to\n%s", when, n, said)
		}
	}
	once("at first", 1)
	r.loseStore()
	r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}})
	once("after the store was lost", 1)
	r.draft(m, true)
	r.draft(m, false)
	once("in the next spell", 2)
	r.alive()
}

// What people say on a merge request counts as activity, and costs nothing where that changes nothing. It is no command.
func TestActiveMergeRequests(t *testing.T) {
	t.Parallel()
	r := mergePolicyRig(t,
		policy.Rule{Name: "answered", When: []policy.Condition{labelled("asked"), policy.Counts{What: policy.Notes, Above: true, Threshold: 1}}, Actions: policy.Actions{RemoveLabels: []string{"asked"}}},
	)
	m := r.merging("one", "")
	r.calls()
	r.comment("omar", m, "/flow to start\nOn it.")
	if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
		t.Errorf("a comment that changes nothing costs %q %q", reads, writes)
	}
	r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"asked"}}})
	if got := r.gitlab.MergeRequest(m).Labels; len(got) != 1 {
		t.Errorf("one comment is no answer, and it is %q", got)
	}
	r.comment("omar", m, "Like this.")
	if got := r.gitlab.MergeRequest(m).Labels; len(got) > 0 {
		t.Errorf("it is still %q\n%s", got, calls(r))
	}
	r.alive()
}

// A later policy sees a merge request as an earlier one leaves it, and a merged one is left as it is.
func TestMergeRequestPoliciesSeeEachOther(t *testing.T) {
	t.Parallel()
	r := mergePolicyRig(t,
		policy.Rule{Name: "closes", When: []policy.Condition{labelled("old"), policy.InState{State: policy.Opened}}, Actions: policy.Actions{State: policy.Closed}},
		policy.Rule{Name: "marks", When: []policy.Condition{policy.InState{State: policy.Closed}}, Actions: policy.Actions{Labels: []string{"given up"}}},
		policy.Rule{Name: "opens", When: []policy.Condition{labelled("again")}, Actions: policy.Actions{State: policy.Opened}},
	)
	m := r.merging("one", "")
	r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"old"}}})
	if got := r.gitlab.MergeRequest(m); got.State != "closed" || !slices.Contains(got.Labels, "given up") {
		t.Errorf("it is %s with %q\n%s", got.State, got.Labels, calls(r))
	}
	m = r.merging("two", "")
	r.merge(m)
	r.calls()
	r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"again"}}})
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("a merged one is written to: %q", writes)
	}
	r.alive()
}

// A policy that only reminds says on the merge request what it would do.
func TestMergeRequestPolicyReminds(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		o.Policy.Settings, o.Policy.Index = policySettings(policy.Rule{
			Name: "old", Subject: triage.SubjectMergeRequest, When: []policy.Condition{labelled("old")}, Actions: policy.Actions{Labels: []string{"stale"}, State: policy.Closed},
		}), nil
		o.Policy.Settings[0].Mode = triage.Remind
	})
	m := r.mergingIn(r.project, sandbox.MergeRequestOptions{Title: "one", Labels: []string{"old"}})
	for _, words := range []string{"This merge request needs two things:", "- [ ] **A label**: `/label ~stale`.", "- [ ] **Closing it**: `/close`."} {
		if note := r.note(m); !strings.Contains(note, words) {
			t.Errorf("the note lacks %q\n%s", words, note)
		}
	}
	r.alive()
}

// GitLab lets nobody below Developer label a merge request, and drops labels without a word if it is their own: that is tried once and left
// alone, and the rest goes on.
func TestMergeRequestPoliciesOfAReporter(t *testing.T) {
	t.Parallel()
	for name, assignees := range map[string][]string{"refused": {"omar"}, "dropped": {botName}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mergePolicyRig(t,
				policy.Rule{Name: "a", When: []policy.Condition{policy.IsDraft{}}, Actions: policy.Actions{Labels: []string{"a"}, Assign: []string{"mia"}, Own: true, Comment: text("Hello.")}},
				policy.Rule{Name: "b", When: []policy.Condition{policy.IsDraft{}}, Actions: policy.Actions{Comment: text("A word.")}},
			)
			r.must(nil, r.gitlab.SetLevel(r.gitlab.BotUser(), "team", sandbox.Reporter))
			m := r.mergingIn(r.project, sandbox.MergeRequestOptions{Title: "one", Assignees: assignees})
			if said := strings.Join(r.saidOn(m), "\n"); strings.Count(said, "Hello.") != 1 || strings.Count(said, "- [ ] A word.") != 1 {
				t.Errorf("it says %q\n%s", said, calls(r))
			}
			r.calls()
			for n := range 3 {
				r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Title: new(fmt.Sprint("title ", n)), AddLabels: []string{fmt.Sprint("label ", n)}}})
			}
			if _, writes := r.calls(); len(writes) > 0 {
				t.Errorf("it is tried again: %q", writes)
			}
			r.alive()
			if said := strings.Count(r.handled.text(), "which is left as it is"); name == "refused" && said != 1 {
				t.Errorf("that is said %d times, want once", said)
			}
		})
	}
}

// The same of a rule of the catalogue.
func TestCopiedLabelsOfAReporter(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, rulesOnMergeRequests)
	ref := r.ready("severity::2")
	m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
	if note := r.note(m); note != "" {
		t.Errorf("the note says %q", note)
	}
	r.calls()
	r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Title: new("two"), AddLabels: []string{"x"}}})
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("it is tried again: %q", writes)
	}
	r.alive()
}

// People win on merge requests, too, also after the store was lost.
func TestPeopleWinOverMergeRequestPolicies(t *testing.T) {
	t.Parallel()
	r := mergePolicyRig(t, policy.Rule{Name: "a", When: []policy.Condition{policy.IsDraft{}}, Actions: policy.Actions{Labels: []string{"a"}}})
	m := r.merging("one", "")
	if got := r.gitlab.MergeRequest(m).Labels; !slices.Contains(got, "a") {
		t.Fatalf("it is not labelled: %q", got)
	}
	r.change("mia", m, sandbox.MergeRequestChange{Change: sandbox.Change{RemoveLabels: []string{"a"}}})
	for _, lost := range []bool{false, true} {
		if lost {
			r.loseStore()
		}
		r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{fmt.Sprint(lost)}}})
		if got := r.gitlab.MergeRequest(m).Labels; slices.Contains(got, "a") {
			t.Errorf("with the store lost (%t) it is labelled again: %q\n%s", lost, got, calls(r))
		}
	}
	r.alive()
}

// A write to a merge request that gets no answer is looked for once, when GitLab may have carried it out, and then forgotten.
func TestUnansweredCommentsOnMergeRequests(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{"not done": {CutBefore: true}, "done": {ApplyThenCut: true}, "an outage": {Status: http.StatusBadGateway}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mergePolicyRig(t, policy.Rule{Name: "hello", When: []policy.Condition{policy.IsDraft{}}, Actions: policy.Actions{Own: true, Comment: text("Hello.")}})
			fault.Match = "POST note "
			r.gitlab.FailNext(fault)
			m := r.merging("one", "")
			for n := range 10 {
				r.change("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Title: new(fmt.Sprint("title ", n))}})
			}
			if woken, said := strings.Count(r.handled.text(), `"events":"woken"`), r.saidOn(m); len(said) != 1 || woken > 2 {
				t.Errorf("it was woken %d times and says %q", woken, said)
			}
		})
	}
}

// TestPoliciesFollowNoClosing: where only policies look at merge requests, nobody asks which issues they close, and those hear nothing of them.
func TestPoliciesFollowNoClosing(t *testing.T) {
	t.Parallel()
	r := mergePolicyRig(t, staleMergeAfter(120))
	ref := r.ready()
	r.calls()
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	r.draft(m, false)
	r.merge(m)
	reads, writes := r.calls()
	if told := strings.Contains(r.handled.text(), "told "); told || len(reads)+len(writes) > 0 {
		t.Errorf("the issue is told %t, and it costs %q %q", told, reads, writes)
	}
	r.alive()
}
