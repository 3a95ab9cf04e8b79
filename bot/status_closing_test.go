package bot_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot"
	"flowkeeper/bot/sandbox"
)

// newClosingRig is a rig whose group closes issues with a status of its own, which is none of the board's.
func newClosingRig(t *testing.T, text, closedWith string, adjust func(*bot.Options)) *rig {
	t.Helper()
	r := newStatusRig(t, text, adjust)
	r.must(nil, r.gitlab.SetStatuses("team", append(boardStatuses(), sandbox.Status{Name: "Closed", Category: "done"}, sandbox.Status{Name: "Released", Category: "done"},
		sandbox.Status{Name: "Accepted", Category: "in_progress"})))
	r.must(nil, r.gitlab.SetClosedDefault("team", closedWith))
	return r
}

// TestClosingWithAnotherDefault: where GitLab closes issues with a status that is none of the team's, an issue that is closed out of development gets that of
// done, in one call, and stays closed. What a person chooses, before or afterwards, stays.
func TestClosingWithAnotherDefault(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		for name, delay := range map[string]time.Duration{"one by one": 0, "together": 200 * time.Millisecond} {
			t.Run(place+", "+name, func(t *testing.T) {
				t.Parallel()
				r := newClosingRig(t, text, "Closed", func(o *bot.Options) { o.Policy.Settle = delay })
				ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
				card := func(status string) func() { return func() { r.card("omar", ref, status) } }
				edit := func(c sandbox.Change) func() { return func() { r.edit("omar", ref, c) } }
				for _, step := range []struct {
					what   string
					do     func()
					status string
					state  string
					sets   int
				}{
					{"in work", card("In review"), "In review", "opened", 0},
					{"closed", edit(sandbox.Change{Close: true}), "Shipped", "closed", 1},
					{"changed", edit(sandbox.Change{AddLabels: []string{"camera"}}), "Shipped", "closed", 0},
					{"taken back", card("Closed"), "Closed", "closed", 0},
					{"changed again", edit(sandbox.Change{RemoveLabels: []string{"camera"}}), "Closed", "closed", 0},
					{"reopened", card("In dev"), "In dev", "opened", 0},
					{"closed by choice", card("Released"), "Released", "closed", 0},
					{"reopened again", edit(sandbox.Change{Reopen: true}), "To do", "opened", 0},
					{"closed out of nothing", edit(sandbox.Change{Close: true}), "Closed", "closed", 0},
				} {
					r.calls()
					step.do()
					sets, _ := r.sets()
					if i := r.gitlab.Issue(ref); i.Status != step.status || i.State != step.state || sets != step.sets {
						t.Errorf("%s: status %q, labels %q, %s, after %d changes; want %q, %s, %d", step.what, i.Status, i.Labels, i.State, sets, step.status, step.state, step.sets)
					}
				}
				r.alive()
			})
		}
	}
}

