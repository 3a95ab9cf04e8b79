package budget_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/coordination"
	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/sqlite"
	"flowkeeper/bot/testkit"
)

// store is what replicas share, in memory, by the clock of the test's bubble.
type store struct {
	mu     sync.Mutex
	shared *coordination.Coordinator
	mood   mood
}

// mood is how the store answers.
type mood string

const (
	answers mood = "answers"
	away    mood = "away"
	hangs   mood = "hangs" // until the asker gives up
)

func newStore() *store {
	s := &store{mood: answers}
	s.empty()
	return s
}

// empty has it lose everything.
func (s *store) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := coordination.NewMemory(time.Now)
	s.shared = coordination.New(m, m, nil)
}

func (s *store) be(m mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = m
}

// reach answers a question, as the mood has it.
func (s *store) reach(ctx context.Context) (*coordination.Coordinator, error) {
	s.mu.Lock()
	m, shared := s.mood, s.shared
	s.mu.Unlock()
	switch m {
	case away:
		return nil, inbox.ErrUnavailable
	case hangs:
		<-ctx.Done()
		return nil, ctx.Err()
	default:
		return shared, ctx.Err()
	}
}

func (s *store) TakeTokens(ctx context.Context, b coordination.Bucket, n int) (time.Duration, float64, error) {
	shared, err := s.reach(ctx)
	if err != nil {
		return 0, 0, err
	}
	return shared.TakeTokens(ctx, b, n)
}

func (s *store) LowerTo(ctx context.Context, name string, left int) error {
	shared, err := s.reach(ctx)
	if err != nil {
		return err
	}
	return shared.LowerTo(ctx, name, left)
}

// kinds are the stores that a budget is tried with. Each is opened in the bubble of its test.
var kinds = map[string]func(*testing.T) budget.Store{
	"alone":    func(*testing.T) budget.Store { return nil },
	"fake":     func(*testing.T) budget.Store { return newStore() },
	"embedded": embedded,
}

func embedded(t *testing.T) budget.Store {
	s, err := sqlite.Open(sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return coordination.New(s, coordination.NewMemory(time.Now), s)
}

// newBudget makes a budget or ends the test.
func newBudget(t *testing.T, o budget.Options) *budget.Budget {
	t.Helper()
	b, err := budget.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// passes are the times at which calls were let through.
type passes struct {
	mu    sync.Mutex
	times []time.Time
}

func (p *passes) add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times = append(p.times, time.Now())
}

func (p *passes) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.times)
}

// busiest is the largest number of passes within any minute.
func (p *passes) busiest() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.SortFunc(p.times, time.Time.Compare)
	most, first := 0, 0
	for i, at := range p.times {
		for at.Sub(p.times[first]) >= time.Minute {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// flood makes calls one after the other in each of so many workers until ctx ends, and returns when all have ended.
func flood(ctx context.Context, workers int, b *budget.Budget, note bool, p *passes) {
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			for b.Wait(ctx, note) == nil {
				p.add()
			}
		})
	}
	busy.Wait()
}

// ends is a context that ends by itself.
func ends(t *testing.T, after time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	t.Cleanup(cancel)
	return ctx
}

// took is how long a wait lasts.
func took(t *testing.T, ctx context.Context, b *budget.Budget, note bool) time.Duration {
	t.Helper()
	began := time.Now()
	if err := b.Wait(ctx, note); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

// headers are those of GitLab's answer with so many calls left of a limit, for so long.
func headers(limit, left int, reset time.Duration) http.Header {
	return http.Header{
		"Ratelimit-Name":      {"throttle_authenticated_api"},
		"Ratelimit-Limit":     {strconv.Itoa(limit)},
		"Ratelimit-Remaining": {strconv.Itoa(left)},
		"Ratelimit-Reset":     {strconv.FormatInt(time.Now().Add(reset).Unix(), 10)},
	}
}

// pass lets a bubble's time go by; outside of one it panics.
func pass(d time.Duration) {
	synctest.Wait()
	testkit.Pass(d)
}
