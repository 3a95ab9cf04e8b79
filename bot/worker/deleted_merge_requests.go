package worker

import (
	"context"
	"slices"
	"time"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// GitLab tells nobody that a merge request was deleted. An issue that waits for it to be merged would wait for ever.

// withoutUnlisted are the known merge requests without those that close the issue no more, as far as the lists tell: of another project they may lack one.
// One that is open is looked at by itself. It may have been deleted, and one that was opened just now may not be in the lists yet.
func (j *job) withoutUnlisted(ctx context.Context, known []triage.MergeRequest, listed []gitlab.CloserOf) (left []triage.MergeRequest, err error) {
	for _, m := range known {
		elsewhere := m.Project != j.batch.Issue.Project
		isListed := slices.ContainsFunc(listed, func(l gitlab.CloserOf) bool { return l.Ref == m.Ref })
		stays := isListed || elsewhere
		if !isListed && isAwaited(m) {
			deleted, err := j.isDeleted(ctx, m.Ref)
			if err != nil {
				return nil, err
			}
			stays = !deleted && (elsewhere || j.now().Sub(m.UpdatedAt) < lately)
		}
		if stays {
			left = append(left, m)
		}
	}
	return left, nil
}

// isDeleted reports whether a merge request is not there any more, in a project that the bot sees. GitLab has to say so for some minutes.
func (j *job) isDeleted(ctx context.Context, ref triage.Ref) (bool, error) {
	_, _, err := j.reads.IssueWithCounts(ctx, ref)
	switch gitlab.ClassOf(err) {
	case gitlab.NotFound:
	case gitlab.Permanent:
		return false, nil // the bot may not see it any more
	default:
		return false, err
	}
	sees, lookup := j.pool.o.GitLab.CanSeeProject(ctx, ref.Project)
	if lookup != nil || !sees {
		return false, lookup
	}
	return true, j.doubts.about(opOf(err), j.pool.o.Patience.Gone, err)
}

// isAwaited reports whether the issue of a merge request waits for it to be merged.
func isAwaited(m triage.MergeRequest) bool {
	stage := m.Stage()
	return stage == triage.StageDraft || stage == triage.StageReady
}

// relistAfter is how old the knowledge of merge requests may be when a part of them is merged and the issue is woken.
const relistAfter = 12 * time.Hour

// doubtMergeRequests has GitLab be asked again which merge requests close the issue, where what is known may be wrong and would lead to a wrong move. An issue
// waits for what may have been deleted: that is looked into when another merge request of it was merged, closed or dropped, and when the issue is woken because
// some are merged and others are not. And where GitLab leaves the issue open, the last merge sends it on for good, although the delivery that opened another
// merge request may be lost.
func (j *job) doubtMergeRequests() {
	around := &j.in.Memory.Context
	now := around.MergeRequests
	for _, e := range j.in.Events {
		if e.MergeRequest != nil {
			now = triage.WithMergeRequest(now, *e.MergeRequest)
		}
	}
	before := countStages(around.MergeRequests)
	after := countStages(now)
	due := j.batch.Woken && after.merged > 0 && j.now().Sub(around.ListedAt) >= relistAfter
	waits := after.awaited > 0 && (after.ended != before.ended || due)
	if waits || after.merged > before.merged && !around.AutoClose {
		around.Known &^= triage.NeedMergeRequests
		around.AllTold = false
	}
}

// stageCounts are how many of an issue's merge requests it waits for, how many it does not, and how many of those are merged.
type stageCounts struct{ awaited, ended, merged int }

func countStages(list []triage.MergeRequest) (n stageCounts) {
	for _, m := range list {
		switch {
		case isAwaited(m):
			n.awaited++
			continue
		case m.Stage() == triage.StageMerged:
			n.merged++
		}
		n.ended++
	}
	return n
}
