package triage

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
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

func (s Snooze) Make(m *Memory, by Call) {
	if m.Silenced == nil {
		m.Silenced = map[string]Silence{}
	}
	m.Silenced[s.Rule] = Silence{Until: s.Until, By: by.By.Username, Why: s.Why}
}

func (s Snooze) String() string {
	if s.Until.IsZero() {
		return "ignore " + s.Rule
	}
	return "snooze " + s.Rule + " until " + s.Until.UTC().Format("2 January 15:04 MST")
}

// Resume lets a rule, or AllRules, speak again: whether people silenced it or undid what it did.
type Resume struct{ Rule string }

func (r Resume) Make(m *Memory, by Call) {
	what := m.Suspended[r.Rule].What
	for key, u := range m.Undone {
		if r.Rule == AllRules || u.Rule == r.Rule || what != "" && u.What == what {
			forgive(m, key, by.At)
		}
	}
	if r.Rule == AllRules {
		m.Silenced, m.Suspended = nil, nil
		return
	}
	delete(m.Suspended, r.Rule)
	delete(m.Silenced, r.Rule)
}

// forgive lets rules want an undone state again. Deliveries tell whole seconds, GitLab's record of the undoing is more exact.
func forgive(m *Memory, key string, at time.Time) {
	delete(m.Undone, key)
	if m.Forgiven == nil {
		m.Forgiven = map[string]time.Time{}
	}
	m.Forgiven[key] = at.Add(time.Second)
}

func (r Resume) String() string { return "resume " + r.Rule }

// Raise puts an item on the note that people, not a rule, want seen to.
type Raise struct {
	Command string // its name
	Item    Item   // without Slot
	Asked   bool   // its roles are mentioned elsewhere, and not again for another such item
}

// maxRaised bounds what is remembered of one issue; the oldest goes.
const maxRaised = 10

func (r Raise) Make(m *Memory, by Call) {
	if m.Raised == nil {
		m.Raised = map[string]Raised{}
	}
	m.Raised[r.key(m, by.Note)] = Raised{
		Command: r.Command, Title: r.Item.Title, Text: r.Item.Text, Quote: r.Item.Quote, Then: r.Item.Then, Asks: r.Item.Asks,
		By: by.By.Username, At: by.At, State: m.Since.State,
	}
	if r.Asked {
		if m.Asked == nil {
			m.Asked = map[string]bool{}
		}
		m.Asked[r.Command] = true
	}
	for len(m.Raised) > maxRaised {
		delete(m.Raised, oldest(m.Raised))
	}
}

// key is the next one for a comment: "unclear/71", then "unclear/71/2". One that was in use is not given again.
func (r Raise) key(m *Memory, note int64) string {
	comment := r.Command + "/" + strconv.FormatInt(note, 10)
	last := 0
	for key := range m.Raised {
		if key == comment {
			last = max(last, 1)
		} else if number, same := strings.CutPrefix(key, comment+"/"); same {
			n, _ := strconv.Atoi(number)
			last = max(last, n)
		}
	}
	if last == 0 {
		return comment
	}
	return comment + "/" + strconv.Itoa(last+1)
}

// oldest is the key of what was raised first. Within a second, longer keys are of later comments, or come later in their comment.
func oldest(all map[string]Raised) string {
	return slices.MinFunc(slices.Collect(maps.Keys(all)), func(a, b string) int {
		return cmp.Or(all[a].At.Compare(all[b].At), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

func (r Raise) String() string { return "ask for " + r.Item.Title }

// Agree records an agreement in the issue review.
type Agree struct{}

func (Agree) Make(m *Memory, by Call) {
	if m.Around.Known&NeedAgreements == 0 {
		return // counted from GitLab when it is needed, where the comment stands
	}
	if m.Around.Agreements == nil {
		m.Around.Agreements = map[string]Agreement{}
	}
	a := m.Around.Agreements[UsernameKey(by.By.Username)]
	a.ID, a.Comment = by.By.ID, true
	m.Around.Agreements[UsernameKey(by.By.Username)] = a
	if m.Around.Levels == nil {
		m.Around.Levels = map[string]int{}
	}
	m.Around.Levels[UsernameKey(by.By.Username)] = by.Level
}

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
	Then    string    `json:"th,omitempty"`
	Asks    []Role    `json:"a,omitempty"`
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at,omitzero"`
	State   string    `json:"s,omitempty"` // the workflow state at that time
}
