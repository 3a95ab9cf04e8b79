package schedule

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/sleep"
)

const (
	// resendEvery is a little more than a fifth of a minute: GitLab sends five deliveries of a webhook again in a minute.
	resendEvery = 13 * time.Second
	// maxRefusals in a row end the resending: at the fourth failure GitLab disables a webhook.
	maxRefusals = 3
	// maxBacklog is the number of events at which one round takes no further webhooks. Those come with a later round; the sweep has already
	// found the issues.
	maxBacklog = 20_000
)

// backlog holds the deliveries of one webhook that failed.
type backlog struct {
	project int64
	hook    int64
	events  []gitlab.HookEvent // the oldest first
	sent    int
	refused int // in a row
}

// collectFailed finds the failed deliveries of a webhook that were not sent again before.
func (w *hookRound) collectFailed(ctx context.Context, project int64, h gitlab.Hook) error {
	if w.waiting >= maxBacklog {
		return nil
	}
	events, err := w.o.GitLab.HookEvents(ctx, project, h.ID, w.o.Now().Add(-w.o.Lookback))
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return nil // deleted meanwhile, or a GitLab without this list
	}
	if err != nil || len(events) == 0 {
		return err
	}
	newestSent, err := w.o.Coordination.Checkpoint(ctx, resentCheckpoint(h.ID))
	if err != nil {
		return fmt.Errorf("reading which deliveries of webhook %d were sent again: %w", h.ID, err)
	}
	newest, _ := strconv.ParseInt(string(newestSent), 10, 64) // 0 if there is none
	if events = notResent(events, newest); len(events) > 0 {
		w.backlogs = append(w.backlogs, &backlog{project: project, hook: h.ID, events: events})
		w.waiting += len(events)
	}
	return nil
}

// resentCheckpoint names the checkpoint that holds the newest event of a webhook that was sent again. Ids grow.
func resentCheckpoint(hook int64) string { return fmt.Sprintf("hooks/%d", hook) }

// notResent are the relevant events after newest, oldest first. Of several tries of one delivery it is the last.
func notResent(events []gitlab.HookEvent, newest int64) []gitlab.HookEvent {
	events = slices.DeleteFunc(slices.Clone(events), func(e gitlab.HookEvent) bool { return e.ID <= newest || !isRelevant(e.Trigger) })
	slices.SortFunc(events, func(a, b gitlab.HookEvent) int { return cmp.Compare(a.ID, b.ID) })
	last := map[string]int64{}
	for _, e := range events {
		last[e.Key] = e.ID
	}
	return slices.DeleteFunc(events, func(e gitlab.HookEvent) bool { return e.Key != "" && last[e.Key] != e.ID })
}

// isRelevant reports whether a webhook's trigger is of a kind that the bot acts on. An empty trigger may be.
func isRelevant(trigger string) bool {
	for _, kind := range []string{"issue", "note", "emoji", "work_item", "merge_request"} {
		if strings.Contains(trigger, kind) {
			return true
		}
	}
	return trigger == ""
}

// resend asks GitLab to send the backlogs again, one event of each webhook at a time, until the next round is due.
func (w *watchdog) resend(ctx context.Context, backlogs []*backlog) error {
	over := w.o.Now().Add(w.o.Hooks)
	for len(backlogs) > 0 && w.next.Before(over) {
		if !sleep.For(ctx, w.next.Sub(w.o.Now())) {
			return context.Cause(ctx)
		}
		wait := resendEvery
		left := backlogs[:0]
		for _, b := range backlogs {
			asked, err := w.resendOne(ctx, b)
			if err != nil {
				return err
			}
			wait = max(wait, asked)
			if len(b.events) > 0 {
				left = append(left, b)
			}
		}
		backlogs = left
		w.next = w.o.Now().Add(wait)
	}
	return nil
}

// resendOne asks GitLab to send the oldest event of a backlog again, and returns how long GitLab asks to wait. What the receiver refuses is not
// lost: GitLab lists it as a failed delivery again, under a new id, where a later round finds it.
func (w *watchdog) resendOne(ctx context.Context, b *backlog) (wait time.Duration, err error) {
	event := b.events[0]
	failure := w.o.GitLab.ResendHookEvent(ctx, b.project, b.hook, event.ID)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if gitlab.ClassOf(failure) != gitlab.Unavailable { // else GitLab has not sent it
		b.events = b.events[1:]
		if err := w.o.Coordination.SetCheckpoint(ctx, resentCheckpoint(b.hook), strconv.AppendInt(nil, event.ID, 10)); err != nil {
			return 0, fmt.Errorf("noting which deliveries of webhook %d were sent again: %w", b.hook, err)
		}
	}
	fields := []zap.Field{zap.Int64("project", b.project), zap.Int64("hook", b.hook)}
	if failure == nil {
		w.metrics.resends.Inc()
		b.sent, b.refused = b.sent+1, 0
		if len(b.events) == 0 {
			w.o.Log.Info("missed deliveries were sent again", append(fields, zap.Int("deliveries", b.sent))...)
		}
		return 0, nil
	}
	if b.refused++; b.refused == maxRefusals {
		w.o.Log.Warn("missed deliveries cannot be sent again for now", append(fields, zap.Int("sent", b.sent), zap.Int("left", len(b.events)), zap.Error(failure))...)
		b.events = nil
	}
	return gitlab.RetryDelay(failure), nil
}
