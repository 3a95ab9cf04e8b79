package bot_test

import (
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// plainBoard is a team whose states are GitLab's own statuses.
const plainBoard = `
labels: {workflow: board}
workflow:
  store: status
  states:
    - {name: todo, is: intake, status: To do}
    - {name: doing, is: development, status: In progress}
    - {name: done, is: done, status: Done}
`

// TestStatusesCustomisedMeanwhile: once a group has statuses of its own, GitLab's own ids name nothing there, also where the names stay. They are looked up
// anew, and what was wanted is done.
func TestStatusesCustomisedMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.Premium, works(t, plainBoard))
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
	r.done(ref, r.say("omar", ref, "/flow to doing"))
	r.has(ref, "In progress")
	own := []sandbox.Status{{Name: "Done", Category: "done"}, {Name: "In progress", Category: "in_progress"}, {Name: "To do", Category: "to_do"}}
	r.must(nil, r.gitlab.SetStatuses("team", own))
	r.done(ref, r.say("omar", ref, "/flow to todo"))
	r.has(ref, "To do")
	r.alive()
}

// TestStatusesOfTwoGroups: two top-level groups have statuses of the same names, with other ids. Each issue gets that of its own group.
func TestStatusesOfTwoGroups(t *testing.T) {
	t.Parallel()
	r := newStatusRig(t, board, nil)
	other := r.gitlab.AddProject("crew/project")
	r.must(nil, r.gitlab.SetStatuses("crew", boardStatuses()))
	_, err := r.gitlab.AddHook(other, sandbox.Hook{URL: r.app.URL(), Token: secret, SigningToken: signingToken, Events: sandbox.HookEvents()})
	r.must(nil, err)
	here := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
	there, err := r.gitlab.Open("ann", other, sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
	r.must(nil, err)
	for _, ref := range []triage.Ref{here, there, here} {
		r.done(ref, r.say("omar", ref, "/flow to doing"))
		r.has(ref, "In dev")
		r.done(ref, r.say("omar", ref, "/flow to ready"))
		r.has(ref, "Ready")
	}
	r.alive()
}

// TestTypesWithoutStatus: an incident has no status where issues have one. Its state is kept in a label.
func TestTypesWithoutStatus(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r := newStatusRig(t, text, nil)
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Type: "Incident", Assignees: []string{"omar"}})
			r.calls()
			r.done(ref, r.say("omar", ref, "/flow to doing"))
			if i := r.gitlab.Issue(ref); i.Status != "" || !i.Has("board::doing") {
				t.Errorf("it has the status %q and the labels %q", i.Status, i.Labels)
			}
			if sets, _ := r.sets(); sets > 0 {
				t.Errorf("a status is set %d times", sets)
			}
			r.edit("omar", ref, sandbox.Change{Close: true})
			if i := r.gitlab.Issue(ref); i.State != "closed" || !i.Has("board::done") {
				t.Errorf("closed it is %s with the labels %q", i.State, i.Labels)
			}
			r.alive()
		})
	}
}
