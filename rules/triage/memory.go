package triage

import (
	"maps"
	"slices"
	"time"
)

// Memory is what the bot must remember about one issue. It is a cache: the marker of the sticky note and GitLab's resource events
// hold the truth, so that an emptied store costs a few reads and never a second comment or bump.
type Memory struct {
	// Issue is the newest state known: of a delivery, a read, or the answer to the bot's own write.
	Issue *Issue `json:"issue,omitempty"`
	// Told is Issue without what no delivery and no write of the bot told of; nil if all was told.
	Told *Issue `json:"told,omitempty"`
	// Shown is when GitLab last showed the issue so, by the bot's clock.
	Shown time.Time `json:"shown,omitzero"`
	// Touched is when a person last touched the issue, by the bot's clock; grace counts from here.
	Touched time.Time `json:"touched,omitzero"`
	// Items by "rule/slot".
	Items map[string]ItemState `json:"items,omitempty"`
	// Asked holds the items ("rule/slot"), and the commands that raise some, whose roles were mentioned. They are never mentioned again.
	Asked map[string]bool `json:"asked,omitempty"`
	// Own holds the states that the bot established, by the action's key.
	Own map[string]Own `json:"own,omitempty"`
	// Ordered are the states that commands had the bot set, by the action's key, and when, by GitLab's clock: until then, what its account did
	// to them was people's doing.
	Ordered map[string]time.Time `json:"ord,omitempty"`
	// Undone holds states that a person undid, by key. No rule wants them again.
	Undone map[string]Undoing `json:"undone,omitempty"`
	// Forgiven are the undone states, by key, about which people said that rules may want them again, and when, by GitLab's clock. GitLab
	// still tells of the undoing.
	Forgiven map[string]time.Time `json:"fgv,omitempty"`
	// Suspended rules leave the issue alone, because a person undid what they did.
	Suspended map[string]Undoing `json:"rest,omitempty"`
	// Silenced rules are quiet on the issue because people asked for it; AllRules silences every one.
	Silenced map[string]Silence `json:"quiet,omitempty"`
	// Raised holds the items that people put on the note by commands, by "command/comment"; the second of a comment by "command/comment/2".
	Raised map[string]Raised `json:"raised,omitempty"`
	// Ran are the last comments whose commands were run, in the order in which they were; MarkRun adds to it.
	Ran []int64 `json:"ran,omitempty"`
	// Born is when the bot began to remember the issue, by its own clock. It says nothing of comments from before.
	Born time.Time `json:"born,omitzero"`
	// FromBirth says that this was when the issue was opened: nothing the bot did to it is unknown.
	FromBirth bool `json:"birth,omitempty"`
	// Traced says that a sweep went through what GitLab recorded of the time before.
	Traced bool `json:"trc,omitempty"`
	// Orders are what is still to be done for the newest comments in Ran; nil is nothing.
	Orders *Orders `json:"orders,omitempty"`
	// Watched is what rules in mode shadow would have done, in words, by rule; an empty list waits for the grace period.
	Watched map[string][]string `json:"wtch,omitempty"`
	// Said holds the rules with a line on the note.
	Said map[string]bool `json:"said,omitempty"`
	// Bump is the extra level for security issues, given once per issue.
	Bump *Bump `json:"bump,omitempty"`
	// WeightDropped says that GitLab silently ignored a weight the bot set: it has no licence for weights.
	WeightDropped bool    `json:"nolic,omitempty"`
	Note          NoteRef `json:"note,omitzero"`
	// Writes are the bot's last changes of the issue, Stopped is when they were too many.
	Writes  []time.Time `json:"writes,omitempty"`
	Stopped time.Time   `json:"stopped,omitzero"`
	// Since is when the issue came into its workflow state.
	Since Since `json:"since,omitzero"`
	// WakeAt is when the store was told to wake the issue.
	WakeAt time.Time `json:"wake,omitzero"`
	// Wakes are when rules want to look again, by rule.
	Wakes map[string]time.Time `json:"wk,omitempty"`
	// Lost says that GitLab may still carry out writes whose answers did not come; nil if there are none.
	Lost *Lost `json:"lost,omitempty"`
	// Turned is the closing or reopening that the rules saw last: GitLab tells of each one twice. nil is none.
	Turned *Turn `json:"turn,omitempty"`
	// Doubts are answers of GitLab that are not believed yet, and how often each was given in a row.
	Doubts map[string]int `json:"doubts,omitempty"`
	// Around is what was loaded about the issue's surroundings.
	Around Around `json:"around,omitzero"`
}

// Lost is when a write to GitLab was last left without an answer, by the bot's clock, and the comment whose follow-up was to be opened by
// one of them, 0 for none.
type Lost struct {
	At    time.Time `json:"at"`
	Opens int64     `json:"o,omitempty"`
}

// Since is a workflow state, the one before it ("" if unknown), and when the issue came into it: by the label's event, else when the
// bot first saw it.
type Since struct {
	State string    `json:"s"`
	From  string    `json:"f,omitempty"`
	At    time.Time `json:"at"`
}

