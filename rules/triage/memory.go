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
	// LastDelivered is Issue as deliveries and the bot's own writes describe it, without what only a read has shown. nil: the same as Issue.
	LastDelivered *Issue `json:"told,omitempty"`
	// SeenAt is when GitLab last showed the issue in this state, by the bot's clock.
	SeenAt time.Time `json:"shown,omitzero"`
	// Touched is when a person last touched the issue, by the bot's clock; grace counts from here.
	Touched time.Time `json:"touched,omitzero"`
	// Items by "rule/slot".
	Items map[string]ItemState `json:"items,omitempty"`
	// Mentioned holds the items ("rule/slot") and the commands whose roles were mentioned once. They are never mentioned again.
	Mentioned map[string]bool `json:"asked,omitempty"`
	// BotChanges holds the states that the bot established, by the action's key.
	BotChanges map[string]BotChange `json:"own,omitempty"`
	// CommandedAt is when a command last had the bot set a state, by the action's key and GitLab's clock. Changes by the bot's account up to then
	// count as people's.
	CommandedAt map[string]time.Time `json:"ord,omitempty"`
	// Undone holds states that a person undid, by key. No rule wants them again.
	Undone map[string]Undoing `json:"undone,omitempty"`
	// Reinstated is when people allowed rules to want an undone state again, by the action's key and GitLab's clock. GitLab's record still
	// holds the undoing; an entry that is not later than this does not count.
	Reinstated map[string]time.Time `json:"fgv,omitempty"`
	// Suspensions are the rules that leave the issue alone because a person undid what they did, by rule.
	Suspensions map[string]Undoing `json:"rest,omitempty"`
	// Silences are the rules that people silenced on the issue, by rule; AllRules silences every one.
	Silences map[string]Silence `json:"quiet,omitempty"`
	// Requested holds the items that people put on the note by commands, by "command/comment"; the second of a comment by "command/comment/2".
	Requested map[string]RequestedItem `json:"raised,omitempty"`
	// ExecutedNotes are the last comments whose commands were run, in the order in which they were; MarkExecuted adds to it.
	ExecutedNotes []int64 `json:"ran,omitempty"`
	// FirstSeen is when the bot began to remember the issue, by its own clock. ExecutedNotes knows nothing of comments from before.
	FirstSeen time.Time `json:"born,omitzero"`
	// SeenFromCreation says that the bot has known the issue since it was opened: everything that the bot did to it is remembered.
	SeenFromCreation bool `json:"birth,omitempty"`
	// HistoryImported says that a sweep has read GitLab's resource events from before FirstSeen.
	HistoryImported bool `json:"trc,omitempty"`
	// Intent is what is still to be done for the newest comments in ExecutedNotes; nil is nothing.
	Intent *Intent `json:"orders,omitempty"`
	// SettingStatus is the label of the status that rules have the bot set just now. GitLab keeps no record of statuses: whoever finds it set after a crash
	// knows by this that no person did it.
	SettingStatus string `json:"sst,omitempty"`
	// ShadowActions is what rules in mode shadow would have done, in words, by rule; an empty list waits for the grace period.
	ShadowActions map[string][]string `json:"wtch,omitempty"`
	// HasLine holds the rules that have a line on the note, or a part in the item of another.
	HasLine map[string]bool `json:"said,omitempty"`
	// Bump is the extra level for security issues, given once per issue.
	Bump *Bump `json:"bump,omitempty"`
	// WeightDropped says that GitLab silently ignored a weight the bot set: it has no licence for weights.
	WeightDropped bool    `json:"nolic,omitempty"`
	Note          NoteRef `json:"note,omitzero"`
	// Writes are the bot's last changes of the issue, Stopped is when they were too many.
	Writes    []time.Time `json:"writes,omitempty"`
	StoppedAt time.Time   `json:"stopped,omitzero"`
	// StateEntry is when the issue came into its workflow state.
	StateEntry StateEntry `json:"since,omitzero"`
	// SeverityAt is when the issue got its first severity label, by GitLab's clock; zero is not known. Another severity does not change it.
	SeverityAt time.Time `json:"sev,omitzero"`
	// WakeAt is when the store was told to wake the issue.
	WakeAt time.Time `json:"wake,omitzero"`
	// Wakes are when rules want to look again, by rule.
	Wakes map[string]time.Time `json:"wk,omitempty"`
	// Unanswered is set while GitLab may still carry out writes whose answers did not come.
	Unanswered *UnansweredWrite `json:"lost,omitempty"`
	// LastTransition is the closing or reopening that the rules saw last: GitLab reports each one twice. nil is none.
	LastTransition *Transition `json:"turn,omitempty"`
	// Unconfirmed counts how often in a row GitLab gave an answer that is believed only when it is repeated, by answer.
	Unconfirmed map[string]int `json:"doubts,omitempty"`
	// ActiveAt is when somebody else than the bot last did something to the issue, by GitLab's clock; zero is not known. GitLab's updated_at
	// counts what the bot does, too.
	ActiveAt time.Time `json:"act,omitzero"`
	// Spells are the spells of policies, by rule: the one that is on or, where none is, the last one.
	Spells map[string]Spell `json:"sp,omitempty"`
	// Taken is who took the issue as a contributor, and when; nil is nobody.
	Taken *Taken `json:"tk,omitempty"`
	// Parent is the number of the issue that the bot opened to hold this one and its follow-ups together, 0 for none.
	Parent int64 `json:"par,omitempty"`
	// Closing is what a merge request closes, and what those issues were told; nil for an issue.
	Closing *ClosingSet `json:"cls,omitempty"`
	// Partial says that only the issue's state is remembered, because nothing but a merge request told of it. What the bot did before has to be asked
	// of GitLab before anything is written.
	Partial bool `json:"pt,omitempty"`
	// PoliciesAsked is the digest of the policies that have all been asked about the issue; "" is none.
	PoliciesAsked string `json:"pa,omitempty"`
	// OnlyPolicies says that nothing has happened to the issue since the bot knows it: only policies have looked at it, and the rules of the
	// catalogue leave it alone.
	OnlyPolicies bool `json:"op,omitempty"`
	// Context is what was loaded about the issue's surroundings.
	Context Context `json:"around,omitzero"`
}

