package worker_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// keeping remembers what a handled batch left behind.
type keeping struct {
	inbox.Inbox
	last atomic.Pointer[inbox.Result]
}

func (k *keeping) Complete(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	k.last.Store(&r)
	return k.Inbox.Complete(ctx, b, r)
}

// An issue that is shown to policies none of which holds costs no call and leaves no record, only its memory and the wake-up. A process that does not
// have the policies leaves the issue to a look a little later, whoever takes it.
func TestPoliciesDue(t *testing.T) {
	t.Parallel()
	old := engine.Setting{Mode: triage.Act, Rule: policy.Rule{
		ID: "policy/old", When: []policy.Condition{policy.Age{Of: policy.CreatedAt, Older: true, Interval: 30, Unit: policy.Days}},
		Actions: policy.Actions{Labels: []string{"old"}},
	}.Rule()}
	ours := engine.Policy{Settings: []engine.Setting{old}}.PoliciesDigest(triage.SubjectIssue)
	for name, digest := range map[string]string{"ours": ours, "of another configuration": "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := &keeping{}
			b := startBench(t, setup{rules: []engine.Setting{old}, store: func(i inbox.Inbox) inbox.Inbox { kept.Inbox = i; return kept }})
			ref := b.open("type::bug")
			issue, err := b.viewer.Issue(t.Context(), ref)
			b.must(err)
			b.reads()
			body, err := record.Event{Event: triage.Event{Kind: triage.PoliciesDue, At: issue.UpdatedAt, ReceivedAt: time.Now()}, Issue: issue, Policies: digest}.Encode()
			b.must(err)
			_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body})
			b.must(err)
			b.finish()
			left := kept.last.Load()
			var m triage.Memory
			b.must(json.Unmarshal(left.Memory, &m))
			if reads := b.reads(); len(reads) > 0 || left.Record != nil {
				t.Errorf("it cost %q and left the record %s, want neither", reads, left.Record)
			}
			asked, wake := ours, issue.CreatedAt.AddDate(0, 0, 30)
			if digest != ours {
				asked, wake = "", time.Now().Add(10*time.Minute)
			}
			if m.PoliciesAsked != asked || !m.OnlyPolicies || left.WakeAt.Sub(wake).Abs() > reachable {
				t.Errorf("asked %q, only policies %t, wake at %s; want asked %q, and at %s", m.PoliciesAsked, m.OnlyPolicies, left.WakeAt, asked, wake)
			}
		})
	}
}
