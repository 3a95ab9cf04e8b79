package worker

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// stageSince is when the merge request came into its stage, where nothing that happened tells of that: its time of update is that of the last comment.
// Whoever moved the issue in between did so knowing of the stage. Zero is its time of update.
func (j *job) stageSince(ctx context.Context) (time.Time, error) {
	m, known := j.besideIssue(), j.toldState()
	switch {
	case j.isStageDelivered():
		return time.Time{}, nil
	case j.isStillUntold(m):
		return j.in.Memory.Closing.UntoldSince, nil
	case m.Stage() == triage.StageMerged, m.Stage() == triage.StageClosed:
		return j.endedAt(ctx)
	case known != nil && stageOf(known) == m.Stage() && known.MergeRequest.TargetBranch == j.snap.issue.MergeRequest.TargetBranch:
		return time.Time{}, nil
	case known != nil && known.Closed:
		return time.Time{}, nil // it was opened again, which GitLab's timeline does not tell
	}
	return j.stageNoted(ctx, m.Draft, known)
}

// isStillUntold reports whether the merge request is in the stage of which its issues were taken for told.
func (j *job) isStillUntold(m triage.MergeRequest) bool {
	before := j.snap.told
	return !j.in.Memory.Closing.UntoldSince.IsZero() && before != nil && before.MergeRequest != nil && stageOf(before) == m.Stage()
}

// isStageDelivered reports whether a delivery tells that the merge request came into its stage. What is delivered of one that was told before tells what
// changed; of one that was never told, it may be anything else, as after the store was emptied.
func (j *job) isStageDelivered() bool {
	if j.isOnlySwept() {
		return false
	}
	return j.toldState() != nil || triage.KindsOf(j.in.Events)&(triage.Opened|triage.Closed|triage.Reopened) != 0
}

// endedAt is when the merge request was merged or closed, which not every delivery tells.
func (j *job) endedAt(ctx context.Context) (time.Time, error) {
	ended := func(m *triage.MergeRequestDetails) time.Time {
		if m.State == triage.MRMerged {
			return m.MergedAt
		}
		return m.ClosedAt
	}
	if at := ended(j.snap.issue.MergeRequest); !at.IsZero() {
		return at, nil
	}
	now, _, err := j.reads.IssueWithCounts(ctx, j.batch.Issue)
	if err != nil {
		return time.Time{}, err
	}
	j.view.called = true
	return ended(now.MergeRequest), nil
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

// stageNoted is when the merge request became a draft or ready, or came to its target, as GitLab's timeline has it, after the state that is known. One
// that was never told of and never changed that was opened so. Zero if the timeline does not tell.
func (j *job) stageNoted(ctx context.Context, draft bool, known *triage.Issue) (time.Time, error) {
	from, unchanged, wanted := j.snap.issue.CreatedAt, j.snap.issue.CreatedAt, gitlab.Ready
	if known == nil && j.snap.issue.UpdatedAt.Sub(from) < time.Second {
		return unchanged, nil
	}
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
	case timeline[last].Stage != wanted && timeline[last].Stage != gitlab.Retargeted:
		return time.Time{}, nil
	}
	return timeline[last].At, nil
}

// untoldSince is since when the merge request is in its stage, if it concerns no issue any more: none is known to have been told of it, and nothing tells
// that it came into its stage since the bot saw it first. Zero if its issues are to be told. since is stageSince.
func (j *job) untoldSince(since time.Time) time.Time {
	m := j.besideIssue()
	if since.IsZero() {
		since = m.UpdatedAt
	}
	firstHeard := j.in.Memory.Closing.UntoldSince.IsZero()
	if j.neverTold && !j.isStageDelivered() && (firstHeard || j.isStillUntold(m)) && j.isBeforeTheBot(m.State, since) {
		return since
	}
	return time.Time{}
}

// isBeforeTheBot reports whether a merge request has been in its state since before the bot looks: one that a sweep found came into its stage before the bot
// came to its project, or was merged or closed before the time from which on the sweep looks; any other was merged or closed before the time to which a first
// sweep would look back.
func (j *job) isBeforeTheBot(state triage.MergeRequestState, since time.Time) bool {
	ended := state == triage.MRMerged || state == triage.MRClosed
	if !j.isOnlySwept() {
		return ended && j.pool.o.Lookback > 0 && since.Before(j.now().Add(-j.pool.o.Lookback))
	}
	return since.Before(j.mail.cameAt) || ended && since.Before(j.mail.sweptFrom)
}
