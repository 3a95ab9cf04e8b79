package coordination_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/coordination"
)

// use is one of so many that the person may have in an hour.
func use(who, id string, limit int) coordination.Use {
	return coordination.Use{Who: who, ID: id, Limit: limit, Window: time.Hour}
}

func (s *store) count(u coordination.Use) coordination.Permit {
	s.t.Helper()
	got, err := s.RateLimit(s.t.Context(), u)
	s.must("count", err)
	return got
}

func (s *store) allowed(u coordination.Use) {
	s.t.Helper()
	equal(s.t, "use "+u.ID, coordination.Permit{Allowed: true}, s.count(u))
}

// refused checks the time until the next use is allowed to the minute.
func (s *store) refused(u coordination.Use, again time.Duration) {
	s.t.Helper()
	got := s.count(u)
	if late := again - got.Again; got.Allowed || got.Again < 0 || late < 0 || late >= time.Minute {
		s.t.Fatalf("use %s: got %+v, want it refused for %s", u.ID, got, again)
	}
}

// countAll counts so many uses of one person by many callers and checks their answers.
func (s *store) countAll(uses int, want bool) {
	s.t.Helper()
	var group sync.WaitGroup
	const callers = 64
	for c := range callers {
		group.Go(func() {
			for n := c; n < uses; n += callers {
				got, err := s.RateLimit(s.t.Context(), use("7", fmt.Sprint(want, n), coordination.MaxUses))
				if err != nil || got.Allowed != want {
					s.t.Errorf("counting use %d: got %+v, %v, want it allowed: %t", n, got, err, want)
				}
			}
		})
	}
	group.Wait()
}

