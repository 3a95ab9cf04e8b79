package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// board is a team that keeps its states in statuses, most of them by other names than the states'.
const board = `
labels: {workflow: board}
workflow:
  store: status
  states:
    - {name: todo, is: intake, status: To do}
    - {name: ready, is: ready}
    - {name: doing, is: development, status: In dev}
    - {name: review, is: code_review, status: In review}
    - {name: done, is: done, status: Shipped}
  beside: [{name: blocked, is: blocked}, {name: dropped, is: dropped, status: "Won't do"}]
`

// boardStatuses are those that the group of the project has.
func boardStatuses() []sandbox.Status {
	return []sandbox.Status{
		{Name: "To do", Category: "to_do"}, {Name: "Ready", Category: "to_do"}, {Name: "In dev", Category: "in_progress"}, {Name: "In review", Category: "in_progress"},
		{Name: "Blocked", Category: "in_progress"}, {Name: "Shipped", Category: "done"}, {Name: "Won't do", Category: "canceled"}, {Name: "Duplicate", Category: "canceled"},
	}
}

// newStatusRig is a rig of a team that works with a configuration such as board, whose group has the statuses of it.
func newStatusRig(t *testing.T, text string, adjust func(*bot.Options)) *rig {
	t.Helper()
	policy := works(t, text)
	r := newRig(t, sandbox.Premium, func(o *bot.Options) {
		policy(o)
		if adjust != nil {
			adjust(o)
		}
	})
	r.must(nil, r.gitlab.SetStatuses("team", boardStatuses()))
	return r
}

// card moves an issue to a status as a person, and waits until the bot is done with it.
func (r *rig) card(who string, ref triage.Ref, status string) {
	r.Helper()
	r.must(nil, r.gitlab.SetStatus(who, ref, status))
	r.settle()
}

// has fails unless the issue has the status, and no label of a state.
func (r *rig) has(ref triage.Ref, status string) {
	r.Helper()
	i := r.gitlab.Issue(ref)
	if i.Status != status {
		r.Errorf("the status is %q, want %q; labels %q, calls %q", i.Status, status, i.Labels, calls(r))
	}
	for _, l := range i.Labels {
		if strings.Contains(l, "board::") || strings.Contains(l, "status::") {
			r.Errorf("a state is kept in the label %q", l)
		}
	}
}

// sets counts the mutations since the last look, and reads the questions.
func (r *rig) sets() (sets, reads int) {
	asked, wrote := r.calls()
	for _, line := range wrote {
		if strings.HasPrefix(line, "MUTATION ") {
			sets++
		}
	}
	return sets, len(asked)
}

// TestBoardOfStatuses: people and commands move an issue by its status, and close and reopen it by that. What people do costs no call that reads, and the
// bot never answers itself.
func TestBoardOfStatuses(t *testing.T) {
	t.Parallel()
	r := newStatusRig(t, board, nil)
	ref := r.open(sandbox.IssueOptions{Title: "Photos are upside down", Labels: typed})
	r.has(ref, "To do")
	say := func(text string) func() { return func() { r.done(ref, r.say("omar", ref, text)) } }
	card := func(status string) func() { return func() { r.card("omar", ref, status) } }
	edit := func(c sandbox.Change) func() { return func() { r.edit("omar", ref, c) } }
	for _, step := range []struct {
		what   string
		do     func()
		status string
		state  string
		sets   int
	}{
		{"a person moves the card", card("Ready"), "Ready", "opened", 0},
		{"next", say("/flow next"), "In dev", "opened", 1},
		{"to a state", say("/flow to review"), "In review", "opened", 1},
		{"back", say("/flow back"), "In dev", "opened", 1},
		{"closed by a status", card("Shipped"), "Shipped", "closed", 0},
		{"reopened by a status", card("In review"), "In review", "opened", 0},
		{"closed", edit(sandbox.Change{Close: true}), "Shipped", "closed", 0},
		{"reopened", edit(sandbox.Change{Reopen: true}), "To do", "opened", 0},
		{"dropped", card("Won't do"), "Won't do", "closed", 0},
		{"taken up again", card("Ready"), "Ready", "opened", 0},
		{"a status that is none of the team's", card("Duplicate"), "Duplicate", "closed", 0},
		{"reopened again", edit(sandbox.Change{Reopen: true}), "To do", "opened", 0},
	} {
		r.calls()
		step.do()
		sets, reads := r.sets()
		if r.has(ref, step.status); r.gitlab.Issue(ref).State != step.state || sets != step.sets || step.sets == 0 && reads > 0 {
			t.Errorf("%s: it is %s after %d changes and %d reads", step.what, r.gitlab.Issue(ref).State, sets, reads)
		}
	}
	r.speaksOwnWords(ref)
	r.alive()
}

