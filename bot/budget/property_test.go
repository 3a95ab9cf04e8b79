package budget_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/budget"
	"flowkeeper/bot/testkit"
)

// script is what happens to a fleet: its workers make calls with pauses between them, GitLab answers, the store has its moods.
type script struct {
	perMinute, notesPerMinute int
	replicas                  int
	workers                   []worker
	events                    []event
}

// worker makes calls, one after the other, at one of the replicas.
type worker struct {
	replica      int
	urgent, note bool
	pauses       []time.Duration // before each call; after the last it starts over, until the end
	patience     time.Duration   // after which it gives up a wait
}

// event comes after a pause: the store gets into a mood, or GitLab answers one of the replicas.
type event struct {
	pause   time.Duration
	mood    mood // empty: an answer
	replica int
	note    bool
	status  int
	left    int
}

func drawScript(t *rapid.T) script {
	replicas := rapid.IntRange(1, 3).Draw(t, "replicas")
	replica := rapid.IntRange(0, replicas-1)
	pause := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 50, 900, 7000, 45_000}).Draw(t, "ms")) * time.Millisecond
	})
	return script{
		perMinute:      rapid.SampledFrom([]int{1, 7, 60, 300}).Draw(t, "per minute"),
		notesPerMinute: rapid.SampledFrom([]int{1, 20, 50}).Draw(t, "notes per minute"),
		replicas:       replicas,
		workers: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) worker {
			return worker{
				replica: replica.Draw(t, "replica"), urgent: rapid.Bool().Draw(t, "urgent"), note: rapid.Bool().Draw(t, "note"),
				pauses:   rapid.SliceOfN(pause, 1, 5).Draw(t, "pauses"),
				patience: time.Duration(rapid.SampledFrom([]int{1, 10, 100}).Draw(t, "patience")) * time.Second,
			}
		}), 1, 6).Draw(t, "workers"),
		events: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
			return event{
				pause: pause.Draw(t, "pause"), mood: rapid.SampledFrom([]mood{answers, away, hangs, "", ""}).Draw(t, "mood"),
				replica: replica.Draw(t, "replica"), note: rapid.Bool().Draw(t, "note"),
				status: rapid.SampledFrom([]int{200, 200, 429}).Draw(t, "status"),
				left:   rapid.SampledFrom([]int{0, 1, 10, 1000}).Draw(t, "left"),
			}
		}), 0, 8).Draw(t, "events"),
	}
}

// In any minute no replica makes more calls, or comments, than a minute's worth and a burst, whatever happens; and neither does the fleet
// as long as the store answers.
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

// setAside is how many calls a replica may have set aside for comments: one for each class.
const setAside = 2

// play runs a script to its end and says what was wrong.
func play(t *testing.T, s script) (problems []string) {
	shared := newStore()
	replicas := make([]*budget.Budget, s.replicas)
	for i := range replicas {
		replicas[i] = newBudget(t, budget.Options{Store: shared, PerMinute: s.perMinute, NotesPerMinute: s.notesPerMinute})
	}
	calls, notes := make([]passes, s.replicas), make([]passes, s.replicas)
	ctx := ends(t, 4*time.Minute)
	var busy sync.WaitGroup
	for _, w := range s.workers {
		busy.Go(func() {
			w.work(ctx, replicas[w.replica], &calls[w.replica], &notes[w.replica])
		})
	}
	alwaysThere := true
	for _, e := range s.events {
		testkit.Pass(e.pause)
		if e.mood != "" {
			shared.be(e.mood)
			alwaysThere = alwaysThere && e.mood == answers
			continue
		}
		replicas[e.replica].Observe(e.note, e.status, headers(2000, e.left, 20*time.Second))
	}
	busy.Wait()

	check := func(who string, p *passes, perMinute, more int) {
		if got, most := p.busiest(), perMinute+max(perMinute/6, 2)+more; got > most {
			problems = append(problems, fmt.Sprintf("%s: %d in a minute, want %d at most", who, got, most))
		}
	}
	var allCalls, allNotes passes
	for i := range replicas {
		check(fmt.Sprintf("calls of replica %d", i), &calls[i], s.perMinute, setAside)
		check(fmt.Sprintf("notes of replica %d", i), &notes[i], s.notesPerMinute, 0)
		allCalls.times = append(allCalls.times, calls[i].times...)
		allNotes.times = append(allNotes.times, notes[i].times...)
	}
	if alwaysThere {
		check("calls of all", &allCalls, s.perMinute, setAside*s.replicas)
		check("notes of all", &allNotes, s.notesPerMinute, 0)
	}
	return problems
}

// work makes calls until ctx ends.
func (w worker) work(ctx context.Context, b *budget.Budget, calls, notes *passes) {
	for n := 0; ctx.Err() == nil; n++ {
		testkit.Pass(w.pauses[n%len(w.pauses)])
		limited, cancel := context.WithTimeout(ctx, w.patience)
		if w.urgent {
			limited = budget.Urgent(limited)
		}
		if b.Wait(limited, w.note) == nil {
			calls.add()
			if w.note {
				notes.add()
			}
		}
		cancel()
	}
}
