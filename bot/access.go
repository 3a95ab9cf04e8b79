package bot

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"flowkeeper/bot/access"
)

// shownMissing is how much of what the token may not do /readyz tells.
const shownMissing = 3

// lookAtAccess finds out what the token may not do. An error says that GitLab or the store could not be asked.
func (a *App) lookAtAccess(ctx context.Context) ([]string, error) {
	heard, err := a.coordination.Projects(ctx)
	if err != nil {
		return nil, a.unlooked(err)
	}
	projects := slices.Clone(a.o.Schedule.Projects)
	for _, id := range heard {
		projects = append(projects, strconv.FormatInt(id, 10))
	}
	a.reloadable.mu.Lock()
	self, policy := a.reloadable.self, a.reloadable.policy
	a.reloadable.mu.Unlock()
	missing, err := access.Missing(ctx, a.gitlab, self, projects, policy)
	return missing, a.unlooked(err)
}

// unlooked logs an error of lookAtAccess, for those who search: whatever else needs GitLab complains louder.
func (a *App) unlooked(err error) error {
	if err != nil {
		a.o.Log.Debug("looking at what the token may do; it is tried again", zap.Error(err))
	}
	return err
}

// tellAccess says what the token may not do, or that it may do all of it now.
func (a *App) tellAccess(missing []string) {
	for _, text := range missing {
		a.o.Log.Warn("the token may not do what the bot does: " + text)
	}
	if len(missing) == 0 {
		a.o.Log.Info("the token may do what the bot does now")
	}
	said := strings.Join(missing[:min(len(missing), shownMissing)], "; ")
	if more := len(missing) - shownMissing; more > 0 {
		said += "; and " + strconv.Itoa(more) + " more, see the log"
	}
	a.missing.Store(&said)
}

// Missing is what the token may not do of what the bot does, as far as that is known; "" if nothing.
func (a *App) Missing() string {
	if missing := a.missing.Load(); missing != nil {
		return *missing
	}
	return ""
}
