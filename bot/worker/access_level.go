package worker

import (
	"context"
	"sync"
	"time"
)

// keepRecent is how long a person's access level, or whether a project has a Service Desk, is taken for what it was.
const keepRecent = 5 * time.Minute

// maxKept bounds how many are kept; beyond it all are forgotten at once, which costs a call each.
const maxKept = 10_000

type member struct{ project, user int64 }

// accessLevels are people's access levels in projects.
type accessLevels struct {
	ask    func(ctx context.Context, project, user int64) (int, error)
	now    func() time.Time
	recent recent[member, int]
}

// of is a person's access level in a project, 0 for none.
func (l *accessLevels) of(ctx context.Context, project, user int64) (int, error) {
	return l.recent.get(member{project, user}, l.now(), func() (int, error) { return l.ask(ctx, project, user) })
}

// recent keeps answers of GitLab for a short while.
type recent[K comparable, V any] struct {
	mu   sync.Mutex
	kept map[K]kept[V]
}

type kept[V any] struct {
	value V
	until time.Time
}

// get is the kept answer, or a new one, which it keeps.
func (r *recent[K, V]) get(key K, now time.Time, ask func() (V, error)) (V, error) {
	r.mu.Lock()
	known, ok := r.kept[key]
	r.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.value, nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || len(r.kept) >= maxKept {
		r.kept = map[K]kept[V]{}
	}
	r.kept[key] = kept[V]{value, now.Add(keepRecent)}
	return value, nil
}
