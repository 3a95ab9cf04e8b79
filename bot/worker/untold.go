package worker

import (
	"slices"

	"flowkeeper/rules/triage"
)

// untold is the issue without what nothing told of: no delivery, nor the bot's own writes since base, the last state that was told. nil if
// all was told. A state that was read or delivered may show a change whose own delivery is on its way, or was dropped; the next sweep takes
// what is left untold by then for what happened.
func untold(base *triage.Issue, now triage.Issue, events []triage.Event, own []triage.Edit) *triage.Issue {
	if base == nil {
		return nil
	}
	tell := telling(events, own)
	then, differs := now, false
	edit := triage.Difference(*base, now)
	for _, l := range edit.Add {
		if !tell.labels[l] {
			differs = true
			then.Labels = slices.DeleteFunc(slices.Clone(then.Labels), func(other string) bool { return other == l })
		}
	}
	for _, l := range edit.Remove {
		if !tell.labels[l] {
			differs = true
			then.Labels = append(slices.Clip(then.Labels), l)
		}
	}
	if !tell.weight && !triage.SameWeight(base.Weight, now.Weight) {
		differs, then.Weight = true, base.Weight
	}
	if !tell.state && base.Closed != now.Closed {
		differs, then.Closed = true, base.Closed
	}
	if !differs {
		return nil
	}
	return &then
}

// news is what was told of.
type news struct {
	labels        map[string]bool
	weight, state bool
}

func telling(events []triage.Event, own []triage.Edit) news {
	t := news{labels: map[string]bool{}}
	add := func(labels []string) {
		for _, l := range labels {
			t.labels[l] = true
		}
	}
	for _, e := range events {
		t.weight = t.weight || e.Kind&triage.WeightChanged != 0
		t.state = t.state || e.Kind&(triage.Closed|triage.Reopened) != 0
		add(e.Changes.Added)
		add(e.Changes.Removed)
	}
	for _, e := range own {
		t.weight = t.weight || e.Weight != nil
		t.state = t.state || e.Close
		add(e.Add)
		add(e.Remove)
	}
	return t
}

// untold is what this job would leave untold.
func (j *job) untold() *triage.Issue { return untold(j.base, j.issue, j.events, j.own) }

// advance takes what the bot did since base, as GitLab tells it, for told: an earlier attempt may have written it without living to tell.
func (j *job) advance(past []triage.ResourceEvent) {
	if j.base == nil {
		return
	}
	base := *j.base
	for _, p := range past {
		switch {
		case p.Actor.ID != j.o.Self.ID || !p.At.After(j.base.UpdatedAt):
		case p.Label == "":
			base.Weight = p.Weight
		case p.Added:
			base = triage.AddLabel{Label: p.Label}.Apply(base)
		default:
			base = triage.RemoveLabel{Label: p.Label}.Apply(base)
		}
	}
	j.base = &base
}
