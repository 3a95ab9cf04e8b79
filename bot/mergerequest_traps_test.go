package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestTestedMergeRequestHook: the test button sends the newest merge request without an action, whatever is the matter with it. That is no news, also of
// one whose state the bot has missed, and where a person moved the issue meanwhile.
func TestTestedMergeRequestHook(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	r.edit("mia", ref, sandbox.Change{RemoveLabels: []string{inDev}, AddLabels: []string{readyForDev}})
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Merge Request Hook", Do: sandbox.Drop})
	r.draft(m, false)
	r.calls()
	if answer := r.tries("mia", "merge_requests_events"); !strings.Contains(answer, "ignored") || !strings.Contains(answer, "nothing happened to this merge request") {
		t.Errorf("the test is answered %s", answer)
	}
	if reads, writes := r.calls(); len(reads) > 0 || len(writes) != 1 { // the one that pressed the button
		t.Errorf("a test costs %q %q", reads, writes)
	}
	r.in(ref, readyForDev)
}

// TestWhatChangesNothingOfAMergeRequest: approvals, that GitLab tells with a time from before them, their reset by a push in the name of who pushed, reviews
// that are asked for and asked for again, and labels cost no call; a new head costs those that look up what it closes. All of it moves no issue.
func TestWhatChangesNothingOfAMergeRequest(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	r.must(nil, r.gitlab.RequireApprovals(r.project, 2))
	m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inCodeReview)
	r.edit("mia", ref, sandbox.Change{RemoveLabels: []string{inCodeReview}, AddLabels: []string{readyForDev}})
	reviewers := []string{"mia"}
	change := func(c sandbox.MergeRequestChange) func() error {
		return func() error { return r.gitlab.EditMergeRequest("omar", m, c) }
	}
	for _, step := range []struct {
		what  string
		do    func() error
		calls int
	}{
		{"a reviewer", change(sandbox.MergeRequestChange{Reviewers: &reviewers}), 0},
		{"asking again", func() error { return r.gitlab.ReRequestReview("omar", m, "mia") }, 0},
		{"an approval", func() error { return r.gitlab.Approve("mia", m) }, 0},
		{"a label", change(sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"UX"}}}), 0},
		{"an approval taken back", func() error { return r.gitlab.Unapprove("mia", m) }, 0},
		{"another approval", func() error { return r.gitlab.Approve("mia", m) }, 0},
		{"a push, and the reset of approvals", func() error { return r.gitlab.Push("omar", m, "More") }, 2},
		{"an edit that changes nothing", change(sandbox.MergeRequestChange{}), 0},
	} {
		r.calls()
		r.must(nil, step.do())
		r.settle()
		if reads, writes := r.calls(); len(reads) != step.calls || len(writes) > 0 {
			t.Errorf("%s costs %q %q, want %d calls that read", step.what, reads, writes, step.calls)
		}
	}
	r.in(ref, readyForDev)
	r.alive()
}

// TestTwinsOfAMergeRequest: two webhooks tell of one merge request, and GitLab tells of closing it twice: each thing happens once.
func TestTwinsOfAMergeRequest(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	_, err := r.gitlab.AddHook(r.project, sandbox.Hook{URL: r.app.URL() + "?second", Token: secret, SigningToken: signingToken, Events: sandbox.HookEvents()})
	r.must(nil, err)
	ref := r.ready()
	m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
	r.in(ref, inCodeReview)
	r.calls()
	r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true, AddLabels: []string{"UX"}}}))
	r.settle()
	r.in(ref, readyForDev)
	_, writes := r.calls()
	moves := 0
	for _, w := range writes {
		if strings.HasPrefix(w, "PUT issue") {
			moves++
		}
	}
	if moves != 1 {
		t.Errorf("the issue is moved by %q", writes)
	}
	r.alive()
}

// TestMergeRequestToldBeforeItIsOpened: GitLab sends the webhook of opening when it has prepared the merge request; an edit may be told before that.
func TestMergeRequestToldBeforeItIsOpened(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	r.gitlab.HoldJobs()
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	r.draft(m, false)
	r.gitlab.ReleaseJobs()
	r.settle()
	r.in(ref, inCodeReview)
	r.alive()
}

