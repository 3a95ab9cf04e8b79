package sleep_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"flowkeeper/bot/sleep"
)

func TestFor(t *testing.T) {
	for name, tt := range map[string]struct {
		d, end time.Duration // how long to wait, when the context ends
		took   time.Duration
		goesOn bool
	}{
		"waits":                 {d: time.Hour, end: 2 * time.Hour, took: time.Hour, goesOn: true},
		"ends with the context": {d: 2 * time.Hour, end: time.Hour, took: time.Hour},
		"no time":               {d: 0, end: time.Hour, goesOn: true},
		"negative":              {d: -time.Hour, end: time.Hour, goesOn: true},
		"ended before":          {d: 0, end: 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.end)
				defer cancel()
				began := time.Now()
				if got := sleep.For(ctx, tt.d); got != tt.goesOn {
					t.Errorf("For = %t, want %t", got, tt.goesOn)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("it took %s, want %s", took, tt.took)
				}
			})
		})
	}
}
