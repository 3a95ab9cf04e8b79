package sqlite

import (
	"context"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"flowkeeper/bot/inbox"
)

// tokens are the token buckets. They stay in memory: one process at a time has the file, and a bucket that a restart fills too early
// is lowered by the next answer of whom it spares.
type tokens struct {
	mu      sync.Mutex
	buckets map[string]level
}

// level is what was in a bucket at a time. Rate and burst are 0 while nobody has taken from it.
type level struct {
	left        float64
	at          int64
	rate, burst float64
}

// now is the level at a later time. It is rounded a little up, so that who waited as long as told is not turned away for the last bit
// of a number.
func (l level) now(at int64) float64 {
	since := time.Duration(max(0, at-l.at)) * time.Microsecond
	return min(l.burst, l.left+since.Seconds()*l.rate+1e-6)
}

func (s *Store) Take(ctx context.Context, b inbox.Bucket, n int) (time.Duration, error) {
	if err := b.Validate(n); err != nil {
		return 0, fmt.Errorf("taking tokens: %w", err)
	}
	if err := s.usable(ctx); err != nil {
		return 0, fmt.Errorf("taking tokens from the bucket %s: %w", b.Name, err)
	}
	return s.tokens.take(b, n, s.nowMicros()), nil
}

func (s *Store) Level(ctx context.Context, name string, left int) error {
	if err := inbox.ValidateLevel(name, left); err != nil {
		return fmt.Errorf("lowering a bucket: %w", err)
	}
	if err := s.usable(ctx); err != nil {
		return fmt.Errorf("lowering the bucket %s: %w", name, err)
	}
	s.tokens.lower(name, left, s.nowMicros())
	return nil
}

func (t *tokens) take(b inbox.Bucket, n int, now int64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, known := t.buckets[b.Name]
	l.rate, l.burst = b.Rate, float64(b.Burst)
	left := l.burst
	if known {
		left = l.now(now)
	}
	if missing := float64(n+b.Reserve) - left; missing > 0 {
		return time.Duration(math.Ceil(missing*1000/b.Rate)) * time.Millisecond
	}
	l.left, l.at = left-float64(n), now
	t.keep(b.Name, l)
	return 0
}

func (t *tokens) lower(name string, left int, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, known := t.buckets[name]
	lowered := float64(left)
	switch {
	case l.rate > 0 && l.now(now) <= lowered:
		return
	case known && l.rate == 0:
		lowered = min(lowered, l.left) // how much came since is not known
	}
	l.left, l.at = lowered, now
	t.keep(name, l)
}

// keep keeps a bucket and forgets those that nobody uses.
func (t *tokens) keep(name string, l level) {
	maps.DeleteFunc(t.buckets, func(_ string, old level) bool { return old.at+inbox.KeepBuckets.Microseconds() <= l.at })
	if t.buckets == nil {
		t.buckets = make(map[string]level)
	}
	t.buckets[name] = l
}
