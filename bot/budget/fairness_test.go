package budget_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/budget"
)

// slowest makes calls one after the other until ctx ends and returns how long the slowest of them waited, the last one included.
func slowest(ctx context.Context, b *budget.Budget, note bool) (longest time.Duration) {
	for {
		began := time.Now()
		err := b.Wait(ctx, note)
		longest = max(longest, time.Since(began))
		if err != nil {
			return longest
		}
	}
}

// A replica that starts knows nothing of a limit that the others were told of by GitLab, or has another one configured. It gets its share at once
// all the same, while the others have more to do than they may.
func TestNewcomerDoesNotStarve(t *testing.T) {
	for name, tt := range map[string]struct {
		busy, newcomer budget.Options
		limit          int // GitLab's, as the busy one was told
	}{
		"GitLab allows less than both want":    {limit: 120},
		"both want far more than GitLab gives": {budget.Options{PerMinute: 1_000_000}, budget.Options{PerMinute: 1_000_000}, 2000},
		"the busy one has a lower rate":        {budget.Options{PerMinute: 60}, budget.Options{PerMinute: 1500}, 2000},
		"the busy one has a higher rate":       {budget.Options{PerMinute: 1500}, budget.Options{PerMinute: 60}, 2000},
	} {
		for kind, urgent := range map[string]bool{"ordinary": false, "urgent": true} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStore()
					tt.busy.Store, tt.newcomer.Store = s, s
					busy := newBudget(t, tt.busy)
					ctx := ends(t, 4*time.Minute)
					if urgent {
						ctx = budget.Urgent(ctx)
					}
					var done sync.WaitGroup
					var p passes
					took(t, ctx, busy, false)
					busy.Observe(false, 200, headers(tt.limit, tt.limit-1, time.Minute))
					done.Go(func() { flood(ctx, 20, busy, false, &p) })
					pass(2 * time.Minute)
					if got := slowest(ctx, newBudget(t, tt.newcomer), false); got > 5*time.Second {
						t.Errorf("a call of the newcomer waited %s, want its turn", got)
					}
					done.Wait()
				})
			})
		}
	}
}

// The order among replicas is about that of arrival: each waits for one call of each of the others, however many wait within them.
func TestReplicasTakeTurns(t *testing.T) {
	for name, note := range map[string]bool{"calls": false, "notes": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const replicas = 6
				s := newStore()
				ctx := ends(t, 5*time.Minute)
				var longest [replicas]time.Duration
				var done sync.WaitGroup
				for i := range replicas {
					b := newBudget(t, budget.Options{Store: s, PerMinute: 60, NotesPerMinute: 60})
					if i < replicas-1 {
						done.Go(func() { flood(ctx, 1+10*i, b, note, &passes{}) })
					}
					done.Go(func() { longest[i] = slowest(ctx, b, note) })
					pass(time.Second / 3)
				}
				done.Wait()
				// The last replica has one worker: it waits for nobody in its own process.
				if got, most := longest[replicas-1], (replicas+2)*time.Second; got > most {
					t.Errorf("a call waited %s, want %s at most", got, most)
				}
			})
		})
	}
}

// What somebody waits for goes first, but it does not take everything: while it wants more than there is, one call in ten is ordinary work's. Of
// comments too, where calls are not scarce.
func TestUrgentStarvesNobody(t *testing.T) {
	for name, note := range map[string]bool{"calls": false, "notes": true} {
		for _, m := range []mood{answers, away} {
			t.Run(fmt.Sprint(name, ", the store ", m), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStore()
					s.be(m)
					o := budget.Options{Store: s, PerMinute: 600, NotesPerMinute: 600}
					if note {
						o.PerMinute = 60_000
					}
					busy, other := newBudget(t, o), newBudget(t, o)
					ctx := ends(t, 3*time.Minute)
					var high, low, elsewhere passes
					var done sync.WaitGroup
					done.Go(func() { flood(budget.Urgent(ctx), 10, busy, note, &high) })
					pass(time.Minute)
					urgent := high.count()
					done.Go(func() { flood(ctx, 10, busy, note, &low) })
					if m == answers {
						done.Go(func() { flood(ctx, 10, other, note, &elsewhere) })
					}
					done.Wait()
					urgent = high.count() - urgent
					ordinary := low.count() + elsewhere.count()
					if ordinary < 90 || ordinary > 135 {
						t.Errorf("%d ordinary calls beside %d urgent ones in two minutes, want about 110", ordinary, urgent)
					}
					if urgent < 1000 {
						t.Errorf("%d urgent calls in two minutes, want about 1,090", urgent)
					}
					if a, b := low.count(), elsewhere.count(); m == answers && min(a, b) < ordinary/3 {
						t.Errorf("%d ordinary calls of the busy replica, %d of the other, want about as many", a, b)
					}
				})
			})
		}
	}
}
