package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func testEnqueue(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"a key suppresses repeats until it expires": func(t *testing.T, s *store) {
			d := inbox.Delivery{Issue: issue(1), IdempotencyKey: "a", Body: []byte("body 1")}
			s.accept(d, inbox.Stored)
			s.accept(d, inbox.Duplicate)
			other := d
			other.Issue = issue(2)
			s.accept(other, inbox.Duplicate)
			s.Advance(inbox.KeepIdempotencyKeys - time.Minute)
			s.accept(d, inbox.Duplicate)
			s.Advance(time.Minute)
			s.accept(d, inbox.Stored)
			s.accept(d, inbox.Duplicate)
			s.bodies(s.claim(1).Deliveries, "1", "1")
			s.none()
		},
		"a key that came again after it expired suppresses repeats": func(t *testing.T, s *store) {
			const many = 100 // more than a store purges at once
			key := func(n int) inbox.Delivery { return inbox.Delivery{Issue: issue(1), IdempotencyKey: fmt.Sprint(n)} }
			for n := range many {
				s.accept(key(n), inbox.Stored)
			}
			s.Advance(inbox.KeepIdempotencyKeys)
			s.accept(key(many-1), inbox.Stored)
			for n := range many - 1 {
				s.accept(key(n), inbox.Stored)
			}
			for n := range many {
				s.accept(key(n), inbox.Duplicate)
			}
		},
		"a meaning suppresses twins until it expires": func(t *testing.T, s *store) {
			twin := func(key string) inbox.Delivery {
				return inbox.Delivery{Issue: issue(1), IdempotencyKey: key, ContentKey: "m", Body: []byte("body " + key)}
			}
			s.accept(twin("a"), inbox.Stored)
			s.accept(twin("b"), inbox.Duplicate)
			s.Advance(inbox.KeepContentKeys - time.Minute)
			s.accept(twin("c"), inbox.Duplicate)
			s.Advance(time.Minute)
			s.accept(twin("d"), inbox.Stored)
			s.accept(twin("e"), inbox.Duplicate)
			s.bodies(s.claim(1).Deliveries, "a", "d")
		},
		"a twin's own key suppresses its resending": func(t *testing.T, s *store) {
			s.accept(inbox.Delivery{Issue: issue(1), IdempotencyKey: "a", ContentKey: "m", Body: []byte("body a")}, inbox.Stored)
			twin := inbox.Delivery{Issue: issue(1), IdempotencyKey: "b", ContentKey: "m", Body: []byte("body b")}
			s.accept(twin, inbox.Duplicate)
			s.Advance(2 * inbox.KeepContentKeys)
			s.accept(twin, inbox.Duplicate)
			s.bodies(s.claim(1).Deliveries, "a")
		},
		"keys and meanings do not meet": func(t *testing.T, s *store) {
			s.accept(inbox.Delivery{Issue: issue(1), IdempotencyKey: "a", ContentKey: "b"}, inbox.Stored)
			s.accept(inbox.Delivery{Issue: issue(1), IdempotencyKey: "b", ContentKey: "a"}, inbox.Stored)
		},
		"of many with one key or meaning at once one is stored, also after it expired": func(t *testing.T, s *store) {
			for round := range 3 {
				var stored [2]atomic.Int64
				var group sync.WaitGroup
				for n := range 40 {
					d := inbox.Delivery{Issue: issue(int64(n + 1)), IdempotencyKey: "k"}
					if n%2 == 1 {
						d.IdempotencyKey, d.ContentKey = fmt.Sprint(round, n), "m"
					}
					group.Go(func() {
						outcome, err := s.Enqueue(t.Context(), d)
						if err != nil {
							t.Errorf("accepting: %v", err)
						}
						if outcome == inbox.Stored {
							stored[n%2].Add(1)
						}
					})
				}
				group.Wait()
				equal(t, "stored with one key", int64(1), stored[0].Load())
				equal(t, "stored with one meaning", int64(1), stored[1].Load())
				s.Advance(inbox.KeepIdempotencyKeys)
			}
		},
		"many of one issue at once all wait in it": func(t *testing.T, s *store) {
			var group sync.WaitGroup
			for n := range 40 {
				d := delivery(1, fmt.Sprint(n))
				d.Delay = time.Duration(n) * time.Minute
				group.Go(func() {
					if outcome, err := s.Enqueue(t.Context(), d); err != nil || outcome != inbox.Stored {
						t.Errorf("accepting: got %s, %v", outcome, err)
					}
				})
			}
			group.Wait()
			equal(t, "deliveries", 40, len(s.claim(1).Deliveries)) // due at once, by the most urgent one
			s.none()
		},
		"empty keys never match": func(t *testing.T, s *store) {
			for range 3 {
				s.accept(inbox.Delivery{Issue: issue(1), Body: []byte("body x")}, inbox.Stored)
			}
			s.bodies(s.claim(1).Deliveries, "x", "x", "x")
		},
		"any bytes come back": func(t *testing.T, s *store) {
			d := inbox.Delivery{
				ID: "12 é\n", Issue: triage.Ref{Project: 1 << 40, IID: 1 << 41},
				IdempotencyKey: strings.Repeat("long {}", 10_000), ContentKey: "\x00}{", Body: []byte("3 \x00\xff {}\r\n" + strings.Repeat("x", 1<<20)),
			}
			from := s.Now()
			s.accept(d, inbox.Stored)
			s.accept(d, inbox.Duplicate)
			b, err := s.Claim(t.Context(), 0)
			if err != nil || b == nil || len(b.Deliveries) != 1 {
				t.Fatalf("claiming: got %+v, %v, want one delivery", b, err)
			}
			got := b.Deliveries[0]
			between(t, "accepted", from, got.EnqueuedAt, s.Now())
			equal(t, "issue", d.Issue, b.Issue)
			equal(t, "id", d.ID, got.ID)
			equal(t, "body", d.Body, got.Body)
		},
		"what names no issue is refused": func(t *testing.T, s *store) {
			for _, bad := range []inbox.Delivery{
				{ID: "no issue"}, {Issue: triage.Ref{Project: 1}}, {Issue: triage.Ref{Project: -1, IID: 1}},
				{Issue: triage.Ref{Project: 1, Kind: triage.SubjectMergeRequest + 1, IID: 1}},
				{Issue: issue(1), Delay: -1},
			} {
				if _, err := s.Enqueue(t.Context(), bad); err == nil || errors.Is(err, inbox.ErrUnavailable) {
					t.Errorf("accepting %+v: got %v, want an error about the delivery", bad, err)
				}
			}
			s.none()
		},
		"an ended context stores nothing": func(t *testing.T, s *store) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := s.Enqueue(ctx, delivery(1, "a")); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context canceled", err)
			}
			s.none()
		},
	})
}
