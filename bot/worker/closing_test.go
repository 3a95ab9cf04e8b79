package worker_test

import (
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// GitLab tells twice of one closing, with one time, and the status with only one of the two. Its API does not tell of the status at all.
func TestStatusOfAClosing(t *testing.T) {
	t.Parallel()
	for name, told := range map[string][]string{
		"with the first": {triage.Canceled, ""}, "with the second": {"", triage.Canceled}, "another first": {"in_progress", triage.Canceled},
		"with both": {triage.Canceled, triage.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, rule("sees", func(in triage.Input) triage.Verdict {
				if !in.Knows(triage.NeedClosingReason) {
					return triage.Load("it has to be read", triage.NeedClosingReason)
				}
				return triage.Nothing("status " + in.Issue.Status)
			}))
			ref := b.open()
			b.must(b.lab.Edit("ann", ref, sandbox.Change{Close: true}))
			issue, err := b.viewer.Issue(t.Context(), ref)
			b.must(err)
			b.reads()
			for n, status := range told {
				e := b.event("ann", triage.Closed|triage.Updated)
				e.At, e.ReceivedAt, issue.Status = issue.UpdatedAt, time.Now(), status
				body, err := record.Event{Event: e, Issue: issue}.Encode()
				b.must(err)
				_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body, Delay: time.Duration(len(told)-1-n) * time.Hour})
				b.must(err)
			}
			b.finish()
			if said := b.said(ref); said != "status "+triage.Canceled {
				t.Errorf("the rule saw %q", said)
			}
		})
	}
}
