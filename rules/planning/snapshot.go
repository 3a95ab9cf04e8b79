package planning

import (
	"slices"
	"time"

	"flowkeeper/rules/triage"
)

// Snapshot is all that a document is made of: what GitLab holds, what is configured, and the day.
type Snapshot struct {
	Now       time.Time // when the issues were read, in the team's time zone; its day is the document's
	Team      *triage.Team
	Calendar  Calendar
	Milestone Version // whom the report is about; zero where Kind.IsOfMilestone is false
	Key       string  // of the report that is composed again, which may have been made days ago; "" for a new one

	// Issues are the issues of the team, in no order. For triage and slo all open ones; for reports of a milestone those of it and of the one
	// before, open and closed, and those that were taken off one of the two or carry its label missed:x.y.
	Issues []Issue

	// Unread are those of the issues whose history GitLab did not tell. Documents say so.
	Unread []triage.Ref

	Home     Home
	Options  ReportOptions
	Previous State // what the document's block said when it was last published, or that of its predecessor; zero if there is none
}

// Home is where a report stands and who may read it.
type Home struct {
	Project int64  // the project's id, 0 if the report is only printed
	Path    string // "group/project"
	Public  bool   // people outside the project may read it: it says nothing of confidential issues
	Premium bool   // issues may have several assignees
}

// ReportOptions is what is configured of the reports.
type ReportOptions struct {
	Cap         int    // issues that a list of the triage report shows, but for those past their SLO
	PerEngineer int    // issues that one engineer is to weigh
	Template    string // of the planning issue, Markdown with {{milestone}}, {{dates}}, {{capacity}}, {{candidates}}; "" is the built-in one
	Capacity    CapacityOptions
	SLO         SLOOptions
}

// CapacityOptions is how budgets are reckoned.
type CapacityOptions struct {
	Budget   int                    // weight of an engineer who is there all the time
	Rounding Rounding               // of a budget
	Away     map[string][]DateRange // by username
	Share    map[string]int         // percent of the working time that is for the team, by username; 100 if not named
}

// DateRange is some days, the first and the last included.
type DateRange struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// Rounding is how a budget becomes a whole number.
type Rounding string

// The ways of rounding.
const (
	RoundHalfUp Rounding = "half-up"
	RoundDown   Rounding = "down"
	RoundNot    Rounding = "none"
)

// SLOOptions is how long a bug may stay open, by its severity: the first entry is that of severity 1.
type SLOOptions struct {
	Bug      [4]time.Duration
	Infradev [4]time.Duration // of issues labelled infradev
	Near     [4]int           // percent of the time after which a bug is near its limit; 0 is never
}

// Issue is what a document needs to know of an issue. Thousands of them are kept at a time, so there is no description.
type Issue struct {
	triage.Ref

	Path         string // of the project: "group/project"
	URL          string
	Title        string // people's words
	Labels       []string
	Status       string // its name, where the team keeps its workflow in statuses; "" is none
	Weight       *int   // nil is none
	Milestone    string // title; "" is none
	Assignees    []string
	Author       string
	Confidential bool
	Closed       bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
	ClosedAt     time.Time // zero if it is open

	// SeverityAt is when the issue got its first severity label, StateAt when it came into its workflow state. Zero is not known.
	SeverityAt time.Time
	StateAt    time.Time
	// LeftMilestones are the titles of milestones that the issue was taken off, by GitLab's milestone events; the last one last.
	LeftMilestones []string
	// Requested are the kinds of what people asked for on the issue by commands and what is open: "unclear", "spike".
	Requested []string
}

// Has reports whether the issue carries one of the labels by which a role is recognised.
func (i *Issue) Has(t *triage.Team, r triage.LabelRole) bool {
	for _, name := range t.LabelNames(r) {
		if slices.Contains(i.Labels, name) {
			return true
		}
	}
	return false
}
