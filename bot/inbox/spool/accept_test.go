package spool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/inbox/spool"
)

// While the inbox answers, its answers are the spool's.
func TestDirect(t *testing.T) {
	inBubble(t, spool.Options{}, func(t *testing.T, r *rig) {
		d := delivery(1, "a")
		d.Delay = 2 * time.Second
		r.accept(d, inbox.Stored)
		r.accept(d, inbox.Duplicate)
		if diff := cmp.Diff([]inbox.Delivery{d, d}, r.inbox.all()); diff != "" {
			t.Errorf("the inbox (-want +got):\n%s", diff)
		}
		r.inbox.become(refuses)
		if _, err := r.Enqueue(t.Context(), delivery(1, "b")); err == nil || !strings.Contains(err.Error(), "not this one") {
			t.Errorf("got %v, want the inbox's own error", err)
		}
		if r.Waiting() != 0 {
			t.Errorf("%d deliveries wait in the spool, want none", r.Waiting())
		}
		r.degraded()
	})
}

func TestInvalid(t *testing.T) {
	inBubble(t, spool.Options{}, func(t *testing.T, r *rig) {
		r.inbox.become(away)
		for _, d := range []inbox.Delivery{{ID: "no issue"}, {ID: "late", Issue: delivery(1, "").Issue, Delay: -1}} {
			if _, err := r.Enqueue(t.Context(), d); err == nil || !strings.Contains(err.Error(), d.ID) {
				t.Errorf("got %v, want an error about %q", err, d.ID)
			}
		}
		if r.Waiting() != 0 {
			t.Errorf("%d deliveries wait in the spool, want none", r.Waiting())
		}
	})
}

func TestViaSpool(t *testing.T) {
	registry := prometheus.NewRegistry()
	inBubble(t, spool.Options{Registry: registry}, func(t *testing.T, r *rig) {
		r.put(1, "a")
		r.inbox.become(away)
		r.put(1, "b", "c")
		r.put(2, "x")
		r.degraded("Redis does not answer since "+time.Now().Format(time.TimeOnly), "3 deliveries wait in the spool")
		r.accept(delivery(1, "b"), inbox.Duplicate)
		wait(10 * time.Second)
		r.got(1, "a")
		count(t, registry, "flowkeeper_spool_deliveries 3", "flowkeeper_spooled_total 3", "flowkeeper_spool_drained_total 0")

		r.inbox.become(answers)
		wait(spool.DefaultProbe)
		r.got(1, "a b c")
		r.got(2, "x")
		r.degraded()
		count(t, registry, "flowkeeper_spool_deliveries 0", "flowkeeper_spooled_total 3", "flowkeeper_spool_drained_total 3")
		r.accept(delivery(1, "c"), inbox.Duplicate)
		r.put(1, "d")
		r.got(1, "a b c d")
	})
}

// count compares metrics without labels, each "name value".
func count(t *testing.T, registry *prometheus.Registry, want ...string) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		m := f.GetMetric()[0]
		got = append(got, fmt.Sprint(f.GetName(), " ", m.GetGauge().GetValue()+m.GetCounter().GetValue()))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// A call whose answer was lost is repeated: that must be a duplicate to the inbox, also for a delivery that came without a key. But two
// deliveries without a key are two.
func TestKeyless(t *testing.T) {
	inBubble(t, spool.Options{}, func(t *testing.T, r *rig) {
		r.inbox.become(lossy)
		d := delivery(1, "a")
		d.IdempotencyKey = ""
		r.accept(d, inbox.Stored)
		r.accept(d, inbox.Stored)
		r.inbox.become(answers)
		wait(spool.DefaultProbe)
		times := map[string]int{}
		for _, d := range r.inbox.all() {
			times[d.IdempotencyKey]++
		}
		if len(times) != 2 || times[""] > 0 {
			t.Errorf("the inbox got %v, want two keys", times)
		}
	})
}

