package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestIssuesOfStrangers: whoever may open a merge request may name any issue that the bot sees. Where the bot has no role, nobody asked for it: nothing is
// looked at there, let alone written. Once it has a role there, it does its work.
func TestIssuesOfStrangers(t *testing.T) {
	t.Parallel()
	for name, autoClose := range map[string]bool{"named by GitLab's set": true, "named by the text": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newMergingRig(t, nil)
			far := r.gitlab.AddProject("strangers/project")
			r.must(nil, r.gitlab.SetVisibility(far, sandbox.Public))
			r.must(nil, r.gitlab.SetAutoClose(far, autoClose))
			r.must(nil, r.gitlab.SetLevel(botName, "strangers", 0))
			ref, err := r.gitlab.Open("ann", far, sandbox.IssueOptions{Title: "t", Labels: []string{readyForDev}})
			r.must(nil, err)
			r.calls()
			m := r.merging("Draft: one", "Closes strangers/project#1")
			r.draft(m, false)
			if _, writes := r.calls(); len(writes) > 0 {
				t.Errorf("the bot writes %q", writes)
			}
			if n := len(r.callsFor(ref)); n > 0 {
				t.Errorf("the bot asks %d times for the issue", n)
			}
			if !strings.Contains(r.handled.text(), "of a project in which the bot has no role; that is left alone") {
				t.Error("nobody is told why")
			}
			r.must(nil, r.gitlab.SetLevel(botName, "strangers", sandbox.Reporter))
			r.restart() // which forgets that it had no role
			r.draft(m, true)
			r.in(triage.Ref{Project: far, IID: ref.IID}, inDev)
			r.alive()
		})
	}
}

// TestMergeRequestsOfStrangers: anybody can write in a project of their own that a merge request closes an issue of ours. Where the text alone counts, that of
// a project in which the bot has no role does not.
func TestMergeRequestsOfStrangers(t *testing.T) {
	t.Parallel()
	r := newMergingRig(t, nil)
	ref := r.ready()
	_, err := r.gitlab.AddUser("eve", "Eve", 0)
	r.must(nil, err)
	far := r.gitlab.AddProject("eve/project")
	r.must(nil, r.gitlab.SetVisibility(far, sandbox.Public))
	r.must(nil, r.gitlab.SetVisibility(r.project, sandbox.Public))
	r.must(nil, r.gitlab.SetLevel("eve", "eve", sandbox.Owner))
	r.must(nil, r.gitlab.SetLevel(botName, "eve", 0))
	_, err = r.gitlab.OpenMergeRequest("eve", far, sandbox.MergeRequestOptions{Title: "Draft: mine", Description: fmt.Sprintf("Closes team/project#%d", ref.IID)})
	r.must(nil, err)
	r.settle()
	r.loseStore()
	r.calls()
	r.merging("two", fmt.Sprintf("Closes #%d", ref.IID))
	if reads, _ := r.calls(); !slices.ContainsFunc(reads, func(line string) bool { return strings.HasPrefix(line, "GET related merge requests") }) {
		t.Fatalf("GitLab's list is not asked for: %q", reads)
	}
	r.in(ref, inCodeReview) // the draft would hold it back
	r.alive()
}
