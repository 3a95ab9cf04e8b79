package backtest

import (
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// change is one thing that a person did to an issue, as GitLab's record tells it.
type change struct {
	at        time.Time
	by        triage.Person
	label     string // "" if it was none
	added     bool
	weighed   bool
	weight    *int
	milestone int64 // the new one, 0 for none, if moved
	moved     bool  // to another milestone or to none
	closed    bool
	reopened  bool
	noted     bool // commented
}

// history is what people did to an issue: how they opened it, and all that followed, the oldest first. What the bot did is left out.
type history struct {
	opened  triage.Issue
	changes []change
}

// addComments adds what people wrote, where comments count as activity.
func (h *history) addComments(all []gitlab.Comment, isBot func(triage.Person) bool) {
	h.changes = slices.Clone(h.changes)
	for _, c := range all {
		if !isBot(c.Author) {
			h.changes = append(h.changes, change{at: c.CreatedAt, by: c.Author, noted: true})
		}
	}
	slices.SortStableFunc(h.changes, func(a, b change) int { return a.at.Compare(b.at) })
}

// atOpening is how long after its creation GitLab may still record what an issue was opened with.
const atOpening = 2 * time.Second

// records are what GitLab keeps of an issue's past.
type records struct {
	resources  []triage.ResourceEvent
	states     []gitlab.StateEvent
	milestones []gitlab.MilestoneEvent
}

// newHistory goes back from what an issue is now to how it was opened. Its title, its assignees and what GitLab keeps no record of are taken as
// they are now. isBot tells the bot's own doing, which is left out.
func newHistory(now triage.Issue, r records, isBot func(triage.Person) bool) history {
	h := history{opened: now, changes: closedNow(now, r.changes())}
	h.opened.Labels, h.opened.Weight, h.opened.Milestone = openedLabels(now, h.changes), openedWeight(now, h.changes), openedMilestone(now, r.milestones)
	h.opened.Closed, h.opened.ClosedAt, h.opened.Moved, h.opened.Duplicated, h.opened.Status = false, time.Time{}, false, false, ""
	h.opened.UpdatedAt = now.CreatedAt

	h.changes = slices.DeleteFunc(h.changes, func(c change) bool {
		switch {
		case c.isOfOpening(now, isBot):
			h.opened = c.apply(h.opened)
			return true
		default:
			return isBot(c.by)
		}
	})
	return h
}

// isOfOpening reports whether the change is a record of what the issue was opened with. Of an issue that somebody else opened, what the bot does at
// once is its own doing, except that GitLab records the first weight in the name of who changes it later, and as of the opening.
func (c change) isOfOpening(now triage.Issue, isBot func(triage.Person) bool) bool {
	after := c.at.Sub(now.CreatedAt)
	if after > atOpening || c.closed || c.reopened {
		return false
	}
	return !isBot(c.by) || isBot(now.Author) || c.weighed && after <= 0
}

// closedNow adds the closing of an issue of which GitLab has no record, as of one that was imported.
func closedNow(now triage.Issue, changes []change) []change {
	closed := false
	for _, c := range changes {
		closed = (closed || c.closed) && !c.reopened
	}
	if closed || !now.Closed || now.ClosedAt.IsZero() {
		return changes
	}
	changes = append(changes, change{at: now.ClosedAt, closed: true})
	slices.SortStableFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	return changes
}

// changes are the records as one list, the oldest first.
func (r records) changes() []change {
	var all []change
	for _, e := range r.resources {
		all = append(all, change{at: e.At, by: e.Actor, label: e.Label, added: e.Added, weighed: e.Label == "", weight: e.Weight})
	}
	for _, e := range r.states {
		all = append(all, change{at: e.At, by: e.Actor, closed: !e.Reopened, reopened: e.Reopened})
	}
	for _, e := range r.milestones {
		c := change{at: e.At, by: e.Actor, moved: true}
		if e.Added {
			c.milestone = e.Milestone
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b change) int { return a.at.Compare(b.at) })
	return all
}

// openedLabels are the labels before the first change, in the order in which they are listed now, those that are gone behind them.
func openedLabels(now triage.Issue, changes []change) []string {
	labels := slices.Clone(now.Labels)
	for _, c := range slices.Backward(changes) {
		switch {
		case c.label == "":
		case c.added:
			labels = slices.DeleteFunc(labels, func(l string) bool { return l == c.label })
		case !slices.Contains(labels, c.label):
			labels = append(labels, c.label)
		}
	}
	return labels
}

// openedWeight is the weight before the first change. GitLab records the weight that an issue was opened with as soon as it is changed.
func openedWeight(now triage.Issue, changes []change) *int {
	if slices.ContainsFunc(changes, func(c change) bool { return c.weighed }) {
		return nil
	}
	return now.Weight
}

// openedMilestone is the milestone before the first change: the one that was taken off first.
func openedMilestone(now triage.Issue, events []gitlab.MilestoneEvent) int64 {
	switch {
	case len(events) == 0:
		return now.Milestone
	case events[0].Added:
		return 0
	}
	return events[0].Milestone
}

// apply is the issue after the change.
func (c change) apply(i triage.Issue) triage.Issue {
	switch {
	case c.label != "" && c.added:
		i = triage.AddLabel{Label: c.label}.Apply(i)
	case c.label != "":
		i = triage.RemoveLabel{Label: c.label}.Apply(i)
	case c.weighed:
		i.Weight = c.weight
	case c.moved:
		i.Milestone = c.milestone
	case c.closed:
		i.Closed, i.ClosedAt = true, c.at
	case c.reopened:
		i.Closed, i.ClosedAt = false, time.Time{}
	}
	i.UpdatedAt = c.at
	return i
}

// event is the change as the rules are told of it, on an issue in the state before.
func (c change) event(before triage.Issue) triage.Event {
	e := triage.Event{Kind: triage.Updated, Actor: c.by, At: c.at, ReceivedAt: c.at}
	switch {
	case c.label != "":
		e.Kind |= triage.LabelsChanged
		after := c.apply(before)
		e.Changes.Added, e.Changes.Removed = missing(before.Labels, after.Labels), missing(after.Labels, before.Labels)
	case c.weighed:
		e.Kind |= triage.WeightChanged
		e.Changes.Weight = &triage.WeightChange{From: before.Weight, To: c.weight}
	case c.moved:
		e.Kind |= triage.MilestoneChanged
	case c.closed:
		e.Kind |= triage.Closed
		e.Changes.ClosedAt = c.at
	case c.reopened:
		e.Kind |= triage.Reopened
	case c.noted:
		e.Kind, e.Note = triage.Noted, &triage.Note{}
	}
	return e
}

// missing are the entries of the second list that the first one lacks.
func missing(in, of []string) []string {
	var found []string
	for _, l := range of {
		if !slices.Contains(in, l) {
			found = append(found, l)
		}
	}
	return found
}
