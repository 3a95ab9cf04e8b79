package coordination_test

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/coordination/coordinationtest"
)

// take checks after how long n tokens can be had, 0 if they were taken, to the second: some time really passes.
func (s *store) take(b coordination.Bucket, n int, want time.Duration) {
	s.t.Helper()
	got, _, err := s.TakeTokens(s.t.Context(), b, n)
	s.must("take", err)
	if late := want - got; (got == 0) != (want == 0) || late < 0 || late >= time.Second {
		s.t.Fatalf("taking %d: got a wait of %s, want %s", n, got, want)
	}
}

func (s *store) lower(name string, left int) {
	s.t.Helper()
	s.must("level", s.LowerTo(s.t.Context(), name, left))
}

func TestTokenBucket(t *testing.T) {
	// A token a minute, ten at most, so that the time that really passes fills nothing.
	slow := coordination.Bucket{Name: "api", Rate: 1. / 60, Burst: 10}
	modest := slow
	modest.Reserve = 4
	cases(t, map[string]func(*testing.T, *store){
		"it holds its burst and fills at its rate": func(_ *testing.T, s *store) {
			s.take(slow, 4, 0)
			s.take(slow, 6, 0)
			s.take(slow, 1, time.Minute)
			s.take(slow, 5, 5*time.Minute)
			s.Advance(2 * time.Minute)
			s.take(slow, 3, time.Minute)
			s.take(slow, 2, 0)
			s.Advance(time.Hour)
			s.take(slow, 10, 0)
			s.take(slow, 1, time.Minute)
		},
		"who was turned away took nothing": func(_ *testing.T, s *store) {
			s.take(slow, 8, 0)
			for range 5 {
				s.take(slow, 3, time.Minute)
			}
			s.take(slow, 2, 0)
		},
		"who waits as long as told gets them": func(t *testing.T, s *store) {
			odd := coordination.Bucket{Name: "odd", Rate: 1. / 7, Burst: 3}
			s.take(odd, 3, 0)
			for range 20 {
				wait, _, err := s.TakeTokens(t.Context(), odd, 1)
				s.must("take", err)
				s.Advance(wait)
				s.take(odd, 1, 0)
			}
		},
		"some leave a reserve for others": func(_ *testing.T, s *store) {
			s.take(modest, 6, 0)
			s.take(modest, 1, time.Minute)
			s.take(slow, 3, 0)
			s.take(modest, 1, 4*time.Minute)
			s.take(slow, 1, 0)
		},
		"each name has its own": func(_ *testing.T, s *store) {
			s.take(slow, 10, 0)
			other := slow
			other.Name = "other {x}"
			s.take(other, 10, 0)
			s.take(other, 1, time.Minute)
		},
		"a level lowers": func(_ *testing.T, s *store) {
			s.take(slow, 1, 0)
			s.lower("api", 2)
			s.take(slow, 3, time.Minute)
			s.take(slow, 2, 0)
			s.Advance(5 * time.Minute)
			s.lower("api", 0)
			s.take(slow, 1, time.Minute)
		},
		"a level never raises": func(_ *testing.T, s *store) {
			s.take(slow, 9, 0)
			s.lower("api", 5)
			s.lower("api", 1000)
			s.take(slow, 2, time.Minute)
			s.take(slow, 1, 0)
			s.lower("api", 1)
			s.take(slow, 1, time.Minute)
		},
		"a level of a bucket that nobody took from": func(_ *testing.T, s *store) {
			s.lower("api", 3)
			s.lower("api", 5)
			s.take(slow, 4, time.Minute)
			s.lower("other", 1000)
			other := slow
			other.Name = "other"
			s.take(other, 10, 0)
			s.take(other, 1, time.Minute)
		},
		"a bucket is forgotten when it is full for sure": func(_ *testing.T, s *store) {
			s.take(slow, 10, 0)
			s.Advance(2 * coordination.KeepBuckets)
			s.take(slow, 10, 0)
		},
		"many at once": func(t *testing.T, s *store) {
			var taken atomic.Int64
			var group sync.WaitGroup
			for range 40 {
				group.Go(func() {
					wait, _, err := s.TakeTokens(t.Context(), slow, 1)
					if err != nil {
						t.Errorf("taking: %v", err)
					}
					if wait == 0 {
						taken.Add(1)
					}
				})
			}
			group.Wait()
			equal(t, "taken", int64(slow.Burst), taken.Load())
		},
		"what can never be is refused": func(t *testing.T, s *store) {
			for want, bad := range map[string]struct {
				bucket coordination.Bucket
				n      int
			}{
				"the name":                    {coordination.Bucket{Rate: 1, Burst: 1}, 1},
				"the rate 0":                  {coordination.Bucket{Name: "a", Burst: 1}, 1},
				"the rate NaN":                {coordination.Bucket{Name: "a", Rate: math.NaN(), Burst: 1}, 1},
				"the rate +Inf":               {coordination.Bucket{Name: "a", Rate: math.Inf(1), Burst: 1}, 1},
				"the burst 0":                 {coordination.Bucket{Name: "a", Rate: 1}, 1},
				"full again within 24h0m0s":   {coordination.Bucket{Name: "a", Rate: 1, Burst: 24*3600 + 1}, 1},
				"11 tokens can never":         {slow, 11},
				"0 tokens can never":          {slow, 0},
				"holds 10, 4 of them":         {modest, 7},
				"holds 10, -1 of them":        {coordination.Bucket{Name: "a", Rate: 1, Burst: 10, Reserve: -1}, 1},
				"7 tokens can never be taken": {modest, 7},
			} {
				_, _, err := s.TakeTokens(t.Context(), bad.bucket, bad.n)
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("taking %d from %+v: got %v, want it to say %q", bad.n, bad.bucket, err, want)
				}
			}
			for want, err := range map[string]error{
				"the name":           s.LowerTo(t.Context(), "", 1),
				"must be 0 or above": s.LowerTo(t.Context(), "a", -1),
			} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
		},
	})
}

