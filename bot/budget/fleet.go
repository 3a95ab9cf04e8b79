package budget

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/inbox"
)

// Store holds the buckets that all replicas share. Names are those of this package alone.
type Store interface {
	// Take takes n of a bucket and returns 0, or takes nothing and returns how long it will be until there are enough.
	Take(ctx context.Context, b inbox.Bucket, n int) (time.Duration, error)
	// Level lowers what is in a bucket; it never raises it.
	Level(ctx context.Context, name string, left int) error
}

const (
	// storeTimeout is how long one question to the store may take. It is asked before every call.
	storeTimeout = time.Second
	// storePause is how long the store is left alone after it did not answer.
	storePause = 5 * time.Second
)

// fleet asks the store for all lanes. Calls must not stop because the store is away: then every process is its own fleet.
type fleet struct {
	store Store // nil if there is none
	now   func() time.Time
	log   *zap.Logger

	mu   sync.Mutex
	away time.Time // the store did not answer and is not asked before then; zero if it answers
}

// take takes one of the fleet's bucket and returns 0, or says how long to wait. It takes nothing while the store is away, or if ctx ends.
func (f *fleet) take(ctx context.Context, name string, s size, c class) (again time.Duration) {
	f.ask(ctx, func(ctx context.Context) (err error) {
		again, err = f.store.Take(ctx, inbox.Bucket{Name: name, Rate: s.rate(), Burst: s.burst, Reserve: s.kept(c)}, 1)
		return err
	})
	return max(again, 0)
}

// lower tells the fleet that its bucket holds no more than left.
func (f *fleet) lower(ctx context.Context, name string, left int) {
	f.ask(ctx, func(ctx context.Context) error { return f.store.Level(ctx, name, left) })
}

// ask asks the store, unless it is away.
func (f *fleet) ask(ctx context.Context, question func(context.Context) error) {
	if f.store == nil || !f.due() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := question(limited)
	if ctx.Err() != nil {
		return // the one who asked has gone, which says nothing about the store
	}
	f.answered(err)
}

// due reports whether the store may be asked.
func (f *fleet) due() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.away.IsZero() || !f.now().Before(f.away)
}

// answered notes how the store answered and logs when that changes.
func (f *fleet) answered(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := !f.away.IsZero()
	switch {
	case err == nil && was:
		f.away = time.Time{}
		f.log.Info("the budget of GitLab calls is shared again")
	case err != nil:
		f.away = f.now().Add(storePause)
		if !was {
			f.log.Warn("the store of the GitLab budget does not answer; this process keeps to the whole budget by itself", zap.Error(err))
		}
	}
}
