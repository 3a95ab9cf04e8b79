package worker

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// stageSince is when the merge request came into its stage, where only a sweep tells of that: its time of update is that of the last comment. Whoever
// moved the issue in between did so knowing of the stage. Zero is its time of update.
func (j *job) stageSince(ctx context.Context) (time.Time, error) {
	m, known := j.besideIssue(), j.toldState()
	switch {
	case !j.isOnlySwept():
		return time.Time{}, nil
	case m.Stage() == triage.StageMerged:
		return m.MergedAt, nil
	case m.Stage() == triage.StageClosed:
		return j.snap.issue.MergeRequest.ClosedAt, nil
	case known != nil && stageOf(known) == m.Stage():
		return time.Time{}, nil
	case known != nil && known.Closed:
		return time.Time{}, nil // it was opened again, which GitLab's timeline does not tell
	}
	return j.stageNoted(ctx, m.Draft, known)
}

// toldState is the last state of the merge request of which its issues may have been told; nil if they never were.
func (j *job) toldState() *triage.Issue {
	if j.neverTold || j.snap.told == nil || j.snap.told.MergeRequest == nil {
		return nil
	}
	return j.snap.told
}

// isOnlySwept reports whether all that is known of the merge request's present state comes from a sweep.
func (j *job) isOnlySwept() bool {
	kinds := triage.KindsOf(j.in.Events)
	return kinds&triage.Swept != 0 && kinds&^foundKinds == 0
}

// stageOf is how far a merge request had come that was the subject.
func stageOf(i *triage.Issue) triage.MergeRequestStage {
	m := triage.MergeRequest{State: i.MergeRequest.State, Draft: i.MergeRequest.Draft}
	return m.Stage()
}

// stageNoted is when the merge request became a draft or ready as GitLab's timeline has it, after the state that is known. One that was never told of
// and never changed that was opened so. Zero if the timeline does not tell.
func (j *job) stageNoted(ctx context.Context, draft bool, known *triage.Issue) (time.Time, error) {
	from, unchanged, wanted := j.snap.issue.CreatedAt, j.snap.issue.CreatedAt, gitlab.Ready
	if draft {
		wanted = gitlab.Draft
	}
	if known != nil {
		from, unchanged = known.UpdatedAt, time.Time{}
	}
	timeline, err := j.reads.Activities(ctx, j.batch.Issue, from)
	if err != nil {
		return time.Time{}, err
	}
	j.view.called = true
	last := slices.IndexFunc(timeline, func(a gitlab.Activity) bool { return a.Stage != gitlab.NoStage })
	switch {
	case last < 0:
		return unchanged, nil
	case timeline[last].Stage != wanted:
		return time.Time{}, nil
	}
	return timeline[last].At, nil
}

// isLongOver reports whether a merge request that a sweep found, and of which no issue is known to have been told, concerns none any more: it came into
// its stage before the bot came to its project, or was merged or closed before the time from which on the sweep looks.
func (j *job) isLongOver(m triage.MergeRequest) bool {
	if !j.neverTold || !j.isOnlySwept() {
		return false
	}
	since := m.Since
	if since.IsZero() {
		since = m.UpdatedAt
	}
	over := m.State == triage.MRMerged || m.State == triage.MRClosed
	return since.Before(j.mail.cameAt) || over && since.Before(j.mail.sweptFrom)
}
