package triage

import (
	"strconv"
	"time"
)

// Votes are the reactions thumbsup and thumbsdown on an issue.
type Votes struct {
	Up   int `json:"u"`
	Down int `json:"d"`
}

// Discussions count what people wrote below an issue, without what GitLab itself noted and what the bot wrote: its note would make an issue
// that nobody has answered look answered. Of more than MaxDiscussions threads the rest is not counted.
type Discussions struct {
	Threads int `json:"t"`
	Notes   int `json:"n"`
}

// MaxDiscussions is how many threads of an issue are looked through, those that GitLab's own notes make included.
const MaxDiscussions = 1000

// Membership asks whether a person is a member of a project or a group, inherited membership included.
type Membership struct {
	Group  bool   // else a project
	Source string // its full path or its numeric id
	Person Person
}

// Key names the question in Context.Memberships: "group/gnome:41", or "group/gnome:@alice" of a person whose id is not known. Deliveries tell
// of an author no more than the id.
func (m Membership) Key() string {
	if m.Person.ID != 0 {
		return m.SourceKey() + ":" + strconv.FormatInt(m.Person.ID, 10)
	}
	return m.SourceKey() + ":@" + UsernameKey(m.Person.Username)
}

// SourceKey names the project or group in Context.HiddenSources: "group/gnome".
func (m Membership) SourceKey() string {
	if m.Group {
		return "group/" + m.Source
	}
	return "project/" + m.Source
}

// Answer is what is known of a membership; known is false if it has to be looked up, or cannot be known because GitLab does not show the
// bot the project or group: then hidden is true.
func (c *Context) Answer(m Membership) (member, known, hidden bool) {
	member, known = c.Memberships[m.Key()]
	return member, known, !known && c.HiddenSources[m.SourceKey()]
}

// PolicyComment is a comment that a policy makes once in a spell.
type PolicyComment struct {
	Text     Prose    // the policy's words are Markdown of the team's own, what templates bring in is untrusted
	Mentions []string // usernames, to be mentioned behind the text
	Own      bool     // a comment of its own, else an item of the bot's note
	Thread   bool     // of its own, and one that has to be resolved
	Internal bool     // of its own, and only members see it

	Values map[string]string // of the templates' fields, for Spell.Values
}

// Spell is a time during which the conditions of a policy hold on an issue, without a break.
type Spell struct {
	Number int       `json:"n"` // 1 for the first
	Began  time.Time `json:"b,omitzero"`
	Over   bool      `json:"o,omitempty"` // the conditions hold no more
	Itself bool      `json:"i,omitempty"` // the policy's own actions ended it
	Said   int64     `json:"c,omitempty"` // the id of its comment of its own, 0 for none yet

	// Values are those of the templates' fields when the spell began: what the policy says stays the same until it is over.
	Values map[string]string `json:"v,omitempty"`
	// Undertaken is what the policy wants and may not be written yet, nil for nothing. It is saved before the first write, because the conditions
	// may not hold any more after it.
	Undertaken *Edit `json:"u,omitempty"`
}

// ShownAfter is how long the note shows what a policy says whose own actions ended its conditions.
const ShownAfter = 7 * 24 * time.Hour

// Shown reports whether the note shows what a policy says though its conditions hold no more: its own actions ended them, not long ago.
func (s Spell) Shown(now time.Time) bool { return s.Itself && now.Before(s.Began.Add(ShownAfter)) }
