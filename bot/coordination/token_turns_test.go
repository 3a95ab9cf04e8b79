package coordination_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/coordination/coordinationtest"
)

func TestTokenTurns(t *testing.T) {
	// A token a second, four at most. No test of a case takes as long as a token.
	base := coordination.Bucket{Name: "api", Rate: 1, Burst: 4, Reserve: 1}
	as := func(who string, urgent bool) coordination.Bucket {
		b := base
		b.Who, b.Urgent = who, urgent
		return b
	}
	first, second, third, hasty, nobody := as("first", false), as("second", false), as("third", false), as("hasty", true), as("", false)
	const s = time.Second
	cases(t, map[string]func(*testing.T, *store){
		"who came first is first": func(_ *testing.T, st *store) {
			st.take(nobody, 3, 0)
			st.take(first, 1, s)
			st.take(second, 1, 2*s)
			st.take(third, 1, 3*s)
			st.Advance(s)
			st.take(third, 1, 2*s)
			st.take(nobody, 1, 3*s)
			st.take(second, 1, s)
			st.take(first, 1, 0)
			st.take(first, 1, 3*s)
			st.Advance(s)
			st.take(third, 1, s)
			st.take(second, 1, 0)
		},
		"who does not come back holds up nobody for long": func(_ *testing.T, st *store) {
			st.take(nobody, 3, 0)
			st.take(first, 1, s)
			st.take(second, 1, 2*s)
			st.Advance(2 * s)
			st.take(second, 1, 0)
			st.take(second, 1, s)
			st.Advance(coordination.KeepPlace - 2*s)
			st.take(second, 3, 0)
		},
		"who asks again keeps its place": func(_ *testing.T, st *store) {
			slow := func(who string) coordination.Bucket {
				b := as(who, false)
				b.Rate = 1. / 60
				return b
			}
			st.take(slow(""), 3, 0)
			st.take(slow("first"), 1, time.Minute)
			st.take(slow("second"), 1, 2*time.Minute)
			for n := range 4 {
				st.Advance(12 * s)
				st.take(slow("second"), 1, 2*time.Minute-time.Duration(n+1)*12*s)
				st.take(slow("first"), 1, time.Minute-time.Duration(n+1)*12*s)
			}
			st.Advance(12 * s)
			st.take(slow("second"), 1, time.Minute)
			st.take(slow("first"), 1, 0)
		},
		"urgent takers go first, and leave one in ten": func(_ *testing.T, st *store) {
			st.take(hasty, 4, 0)
			st.take(first, 1, 2*s)
			for n := range coordination.Share - 1 {
				st.Advance(s)
				st.take(first, 1, min(s, time.Duration(n+1)*s))
				st.take(hasty, 1, 0)
			}
			st.Advance(s)
			st.take(hasty, 1, s)
			st.take(first, 1, 0)
			st.take(hasty, 1, s)
			st.Advance(s)
			st.take(hasty, 1, 0)
		},
		"the smaller size counts for all": func(_ *testing.T, st *store) {
			large := coordination.Bucket{Name: "api", Rate: 1000, Burst: 1000, Reserve: 500, Who: "large"}
			st.take(first, 3, 0)
			st.take(large, 1, s)
			st.Advance(s)
			st.take(large, 1, 0)
			st.take(first, 1, s)
		},
		"a larger size counts when the smaller one is not asked for any more": func(_ *testing.T, st *store) {
			large := coordination.Bucket{Name: "api", Rate: 10, Burst: 40, Reserve: 1}
			st.take(first, 1, 0)
			st.Advance(coordination.KeepSize + s)
			for range 13 {
				st.take(large, 1, 0)
			}
			st.take(large, 1, s)
		},
	})
}

