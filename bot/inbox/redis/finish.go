package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"flowkeeper/bot/inbox"
)

func (s *Store) CheckLease(ctx context.Context, b *inbox.Batch) error {
	_, err := s.fenced(ctx, "looking after the lease on "+b.Issue.String(), checkLeaseScript, []string{s.keys.mailbox(b.Issue.String())}, token(b))
	return err
}

func (s *Store) Extend(ctx context.Context, b *inbox.Batch) error {
	issue := b.Issue.String()
	until, err := s.fenced(ctx, "extending the lease on "+b.Issue.String(), extendScript,
		[]string{s.keys.mailbox(issue), s.keys.due(), s.keys.leases(), s.keys.numbers()},
		s.clock(), issue, token(b), millis(s.lease))
	if err != nil {
		return err
	}
	b.LeaseUntil = time.UnixMilli(until)
	return nil
}

func (s *Store) SaveMemory(ctx context.Context, b *inbox.Batch, memory []byte) error {
	issue := b.Issue.String()
	_, err := s.fenced(ctx, "remembering "+b.Issue.String(), saveMemoryScript,
		[]string{s.keys.mailbox(issue), s.keys.memory(issue), s.keys.numbers()},
		s.clock(), token(b), memory, inbox.KeepMemory.Milliseconds())
	return err
}

func (s *Store) Complete(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	issue := b.Issue.String()
	wake := ""
	if !r.WakeAt.IsZero() {
		wake = strconv.FormatInt(max(1, r.WakeAt.UnixMilli()), 10)
	}
	args := []any{
		s.clock(), issue, token(b),
		flag(r.Memory != nil), r.Memory, inbox.KeepMemory.Milliseconds(),
		flag(r.Record != nil), r.Record, inbox.RecordsPerIssue, inbox.RecordsOverall,
		wake,
	}
	return s.free(ctx, "closing the batch of "+b.Issue.String(), completeScript,
		[]string{
			s.keys.mailbox(issue), s.keys.deliveries(issue), s.keys.memory(issue),
			s.keys.due(), s.keys.leases(), s.keys.waiting(), s.keys.numbers(),
			s.keys.records(), s.keys.recent(), s.keys.recorded(issue), s.keys.recorded(""),
		},
		append(args, numbers(b)...)...)
}

func (s *Store) Retry(ctx context.Context, b *inbox.Batch, delay time.Duration, cause string) error {
	issue := b.Issue.String()
	return s.free(ctx, "delaying the batch of "+b.Issue.String(), retryScript,
		[]string{s.keys.mailbox(issue), s.keys.due(), s.keys.leases(), s.keys.numbers()},
		s.clock(), issue, token(b), millis(delay), cause)
}

func (s *Store) Requeue(ctx context.Context, b *inbox.Batch) error {
	issue := b.Issue.String()
	return s.free(ctx, "giving back the batch of "+b.Issue.String(), requeueScript,
		[]string{s.keys.mailbox(issue), s.keys.due(), s.keys.leases()}, issue, token(b), b.Attempt-1)
}

func (s *Store) DeadLetter(ctx context.Context, b *inbox.Batch, cause string, record []byte) error {
	issue := b.Issue.String()
	args := []any{
		s.clock(), issue, token(b), cause, b.Attempt, flag(record != nil), record, flag(b.Woken),
	}
	return s.free(ctx, "burying the batch of "+b.Issue.String(), deadLetterScript,
		[]string{
			s.keys.mailbox(issue), s.keys.deliveries(issue), s.keys.deadLetter(issue), s.keys.deadDeliveries(issue), s.keys.deadLetters(),
			s.keys.due(), s.keys.leases(), s.keys.waiting(), s.keys.numbers(),
		},
		append(args, numbers(b)...)...)
}

// free runs a script that ends a lease.
func (s *Store) free(ctx context.Context, doing string, script *goredis.Script, keys []string, args ...any) error {
	if _, err := s.fenced(ctx, doing, script, keys, args...); err != nil {
		return err
	}
	s.notifier.Notify()
	return nil
}

// fenced runs a script that needs a lease and answers 0 if it is lost.
func (s *Store) fenced(ctx context.Context, doing string, script *goredis.Script, keys []string, args ...any) (int64, error) {
	r, err := s.run(ctx, doing, script, keys, args...)
	if err != nil {
		return 0, err
	}
	if r.number(0) == 0 {
		return 0, fmt.Errorf("%s: %w", doing, inbox.ErrLeaseLost)
	}
	return r.number(0), nil
}

func token(b *inbox.Batch) string { return strconv.FormatInt(b.FencingToken, 10) }

// flag is how the scripts are told what is there.
func flag(there bool) string {
	if there {
		return "1"
	}
	return ""
}

// numbers are the batch's deliveries as arguments.
func numbers(b *inbox.Batch) []any {
	all := make([]any, len(b.Deliveries))
	for i, d := range b.Deliveries {
		all[i] = d.Seq
	}
	return all
}
