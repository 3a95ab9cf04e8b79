package worker

import (
	"context"
	"slices"

	"flowkeeper/rules/triage"
)

// infer finds out what happened to an issue that is looked at because something may have been missed: from how it differs from what was
// told and, once in its life, from GitLab's record of the last changes, for what happened before the bot knew it. Without that, rules that
// answer a change would never answer this one.
func (j *job) infer(ctx context.Context) error {
	if !j.swept() {
		return nil
	}
	if (j.base == nil || !j.known) && !j.recovered {
		if err := j.recover(ctx); err != nil {
			return err
		}
	}
	if j.base != nil {
		if e, missed := j.inferred(*j.base); missed {
			j.events = append(j.events, e)
		}
	}
	traced := j.memory.HistoryImported || j.base != nil && j.memory.SeenFromCreation
	if traced && !j.adopted {
		return nil
	}
	since := j.o.Now().Add(-j.o.Lookback)
	past, err := j.changes(ctx)
	if err != nil {
		return err
	}
	if j.isUnknown(past) && (j.adopted || j.blank && j.issue.CreatedAt.After(since)) {
		j.events = append(j.events, triage.Event{Kind: triage.Opened, Actor: j.issue.Author, At: j.issue.CreatedAt, ReceivedAt: j.o.Now()})
	}
	if traced {
		return nil
	}
	for _, p := range past {
		if p.Actor.ID == j.o.Self.ID || p.At.Before(since) {
			continue
		}
		e := triage.Event{Kind: triage.Updated, Actor: p.Actor, At: p.At, ReceivedAt: j.o.Now()}
		switch {
		case p.Label == "":
			e.Kind, e.Changes.Weight = e.Kind|triage.WeightChanged, &triage.WeightChange{To: p.Weight}
		case p.Added:
			e.Kind, e.Changes.Added = e.Kind|triage.LabelsChanged, []string{p.Label}
		default:
			e.Kind, e.Changes.Removed = e.Kind|triage.LabelsChanged, []string{p.Label}
		}
		j.events = append(j.events, e)
	}
	if j.issue.Closed && j.issue.CreatedAt.After(since) {
		j.events = append(j.events, triage.Event{Kind: triage.Updated | triage.Closed, At: j.issue.UpdatedAt, ReceivedAt: j.o.Now()})
	}
	j.memory.HistoryImported, j.keep = true, true
	return nil
}

// isUnknown reports whether nothing tells that the bot ever did anything about the issue: no note, no change of its own. What opened it was
// missed then, if nothing is remembered of the issue either; one that is adopted may have been watched in shadow.
func (j *job) isUnknown(past []triage.ResourceEvent) bool {
	return j.memory.Note.ID == 0 && len(j.memory.BotChanges) == 0 && !slices.ContainsFunc(past, func(p triage.ResourceEvent) bool { return p.Actor.ID == j.o.Self.ID })
}

// swept reports whether the issue is looked at because something may have been missed.
func (j *job) swept() bool { return triage.KindsOf(j.events)&triage.Swept != 0 && j.o.Lookback > 0 }

// inferred is what leads from the state that was told to the present one, if they differ.
func (j *job) inferred(known triage.Issue) (e triage.Event, differs bool) {
	e = triage.Difference(known, j.issue).AsEvent(triage.Person{}, known, triage.Event{At: j.issue.UpdatedAt, ReceivedAt: j.o.Now()})
	if known.Closed && !j.issue.Closed {
		e.Kind |= triage.Reopened
	}
	if known.Weight != nil && j.issue.Weight == nil {
		e.Kind, e.Changes.Weight = e.Kind|triage.WeightChanged, &triage.WeightChange{From: known.Weight}
	}
	return e, e.Kind != triage.Updated
}
