package budget

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"flowkeeper/bot/coordination"
)

// Store holds the buckets that all replicas share. Names are those of this package alone.
type Store interface {
	// TakeTokens takes n tokens from a bucket and returns 0, or takes none and returns when to ask again. It tells how many are left.
	TakeTokens(ctx context.Context, b coordination.Bucket, n int) (again time.Duration, left float64, err error)
	// LowerTo lowers what is in a bucket; it never raises it.
	LowerTo(ctx context.Context, name string, left int) error
}

const (
	// storeTimeout is how long one question to the store may take. It is asked before every call.
	storeTimeout = time.Second
	// storePause is how long the store is not asked after it did not answer.
	storePause = 5 * time.Second
)

// fleet takes tokens from the buckets in the store, which all replicas share. Without a store, or while it is away, each process uses buckets of its
// own: calls must not stop because of that.
type fleet struct {
	store Store // nil if there is none
	own   Store
	who   string // this process, among all
	now   func() time.Time
	log   *zap.Logger

	mu   sync.Mutex
	away time.Time // the store did not answer and is not asked before then; zero if it answers
}

func newFleet(store Store, now func() time.Time, log *zap.Logger) *fleet {
	memory := coordination.NewMemory(now)
	return &fleet{store: store, own: coordination.New(memory, memory, nil), who: strconv.FormatUint(rand.Uint64(), 36), now: now, log: log}
}

// take takes a token from the fleet's bucket and returns 0, or returns when to ask again. It tells how many tokens are left.
func (f *fleet) take(ctx context.Context, name string, s size, c class) (again time.Duration, left float64) {
	b := coordination.Bucket{Name: name, Rate: s.rate(), Burst: s.burst, Reserve: s.reserve, Urgent: c == urgent, Who: fmt.Sprint(f.who, "/", c)}
	f.ask(ctx, func(ctx context.Context, from Store) (err error) {
		again, left, err = from.TakeTokens(ctx, b, 1)
		return err
	})
	return again, left
}

// lower lowers the fleet's bucket to left tokens, if it holds more.
func (f *fleet) lower(ctx context.Context, name string, left int) {
	f.ask(ctx, func(ctx context.Context, from Store) error { return from.LowerTo(ctx, name, left) })
}

// ask asks the store, or what this process has in its place.
func (f *fleet) ask(ctx context.Context, question func(context.Context, Store) error) {
	if f.store != nil && f.storeAvailable() && f.askStore(ctx, question) {
		return
	}
	_ = question(ctx, f.own) // memory does not fail, but if ctx ends
}

// askStore asks the store and reports whether it answered.
func (f *fleet) askStore(ctx context.Context, question func(context.Context, Store) error) bool {
	limited, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := question(limited, f.store)
	if ctx.Err() == nil { // else the caller has gone, which says nothing about the store
		f.recordAnswer(err)
	}
	return err == nil
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
