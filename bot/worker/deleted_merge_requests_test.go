package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// aged is a store that lets an issue be woken when the test says so, with knowledge of its merge requests that is some time old then.
type aged struct {
	inbox.Inbox
	by   time.Duration
	wake chan struct{}
}

func (a *aged) Claim(ctx context.Context, wait time.Duration) (*inbox.Batch, error) {
	b, err := a.Inbox.Claim(ctx, wait)
	if b == nil || !b.Woken {
		return b, err
	}
	select {
	case <-a.wake:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var m triage.Memory
	if err := json.Unmarshal(b.Memory, &m); err != nil {
		return nil, err
	}
	m.Context.ListedAt = m.Context.ListedAt.Add(-a.by)
	b.Memory, err = json.Marshal(m)
	return b, err
}

// TestWokenForDeletedMergeRequests: of two merge requests one is merged, and the other one deleted behind that. Nothing tells, so the issue asks when it is
// woken, but not if it asked a moment ago.
func TestWokenForDeletedMergeRequests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old     time.Duration
		deleted bool
		said    string
		calls   int // for merge requests
	}{
		"deleted":         {24 * time.Hour, true, "!1 4", 4 * (2 + 1)}, // GitLab is believed at the fourth time
		"still there":     {24 * time.Hour, false, "!1 4, !2 3", 2},
		"asked just then": {0, true, "!1 4, !2 3", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &aged{by: test.old, wake: make(chan struct{})}
			b := startBench(t, setup{rules: []engine.Setting{waking()}, store: func(i inbox.Inbox) inbox.Inbox { store.Inbox = i; return store }})
			b.must(b.lab.SetAutoClose(b.project, false))
			_, err := b.lab.AddUser("olga", "Olga", sandbox.Owner)
			b.must(err)
			ref := b.open()
			var last triage.Ref
			for n := range 2 {
				last, err = b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: "m", Description: fmt.Sprintf("Closes #%d", ref.IID)})
				b.must(err)
				b.must(b.lab.AwaitDelivered(t.Context()))
				if n == 0 {
					b.must(b.lab.Merge("mia", last))
					b.must(b.lab.AwaitDelivered(t.Context()))
				}
				b.deliver(last)
				b.idle()
			}
			if said := b.said(ref); said != "!1 4, !2 3" {
				t.Fatalf("before, it knows %q", said)
			}
			if test.deleted {
				b.must(b.lab.DeleteMergeRequest("olga", last))
			}
			b.reads()
			close(store.wake)
			b.finish()
			calls := 0
			for _, line := range b.reads() {
				if strings.Contains(line, "closed_by") || strings.Contains(line, "related merge") || strings.HasPrefix(line, "merge request") || strings.Contains(line, "closed by") {
					calls++
				}
			}
			if said := b.said(ref); said != test.said || calls != test.calls {
				t.Errorf("it knows %q after %d calls, want %q after %d", said, calls, test.said, test.calls)
			}
		})
	}
}

// waking is a rule that says what it knows of merge requests, and wants to look again when one is merged and another one is not.
func waking() engine.Setting {
	s := besides()
	says := s.Decide
	s.On |= triage.Woken
	s.Decide = func(in triage.Input, o triage.Options) triage.Verdict {
		v := says(in, o)
		if in.Kinds&triage.Woken == 0 && v.Reason == "!1 4, !2 3" {
			v.Wake = in.Now.Add(time.Millisecond)
		}
		return v
	}
	return s
}
