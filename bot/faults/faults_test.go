package faults_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag = flag.Uint64("faults.seed", 0, "seed of the trouble, 0 is any in the long form: the same seed makes the same faults in the same order")
	bothFlag = flag.Bool("faults.both", false, "keep the states of the workflow in statuses, too")
	longFlag = flag.Bool("faults.long", false, "play 2000 issues in each kind of place")
)

// trial is the bot in one kind of place, and what goes wrong there.
type trial struct {
	setup setup
	seed  uint64 // of the short form: every change is tried by the same faults
	short size
	kinds []kind
	loss  kind // in the long form only, because what it loses has to wait for the next sweep
}

// size is how much is played.
type size struct {
	issues, atOnce  int
	trouble         time.Duration // how long it is made at most
	rest            time.Duration // between two troubles, at most
	stories, settle time.Duration // how long they may take at most
}

// long is the size of the long form.
func long() size {
	return size{issues: 2000, atOnce: 60, trouble: 2 * time.Minute, rest: 500 * time.Millisecond, stories: 6 * time.Minute, settle: 4 * time.Minute}
}

// TestTrouble has several replicas share a Redis.
func TestTrouble(t *testing.T) {
	trial{
		setup: setup{replicas: 3},
		seed:  3,
		short: size{issues: 40, atOnce: 10, trouble: 12 * time.Second, rest: 300 * time.Millisecond, stories: 2 * time.Minute, settle: 2 * time.Minute},
		kinds: redisTrouble(),
		loss:  kind{"redis emptied in full work", 1, (*trouble).emptyInWork},
	}.play(t)
}

// TestTroubleEmbedded has one replica that keeps its mail itself, as most first installations do.
func TestTroubleEmbedded(t *testing.T) {
	trial{
		setup: setup{replicas: 1, embedded: true},
		seed:  3,
		short: size{issues: 40, atOnce: 10, trouble: 8 * time.Second, rest: 300 * time.Millisecond, stories: 2 * time.Minute, settle: 2 * time.Minute},
		kinds: embeddedTrouble(),
		loss:  kind{"store lost", 1, (*trouble).loseStore},
	}.play(t)
}

// play plays many stories while nearly everything goes wrong. Every issue ends as it does when nothing goes wrong, has at most one sticky
// note, every command ran once, and nothing is left in a mailbox.
func (tr trial) play(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes many seconds")
	}
	s, kinds, seed := tr.short, tr.kinds, *seedFlag
	if *longFlag {
		s, kinds = long(), append(kinds, tr.loss)
	} else if seed == 0 {
		seed = tr.seed
	}
	for seed == 0 {
		seed = rand.Uint64()
	}
	tr.setup.both = *bothFlag
	t.Logf("seed %d; again with: go test ./bot/faults -run '^%s$' -faults.seed=%d -faults.long=%t -faults.both=%t", seed, t.Name(), seed, *longFlag, *bothFlag)
	tr.setup.seed = seed
	r := newRig(t, tr.setup)
	for _, each := range r.replicas {
		each.start()
	}
	project := r.newProject("team/project")
	want := r.undisturbed(project)
	if *longFlag {
		r.remembered()
	}

	x := &trouble{rig: r, kinds: kinds, dice: rand.New(rand.NewPCG(seed, 2)), done: map[string]int{}}
	plays, err := x.during(s, project)
	if err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), s.settle)
	defer cancel()
	if err := r.settle(ctx); err != nil {
		t.Errorf("something is left: %v", err)
	}
	if err := r.alike(ctx, plays, want, project); err != nil {
		t.Error(err)
	}
	r.leave()
	lost, doubled := r.judge(plays, want, project)
	x.report(len(plays), lost, doubled)
}

// undisturbed plays each story once while nothing goes wrong, and gives the states they end in, by name.
func (r *rig) undisturbed(project int64) map[string]outcome {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	var plays []*play
	for n, s := range stories() {
		plays = append(plays, r.newPlay(s, project, fmt.Sprintf("quiet%d", n)))
	}
	if err := playAll(ctx, plays, len(plays)); err != nil {
		r.Fatalf("undisturbed: %v", err)
	}
	if err := r.settle(ctx); err != nil {
		r.Fatalf("undisturbed: %v", err)
	}
	all := r.lab.Issues(project)
	want := map[string]outcome{}
	for _, p := range plays {
		want[p.name] = p.ended(all)
		r.Logf("undisturbed, %s: %+v", p.name, want[p.name])
	}
	return want
}

// remembered waits until the replicas have noted which projects there are, which they do every minute.
func (r *rig) remembered() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Minute)
	defer cancel()
	err := r.poll(ctx, func() (bool, string) {
		for _, each := range r.replicas {
			if text, err := os.ReadFile(filepath.Join(each.data, "projects.txt")); err != nil || bytes.Count(text, []byte("\n")) < 2 {
				return false, fmt.Sprintf("%s remembers no project: %q, %v", each.name, text, err)
			}
		}
		return true, ""
	})
	if err != nil {
		r.Fatal(err)
	}
}

// playAll plays stories, some at a time, and joins their errors.
func playAll(ctx context.Context, plays []*play, atOnce int) error {
	errs := make([]error, len(plays))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for n, p := range plays {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[n] = p.run(ctx)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// during plays the stories while trouble is made.
func (x *trouble) during(s size, project int64) ([]*play, error) {
	ctx, cancel := context.WithTimeout(x.Context(), s.stories)
	defer cancel()
	kinds := stories()
	var plays []*play
	for n := range s.issues {
		plays = append(plays, x.newPlay(kinds[n%len(kinds)], project, fmt.Sprintf("person%d", n)))
	}
	over := make(chan struct{})
	var err error
	go func() {
		defer close(over)
		err = playAll(ctx, plays, s.atOnce)
	}()
	x.run(ctx, s, over)
	<-over
	return plays, err
}
