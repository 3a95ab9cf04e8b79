package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestSuperseded: a command does not undo what a person did after it was written, however late it is read, and does what nobody contradicted.
func TestSuperseded(t *testing.T) {
	person := triage.Person{ID: 1, Username: "ann"}
	after, before := now.Add(2*time.Second), now.Add(-2*time.Second)
	label := func(at time.Time, added bool, l string) triage.ResourceEvent {
		return triage.ResourceEvent{At: at, Actor: person, Label: l, Added: added}
	}
	weight := func(at time.Time, w *int) triage.ResourceEvent {
		return triage.ResourceEvent{At: at, Actor: person, Weight: w}
	}
	move, weigh, weighSide := triage.AddLabel{Label: "s::b"}, triage.SetWeight{Value: 3}, triage.SetWeight{Value: 3, Side: "backend"}
	tests := map[string]struct {
		wants triage.Action
		past  []triage.ResourceEvent
		runs  bool
	}{
		"nothing happened":                {wants: move, runs: true},
		"moved elsewhere":                 {wants: move, past: []triage.ResourceEvent{label(after, true, "s::c"), label(after, false, "s::a")}},
		"moved elsewhere before":          {wants: move, past: []triage.ResourceEvent{label(before, true, "s::c")}, runs: true},
		"another scope":                   {wants: move, past: []triage.ResourceEvent{label(after, true, "t::b")}, runs: true},
		"there before, and taken off":     {wants: move, past: []triage.ResourceEvent{label(after, false, "s::b")}},
		"taken off before":                {wants: move, past: []triage.ResourceEvent{label(before, false, "s::b")}, runs: true},
		"another made room":               {wants: move, past: []triage.ResourceEvent{label(after, false, "s::a")}, runs: true},
		"weighed":                         {wants: weigh, past: []triage.ResourceEvent{weight(after, triage.Int(2))}},
		"the weight was cleared":          {wants: weigh, past: []triage.ResourceEvent{weight(after, nil)}},
		"weighed before":                  {wants: weigh, past: []triage.ResourceEvent{weight(before, triage.Int(2))}, runs: true},
		"labelled, not weighed":           {wants: weigh, past: []triage.ResourceEvent{label(after, true, "UX")}, runs: true},
		"the side weighed":                {wants: weighSide, past: []triage.ResourceEvent{label(after, true, "backend-weight::2")}},
		"the other side weighed":          {wants: weighSide, past: []triage.ResourceEvent{label(after, true, "frontend-weight::2")}, runs: true},
		"the side's weight was taken off": {wants: weighSide, past: []triage.ResourceEvent{label(after, false, "backend-weight::3")}},
	}
	for name, tt := range tests {
		policy := engine.Policy{Team: team, Commands: []triage.Command{
			{Name: "go", Run: func(triage.Input, triage.Call) triage.Outcome { return triage.Did("goes", tt.wants) }},
		}}
		note := triage.Event{Kind: triage.Noted, Actor: person, At: now, ReceivedAt: now, Note: &triage.Note{ID: 1}}
		comment := engine.Comment{Event: note, Lines: []engine.Line{{Text: "go"}}}
		want := []engine.Result{{By: "ann", Command: "go", Reason: "goes"}}
		if !tt.runs {
			want[0] = engine.Result{By: "ann", Command: "go", Refused: true,
				Reason: "somebody changed this after the comment was written, before the bot could read it; write it again if it still holds"}
		}
		t.Run(name+", delivered", func(t *testing.T) {
			d := decide(t, policy, engine.Case{Events: append(delivered(tt.past), note), Comments: []engine.Comment{comment}, Now: now})
			if diff := cmp.Diff(want, d.Pending.Results); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
		t.Run(name+", looked up", func(t *testing.T) {
			comment.Late = true
			d := decide(t, policy, engine.Case{Facts: engine.Facts{History: tt.past}, Events: []triage.Event{note}, Comments: []engine.Comment{comment}, Now: now})
			if diff := cmp.Diff(want, d.Pending.Results); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// delivered are the events that tell of past changes.
func delivered(past []triage.ResourceEvent) []triage.Event {
	var events []triage.Event
	for _, p := range past {
		e := triage.Event{Kind: triage.Updated, Actor: p.Actor, At: p.At, ReceivedAt: p.At}
		switch {
		case p.Label == "":
			e.Changes.Weight = &triage.WeightChange{To: p.Weight}
		case p.Added:
			e.Changes.Added = []string{p.Label}
		default:
			e.Changes.Removed = []string{p.Label}
		}
		events = append(events, e)
	}
	return events
}

// TestMovedAlready: what the bot set after a comment was written, it set for the comment, and a command does not run on its own outcome.
func TestMovedAlready(t *testing.T) {
	policy := engine.Policy{Team: team, Commands: []triage.Command{
		{Name: "go", Run: func(triage.Input, triage.Call) triage.Outcome {
			return triage.Did("goes", triage.AddLabel{Label: "s::b"})
		}},
	}}
	note := triage.Event{Kind: triage.Noted, Actor: triage.Person{ID: 1}, At: now, ReceivedAt: now, Note: &triage.Note{ID: 1}}
	comment := engine.Comment{Event: note, Lines: []engine.Line{{Text: "go"}}}
	tests := map[string]struct {
		moved  triage.ResourceEvent
		labels []string // after the command
	}{
		"it moved":           {triage.ResourceEvent{At: now, Label: "s::c", Added: true}, []string{"s::a"}},
		"it moved before":    {triage.ResourceEvent{At: now.Add(-time.Second), Label: "s::c", Added: true}, []string{"s::b"}},
		"it took labels off": {triage.ResourceEvent{At: now, Label: "s::b"}, []string{"s::b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			facts := engine.Facts{BotMoves: []triage.ResourceEvent{tt.moved}}
			d := decide(t, policy, engine.Case{Issue: triage.Issue{Labels: []string{"s::a"}}, Facts: facts, Events: []triage.Event{note}, Comments: []engine.Comment{comment}, Now: now})
			if diff := cmp.Diff(tt.labels, slices.Clone(d.Result.Labels)); diff != "" {
				t.Errorf("the labels (-want +got):\n%s", diff)
			}
		})
	}
}
