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
	// Apply changes the memory; by is who wrote the command.
	Apply(m *Memory, by Call)
	// String says it in words: "snooze needs-type for 168h0m0s".
	String() string
}

// Snooze silences a rule, or AllRules, on the issue until then; a zero time is for good.
type Snooze struct {
	Rule  string
	Until time.Time
	Why   string
}

func (s Snooze) Apply(m *Memory, by Call) {
	if m.Silences == nil {
		m.Silences = map[string]Silence{}
	}
	m.Silences[s.Rule] = Silence{Until: s.Until, By: by.By.Username, Why: s.Why}
}

func (s Snooze) String() string {
	if s.Until.IsZero() {
		return "ignore " + s.Rule
	}
	return "snooze " + s.Rule + " until " + s.Until.UTC().Format("2 January 15:04 MST")
}

// Resume lets a rule, or AllRules, speak again: whether people silenced it or undid what it did.
type Resume struct{ Rule string }

func (r Resume) Apply(m *Memory, by Call) {
	what := m.Suspensions[r.Rule].What
	for key, u := range m.Undone {
		if r.Rule == AllRules || u.Rule == r.Rule || what != "" && u.What == what {
			reinstate(m, key, by.At)
		}
	}
	for rule, u := range m.Suspensions {
		if u.Key != "" && (r.Rule == AllRules || rule == r.Rule) {
			reinstate(m, u.Key, by.At)
		}
	}
	if r.Rule == AllRules {
		m.Silences, m.Suspensions = nil, nil
		return
	}
	delete(m.Suspensions, r.Rule)
	delete(m.Silences, r.Rule)
}

// reinstate lets rules want an undone state again. Deliveries have times in whole seconds and GitLab's resource events more exact ones, so a second
// is added.
func reinstate(m *Memory, key string, at time.Time) {
	delete(m.Undone, key)
	if m.Reinstated == nil {
		m.Reinstated = map[string]time.Time{}
	}
	m.Reinstated[key] = at.Add(time.Second)
}

func (r Resume) String() string { return "resume " + r.Rule }

// RequestItem puts an item on the note because a person, not a rule, asks for it.
type RequestItem struct {
	Command          string // its name
	Item             Item   // without Slot
	AlreadyMentioned bool   // its roles are mentioned elsewhere and must not be mentioned again
}

// maxRequested bounds what is remembered of one issue; the oldest goes.
const maxRequested = 10

func (r RequestItem) Apply(m *Memory, by Call) {
	if m.Requested == nil {
		m.Requested = map[string]RequestedItem{}
	}
	m.Requested[r.nextKey(m, by.Note)] = RequestedItem{
		Command: r.Command, Title: r.Item.Title, Text: r.Item.Text, Quote: r.Item.Quote, Then: r.Item.Then, Asks: r.Item.Asks,
		By: by.By.Username, At: by.At, State: m.StateEntry.State,
	}
	if r.AlreadyMentioned {
		if m.Mentioned == nil {
			m.Mentioned = map[string]bool{}
		}
		m.Mentioned[r.Command] = true
	}
	for len(m.Requested) > maxRequested {
		delete(m.Requested, oldest(m.Requested))
	}
}

// nextKey is the next key for a comment: "unclear/71", then "unclear/71/2". A key that is in use is not given again.
func (r RequestItem) nextKey(m *Memory, note int64) string {
	comment := r.Command + "/" + strconv.FormatInt(note, 10)
	last := 0
	for key := range m.Requested {
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

// oldest is the key of the item that was requested first. Within a second, a longer key belongs to a later comment or a later place in its comment.
func oldest(all map[string]RequestedItem) string {
	return slices.MinFunc(slices.Collect(maps.Keys(all)), func(a, b string) int {
		return cmp.Or(all[a].At.Compare(all[b].At), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

func (r RequestItem) String() string { return "ask for " + r.Item.Title }

// Agree records an agreement in the issue review.
type Agree struct{}

func (Agree) Apply(m *Memory, by Call) {
	if m.Context.Known&NeedAgreements == 0 {
		return // counted from GitLab when it is needed, where the comment stands
	}
	if m.Context.Agreements == nil {
		m.Context.Agreements = map[string]Agreement{}
	}
	a := m.Context.Agreements[UsernameKey(by.By.Username)]
	a.ID, a.Comment = by.By.ID, true
	m.Context.Agreements[UsernameKey(by.By.Username)] = a
	if m.Context.AccessLevels == nil {
		m.Context.AccessLevels = map[string]int{}
	}
	m.Context.AccessLevels[UsernameKey(by.By.Username)] = by.Level
}

func (Agree) String() string { return "record the agreement" }

// Take remembers that whoever wrote the command took the issue.
type Take struct{}

func (Take) Apply(m *Memory, by Call) { m.Taken = &Taken{By: by.By, At: by.At} }

func (Take) String() string { return "remember who took the issue" }

// Silence is a person's wish that a rule says and does nothing on an issue.
type Silence struct {
	Until time.Time `json:"t,omitzero"` // zero is for good
	By    string    `json:"by,omitempty"`
	Why   string    `json:"w,omitempty"` // theirs
}

// RequestedItem is an item that a command put on the note. Quote is empty for what was written in an internal comment.
type RequestedItem struct {
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
