package schedule

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
)

// projectWalk visits all projects, round by round. It keeps what has to be known from one round to the next.
type projectWalk struct {
	s            *Scheduler
	first        int64          // the next round begins with this project; 0 is any
	inaccessible map[int64]bool // projects that are gone or closed to the bot, logged already
}

func newProjectWalk(s *Scheduler) *projectWalk {
	return &projectWalk{s: s, inaccessible: map[int64]bool{}}
}

// round is the outcome of a visit to all projects.
type round struct {
	projects int // visited
	failed   int // of those, the ones whose visit failed
}

// maxOutages is how many unavailable projects in a row are skipped; after one more, GitLab as a whole counts as unavailable.
const maxOutages = 2

// visitAll visits every project. A failure in one is logged and does not keep it from the others. An error says that the round was ended early,
// because GitLab or the store is unavailable or the store is full; the next round begins with the projects that are left.
func (t *projectWalk) visitAll(ctx context.Context, doing string, visit func(ctx context.Context, project int64) error) (round, error) {
	projects, missed := t.s.projects(ctx)
	if start := slices.Index(projects, t.first); start > 0 {
		projects = slices.Concat(projects[start:], projects[:start])
	}
	t.first = 0
	var r round
	outages := 0
	for n, project := range projects {
		err := visit(ctx, project)
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		r.projects++
		class := gitlab.ClassOf(err)
		if class != gitlab.Unavailable {
			outages = 0
		}
		switch {
		case err == nil:
			delete(t.inaccessible, project)
			continue
		case isInaccessible(err):
			t.logLeftOut(doing, project, err)
			continue
		case class == gitlab.Unavailable:
			outages++
		}
		r.failed++
		if isStoreFailure(err) || outages > maxOutages || gitlab.RetryDelay(err) > 0 {
			t.first = projects[(n+1)%len(projects)]
			return r, err
		}
		t.s.o.Log.Warn(doing+" failed; the others go on", zap.Int64("project", project), zap.Error(err))
	}
	return r, missed
}

// logLeftOut logs once that a project is left out. Each round tries it again, which costs one call.
func (t *projectWalk) logLeftOut(doing string, project int64, err error) {
	if !t.inaccessible[project] {
		t.inaccessible[project] = true
		t.s.o.Log.Warn(doing+" is left out until the bot's token may see it", zap.Int64("project", project), zap.Error(err))
	}
}

// isInaccessible reports whether GitLab answered that the project is gone, archived or closed to the bot, which will not change soon.
func isInaccessible(err error) bool {
	class := gitlab.ClassOf(err)
	return class == gitlab.NotFound || class == gitlab.Permanent && statusOf(err) != 0
}

// statusOf is the status of GitLab's answer; 0 if there was none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*gitlab.Error](err); ok {
		return e.Status
	}
	return 0
}

// isStoreFailure reports whether the store is unavailable or full, which concerns all projects.
func isStoreFailure(err error) bool {
	return errors.Is(err, inbox.ErrUnavailable) || errors.Is(err, inbox.ErrFull)
}
