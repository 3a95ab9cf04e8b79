package triage

import "time"

// Votes are the reactions thumbsup and thumbsdown on an issue.
type Votes struct {
	Up   int `json:"u"`
	Down int `json:"d"`
}

// Discussions count what people wrote below an issue, without what GitLab itself noted.
type Discussions struct {
	Threads int `json:"t"`
	Notes   int `json:"n"`
}

// Membership asks whether a person is a member of a project or a group, inherited membership included.
type Membership struct {
	Group  bool   // else a project
	Source string // its full path or its numeric id
	Person Person
}

// Key names the question in Context.Memberships: "group/gnome:alice".
func (m Membership) Key() string {
	kind := "project"
	if m.Group {
		kind = "group"
	}
	return kind + "/" + m.Source + ":" + UsernameKey(m.Person.Username)
}

// PolicyComment is a comment that a policy makes once in a spell.
type PolicyComment struct {
	Text     Prose    // the policy's words are Markdown of the team's own, what templates bring in is untrusted
	Mentions []string // usernames, to be mentioned behind the text
	Own      bool     // a comment of its own, else an item of the bot's note
	Thread   bool     // of its own, and one that has to be resolved
	Internal bool     // of its own, and only members see it
}

// Spell is a time during which the conditions of a policy hold on an issue, without a break.
type Spell struct {
	Number int       `json:"n"` // 1 for the first
	Began  time.Time `json:"b,omitzero"`
	Over   bool      `json:"o,omitempty"` // the conditions hold no more
	Itself bool      `json:"i,omitempty"` // the policy's own actions ended it
	Said   int64     `json:"c,omitempty"` // the id of its comment of its own, 0 for none yet
}
