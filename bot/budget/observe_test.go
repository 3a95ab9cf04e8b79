package budget_test

import (
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/budget"
)

// waits are how long one call of each kind waits. It asks in their order, the most patient kind last.
type waits struct{ Command, Call, Reply, Note time.Duration }

// next measures, to the second: a sleep is a little longer than the reason for it.
func next(t *testing.T, b *budget.Budget) waits {
	t.Helper()
	urgent := budget.Urgent(t.Context())
	var w waits
	began := time.Now()
	for _, one := range []struct {
		took *time.Duration
		note bool
		now  bool
	}{{&w.Command, false, true}, {&w.Call, false, false}, {&w.Reply, true, true}, {&w.Note, true, false}} {
		ctx := t.Context()
		if one.now {
			ctx = urgent
		}
		if err := b.Wait(ctx, one.note); err != nil {
			t.Fatal(err)
		}
		*one.took = time.Since(began).Truncate(time.Second)
	}
	return w
}

// with are headers with some more, or others.
func with(h http.Header, more http.Header) http.Header {
	h = maps.Clone(h)
	maps.Copy(h, more)
	return h
}

// One answer of GitLab, and how long the calls after it wait, each started when the one before was let through.
func TestObserve(t *testing.T) {
	const s = time.Second
	refused := http.Header{"Retry-After": {"30"}}
	for name, tt := range map[string]struct {
		note    bool
		status  int
		headers func() http.Header
		want    waits
	}{
		"nothing said":               {false, 200, func() http.Header { return nil }, waits{}},
		"plenty left":                {false, 200, func() http.Header { return headers(2000, 1900, 40*s) }, waits{}},
		"less than the bucket holds": {false, 200, func() http.Header { return headers(2000, 100, 40*s) }, waits{}},
		"only the reserve left":      {false, 200, func() http.Header { return headers(2000, 50, 40*s) }, waits{0, 40 * s, 40 * s, 40 * s}},
		"nothing left":               {false, 200, func() http.Header { return headers(2000, 0, 40*s) }, waits{40 * s, 40 * s, 40 * s, 40 * s}},
		"less than nothing left":     {false, 200, func() http.Header { return headers(2000, -7, 40*s) }, waits{40 * s, 40 * s, 40 * s, 40 * s}},
		"nothing left in the past":   {false, 200, func() http.Header { return headers(2000, 0, -s) }, waits{}},
		"nothing left for a year":    {false, 200, func() http.Header { return headers(2000, 0, 8760*time.Hour) }, waits{600 * s, 600 * s, 600 * s, 600 * s}},
		"another limit is spent": {false, 200, func() http.Header {
			return with(headers(2000, 0, 40*s), http.Header{"Ratelimit-Name": {"throttle_authenticated_web"}})
		}, waits{}},
		"no limit is named": {false, 200, func() http.Header {
			return with(headers(2000, 0, 40*s), http.Header{"Ratelimit-Name": nil})
		}, waits{}},
		"not a number": {false, 200, func() http.Header {
			return with(headers(2000, 0, 40*s), http.Header{"Ratelimit-Remaining": {"none"}})
		}, waits{}},
		"not a limit":         {false, 200, func() http.Header { return headers(0, 0, 40*s) }, waits{}},
		"refused":             {false, 429, func() http.Header { return refused }, waits{30 * s, 30 * s, 30 * s, 30 * s}},
		"refused until later": {false, 429, func() http.Header { return http.Header{"Retry-After": {"20"}} }, waits{20 * s, 20 * s, 20 * s, 20 * s}},
		"refused until a date": {false, 429, func() http.Header {
			return http.Header{"Retry-After": {time.Now().Add(20 * s).UTC().Format(http.TimeFormat)}}
		}, waits{20 * s, 20 * s, 20 * s, 20 * s}},
		"refused without a word":        {false, 429, func() http.Header { return nil }, waits{60 * s, 60 * s, 60 * s, 60 * s}},
		"refused with nonsense":         {false, 429, func() http.Header { return http.Header{"Retry-After": {"soon"}} }, waits{60 * s, 60 * s, 60 * s, 60 * s}},
		"refused for ever":              {false, 429, func() http.Header { return http.Header{"Retry-After": {"9999999999"}} }, waits{600 * s, 600 * s, 600 * s, 600 * s}},
		"refused until just now":        {false, 429, func() http.Header { return http.Header{"Retry-After": {"0"}} }, waits{}},
		"refused until before":          {false, 429, func() http.Header { return http.Header{"Retry-After": {"-5"}} }, waits{}},
		"refused, as all are spent":     {false, 429, func() http.Header { return with(headers(2000, 0, 30*s), refused) }, waits{30 * s, 30 * s, 30 * s, 30 * s}},
		"refused by a limit of its own": {false, 429, func() http.Header { return with(headers(2000, 1000, 10*s), refused) }, waits{}},
		"a note refused by its limit":   {true, 429, func() http.Header { return with(headers(2000, 1000, 10*s), refused) }, waits{0, 0, 30 * s, 30 * s}},
		"a note refused without limits": {true, 429, func() http.Header { return refused }, waits{0, 0, 30 * s, 30 * s}},
		"a note refused as all are":     {true, 429, func() http.Header { return with(headers(2000, 0, 30*s), refused) }, waits{30 * s, 30 * s, 30 * s, 30 * s}},
		"unavailable":                   {false, 503, func() http.Header { return refused }, waits{}},
	} {
		for kind, mood := range map[string]mood{"": answers, ", the store away": away} {
			t.Run(name+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					st := newStore()
					st.be(mood)
					b := newBudget(t, budget.Options{Store: st})
					took(t, t.Context(), b, tt.note)
					b.Observe(tt.note, tt.status, tt.headers())
					if d := cmp.Diff(tt.want, next(t, b)); d != "" {
						t.Errorf("waits (-want +got):\n%s", d)
					}
				})
			})
		}
	}
}