func TestRateLimit(t *testing.T) {
	cases(t, map[string]func(*testing.T, *store){
		"the window slides": func(_ *testing.T, s *store) {
			s.allowed(use("7", "1", 3))
			s.Advance(20 * time.Minute)
			s.allowed(use("7", "2", 3))
			s.allowed(use("7", "3", 3))
			s.refused(use("7", "4", 3), 40*time.Minute)
			s.Advance(39 * time.Minute)
			s.refused(use("7", "5", 3), time.Minute)
			s.Advance(time.Minute)
			s.allowed(use("7", "6", 3))
			s.refused(use("7", "7", 3), 20*time.Minute)
		},
		"one that was refused does not count": func(_ *testing.T, s *store) {
			s.allowed(use("7", "first", 1))
			for n := range 59 {
				s.Advance(time.Minute)
				s.refused(use("7", fmt.Sprint(n), 1), time.Duration(59-n)*time.Minute)
			}
			s.Advance(time.Minute)
			s.allowed(use("7", "next", 1))
		},
		"one counts once and keeps its answer": func(_ *testing.T, s *store) {
			for range 3 {
				s.allowed(use("7", "1", 2))
			}
			s.allowed(use("7", "2", 2))
			s.refused(use("7", "3", 2), time.Hour)
			s.allowed(use("7", "1", 2))
			s.allowed(use("7", "2", 2))
			s.Advance(2 * time.Hour) // there is room again, but not for the ones that have their answer
			s.refused(use("7", "3", 2), 0)
			s.allowed(use("7", "1", 2))
			s.allowed(use("7", "4", 2))
			s.allowed(use("7", "5", 2))
			s.refused(use("7", "3", 2), time.Hour)
		},
		"answers are kept for a day": func(_ *testing.T, s *store) {
			s.allowed(use("7", "1", 1))
			s.refused(use("7", "2", 1), time.Hour)
			s.Advance(coordination.KeepUses - time.Minute)
			s.allowed(use("7", "other", 1))
			s.allowed(use("7", "1", 1))
			s.refused(use("7", "2", 1), time.Hour)
			s.Advance(time.Minute)
			s.refused(use("7", "1", 1), 59*time.Minute)
			s.Advance(time.Hour)
			s.allowed(use("7", "2", 1))
			s.Advance(coordination.KeepUses - 2*time.Minute) // what was forgotten takes nothing along that came again under its name
			s.allowed(use("7", "2", 1))
		},
		"everybody has their own": func(_ *testing.T, s *store) {
			s.allowed(use("7", "1", 1))
			s.refused(use("7", "2", 1), time.Hour)
			s.allowed(use("77", "1", 1))
			s.allowed(use("8", "1", 1))
			s.refused(use("8", "2", 1), time.Hour)
		},
		"any names": func(_ *testing.T, s *store) {
			long := strings.Repeat("{}\x00é", 10_000)
			s.allowed(use(long, long, 1))
			s.allowed(use(long, long, 1))
			s.refused(use(long, long+"x", 1), time.Hour)
			s.allowed(use(long+"x", long, 1))
		},
		"a limit that was lowered": func(_ *testing.T, s *store) {
			for n := range 4 {
				s.allowed(use("7", fmt.Sprint(n), 4))
				s.Advance(10 * time.Minute)
			}
			s.refused(use("7", "x", 2), 40*time.Minute) // two must leave before the last but one does
			s.refused(use("7", "y", 4), 20*time.Minute)
			s.allowed(use("7", "z", 5))
		},
		"another window": func(_ *testing.T, s *store) {
			s.allowed(use("7", "1", 1))
			s.Advance(30 * time.Minute)
			short := use("7", "2", 1)
			short.Window = 30 * time.Minute
			s.allowed(short)
			day := use("7", "3", 2)
			day.Window = coordination.KeepUses
			s.refused(day, coordination.KeepUses-30*time.Minute)
		},
		"the highest limit is kept, and as many refusals": func(_ *testing.T, s *store) {
			s.allowed(use("7", "oldest", coordination.MaxUses))
			s.Advance(time.Millisecond)
			s.countAll(coordination.MaxUses-1, true)
			s.refused(use("7", "oldest no", coordination.MaxUses), time.Hour)
			s.Advance(time.Millisecond)
			s.countAll(coordination.MaxUses, false)
			s.Advance(time.Hour)
			s.countAll(coordination.MaxUses, false)
			s.countAll(coordination.MaxUses-1, true)
			s.allowed(use("7", "oldest no", coordination.MaxUses)) // it was forgotten: this is a new use
		},
		"many at once": func(t *testing.T, s *store) {
			const people, each, limit = 3, 40, 10
			var allowed [people]atomic.Int64
			var group sync.WaitGroup
			for p := range people {
				for n := range each {
					group.Go(func() {
						got, err := s.RateLimit(t.Context(), use(fmt.Sprint(p), fmt.Sprint(n), limit))
						if err != nil {
							t.Errorf("counting: %v", err)
						}
						if got.Allowed {
							allowed[p].Add(1)
						}
					})
				}
			}
			group.Wait()
			for p := range people {
				equal(t, fmt.Sprint("allowed uses of ", p), int64(limit), allowed[p].Load())
			}
		},
		"what cannot be counted is refused": func(t *testing.T, s *store) {
			for want, bad := range map[string]coordination.Use{
				"must not be empty":            use("", "1", 1),
				"its id must not be empty":     use("7", "", 1),
				"must be 1 to 1000, got 0":     use("7", "1", 0),
				"must be 1 to 1000, got 1001":  use("7", "1", coordination.MaxUses+1),
				"must be above 0":              {Who: "7", ID: "1", Limit: 1},
				"at most 24h0m0s, got 24h0m1s": {Who: "7", ID: "1", Limit: 1, Window: coordination.KeepUses + time.Second},
			} {
				_, err := s.RateLimit(t.Context(), bad)
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("counting %+v: got %v, want it to say %q", bad, err, want)
				}
			}
		},
	})
}

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
	got, err := m.in.RateLimit(m.ctx, u)
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
