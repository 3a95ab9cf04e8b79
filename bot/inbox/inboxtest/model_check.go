package inboxtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// check compares what can be seen without changing it.
func (m *model) check(t *rapid.T) {
	want := inbox.Stats{DeadLetters: len(m.dead)}
	first := m.now
	for _, b := range m.boxes {
		if len(b.mail) > 0 {
			want.Issues++
		}
		want.Deliveries += len(b.mail)
		if b.lease != 0 && b.until > m.now {
			want.Leased++
		}
		if at := b.claimable(); at != nil {
			first = min(first, *at)
		}
	}
	want.Oldest = time.Duration(m.now-first) * time.Minute
	got, err := m.in.Stats(m.ctx)
	if err != nil {
		t.Fatal(err)
	}
	got.Oldest = got.Oldest.Truncate(time.Minute)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("stats (-want +got):\n%s", diff)
	}
	for n, b := range m.boxes {
		memories, err := m.in.Memories(m.ctx, []triage.Ref{issue(n)})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(memories[0]), b.remembers(m.now); got != want {
			t.Fatalf("memory of %s is %q, want %q", issue(n), got, want)
		}
	}
	letters, err := m.in.DeadLetters(m.ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(letters, func(a, b inbox.DeadLetter) int { return cmp.Compare(number(a.Issue), number(b.Issue)) })
	if len(letters) != len(m.dead) {
		t.Fatalf("got %d letters, want %d", len(letters), len(m.dead))
	}
	for i, n := range slices.Sorted(maps.Keys(m.dead)) {
		l := m.dead[n]
		slices.Sort(l.mail)
		checkMail(t, l.mail, letters[i].Deliveries)
		want := inbox.DeadLetter{
			Issue: issue(n), DeadSince: letters[i].DeadSince, Cause: l.cause, Attempts: l.attempts, Woken: l.woken,
			Deliveries: letters[i].Deliveries,
		}
		if diff := gocmp.Diff(want, letters[i]); diff != "" {
			t.Fatalf("letter (-want +got):\n%s", diff)
		}
	}
}

func checkMail(t *rapid.T, want []int, got []inbox.Message) {
	var numbers []string
	for _, d := range got {
		numbers = append(numbers, string(d.Body))
	}
	var all []string
	for _, n := range want {
		all = append(all, fmt.Sprint(n))
	}
	if diff := gocmp.Diff(all, numbers); diff != "" {
		t.Fatalf("deliveries (-want +got):\n%s", diff)
	}
}

func without(mail, taken []int) []int {
	return slices.DeleteFunc(slices.Clone(mail), func(n int) bool { return slices.Contains(taken, n) })
}

func minutes(d time.Duration) int { return int(d / time.Minute) }
