package sandbox_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

func TestHookFaults(t *testing.T) {
	weights := func(got chan received) []int {
		var list []int
		for len(got) > 0 {
			var body struct {
				Attributes struct {
					Weight int `json:"weight"`
				} `json:"object_attributes"`
			}
			if err := json.Unmarshal((<-got).body, &body); err != nil {
				t.Fatal(err)
			}
			list = append(list, body.Attributes.Weight)
		}
		return list
	}
	setup := func(t *testing.T) (*lab, triage.Ref, chan received) {
		l := newLab(t, sandbox.Options{})
		ref := l.open(sandbox.IssueOptions{})
		url, got := receiver(t)
		l.addHook(sandbox.Hook{URL: url})
		return l, ref, got
	}
	edits := func(l *lab, ref triage.Ref, n int) {
		for w := 1; w <= n; w++ {
			l.edit("omar", ref, sandbox.Change{Weight: ptr(w)})
		}
		if err := l.AwaitDelivered(l.t.Context()); err != nil {
			l.t.Fatal(err)
		}
	}
	t.Run("drop", func(t *testing.T) {
		l, ref, got := setup(t)
		l.FailNextHook(sandbox.HookFault{Do: sandbox.Drop, Times: 2}) // one for each hook
		edits(l, ref, 3)
		if diff := cmp.Diff([]int{2, 3}, weights(got)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("double has the same key", func(t *testing.T) {
		l, ref, got := setup(t)
		l.FailNextHook(sandbox.HookFault{Do: sandbox.Double, Times: 2})
		l.edit("omar", ref, sandbox.Change{Weight: ptr(1)})
		if err := l.AwaitDelivered(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 {
			t.Fatalf("got %d requests, want 2", len(got))
		}
		a, b := <-got, <-got
		if a.header.Get("webhook-id") != b.header.Get("webhook-id") || a.header.Get("X-Gitlab-Webhook-UUID") == b.header.Get("X-Gitlab-Webhook-UUID") {
			t.Errorf("headers %v and %v", a.header, b.header)
		}
	})
	t.Run("hold and reorder", func(t *testing.T) {
		l, ref, got := setup(t)
		l.FailNextHook(sandbox.HookFault{Issue: ref, Do: sandbox.Hold, Times: -1})
		edits(l, ref, 3)
		if n := len(got); n != 0 {
			t.Fatalf("%d were sent though held", n)
		}
		l.ClearFaults()
		var ids []int64
		for _, d := range l.HeldDeliveries() {
			if d.Hook != l.hook {
				ids = append(ids, d.ID)
			}
		}
		slices.Reverse(ids)
		if err := l.ReleaseHeld(ids...); err != nil {
			t.Fatal(err)
		}
		if err := l.AwaitDelivered(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{3, 2, 1}, weights(got)); diff != "" {
			t.Error(diff)
		}
		if err := l.ReleaseHeld(ids[0]); err == nil {
			t.Error("a delivery could be released twice")
		}
	})
}