// atOnce is how many urgent calls are let through within a millisecond.
func atOnce(t *testing.T, b *budget.Budget) int {
	t.Helper()
	var p passes
	flood(budget.Urgent(ends(t, time.Millisecond)), 2, b, false, &p)
	return p.count()
}

// What GitLab says of its limits is the most that is spent next, by the replica that heard it and, as soon as that has something to do,
// by all.
func TestObserveLowersTheBucket(t *testing.T) {
	for name, tt := range map[string]struct {
		status  int
		headers func() http.Header
		rest    time.Duration // until the calls
		want    int           // at once, of 250
	}{
		"few left":              {200, func() http.Header { return headers(2000, 60, time.Minute) }, 0, 60},
		"few left, a bit later": {200, func() http.Header { return headers(2000, 60, time.Minute) }, 2 * time.Second, 110},
		"nothing left":          {200, func() http.Header { return headers(2000, 0, 3*time.Second) }, 4 * time.Second, 100},
		"refused":               {429, func() http.Header { return http.Header{"Retry-After": {"3"}} }, 4 * time.Second, 100},
	} {
		t.Run(name+", alone", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(t, budget.Options{})
				b.Observe(false, tt.status, tt.headers())
				pass(tt.rest)
				if got := atOnce(t, b); got != tt.want {
					t.Errorf("%d calls at once, want %d", got, tt.want)
				}
			})
		})
		t.Run(name+", another replica", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				hears, other := newBudget(t, budget.Options{Store: s}), newBudget(t, budget.Options{Store: s})
				took(t, t.Context(), hears, false)
				pass(time.Minute)
				hears.Observe(false, tt.status, tt.headers())
				want := tt.want
				if hears.Wait(ends(t, time.Nanosecond), false) == nil {
					want-- // one of them was this
				}
				pass(tt.rest)
				if got := atOnce(t, other); got != want {
					t.Errorf("%d calls at once, want %d", got, want)
				}
			})
		})
	}
}

// A reset that has passed is no news.
func TestObservedIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		b := newBudget(t, budget.Options{Store: s})
		took(t, t.Context(), b, false)
		b.Observe(false, 200, headers(2000, 0, 30*time.Second))
		pass(31 * time.Second)
		if got := next(t, b); got != (waits{}) {
			t.Errorf("waits %+v after the reset, want none", got)
		}
	})
}

// The rate follows a limit of GitLab's that is lower than what was asked for, and back.
func TestLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		limit int
		most  int // in a minute, the burst included
	}{
		"higher": {10_000, 700},
		"lower":  {350, 350},
		"tiny":   {6, 7}, // a burst is two calls at least
		"one":    {1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(t, budget.Options{Store: newStore(), PerMinute: 600})
				took(t, t.Context(), b, false)
				b.Observe(false, 200, headers(tt.limit, 100_000, time.Minute))
				pass(10 * time.Minute)
				var low, high passes
				flood(budget.Urgent(ends(t, time.Minute)), 3, b, false, &low)
				if got := low.count(); got > tt.most || got < tt.most-2-tt.most/50 {
					t.Errorf("%d calls in a minute, want %d", got, tt.most)
				}
				b.Observe(false, 200, headers(2000, 100_000, time.Minute))
				pass(10 * time.Minute)
				flood(budget.Urgent(ends(t, time.Minute)), 3, b, false, &high)
				if got := high.count(); got > 700 || got < 690 {
					t.Errorf("%d calls in a minute after the limit was raised, want 700", got)
				}
			})
		})
	}
}

// A limit that is raised gives no credit for the time before.
func TestLimitRaised(t *testing.T) {
	for kind, open := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(t, budget.Options{Store: open(t), PerMinute: 600})
				b.Observe(false, 200, headers(6, 100_000, time.Minute))
				pass(time.Minute)
				b.Observe(false, 200, headers(2000, 100_000, time.Minute))
				if got := atOnce(t, b); got != 2 {
					t.Errorf("%d calls at once, want 2", got)
				}
			})
		})
	}
}
