package worker

import (
	"context"

	"flowkeeper/rules/triage"
)

// infer finds out what happened to an issue that is looked at because something may have been missed: from how it differs from what is
// remembered, or else from GitLab's record of the last changes. Without that, rules that answer a change would never answer this one. If
// something was missed, GitLab also tells what people took back.
func (j *job) infer(ctx context.Context) error {
	if triage.KindsOf(j.events)&triage.Swept == 0 || j.o.Lookback == 0 {
		return nil
	}
	known := j.memory.Issue
	if !j.known {
		known = nil
	}
	if known != nil {
		if _, missed := j.inferred(*known); !missed {
			return nil
		}
	}
	if !j.recovered {
		if err := j.recover(ctx); err != nil {
			return err
		}
	}
	if known != nil {
		if e, missed := j.inferred(*known); missed {
			j.events = append(j.events, e)
		}
		return nil
	}
	since := j.o.Now().Add(-j.o.Lookback)
	past, err := j.changes(ctx)
	if err != nil {
		return err
	}
	for _, p := range past {
		if p.Actor.ID == j.o.Self.ID || p.At.Before(since) {
			continue
		}
		e := triage.Event{Kind: triage.Updated, Actor: p.Actor, At: p.At, Seen: j.o.Now()}
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
		j.events = append(j.events, triage.Event{Kind: triage.Updated | triage.Closed, At: j.issue.UpdatedAt, Seen: j.o.Now()})
	}
	return nil
}

// inferred is what leads from the remembered state to the present one, if they differ. What the bot itself did is in the remembered one.
func (j *job) inferred(known triage.Issue) (e triage.Event, differs bool) {
	e = triage.Difference(known, j.issue).Event(triage.Person{}, known, triage.Event{At: j.issue.UpdatedAt, Seen: j.o.Now()})
	if known.Closed && !j.issue.Closed {
		e.Kind |= triage.Reopened
	}
	if known.Weight != nil && j.issue.Weight == nil {
		e.Kind, e.Changes.Weight = e.Kind|triage.WeightChanged, &triage.WeightChange{From: known.Weight}
	}
	return e, e.Kind != triage.Updated
}
