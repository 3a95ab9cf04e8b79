package engine

import (
	"testing"
	"time"

	"flowkeeper/rules/triage"
)

// What policies asked for is asked for again when an event has changed it, or when time has passed of which no event tells.
func TestWhatPoliciesAskedForOutdates(t *testing.T) {
	t.Parallel()
	const all = untold | ofMilestone | triage.NeedAuthorName
	loaded := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		event triage.Event
		gone  triage.Need
	}{
		"a label":                 {triage.Event{Kind: triage.Updated | triage.LabelsChanged}, triage.NeedIteration},
		"a reaction":              {triage.Event{Kind: triage.Awarded, Emoji: &triage.Emoji{Name: "thumbsup"}}, triage.NeedVotes},
		"a reaction taken back":   {triage.Event{Kind: triage.Revoked, Emoji: &triage.Emoji{Name: "thumbsdown"}}, triage.NeedVotes},
		"a reaction to a comment": {triage.Event{Kind: triage.Awarded, Emoji: &triage.Emoji{Name: "thumbsup", NoteID: 5}}, 0},
		"a comment":               {triage.Event{Kind: triage.Noted, Note: &triage.Note{ID: 5}}, triage.NeedDiscussions},
		"a wake-up":               {triage.Event{Kind: triage.Woken}, untold | ofMilestone},
		"a sweep":                 {triage.Event{Kind: triage.Swept}, untold | ofMilestone},
	}
	for name, tt := range tests {
		for _, when := range []time.Duration{-time.Second, time.Second} {
			memory := triage.Memory{Context: triage.Context{Known: all, LoadedAt: loaded, Milestone: triage.MilestoneFacts{ID: 3}}}
			tt.event.ReceivedAt = loaded.Add(when)
			in := triage.Input{
				Events: []triage.Event{tt.event}, Memory: &memory, Team: triage.NewTeam(triage.TeamConfig{}), Now: loaded,
				Issue: triage.Issue{Milestone: 3, Author: triage.Person{ID: 7, Username: "ann"}},
			}
			updateContext(&in)
			want := all &^ tt.gone
			if when < 0 {
				want = all // it was loaded after the event
			}
			if got := memory.Context.Known; got != want {
				t.Errorf("after %s at %s: %b is known, want %b", name, when, got, want)
			}
		}
	}
	memory := triage.Memory{Context: triage.Context{Known: all, Milestone: triage.MilestoneFacts{ID: 3}}}
	updateContext(&triage.Input{Memory: &memory, Team: triage.NewTeam(triage.TeamConfig{}), Issue: triage.Issue{Milestone: 4, Author: triage.Person{ID: 7}}})
	if got, want := memory.Context.Known, all&^(ofMilestone|triage.NeedAuthorName); got != want {
		t.Errorf("with another milestone and without the author's name: %b is known, want %b", got, want)
	}
}
