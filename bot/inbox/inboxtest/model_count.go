package inboxtest

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// modelUse is the answer to a use, with its minute.
type modelUse struct {
	at      int
	allowed bool
}

func (m *model) count(t *rapid.T) {
	who := rapid.SampledFrom([]string{"one", "other"}).Draw(t, "who")
	id := rapid.StringMatching("[a-e]").Draw(t, "use")
	limit := rapid.IntRange(1, 3).Draw(t, "limit")
	window := rapid.SampledFrom([]int{1, 3, minutes(24 * time.Hour)}).Draw(t, "window")

	u := use(who, id, limit)
	u.Window = time.Duration(window) * time.Minute
	got, err := m.in.Count(m.ctx, u)
	if err != nil {
		t.Fatal(err)
	}
	var ends []int
	for name, a := range m.uses {
		if name[2:] == who && a.allowed && a.at+window > m.now {
			ends = append(ends, a.at+window)
		}
	}
	slices.Sort(ends)
	again := 0
	if len(ends) >= limit {
		again = ends[len(ends)-limit] - m.now
	}
	name := id + " " + who
	answer, known := m.uses[name]
	if !known || answer.at+minutes(24*time.Hour) <= m.now {
		answer = modelUse{m.now, again == 0}
		m.uses[name] = answer
	}
	if answer.allowed {
		again = 0
	}
	// The time that really passed shortens the wait.
	if rounded := (got.Again + time.Minute - 1).Truncate(time.Minute); got.Allowed != answer.allowed || minutes(rounded) != again {
		t.Fatalf("got %+v, want it allowed: %t, again in %d minutes", got, answer.allowed, again)
	}
}
