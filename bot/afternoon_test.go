package bot_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// afternoon is what happens to an issue and its merge requests, and what the bot makes of it: the state to which it moves the issue in mode act, and
// the one open item of its note in mode remind.
var afternoon = []struct {
	does  string
	do    func(*rig, triage.Ref, map[string]triage.Ref)
	state string // "" is no other one
	asks  string // "" is nothing
}{
	{"a draft is opened", func(r *rig, issue triage.Ref, m map[string]triage.Ref) {
		m["one"] = r.merging("Draft: one", fmt.Sprintf("Closes #%d", issue.IID))
	}, inDev, "Merge request !1 is open and will close this issue. Use `/flow to in dev`."},
	{"one of another project is ready at once", func(r *rig, issue triage.Ref, m map[string]triage.Ref) {
		m["two"] = r.mergingIn(m["elsewhere"].Project, sandbox.MergeRequestOptions{Title: "two", Description: fmt.Sprintf("Fixes team/project#%d", issue.IID)})
	}, "", "Merge request !1 and one of another project are open and will close this issue. Use `/flow to in dev`."},
	{"commits are pushed by force", func(r *rig, _ triage.Ref, m map[string]triage.Ref) {
		r.must(nil, r.gitlab.Push("omar", m["two"], "another"))
		r.settle()
	}, "", "Merge request !1 and one of another project are open and will close this issue. Use `/flow to in dev`."},
	{"the first is ready", func(r *rig, _ triage.Ref, m map[string]triage.Ref) { r.draft(m["one"], false) },
		inCodeReview, "Merge request !1 and one of another project are ready for review. Use `/flow to in review`."},
	{"a person moves the issue there", func(r *rig, issue triage.Ref, _ map[string]triage.Ref) {
		r.edit("omar", issue, sandbox.Change{RemoveLabels: []string{readyForDev, inDev}, AddLabels: []string{inCodeReview}})
	}, "", ""},
	{"the second is a draft again", func(r *rig, _ triage.Ref, m map[string]triage.Ref) { r.draft(m["two"], true) },
		inDev, "A merge request of another project is in draft. Use `/flow to in dev`."},
	{"and is closed", func(r *rig, _ triage.Ref, m map[string]triage.Ref) {
		r.change("omar", m["two"], sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
	}, inCodeReview, ""},
	{"the first is closed, too", func(r *rig, _ triage.Ref, m map[string]triage.Ref) {
		r.change("omar", m["one"], sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
	}, readyForDev, "Merge request !1 and one of another project were closed unmerged, and none is left. Use `/flow to ready for development`."},
	{"and reopened", func(r *rig, _ triage.Ref, m map[string]triage.Ref) {
		r.change("omar", m["one"], sandbox.MergeRequestChange{Change: sandbox.Change{Reopen: true}})
	}, inCodeReview, ""},
	{"and merged", func(r *rig, _ triage.Ref, m map[string]triage.Ref) { r.merge(m["one"]) },
		inVerification, "Merge request !1 is merged. Use `/flow to verification`."},
	{"a person moves the issue there", func(r *rig, issue triage.Ref, _ map[string]triage.Ref) {
		r.edit("omar", issue, sandbox.Change{RemoveLabels: []string{inCodeReview}, AddLabels: []string{inVerification}})
	}, "", ""},
	{"a third one comes", func(r *rig, issue triage.Ref, m map[string]triage.Ref) {
		m["three"] = r.merging("three", fmt.Sprintf("Closes #%d", issue.IID))
	}, "", "Merge request !2 is ready, and this issue is in verification. Does it go back to review? Use `/flow to in review`."},
	{"and is merged", func(r *rig, _ triage.Ref, m map[string]triage.Ref) { r.merge(m["three"]) }, "", ""},
	{"somebody closes the issue", func(r *rig, issue triage.Ref, _ map[string]triage.Ref) {
		r.edit("mia", issue, sandbox.Change{Close: true})
	}, complete, ""},
}

// TestAfternoon: merge requests of two projects come and go, and people move the issue in between.
func TestAfternoon(t *testing.T) {
	t.Parallel()
	for _, mode := range []triage.Mode{triage.Act, triage.Remind} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			var r *rig
			if mode == triage.Act {
				r = newMergingRig(t, nil)
			} else {
				r = newRig(t, sandbox.Premium, nil)
				r.must(nil, r.gitlab.SetAutoClose(r.project, false))
			}
			other := r.gitlab.AddProject("team/other")
			_, err := r.gitlab.AddHook(other, sandbox.Hook{URL: r.app.URL(), Token: secret, SigningToken: signingToken, Events: []string{sandbox.OnMergeRequests}})
			r.must(nil, err)
			issue, requests, want := r.ready(), map[string]triage.Ref{"elsewhere": {Project: other}}, readyForDev
			for _, s := range afternoon {
				s.do(r, issue, requests)
				want = cmp.Or(s.state, want)
				if state := stateLabel(r, issue); mode == triage.Act && state != want {
					t.Errorf("%s: the issue is %q, want %q", s.does, state, want)
				}
				asks := ""
				for line := range strings.SplitSeq(r.note(issue), "\n") {
					if item, open := strings.CutPrefix(line, "- [ ] "); open {
						asks += strings.TrimPrefix(strings.TrimPrefix(item, "**The next state**. "), "**More to merge**. ")
					}
				}
				if mode == triage.Remind && asks != s.asks {
					t.Errorf("%s: it asks %q, want %q", s.does, asks, s.asks)
				}
			}
			r.alive()
		})
	}
}

// stateLabel is the label of the issue's state.
func stateLabel(r *rig, ref triage.Ref) string {
	labels := r.gitlab.Issue(ref).Labels
	return labels[slices.IndexFunc(labels, func(l string) bool { return strings.HasPrefix(l, "workflow::") })]
}