// UnansweredWrite says when GitLab last left a write without an answer, by the bot's clock. Opens is the comment whose follow-up issue one of
// these writes was to open, 0 for none. Moves says that one was to move the issue.
type UnansweredWrite struct {
	At    time.Time `json:"at"`
	Opens int64     `json:"o,omitempty"`
	Moves bool      `json:"mv,omitempty"`
}

// StateEntry is a workflow state, the one before it ("" if unknown), and when the issue came into it: by the label's event, else when the
// bot first saw it.
type StateEntry struct {
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
	// Untrusted says that the title is plain text which may hold people's words.
	Untrusted bool `json:"pl,omitempty"`
}

// The states of an item.
const (
	ItemPending = "pending" // wanted, but the grace period is not over: not shown yet
	ItemOpen    = "open"
	ItemMet     = "met"
)

// stateSlack is how much earlier than a state's label a comment may be and still be about that state. Comments have times in whole seconds, and a
// comment that sets the label with a quick action is written before it.
const stateSlack = 5 * time.Second

// RelevantFrom is the time from which on comments are about the state.
func (s StateEntry) RelevantFrom() time.Time { return s.At.Add(-stateSlack) }

// BotChange is a state that the bot established. Rule is "" when it was restored from GitLab's resource events. Value is the weight that was set;
// Removed marks a label that the bot removed.
type BotChange struct {
	Rule    string `json:"r,omitempty"`
	Value   int    `json:"v,omitempty"`
	Removed bool   `json:"x,omitempty"`

	// Replaced is the label of the same scope that gave way. When it is back, a person has undone the move.
	Replaced string `json:"rep,omitempty"`
	// MovedFrom is the id of the milestone that the issue was moved away from. When it is in it again, a person has undone the move.
	MovedFrom int64 `json:"mf,omitempty"`
	// Reopened marks a state that is the issue reopened, not closed.
	Reopened bool `json:"ro,omitempty"`
	// Assigned are the usernames that were assigned, with a blank between them, Unassigned those that were taken off, "*" for
	// all of them.
	Assigned   string `json:"as,omitempty"`
	Unassigned string `json:"un,omitempty"`
	// DueDate is the one that was set.
	DueDate string `json:"due,omitempty"`
}

