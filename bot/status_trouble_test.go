package bot_test

import (
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// TestStatusThatGitLabRefuses: GitLab reports success where it does not set a status. A person is told, a rule says it in the log, and neither tries again.
func TestStatusThatGitLabRefuses(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(r *rig){
		"the bot may not":  func(r *rig) { r.must(nil, r.gitlab.SetLevel(botName, "team", 10)) },
		"a status is away": func(r *rig) { r.must(nil, r.gitlab.DeleteStatus("team", "Ready")) },
		"GraphQL is off": func(r *rig) {
			r.gitlab.FailNext(sandbox.GraphQLOff())
			r.say("omar", triage.Ref{Project: r.project, IID: 1}, "/flow to doing") // GitLab has to say it twice
		},
		"it is away by then": func(r *rig) {
			r.gitlab.FailNext(meanwhile(func() { r.must(nil, r.gitlab.DeleteStatus("team", "Ready")) }))
		},
	} {
		for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
			t.Run(name+" with "+place, func(t *testing.T) {
				t.Parallel()
				r := newStatusRig(t, text, nil)
				ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
				r.card("omar", ref, "To do")
				refuse(r)
				if id := r.say("omar", ref, "/flow to ready"); place == "status" {
					r.refused(ref, id, "GitLab did not set the status “ready”")
				} else if r.done(ref, id); !r.gitlab.Issue(ref).Has("board::ready") || name != "GraphQL is off" && // where no status is seen any more, none stays behind
					!strings.Contains(r.handled.text(), "set the status “ready”, which GitLab did not take") {
					t.Errorf("it carries %q, and nobody is told that its status stays behind:\n%s", r.gitlab.Issue(ref).Labels, calls(r))
				}
				if got := r.gitlab.Issue(ref).Status; got != "To do" {
					t.Errorf("the status is %q", got)
				}
				r.calls()
				for range 3 {
					r.edit("omar", ref, sandbox.Change{AddLabels: []string{"camera"}})
					r.edit("omar", ref, sandbox.Change{RemoveLabels: []string{"camera"}})
				}
				if sets, reads := r.sets(); sets+reads > 0 {
					t.Errorf("it is tried again: %d changes, %d reads", sets, reads)
				}
				r.showsNoReservedLabel(ref)
				r.alive()
			})
		}
	}
}

// meanwhile is what somebody does between the bot's look-up of a status and its setting it.
func meanwhile(do func()) sandbox.Fault { return sandbox.Fault{Match: "MUTATION", Meanwhile: do} }

// TestStatusRenamedMeanwhile: an id stands for another name by the time that it is set. What GitLab shows then counts.
func TestStatusRenamedMeanwhile(t *testing.T) {
	t.Parallel()
	r := newStatusRig(t, board, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.card("omar", ref, "Ready")
	r.gitlab.FailNext(meanwhile(func() { r.must(nil, r.gitlab.RenameStatus("team", "In dev", "Doing")) }))
	r.say("omar", ref, "/flow next")
	r.has(ref, "Doing")
	r.calls()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"camera"}})
	if sets, reads := r.sets(); sets+reads > 0 {
		t.Errorf("it is tried again: %d changes, %d reads", sets, reads)
	}
	r.refused(ref, r.say("omar", ref, "/flow to doing"), "GitLab did not set the status")
	r.card("omar", ref, "In review")
	r.done(ref, r.say("omar", ref, "/flow to ready"))
	r.has(ref, "Ready")
	r.alive()
}

// TestStatusesOfLookAlikeNames: of seventy names the one that is meant is set.
func TestStatusesOfLookAlikeNames(t *testing.T) {
	t.Parallel()
	r := newStatusRig(t, board, nil)
	for _, types := range [][]string{{"Task"}, {"Issue"}} {
		var alike []sandbox.Status
		for n := range 22 {
			alike = append(alike, sandbox.Status{Name: "In dev " + string(rune('a'+n)), Category: "in_progress"})
		}
		r.must(nil, r.gitlab.SetStatuses("team", append(alike, boardStatuses()...), types...))
	}
	for _, kind := range []string{"Issue", "Task"} {
		ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Type: kind})
		r.card("omar", ref, "Ready")
		r.done(ref, r.say("omar", ref, "/flow to doing"))
		r.has(ref, "In dev")
	}
	r.alive()
}

// TestGraphQLThatDoesNotAnswerWell: a page in place of an answer, and nulls beside errors, are no answers. The command is kept and carried out later, once.
func TestGraphQLThatDoesNotAnswerWell(t *testing.T) {
	t.Parallel()
	page := sandbox.GraphQLAnswersHTML()
	page.Times = 3
	for name, fault := range map[string]sandbox.Fault{
		"a page": page, "nulls of the namespace": sandbox.GraphQLNulls("QUERY namespace", "namespace"), "nulls of the change": sandbox.GraphQLNulls("MUTATION", "workItemUpdate"),
		"off for once": {Match: "QUERY namespace", Status: http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newStatusRig(t, board, nil)
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
			r.card("omar", ref, "Ready")
			r.calls()
			r.gitlab.FailNext(fault)
			r.done(ref, r.say("omar", ref, "/flow next"))
			r.has(ref, "In dev")
			if sets, _ := r.sets(); sets > 2 || sets == 2 && name != "a page" {
				t.Errorf("the status was set %d times", sets)
			}
			r.alive()
		})
	}
}

// TestStatusesWithoutLicence: a bot that is to keep states in statuses starts without a licence for them, says so, and keeps them in labels; when the
// licence is there it goes on with statuses, and when that ends with labels, all without a restart.
func TestStatusesWithoutLicence(t *testing.T) {
	t.Parallel()
	const none = "GitLab has no licence for statuses of issues in team, so states are kept in labels there"
	r := newStatusRig(t, board, nil)
	r.gitlab.SetEdition(sandbox.Free)
	first := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.restart()
	if status, text := r.get("/readyz"); status != http.StatusOK || !strings.Contains(text, `"degraded"`) || !strings.Contains(text, none) || r.app.MissingStatuses() != none {
		t.Errorf("/readyz is %d: %s", status, text)
	}
	r.must(nil, r.heard("the workflow cannot be kept in statuses: "+none))
	r.done(first, r.say("omar", first, "/flow to doing"))
	r.stands(first, "board::doing")
	if _, metrics := r.get("/metrics"); !strings.Contains(metrics, "flowkeeper_statuses_missing 1") {
		t.Error("the metric does not tell")
	}

	r.gitlab.SetEdition(sandbox.Premium)
	r.must(nil, r.app.Reload(t.Context(), r.options)) // has it look at once
	r.must(nil, r.heard("nothing keeps the workflow from statuses any more"))
	if status, text := r.get("/readyz"); status != http.StatusOK || strings.Contains(text, `"degraded"`) {
		t.Errorf("/readyz is %d: %s", status, text)
	}
	second := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.done(second, r.say("omar", second, "/flow to doing"))
	r.has(second, "In dev")

	r.gitlab.SetEdition(sandbox.Free)
	r.must(nil, r.app.Reload(t.Context(), r.options))
	r.must(nil, r.handled.await(r.within(), func() bool { return r.app.MissingStatuses() == none }))
	r.calls()
	r.edit("omar", second, sandbox.Change{AddLabels: []string{"board::review"}})
	r.done(second, r.say("omar", second, "/flow back"))
	r.stands(second, "board::doing")
	if sets, _ := r.sets(); sets > 0 {
		t.Error("a status is set without a licence")
	}
	r.alive()
}
