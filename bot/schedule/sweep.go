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

// sweep finds the issues of which GitLab delivered nothing, because the bot or the network was away, or because GitLab drops what it
// has no quota for. It puts every issue that moved into the inbox. One whose delivery came is decided again and wants nothing; one
// that did not move since the last sweep has the same key and is a duplicate.
type sweep struct {
	*Scheduler
	tour *tour
}

// overlap is how far a sweep reaches back behind the watermark: GitLab's own copies lag, and an issue may show up later than its time of
// update says.
const overlap = time.Minute

// run sweeps all projects.
func (w *sweep) run(ctx context.Context) error {
	began := w.o.Now()
	issues := 0
	r, err := w.tour.walk(ctx, "sweeping a project", func(ctx context.Context, project int64) error {
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
	first, err := w.known.first(ctx, project)
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
		s := stretch{sweep: w, project: project, came: first, mark: mark, last: since}
		listing := w.o.GitLab.EachUpdatedIssue(ctx, project, since, func(i triage.Issue) error { return s.take(ctx, i) })
		issues += s.stored
		// Issues come in the order of their updates, so all up to here are in the inbox, whatever happened then. The mark is also set
		// where it stays: the store forgets those that nobody sets.
		if err := w.o.Inbox.SetMark(ctx, markOf(project), formatTime(s.mark)); err != nil {
			return issues, fmt.Errorf("noting how far project %d was swept: %w", project, err)
		}
		if !tooLong(listing) || !s.last.After(since) {
			return issues, listing
		}
		mark, since = s.mark, s.last
	}
}

// tooLong reports whether the list was longer than is read at a time: GitLab refused nothing.
func tooLong(err error) bool {
	return gitlab.ClassOf(err) == gitlab.Permanent && statusOf(err) == 0
}

// stretch is one listing of a project's issues.
type stretch struct {
	*sweep
	project int64
	came    time.Time // when the bot came to the project; zero is long ago
	mark    time.Time // the watermark, as far as it may go by now
	last    time.Time // the newest update that was handed on
	stored  int
}

// take puts an issue into the inbox.
func (s *stretch) take(ctx context.Context, i triage.Issue) error {
	now := s.o.Now()
	outcome, err := s.accept(ctx, i, now)
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

// accept hands an issue to the inbox as an event that says no more than that it should be looked at. The key names the state of the
// issue, so that each is swept once, by whichever process.
func (s *stretch) accept(ctx context.Context, i triage.Issue, now time.Time) (inbox.Outcome, error) {
	body, err := record.Event{Event: triage.Event{Kind: triage.Swept, At: i.UpdatedAt, ReceivedAt: now}, Issue: i, Came: s.came}.Encode()
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("sweep/%d/%d/%s", i.Project, i.IID, formatTime(i.UpdatedAt))
	outcome, err := s.o.Inbox.Enqueue(ctx, inbox.Delivery{ID: key, Issue: i.Ref, IdempotencyKey: key, Delay: s.o.Settle, Body: body})
	if err != nil {
		return "", fmt.Errorf("keeping the swept issue %s: %w", i.Ref, err)
	}
	return outcome, nil
}

// markOf names the mark that holds a project's watermark: the newest update that was swept, by GitLab's clock.
func markOf(project int64) string { return fmt.Sprintf("sweep/%d", project) }

// watermark is how far the project was swept; zero if it never was.
func (w *sweep) watermark(ctx context.Context, project int64) (time.Time, error) {
	value, err := w.o.Inbox.Mark(ctx, markOf(project))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading how far project %d was swept: %w", project, err)
	}
	return parseTime(value), nil
}
