package redis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/inbox"
)

// poll is how often an idle replica looks for issues that another one accepted.
const poll = time.Second

// Claim implements inbox.Inbox. It sleeps until the next issue is due or the notifier wakes it, but at most a second at a time.
func (s *Store) Claim(ctx context.Context, wait time.Duration) (*inbox.Batch, error) {
	defer s.notifier.Notify() // whoever waits beside us looks at what we saw
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("claiming an issue: %w", err)
		}
		// The lease is taken or not, but not without somebody who knows: the answer is waited for, with the timeouts of the client.
		batch, next, err := s.claim(context.WithoutCancel(ctx))
		if batch != nil || err != nil || wait <= 0 {
			return batch, err
		}
		if look, err := s.notifier.Wait(ctx, min(next, poll), over.C, s.closing); !look || err != nil {
			return nil, err
		}
	}
}

// claim leases the most overdue issue, or says how long it takes until one is due.
func (s *Store) claim(ctx context.Context) (*inbox.Batch, time.Duration, error) {
	asked := s.clock()
	r, err := s.run(ctx, "claiming an issue", claimScript,
		[]string{s.keys.due(), s.keys.leases(), s.keys.numbers(), s.keys.mailbox(""), s.keys.deliveries(""), s.keys.memory("")},
		asked, millis(s.lease))
	if err != nil {
		return nil, 0, err
	}
	if len(r) == 1 {
		if r.number(0) < 0 {
			return nil, poll, nil
		}
		return nil, time.Duration(r.number(0)) * time.Millisecond, nil
	}
	// The store's time may be ahead of ours, if another replica's was once. Then its times are told by our clock.
	ahead := time.Duration(r.number(10)-asked) * time.Millisecond
	if ahead < time.Minute {
		ahead = 0
	}
	mail := deliveries(r.list(8))
	for i := range mail {
		if !mail[i].EnqueuedAt.IsZero() {
			mail[i].EnqueuedAt = mail[i].EnqueuedAt.Add(-ahead)
		}
	}
	var began time.Time
	if ms, err := strconv.ParseInt(r.text(9), 10, 64); err == nil {
		began = time.UnixMilli(ms).Add(-ahead)
	}
	return &inbox.Batch{
		Issue:          issueOf(r.text(1)),
		FencingToken:   r.number(2),
		LeaseUntil:     time.UnixMilli(r.number(3)).Add(-ahead),
		Attempt:        int(r.number(4)),
		Woken:          r.number(5) == 1,
		Abandoned:      r.number(11) == 1,
		LastError:      r.text(6),
		Memory:         r.bytes(7),
		Deliveries:     mail,
		StoreCreatedAt: began,
	}, 0, nil
}

// deliveries reads a hash of deliveries by number into their order.
func deliveries(hash reply) []inbox.Message {
	var all []inbox.Message
	for i := 0; i+1 < len(hash); i += 2 {
		all = append(all, delivery(hash.number(i), hash.text(i+1)))
	}
	slices.SortFunc(all, func(a, b inbox.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return all
}

// delivery reads "<ms> <length of the id> <id><body>". Of a damaged one the body is whatever there is, so that it gets to somebody who
// can give it up.
func delivery(seq int64, text string) inbox.Message {
	accepted, rest, _ := strings.Cut(text, " ")
	length, rest, _ := strings.Cut(rest, " ")
	at, err1 := strconv.ParseInt(accepted, 10, 64)
	n, err2 := strconv.Atoi(length)
	if err1 != nil || err2 != nil || n < 0 || n > len(rest) {
		return inbox.Message{Seq: seq, Body: []byte(text)}
	}
	return inbox.Message{Seq: seq, ID: rest[:n], EnqueuedAt: time.UnixMilli(at), Body: []byte(rest[n:])}
}
