package gitlab_test

import (
	"sync/atomic"
	"testing"

	"flowkeeper/bot/gitlab"
)

// TestCountCalls counts the calls of a part of some work for the whole of it, too, those that fail included.
func TestCountCalls(t *testing.T) {
	t.Parallel()
	c := (&server{}).client(t)
	var whole, part atomic.Int64
	outer := gitlab.CountCalls(t.Context(), &whole)
	inner := gitlab.CountCalls(outer, &part)
	_, _ = c.CurrentUser(outer)
	_, _ = c.CurrentUser(inner)
	_, _ = c.CurrentUser(inner)
	_, _ = c.CurrentUser(t.Context())
	if whole.Load() != 3 || part.Load() != 2 {
		t.Errorf("the whole made %d calls, its part %d; want 3 and 2", whole.Load(), part.Load())
	}
}
