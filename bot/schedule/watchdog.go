package schedule

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
)

// watchdog looks after the bot's webhooks. GitLab disables one that failed a few times and drops later events. The watchdog enables it again with a
// test delivery, and asks GitLab to send failed deliveries again. It cannot see the webhooks of groups.
type watchdog struct {
	*Scheduler
	walk     *projectWalk
	ours     addresses
	loggedAt map[int64]time.Time // when it was last logged that a project's webhooks may not be seen

	next time.Time // the earliest time of the next resends
}

// hookRound holds the findings of one round.
type hookRound struct {
	*watchdog
	unseen   int
	disabled int
	backlogs []*backlog
	waiting  int // events in the backlogs
}

// run checks the webhooks of all projects, then has the failed deliveries sent again.
func (w *watchdog) run(ctx context.Context) error {
	found := hookRound{watchdog: w}
	if _, err := w.walk.visitAll(ctx, "looking after the webhooks of a project", found.project); err != nil {
		return err
	}
	w.metrics.unseen.Set(float64(found.unseen))
	w.metrics.disabled.Set(float64(found.disabled))
	return w.resend(ctx, found.backlogs)
}

// resetGauges clears the numbers that this process reported: another process has newer ones.
func (w *watchdog) resetGauges() {
	w.metrics.unseen.Set(0)
	w.metrics.disabled.Set(0)
}

// project checks the webhooks of one project.
func (w *hookRound) project(ctx context.Context, project int64) error {
	hooks, err := w.ownHooks(ctx, project)
	if statusOf(err) == http.StatusForbidden && gitlab.ClassOf(err) == gitlab.Permanent {
		w.unseen++
		w.logUnseen(project, err)
		return nil
	}
	if err != nil {
		return err
	}
	delete(w.loggedAt, project)
	if hooks, err = w.reenable(ctx, project, hooks); err != nil {
		return err
	}
	for _, h := range hooks {
		if !isEnabled(h) {
			w.disabled++
			continue
		}
		if err := w.collectFailed(ctx, project, h); err != nil {
			return err
		}
	}
	return nil
}

// ownHooks lists the project's webhooks that lead to the bot.
func (w *hookRound) ownHooks(ctx context.Context, project int64) ([]gitlab.Hook, error) {
	hooks, err := w.o.GitLab.Hooks(ctx, project)
	if err != nil {
		return nil, err
	}
	var own []gitlab.Hook
	for _, h := range hooks {
		if w.ours.include(h.URL) {
			own = append(own, h)
		}
	}
	return own, nil
}

// logUnseen logs once a day that the token may not see the webhooks of a project.
func (w *hookRound) logUnseen(project int64, err error) {
	const day = 24 * time.Hour
	now := w.o.Now()
	if last, told := w.loggedAt[project]; told && now.Sub(last) < day {
		return
	}
	w.loggedAt[project] = now
	w.o.Log.Info("the webhooks of a project are not looked after", zap.Int64("project", project), zap.Error(err))
}

// isEnabled reports whether GitLab delivers to the webhook.
func isEnabled(h gitlab.Hook) bool {
	return h.AlertStatus == "" || h.AlertStatus == gitlab.HookExecutable
}

// reenable sends test deliveries to the webhooks that GitLab disabled and returns the webhooks as they are afterwards.
func (w *hookRound) reenable(ctx context.Context, project int64, hooks []gitlab.Hook) ([]gitlab.Hook, error) {
	disabled := map[int64]bool{}
	for _, h := range hooks {
		if isEnabled(h) {
			continue
		}
		disabled[h.ID] = true
		fields := []zap.Field{zap.Int64("project", project), zap.Int64("hook", h.ID)}
		w.o.Log.Warn("GitLab disabled a webhook of the bot; it is tested", append(fields, zap.String("status", h.AlertStatus), zap.Time("until", h.DisabledUntil))...)
		if err := w.o.GitLab.TestHook(ctx, project, h.ID); err != nil && ctx.Err() == nil {
			w.o.Log.Warn("testing a webhook; it stays disabled if GitLab cannot reach the bot", append(fields, zap.Error(err))...)
		}
	}
	if len(disabled) == 0 {
		return hooks, nil
	}
	hooks, err := w.ownHooks(ctx, project)
	if err != nil {
		return nil, err
	}
	for _, h := range hooks {
		if disabled[h.ID] && isEnabled(h) {
			w.metrics.reenabled.Inc()
			w.o.Log.Info("a webhook of the bot delivers again", zap.Int64("project", project), zap.Int64("hook", h.ID))
		}
	}
	return hooks, nil
}
