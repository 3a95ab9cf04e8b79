package triage

import (
	"slices"
	"strings"
	"time"
)

// Edit is the difference between two states of an issue, in everything that the bot may change. It can be stored and applied again.
type Edit struct {
	Add       []string `json:"add,omitempty"`
	Remove    []string `json:"rm,omitempty"`
	Weight    *int     `json:"w,omitempty"`
	Close     bool     `json:"x,omitempty"`
	Milestone string   `json:"m,omitempty"`  // the title of one to be set
	MovedFrom int64    `json:"mf,omitempty"` // the id of the milestone that Milestone replaces, 0 for none
	Reopen    bool     `json:"ro,omitempty"`
	DueDate   string   `json:"due,omitempty"` // one to be set
	Assign    []string `json:"as,omitempty"`  // usernames
	Unassign  []string `json:"un,omitempty"`
	MoveTo    string   `json:"mv,omitempty"` // full path of a project
}

// Difference is what leads from one state of an issue to another.
func Difference(before, after Issue) Edit {
	var e Edit
	for _, l := range after.Labels {
		if !before.Has(l) && !slices.Contains(e.Add, l) {
			e.Add = append(e.Add, l)
		}
	}
	for _, l := range before.Labels {
		if !after.Has(l) && !slices.Contains(e.Remove, l) {
			e.Remove = append(e.Remove, l)
		}
	}
	if !SameWeight(before.Weight, after.Weight) {
		e.Weight = after.Weight
	}
	e.Close = after.Closed && !before.Closed && after.MoveTo == ""
	e.Reopen = before.Closed && !after.Closed
	if after.Milestone != before.Milestone {
		e.Milestone = after.MilestoneTitle
	}
	if e.Milestone != "" && before.Milestone > 0 {
		e.MovedFrom = before.Milestone
	}
	if after.DueDate != before.DueDate {
		e.DueDate = after.DueDate
	}
	e.Assign, e.Unassign = missingIn(before.Assignees, after.Assignees), missingIn(after.Assignees, before.Assignees)
	if before.MoveTo == "" && !before.Moved {
		e.MoveTo = after.MoveTo
	}
	return e
}

// missingIn are the usernames of those among the others who are not among these people.
func missingIn(these, others []Person) []string {
	var missing []string
	for _, p := range others {
		if !slices.ContainsFunc(these, p.Is) {
			missing = append(missing, p.Username)
		}
	}
	return missing
}

// Empty reports whether there is no difference.
func (e Edit) Empty() bool {
	return len(e.Add)+len(e.Remove)+len(e.Assign)+len(e.Unassign) == 0 && e.Weight == nil && !e.Close && !e.Reopen &&
		e.Milestone == "" && e.DueDate == "" && e.MoveTo == ""
}

// Apply returns the issue with the difference made; the argument is not changed.
func (e Edit) Apply(i Issue) Issue {
	for _, a := range e.Actions() {
		i = a.Apply(i)
	}
	return i
}

// MadeOn is the part of the difference that the issue shows and that is not left to be made: of labels to be added, the weight, and closing.
func (e Edit) MadeOn(i Issue, left Edit) Edit {
	made := Edit{Close: e.Close && i.Closed}
	for _, l := range e.Add {
		if i.Has(l) && !slices.Contains(left.Add, l) {
			made.Add = append(made.Add, l)
		}
	}
	if left.Weight == nil && e.Weight != nil && SameWeight(e.Weight, i.Weight) {
		made.Weight = e.Weight
	}
	return made
}

// AsEvent is what GitLab would report had a person made the difference.
func (e Edit) AsEvent(by Person, before Issue, of Event) Event {
	event := Event{Kind: Updated, Actor: by, At: of.At, ReceivedAt: of.ReceivedAt, Changes: Changes{Added: e.Add, Removed: e.Remove}}
	if len(e.Add)+len(e.Remove) > 0 {
		event.Kind |= LabelsChanged
	}
	if e.Weight != nil {
		event.Kind |= WeightChanged
		event.Changes.Weight = &WeightChange{From: before.Weight, To: e.Weight}
	}
	if e.Milestone != "" {
		event.Kind |= MilestoneChanged
	}
	if len(e.Assign)+len(e.Unassign) > 0 {
		event.Kind |= AssigneesChanged
	}
	if e.Close || e.MoveTo != "" {
		event.Kind |= Closed
	}
	if e.Reopen {
		event.Kind |= Reopened
	}
	return event
}

// Actions are the difference as wanted states.
func (e Edit) Actions() []Action {
	var all []Action
	for _, l := range e.Add {
		all = append(all, AddLabel{Label: l})
	}
	for _, l := range e.Remove {
		all = append(all, RemoveLabel{Label: l})
	}
	if e.Weight != nil {
		all = append(all, SetWeight{Value: *e.Weight})
	}
	switch {
	case e.MovedFrom != 0:
		all = append(all, MoveMilestone{From: e.MovedFrom, Title: e.Milestone})
	case e.Milestone != "":
		all = append(all, SetMilestone{Title: e.Milestone})
	}
	if e.DueDate != "" {
		all = append(all, SetDueDate{Date: e.DueDate})
	}
	if len(e.Unassign) > 0 {
		all = append(all, Unassign{People: strings.Join(e.Unassign, " ")})
	}
	if len(e.Assign) > 0 {
		all = append(all, Assign{People: strings.Join(e.Assign, " ")})
	}
	if e.MoveTo != "" {
		all = append(all, Move{Path: e.MoveTo})
	}
	if e.Reopen {
		all = append(all, Reopen{})
	}
	if e.Close {
		all = append(all, Close{})
	}
	return all
}

// Remaining is the part of the difference that nobody has touched since the base it was decided on. What the bot changed since is done, and what
// a person changed since stays. The resource events are those of the bot and of people; they cover labels and the weight only, so the rest always remains.
func (e Edit) Remaining(team *Team, history []ResourceEvent, base time.Time) Edit {
	touched := func(a Action) bool {
		a = team.Exclusive(a, Issue{})
		return slices.ContainsFunc(history, func(p ResourceEvent) bool { return p.At.After(base) && p.Concerns(a) })
	}
	e.Add = slices.DeleteFunc(slices.Clone(e.Add), func(l string) bool { return touched(AddLabel{Label: l}) })
	e.Remove = slices.DeleteFunc(slices.Clone(e.Remove), func(l string) bool { return touched(RemoveLabel{Label: l}) })
	if touched(SetWeight{}) {
		e.Weight = nil
	}
	return e
}
