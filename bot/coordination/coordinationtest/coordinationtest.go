// Package coordinationtest is what every store of small values owes to package coordination, as tests: the stores run the same suite.
package coordinationtest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/coordination"
)

// Open makes an empty store that uses the clock. It closes the store when the test ends.
type Open func(t *testing.T, clock *Clock) coordination.Store

// Clock is the time of a store under test: the real time, moved by what Advance added. A store takes Now or Offset.
type Clock struct{ offset atomic.Int64 }

// Now is the time of the clock.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Offset()) }

// Offset is how far the clock is ahead of the real time.
func (c *Clock) Offset() time.Duration { return time.Duration(c.offset.Load()) }

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// Skewed are the values of a store as seen by a process whose clock is ahead: the store's time is the latest that a process has named lately.
type Skewed struct {
	coordination.Store
	Ahead time.Duration
}

// Get is that of the store, at a later time.
func (s Skewed) Get(ctx context.Context, name string) ([]byte, time.Time, error) {
	value, now, err := s.Store.Get(ctx, name)
	return value, now.Add(s.Ahead), err
}

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, *store){
		"what is not there is nothing": testNothing, "only the old value is swapped": testSwap, "a value expires": testExpires,
		"any bytes": testAnyBytes, "names": testNames, "the time goes on": testTime, "many at once": testMany, "model": testModel,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &Clock{}
			run(t, &store{Store: open(t, clock), clock: clock, t: t})
		})
	}
}

// store is a store whose methods fail the test at an error.
type store struct {
	coordination.Store
	clock *Clock
	t     *testing.T
}

func (s *store) get(name string) string {
	s.t.Helper()
	value, _, err := s.Get(s.t.Context(), name)
	if err != nil {
		s.t.Fatalf("reading %.40q: %v", name, err)
	}
	if len(value) == 0 && value != nil {
		s.t.Fatalf("reading %.40q: no bytes, want nil", name)
	}
	return string(value)
}

func (s *store) want(name, value string) {
	s.t.Helper()
	if got := s.get(name); got != value {
		s.t.Fatalf("%.40q is %.40q, want %.40q", name, got, value)
	}
}

// swap checks whether a swap goes through. The value is kept for an hour.
func (s *store) swap(name, old, value string, want bool) {
	s.t.Helper()
	got, err := s.CompareAndSwap(s.t.Context(), name, []byte(old), []byte(value), time.Hour)
	if err != nil || got != want {
		s.t.Fatalf("swapping %.40q of %.40q for %.40q: got %t, %v, want %t", old, name, value, got, err, want)
	}
}

func testNothing(_ *testing.T, s *store) {
	s.want("a", "")
	s.swap("a", "x", "y", false)
	s.swap("a", "x", "", false)
	s.swap("a", "", "", true)
	s.want("a", "")
}

func testSwap(_ *testing.T, s *store) {
	s.swap("a", "", "one", true)
	s.swap("b", "", "else", true)
	s.swap("a", "", "two", false)
	s.swap("a", "two", "three", false)
	s.swap("a", "on", "two", false)
	s.want("a", "one")
	s.swap("a", "one", "two", true)
	s.want("a", "two")
	s.swap("a", "one", "", false)
	s.swap("a", "two", "", true)
	s.want("a", "")
	s.want("b", "else")
}

func testExpires(_ *testing.T, s *store) {
	s.swap("a", "", "one", true)
	s.clock.Advance(time.Hour - time.Minute)
	s.want("a", "one")
	s.swap("a", "one", "one", true) // its time begins anew
	s.clock.Advance(time.Hour - time.Minute)
	s.want("a", "one")
	s.clock.Advance(time.Minute)
	s.want("a", "")
	s.swap("a", "one", "two", false)
	s.swap("a", "", "two", true)
	s.want("a", "two")
}

func testAnyBytes(_ *testing.T, s *store) {
	value := strings.Repeat("\x00\xff\r\n{}é", 10_000)
	s.swap("a", "", value, true)
	s.want("a", value)
	s.swap("a", value[1:], "x", false)
	s.swap("a", value, "0", true)
	s.swap("a", "0", "00", true)
	s.swap("a", "0", "x", false)
	s.want("a", "00")
}

func testNames(_ *testing.T, s *store) {
	long := strings.Repeat("{}\x00é ", coordination.MaxStoreName)[:coordination.MaxStoreName]
	names := []string{long, long[:len(long)-1], "a", "A", "a ", "a*", "a:b"}
	for n, name := range names {
		s.swap(name, "", fmt.Sprint(n), true)
	}
	for n, name := range names {
		s.want(name, fmt.Sprint(n))
	}
}

func testTime(t *testing.T, s *store) {
	now := func() time.Time {
		_, now, err := s.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	began := now()
	if off := began.Sub(s.clock.Now()); off.Abs() > time.Minute {
		t.Errorf("the store's time is %s off", off)
	}
	s.clock.Advance(time.Hour)
	if passed := now().Sub(began); passed < time.Hour || passed > time.Hour+time.Minute {
		t.Errorf("%s passed, want an hour", passed)
	}
}

// Of many that add to a value, each is counted once.
func testMany(t *testing.T, s *store) {
	const callers, each = 8, 10
	var swaps atomic.Int64
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range each {
				for {
					old, _, err := s.Get(t.Context(), "a")
					if err != nil {
						t.Errorf("reading: %v", err)
						return
					}
					swapped, err := s.CompareAndSwap(t.Context(), "a", old, append(bytes.Clone(old), 'x'), time.Hour)
					if err != nil {
						t.Errorf("swapping: %v", err)
						return
					}
					if swapped {
						swaps.Add(1)
						break
					}
				}
			}
		})
	}
	group.Wait()
	if got := len(s.get("a")); got != callers*each || swaps.Load() != callers*each {
		t.Errorf("%d swaps of %d left %d bytes", swaps.Load(), callers*each, got)
	}
}

// testModel compares a store with what it should hold. Times are in whole minutes, so that the time that really passes decides nothing.
func testModel(t *testing.T, s *store) {
	type held struct {
		value string
		until int
	}
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++ // a store for all runs, with names of their own
		now, values := 0, map[string]held{}
		current := func(name string) string {
			if v := values[name]; v.until > now {
				return v.value
			}
			return ""
		}
		name := func(rt *rapid.T) string { return rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "name") }
		rt.Repeat(map[string]func(*rapid.T){
			"get": func(rt *rapid.T) {
				n := name(rt)
				got, _, err := s.Get(t.Context(), fmt.Sprint(runs, n))
				if want := current(n); err != nil || string(got) != want {
					rt.Fatalf("%s is %q, %v, want %q", n, got, err, want)
				}
			},
			"swap": func(rt *rapid.T) {
				n, value := name(rt), rapid.SampledFrom([]string{"", "one", "two", "three"})
				old, fresh, ttl := value.Draw(rt, "old"), value.Draw(rt, "new"), rapid.IntRange(1, 5).Draw(rt, "minutes")
				want := current(n) == old
				got, err := s.CompareAndSwap(t.Context(), fmt.Sprint(runs, n), []byte(old), []byte(fresh), time.Duration(ttl)*time.Minute)
				if err != nil || got != want {
					rt.Fatalf("swapping %q of %s for %q: got %t, %v, want %t", old, n, fresh, got, err, want)
				}
				if want {
					values[n] = held{fresh, now + ttl}
				}
			},
			"advance": func(rt *rapid.T) {
				by := rapid.IntRange(1, 3).Draw(rt, "minutes")
				now += by
				s.clock.Advance(time.Duration(by) * time.Minute)
			},
		})
	})
}
