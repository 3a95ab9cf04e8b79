package schedule

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/triage"
)

// sweep finds issues whose deliveries did not arrive, because the bot or the network was away, or because GitLab drops what exceeds its limits. It
// puts every updated issue into the inbox. One whose delivery did arrive is decided again, without an effect; one that was not updated since the last
// sweep has the same key and is a duplicate.
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
	issues := 0
	r, err := w.walk.visitAll(ctx, "sweeping a project", func(ctx context.Context, project int64) error {
		n, err := w.project(ctx, project)
		issues += n
		return err
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
		zap.Duration("took", w.o.Now().Sub(began)))
	return err
}

// project sweeps one project and says how many issues it put into the inbox.
func (w *sweep) project(ctx context.Context, project int64) (issues int, err error) {
	mark, err := w.watermark(ctx, project)
	if err != nil {
		return 0, err
	}
	first, err := w.cache.firstHeard(ctx, project)
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
	for {
		s := listing{sweep: w, project: project, firstHeard: first, mark: mark, last: since}
		listing := w.o.GitLab.EachUpdatedIssue(ctx, project, since, func(i triage.Issue) error { return s.add(ctx, i) })
		issues += s.stored
		// Issues come in the order of their updates, so all up to here are in the inbox, also after an error. The mark is set even if it
		// has not moved: the store forgets marks that are not set for long.
		if err := w.o.Coordination.SetCheckpoint(ctx, checkpointOf(project), formatTime(s.mark)); err != nil {
			return issues, fmt.Errorf("noting how far project %d was swept: %w", project, err)
		}
		if !isTooLong(listing) || !s.last.After(since) {
			return issues, listing
		}
		mark, since = s.mark, s.last
	}
}

// isTooLong reports whether the list was longer than is read at a time, which is no refusal of GitLab's.
func isTooLong(err error) bool {
	return gitlab.ClassOf(err) == gitlab.Permanent && statusOf(err) == 0
}

// listing is one listing of a project's issues.
type listing struct {
	*sweep
	project    int64
	firstHeard time.Time // when the project was first heard of; zero is long ago
	mark       time.Time // the watermark so far
	last       time.Time // the newest update that was handed on
	stored     int
}

// add puts an issue into the inbox and moves the watermark.
func (s *listing) add(ctx context.Context, i triage.Issue) error {
	now := s.o.Now()
	outcome, err := s.enqueue(ctx, i, now)
	if err != nil {
		return err
	}
	if outcome == inbox.Stored {
		s.stored++
		s.metrics.issues.Inc()
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

// enqueue puts an issue into the inbox as an event that only asks to look at it. The key names the state of the issue, so that each state is swept
// once, by whichever process.
func (s *listing) enqueue(ctx context.Context, i triage.Issue, now time.Time) (inbox.Outcome, error) {
	body, err := record.Event{Event: triage.Event{Kind: triage.Swept, At: i.UpdatedAt, ReceivedAt: now}, Issue: i, Came: s.firstHeard}.Encode()
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("sweep/%s/%s", i.Ref, formatTime(i.UpdatedAt))
	outcome, err := s.o.Inbox.Enqueue(ctx, inbox.Delivery{ID: key, Issue: i.Ref, IdempotencyKey: key, Delay: s.o.Settle, Body: body})
	if err != nil {
		return "", fmt.Errorf("keeping the swept issue %s: %w", i.Ref, err)
	}
	return outcome, nil
}

// checkpointOf names the checkpoint that holds a project's watermark: the newest update that was swept, by GitLab's clock.
func checkpointOf(project int64) string { return fmt.Sprintf("sweep/%d", project) }

// watermark is how far the project was swept; zero if it never was.
func (w *sweep) watermark(ctx context.Context, project int64) (time.Time, error) {
	value, err := w.o.Coordination.Checkpoint(ctx, checkpointOf(project))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading how far project %d was swept: %w", project, err)
	}
	return parseTime(value), nil
}