// ItemState is where an item of the note stands.
type ItemState struct {
	State string `json:"s"`           // one of the constants below
	Title string `json:"t,omitempty"` // to strike it through when the rule no longer wants it
	// Triage says of a pending item that whoever triages will look at it: it waits longer.
	Triage bool `json:"tr,omitempty"`
}

// The states of an item.
const (
	ItemPending = "pending" // wanted, but the grace period is not over: not shown yet
	ItemOpen    = "open"
	ItemMet     = "met"
)

// stateSlack is how much older than its label a comment may be and still be about it: comments come with times in whole seconds, and one
// that sets the label with a quick action is written before it.
const stateSlack = 5 * time.Second

// Begin is the time from which on what people say is about the state.
func (s Since) Begin() time.Time { return s.At.Add(-stateSlack) }

// Own is a state that the bot established. Rule is "" when it was recovered from GitLab's events. Value is what was set, for
// weights; Removed marks a label that the bot took off.
type Own struct {
	Rule    string `json:"r,omitempty"`
	Value   int    `json:"v,omitempty"`
	Removed bool   `json:"x,omitempty"`

	// Replaced is the label of the same scope that gave way. When it is back, a person has undone the move.
	Replaced string `json:"rep,omitempty"`
}

// Undoing is a person's change that undid the bot's.
type Undoing struct {
	By      string `json:"by,omitempty"` // username, "" if unknown
	What    string `json:"w,omitempty"`  // what the bot had done: "add ~UX"
	Removed bool   `json:"x,omitempty"`  // the bot had taken a label off, a person set it again
	Rule    string `json:"r,omitempty"`  // whose it was, "" if unknown
}

// Bump records the extra level that a security issue got. Offered marks one that was only suggested on the note.
type Bump struct {
	From    int  `json:"f"`
	To      int  `json:"t"`
	Offered bool `json:"o,omitempty"`
}

// NoteRef is the bot's sticky note on an issue. Digest is of what it says, mentions aside. Foreign means that a newer version of the
// bot wrote its marker, which is then left alone. Shown holds the items (by key and by words) and the lines that are on it, Dismissed those of
// notes that people deleted. Internal says that only members see it, For who the issue's author was when it was written. After is the address of the note whose place it takes, written by a user that the bot was.
type NoteRef struct {
	ID        int64    `json:"id,omitempty"`
	Digest    string   `json:"d,omitempty"`
	Shown     []string `json:"l,omitempty"`
	Mentions  []string `json:"at,omitempty"` // usernames in its present text
	Foreign   bool     `json:"foreign,omitempty"`
	Dismissed []string `json:"dis,omitempty"`
	After     string   `json:"af,omitempty"`
	Internal  bool     `json:"in,omitempty"`
	For       int64    `json:"for,omitempty"`
}

// maxRan bounds how many comments are remembered. Older ones are told by the bot's reaction to them.
const maxRan = 50

// HasRun reports whether a comment's commands are remembered to have been run.
func (m *Memory) HasRun(note int64) bool { return slices.Contains(m.Ran, note) }

// Recalls reports whether the memory would know of a comment whose commands were run, had it seen that.
func (m *Memory) Recalls(note int64) bool { return len(m.Ran) < maxRan || note > m.Ran[0] }

// MarkRun remembers that a comment's commands were run. Of the two that were run first, the older comment is forgotten, so that no forgotten
// one is younger than the first: comments that were found late are run out of order.
func (m *Memory) MarkRun(note int64) {
	m.Ran = append(slices.Clone(m.Ran), note)
	if len(m.Ran) > maxRan {
		first := m.Ran[0]
		m.Ran = m.Ran[1:]
		m.Ran[0] = max(first, m.Ran[0])
	}
}

// Clone returns a copy that shares no map with m. What is appended to the copy's lists does not show in m, nor in another copy.
func (m Memory) Clone() Memory {
	m.Items = maps.Clone(m.Items)
	m.Asked = maps.Clone(m.Asked)
	m.Own = maps.Clone(m.Own)
	m.Ordered = maps.Clone(m.Ordered)
	m.Undone = maps.Clone(m.Undone)
	m.Forgiven = maps.Clone(m.Forgiven)
	m.Suspended = maps.Clone(m.Suspended)
	m.Silenced = maps.Clone(m.Silenced)
	m.Raised = maps.Clone(m.Raised)
	m.Watched = maps.Clone(m.Watched)
	m.Said = maps.Clone(m.Said)
	m.Wakes = maps.Clone(m.Wakes)
	m.Around.Agreements = maps.Clone(m.Around.Agreements)
	m.Around.Levels = maps.Clone(m.Around.Levels)
	m.Ran, m.Writes = slices.Clip(m.Ran), slices.Clip(m.Writes)
	m.Around.Links = slices.Clip(m.Around.Links)
	return m
}
