package triage

import (
	"slices"
	"time"
)

// Issue is everything a rule may look at, loaded before any rule runs. Rules treat it as read-only; Action.Apply returns copies.
type Issue struct {
	Ref

	ID           int64  `json:"id,omitempty"`
	Path         string `json:"path,omitempty"` // of the project: "group/project"
	URL          string `json:"url,omitempty"`
	Type         string `json:"type,omitempty"` // "Issue", "Task", "Incident", a custom name; empty on old GitLabs
	Title        string `json:"t,omitempty"`
	Description  string `json:"-"` // only known after a read; never kept in a store
	Closed       bool   `json:"x,omitempty"`
	Confidential bool   `json:"conf,omitempty"`
	Moved        bool   `json:"mv,omitempty"`  // closed by moving it elsewhere
	Duplicated   bool   `json:"dup,omitempty"` // closed as a duplicate
	Status       string `json:"st,omitempty"`  // the category of its status; "" where GitLab has none, or did not say
	StatusName   string `json:"sn,omitempty"`  // of its status; "" where GitLab has none, or did not say
	StatusTold   bool   `json:"-"`             // GitLab was asked for the status just now, so that "" means none
	// DefaultStatus says that GitLab gives its status to an issue that is opened or closed without naming one. It is known only of a status that GitLab
	// was asked for.
	DefaultStatus bool `json:"ds,omitempty"`
	// StatusAt is the time of the state with which GitLab told StatusName; a later state may have come without one.
	StatusAt    time.Time `json:"sa,omitzero"`
	ServiceDesk bool      `json:"sd,omitempty"` // came by mail, so a customer gets its public comments; false may only be unknown
	Labels      []string  `json:"l,omitempty"`  // in GitLab's order

	// Weight is nil when there is none; 0 is a weight. NoWeights says that this GitLab has no weight field at all.
	Weight    *int `json:"w,omitempty"`
	NoWeights bool `json:"now,omitempty"`

	Author         Person    `json:"au,omitzero"`
	Assignees      []Person  `json:"as,omitempty"`
	Milestone      int64     `json:"m,omitempty"`   // global id, 0 is none; NewMilestone for one that is only known by its title
	OneAssignee    bool      `json:"one,omitempty"` // this GitLab has kept one assignee where several were to be set
	MilestoneTitle string    `json:"-"`             // the title of a milestone to be set, with NewMilestone
	DueDate        string    `json:"due,omitempty"` // "2026-12-01", "" for none
	HealthStatus   string    `json:"hs,omitempty"`  // "on_track", "needs_attention" or "at_risk"; "" for none
	CreatedAt      time.Time `json:"c,omitzero"`
	UpdatedAt      time.Time `json:"u,omitzero"`

	// MovedTo is the ID of the issue that this one became when it was moved, ClosedAt when it was closed; only known after a read.
	MovedTo  int64     `json:"-"`
	MoveTo   string    `json:"-"` // full path of the project to which an action wants the issue moved
	ClosedAt time.Time `json:"-"`

	// MergeRequest is what only a merge request has; nil for an issue. Of a merge request, Closed also holds when it is merged.
	MergeRequest *MergeRequestDetails `json:"mr,omitempty"`

	// SecondPrecision says that UpdatedAt is cut to whole seconds, as in note and emoji payloads.
	SecondPrecision bool `json:"cs,omitempty"`
}

// Ticket is the type of an issue that came by mail.
const Ticket = "Ticket"

// NewMilestone stands for the id of a milestone that an action wants and that GitLab has yet to look up.
const NewMilestone = -1

// Has reports whether the issue carries a label of exactly this name.
func (i *Issue) Has(label string) bool { return slices.Contains(i.Labels, label) }

// NewerThan reports whether i certainly shows a later state than other. Of two states that GitLab reports with the same precise
// time, neither is newer. A coarse time counts as its second's beginning, so it never beats a precise time within that second.
func (i *Issue) NewerThan(other *Issue) bool {
	if other == nil {
		return true
	}
	if other.SecondPrecision && !i.SecondPrecision {
		return !i.UpdatedAt.Before(other.UpdatedAt)
	}
	return i.UpdatedAt.After(other.UpdatedAt)
}

// Canceled is the category of the statuses with which an issue is closed undone.
const Canceled = "canceled"

// CarryFrom takes over from an earlier state of the issue what GitLab does not tell each time: the status is in deliveries only, as is whether a merge
// request goes to the default branch; the author's name is not in most of them.
func (i *Issue) CarryFrom(of *Issue) {
	if of == nil {
		return
	}
	if i.Status == "" && of.Closed == i.Closed && !i.StatusTold {
		i.Status = of.Status
	}
	if i.StatusName == "" && of.Closed == i.Closed && !i.StatusTold {
		i.StatusName, i.StatusAt = of.StatusName, of.StatusAt
	}
	if i.StatusName == of.StatusName && of.Closed == i.Closed && !i.StatusTold {
		i.DefaultStatus = of.DefaultStatus
	}
	i.MergeRequest = i.MergeRequest.withDefaultOf(of.MergeRequest)
	i.OneAssignee = i.OneAssignee || of.OneAssignee
	if i.Author.Username == "" && i.Author.ID == of.Author.ID {
		i.Author = of.Author
	}
}

// withLabels returns a copy of the issue that carries exactly these labels.
func (i Issue) withLabels(labels []string) Issue {
	i.Labels = labels
	return i
}

// Int returns a pointer to n, for weights.
func Int(n int) *int { return &n }

// SameWeight compares two weights; nil equals only nil.
func SameWeight(a, b *int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
