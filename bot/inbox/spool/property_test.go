package spool_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
	"flowkeeper/bot/testkit"
)

// script is what happens to a spool.
type script struct {
	clients [][]time.Duration // for each issue, one client's pauses before each of its deliveries
	changes []change
	max     int
}

// change comes after a pause: the inbox, or one issue of it, gets into another mood, or the spool is closed and opened again.
type change struct {
	pause time.Duration
	mood  mood  // empty: the spool is opened again
	issue int64 // 0: all
}

func drawScript(t *rapid.T) script {
	pause := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.SampledFrom([]int{0, 0, 1, 10, 100, 700, 1000, 2500}).Draw(t, "ms")) * time.Millisecond
	})
	return script{
		clients: rapid.SliceOfN(rapid.SliceOfN(pause, 1, 12), 1, 4).Draw(t, "clients"),
		changes: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) change {
			return change{
				pause: pause.Draw(t, "pause"),
				mood:  rapid.SampledFrom([]mood{answers, answers, away, lossy, hangs, late, refuses, ""}).Draw(t, "mood"),
				issue: rapid.SampledFrom([]int64{0, 0, 0, 1, 2}).Draw(t, "issue"),
			}
		}), 0, 10).Draw(t, "changes"),
		max: rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "max"),
	}
}

// Whatever happens to the inbox and the spool: what was accepted gets to the inbox, each issue's deliveries in the order in which they were
// accepted, whole, and more than once only under the same key.
func TestProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScript(rt)
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = play(t, s) })
		for _, p := range problems {
			rt.Error(p)
		}
	})
}

// play runs a script to its end and says what was wrong.
func play(t *testing.T, s script) (problems []string) {
	f := newFake()
	o := spool.Options{Dir: t.TempDir(), Max: s.max}
	var now atomic.Pointer[rig]
	now.Store(start(t, f, o))

	var mu sync.Mutex
	problem := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		problems = append(problems, fmt.Sprintf(format, args...))
	}
	var clients sync.WaitGroup
	for i, pauses := range s.clients {
		issue := int64(i + 1)
		clients.Go(func() {
			for n, pause := range pauses {
				testkit.Pass(pause)
				deliver(t.Context(), &now, delivery(issue, fmt.Sprint(issue, "-", n)), problem)
			}
		})
	}
	for _, c := range s.changes {
		testkit.Pass(c.pause)
		switch {
		case c.mood == "":
			now.Load().end()
			now.Store(start(t, f, o))
		case c.issue != 0:
			f.becomeFor(c.issue, c.mood)
		default:
			f.become(c.mood)
		}
	}
	f.become(answers)
	for i := range s.clients {
		f.becomeFor(int64(i+1), answers)
	}
	clients.Wait()
	wait(time.Minute)
	if r := now.Load(); r.Waiting() != 0 || r.Degraded() != nil {
		problem("a minute after the end %d deliveries wait: %v", r.Waiting(), r.Degraded())
	}
	for i := range s.clients { // nothing is left that holds an issue back
		before, d := len(f.all()), delivery(int64(i+1), fmt.Sprint(i+1, "-", 0))
		if outcome, err := now.Load().Enqueue(t.Context(), d); err != nil || outcome != inbox.Duplicate || len(f.all()) != before+1 {
			problem("a minute after the end %s again: %s, %v, or it did not go directly", d.ID, outcome, err)
		}
	}
	now.Load().end()
	return append(problems, s.wrong(f.all())...)
}

// deliver repeats a delivery until it is accepted, as GitLab and people do.
func deliver(ctx context.Context, now *atomic.Pointer[rig], d inbox.Delivery, problem func(string, ...any)) {
	for tries := 1; ; tries++ {
		from := time.Now()
		outcome, err := now.Load().Enqueue(ctx, d)
		if took := time.Since(from); took > 2*spool.DefaultTimeout {
			problem("accepting %s took %s", d.ID, took)
		}
		switch {
		case err == nil && tries == 1 && outcome != inbox.Stored:
			problem("%s is new and was %s", d.ID, outcome)
			return
		case err == nil:
			return
		case tries == 1000:
			problem("%s was never accepted: %v", d.ID, err)
			return
		}
		<-time.After(100 * time.Millisecond)
	}
}

// wrong compares what the inbox got with what the clients delivered.
func (s script) wrong(got []inbox.Delivery) (problems []string) {
	first := map[int64][]string{}
	for _, d := range got {
		want := delivery(d.Issue.IID, d.ID)
		if d.IdempotencyKey != want.IdempotencyKey || d.ContentKey != want.ContentKey || string(d.Body) != string(want.Body) {
			problems = append(problems, fmt.Sprintf("the inbox got %+v, want %+v", d, want))
		}
		if !slices.Contains(first[d.Issue.IID], d.ID) {
			first[d.Issue.IID] = append(first[d.Issue.IID], d.ID)
		}
	}
	for i, pauses := range s.clients {
		issue := int64(i + 1)
		var want []string
		for n := range pauses {
			want = append(want, fmt.Sprint(issue, "-", n))
		}
		if !slices.Equal(want, first[issue]) {
			problems = append(problems, fmt.Sprintf("issue %d got %v, want %v", issue, first[issue], want))
		}
	}
	return problems
}
