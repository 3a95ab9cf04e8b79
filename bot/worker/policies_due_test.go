package worker_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/policy"
	"flowkeeper/rules/triage"
)

// keeping remembers what a handled batch left behind.
type keeping struct {
	inbox.Inbox
	last atomic.Pointer[inbox.Result]
	all  sync.Map // the last of each subject
}

// of is what the last batch of a subject left behind.
func (k *keeping) of(ref triage.Ref) inbox.Result {
	r, _ := k.all.Load(ref)
	return r.(inbox.Result)
}

func (k *keeping) Complete(ctx context.Context, b *inbox.Batch, r inbox.Result) error {
	k.last.Store(&r)
	k.all.Store(b.Issue, r)
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

// A process without any policies leaves what is shown to them to one that has some, and remembers that nobody has asked what the bot did before.
func TestPoliciesOfOthers(t *testing.T) {
	t.Parallel()
	kept := &keeping{}
	b := startBench(t, setup{rules: []engine.Setting{besides()}, store: func(i inbox.Inbox) inbox.Inbox { kept.Inbox = i; return kept }})
	merge, err := b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: "m"})
	b.must(err)
	for _, ref := range []triage.Ref{b.open("type::bug"), merge} {
		issue, err := b.viewer.Issue(t.Context(), ref)
		b.must(err)
		body, err := record.Event{Event: triage.Event{Kind: triage.PoliciesDue, At: issue.UpdatedAt, ReceivedAt: time.Now()}, Issue: issue, Policies: "new"}.Encode()
		b.must(err)
		b.reads()
		_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body})
		b.must(err)
		b.finish()
		var m triage.Memory
		left := kept.of(ref)
		b.must(json.Unmarshal(left.Memory, &m))
		if reads := b.reads(); len(reads) > 0 || !m.Partial || !m.OnlyPolicies || m.PoliciesAsked != "" || time.Until(left.WakeAt) > 10*time.Minute || left.WakeAt.IsZero() {
			t.Errorf("%s cost %q, wakes at %s and leaves %+v", ref, reads, left.WakeAt, m)
		}
	}
}

// What the policies are shown of a merge request costs no call and tells its issues nothing, though nobody knows what it closes and where it goes. Both
// is found out when something happens to it.
func TestMergeRequestPoliciesDue(t *testing.T) {
	t.Parallel()
	old := engine.Setting{Mode: triage.Act, Rule: policy.Rule{
		ID: "policy/old", Subject: triage.SubjectMergeRequest, Actions: policy.Actions{Labels: []string{"old"}},
		When: []policy.Condition{policy.Age{Of: policy.CreatedAt, Older: true, Interval: 30, Unit: policy.Days}},
	}.Rule()}
	ours := engine.Policy{Settings: []engine.Setting{old}}.PoliciesDigest(triage.SubjectMergeRequest)
	for name, digest := range map[string]string{"ours": ours, "of another configuration": "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, store := &keeping{}, &forgetful{stored: map[triage.Ref]int{}}
			b := startBench(t, setup{rules: []engine.Setting{besides(), old}, store: func(i inbox.Inbox) inbox.Inbox {
				store.Inbox = i
				kept.Inbox = store
				return kept
			}})
			issue := b.open()
			m, err := b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: "m", Description: "Closes #1"})
			b.must(err)
			b.must(b.lab.AwaitDelivered(t.Context()))
			b.must(b.viewer.EachCreatedMergeRequest(t.Context(), b.project, time.Time{}, true, func(m triage.Issue) error {
				event := record.Event{Event: triage.Event{Kind: triage.PoliciesDue, At: m.UpdatedAt, ReceivedAt: time.Now()}, Issue: m, Policies: digest}
				body, err := event.Encode()
				b.must(err)
				_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: m.Ref, Body: body})
				return err
			}))
			b.finish()
			left := kept.last.Load()
			var known triage.Memory
			b.must(json.Unmarshal(left.Memory, &known))
			if reads := b.reads(); len(reads) > 0 || left.Record != nil || len(store.stored) > 0 {
				t.Errorf("it cost %q, left the record %s and told %v, want nothing of it", reads, left.Record, store.stored)
			}
			if (known.PoliciesAsked == ours) != (digest == ours) || !known.OnlyPolicies || !known.Partial || known.Closing != nil || left.WakeAt.IsZero() {
				t.Errorf("it remembers %+v and wakes at %s", known, left.WakeAt)
			}

			// A comment shows nothing of the merge request but its number.
			event := b.event("omar", triage.Noted)
			event.At, event.ReceivedAt, event.Note = time.Now(), time.Now(), &triage.Note{ID: 1}
			body, err := record.Event{Event: event, Issue: triage.Issue{Ref: m}}.Encode()
			b.must(err)
			_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: m, Body: body})
			b.must(err)
			b.idle()
			if b.said(issue) != "!1 3" || store.stored[issue] != 1 {
				t.Errorf("the issue was told %d times and knows %q", store.stored[issue], b.said(issue))
			}
			var then triage.Memory
			b.must(json.Unmarshal(kept.of(m).Memory, &then))
			if d := then.Issue.MergeRequest; !d.ToDefault || d.DefaultUnknown || then.OnlyPolicies {
				t.Errorf("then it remembers %+v with %+v", then, d)
			}
		})
	}
}

