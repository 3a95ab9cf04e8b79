package triage

import (
	"cmp"
	"slices"
	"strings"
)

// Store says where the workflow state of an issue is kept.
type Store string

// The stores.
const (
	StoreLabel  Store = "label"  // in a label; the zero value means the same
	StoreStatus Store = "status" // in the work item's status; in a label where GitLab keeps no statuses
	StoreBoth   Store = "both"   // in both, in step
)

// statusScope is the scope of the labels in whose place a status stands. No label of GitLab's begins so: it would be a quick action.
const statusScope = "/status"

// StatusLabel is how rules see a status: as a label, of which an issue has one at most. It never leaves the bot as a label.
func StatusLabel(name string) string { return Scoped(statusScope, name) }

// StatusOf is the name of the status for which such a label stands; ok is false for all other labels.
func StatusOf(label string) (name string, ok bool) { return strings.CutPrefix(label, statusScope+"::") }

// WithoutStatus are the labels that GitLab knows as labels.
func WithoutStatus(labels []string) []string {
	isStatus := func(l string) bool { return strings.HasPrefix(l, statusScope+"::") }
	if !slices.ContainsFunc(labels, isStatus) {
		return labels
	}
	return slices.DeleteFunc(slices.Clone(labels), isStatus)
}

// KeepsStatus reports whether the team keeps workflow states in statuses, alone or beside labels.
func (t *Team) KeepsStatus() bool { return t.Store == StoreStatus || t.Store == StoreBoth }

// SeeStatus is the issue as rules see it: with a label for its status if the team keeps states there. A status that differs from the workflow's in
// upper and lower case only is the workflow's.
func (t *Team) SeeStatus(i Issue) Issue {
	i.Labels = WithoutStatus(i.Labels)
	if t.KeepsStatus() && i.StatusName != "" {
		i.Labels = append(slices.Clip(i.Labels), t.statusLabel(i.StatusName))
	}
	return i
}

// SeeStatusChange is the event as rules see it, see SeeStatus.
func (t *Team) SeeStatusChange(e Event) Event {
	change := e.Changes.Status
	if change == nil || !t.KeepsStatus() {
		return e
	}
	e.Changes.Added, e.Changes.Removed = WithoutStatus(e.Changes.Added), WithoutStatus(e.Changes.Removed)
	if change.To != "" {
		e.Changes.Added = append(slices.Clip(e.Changes.Added), t.statusLabel(change.To))
	}
	if change.From != "" {
		e.Changes.Removed = append(slices.Clip(e.Changes.Removed), t.statusLabel(change.From))
	}
	e.Kind |= LabelsChanged
	return e
}

// statusLabel is the label for a status, in the workflow's spelling.
func (t *Team) statusLabel(name string) string { return t.Canonical(StatusLabel(name)) }

// Statuses are the names of the statuses of the workflow's states, none where the team keeps no states in statuses.
func (t *Team) Statuses() []string {
	var names []string
	for _, s := range t.Workflow.States() {
		if name, is := StatusOf(t.StateStatus(s.Name)); is {
			names = append(names, name)
		}
	}
	return names
}

// StateStatus is the label for the status of a state of the workflow: the status that the state names, else the one of its own name. It is "" where the
// team keeps no states in statuses, and for a state that people made up.
func (t *Team) StateStatus(state string) string {
	if _, known := t.Workflow.ranks[state]; !known || !t.KeepsStatus() {
		return ""
	}
	return StatusLabel(cmp.Or(t.Workflow.State(state).Status, state))
}

// OpenIn are the labels and, "" for none, the label for the status with which an issue is opened that is to carry these labels, beside an issue that
// the rules see as it is.
func (t *Team) OpenIn(labels []string, beside Issue) (rest []string, status string) {
	if !hasStatus(beside) {
		return labels, ""
	}
	for _, l := range labels {
		state, is := t.states[l]
		if is {
			status = t.StateStatus(state)
		}
		if !is || t.Store != StoreStatus || status == "" {
			rest = append(rest, l)
		}
	}
	return rest, status
}

// ShownStatus is the name of the status that the issue has as rules see it; what the bot wants is in it.
func (i *Issue) ShownStatus() string {
	for _, l := range i.Labels {
		if name, is := StatusOf(l); is {
			return name
		}
	}
	return i.StatusName
}

// KnowsStatus reports whether the label for a status stands for a state of the workflow.
func (t *Team) KnowsStatus(label string) bool {
	_, known := t.states[label]
	return known
}

// WithoutOvertakenStatus is the difference without a change of the status, if the issue has got another one since that was decided. No resource event tells
// of statuses.
func (e Edit) WithoutOvertakenStatus(i Issue) Edit {
	for _, l := range i.Labels {
		if _, is := StatusOf(l); is && !slices.Contains(e.Remove, l) {
			e.Add, e.Remove = WithoutStatus(e.Add), WithoutStatus(e.Remove)
		}
	}
	return e
}

// hasStatus reports whether the issue shows a status, as SeeStatus has it.
func hasStatus(i Issue) bool {
	return slices.ContainsFunc(i.Labels, func(l string) bool { return Scope(l) == statusScope })
}

// StatusChange is a change of an issue's status, by name; "" is none.
type StatusChange struct {
	From string `json:"f,omitempty"`
	To   string `json:"t,omitempty"`
}