// TestMergeClosesWithAnotherDefault: that GitLab closes the issue because of a merge request makes no difference.
func TestMergeClosesWithAnotherDefault(t *testing.T) {
	t.Parallel()
	r := newClosingRig(t, board, "Closed", nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
	r.card("omar", ref, "In review")
	m := r.merging("one", fmt.Sprintf("Closes #%d", ref.IID))
	r.merge(m)
	r.has(ref, "Shipped")
	r.alive()
}

// TestClosingWithDefaultOfDropped: a default that says that the work was not done is not told from a person's choice. It stays.
func TestClosingWithDefaultOfDropped(t *testing.T) {
	t.Parallel()
	r := newClosingRig(t, board, "Won't do", nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
	r.card("omar", ref, "In review")
	r.calls()
	r.edit("omar", ref, sandbox.Change{Close: true})
	if sets, _ := r.sets(); sets > 0 {
		t.Error("the status is changed")
	}
	r.has(ref, "Won't do")
	r.alive()
}

// TestStatusThatWouldReopen: a team that gave done an open status does not have closed issues reopened.
func TestStatusThatWouldReopen(t *testing.T) {
	t.Parallel()
	r := newClosingRig(t, strings.Replace(board, "status: Shipped", "status: Accepted", 1), "Closed", nil)
	ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
	r.card("omar", ref, "In review")
	for _, c := range []sandbox.Change{{Close: true}, {AddLabels: []string{"camera"}}} {
		r.edit("omar", ref, c)
		if i := r.gitlab.Issue(ref); i.State != "closed" || i.Status != "Closed" {
			t.Errorf("it is %s with the status %q\n%s", i.State, i.Status, calls(r))
		}
	}
	if sets, _ := r.sets(); sets > 0 {
		t.Errorf("the status is set %d times", sets)
	}
	r.alive()
}

// TestClosingNeverFights: people move, close and reopen an issue in every way, by choice and by default, and answers are lost. It stays open or closed as they
// left it, a closed status that somebody chose stays, and then the bot is quiet.
func TestClosingNeverFights(t *testing.T) {
	t.Parallel()
	for place, text := range map[string]string{"status": board, "both": strings.Replace(board, "store: status", "store: both", 1)} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(place, seed), func(t *testing.T) {
				t.Parallel()
				rnd := rand.New(rand.NewPCG(seed, 7))
				closedWith := []string{"Closed", "Released", "Won't do"}[seed%3]
				r := newClosingRig(t, text, closedWith, nil)
				ref := r.open(sandbox.IssueOptions{Title: "t", Labels: typed, Assignees: []string{"omar"}})
				var story []string
				for range 12 {
					if rnd.IntN(3) == 0 {
						applied := rnd.IntN(2) == 0
						r.gitlab.FailNext(sandbox.Fault{Match: "MUTATION", ApplyThenCut: applied, CutBefore: !applied})
					}
					before := r.gitlab.Issue(ref)
					state, status := before.State, ""
					switch rnd.IntN(4) {
					case 0:
						r.must(nil, r.gitlab.Edit("omar", ref, sandbox.Change{Close: state == "opened", Reopen: state == "closed"}))
						state = map[string]string{"opened": "closed", "closed": "opened"}[state]
						if before.Status == "In dev" || before.Status == "In review" {
							status = map[bool]string{true: "Shipped", false: closedWith}[closedWith != "Won't do"]
						}
					case 1:
						status, state = []string{"Ready", "In dev", "In review"}[rnd.IntN(3)], "opened"
						r.must(nil, r.gitlab.SetStatus("ann", ref, status))
					case 2:
						status, state = []string{"Shipped", "Duplicate"}[rnd.IntN(2)], "closed"
						r.must(nil, r.gitlab.SetStatus("ann", ref, status))
					case 3:
						r.must(r.gitlab.Comment("omar", ref, "/flow next"))
						state = "" // which may close it, with the status of what is done
					}
					story = append(story, fmt.Sprintf("%s %q", state, status))
					r.settle()
					r.gitlab.ClearFaults()
					i := r.gitlab.Issue(ref)
					if state != "" && i.State != state || status != "" && i.Status != status {
						t.Fatalf("it is %s with the status %q and the labels %q\n%s\n%s", i.State, i.Status, i.Labels, strings.Join(story, "\n"), calls(r))
					}
					r.calls()
					r.edit("mia", ref, sandbox.Change{AddLabels: []string{"camera"}})
					r.edit("mia", ref, sandbox.Change{RemoveLabels: []string{"camera"}})
					if sets, _ := r.sets(); sets > 0 || r.gitlab.Issue(ref).State != i.State {
						t.Fatalf("nobody moved the issue, and the bot sets its status\n%s\n%s", strings.Join(story, "\n"), calls(r))
					}
				}
				if strings.Contains(r.handled.text(), "fight") {
					t.Error("it fought")
				}
				r.alive()
			})
		}
	}
}
