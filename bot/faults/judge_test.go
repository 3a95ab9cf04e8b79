package faults_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
)

// judge compares how the plays ended with how they should have, and counts the issues that lack something or have something twice.
func (r *rig) judge(plays []*play, want map[string]outcome, project int64) (lost, doubled int) {
	all := r.lab.Issues(project)
	for _, p := range plays {
		got, want := p.ended(all), want[p.name]
		if n := p.stickies(); n > 1 || len(got.FollowUps) > len(want.FollowUps) || got.saidTwice(want) || twice(got.Answers, want.Answers) {
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

// alike waits until every play has ended as it should: what was lost with a store is found by the next sweep.
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

// leave wants no dead letters, no mail, and, once all replicas have stopped, no leases. It has a time of its own: if issues were lost, that was
// spent on waiting for them.
func (r *rig) leave() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	r.dead(ctx)
	if err := r.settle(ctx); err != nil {
		r.Errorf("something is left: %v", err)
	}
	for _, each := range r.replicas {
		each.stop()
	}
	// What waits now a sweep has asked for since; all that was delivered was handled before.
	if s, err := r.store.Stats(ctx); err != nil || s.Leased > 0 {
		r.Errorf("after the stop %d issues are leased: %v", s.Leased, err)
	}
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

// saidTwice reports whether policies made a comment more often than they should, on the issue or on its merge requests.
func (o outcome) saidTwice(want outcome) bool {
	for n := range min(len(o.Requests), len(want.Requests)) {
		if o.Requests[n].Words > want.Requests[n].Words {
			return true
		}
	}
	return o.Words > want.Words
}

// history is what was done to the issue, by whom.
func (p *play) history() string {
	var b strings.Builder
	i := p.lab.Issue(p.ref)
	for _, n := range i.Notes {
		text, _, _ := strings.Cut(strings.ReplaceAll(n.Text, "\n", " / "), "<!--")
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
