package worker

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// snapshot is the issue as GitLab last showed it: in a delivery, to a read, or in answer to a write.
type snapshot struct {
	issue    triage.Issue
	seenAt   time.Time      // zero if it is only remembered
	live     bool           // it was read from GitLab, or written, in this job
	reads    int            // how often it was read
	counts   *gitlab.Counts // what the newest read told besides; nil if there was none in this job
	late     bool           // the state was old when it was delivered
	newest   *triage.Issue  // the latest state that a delivery or a write told of; nil if none is known
	newestAt time.Time      // when it was seen
	told     *triage.Issue  // the last state that deliveries and own writes told of; nil if none is remembered
	// retracted is the state to decide on where a write was half taken; nil is the issue as it is.
	retracted *triage.Issue
}

// readIssue gets the issue from GitLab. A state that is older than one that is known is not there yet: behind GitLab's database stand
// copies that lag. When it has not come after a while, the known one counts.
func (j *job) readIssue(ctx context.Context) error {
	issue, counts, err := j.reads.IssueWithCounts(ctx, j.batch.Issue)
	if err != nil {
		return err
	}
	if j.outdates(&issue) {
		stale := fmt.Errorf("GitLab shows %s as it was at %s; at %s it was changed", j.batch.Issue,
			issue.UpdatedAt.UTC().Format(time.RFC3339Nano), j.snap.newest.UpdatedAt.UTC().Format(time.RFC3339Nano))
		if err := j.doubts.about(oldState, j.pool.o.Patience.Stale, stale); err != nil {
			return err
		}
		j.log.Warn("an old state of the issue is not believed; the delivered one counts", zap.Error(stale))
		description := issue.Description // which no delivery tells
		issue = *j.snap.newest
		issue.Description = description
	}
	if err := j.readStatus(ctx, &issue); err != nil {
		return err
	}
	issue.CarryFrom(j.snap.newest)
	if err := j.completeDetails(ctx, &issue); err != nil {
		return err
	}
	issue = j.rules.policy.Team.SeeStatus(issue)
	j.snap.issue, j.snap.seenAt, j.snap.live, j.view.called = issue, j.now(), true, true
	j.snap.counts = &counts
	j.snap.reads++
	return nil
}

// readStatus adds the status to an issue that was read, where the team keeps its workflow there: REST does not show it.
func (j *job) readStatus(ctx context.Context, issue *triage.Issue) error {
	if !j.rules.policy.Team.KeepsStatus() || issue.Kind != triage.SubjectIssue {
		return nil
	}
	status, told, err := j.reads.StatusOf(ctx, *issue)
	if err != nil {
		return err
	}
	if told {
		issue.Status, issue.StatusName, issue.StatusTold, issue.StatusAt = status.Category, status.Name, true, issue.UpdatedAt
		issue.DefaultStatus = status.ByDefault
	}
	return nil
}

// isFresh reports whether the state may be acted on: it was read or delivered a moment ago, and GitLab was not late with it. What GitLab
// takes long to answer is as fresh as it gets.
func (j *job) isFresh() bool {
	age := j.now().Sub(j.snap.seenAt)
	if j.snap.live {
		return age <= max(j.pool.o.Freshness, time.Second) || j.snap.reads > 2
	}
	return !j.snap.late && age <= j.pool.o.Freshness
}

const (
	oldState = "a state older than a known one"
	// lately is how old a delivery or a write may be that contradicts what GitLab shows. A copy lags for seconds; where GitLab was restored
	// from a backup, its old state is the true one.
	lately = 5 * time.Minute
	// ahead is how far ahead of us GitLab's clock may be. A state of a later time was dated so by a person, and the next one has a true time.
	ahead = time.Hour
)

// outdates reports whether GitLab certainly told of a later state than the one that it shows now.
func (j *job) outdates(issue *triage.Issue) bool {
	now := j.now()
	return j.snap.newest != nil && j.snap.newest.NewerThan(issue) && !j.snap.newest.UpdatedAt.After(now.Add(ahead)) &&
		(now.Sub(j.snap.newestAt) <= lately || j.doubts.counts[oldState] > 0)
}
