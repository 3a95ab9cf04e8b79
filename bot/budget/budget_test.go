package budget_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/testkit"
)

func TestNewRefusesNegativeBudgets(t *testing.T) {
	for name, o := range map[string]budget.Options{"calls": {PerMinute: -1}, "notes": {NotesPerMinute: -1}} {
		t.Run(name, func(t *testing.T) {
			_, err := budget.New(o)
			if err == nil || !strings.Contains(err.Error(), "above 0") {
				t.Errorf("error %v, want one that says what would work", err)
			}
		})
	}
}

// A budget lets through a burst at once and then as many as it is given, whether it is shared or not.
func TestPace(t *testing.T) {
	for name, tt := range map[string]struct {
		o      budget.Options
		note   bool
		urgent bool
		first  int // at once
		minute int // within a minute, ± 1
	}{
		"calls":             {budget.Options{}, false, false, 200, 1700},
		"urgent calls":      {budget.Options{}, false, true, 250, 1750},
		"notes":             {budget.Options{}, true, false, 6, 56},
		"urgent notes":      {budget.Options{}, true, true, 8, 58},
		"few calls":         {budget.Options{PerMinute: 60}, false, false, 8, 68},
		"one call a minute": {budget.Options{PerMinute: 1}, false, false, 1, 2},
		"fewer than notes":  {budget.Options{PerMinute: 6}, true, false, 1, 7},
	} {
		for kind, open := range kinds {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := tt.o
					o.Store = open(t)
					b := newBudget(t, o)
					ctx := ends(t, time.Minute)
					if tt.urgent {
						ctx = budget.Urgent(ctx)
					}
					var p passes
					var done sync.WaitGroup
					done.Go(func() { flood(ctx, 4, b, tt.note, &p) })
					synctest.Wait()
					if got := p.count(); got != tt.first {
						t.Errorf("%d at once, want %d", got, tt.first)
					}
					done.Wait()
					if got := p.count(); got < tt.minute-1 || got > tt.minute+1 {
						t.Errorf("%d in a minute, want %d", got, tt.minute)
					}
				})
			})
		}
	}
}

func TestReplicasShare(t *testing.T) {
	for kind, open := range kinds {
		if kind == "alone" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t)
				ctx := ends(t, 5*time.Minute)
				var all passes
				var each [3]passes
				var done sync.WaitGroup
				for i := range each {
					b := newBudget(t, budget.Options{Store: s, PerMinute: 600})
					done.Go(func() { flood(ctx, 2, b, false, &each[i]) })
				}
				done.Wait()
				for i := range each {
					all.times = append(all.times, each[i].times...)
				}
				if got := all.busiest(); got > 700 {
					t.Errorf("%d calls in a minute, want 700 at most", got)
				}
				if got := all.count(); got < 3000 {
					t.Errorf("%d calls in five minutes, want 3000: something is wasted", got)
				}
				for i := range each {
					if got := each[i].count(); got < 600 {
						t.Errorf("replica %d made %d calls of %d, want about a third", i, got, all.count())
					}
				}
			})
		})
	}
}

func TestOrderOfArrival(t *testing.T) {
	for name, urgent := range map[string]bool{"ordinary": false, "urgent": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(t, budget.Options{Store: newStore(), PerMinute: 60})
				ctx := t.Context()
				if urgent {
					ctx = budget.Urgent(ctx)
				}
				var mu sync.Mutex
				var want, got []int
				var done sync.WaitGroup
				for i := range 200 {
					want = append(want, i)
					done.Go(func() {
						if err := b.Wait(ctx, i%3 == 0); err != nil {
							t.Error(err)
						}
						mu.Lock()
						defer mu.Unlock()
						if i%3 != 0 {
							got = append(got, i)
						}
					})
					synctest.Wait()
				}
				done.Wait()
				want = slices.DeleteFunc(want, func(i int) bool { return i%3 == 0 })
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("not in the order of arrival (-want +got):\n%s", d)
				}
			})
		})
	}
}

// However a wait is ended, it returns at once with the reason, and those behind it are served as if it had not been.
func TestContextEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		mood  mood
		ahead int // waiting before
		note  bool
	}{
		"first in line":              {mood: answers},
		"in line":                    {mood: answers, ahead: 3},
		"a note":                     {mood: answers, note: true},
		"a note in line":             {mood: answers, ahead: 3, note: true},
		"while the store is silent":  {mood: hangs},
		"in line at a silent store":  {mood: hangs, ahead: 3},
		"while the store is refused": {mood: away, ahead: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				b := newBudget(t, budget.Options{Store: s, PerMinute: 6, NotesPerMinute: 6})
				took(t, t.Context(), b, tt.note) // all that is not reserved
				s.be(tt.mood)
				var done sync.WaitGroup
				wait := func(ctx context.Context) {
					done.Go(func() {
						if err := b.Wait(ctx, tt.note); err != nil {
							t.Error(err)
						}
					})
					synctest.Wait()
				}
				for range tt.ahead {
					wait(t.Context())
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- b.Wait(ctx, tt.note) }()
				synctest.Wait()
				wait(t.Context())
				pass(time.Second / 2)
				began := time.Now()
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want that of the context", err)
				}
				if waited := time.Since(began); waited > 0 {
					t.Errorf("it returned after %s", waited)
				}
				s.be(answers)
				done.Wait()
				if waited, most := time.Since(began), time.Duration(tt.ahead+1)*10500*time.Millisecond; waited > most {
					t.Errorf("the others waited %s, want %s at most", waited, most)
				}
			})
		})
	}
}

func TestEndedContextMakesNoCall(t *testing.T) {
	b := newBudget(t, budget.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if err := b.Wait(ctx, true); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want that of the context", err)
		}
	}
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prometheus.NewRegistry()
		b := newBudget(t, budget.Options{PerMinute: 60, NotesPerMinute: 60, Registry: r})
		took(t, t.Context(), b, false)
		took(t, t.Context(), b, true)
		took(t, budget.Urgent(t.Context()), b, true)
		want := map[string]float64{
			`flowkeeper_gitlab_budget_waits_seconds{class="ordinary"}`: 1,
			`flowkeeper_gitlab_budget_waits_seconds{class="note"}`:     1,
			`flowkeeper_gitlab_budget_waits_seconds{class="command"}`:  1,
			`flowkeeper_gitlab_budget_remaining{budget="calls"}`:       7,
			`flowkeeper_gitlab_budget_remaining{budget="notes"}`:       8,
		}
		if d := cmp.Diff(want, testkit.Metrics(t, r)); d != "" {
			t.Errorf("metrics (-want +got):\n%s", d)
		}
	})
}
