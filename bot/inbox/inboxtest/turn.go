package inboxtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/inbox"
)

func (s *store) turn(name, holder string, want bool) {
	s.t.Helper()
	got, err := s.Turn(s.t.Context(), name, holder, time.Hour)
	s.must("turn", err)
	equal(s.t, holder+" has the turn", want, got)
}

func testTurn(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"one at a time": func(_ *testing.T, s *store) {
			s.turn("sweep", "a", true)
			s.turn("sweep", "b", false)
			s.turn("report", "b", true)
			s.turn("report", "a", false)
		},
		"it ends with its lease": func(_ *testing.T, s *store) {
			s.turn("sweep", "a", true)
			s.Advance(time.Hour - time.Minute)
			s.turn("sweep", "b", false)
			s.Advance(time.Minute)
			s.turn("sweep", "b", true)
			s.turn("sweep", "a", false)
		},
		"its holder prolongs it": func(_ *testing.T, s *store) {
			for range 3 {
				s.turn("sweep", "a", true)
				s.Advance(time.Hour - time.Minute)
				s.turn("sweep", "b", false)
			}
			s.Advance(time.Minute)
			s.turn("sweep", "b", true)
		},
		"a shorter lease makes it shorter": func(t *testing.T, s *store) {
			s.turn("sweep", "a", true)
			_, err := s.Turn(t.Context(), "sweep", "a", time.Minute)
			s.must("turn", err)
			s.Advance(time.Minute)
			s.turn("sweep", "b", true)
		},
		"many at once": func(t *testing.T, s *store) {
			var given atomic.Int64
			var group sync.WaitGroup
			for n := range 20 {
				group.Go(func() {
					has, err := s.Turn(t.Context(), "sweep", fmt.Sprint(n), time.Hour)
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
			long := strings.Repeat("x", inbox.MaxName+1)
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
				_, err := s.Turn(t.Context(), bad.name, bad.holder, bad.lease)
				if err == nil || errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), bad.want) {
					t.Errorf("%.20q, %.20q, %s: got %v, want it to say %q", bad.name, bad.holder, bad.lease, err, bad.want)
				}
			}
			s.turn(long[1:], long[1:], true)
		},
	})
}

// modelTurn is a turn with the minute of its end.
type modelTurn struct {
	holder string
	until  int
}

func (m *model) turn(t *rapid.T) {
	name := rapid.SampledFrom([]string{"sweep", "report"}).Draw(t, "name")
	wanted := modelTurn{
		holder: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "holder"),
		until:  m.now + rapid.IntRange(1, 5).Draw(t, "minutes"),
	}
	held := m.turns[name]
	want := held.until <= m.now || held.holder == wanted.holder
	if want {
		m.turns[name] = wanted
	}
	got, err := m.in.Turn(m.ctx, name, wanted.holder, time.Duration(wanted.until-m.now)*time.Minute)
	if err != nil || got != want {
		t.Fatalf("%s asks for %s: got %t, %v, want %t", wanted.holder, name, got, err, want)
	}
}
