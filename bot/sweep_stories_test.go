package bot_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// told is an issue with two merge requests. What happens to its twin happens to it, too, but some of its deliveries are lost.
type told struct {
	*rig
	rnd           *rand.Rand
	loses         bool
	issue         triage.Ref
	mergeRequests [2]triage.Ref
	lost          []string
}

// step does something to the issue or one of its merge requests. Whether GitLab drops what tells of it is decided by chance.
func (s *told) step(what string, do func() error) {
	s.Helper()
	if s.loses && s.rnd.IntN(2) == 0 {
		s.gitlab.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: -1})
		defer s.gitlab.ClearFaults()
		s.lost = append(s.lost, what)
	}
	s.must(nil, do())
	s.settle()
}

// begin opens the issue and both merge requests.
func (s *told) begin() {
	s.Helper()
	s.step("issue", func() (err error) {
		s.issue, err = s.gitlab.Open("ann", s.project, sandbox.IssueOptions{
			Title: "t", Labels: []string{readyForDev, "type::maintenance", "backend"}, Assignees: []string{"omar"}, Weight: triage.Int(2),
		})
		return err
	})
	for n := range s.mergeRequests {
		s.step(fmt.Sprintf("open %d", n), func() (err error) {
			s.mergeRequests[n], err = s.gitlab.OpenMergeRequest("omar", s.project, sandbox.MergeRequestOptions{
				Title: "Draft: m", Description: fmt.Sprintf("Closes #%d", s.issue.IID),
			})
			return err
		})
	}
}

// happening is what happens to one of the merge requests, or to the issue.
type happening struct {
	of  int // which merge request
	act string
}

func (s *told) follow(h happening) {
	s.Helper()
	m := s.mergeRequests[h.of]
	change := func(c sandbox.MergeRequestChange) func() error {
		return func() error { return s.gitlab.EditMergeRequest("omar", m, c) }
	}
	s.step(fmt.Sprintf("%s %d", h.act, h.of), map[string]func() error{
		"ready":  change(sandbox.MergeRequestChange{Draft: new(bool)}),
		"draft":  change(sandbox.MergeRequestChange{Draft: new(true)}),
		"close":  change(sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}}),
		"reopen": change(sandbox.MergeRequestChange{Change: sandbox.Change{Reopen: true}}),
		"label":  change(sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{fmt.Sprint("x", s.ahead.Load())}}}),
		"push":   func() error { return s.gitlab.Push("omar", m, "more") },
		"merge":  func() error { return s.gitlab.Merge("mia", m) },
		"weigh": func() error {
			return s.gitlab.Edit("mia", s.issue, sandbox.Change{Weight: triage.Int(s.rnd.IntN(3) + 1)})
		},
	}[h.act])
}

// story draws what happens. Nothing is opened again once something is merged: whether the issue was to be verified in between would depend on what was told.
func story(rnd *rand.Rand) []happening {
	var all []happening
	closed, draft, merged := [2]bool{}, [2]bool{true, true}, [2]bool{}
	for len(all) < 8 {
		n := rnd.IntN(2)
		acts := []string{"label", "push", "weigh"}
		switch {
		case merged[n]:
			continue
		case closed[n] && !merged[1-n]:
			acts = append(acts, "reopen")
		case closed[n]:
		case draft[n]:
			acts = append(acts, "ready", "ready", "close")
		default:
			acts = append(acts, "draft", "close", "merge", "merge")
		}
		act := acts[rnd.IntN(len(acts))]
		switch act {
		case "ready", "draft":
			draft[n] = act == "draft"
		case "close", "reopen":
			closed[n] = act == "close"
		case "merge":
			merged[n] = true
		}
		all = append(all, happening{n, act})
		if merged[n] && (merged[1-n] || closed[1-n]) {
			break
		}
	}
	return all
}

// state is the label of the issue's state.
func (s *told) state() string {
	i := s.gitlab.Issue(s.issue)
	n := slices.IndexFunc(i.Labels, func(l string) bool { return strings.HasPrefix(l, "workflow::") })
	if n < 0 {
		return ""
	}
	return i.Labels[n]
}

// TestLostStories: whichever deliveries of an issue and its two merge requests are lost, a sweep brings the issue where it would have come without loss, and
// another one moves nothing.
func TestLostStories(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{0, 1, 2, 3, 26, 42} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newLosingRig(t, nil)
			rnd := rand.New(rand.NewPCG(seed, 7))
			var whole, lossy []*told
			var stories [][]happening
			for range 4 {
				happens := story(rnd)
				for _, loses := range []bool{false, true} {
					s := &told{rig: r, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 0)), loses: loses}
					s.begin()
					for _, h := range happens {
						r.later()
						s.follow(h)
					}
					if loses {
						lossy = append(lossy, s)
					} else {
						whole = append(whole, s)
					}
				}
				stories = append(stories, happens)
			}
			if seed%2 == 1 {
				r.loseStore()
			}
			r.sweep()
			for n, s := range lossy {
				if got, want := s.state(), whole[n].state(); got != want {
					t.Errorf("%v, without %v, ends %s, want %s", stories[n], s.lost, got, want)
				}
			}
			r.calls()
			r.sweep()
			if _, writes := r.calls(); len(writes) > 0 {
				t.Errorf("another sweep writes %q", writes)
			}
			r.alive()
		})
	}
}
