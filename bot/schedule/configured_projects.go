package schedule

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"go.uber.org/zap"

	"flowkeeper/bot/gitlab"
)

// configuredProjects are the projects of the configuration. Their ids are looked up once, for both jobs.
type configuredProjects struct {
	gitlab GitLab
	log    *zap.Logger
	names  []string // paths and ids

	mu    sync.Mutex
	ids   map[string]int64
	tried map[string]bool // paths without a project, logged already
}

func newConfiguredProjects(o Options) *configuredProjects {
	return &configuredProjects{gitlab: o.GitLab, log: o.Log, names: o.Projects, ids: map[string]int64{}, tried: map[string]bool{}}
}

// projectIDs are the ids of the configured projects that are known. The error says why some are missing that may be found later.
func (l *configuredProjects) projectIDs(ctx context.Context) (ids []int64, missed error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range l.names {
		id, known := l.ids[name]
		if !known && missed == nil {
			id, missed = l.lookUp(ctx, name)
		}
		if id > 0 {
			ids = append(ids, id)
		}
	}
	return ids, missed
}

// lookUp finds the id of a configured project; 0 if it does not exist, which is no error.
func (l *configuredProjects) lookUp(ctx context.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		id, err = l.gitlab.ProjectID(ctx, name)
	}
	switch class := gitlab.ClassOf(err); {
	case class == gitlab.NotFound || class == gitlab.Permanent:
		if !l.tried[name] {
			l.tried[name] = true
			l.log.Warn("a listed project is left out until the bot's token can see it", zap.String("project", name), zap.Error(err))
		}
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("looking up the listed project %s: %w", name, err)
	}
	l.ids[name] = id
	delete(l.tried, name)
	return id, nil
}

// projects are the ids of all projects to look after, the configured ones first. The error says why some may be missing.
func (s *Scheduler) projects(ctx context.Context) (all []int64, missed error) {
	all, missed = s.listed.projectIDs(ctx)
	learned := s.cache.projects()
	seen := make(map[int64]bool, len(all)+len(learned))
	all = slices.DeleteFunc(append(all, learned...), func(id int64) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
	return all, missed
}
