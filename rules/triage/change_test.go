package triage_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/rules/triage"
)

// TestRaiseForgetsTheOldest: however many matters people raise on an issue, the last ten stay, also of comments with the same time.
func TestRaiseForgetsTheOldest(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	tests := map[string]func(n int) triage.Call{
		"one comment each": func(n int) triage.Call {
			return triage.Call{Note: int64(n), At: noon.Add(time.Duration(n) * time.Second)}
		},
		"in the same second":  func(n int) triage.Call { return triage.Call{Note: int64(n), At: noon} },
		"in the same comment": func(int) triage.Call { return triage.Call{Note: 7, At: noon} },
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			var m triage.Memory
			for n := 1; n <= 25; n++ {
				triage.RequestItem{Command: "unclear", Item: triage.Item{Quote: strconv.Itoa(n)}}.Apply(&m, call(n))
			}
			var left, want []int
			for requested := range maps.Values(m.Requested) {
				n, _ := strconv.Atoi(requested.Quote)
				left = append(left, n)
			}
			for n := 16; n <= 25; n++ {
				want = append(want, n)
			}
			slices.Sort(left)
			if diff := cmp.Diff(want, left); diff != "" {
				t.Errorf("what is left (-want +got):\n%s", diff)
			}
		})
	}
}
