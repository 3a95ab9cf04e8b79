package rules_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// twoPlaces is an issue of a team that keeps its states in labels and in statuses, as GitLab has it, with the bot beside it.
type twoPlaces struct {
	policy  engine.Policy
	issue   triage.Issue
	memory  triage.Memory
	pending []triage.Event // not delivered yet
	now     time.Time
	last    string // the state that a person set last
	moves   int    // by people, since the bot looked last
}

// move lets a person set a state, by the label or by the status.
func (b *twoPlaces) move(state string, byStatus bool) {
	b.now = b.now.Add(time.Second)
	e := triage.Event{Kind: triage.Updated, Actor: triage.Person{ID: 7, Username: "ann"}, At: b.now, ReceivedAt: b.now}
	if byStatus {
		if b.issue.StatusName == state {
			return
		}
		e.Changes.Status = &triage.StatusChange{From: b.issue.StatusName, To: state}
		b.issue.StatusName = state
	} else {
		label := triage.AddLabel{Label: b.policy.Team.State(state)}
		if label.Done(b.issue) {
			return
		}
		if gone := label.Replaces(b.issue); gone != "" {
			e.Changes.Removed = []string{gone}
		}
		e.Kind |= triage.LabelsChanged
		e.Changes.Added = []string{label.Label}
		b.issue = label.Apply(b.issue)
	}
	b.issue.UpdatedAt = b.now
	b.pending, b.last, b.moves = append(b.pending, e), state, b.moves+1
}

// decide has the bot decide on what was delivered, and carries that out.
func (b *twoPlaces) decide(t *rapid.T, events []triage.Event) int {
	b.now = b.now.Add(time.Second)
	d, _, err := engine.Decide(b.policy, engine.Case{Issue: b.issue, Memory: b.memory, Events: events, Now: b.now})
	if err != nil {
		t.Fatalf("%v, with the labels %q and the status %q", err, b.issue.Labels, b.issue.StatusName)
	}
	edit := triage.Difference(b.policy.Team.SeeStatus(b.issue), d.Result)
	b.issue, b.memory = d.Result, d.Memory
	b.issue.StatusName, b.issue.Labels = b.issue.ShownStatus(), triage.WithoutStatus(b.issue.Labels)
	if edit.Empty() {
		return 0
	}
	return 1
}

// TestLabelAndStatusNeverFight: however people move an issue by label and by status, in bursts, delivered in any order, twice or not at all, the bot
// writes once at most for all that it hears of together, ends where a person moved the issue last, and then is quiet.
func TestLabelAndStatusNeverFight(t *testing.T) {
	team := handbook()
	team.Store = triage.StoreBoth
	policy := policyFor(t, "status-in-step")
	policy.Team = triage.NewTeam(team)
	states := []string{"start", "refinement", "in dev", "in review", "verification"}
	rapid.Check(t, func(t *rapid.T) {
		b := &twoPlaces{policy: policy, now: noon, issue: triage.Issue{
			Ref: triage.Ref{Project: 1, IID: 1}, Labels: []string{policy.Team.State("start")}, StatusName: "start", CreatedAt: noon, UpdatedAt: noon,
		}}
		b.decide(t, []triage.Event{{Kind: triage.Opened, At: noon, ReceivedAt: noon}})
		for range rapid.IntRange(1, 8).Draw(t, "bursts") {
			for range rapid.IntRange(1, 3).Draw(t, "moves") {
				b.move(rapid.SampledFrom(states).Draw(t, "state"), rapid.Bool().Draw(t, "by status"))
			}
			events := rapid.Permutation(b.pending).Draw(t, "order")
			if len(events) > 0 && rapid.Bool().Draw(t, "twice") {
				events = append(events, events[0])
			}
			b.pending = nil
			wrote := b.decide(t, slices.Clone(events))
			if b.moves == 0 && wrote > 0 {
				t.Fatalf("nobody moved the issue, and the bot wrote")
			}
			b.moves = 0
			if again := b.decide(t, []triage.Event{{Kind: triage.Swept, At: b.now, ReceivedAt: b.now}}); again > 0 {
				t.Fatalf("the bot writes again: labels %q, status %q", b.issue.Labels, b.issue.StatusName)
			}
			if b.last == "" {
				continue
			}
			if label := policy.Team.State(b.last); !b.issue.Has(label) || b.issue.StatusName != b.last {
				t.Fatalf("labels %q, status %q; a person moved the issue to %q last", b.issue.Labels, b.issue.StatusName, b.last)
			}
		}
	})
}

// TestMissedMoveIsFollowed: of a move that no delivery told, the side that changed counts.
func TestMissedMoveIsFollowed(t *testing.T) {
	team := handbook()
	team.Store = triage.StoreBoth
	policy := policyFor(t, "status-in-step")
	policy.Team = triage.NewTeam(team)
	rapid.Check(t, func(t *rapid.T) {
		b := &twoPlaces{policy: policy, now: noon, issue: triage.Issue{
			Ref: triage.Ref{Project: 1, IID: 1}, Labels: []string{policy.Team.State("start")}, StatusName: "start", CreatedAt: noon, UpdatedAt: noon,
		}}
		b.decide(t, []triage.Event{{Kind: triage.Opened, At: noon, ReceivedAt: noon}})
		b.move("in dev", rapid.Bool().Draw(t, "by status"))
		b.decide(t, []triage.Event{{Kind: triage.Swept, At: b.now, ReceivedAt: b.now}})
		if !b.issue.Has(policy.Team.State("in dev")) || b.issue.StatusName != "in dev" {
			t.Fatalf("labels %q, status %q; a person moved the issue to in dev", b.issue.Labels, b.issue.StatusName)
		}
	})
}

// TestClosedIssueThatNobodyKnows: the store remembers nothing of an issue that was closed meanwhile. Its status is that of the closing, and its label stood
// there before: the label follows, since its own status would open the issue again. A label that somebody set behind the closing counts.
func TestClosedIssueThatNobodyKnows(t *testing.T) {
	team := handbook()
	team.Store = triage.StoreBoth
	policy := policyFor(t, "status-in-step")
	policy.Team = triage.NewTeam(team)
	opened := triage.Event{Kind: triage.Opened, At: noon, ReceivedAt: noon}
	moved := triage.Event{Kind: triage.Updated | triage.LabelsChanged, At: noon.Add(time.Minute), ReceivedAt: noon, Changes: triage.Changes{Added: []string{"workflow::in review"}}}
	for name, test := range map[string]struct {
		events []triage.Event
		closed bool
		want   string
	}{
		"closed":              {[]triage.Event{opened}, true, "workflow::complete"},
		"closed, moved since": {[]triage.Event{opened, moved}, true, "workflow::in review"},
		"open":                {[]triage.Event{opened}, false, "workflow::in review"},
	} {
		t.Run(name, func(t *testing.T) {
			issue := triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, Labels: []string{"workflow::in review"}, StatusName: "complete", Closed: test.closed, UpdatedAt: noon}
			d, _, err := engine.Decide(policy, engine.Case{Issue: policy.Team.SeeStatus(issue), Events: test.events, Now: noon.Add(time.Hour)})
			if err != nil || !d.Result.Has(test.want) {
				t.Errorf("labels %q, want %s: %v", d.Result.Labels, test.want, err)
			}
		})
	}
}
