package bot

import (
	"context"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/access"
)

// firstLook is how long the start waits for what the token may not do.
const firstLook = 5 * time.Second

// lookFirst is lookAtAccess for the start, which does not wait for long.
func (a *App) lookFirst(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	return a.lookAtAccess(ctx)
}

// watchAccess looks at what the token may not do until that is known, and again whenever there is another token. It returns when ctx ends.
func (a *App) watchAccess(ctx context.Context, known bool) {
	const again = time.Minute
	for {
		var retry <-chan time.Time
		if !known {
			retry = time.After(again)
		}
		select {
		case <-ctx.Done():
			return
		case <-a.anotherToken:
		case <-retry:
		}
		known = a.lookAtAccess(ctx)
	}
}

// lookAtAccess finds out what the token may not do, and says so. It is false if GitLab or the store could not be asked.
func (a *App) lookAtAccess(ctx context.Context) bool {
	heard, err := a.inbox.Projects(ctx)
	projects := a.o.Projects
	for _, id := range heard {
		projects = append(projects[:len(projects):len(projects)], strconv.FormatInt(id, 10))
	}
	var missing []string
	if err == nil {
		a.live.mu.Lock()
		self, policy := a.live.self, a.live.policy
		a.live.mu.Unlock()
		missing, err = access.Missing(ctx, a.gitlab, self, projects, policy)
	}
	if err != nil {
		a.o.Log.Debug("looking at what the token may do; it is tried again", zap.Error(err)) // whoever needs GitLab complains
		return false
	}
	for _, text := range missing {
		a.o.Log.Warn("the token may not do what the bot does: " + text)
	}
	said := strings.Join(missing[:min(len(missing), shownMissing)], "; ")
	if more := len(missing) - shownMissing; more > 0 {
		said += "; and " + strconv.Itoa(more) + " more, see the log"
	}
	a.missing.Store(&said)
	return true
}

// Missing is what the token may not do of what the bot does, as far as that is known; "" if nothing.
func (a *App) Missing() string {
	if missing := a.missing.Load(); missing != nil {
		return *missing
	}
	return ""
}

// shownMissing is how much of what the token may not do /readyz tells.
const shownMissing = 3
