package bot_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
				} else if r.done(ref, id); !r.gitlab.Issue(ref).Has("board::ready") || !strings.Contains(r.handled.text(), "set the status “ready”, which GitLab did not take") {
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

// statusStory makes the bot ask and set statuses in every way: of an issue that it knows, and of one that it has forgotten.
func (r *rig) statusStory() triage.Ref {
	r.Helper()
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
	r.card("omar", ref, "Ready")
	r.say("omar", ref, "/flow next")
	r.loseStore()
	r.say("omar", ref, "/flow next")
	r.card("omar", ref, "In dev")
	r.loseStore()
	r.edit("omar", ref, sandbox.Change{AddLabels: []string{"camera"}})
	r.say("omar", ref, "/flow to blocked")
	r.say("omar", ref, "/flow unblock")
	return ref
}

// statusEnding is what people see of an issue with its status.
type statusEnding struct {
	Ending ending
	Status string
}

func (r *rig) statusEnding(ref triage.Ref) statusEnding {
	r.Helper()
	return statusEnding{r.ending(ref), r.gitlab.Issue(ref).Status}
}

// TestEveryStatusCallFailsOnce: whichever call fails, in whatever way, all ends as without it, with statuses alone and in both places.
func TestEveryStatusCallFailsOnce(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		r := newStatusRig(t, text, nil)
		want := r.statusEnding(r.statusStory())
		times := map[string]int{}
		for _, c := range r.gitlab.Calls() {
			if call, _, found := strings.Cut(c.Line, " 1#1"); found && (strings.HasPrefix(call, "QUERY") || strings.HasPrefix(call, "MUTATION") || call == "PUT issue" || call == "GET issue") {
				times[call]++
			} else if c.Line == "QUERY namespace team" {
				times[c.Line]++
			}
		}
		if want.Status != "In dev" || want.Ending.Letters > 0 || times["QUERY workItem"] == 0 || times["MUTATION workItemUpdate"] < 3 || times["QUERY namespace team"] == 0 {
			t.Fatalf("%s: the story ends with %+v after %v", place, want, times)
		}
		for call, often := range times {
			for name, fault := range map[string]sandbox.Fault{
				"404":              {Status: http.StatusNotFound},
				"502":              {Status: http.StatusBadGateway},
				"cut before":       {CutBefore: true},
				"done, answer cut": {ApplyThenCut: true},
				"nulls":            sandbox.GraphQLNulls("", map[bool]string{true: "namespace", false: "workItemUpdate"}[strings.HasPrefix(call, "QUERY")]),
				"a page":           {Status: http.StatusOK, Body: "<html>Sign in</html>", Header: http.Header{"Content-Type": {"text/html"}}},
			} {
				for n := range often {
					if n > 0 && testing.Short() || name != "404" && n > 0 && n < often-1 || name == "nulls" && call == strings.ToUpper(call[:3])+" issue" {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s call %d/%s", place, call, n+1, name), func(t *testing.T) {
						t.Parallel()
						r := newStatusRig(t, text, nil)
						if n > 0 {
							r.gitlab.FailNext(sandbox.Fault{Match: call, Times: n}) // these go through
						}
						once := fault // the other numbers have it, too
						once.Match = call
						r.gitlab.FailNext(once)
						if diff := cmp.Diff(want, r.statusEnding(r.statusStory())); diff != "" {
							t.Errorf("it ended differently (-want +got):\n%s\n%s", diff, calls(r))
						}
					})
				}
			}
		}
	}
}

// TestStatusMovedMeanwhile: the bot is stopped before it set a status, and somebody moves the card. The person has the last word.
func TestStatusMovedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, applied := range map[string]bool{"not set": false, "set, and the answer lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newStatusRig(t, board, func(o *bot.Options) { o.Drain = 50 * time.Millisecond })
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
			r.card("omar", ref, "Ready")
			hold := make(chan struct{})
			r.gitlab.FailNext(sandbox.Fault{Match: "MUTATION", Wait: hold, CutBefore: !applied, ApplyThenCut: applied})
			r.must(r.gitlab.Comment("omar", ref, "/flow next"))
			r.must(nil, r.await(func() bool { return len(r.gitlab.HeldCalls()) > 0 }))
			if applied {
				close(hold)
				r.must(nil, r.await(func() bool { return r.gitlab.Issue(ref).Status == "In dev" }))
			}
			r.must(nil, r.app.Stop())
			if !applied {
				close(hold)
			}
			r.must(nil, r.gitlab.SetStatus("ann", ref, "In review"))
			r.start()
			r.settle()
			r.has(ref, "In review")
			r.alive()
		})
	}
}

// TestBothPlacesNeverFight: people move an issue by its label and by its status at the same time, answers are lost, and the bot is stopped in the middle.
// It ends where both say the same, and then is quiet.
func TestBothPlacesNeverFight(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"board::todo": "To do", "board::ready": "Ready", "board::doing": "In dev", "board::review": "In review"}
	names := slices.Sorted(maps.Keys(labels))
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			r := newStatusRig(t, strings.Replace(board, "store: status", "store: both", 1), nil)
			ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
			for range 6 {
				switch rnd.IntN(5) {
				case 0:
					r.gitlab.FailNext(sandbox.Fault{Match: "MUTATION", ApplyThenCut: true})
				case 1:
					r.gitlab.FailNext(sandbox.Fault{Match: "PUT issue", ApplyThenCut: true})
				case 2:
					r.gitlab.FailNext(sandbox.Fault{Match: "MUTATION", CutBefore: true})
				}
				for range 1 + rnd.IntN(3) {
					if label := names[rnd.IntN(len(names))]; rnd.IntN(2) == 0 {
						r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{AddLabels: []string{label}}))
					} else {
						r.must(nil, r.gitlab.SetStatus("ann", ref, labels[label]))
					}
				}
				if rnd.IntN(4) == 0 {
					r.must(nil, r.gitlab.AwaitDelivered(r.within()))
					r.restart()
				}
				r.settle()
				r.gitlab.ClearFaults()
				i := r.gitlab.Issue(ref)
				states := slices.DeleteFunc(slices.Clone(i.Labels), func(l string) bool { return labels[l] == "" })
				if len(states) != 1 || labels[states[0]] != i.Status {
					t.Fatalf("labels %q, status %q\n%s", i.Labels, i.Status, calls(r))
				}
				r.calls()
				r.edit("mia", ref, sandbox.Change{AddLabels: []string{"camera"}})
				r.edit("mia", ref, sandbox.Change{RemoveLabels: []string{"camera"}})
				if _, writes := r.calls(); slices.ContainsFunc(writes, func(w string) bool { return !strings.Contains(w, "note") }) {
					t.Fatalf("nobody moved the issue, and the bot writes %q", writes)
				}
			}
			if text := r.handled.text(); strings.Contains(text, "fight") {
				t.Error("it fought")
			}
			r.alive()
		})
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
