package engine_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// TestSeenToIsStruckThroughOnce: what several comments asked for is struck through as one, and always as the same one: the order in which
// Go walks a map must not show.
func TestSeenToIsStruckThroughOnce(t *testing.T) {
	policy := engine.Policy{Team: team, Commands: []triage.Command{
		{Name: "unclear", Unresolved: func(triage.Input, triage.RequestedItem) bool { return false }},
	}}
	memory := triage.Memory{Items: map[string]triage.ItemState{}, Requested: map[string]triage.RequestedItem{}}
	for n := range 5 {
		key := "unclear/" + strconv.Itoa(n)
		memory.Items[key] = triage.ItemState{State: triage.ItemOpen, Title: "A clarification"}
		memory.Requested[key] = triage.RequestedItem{Command: "unclear", Title: "A clarification"}
	}
	want := []engine.NoteItem{{Key: "unclear/4", Title: "A clarification", Met: true}}
	for range 20 {
		d, _, err := engine.Decide(policy, engine.Case{Memory: memory, Events: opened, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d.Note.Items); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}
