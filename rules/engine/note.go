package engine

import (
	"maps"
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Note is what the bot's one note on the issue should say. The zero value says nothing. Texts marked "untrusted" may hold people's words;
// whoever renders them escapes them.
//
// The JSON names are part of the digest that the note's marker holds: another name has every note edited once.
type Note struct {
	Items    []NoteItem     `json:"items"`             // open ones first
	Lines    []string       `json:"lines"`             // what the bot did itself, trusted Markdown
	Why      []Why          `json:"why"`               // the rules behind the items and lines
	Inactive []InactiveRule `json:"inactive"`          // rules that are silenced or suspended on this issue
	Remarks  []Remark       `json:"remarks,omitempty"` // what policies said when they acted, shown like Lines

	// Waiting says that more items will follow when the grace period is over.
	Waiting bool `json:"waiting,omitempty"`
	// Replaces is the address of the note whose place this one takes, written by a former user of the bot; "" for none.
	Replaces string `json:"replaces,omitempty"`
}

// NoteItem is one item as it should stand on the note.
type NoteItem struct {
	Key         string        `json:"key"`                    // "rule/slot"
	Title       string        `json:"title"`                  // trusted Markdown: "A weight"
	Text        string        `json:"text"`                   // trusted Markdown, follows the title; empty for met items
	QuoteAuthor string        `json:"quote_author,omitempty"` // untrusted: who wrote the quote
	Quote       string        `json:"quote"`                  // untrusted
	Then        string        `json:"then,omitempty"`         // trusted Markdown, behind the quote
	Met         bool          `json:"met"`                    // struck through
	Asks        []triage.Role `json:"asks"`                   // the roles that have to see to it
	Mention     bool          `json:"mention"`                // mention them in this edit: they were not asked before

	// Say is what a policy says, in place of Title and Text. Of a long text it is the first sentence, and Details is all of it, for the fold. A
	// met item has its first sentence as plain text. People are the usernames that have to see to it, beside Asks.
	Say     triage.Prose `json:"say,omitempty"`
	Details triage.Prose `json:"details,omitempty"`
	People  []string     `json:"people,omitempty"`
}

// Remark is what a policy said when its own actions ended its conditions. The fields are those of an item.
type Remark struct {
	Rule    string       `json:"rule"`
	Say     triage.Prose `json:"say"`
	Details triage.Prose `json:"details,omitempty"`
	People  []string     `json:"people,omitempty"`
	Mention bool         `json:"mention,omitempty"`
}

// Key names what a remark says, among the keys of items.
func (r Remark) Key() string { return r.Rule + "/said " + r.Say.Plain() }

// Why is a rule's reason for being on the note.
type Why struct {
	Rule    string `json:"rule"`
	Section string `json:"section"`
	Reason  string `json:"reason"` // untrusted
}

// InactiveRule is a rule that does nothing on an issue: suspended, because a person undid what it did, or silenced by a command. Rule is
// triage.AllRules when people silenced every one.
type InactiveRule struct {
	Rule string `json:"rule"`
	What string `json:"what"` // untrusted: what a person undid, "add ~UX"; "" for a silenced rule
	By   string `json:"by"`   // untrusted: a username, or ""

	Asked bool      `json:"asked"` // by a command
	Until time.Time `json:"until"` // zero is for good
	Why   string    `json:"why"`   // untrusted
}

// inactiveRules lists the rules that are suspended or silenced on the issue, the suspended ones first.
func inactiveRules(m *triage.Memory) []InactiveRule {
	var inactive []InactiveRule
	for _, rule := range slices.Sorted(maps.Keys(m.Suspensions)) {
		u := m.Suspensions[rule]
		inactive = append(inactive, InactiveRule{Rule: rule, What: u.What, By: u.By})
	}
	for _, rule := range slices.Sorted(maps.Keys(m.Silences)) {
		s := m.Silences[rule]
		inactive = append(inactive, InactiveRule{Rule: rule, By: s.By, Asked: true, Until: s.Until, Why: s.Why})
	}
	return inactive
}

// Empty reports whether there is nothing that would justify a note: inactive rules alone do not.
func (s Note) Empty() bool { return len(s.Items) == 0 && len(s.Lines) == 0 && len(s.Remarks) == 0 }

// Open counts the items still to be seen to.
func (s Note) Open() int {
	n := 0
	for _, i := range s.Items {
		if !i.Met {
			n++
		}
	}
	return n
}