// TestMergeThatClosesManyIssues: GitLab closes the issues of a merge request one after another, from the fifth on minutes later. Nothing repairs what is
// still to come: each issue goes from review to complete.
func TestMergeThatClosesManyIssues(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	r.must(nil, r.gitlab.SetAutoClose(r.project, true))
	var refs []triage.Ref
	text := "Closes"
	for range 6 {
		refs = append(refs, r.ready())
		text += fmt.Sprintf(" #%d,", refs[len(refs)-1].IID)
	}
	m := r.merging("one", text)
	r.merge(m)
	for n, ref := range refs {
		r.in(ref, map[bool]string{true: complete, false: inCodeReview}[n < 4])
	}
	r.ahead.Add(int64(5 * time.Minute))
	r.gitlab.ReleaseJobs()
	r.settle()
	for _, ref := range refs {
		r.in(ref, complete)
		for _, line := range r.callsFor(ref) {
			if strings.Contains(line, inVerification) {
				t.Errorf("on its way to complete: %s", line)
			}
		}
	}
	r.alive()
}

// TestDeletedMergeRequest: nobody tells that a merge request was deleted. What is known of it is done with, and nothing is tried for ever.
func TestDeletedMergeRequest(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	_, err := r.gitlab.AddUser("olga", "Olga", sandbox.Owner)
	r.must(nil, err)
	ref := r.ready()
	r.gitlab.FailNextHook(sandbox.HookFault{Event: "Merge Request Hook", Do: sandbox.Hold})
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	r.must(nil, r.gitlab.DeleteMergeRequest("olga", m))
	for _, d := range r.gitlab.HeldDeliveries() {
		r.release(d.ID)
	}
	r.in(ref, readyForDev)
	r.alive()
}

// TestOwnChangesOfAMergeRequest: GitLab tells of the bot's own changes as of everybody's. They are no news.
func TestOwnChangesOfAMergeRequest(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, rulesOnMergeRequests)
	r.must(nil, r.gitlab.SetLevel(botName, "team", sandbox.Developer))
	ref := r.ready()
	m := r.merging("Draft: one", fmt.Sprintf("Closes #%d", ref.IID))
	if got := r.gitlab.MergeRequest(m).Labels; len(got) == 0 {
		t.Fatal("the bot changes nothing")
	}
	own := 0
	for _, d := range r.gitlab.Deliveries() {
		if d.Event == "Merge Request Hook" && strings.Contains(string(d.Body), `"username":"`+botName+`"`) {
			if own++; !strings.Contains(d.Answer, "the bot's own change") {
				t.Errorf("its own change is answered %s", d.Answer)
			}
		}
	}
	if own != 1 {
		t.Errorf("GitLab tells of %d changes of its own", own)
	}
}

// TestRetargetedMergeRequest: one that no longer goes to the default branch closes nothing, and closes it again when it does.
func TestRetargetedMergeRequest(t *testing.T) {
	t.Parallel()
	for name, autoClose := range map[string]bool{"of GitLab's set": true, "of the text": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newMergingRig(t, nil)
			r.must(nil, r.gitlab.SetAutoClose(r.project, autoClose))
			ref := r.ready()
			m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
			r.in(ref, inCodeReview)
			to := func(branch string) {
				r.must(nil, r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{TargetBranch: branch}))
				r.settle()
			}
			to("stable")
			r.merge(m)
			if i := r.gitlab.Issue(ref); i.Has(inVerification) || i.State != "opened" {
				t.Errorf("merged elsewhere the issue is %s with the labels %q", i.State, i.Labels)
			}
			other := r.mergingIn(r.project, sandbox.MergeRequestOptions{Title: "two", TargetBranch: "stable", Description: fmt.Sprintf("Closes #%d", ref.IID)})
			r.must(nil, r.gitlab.EditMergeRequest("omar", other, sandbox.MergeRequestChange{TargetBranch: "main"}))
			r.settle()
			r.draft(other, true)
			r.in(ref, inDev)
			r.alive()
		})
	}
}
