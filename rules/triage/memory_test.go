package triage_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"flowkeeper/rules/triage"
)

// TestNoCommentRunsTwice: in whatever order comments are found and run, none that was run is taken for one that certainly was not.
func TestNoCommentRunsTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m triage.Memory
		ran := rapid.SliceOfNDistinct(rapid.Int64Range(1, 200), 60, 120, rapid.ID).Draw(t, "comments")
		if rapid.Bool().Draw(t, "in order") {
			slices.Sort(ran)
		}
		for n, note := range ran {
			m.MarkExecuted(note)
			for _, before := range ran[:n+1] {
				if !m.HasExecuted(before) && m.CoversNote(before) {
					t.Fatalf("after %d comments, %d counts as not run", n+1, before)
				}
			}
			if !m.HasExecuted(note) {
				t.Fatalf("comment %d is forgotten as soon as it was run", note)
			}
		}
		if next := int64(201); !m.CoversNote(next) {
			t.Fatal("the next comment is not known to be new")
		}
	})
}

// TestForgetsTheOldestComments: what is remembered stays small, and the last ones run are always among it.
func TestForgetsTheOldestComments(t *testing.T) {
	var m triage.Memory
	for note := int64(1000); note > 0; note-- {
		m.MarkExecuted(note)
	}
	if len(m.ExecutedNotes) > 100 || !m.HasExecuted(1) || !m.HasExecuted(40) {
		t.Errorf("%d comments are remembered, the last of them %v", len(m.ExecutedNotes), m.HasExecuted(1))
	}
}
