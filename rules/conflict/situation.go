package conflict

import (
	"slices"

	"flowkeeper/rules/triage"
)

// situation is one issue of a search and what just happened to it.
type situation struct {
	state  string // workflow label, "" is none
	weight *int
	team   []string // of the team's labels those that are on it
	set    []particular
}

// possible reports whether there can be such an issue: one thing happened to it, and it has one weight.
func (t situation) possible() bool {
	happened := 0
	for _, p := range t.set {
		if p.event != 0 {
			happened++
		}
		if p.free && t.weight != nil {
			return false
		}
	}
	return happened <= 1
}

// build makes the issue, what happened to it and what is known of it.
func (t situation) build() ([]triage.Event, triage.Issue, triage.Memory) {
	issue := triage.Issue{
		Ref: triage.Ref{Project: 1, IID: 1}, Type: "Issue", Author: triage.Person{ID: 1, Username: "ann"},
		Weight: t.weight, Labels: t.labels(), CreatedAt: searchTime, UpdatedAt: searchTime,
	}
	memory := triage.Memory{Context: triage.Context{Known: everything, LoadedAt: searchTime}}
	e := triage.Event{Kind: triage.Opened, Actor: triage.Person{ID: 2, Username: "bob"}, At: searchTime, ReceivedAt: searchTime}
	for _, p := range t.set {
		if p.event != 0 {
			e.Kind = p.event
		}
		if p.sets != nil {
			p.sets(&issue, &memory)
		}
	}
	issue.Closed = e.Kind&triage.Closed != 0
	if e.Kind&triage.LabelsChanged != 0 {
		e.Changes.Added = issue.Labels
	}
	if e.Kind&triage.WeightChanged != 0 && t.weight != nil {
		e.Changes.Weight = &triage.WeightChange{To: t.weight}
	}
	if e.Kind&triage.Noted != 0 {
		e.Note = &triage.Note{ID: 1, Text: "LGTM"}
		e.Emoji = &triage.Emoji{Name: "thumbsup"}
	}
	return []triage.Event{e}, issue, memory
}

// labels are those on the issue.
func (t situation) labels() []string {
	var labels []string
	if t.state != "" {
		labels = append(labels, t.state)
	}
	for _, l := range t.team {
		if l != t.state {
			labels = append(labels, l)
		}
	}
	for _, p := range t.set {
		if p.label != "" {
			labels = append(labels, p.label)
		}
	}
	return labels
}

// smaller are the situations with one thing less.
func (t situation) smaller() []situation {
	var all []situation
	add := func(change func(*situation)) {
		less := t
		change(&less)
		all = append(all, less)
	}
	for n := range t.set {
		add(func(s *situation) { s.set = slices.Delete(slices.Clone(s.set), n, n+1) })
	}
	for n := range t.team {
		add(func(s *situation) { s.team = slices.Delete(slices.Clone(s.team), n, n+1) })
	}
	if t.state != "" {
		add(func(s *situation) { s.state = "" })
	}
	if t.weight != nil {
		add(func(s *situation) { s.weight = nil })
	}
	return all
}
