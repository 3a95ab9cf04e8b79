package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// sweep finds issues and merge requests whose deliveries did not arrive, because the bot or the network was away, or because GitLab drops what exceeds
// its limits. It puts every updated one into the inbox. One whose delivery did arrive is decided again, without an effect; one that was not updated
// since the last sweep has the same key and is a duplicate.
type sweep struct {
	*Scheduler
	walk *projectWalk
}

// overlap is how far before the watermark a sweep begins: GitLab's database replicas lag, so an issue may be listed later than its time of update
// says.
const overlap = time.Minute

// run sweeps all projects.
func (w *sweep) run(ctx context.Context) error {
	began := w.o.Now()
	var issues, mergeRequests int
	r, err := w.walk.visitAll(ctx, "sweeping a project", func(ctx context.Context, project int64) error {
		return w.project(ctx, project, &issues, &mergeRequests)
	})
	result := "done"
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		result = "stopped"
	case r.failed > 0:
		result = "incomplete"
	default:
		w.metrics.swept.Set(float64(w.o.Now().Unix()))
	}
	w.metrics.sweeps.WithLabelValues(result).Inc()
	w.o.Log.Info("sweep "+result, zap.Int("projects", r.projects), zap.Int("failed", r.failed), zap.Int("issues", issues),
		zap.Int("merge_requests", mergeRequests), zap.Duration("took", w.o.Now().Sub(began)))
	return err
}

// project sweeps one project and adds to how many issues and merge requests were put into the inbox. Where one of the two lists fails, the other one is
// swept all the same.
func (w *sweep) project(ctx context.Context, project int64, issues, mergeRequests *int) error {
	stored, err := w.list(ctx, subjects{project, triage.SubjectIssue, w.o.GitLab.EachUpdatedIssue})
	*issues += stored
	w.metrics.issues.Add(float64(stored))
	if !w.o.MergeRequests() || ctx.Err() != nil || isStoreFailure(err) {
		return err
	}
	stored, failed := w.list(ctx, subjects{project, triage.SubjectMergeRequest, w.o.GitLab.EachUpdatedMergeRequest})
	*mergeRequests += stored
	w.metrics.mergeRequests.Add(float64(stored))
	switch {
	case failed == nil, isInaccessible(failed): // the token may be one for issues only
		return err
	case err == nil, isInaccessible(err):
		return failed
	}
	return errors.Join(err, failed)
}

// subjects are the issues, or the merge requests, of a project.
type subjects struct {
	project int64
	kind    triage.SubjectKind
	each    func(ctx context.Context, project int64, since time.Time, each func(triage.Issue) error) error
}

// checkpoint names the checkpoint that holds their watermark: the newest update that was swept, by GitLab's clock.
func (s subjects) checkpoint() string {
	if s.kind == triage.SubjectMergeRequest {
		return issuesCheckpoint(s.project) + "/merge-requests"
	}
	return issuesCheckpoint(s.project)
}

func issuesCheckpoint(project int64) string { return fmt.Sprintf("sweep/%d", project) }

// list sweeps the issues or the merge requests of a project and says how many of them it put into the inbox.
func (w *sweep) list(ctx context.Context, of subjects) (stored int, err error) {
	mark, err := w.watermark(ctx, of)
	if err != nil {
		return 0, err
	}
	first, err := w.cache.firstHeard(ctx, of.project)
	if err != nil {
		return 0, err
	}
	since := mark.Add(-overlap)
	if mark.IsZero() {
		since = w.o.Now().Add(-w.o.Lookback)
	}
	if first.After(since) {
		since = first
	}
	if mark.IsZero() {
		mark = since
	}
	from := since
	for {
		s := listing{sweep: w, firstHeard: first, from: from, mark: mark, last: since}
		listing := of.each(ctx, of.project, since, func(i triage.Issue) error { return s.add(ctx, i) })
		stored += s.stored
		// They come in the order of their updates, so all up to here are in the inbox, also after an error. The mark is set even if it
		// has not moved: the store forgets marks that are not set for long.
		if err := w.o.Coordination.SetCheckpoint(ctx, of.checkpoint(), formatTime(s.mark)); err != nil {
			return stored, fmt.Errorf("noting how far project %d was swept: %w", of.project, err)
		}
		if !isTooLong(listing) || !s.last.After(since) {
			return stored, listing
		}
		mark, since = s.mark, s.last
	}
}

// isTooLong reports whether the list was longer than is read at a time, which is no refusal of GitLab's.
func isTooLong(err error) bool {
	return gitlab.ClassOf(err) == gitlab.Permanent && statusOf(err) == 0
}

// listing is one listing of a project's issues or merge requests.
type listing struct {
	*sweep
	firstHeard time.Time // when the project was first heard of; zero is long ago
	from       time.Time // from when on the sweep looks
	mark       time.Time // the watermark so far
	last       time.Time // the newest update that was handed on
	stored     int
}

// add puts an issue or a merge request into the inbox and moves the watermark.
func (s *listing) add(ctx context.Context, i triage.Issue) error {
	now := s.o.Now()
	outcome, err := s.enqueue(ctx, i, now)
	if err != nil {
		return err
	}
	if outcome == inbox.Stored {
		s.stored++
	}
	if i.UpdatedAt.After(s.last) {
		s.last = i.UpdatedAt
	}
	// An owner may date an issue into the future. A watermark there would hide everything that happens until then.
	if i.UpdatedAt.After(s.mark) && !i.UpdatedAt.After(now.Add(overlap)) {
		s.mark = i.UpdatedAt
	}
	return nil
}

// enqueue puts an issue or a merge request into the inbox as an event that only asks to look at it. The key names its state, so that each state is swept
// once, by whichever process.
func (s *listing) enqueue(ctx context.Context, i triage.Issue, now time.Time) (inbox.Outcome, error) {
	event := record.Event{Event: triage.Event{Kind: triage.Swept, At: i.UpdatedAt, ReceivedAt: now}, Issue: i, Came: s.firstHeard}
	if i.Kind == triage.SubjectMergeRequest {
		event.Since = s.from
	}
	body, err := event.Encode()
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("sweep/%s/%s", i.Ref, formatTime(i.UpdatedAt))
	outcome, err := s.o.Inbox.Enqueue(ctx, inbox.Delivery{ID: key, Issue: i.Ref, IdempotencyKey: key, Delay: s.o.Settle, Body: body})
	if err != nil {
		return "", fmt.Errorf("keeping %s, which was swept: %w", i.Ref, err)
	}
	return outcome, nil
}

// watermark is how far they were swept; zero if they never were.
func (w *sweep) watermark(ctx context.Context, of subjects) (time.Time, error) {
	value, err := w.o.Coordination.Checkpoint(ctx, of.checkpoint())
	if err != nil {
		return time.Time{}, fmt.Errorf("reading how far project %d was swept: %w", of.project, err)
	}
	return parseTime(value), nil
}
