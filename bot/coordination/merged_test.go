package coordination_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/coordination"
)

// TestMerge: of many who add at the same time nobody's part is lost, the value is forgotten after its time, and it is bounded.
func TestMerge(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	memory := coordination.NewMemory(func() time.Time { return now })
	var wait sync.WaitGroup
	for range 8 {
		c := coordination.New(memory, memory, nil) // a process of its own
		wait.Go(func() {
			for range 20 {
				if err := c.Merge(t.Context(), "n", time.Hour, func(old []byte) []byte { return append(slices.Clip(old), 'x') }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	c := coordination.New(memory, memory, nil)
	if got, err := c.Merged(t.Context(), "n"); err != nil || string(got) != strings.Repeat("x", 160) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := c.Merge(t.Context(), "n", time.Hour, func([]byte) []byte { return make([]byte, coordination.MaxCheckpoint+1) }); err == nil || !strings.Contains(err.Error(), "1 bytes too long") {
		t.Errorf("a long value: %v", err)
	}
	now = now.Add(time.Hour)
	if got, err := c.Merged(t.Context(), "n"); err != nil || got != nil {
		t.Errorf("after its time: %q, %v", got, err)
	}
}