// One delivery waits for an inbox that hangs. The others, and the drain, do not all try it, too.
func TestCircuit(t *testing.T) {
	o := spool.Options{Timeout: 3 * time.Second, Probe: 5 * time.Second}
	for _, m := range []mood{hangs, late} {
		t.Run(string(m), func(t *testing.T) {
			inBubble(t, o, func(t *testing.T, r *rig) {
				r.inbox.become(m)
				took := func(want time.Duration, issue int64, id string) {
					t.Helper()
					from := time.Now()
					r.put(issue, id)
					if got := time.Since(from); got != want {
						t.Errorf("accepting %q took %s, want %s", id, got, want)
					}
				}
				took(o.Timeout, 1, "a")
				for _, id := range []string{"b", "c", "d"} {
					took(0, 1, id)
					took(0, 2, "2"+id)
				}
				if n := r.inbox.tried(); n != 1 {
					t.Errorf("the inbox was tried %d times, want once", n)
				}
				wait(4 * (o.Probe + o.Timeout))
				if n := r.inbox.tried(); n != 5 {
					t.Errorf("the inbox was tried %d times after four probes, want 5", n)
				}
				r.inbox.become(answers)
				wait(o.Probe + o.Timeout)
				r.got(1, "a b c d")
				r.got(2, "2b 2c 2d")
				r.degraded()
			})
		})
	}
}

// Whoever does not wait for the answer is no evidence against the inbox.
func TestCallerLeaves(t *testing.T) {
	inBubble(t, spool.Options{}, func(t *testing.T, r *rig) {
		r.inbox.become(hangs)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Enqueue(ctx, delivery(1, "a")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
		r.degraded()
	})
}

func TestDelay(t *testing.T) {
	for _, test := range []struct {
		name              string
		delay, away, want time.Duration
	}{
		{"none", 0, 10 * time.Second, 0},
		{"some is left", time.Minute, 20 * time.Second, 40 * time.Second},
		{"nothing is left", 2 * time.Second, 10 * time.Second, 0},
		{"the clock was set back", time.Minute, -time.Hour, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			now, set := time.Now(), time.Duration(0)
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.become(away)
				dir := t.TempDir()
				r := start(t, f, spool.Options{Dir: dir, Now: func() time.Time { return now }})
				d := delivery(1, "a")
				d.Delay = test.delay
				r.accept(d, inbox.Stored)
				r.end()

				f.become(answers)
				set = test.away
				r = start(t, f, spool.Options{Dir: dir, Now: func() time.Time { return now.Add(set) }})
				synctest.Wait()
				d.Delay = test.want
				if diff := cmp.Diff([]inbox.Delivery{d}, f.all(), cmp.Transformer("rounded", rounded)); diff != "" {
					t.Errorf("the inbox (-want +got):\n%s", diff)
				}
				r.end()
			})
		})
	}
}

// rounded is to the millisecond: the file keeps times to the microsecond.
func rounded(d time.Duration) string { return d.Round(time.Millisecond).String() }

func TestFull(t *testing.T) {
	for _, test := range []struct {
		name string
		o    spool.Options
		want string
	}{
		{"deliveries", spool.Options{Max: 2}, "it holds 2 deliveries of at most 2"},
		{"bytes", spool.Options{MaxBytes: 200}, "bytes of at most 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.o, func(t *testing.T, r *rig) {
				r.inbox.become(away)
				r.put(1, "a", "b")
				_, err := r.Enqueue(t.Context(), delivery(2, "c"))
				if !errors.Is(err, spool.ErrFull) || !errors.Is(err, inbox.ErrUnavailable) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want full and unavailable and %q", err, test.want)
				}
				r.accept(delivery(1, "a"), inbox.Duplicate)
				r.degraded("Redis does not answer", "2 deliveries wait")
				if test.o.Max > 0 {
					r.degraded("the spool is full")
				}
				r.inbox.become(answers)
				wait(spool.DefaultProbe)
				r.degraded()
				r.inbox.become(away)
				r.put(1, "d", "e")
			})
		})
	}
}
