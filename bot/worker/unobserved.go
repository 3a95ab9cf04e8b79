package worker

import (
	"slices"

	"flowkeeper/rules/triage"
)

// unobserved is the issue without what nothing told of: no delivery, nor the bot's own writes since base, the last state that was told. nil if
// all was told. A state that was read or delivered may show a change whose own delivery is on its way, or was dropped; the next sweep takes
// what is left untold by then for what happened.
func unobserved(base *triage.Issue, now triage.Issue, events []triage.Event, own []triage.Edit) *triage.Issue {
	if base == nil {
		return nil
	}
	tell := observedChanges(events, own)
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

// observed is what was told of.
type observed struct {
	labels        map[string]bool
	weight, state bool
}

func observedChanges(events []triage.Event, own []triage.Edit) observed {
	t := observed{labels: map[string]bool{}}
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
		t.state = t.state || e.Close || e.Reopen || e.MoveTo != ""
		add(e.Add)
		add(e.Remove)
	}
	return t
}

// unobserved is what this job would leave untold.
func (j *job) unobserved() *triage.Issue {
	return unobserved(j.snap.told, j.snap.issue, j.allEvents(), j.effects.edits)
}

// countOwnWrites takes what the bot did since base, as GitLab tells it, for told: an earlier attempt may have written it without living to
// tell.
func (j *job) countOwnWrites(past []triage.ResourceEvent) {
	if j.snap.told == nil {
		return
	}
	base := *j.snap.told
	for _, p := range past {
		switch {
		case !j.view.byBot(p) || !p.At.After(j.snap.told.UpdatedAt):
		case p.Label == "":
			base.Weight = p.Weight
		case p.Added:
			base = triage.AddLabel{Label: p.Label}.Apply(base)
		default:
			base = triage.RemoveLabel{Label: p.Label}.Apply(base)
		}
	}
	j.snap.told = &base
}