// A sweep may see what a policy did to an issue before the policy is done with it: the rest comes after a failure. That the issue was left to policies is
// known all the same.
func TestSweptBetweenTwoTries(t *testing.T) {
	t.Parallel()
	old := engine.Setting{Mode: triage.Act, Rule: policy.Rule{
		ID: "policy/old", When: []policy.Condition{policy.Age{Of: policy.UpdatedAt, Older: true, Interval: 30, Unit: policy.Days}},
		Actions: policy.Actions{Labels: []string{"old"}, Own: true, Comment: policy.Template{{Text: "Still?"}}},
	}.Rule()}
	eager := rule("eager", func(triage.Input) triage.Verdict { return triage.Want("always", triage.AddLabel{Label: "eager"}) })
	b := startBench(t, setup{rules: []engine.Setting{eager, old}, lookback: time.Hour})
	at := time.Now().Add(-200 * 24 * time.Hour)
	b.must(b.lab.Import(b.project, []sandbox.Imported{{IssueOptions: sandbox.IssueOptions{Title: "t"}, Author: "ann", CreatedAt: at, UpdatedAt: at}}))
	ref := triage.Ref{Project: b.project, IID: 1}
	shown, err := b.viewer.Issue(t.Context(), ref)
	b.must(err)
	enqueue := func(e record.Event) {
		body, err := e.Encode()
		b.must(err)
		_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body})
		b.must(err)
	}
	b.lab.FailNext(sandbox.Fault{Match: "PUT issue ", ApplyThenCut: true, Meanwhile: func() {
		swept := shown
		swept.UpdatedAt, swept.Labels = time.Now(), []string{"old"}
		enqueue(record.Event{Event: triage.Event{Kind: triage.Swept, At: swept.UpdatedAt, ReceivedAt: time.Now()}, Issue: swept, Came: time.Now().Add(-time.Hour)})
	}})
	digest := engine.Policy{Settings: []engine.Setting{eager, old}}.PoliciesDigest(triage.SubjectIssue)
	enqueue(record.Event{Event: triage.Event{Kind: triage.PoliciesDue, At: at, ReceivedAt: time.Now()}, Issue: shown, Policies: digest})
	b.idle()
	i := b.lab.Issue(ref)
	if said := i.CommentsBy(botName); len(said) != 1 || !slices.Equal(i.Labels, []string{"old"}) {
		t.Errorf("the issue has %v and the bot said %+v", i.Labels, said)
	}
}
