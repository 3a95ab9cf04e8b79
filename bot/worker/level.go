package worker

import (
	"context"
	"sync"
	"time"
)

// keepLevel is how long a person's access level is taken for what it was.
const keepLevel = 5 * time.Minute

// maxKept bounds how many are kept; beyond it all are forgotten at once, which costs a call each.
const maxKept = 10_000

// levels remembers people's access levels for a short while.
type levels struct {
	mu   sync.Mutex
	kept map[member]kept
}

type member struct{ project, user int64 }

type kept struct {
	level int
	until time.Time
}

// level is a person's access level in a project, 0 for none.
func (p *Pool) level(ctx context.Context, project, user int64) (int, error) {
	key, now := member{project, user}, p.o.Now()
	if known, ok := p.levels.get(key); ok && now.Before(known.until) {
		return known.level, nil
	}
	level, err := p.o.GitLab.Level(ctx, project, user)
	if err != nil {
		return 0, err
	}
	p.levels.put(key, kept{level, now.Add(keepLevel)})
	return level, nil
}

func (l *levels) get(key member) (kept, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.kept[key]
	return known, ok
}

func (l *levels) put(key member, k kept) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil || len(l.kept) >= maxKept {
		l.kept = map[member]kept{}
	}
	l.kept[key] = k
}
