package engine

import "flowkeeper/rules/triage"

// Sticky is what the one note of the issue should say. The zero value says nothing. Texts marked "theirs" may hold people's words and
// are made inert by whoever renders them.
type Sticky struct {
	Items   []StickyItem // open ones first
	Lines   []string     // what the bot did itself, Markdown of our own
	Why     []Why        // the rules behind the items and lines
	Resting []Resting    // rules that a person's change put to rest on this issue
}

// StickyItem is one item as it should stand on the note.
type StickyItem struct {
	Key   string        // "rule/slot"
	Title string        // Markdown of our own: "A weight"
	Text  string        // Markdown of our own, follows the title; empty for met items
	Quote string        // theirs
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

// Resting is a suspended rule.
type Resting struct {
	Rule string
	What string // theirs: what a person undid, "add ~UX"
	By   string // theirs: a username, or ""
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
