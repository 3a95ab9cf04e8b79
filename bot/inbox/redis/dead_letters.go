package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func (s *Store) Records(ctx context.Context, issue triage.Ref, limit int) ([]inbox.Record, error) {
	return s.records(ctx, "reading the records of "+issue.String(), s.keys.recorded(issue.String()), limit)
}

func (s *Store) RecentRecords(ctx context.Context, limit int) ([]inbox.Record, error) {
	return s.records(ctx, "reading the newest records", s.keys.recent(), limit)
}

func (s *Store) records(ctx context.Context, doing, index string, limit int) ([]inbox.Record, error) {
	if limit <= 0 {
		return nil, nil
	}
	r, err := s.run(ctx, doing, recordsScript, []string{s.keys.records(), index}, limit)
	if err != nil {
		return nil, err
	}
	all := make([]inbox.Record, len(r))
	for i := range r {
		at, rest, _ := strings.Cut(r.text(i), " ")
		issue, body, _ := strings.Cut(rest, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: one is damaged: %w", doing, err)
		}
		all[i] = inbox.Record{Issue: issueOf(issue), At: time.UnixMilli(ms), Body: []byte(body)}
	}
	return all, nil
}

func (s *Store) DeadLetters(ctx context.Context, limit int) ([]inbox.DeadLetter, error) {
	if limit <= 0 {
		return nil, nil
	}
	r, err := s.run(ctx, "reading the dead letters", deadLettersScript,
		[]string{s.keys.deadLetters(), s.keys.deadLetter(""), s.keys.deadDeliveries("")}, limit)
	if err != nil {
		return nil, err
	}
	all := make([]inbox.DeadLetter, len(r))
	for i := range r {
		l := r.list(i)
		all[i] = inbox.DeadLetter{
			Issue:      issueOf(l.text(0)),
			DeadSince:  time.UnixMilli(l.number(1)),
			Cause:      l.text(2),
			Attempts:   int(l.number(3)),
			Woken:      l.text(4) != "",
			Record:     l.bytes(5),
			Deliveries: deliveries(l.list(6)),
		}
	}
	return all, nil
}

func (s *Store) Redrive(ctx context.Context, ref triage.Ref) error {
	issue, doing := ref.String(), "reviving the dead letter of "+ref.String()
	r, err := s.run(ctx, doing, redriveScript,
		[]string{
			s.keys.mailbox(issue), s.keys.deliveries(issue), s.keys.deadLetter(issue), s.keys.deadDeliveries(issue), s.keys.deadLetters(),
			s.keys.due(), s.keys.waiting(), s.keys.numbers(),
		},
		s.clock(), issue)
	if err := found(doing, r, err); err != nil {
		return err
	}
	s.notifier.Notify()
	return nil
}

func (s *Store) DropDeadLetter(ctx context.Context, ref triage.Ref) error {
	issue, doing := ref.String(), "dropping the dead letter of "+ref.String()
	r, err := s.run(ctx, doing, dropDeadLetterScript,
		[]string{s.keys.deadLetter(issue), s.keys.deadDeliveries(issue), s.keys.deadLetters()}, issue)
	return found(doing, r, err)
}

// found is the error of a script that needs a letter and answers 0 if there is none.
func found(doing string, r reply, err error) error {
	if err == nil && r.number(0) == 0 {
		return fmt.Errorf("%s: %w", doing, inbox.ErrNotFound)
	}
	return err
}

func (s *Store) Stats(ctx context.Context) (inbox.Stats, error) {
	r, err := s.run(ctx, "counting what waits in the inbox", statsScript,
		[]string{s.keys.due(), s.keys.leases(), s.keys.waiting(), s.keys.deadLetters(), s.keys.numbers()},
		s.clock())
	if err != nil {
		return inbox.Stats{}, err
	}
	return inbox.Stats{
		Issues: int(r.number(0)), Deliveries: int(r.number(1)), Leased: int(r.number(2)), DeadLetters: int(r.number(3)),
		Oldest: inbox.Overdue(time.Duration(r.number(4)) * time.Millisecond),
	}, nil
}
