package schedule

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
)

// watchdog looks after the webhooks that lead to the bot: GitLab disables one that failed a few times and drops what happens then. A
// disabled one is started again with a test delivery, and failed deliveries are sent again. Webhooks of groups are not seen.
type watchdog struct {
	*Scheduler
	tour *tour
	ours addresses
	told map[int64]time.Time // when it was last logged that a project's webhooks may not be seen

	next time.Time // the earliest time of the next resends
}

// watch is what one round finds.
type watch struct {
	*watchdog
	unseen   int
	disabled int
	backlogs []*backlog
	waiting  int // events in the backlogs
}

// run looks after the webhooks of all projects, then has sent again what failed.
func (w *watchdog) run(ctx context.Context) error {
	found := watch{watchdog: w}
	if _, err := w.tour.walk(ctx, "looking after the webhooks of a project", found.project); err != nil {
		return err
	}
	w.metrics.unseen.Set(float64(found.unseen))
	w.metrics.disabled.Set(float64(found.disabled))
	return w.resend(ctx, found.backlogs)
}

// elsewhere takes back what this process said of webhooks: another one looked later.
func (w *watchdog) elsewhere() {
	w.metrics.unseen.Set(0)
	w.metrics.disabled.Set(0)
}

// project looks after the webhooks of one project.
func (w *watch) project(ctx context.Context, project int64) error {
	hooks, err := w.own(ctx, project)
	if statusOf(err) == http.StatusForbidden && gitlab.ClassOf(err) == gitlab.Permanent {
		w.unseen++
		w.tell(project, err)
		return nil
	}
	if err != nil {
		return err
	}
	delete(w.told, project)
	if hooks, err = w.restart(ctx, project, hooks); err != nil {
		return err
	}
	for _, h := range hooks {
		if !works(h) {
			w.disabled++
			continue
		}
		if err := w.collect(ctx, project, h); err != nil {
			return err
		}
	}
	return nil
}

// own lists the project's webhooks that lead to the bot.
func (w *watch) own(ctx context.Context, project int64) ([]gitlab.Hook, error) {
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

// tell logs once a day that the webhooks of a project may not be seen.
func (w *watch) tell(project int64, err error) {
	const day = 24 * time.Hour
	now := w.o.Now()
	if last, told := w.told[project]; told && now.Sub(last) < day {
		return
	}
	w.told[project] = now
	w.o.Log.Info("the webhooks of a project are not looked after", zap.Int64("project", project), zap.Error(err))
}

// works reports whether GitLab delivers to the webhook.
func works(h gitlab.Hook) bool { return h.AlertStatus == "" || h.AlertStatus == gitlab.HookExecutable }

// restart tests the webhooks that GitLab disabled and gives their state after that.
func (w *watch) restart(ctx context.Context, project int64, hooks []gitlab.Hook) ([]gitlab.Hook, error) {
	disabled := map[int64]bool{}
	for _, h := range hooks {
		if works(h) {
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
	hooks, err := w.own(ctx, project)
	if err != nil {
		return nil, err
	}
	for _, h := range hooks {
		if disabled[h.ID] && works(h) {
			w.metrics.reenabled.Inc()
			w.o.Log.Info("a webhook of the bot delivers again", zap.Int64("project", project), zap.Int64("hook", h.ID))
		}
	}
	return hooks, nil
}
