package engine_test

import (
	"testing"
	"time"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestOwnMoveIsLaterThanWhatItAnswers: when a batch is handled again after the bot's move, the person's move that it answered is not taken for one
// that it had not seen, though GitLab's clock is ahead or the issue was opened in the same batch.
func TestOwnMoveIsLaterThanWhatItAnswers(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	team := triage.NewTeam(triage.TeamConfig{Side: "backend"})
	mover := engine.Setting{Rule: triage.Rule{
		Meta: triage.Meta{ID: "mover", On: triage.AllChanges, Mode: triage.Act, MaxMode: triage.Act},
		Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
			if !in.Is(triage.Refinement) {
				return triage.Nothing("it is elsewhere")
			}
			return triage.Want("it goes on", triage.AddLabel{Label: team.State("needs issue review")})
		},
	}, Mode: triage.Act}
	opened := triage.Event{Kind: triage.Opened, Actor: triage.Person{ID: 1, Username: "ann"}, At: now.Add(-time.Second), ReceivedAt: now}
	moved := triage.Event{
		Kind: triage.Updated | triage.LabelsChanged, Actor: opened.Actor, At: now.Add(3 * time.Second), ReceivedAt: now,
		Changes: triage.Changes{Added: []string{"workflow::refinement"}},
	}
	c := engine.Case{
		Issue:  triage.Issue{Ref: triage.Ref{Project: 1, IID: 1}, Labels: []string{"workflow::start", "workflow::refinement"}},
		Events: []triage.Event{opened, moved}, Now: now,
	}
	policy := engine.Policy{Team: team, Settings: []engine.Setting{mover}}
	first, _, err := engine.Decide(policy, c)
	if err != nil || len(first.Plan) != 1 {
		t.Fatalf("the first decision plans %v: %v", first.Plan, err)
	}
	c.Issue, c.Memory = first.Result, first.Memory
	again, _, err := engine.Decide(policy, c)
	if err != nil || len(again.Plan) != 0 {
		t.Errorf("decided again it plans %v: %v", again.Plan, err)
	}
}

// TestReopenedAfterARacedClosing: GitLab tells a closing and the status that it set in two deliveries. Where the second one comes late, together with the
// reopening, the status of the closing is not what somebody wanted since.
func TestReopenedAfterARacedClosing(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	team := triage.NewTeam(triage.TeamConfig{Side: "backend", Store: triage.StoreBoth})
	ann := triage.Person{ID: 1, Username: "ann"}
	at := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	closed := triage.Event{Kind: triage.Updated, Actor: ann, At: at(5), ReceivedAt: now}
	closed.Changes.Status = &triage.StatusChange{From: "start", To: "Closed"}
	reopened := triage.Event{Kind: triage.Updated | triage.Reopened, Actor: ann, At: at(10), ReceivedAt: now}
	issue := team.SeeStatus(triage.Issue{
		Ref: triage.Ref{Project: 1, IID: 1}, Labels: []string{"workflow::start"}, UpdatedAt: at(10), Status: "to_do", StatusName: "start", StatusAt: at(10),
	})
	c := engine.Case{Issue: issue, Events: []triage.Event{closed, reopened}, Now: at(20)}
	c.Memory.StateEntry = triage.StateEntry{State: "start", At: at(0)}
	c.Memory.BotChanges = map[string]triage.BotChange{triage.AddLabel{Label: "workflow::start"}.Key(): {Rule: "workflow-intake"}}
	d, _, err := engine.Decide(engine.Policy{Team: team}, c)
	if err != nil || len(d.Plan) != 0 {
		t.Errorf("it plans %v: %v", d.Plan, err)
	}
}
