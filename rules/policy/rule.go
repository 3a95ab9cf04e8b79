// Package policy is triage policies as data, in the language of the gitlab-triage gem: rules with conditions and actions. It knows what their
// conditions say of an issue or a merge request and what their actions want of it. Files are read elsewhere.
package policy

import "flowkeeper/rules/triage"

// Rule is one rule of a policy file that can be carried out exactly.
type Rule struct {
	ID      string // "policy/stale-issues", unique among all policies
	Name    string // as the file has it, "" for none
	File    string // relative to the configuration file
	Line    int
	Subject triage.SubjectKind

	Mode     triage.Mode
	Section  string // for people, "" for none
	Reason   string // for people, "" is made of the conditions
	OnlyOurs bool   // only issues that the team's own rules look at

	When    []Condition // all of them hold
	Limit   Limit
	Actions Actions
}

// Limit bounds on how many issues a rule may act in an hour; zero values are no bound. GitLab's gem takes the newest or the oldest of a run.
type Limit struct {
	MostRecent int
	Oldest     int
}

// Actions are what a rule wants while its conditions hold, in the order in which the gem carries them out: the comment, labels, and the state.
type Actions struct {
	Labels       []string
	RemoveLabels []string
	While        bool   // a label that the rule added goes when its conditions hold no more
	Weight       *int   // nil for none
	Milestone    string // a title, "" for none
	DueDate      string // "2026-12-01", "" for none
	Assign       []string
	Unassign     []string // usernames
	UnassignAll  bool
	State        State  // Opened, Closed or "" for as it is
	MoveTo       string // full path of a project, "" for none

	Comment  Template // said once in a spell; empty for nothing
	Mentions []string // usernames, behind the comment
	Own      bool     // the comment is one of its own, else an item of the note
	Thread   bool     // its own comment has to be resolved
	Internal bool     // its own comment is for members only
}

// State is the state of an issue or a merge request in the language of policies.
type State string

// The states. Locked, Merged are those of merge requests only.
const (
	Opened State = "opened"
	Closed State = "closed"
	Merged State = "merged"
	Locked State = "locked"
)

// Template is a text with fields of the issue in it.
type Template []Piece

// Piece is a part of a template: Text is Markdown of the team's own, Field the name of a field in its place, "author" of {{author}}. One of the
// two is set.
type Piece struct {
	Text  string
	Field string
}
