package bot_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// newDeletingRig is a merging rig with olga, who may delete merge requests.
func newDeletingRig(t *testing.T) *rig {
	t.Helper()
	r := newMergingRig(t, nil)
	r.must(r.gitlab.AddUser("olga", "Olga", sandbox.Owner))
	return r
}

// another is a project beside the rig's, whose merge requests the bot hears of.
func (r *rig) another(path string) int64 {
	r.Helper()
	id := r.gitlab.AddProject(path)
	r.must(r.gitlab.AddHook(id, sandbox.Hook{URL: r.app.URL(), Token: secret, SigningToken: signingToken, Events: []string{sandbox.OnMergeRequests}}))
	return id
}

// TestDeletedMergeRequestIsNotAwaited: of two merge requests one was deleted, which nothing tells. The issue does not wait for it when the other one is merged or
// closed, and that costs a few calls once.
func TestDeletedMergeRequestIsNotAwaited(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		elsewhere bool
		end       func(r *rig, m triage.Ref) error
		state     string
	}{
		"the other is merged":       {end: func(r *rig, m triage.Ref) error { return r.gitlab.Merge("mia", m) }, state: inVerification},
		"it was of another project": {elsewhere: true, end: func(r *rig, m triage.Ref) error { return r.gitlab.Merge("mia", m) }, state: inVerification},
		"the other is closed": {end: func(r *rig, m triage.Ref) error {
			return r.gitlab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
		}, state: readyForDev},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newDeletingRig(t)
			ref, project := r.ready(), r.project
			if test.elsewhere {
				project = r.another("team/other")
			}
			deleted := r.mergingIn(project, sandbox.MergeRequestOptions{Title: "one", Description: fmt.Sprintf("Closes team/project#%d", ref.IID)})
			other := r.merging("two", fmt.Sprintf("Closes #%d", ref.IID))
			r.in(ref, inCodeReview)
			r.must(nil, r.gitlab.DeleteMergeRequest("olga", deleted))
			r.must(nil, test.end(r, other))
			r.settle()
			r.in(ref, test.state)
			r.calls()
			r.must(nil, r.gitlab.EditMergeRequest("omar", other, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
			r.settle()
			if reads, writes := r.calls(); len(reads)+len(writes) > 0 {
				t.Errorf("what follows costs %q %q", reads, writes)
			}
			r.alive()
		})
	}
}

// TestMergeRequestThatIsNotDeleted: what is still to be merged is waited for, however GitLab answers just then: its lists lag, it says once that there is
// no such merge request, or the project is hidden from the bot.
func TestMergeRequestThatIsNotDeleted(t *testing.T) {
	t.Parallel()
	troubles := map[string]func(r *rig, waited triage.Ref){
		"no trouble":    func(*rig, triage.Ref) {},
		"the lists lag": func(*rig, triage.Ref) {},
		"it is not found once": func(r *rig, _ triage.Ref) {
			r.gitlab.FailNext(sandbox.Fault{Match: "GET merge request ", Status: http.StatusNotFound})
		},
		"it is forbidden": func(r *rig, _ triage.Ref) {
			r.gitlab.FailNext(sandbox.Fault{Match: "GET merge request ", Status: http.StatusForbidden, Times: -1})
		},
		"the project is hidden": func(r *rig, waited triage.Ref) {
			r.gitlab.FailNext(sandbox.Fault{Match: "GET merge request " + waited.String(), Status: http.StatusNotFound, Times: -1})
			r.gitlab.FailNext(sandbox.Fault{Match: fmt.Sprintf("GET project %d", waited.Project), Status: http.StatusNotFound, Times: -1})
		},
	}
	for _, elsewhere := range []bool{false, true} {
		for name, trouble := range troubles {
			if !elsewhere && name == "the project is hidden" {
				continue
			}
			t.Run(fmt.Sprintf("%s, elsewhere %t", name, elsewhere), func(t *testing.T) {
				t.Parallel()
				r := newDeletingRig(t)
				ref, project := r.ready(), r.project
				if elsewhere {
					project = r.another("team/other")
				}
				closing := fmt.Sprintf("Closes team/project#%d", ref.IID)
				waited := r.mergingIn(project, sandbox.MergeRequestOptions{Title: "one", Description: closing})
				merged := r.merging("two", closing)
				r.in(ref, inCodeReview)
				if name != "no trouble" {
					r.listsLack()
				}
				trouble(r, waited)
				r.merge(merged)
				r.in(ref, inCodeReview)
				r.gitlab.ClearFaults()
				r.merge(waited)
				r.in(ref, inVerification)
				r.alive()
			})
		}
	}
}

// listsLack has GitLab's lists of the merge requests of an issue lack all of them.
func (r *rig) listsLack() {
	for _, list := range []string{"closed_by", "related_merge_requests"} {
		r.gitlab.FailNext(sandbox.Fault{Match: list, Status: 200, Body: "[]", Times: -1})
	}
}

// TestDeletedWhileItIsHandled: the merge request is deleted while the bot looks up what it closes. Its issues are told.
func TestDeletedWhileItIsHandled(t *testing.T) {
	t.Parallel()
	r := newDeletingRig(t)
	ref := r.ready()
	closing := fmt.Sprintf("Closes #%d", ref.IID)
	deleted, other := r.merging("Draft: one", closing), r.merging("two", closing)
	r.in(ref, inDev)
	hold := make(chan struct{})
	r.gitlab.FailNext(sandbox.Fault{Match: "closes_issues", Wait: hold})
	r.must(nil, r.gitlab.Push("omar", deleted, "more"))
	r.must(nil, r.await(func() bool { return len(r.gitlab.HeldCalls()) == 1 }))
	r.must(nil, r.gitlab.DeleteMergeRequest("olga", deleted))
	close(hold)
	r.settle()
	r.in(ref, inCodeReview)
	r.merge(other)
	r.in(ref, inVerification)
	if !slices.ContainsFunc(r.handled.all(), func(line string) bool { return strings.Contains(line, `"result":"gone"`) }) {
		t.Error("nobody noticed that the merge request is gone")
	}
	r.alive()
}
