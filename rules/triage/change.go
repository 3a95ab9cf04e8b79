package triage

import (
	"maps"
	"strconv"
	"time"
)

// AllRules stands for every rule where people name one.
const AllRules = "all"

// Change is something that a command has remembered.
type Change interface {
	// Make changes the memory; by is who wrote the command.
	Make(m *Memory, by Call)
	// String says it in words: "snooze needs-type for 168h0m0s".
	String() string
}

// Snooze silences a rule, or AllRules, on the issue until then; a zero time is for good.
type Snooze struct {
	Rule  string
	Until time.Time
	Why   string
}

// Make implements Change.
func (s Snooze) Make(m *Memory, by Call) {
	if m.Silenced == nil {
		m.Silenced = map[string]Silence{}
	}
	m.Silenced[s.Rule] = Silence{Until: s.Until, By: by.By.Username, Why: s.Why}
}

// String implements Change.
func (s Snooze) String() string {
	if s.Until.IsZero() {
		return "ignore " + s.Rule
	}
	return "snooze " + s.Rule + " until " + s.Until.UTC().Format("2 January 15:04 MST")
}

// Resume lets a rule, or AllRules, speak again: whether people silenced it or undid what it did.
type Resume struct{ Rule string }

// Make implements Change.
func (r Resume) Make(m *Memory, _ Call) {
	if r.Rule == AllRules {
		m.Silenced, m.Suspended, m.Undone = nil, nil, nil
		return
	}
	undone := m.Suspended[r.Rule].What
	maps.DeleteFunc(m.Undone, func(_ string, u Undoing) bool { return undone != "" && u.What == undone })
	delete(m.Suspended, r.Rule)
	delete(m.Silenced, r.Rule)
}

// String implements Change.
func (r Resume) String() string { return "resume " + r.Rule }

// Raise puts an item on the note that people, not a rule, want seen to.
type Raise struct {
	Command string // its name
	Item    Item   // without Slot
}

// maxRaised bounds what is remembered of one issue; the oldest goes.
const maxRaised = 10

// Make implements Change.
func (r Raise) Make(m *Memory, by Call) {
	if m.Raised == nil {
		m.Raised = map[string]Raised{}
	}
	comment := r.Command + "/" + strconv.FormatInt(by.Note, 10)
	key := comment
	for n := 2; m.Raised[key].Command != ""; n++ {
		key = comment + "/" + strconv.Itoa(n) // the same command once more in the same comment
	}
	m.Raised[key] = Raised{
		Command: r.Command, Title: r.Item.Title, Text: r.Item.Text, Quote: r.Item.Quote, Asks: r.Item.Asks,
		By: by.By.Username, At: by.At, State: m.Since.State,
	}
	for len(m.Raised) > maxRaised {
		oldest := ""
		for key, raised := range m.Raised {
			if oldest == "" || raised.At.Before(m.Raised[oldest].At) {
				oldest = key
			}
		}
		delete(m.Raised, oldest)
	}
}

// String implements Change.
func (r Raise) String() string { return "ask for " + r.Item.Title }

// Agree records an agreement in the issue review.
type Agree struct{}

// Make implements Change.
func (Agree) Make(m *Memory, by Call) {
	if m.Around.Known&NeedAgreements == 0 {
		return // counted from GitLab when it is needed, where the comment stands
	}
	if m.Around.Agreements == nil {
		m.Around.Agreements = map[string]Agreement{}
	}
	a := m.Around.Agreements[by.By.Username]
	a.ID, a.Comment = by.By.ID, true
	m.Around.Agreements[by.By.Username] = a
	if m.Around.Levels == nil {
		m.Around.Levels = map[string]int{}
	}
	m.Around.Levels[by.By.Username] = by.Level
}

// String implements Change.
func (Agree) String() string { return "record the agreement" }

// Silence is people's wish that a rule is quiet on an issue.
type Silence struct {
	Until time.Time `json:"t,omitzero"` // zero is for good
	By    string    `json:"by,omitempty"`
	Why   string    `json:"w,omitempty"` // theirs
}

// Raised is an item that a command put on the note. Quote is empty for what was written in an internal comment.
type Raised struct {
	Command string    `json:"c"`
	Title   string    `json:"ti"`
	Text    string    `json:"tx,omitempty"`
	Quote   string    `json:"q,omitempty"`
	Asks    []Role    `json:"a,omitempty"`
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at,omitzero"`
	State   string    `json:"s,omitempty"` // the workflow state at that time
}