// TestEveryTakerGetsItsTurn has takers of any kind come, ask again when they are told to or later, and give up without a word. Whoever keeps
// asking gets a token within a bound.
func TestEveryTakerGetsItsTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const rate = 5
		clock := &coordinationtest.Clock{}
		memory := coordination.NewMemory(clock.Now)
		in := coordination.New(memory, memory, nil)
		type taker struct {
			bucket coordination.Bucket
			since  time.Duration // it came, or got its last token
			next   time.Duration // it asks
		}
		var takers []*taker
		count := rapid.IntRange(1, 6).Draw(t, "takers")
		for n := range count {
			b := coordination.Bucket{Name: "api", Rate: rate, Burst: 10, Reserve: 2, Who: fmt.Sprint(n), Urgent: rapid.Bool().Draw(t, "urgent")}
			if rapid.Bool().Draw(t, "knows no limit") {
				b.Rate, b.Burst, b.Reserve = 100*rate, 1000, 200
			}
			takers = append(takers, &taker{bucket: b})
		}
		takers[0].bucket.Rate, takers[0].bucket.Burst, takers[0].bucket.Reserve = rate, 10, 2
		// In the worst case a taker waits for one token of each of the others, for each of which urgent takers have got nine, for a taker that is
		// gone to lose its place, and for its own sleep.
		most := time.Duration(count)*coordination.Share*time.Second/rate + coordination.KeepPlace + 3*time.Second
		const step = 100 * time.Millisecond
		for now := time.Duration(0); now < 90*time.Second; now += step {
			for _, k := range takers {
				if waited := now - k.since; waited > most {
					t.Fatalf("%+v waited %s, want %s at most", k.bucket, waited, most)
				}
				if now < k.next {
					continue
				}
				wait, _, err := in.TakeTokens(t.Context(), k.bucket, 1)
				if err != nil {
					t.Fatal(err)
				}
				k.next = now + min(wait, 10*time.Second)
				if rapid.IntRange(0, 9).Draw(t, "late") == 0 {
					k.next += time.Second
				}
				if wait == 0 {
					k.since = now
				}
				if k != takers[0] && rapid.IntRange(0, 49).Draw(t, "gives up") == 0 {
					k.next = now + rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Second}).Draw(t, "for")
					k.since = k.next
				}
			}
			clock.Advance(step)
		}
	})
}

// TestOlderProcesses: while processes are replaced, those of a version that knew no turns take from the same bucket. They write down nobody's place
// and no reserve.
func TestOlderProcesses(t *testing.T) {
	now := time.Unix(1e9, 0)
	memory := coordination.NewMemory(func() time.Time { return now })
	in := coordination.New(memory, memory, nil)
	b := coordination.Bucket{Name: "api", Rate: 1, Burst: 10, Reserve: 2, Who: "new"}
	take := func(want time.Duration) {
		t.Helper()
		if wait, _, err := in.TakeTokens(t.Context(), b, 1); err != nil || wait != want {
			t.Fatalf("got a wait of %s, %v, want %s", wait, err, want)
		}
	}
	// older has such a process take tokens, and checks how many it sees.
	older := func(n, sees float64) {
		t.Helper()
		value, _, err := memory.Get(t.Context(), "bucket/api")
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]float64{"l": 10, "t": float64(now.UnixMicro()), "r": 1, "b": 10}
		if value != nil {
			var all map[string]any
			if err := json.Unmarshal(value, &all); err != nil {
				t.Fatal(err)
			}
			for name := range known {
				known[name], _ = all[name].(float64)
			}
		}
		if left := known["l"] + float64(now.UnixMicro())/1e6 - known["t"]/1e6; math.Abs(left-sees) > 0.001 {
			t.Fatalf("the older process sees %f tokens, want %f", left, sees)
		}
		changed, err := json.Marshal(map[string]any{"l": sees - n, "t": now.UnixMicro(), "r": known["r"], "b": known["b"]})
		if err != nil {
			t.Fatal(err)
		}
		if swapped, err := memory.CompareAndSwap(t.Context(), "bucket/api", value, changed, coordination.KeepBuckets); !swapped || err != nil {
			t.Fatal(swapped, err)
		}
	}
	older(7, 10)
	take(0)
	take(time.Second)
	now = now.Add(time.Second)
	older(1, 3)
	take(time.Second)
	now = now.Add(time.Second)
	take(0)
	older(2, 2)
	take(3 * time.Second)
}
