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
						r.failCall(call, n, fault)
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