// ByGitLab is in the place of a username where GitLab itself did not take a change.
const ByGitLab = "GitLab"

// Taken says that somebody took an issue that invites contributors.
type Taken struct {
	By Person    `json:"by"`
	At time.Time `json:"at"`
}

// Undoing is a person's change that undid the bot's.
type Undoing struct {
	By      string `json:"by,omitempty"` // username, "" if unknown
	What    string `json:"w,omitempty"`  // what the bot had done: "add ~UX"
	Removed bool   `json:"x,omitempty"`  // the bot had taken a label off, a person set it again
	Rule    string `json:"r,omitempty"`  // whose it was, "" if unknown
	Key     string `json:"k,omitempty"`  // of the action that was undone, where that concerns its rule alone
}

// Bump records the extra level that a security issue got. Suggested marks one that was only suggested on the note.
type Bump struct {
	From      int  `json:"f"`
	To        int  `json:"t"`
	Suggested bool `json:"o,omitempty"`
}

// NoteRef is the bot's sticky note on an issue. Digest is of what it says, mentions aside. NewerVersion means that a newer version of
// the bot wrote its marker, which is then left alone. Shown holds the items (by key and by words) and the lines that are on it, Dismissed those of
// notes that people deleted. Internal says that only members see it. IssueAuthor
// is the id of the issue's author when it was written. Replaces is the address of the note whose place it takes; a former user of the bot wrote that.
type NoteRef struct {
	ID           int64    `json:"id,omitempty"`
	Digest       string   `json:"d,omitempty"`
	Shown        []string `json:"l,omitempty"`
	Mentions     []string `json:"at,omitempty"` // usernames in its present text
	NewerVersion bool     `json:"foreign,omitempty"`
	Dismissed    []string `json:"dis,omitempty"`
	Replaces     string   `json:"af,omitempty"`
	Internal     bool     `json:"in,omitempty"`
	IssueAuthor  int64    `json:"for,omitempty"`
}

// maxExecutedNotes bounds how many comments are remembered. For older ones, the bot's reaction on the comment tells that it was run.
const maxExecutedNotes = 50

// HasExecuted reports whether a comment's commands are remembered to have been run.
func (m *Memory) HasExecuted(note int64) bool { return slices.Contains(m.ExecutedNotes, note) }

// CoversNote reports whether the memory reaches back to the comment: if the comment's commands had been run, it would still be remembered.
func (m *Memory) CoversNote(note int64) bool {
	return len(m.ExecutedNotes) < maxExecutedNotes || note > m.ExecutedNotes[0]
}

// MarkExecuted remembers that a comment's commands were run. When there are too many, the older comment of the two that were run first is
// forgotten. So no forgotten comment is younger than the first one in the list, although comments that were found late are run out of order.
func (m *Memory) MarkExecuted(note int64) {
	m.ExecutedNotes = append(slices.Clone(m.ExecutedNotes), note)
	if len(m.ExecutedNotes) > maxExecutedNotes {
		first := m.ExecutedNotes[0]
		m.ExecutedNotes = m.ExecutedNotes[1:]
		m.ExecutedNotes[0] = max(first, m.ExecutedNotes[0])
	}
}

// Clone returns a copy that shares no map with m. Appending to the copy's lists does not change m, nor another copy.
func (m Memory) Clone() Memory {
	m.Items = maps.Clone(m.Items)
	m.Mentioned = maps.Clone(m.Mentioned)
	m.BotChanges = maps.Clone(m.BotChanges)
	m.CommandedAt = maps.Clone(m.CommandedAt)
	m.Undone = maps.Clone(m.Undone)
	m.Reinstated = maps.Clone(m.Reinstated)
	m.Suspensions = maps.Clone(m.Suspensions)
	m.Silences = maps.Clone(m.Silences)
	m.Requested = maps.Clone(m.Requested)
	m.ShadowActions = maps.Clone(m.ShadowActions)
	m.HasLine = maps.Clone(m.HasLine)
	m.Wakes = maps.Clone(m.Wakes)
	m.Spells = maps.Clone(m.Spells)
	m.Context, m.Closing = m.Context.Clone(), m.Closing.Clone()
	m.ExecutedNotes, m.Writes = slices.Clip(m.ExecutedNotes), slices.Clip(m.Writes)
	return m
}
