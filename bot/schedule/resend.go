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
	// refusals in a row are enough: at the fourth failure GitLab disables a webhook.
	refusals = 3
	// maxBacklog is how many events one round holds, with those of the webhook by which it is reached. The others come with a later
	// round; the sweep brought what they tell of.
	maxBacklog = 20_000
)

// backlog is what one webhook failed to deliver.
type backlog struct {
	project int64
	hook    int64
	events  []gitlab.HookEvent // the oldest first
	sent    int
	refused int // in a row
}

// collect finds the failed deliveries of a webhook that were not sent again before.
func (w *watch) collect(ctx context.Context, project int64, h gitlab.Hook) error {
	if w.waiting >= maxBacklog {
		return nil
	}
	events, err := w.o.GitLab.HookEvents(ctx, project, h.ID, w.o.Now().Add(-w.o.Lookback))
	if gitlab.ClassOf(err) == gitlab.NotFound {
		return nil // deleted meanwhile, or a GitLab that cannot tell
	}
	if err != nil || len(events) == 0 {
		return err
	}
	mark, err := w.o.Inbox.Mark(ctx, resentMark(h.ID))
	if err != nil {
		return fmt.Errorf("reading which deliveries of webhook %d were sent again: %w", h.ID, err)
	}
	newest, _ := strconv.ParseInt(string(mark), 10, 64) // 0 if there is none
	if events = missed(events, newest); len(events) > 0 {
		w.backlogs = append(w.backlogs, &backlog{project: project, hook: h.ID, events: events})
		w.waiting += len(events)
	}
	return nil
}

// resentMark names the mark that holds the newest event of a webhook that was sent again. Ids grow.
func resentMark(hook int64) string { return fmt.Sprintf("hooks/%d", hook) }

// missed are the events after newest that the bot looks at, the oldest first. Of several tries of one delivery it is the last.
func missed(events []gitlab.HookEvent, newest int64) []gitlab.HookEvent {
	events = slices.DeleteFunc(slices.Clone(events), func(e gitlab.HookEvent) bool { return e.ID <= newest || !matters(e.Trigger) })
	slices.SortFunc(events, func(a, b gitlab.HookEvent) int { return cmp.Compare(a.ID, b.ID) })
	last := map[string]int64{}
	for _, e := range events {
		last[e.Key] = e.ID
	}
	return slices.DeleteFunc(events, func(e gitlab.HookEvent) bool { return e.Key != "" && last[e.Key] != e.ID })
}

// matters reports whether a webhook's trigger is of a kind that the bot acts on. One that is not named may be.
func matters(trigger string) bool {
	for _, kind := range []string{"issue", "note", "emoji", "work_item"} {
		if strings.Contains(trigger, kind) {
			return true
		}
	}
	return trigger == ""
}

// resend has the backlogs sent again, one event of each webhook at a time, until the next look after the webhooks is due.
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

// resendOne has the oldest event of a backlog sent again and says how long GitLab asks to wait. What the receiver refuses is not lost: it
// is in GitLab's list of failed deliveries once more, under a new id, and a later round finds it there.
func (w *watchdog) resendOne(ctx context.Context, b *backlog) (wait time.Duration, err error) {
	event := b.events[0]
	failure := w.o.GitLab.ResendHookEvent(ctx, b.project, b.hook, event.ID)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if gitlab.ClassOf(failure) != gitlab.Unavailable { // then GitLab did nothing yet
		b.events = b.events[1:]
		if err := w.o.Inbox.SetMark(ctx, resentMark(b.hook), strconv.AppendInt(nil, event.ID, 10)); err != nil {
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
	if b.refused++; b.refused == refusals {
		w.o.Log.Warn("missed deliveries cannot be sent again for now", append(fields, zap.Int("sent", b.sent), zap.Int("left", len(b.events)), zap.Error(failure))...)
		b.events = nil
	}
	return gitlab.RetryDelay(failure), nil
}
