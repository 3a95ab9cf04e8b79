package coordination_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/coordination"
)

func (s *store) lock(name, holder string, want bool) {
	s.t.Helper()
	got, err := s.TryLock(s.t.Context(), name, holder, time.Hour)
	s.must("turn", err)
	equal(s.t, holder+" has the lock", want, got)
}

func TestTryLock(t *testing.T) {
	cases(t, map[string]func(*testing.T, *store){
		"one at a time": func(_ *testing.T, s *store) {
			s.lock("sweep", "a", true)
			s.lock("sweep", "b", false)
			s.lock("report", "b", true)
			s.lock("report", "a", false)
		},
		"it ends with its lease": func(_ *testing.T, s *store) {
			s.lock("sweep", "a", true)
			s.Advance(time.Hour - time.Minute)
			s.lock("sweep", "b", false)
			s.Advance(time.Minute)
			s.lock("sweep", "b", true)
			s.lock("sweep", "a", false)
		},
		"its holder prolongs it": func(_ *testing.T, s *store) {
			for range 3 {
				s.lock("sweep", "a", true)
				s.Advance(time.Hour - time.Minute)
				s.lock("sweep", "b", false)
			}
			s.Advance(time.Minute)
			s.lock("sweep", "b", true)
		},
		"a shorter lease makes it shorter": func(t *testing.T, s *store) {
			s.lock("sweep", "a", true)
			_, err := s.TryLock(t.Context(), "sweep", "a", time.Minute)
			s.must("turn", err)
			s.Advance(time.Minute)
			s.lock("sweep", "b", true)
		},
		"many at once": func(t *testing.T, s *store) {
			var given atomic.Int64
			var group sync.WaitGroup
			for n := range 20 {
				group.Go(func() {
					has, err := s.TryLock(t.Context(), "sweep", fmt.Sprint(n), time.Hour)
					if err != nil {
						t.Errorf("asking for the turn: %v", err)
					}
					if has {
						given.Add(1)
					}
				})
			}
			group.Wait()
			equal(t, "turns", int64(1), given.Load())
		},
		"what cannot be is refused": func(t *testing.T, s *store) {
			long := strings.Repeat("x", coordination.MaxName+1)
			for _, bad := range []struct {
				name, holder string
				lease        time.Duration
				want         string
			}{
				{"", "a", time.Hour, `the name "" has 0 bytes`},
				{long, "a", time.Hour, "must have 1 to 200"},
				{"sweep", "", time.Hour, "the holder"},
				{"sweep", long, time.Hour, "the holder"},
				{"sweep", "a", 0, "at least a millisecond"},
			} {
				_, err := s.TryLock(t.Context(), bad.name, bad.holder, bad.lease)
				if err == nil || !strings.Contains(err.Error(), bad.want) {
					t.Errorf("%.20q, %.20q, %s: got %v, want it to say %q", bad.name, bad.holder, bad.lease, err, bad.want)
				}
			}
			s.lock(long[1:], long[1:], true)
		},
	})
}

// modelLock is a turn with the minute of its end.
type modelLock struct {
	holder string
	until  int
}

func (m *model) lock(t *rapid.T) {
	name := rapid.SampledFrom([]string{"sweep", "report"}).Draw(t, "name")
	wanted := modelLock{
		holder: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "holder"),
		until:  m.now + rapid.IntRange(1, 5).Draw(t, "minutes"),
	}
	held := m.locks[name]
	want := held.until <= m.now || held.holder == wanted.holder
	if want {
		m.locks[name] = wanted
	}
	got, err := m.in.TryLock(m.ctx, name, wanted.holder, time.Duration(wanted.until-m.now)*time.Minute)
	if err != nil || got != want {
		t.Fatalf("%s asks for %s: got %t, %v, want %t", wanted.holder, name, got, err, want)
	}
}
