package schedule

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
	"flowkeeper/bot/inbox"
)

// tour goes through all projects. It keeps what has to be known from one round to the next.
type tour struct {
	s     *Scheduler
	first int64          // the next round begins with this project; 0 is any
	shut  map[int64]bool // projects that are gone or refuse the bot, logged already
}

func newTour(s *Scheduler) *tour { return &tour{s: s, shut: map[int64]bool{}} }

// round is what became of a walk through all projects.
type round struct {
	projects int // visited
	failed   int // of those, the ones whose visit did not come to its end
}

// tolerated failures in a row are the projects' own matter; with one more GitLab is taken for away.
const tolerated = 2

// walk visits every project. What fails in one of them is logged and does not keep it from the others. An error says that it was
// broken off, because GitLab or the store is away or the store takes no more; the next round begins with the projects that are left.
func (t *tour) walk(ctx context.Context, doing string, visit func(ctx context.Context, project int64) error) (round, error) {
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
			delete(t.shut, project)
			continue
		case shut(err):
			t.note(doing, project, err)
			continue
		case class == gitlab.Unavailable:
			outages++
		}
		r.failed++
		if storeAway(err) || outages > tolerated || gitlab.RetryDelay(err) > 0 {
			t.first = projects[(n+1)%len(projects)]
			return r, err
		}
		t.s.o.Log.Warn(doing+" failed; the others go on", zap.Int64("project", project), zap.Error(err))
	}
	return r, missed
}

// note logs once that a project is left out. It is tried again each time: one call.
func (t *tour) note(doing string, project int64, err error) {
	if !t.shut[project] {
		t.shut[project] = true
		t.s.o.Log.Warn(doing+" is left out until the bot's token may see it", zap.Int64("project", project), zap.Error(err))
	}
}

// shut reports whether GitLab answered that the project is gone, or archived, or not for the bot. That will last.
func shut(err error) bool {
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

// storeAway reports whether it is the store that fails or takes no more, for this project as for any other.
func storeAway(err error) bool {
	return errors.Is(err, inbox.ErrUnavailable) || errors.Is(err, inbox.ErrFull)
}
