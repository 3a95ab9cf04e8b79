package worker

import (
	"context"
	"slices"

	"flowkeeper/rules/triage"
)

// inferMissed finds out what happened to an issue that is looked at because something may have been missed: from how it differs from what was
// told and, once in its life, from GitLab's record of the last changes, for what happened before the bot knew it. Without that, rules that
// answer a change would never answer this one.
func (j *job) inferMissed(ctx context.Context) error {
	if !j.isSwept() {
		return nil
	}
	if (j.snap.told == nil || !j.known) && !j.recovered {
		if err := j.recoverMemory(ctx); err != nil {
			return err
		}
	}
	if j.snap.told != nil {
		if e, missed := j.missedEvent(*j.snap.told); missed {
			j.in.Events = append(j.in.Events, e)
			// Where deliveries of the issue are lost, those of its merge requests may be, too.
			j.in.Memory.Context.Known &^= triage.NeedMergeRequests
			j.in.Memory.Context.AllTold = false
		}
	}
	traced := j.in.Memory.HistoryImported || j.snap.told != nil && (j.in.Memory.SeenFromCreation || j.isMergeRequest())
	if traced && !j.mail.adopted {
		return nil
	}
	since := j.now().Add(-j.pool.o.Lookback)
	past, err := j.view.changes(ctx)
	if err != nil {
		return err
	}
	if j.isUnknown(past) && (j.mail.adopted || j.mail.blank && j.snap.issue.CreatedAt.After(since)) {
		j.in.Events = append(j.in.Events, triage.Event{Kind: triage.Opened, Actor: j.snap.issue.Author, At: j.snap.issue.CreatedAt, ReceivedAt: j.now()})
	}
	if traced {
		return nil
	}
	for _, p := range past {
		if j.view.byBot(p) || p.At.Before(since) {
			continue
		}
		e := triage.Event{Kind: triage.Updated, Actor: p.Actor, At: p.At, ReceivedAt: j.now()}
		switch {
		case p.Label == "":
			e.Kind, e.Changes.Weight = e.Kind|triage.WeightChanged, &triage.WeightChange{To: p.Weight}
		case p.Added:
			e.Kind, e.Changes.Added = e.Kind|triage.LabelsChanged, []string{p.Label}
		default:
			e.Kind, e.Changes.Removed = e.Kind|triage.LabelsChanged, []string{p.Label}
		}
		j.in.Events = append(j.in.Events, e)
	}
	if j.snap.issue.Closed && j.snap.issue.CreatedAt.After(since) {
		j.in.Events = append(j.in.Events, triage.Event{Kind: triage.Updated | triage.Closed, At: j.snap.issue.UpdatedAt, ReceivedAt: j.now()})
	}
	j.in.Memory.HistoryImported, j.keep = true, true
	return nil
}

// isUnknown reports whether nothing tells that the bot ever did anything about the issue: no note, no change of its own. What opened it was
// missed then, if nothing is remembered of the issue either; one that is adopted may have been watched in shadow.
func (j *job) isUnknown(past []triage.ResourceEvent) bool {
	return j.in.Memory.Note.ID == 0 && len(j.in.Memory.BotChanges) == 0 && !slices.ContainsFunc(past, j.view.byBot)
}

// isSwept reports whether the issue is looked at because something may have been missed.
func (j *job) isSwept() bool {
	return triage.KindsOf(j.in.Events)&triage.Swept != 0 && j.pool.o.Lookback > 0
}

// isMergeRequest reports whether the job is about a merge request. Its rules answer its state, and none of them a change of before the bot knew it.
func (j *job) isMergeRequest() bool { return j.batch.Issue.Kind == triage.SubjectMergeRequest }

// missedEvent is what leads from the state that was told to the present one, if they differ. A status of which nothing was told is not known to have
// changed: GitLab gives every issue one.
func (j *job) missedEvent(known triage.Issue) (e triage.Event, differs bool) {
	if known.StatusName == "" {
		known.StatusName = j.snap.issue.StatusName
		known = j.rules.policy.Team.SeeStatus(known)
	}
	e = triage.Difference(known, j.snap.issue).AsEvent(triage.Person{}, known, triage.Event{At: j.snap.issue.UpdatedAt, ReceivedAt: j.now()})
	if known.Closed && !j.snap.issue.Closed {
		e.Kind |= triage.Reopened
	}
	if known.Weight != nil && j.snap.issue.Weight == nil {
		e.Kind, e.Changes.Weight = e.Kind|triage.WeightChanged, &triage.WeightChange{From: known.Weight}
	}
	return e, e.Kind != triage.Updated || hasOtherDetails(&known, &j.snap.issue)
}

// hasOtherDetails reports whether two states of a merge request differ in what only merge requests have. What it closes is looked up, and not told.
func hasOtherDetails(a, b *triage.Issue) bool {
	if a.MergeRequest == nil || b.MergeRequest == nil {
		return false
	}
	x, y := a.MergeRequest, b.MergeRequest
	return differ(x, y) || x.Head != y.Head || !slices.Equal(x.Reviewers, y.Reviewers)
}
