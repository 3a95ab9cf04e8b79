package faults_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	seedFlag = flag.Uint64("faults.seed", 0, "seed of the trouble in TestTrouble, 0 is any in the long form: the same seed makes the same faults in the same order")
	longFlag = flag.Bool("faults.long", false, "play 2000 issues in TestTrouble")
)

// size is how much is played.
type size struct {
	issues, atOnce  int
	trouble         time.Duration // how long it is made at most
	rest            time.Duration // between two troubles, at most
	emptied         bool          // Redis, in full work; the sweep needs minutes to find what is lost
	stories, settle time.Duration // how long they may take at most
}

// TestTrouble plays many stories while nearly everything goes wrong. Every issue ends as it does when nothing goes wrong, has at most one
// sticky note, every command ran once, and nothing is left in a mailbox.
func TestTrouble(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	s := size{issues: 40, atOnce: 10, trouble: 12 * time.Second, rest: 300 * time.Millisecond, stories: 2 * time.Minute, settle: 2 * time.Minute}
	if *longFlag {
		s = size{issues: 2000, atOnce: 60, trouble: 2 * time.Minute, rest: 500 * time.Millisecond, emptied: true, stories: 6 * time.Minute, settle: 4 * time.Minute}
	}
	seed := *seedFlag
	if seed == 0 && !*longFlag {
		seed = 3 // every change is tried by the same faults
	}
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; again with: go test ./bot/faults -run TestTrouble -faults.seed=%d -faults.long=%t", seed, seed, *longFlag)
	r := newRig(t, seed, 3, nil)
	for _, each := range r.replicas {
		each.start()
	}
	project := r.newProject("team/project")
	want := r.undisturbed(project)
	if s.emptied {
		r.remembered()
	}

	x := &trouble{rig: r, dice: rand.New(rand.NewPCG(seed, 2)), done: map[string]int{}}
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
	r.dead(ctx)
	for _, each := range r.replicas {
		each.stop()
	}
	if err := r.settle(ctx); err != nil {
		t.Errorf("something is left after the stop: %v", err)
	}
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

// judge compares how the plays ended with how they should have, and counts the issues that lack something or have something twice.
func (r *rig) judge(plays []*play, want map[string]outcome, project int64) (lost, doubled int) {
	all := r.lab.Issues(project)
	for _, p := range plays {
		got, want := p.ended(all), want[p.name]
		if n := p.stickies(); n > 1 || len(got.FollowUps) > len(want.FollowUps) || twice(got.Answers, want.Answers) {
			doubled++
			r.Errorf("%s, %s: %d sticky notes, %d follow-ups, answers %v, want %v\n%s", p.ref, p.name, n, len(got.FollowUps), got.Answers, want.Answers, p.history())
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			lost++
			r.Errorf("%s, %s: it ended differently (-undisturbed +now):\n%s%s", p.ref, p.name, diff, p.history())
		}
	}
	return lost, doubled
}

// alike waits until every play has ended as it should: what was lost with an emptied Redis is found by the next sweep.
func (r *rig) alike(ctx context.Context, plays []*play, want map[string]outcome, project int64) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	return r.poll(ctx, func() (bool, string) {
		all := r.lab.Issues(project)
		for _, p := range plays {
			if !cmp.Equal(want[p.name], p.ended(all)) {
				return false, fmt.Sprintf("%s, %s, has not ended as it should", p.ref, p.name)
			}
		}
		return true, ""
	})
}

// twice reports whether a comment has more reactions or replies than it should.
func twice(got, want []answer) bool {
	for n := range min(len(got), len(want)) {
		if len(got[n].Reactions) > len(want[n].Reactions) || got[n].Replies > want[n].Replies {
			return true
		}
	}
	return false
}

// history is what was done to the issue, by whom.
func (p *play) history() string {
	var b strings.Builder
	i := p.lab.Issue(p.ref)
	for _, n := range i.Notes {
		text, _, _ := strings.Cut(n.Text, "\n")
		fmt.Fprintf(&b, "  %s %s: %s\n", n.CreatedAt.Format("15:04:05.000"), n.Author, text)
	}
	for _, e := range i.LabelEvents {
		fmt.Fprintf(&b, "  %s %s: label %s, added %t\n", e.At.Format("15:04:05.000"), e.User, e.Label, e.Added)
	}
	for _, e := range i.WeightEvents {
		w := "none"
		if e.Weight != nil {
			w = fmt.Sprint(*e.Weight)
		}
		fmt.Fprintf(&b, "  %s %s: weight %s\n", e.At.Format("15:04:05.000"), e.User, w)
	}
	return b.String()
}

// report prints what happened.
func (x *trouble) report(issues, lost, doubled int) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, n int) { fmt.Fprintf(w, "%s\t%d\t\n", name, n) }
	sum := 0
	for _, n := range x.done {
		sum += n
	}
	line("faults injected", sum)
	for _, name := range slices.Sorted(maps.Keys(x.done)) {
		line(name, x.done[name])
	}
	road := x.road.counts()
	for _, name := range slices.Sorted(maps.Keys(road)) {
		line(name, road[name])
	}
	starts := 0
	for _, r := range x.replicas {
		starts += r.starts
	}
	line("processes started", starts)
	line("issues", issues)
	line("lost", lost)
	line("doubled", doubled)
	_ = w.Flush() // a strings.Builder takes everything
	fmt.Print(b.String())
	x.Log("\n" + b.String())
}
