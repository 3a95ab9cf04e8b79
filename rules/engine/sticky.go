package engine

import (
	"maps"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Sticky is what the one note of the issue should say. The zero value says nothing. Texts marked "theirs" may hold people's words and
// are made inert by whoever renders them.
type Sticky struct {
	Items   []StickyItem // open ones first
	Lines   []string     // what the bot did itself, Markdown of our own
	Why     []Why        // the rules behind the items and lines
	Resting []Resting    // rules that are quiet on this issue because of people

	// Waiting says that more items will follow when the grace period is over.
	Waiting bool `json:",omitempty"`
	// After is the address of the note whose place this one takes, written by a user that the bot was; "" for none.
	After string `json:",omitempty"`
}

// StickyItem is one item as it should stand on the note.
type StickyItem struct {
	Key   string        // "rule/slot"
	Title string        // Markdown of our own: "A weight"
	Text  string        // Markdown of our own, follows the title; empty for met items
	From  string        `json:",omitempty"` // theirs: who wrote the quote
	Quote string        // theirs
	Then  string        `json:",omitempty"` // Markdown of our own, behind the quote
	Met   bool          // struck through
	Asks  []triage.Role // whose matter it is
	Ask   bool          // mention them in this edit: they were not asked before
}

// Why is a rule's reason for being on the note.
type Why struct {
	Rule    string
	Section string
	Reason  string // theirs
}

// Resting is a rule that is quiet on an issue: suspended, because a person undid what it did, or silenced by a command. Rule is
// triage.AllRules when people silenced every one.
type Resting struct {
	Rule string
	What string // theirs: what a person undid, "add ~UX"; "" for a silenced rule
	By   string // theirs: a username, or ""

	Asked bool      // by a command
	Until time.Time // zero is for good
	Why   string    // theirs
}

// resting lists the rules that are quiet on the issue, those that people undid first.
func resting(m *triage.Memory) []Resting {
	var quiet []Resting
	for _, rule := range slices.Sorted(maps.Keys(m.Suspensions)) {
		u := m.Suspensions[rule]
		quiet = append(quiet, Resting{Rule: rule, What: u.What, By: u.By})
	}
	for _, rule := range slices.Sorted(maps.Keys(m.Silences)) {
		s := m.Silences[rule]
		quiet = append(quiet, Resting{Rule: rule, By: s.By, Asked: true, Until: s.Until, Why: s.Why})
	}
	return quiet
}

// Empty reports whether there is nothing that would justify a note: resting rules alone do not.
func (s Sticky) Empty() bool { return len(s.Items) == 0 && len(s.Lines) == 0 }

// Open counts the items still to be seen to.
func (s Sticky) Open() int {
	n := 0
	for _, i := range s.Items {
		if !i.Met {
			n++
		}
	}
	return n
}
