package access_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/access"
	"flowkeeper/bot/testkit"
)

// lacking is what GitLab lets the bot do, and what was told of it.
type lacking struct {
	mu      sync.Mutex
	missing []string
	err     error
	looks   int
	told    []string
}

func (l *lacking) look(context.Context) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	return l.missing, l.err
}

func (l *lacking) tell(missing []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = missing
}

// become is what GitLab answers from now on.
func (l *lacking) become(err error, missing ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err, l.missing = err, missing
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away, forgotten := errors.New("away"), []string{"nothing was told"}
		l := &lacking{err: away}
		w := access.NewWatch(l.look, l.tell)
		w.CheckOnce(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Run(ctx)
		after := func(name string, d time.Duration, wantLooks int, want []string) {
			t.Helper()
			testkit.Pass(d)
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			if diff := cmp.Diff(want, l.told); l.looks != wantLooks || diff != "" {
				t.Fatalf("%s: %d looks, want %d; told (-want +got)\n%s", name, l.looks, wantLooks, diff)
			}
			l.told = forgotten
		}
		after("GitLab is away", 59*time.Second, 1, nil)
		l.become(nil, "the role")
		after("it is back", 2*time.Second, 2, []string{"the role"})
		after("nothing has changed", 21*time.Minute, 4, forgotten)
		l.become(nil)
		after("somebody gave the role", 10*time.Minute, 5, nil)
		after("all is well", 24*time.Hour, 5, forgotten)
		l.become(nil, "the scope")
		w.LookAgain()
		after("another token", 0, 6, []string{"the scope"})
		l.become(away)
		after("GitLab is away: what is known stays", 11*time.Minute, 8, forgotten)
	})
}

// TestWatchDoesNotKeepTheStartWaiting: a GitLab that hangs is waited for in the background.
func TestWatchDoesNotKeepTheStartWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := access.NewWatch(func(ctx context.Context) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() }, func([]string) { t.Error("told") })
		began := time.Now()
		w.CheckOnce(t.Context())
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the start waited %s", took)
		}
	})
}
