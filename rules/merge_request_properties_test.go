package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/rules"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// movers is a policy whose rules move issues with their merge requests and complete them, in mode act.
func movers() engine.Policy {
	p := engine.Policy{Team: triage.NewTeam(handbook())}
	for _, s := range engine.Defaults(rules.Catalogue()) {
		if strings.HasPrefix(s.ID, "mr-") && s.Subject == triage.SubjectIssue || s.ID == "closed-complete" {
			s.Mode = triage.Act
			p.Settings = append(p.Settings, s)
		}
	}
	return p
}

// carried is an issue whose merge requests are told, with what the bot remembers of it.
type carried struct {
	*rapid.T
	policy    engine.Policy
	issue     triage.Issue
	memory    triage.Memory
	autoClose bool
	now       time.Time
}

func newCarried(t *rapid.T, state string, autoClose bool) *carried {
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	return &carried{
		T: t, policy: movers(), autoClose: autoClose, now: began,
		issue:  triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, Type: "Issue", Labels: []string{"group::source code", "workflow::" + state}, CreatedAt: began},
		memory: triage.Memory{FirstSeen: began, StateEntry: triage.StateEntry{State: state, From: "start", At: began.Add(-time.Hour)}},
	}
}

// tell has the bot decide on an event, an hour after all that happened, and reports whether it moved the issue.
func (c *carried) tell(e triage.Event) (moved bool) {
	c.now = c.now.Add(time.Second)
	e.ReceivedAt = c.now.Add(time.Hour)
	if e.Kind&triage.Closed != 0 {
		c.issue.Closed = true
	}
	known := triage.NeedMergeRequests | triage.NeedClosingReason
	c.memory.Context.Known, c.memory.Context.AutoClose, c.memory.Context.LoadedAt = known, c.autoClose, e.ReceivedAt
	d, needs, err := engine.Decide(c.policy, engine.Case{Issue: c.issue, Memory: c.memory, Events: []triage.Event{e}, Now: e.ReceivedAt})
	if err != nil || !needs.Empty() {
		c.Fatalf("deciding on %+v: %v, needs %+v", e, err, needs)
	}
	if len(d.Memory.Suspensions)+len(d.Memory.Undone) > 0 {
		c.Fatalf("the bot took its own move for an undoing: %v %v", d.Memory.Suspensions, d.Memory.Undone)
	}
	c.issue, c.memory = d.Result, d.Memory
	return len(d.Plan) > 0
}

// state is the label of the issue's state.
func (c *carried) state() string {
	n := slices.IndexFunc(c.issue.Labels, func(l string) bool { return strings.HasPrefix(l, "workflow::") })
	return c.issue.Labels[n]
}

// history are the states that a merge request goes through, a minute each.
func history(t *rapid.T, iid int64, stages ...string) []triage.Event {
	var events []triage.Event
	at := time.Date(2026, 3, 2, 9, 10, int(iid), 0, time.UTC)
	for n := range rapid.IntRange(1, 5).Draw(t, "states") {
		m := triage.MergeRequest{
			Ref: triage.Ref{Project: 1, Kind: triage.SubjectMergeRequest, IID: iid}, State: triage.MROpened, ToDefault: true, UpdatedAt: at.Add(time.Duration(n) * time.Minute),
		}
		stage := rapid.SampledFrom(stages).Draw(t, fmt.Sprintf("!%d", iid))
		switch stage {
		case "draft":
			m.Draft = true
		case "closed":
			m.State = triage.MRClosed
		case "merged":
			m.State, m.MergedAt = triage.MRMerged, m.UpdatedAt
		}
		events = append(events, triage.Event{Kind: triage.MergeRequestChanged, At: m.UpdatedAt, MergeRequest: &m})
		if stage == "merged" {
			break // nothing comes behind it
		}
	}
	return events
}

// scrambled are the events in any order, some of them twice.
func scrambled(t *rapid.T, events []triage.Event) []triage.Event {
	again := rapid.SliceOfN(rapid.SampledFrom(events), 0, 3).Draw(t, "twins")
	return rapid.Permutation(slices.Concat(events, again)).Draw(t, "order")
}

// TestMergeRequestsInAnyOrder: wherever a merge request ends, the issue ends, in whatever order and how often the deliveries come.
func TestMergeRequestsInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom([]string{"ready for development", "in dev"}).Draw(t, "start")
		events := history(t, 1, "draft", "ready", "closed", "merged")
		want, got := newCarried(t, start, false), newCarried(t, start, false)
		for _, e := range events {
			want.tell(e)
		}
		for _, e := range scrambled(t, events) {
			got.tell(e)
		}
		if want.state() != got.state() {
			t.Errorf("in order it ends at %s, otherwise at %s", want.state(), got.state())
		}
	})
}

// TestNoFlapping: what is late or told again moves nothing, of however many merge requests.
func TestNoFlapping(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var events []triage.Event
		for iid := range rapid.Int64Range(1, 3).Draw(t, "merge requests") {
			events = append(events, history(t, iid+1, "draft", "ready", "closed", "merged")...)
		}
		c := newCarried(t, "ready for development", rapid.Bool().Draw(t, "auto close"))
		newest := map[int64]time.Time{}
		for _, e := range scrambled(t, events) {
			m := e.MergeRequest
			late := !m.UpdatedAt.After(newest[m.IID])
			if moved := c.tell(e); moved && late {
				t.Fatalf("a late state of !%d moved the issue to %s", m.IID, c.state())
			}
			if !late {
				newest[m.IID] = m.UpdatedAt
			}
		}
		for _, e := range scrambled(t, events) {
			if c.tell(e) {
				t.Fatalf("a state of !%d, told again, moved the issue to %s", e.MergeRequest.IID, c.state())
			}
		}
	})
}

// TestLateCloses: GitLab's close of the issue may come before or behind the merge, and behind a wake-up: the issue is complete.
func TestLateCloses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newCarried(t, "in dev", true)
		merged := triage.MergeRequest{
			Ref: triage.Ref{Project: 1, Kind: triage.SubjectMergeRequest, IID: 1}, State: triage.MRMerged, ToDefault: true,
			UpdatedAt: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), MergedAt: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC),
		}
		events := append(history(t, 1, "draft", "ready"),
			triage.Event{Kind: triage.MergeRequestChanged, At: merged.UpdatedAt, MergeRequest: &merged},
			triage.Event{Kind: triage.Updated | triage.Closed, At: merged.UpdatedAt.Add(time.Minute)}, triage.Event{Kind: triage.Woken, At: merged.UpdatedAt.Add(10 * time.Minute)})
		for _, e := range rapid.Permutation(events).Draw(t, "order") {
			c.tell(e)
		}
		if c.state() != "workflow::complete" {
			t.Errorf("the closed issue is %s", c.state())
		}
	})
}
