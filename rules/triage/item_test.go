package triage_test

import (
	"testing"

	"flowkeeper/rules/triage"
)

// TestItemSays: an item says what its reader may do, and who will where they may not.
func TestItemSays(t *testing.T) {
	const will = "The engineering manager will see to it."
	for name, tt := range map[string]struct {
		item         triage.Item
		may, whatNot string
	}{
		"a quick action alone":      {triage.Item{Do: "`/x`"}, ": `/x`.", will},
		"behind the title":          {triage.Item{Text: "for the backend", Do: "`/x` or `/y`"}, "for the backend: `/x` or `/y`.", "for the backend. " + will},
		"behind a sentence":         {triage.Item{Text: "It is needed.", Do: "`/x`"}, "It is needed. Use `/x`.", "It is needed. " + will},
		"behind a question":         {triage.Item{Text: "Where is it?", Do: "`/x`"}, "Where is it? Use `/x`.", "Where is it? " + will},
		"in words":                  {triage.Item{Do: "the sidebar to add “12\" rack”"}, "Use the sidebar to add “12\" rack”.", will},
		"something all may do":      {triage.Item{Text: "Look.", Do: "`/x`", Else: "Say it."}, "Look. Use `/x`.", "Look. Say it."},
		"nothing that needs rights": {triage.Item{Text: ": 👍 this."}, ": 👍 this.", ": 👍 this."},
	} {
		if got := tt.item.TextFor(true); got != tt.may {
			t.Errorf("%s: those who may read %q, want %q", name, got, tt.may)
		}
		if got := tt.item.TextFor(false); got != tt.whatNot {
			t.Errorf("%s: those who may not read %q, want %q", name, got, tt.whatNot)
		}
	}
}
