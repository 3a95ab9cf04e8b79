package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"flowkeeper/bot/inbox"
)

func (s *Store) Take(ctx context.Context, b inbox.Bucket, n int) (time.Duration, error) {
	if err := b.Validate(n); err != nil {
		return 0, fmt.Errorf("taking tokens: %w", err)
	}
	r, err := s.run(ctx, "taking tokens from the bucket "+b.Name, takeScript, []string{s.keys.bucket(b.Name), s.keys.numbers()},
		s.clock(), n, b.Reserve, strconv.FormatFloat(b.Rate, 'g', -1, 64), b.Burst, inbox.KeepBuckets.Milliseconds())
	if err != nil {
		return 0, err
	}
	return time.Duration(r.number(0)) * time.Millisecond, nil
}

func (s *Store) Level(ctx context.Context, name string, left int) error {
	if err := inbox.ValidateLevel(name, left); err != nil {
		return fmt.Errorf("lowering a bucket: %w", err)
	}
	_, err := s.run(ctx, "lowering the bucket "+name, levelScript, []string{s.keys.bucket(name), s.keys.numbers()},
		s.clock(), left, inbox.KeepBuckets.Milliseconds())
	return err
}
