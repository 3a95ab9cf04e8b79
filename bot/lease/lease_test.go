package lease_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/lease"
)

var (
	errLost = errors.New("lost")
	errAway = errors.New("the store is away")
	errDone = errors.New("what the work says")
)

// The work takes 95 seconds under a lease of 30 that is renewed every 10.
func TestKeep(t *testing.T) {
	for name, tt := range map[string]struct {
		renewals []error // of the first renewals; those after them succeed
		took     time.Duration
		want     error
	}{
		"renewed":                    {took: 95 * time.Second, want: errDone},
		"somebody else has it":       {renewals: []error{nil, fmt.Errorf("asking: %w", errLost)}, took: 20 * time.Second, want: errLost},
		"one failure":                {renewals: []error{errAway}, took: 95 * time.Second, want: errDone},
		"two failures with a pause":  {renewals: []error{errAway, nil, errAway}, took: 95 * time.Second, want: errDone},
		"two failures one after one": {renewals: []error{nil, errAway, errAway}, took: 30 * time.Second, want: errLost},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, renewed := time.Now(), 0
				err := lease.Keep(t.Context(), 30*time.Second, errLost, func(context.Context) error {
					if renewed++; renewed > len(tt.renewals) {
						return nil
					}
					return tt.renewals[renewed-1]
				}, func(ctx context.Context) error {
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(95 * time.Second):
						return errDone
					}
				})
				if !errors.Is(err, tt.want) {
					t.Errorf("Keep: %v, want %v", err, tt.want)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("it took %s, want %s", took, tt.took)
				}
			})
		})
	}
}

// A process that stops has lost nothing, also if its last renewal failed for that.
func TestKeepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		err := lease.Keep(ctx, 30*time.Second, errLost, func(ctx context.Context) error {
			if time.Until(deadline(ctx)) > 10*time.Second {
				return errAway
			}
			<-ctx.Done()
			return ctx.Err()
		}, func(ctx context.Context) error { <-ctx.Done(); return errDone })
		if !errors.Is(err, errDone) {
			t.Errorf("Keep: %v, want what the work returned", err)
		}
	})
}

func deadline(ctx context.Context) time.Time {
	at, _ := ctx.Deadline()
	return at
}
