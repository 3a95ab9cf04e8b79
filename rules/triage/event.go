// Package triage is the vocabulary of the bot: what happened on an issue, what the issue looks like, what a rule wants of it and
// what has to be remembered about it. It knows nothing of GitLab's API, of stores or of clocks; everything here is plain data and
// pure functions over it, so that a rule can be read, tested and explained without a server.
package triage

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Kind says why an issue is looked at. Kinds combine: one update may change labels and weight, one batch may hold many events.
type Kind uint32

// The kinds of events. The first nine say what happened, the rest what an update changed.
const (
	Opened Kind = 1 << iota
	Updated
	Closed
	Reopened
	Noted
	Awarded
	Revoked
	Swept
	Woken
	LabelsChanged
	WeightChanged
	AssigneesChanged
	MilestoneChanged
	// ReportDue says that the document on the issue of a report may have to change. Rules do not see it.
	ReportDue
	// MergeRequestChanged says that something happened to a merge request that closes the issue, or no longer does.
	MergeRequestChanged
	// PoliciesDue says that the policies may have changed, or the store may have been emptied, since they were last asked, whatever happened to the
	// issue. The rules of the catalogue do not look at it.
	PoliciesDue

	// AllChanges is every "what changed" bit. An opened, reopened or swept issue counts as changed in every respect: GitLab reports no changes for
	// what was set at creation, and nothing at all for what it failed to deliver.
	AllChanges = LabelsChanged | WeightChanged | AssigneesChanged | MilestoneChanged
)

var kindNames = []string{
	"opened", "updated", "closed", "reopened", "noted", "awarded", "revoked", "swept", "woken",
	"labels changed", "weight changed", "assignees changed", "milestone changed",
	"report due", "merge request changed", "policies due",
}

// String lists the kinds in a fixed order: "opened, labels changed".
func (k Kind) String() string {
	s := ""
	for i, name := range kindNames {
		if k&(1<<i) == 0 {
			continue
		}
		if s != "" {
			s += ", "
		}
		s += name
	}
	return s
}

// Effective adds the change bits that an opened, reopened or swept issue implies.
func (k Kind) Effective() Kind {
	if k&(Opened|Reopened|Swept) != 0 {
		k |= AllChanges
	}
	return k
}

// Person is a GitLab user. Username may be empty where GitLab sends only the id; ID may be 0 in payloads of old versions.
type Person struct {
	ID       int64  `json:"id,omitempty"`
	Username string `json:"u,omitempty"`
}

// SameUsername reports whether two usernames are one person's: GitLab does not tell their case apart.
func SameUsername(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// HasUsername reports whether a list of usernames names the person.
func HasUsername(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return SameUsername(n, name) })
}

// UsernameKey is a username as the key of a map: the same in any case.
func UsernameKey(name string) string { return strings.ToLower(name) }

// Is reports whether this is the other person: by id where both are known, else by username. Two unknown people are not the same.
func (p Person) Is(other Person) bool {
	if p.ID != 0 && other.ID != 0 {
		return p.ID == other.ID
	}
	return SameUsername(p.Username, other.Username)
}

var supportBot = regexp.MustCompile(`(?i)^support-bot[0-9]*$`)

// IsSupportBot reports whether this is the user in whose name GitLab writes what customers send to the Service Desk.
func (p Person) IsSupportBot() bool { return supportBot.MatchString(p.Username) }

// Event is one thing that happened to an issue. At is by GitLab's clock; ReceivedAt is when the delivery arrived, by the bot's.
type Event struct {
	Kind       Kind      `json:"k"`
	Actor      Person    `json:"a"`
	At         time.Time `json:"at"`
	ReceivedAt time.Time `json:"seen"`
	Changes    Changes   `json:"c,omitzero"`
	Note       *Note     `json:"n,omitempty"`
	Emoji      *Emoji    `json:"e,omitempty"`

	// MergeRequest is the one that changed, as it is then, in an event of the kind MergeRequestChanged.
	MergeRequest *MergeRequest `json:"mr,omitempty"`
}

// Changes is what an update changed and rules care to compare. Label lists keep GitLab's order.
type Changes struct {
	Added   []string      `json:"add,omitempty"`
	Removed []string      `json:"rm,omitempty"`
	Weight  *WeightChange `json:"w,omitempty"`
	Status  *StatusChange `json:"st,omitempty"`
	// ClosedAt is the time of the closing that the event reports, or that a reopening ended. GitLab may report one closing twice, with different
	// times of the event. Zero is unknown.
	ClosedAt time.Time `json:"ca,omitzero"`
}

// WeightChange is a change of the weight field. nil is "no weight", which is not 0.
type WeightChange struct {
	From *int `json:"f"`
	To   *int `json:"t"`
}

// Note is a comment. Edited marks an update of an existing comment: GitLab then still names the author as its actor.
type Note struct {
	ID           int64  `json:"id"`
	Discussion   string `json:"d,omitempty"`
	Text         string `json:"t,omitempty"`
	Internal     bool   `json:"i,omitempty"`
	Edited       bool   `json:"e,omitempty"`
	OnlyCommands bool   `json:"o,omitempty"` // the comment is nothing but commands
	MaybeEdited  bool   `json:"r,omitempty"` // the text comes from a later delivery than that of its creation, so it may have been edited since
}

// Emoji is a reaction on the issue, or on one of its notes if NoteID is not 0.
type Emoji struct {
	Name   string `json:"n"`
	NoteID int64  `json:"id,omitempty"`
}

// IsThumbsup reports whether an emoji's name, without colons, is a thumbsup of any skin.
func IsThumbsup(name string) bool {
	name = strings.ToLower(name)
	if base, tone, toned := strings.Cut(name, "_tone"); toned && len(tone) == 1 && tone >= "1" && tone <= "5" {
		name = base
	}
	return name == "thumbsup" || name == "+1" || name == "thumbup"
}

// KindsOf is the union of the events' kinds.
func KindsOf(events []Event) Kind {
	var k Kind
	for _, e := range events {
		k |= e.Kind
	}
	return k
}