// TestRulesSeeStatuses: what a person does to the card is answered as a move by a label is.
func TestRulesSeeStatuses(t *testing.T) {
	t.Parallel()
	r := newStatusRig(t, board, nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
	r.card("omar", ref, "In dev")
	if note := r.note(ref); !strings.Contains(note, "assignee") {
		t.Errorf("nobody works on what is in development, and the note says\n%s", note)
	}
	r.edit("omar", ref, sandbox.Change{Assignees: &[]string{"omar"}})
	r.card("omar", ref, "Blocked")
	if note := r.note(ref); !strings.Contains(note, "What blocks it") {
		t.Errorf("it is blocked, and the note says\n%s", note)
	}
	r.done(ref, r.say("omar", ref, "/flow unblock"))
	r.has(ref, "In dev")
}

// showsNoReservedLabel fails if people or operators see the label in whose form rules see a status.
func (r *rig) showsNoReservedLabel(ref triage.Ref) {
	r.Helper()
	for _, n := range r.gitlab.Issue(ref).Comments() {
		if text, _, _ := strings.Cut(n.Text, "<!--"); strings.Contains(text, "/status::") {
			r.Errorf("a comment shows it:\n%s", n.Text)
		}
	}
	for _, line := range r.handled.all() {
		if strings.Contains(line, "/status::") {
			r.Errorf("the log shows it: %s", line)
		}
	}
}

// TestStatusesAreShownByName: neither comments nor the log, nor any page, in HTML, text or JSON, show the label in whose form rules see a status.
func TestStatusesAreShownByName(t *testing.T) {
	t.Parallel()
	const token = "an-admin-token-for-tests"
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			r := newStatusRig(t, text, func(o *bot.Options) { o.Admin.Token = token })
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed})
			r.card("omar", ref, "Ready")
			r.say("omar", ref, "/flow next")
			r.card("omar", ref, "Blocked")
			r.card("omar", ref, "Duplicate")
			r.card("omar", ref, "In review")
			r.edit("omar", ref, sandbox.Change{AddLabels: []string{"board::doing"}})
			r.must(nil, r.gitlab.DeleteStatus("team", "Ready"))
			r.say("omar", ref, "/flow to ready\n/flow why\n/flow why status-in-step")
			r.gitlab.FailNext(sandbox.Fault{Match: "MUTATION", Status: http.StatusForbidden, Times: -1})
			r.say("omar", ref, "/flow to blocked") // becomes a dead letter
			if place == "status" && len(r.dead()) == 0 {
				t.Error("there is no dead letter to look at")
			}
			r.showsNoReservedLabel(ref)
			issue := fmt.Sprintf("/%d/%d", ref.Project, ref.IID)
			for _, path := range []string{"/", "/decisions", "/decisions" + issue, "/decisions" + issue + "?now=1", "/dead", "/dead" + issue, "/dead" + issue + "/scenario", "/shadow", "/rules", "/config", "/commands", "/readyz"} {
				for _, accept := range []string{"text/html", "application/json", "text/plain"} {
					req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.app.AdminURL()+path, nil)
					r.must(nil, err)
					req.Header.Set("Accept", accept)
					req.Header.Set("Authorization", "Bearer "+token)
					status, body := r.fetch(req)
					for line := range strings.Lines(body) {
						if strings.Contains(line, "/status::") {
							t.Errorf("%s as %s (%d): %s", path, accept, status, line)
						}
					}
				}
			}
		})
	}
}
