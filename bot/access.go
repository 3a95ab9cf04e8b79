package bot

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"flowkeeper/bot/access"
)

// maxShownMissing is how much of what the token may not do /readyz tells.
const maxShownMissing = 3

// knownProjects are the projects of the configuration and those that delivered or were listed, as full paths or ids.
func (a *App) knownProjects(ctx context.Context) ([]string, error) {
	heard, err := a.coordination.Projects(ctx)
	projects := slices.Clone(a.o.Schedule.Projects)
	for _, id := range heard {
		projects = append(projects, strconv.FormatInt(id, 10))
	}
	return projects, err
}

// checkAccess finds out what the token may not do. An error says that GitLab or the store could not be asked.
func (a *App) checkAccess(ctx context.Context) ([]string, error) {
	projects, err := a.knownProjects(ctx)
	if err != nil {
		return nil, a.logUnchecked(err)
	}
	a.reloadable.mu.Lock()
	self, policy := a.reloadable.self, a.reloadable.policy
	a.reloadable.mu.Unlock()
	missing, err := access.Missing(ctx, a.gitlab, self, projects, policy)
	return missing, a.logUnchecked(err)
}

// logUnchecked logs an error of checkAccess at a low level: everything else that needs GitLab reports the same problem.
func (a *App) logUnchecked(err error) error {
	if err != nil {
		a.o.Log.Debug("looking at what the token may do; it is tried again", zap.Error(err))
	}
	return err
}

// logAccess says what the token may not do, or that it may do all of it now.
func (a *App) logAccess(missing []string) {
	for _, text := range missing {
		a.o.Log.Warn("the token may not do what the bot does: " + text)
	}
	if len(missing) == 0 {
		a.o.Log.Info("the token may do what the bot does now")
	}
	said := fewOf(missing)
	a.missing.Store(&said)
}

// fewOf is a line of the first of many sentences.
func fewOf(missing []string) string {
	said := strings.Join(missing[:min(len(missing), maxShownMissing)], "; ")
	if more := len(missing) - maxShownMissing; more > 0 {
		said += "; and " + strconv.Itoa(more) + " more, see the log"
	}
	return said
}

// MissingAccess is what the token may not do of what the bot does, as far as that is known; "" if nothing.
func (a *App) MissingAccess() string {
	if missing := a.missing.Load(); missing != nil {
		return *missing
	}
	return ""
}
