package budget

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/coordination"
)

// Store holds the buckets that all replicas share. Names are those of this package alone.
type Store interface {
	// TakeTokens takes n tokens from a bucket and returns 0, or takes none and returns how long it takes until there are enough.
	TakeTokens(ctx context.Context, b coordination.Bucket, n int) (time.Duration, error)
	// LowerTo lowers what is in a bucket; it never raises it.
	LowerTo(ctx context.Context, name string, left int) error
}

const (
	// storeTimeout is how long one question to the store may take. It is asked before every call.
	storeTimeout = time.Second
	// storePause is how long the store is not asked after it did not answer.
	storePause = 5 * time.Second
)

// fleet takes tokens from the buckets in the store, which all replicas share. While the store is away each process uses only its own: calls must
// not stop because of that.
type fleet struct {
	store Store // nil if there is none
	now   func() time.Time
	log   *zap.Logger

	mu   sync.Mutex
	away time.Time // the store did not answer and is not asked before then; zero if it answers
}

// take takes a token from the fleet's bucket and returns 0, or returns how long to wait. It takes nothing, and returns 0, while the store is away or
// if ctx ends.
func (f *fleet) take(ctx context.Context, name string, s size, c class) (again time.Duration) {
	f.askStore(ctx, func(ctx context.Context) (err error) {
		again, err = f.store.TakeTokens(ctx, coordination.Bucket{Name: name, Rate: s.rate(), Burst: s.burst, Reserve: s.reserveFor(c)}, 1)
		return err
	})
	return max(again, 0)
}

// lower lowers the fleet's bucket to left tokens, if it holds more.
func (f *fleet) lower(ctx context.Context, name string, left int) {
	f.askStore(ctx, func(ctx context.Context) error { return f.store.LowerTo(ctx, name, left) })
}

// askStore asks the store, unless it is away.
func (f *fleet) askStore(ctx context.Context, question func(context.Context) error) {
	if f.store == nil || !f.storeAvailable() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := question(limited)
	if ctx.Err() != nil {
		return // the caller has gone, which says nothing about the store
	}
	f.recordAnswer(err)
}

// storeAvailable reports whether the store may be asked now.
func (f *fleet) storeAvailable() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.away.IsZero() || !f.now().Before(f.away)
}

// recordAnswer notes how the store answered and logs when that changes.
func (f *fleet) recordAnswer(err error) {
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