// TestClocksDiffer: a store may tell two processes times that are a second apart. That brings the bucket forward by a second, once, and not each
// time that they ask by turns.
func TestClocksDiffer(t *testing.T) {
	now := time.Unix(1e9, 0)
	memory := coordination.NewMemory(func() time.Time { return now })
	b := coordination.Bucket{Name: "api", Rate: 2, Burst: 100}
	var takers [2]coordination.Bucket
	var processes [2]*coordination.Coordinator
	for n, ahead := range []time.Duration{0, time.Second} {
		takers[n], takers[n].Who = b, strconv.Itoa(n)
		skewed := coordinationtest.Skewed{Store: memory, Ahead: ahead}
		processes[n] = coordination.New(skewed, skewed, nil)
	}
	// turns has them ask by turns, and counts who got a token.
	turns := func(rounds int) (got [2]int) {
		for range rounds {
			for n, p := range processes {
				wait, _, err := p.TakeTokens(t.Context(), takers[n], 1)
				if err != nil {
					t.Fatal(err)
				}
				if wait == 0 {
					got[n]++
				}
			}
		}
		return got
	}
	turns(500)
	var got [2]int
	const seconds = 60
	for range seconds {
		now = now.Add(time.Second)
		for n, more := range turns(10) {
			got[n] += more
		}
	}
	if want := [2]int{seconds, seconds}; got != want {
		t.Errorf("%d tokens in %d seconds, want %d", got, seconds, want)
	}
	for range 10 {
		if err := processes[0].LowerTo(t.Context(), b.Name, 0); err != nil {
			t.Fatal(err)
		}
		if got := turns(1); got[0]+got[1] > 0 {
			t.Error("a token came into an empty bucket while no time went by")
		}
	}
	// More than that is a clock that was put right: the bucket does not wait for the old time to come back.
	now = now.Add(-time.Hour)
	turns(1)
	now = now.Add(time.Second)
	if got := turns(2); got[0]+got[1] == 0 {
		t.Error("the bucket stays empty behind a clock that was put back")
	}
}

// modelBucket gets a token a minute.
var modelBucket = coordination.Bucket{Name: "api", Rate: 1. / 60, Burst: 5}

// left is what is in the model's bucket now. After a day without a change it is forgotten, and full.
func (m *model) left() int {
	if m.now-m.filled >= minutes(coordination.KeepBuckets) {
		m.taken, m.tokens = false, modelBucket.Burst
	}
	return min(modelBucket.Burst, m.tokens+m.now-m.filled)
}

func (m *model) take(t *rapid.T) {
	b := modelBucket
	b.Reserve = rapid.IntRange(0, 2).Draw(t, "reserve")
	n := rapid.IntRange(1, b.Burst-b.Reserve).Draw(t, "tokens")
	missing := max(0, n+b.Reserve-m.left())
	if missing == 0 {
		m.taken, m.tokens, m.filled = true, m.left()-n, m.now
	}
	got, _, err := m.in.TakeTokens(m.ctx, b, n)
	// The time that really passed shortens the wait.
	if rounded := (got + time.Minute - 1).Truncate(time.Minute); err != nil || minutes(rounded) != missing {
		t.Fatalf("taking %d with %d reserved: got %s, %v, want a wait of %d minutes", n, b.Reserve, got, err, missing)
	}
}

func (m *model) lower(t *rapid.T) {
	to := rapid.IntRange(0, modelBucket.Burst+1).Draw(t, "left")
	left := m.left()
	if !m.taken { // nobody knows its rate, so how much came is not known
		left = m.tokens
	}
	if !m.taken || left > to {
		m.tokens, m.filled = min(left, to), m.now
	}
	if err := m.in.LowerTo(m.ctx, modelBucket.Name, to); err != nil {
		t.Fatal(err)
	}
}
