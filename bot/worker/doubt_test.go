package worker_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/bot/testkit"
	"flowkeeper/rules/triage"
)

// look makes the bot read the issue, by a delivery that it cannot read, and waits until it is handled.
func (b *bench) look(ref triage.Ref) {
	b.Helper()
	_, err := b.inbox.Enqueue(b.Context(), inbox.Delivery{Issue: ref, Body: []byte("{")})
	b.must(err)
	b.finish()
}

// What was not believed is forgotten with its batch: the first 404 of another one is the first again.
func TestDoubtsEndWithTheirBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	ref := b.open("group::theirs") // nothing is remembered of it
	b.reads()
	for n := range 5 {
		b.lab.FailNext(sandbox.Fault{Match: "GET issue", Status: http.StatusNotFound})
		b.look(ref)
		if reads := b.reads(); !slices.Equal(reads, []string{"issue 1#1", "issue 1#1"}) {
			t.Fatalf("batch %d: reads %v; want the issue twice", n+1, reads)
		}
	}
}

// An attempt that ended with a question to be asked again has not failed.
func TestDoubtsAreNoFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil) // a third failure makes a dead letter
	ref := b.open()
	b.lab.FailNext(sandbox.Fault{Match: "GET issue", Status: http.StatusNotFound, Times: 2})
	b.lab.FailNext(sandbox.Fault{Match: "GET issue", Status: http.StatusInternalServerError, Times: 2})
	b.look(ref)
	if r := b.decision(ref); r.Attempt != 5 {
		t.Errorf("handled in attempt %d, want 5", r.Attempt)
	}
}

// One 403 may have been the last that GitLab gave to everything. When it is given again, it is about the issue.
func TestForbiddenIsBelievedTheSecondTime(t *testing.T) {
	t.Parallel()
	for times, want := range map[int]string{1: "issue handled", 2: "issue not handled"} {
		b := newBench(t, nil)
		ref := b.open()
		b.lab.FailNext(sandbox.Fault{Match: "GET issue", Status: http.StatusForbidden, Times: times})
		_, err := b.inbox.Enqueue(b.Context(), inbox.Delivery{Issue: ref, Body: []byte("{")})
		b.must(err)
		first, second := testkit.Receive(t, "the first attempt", b.handled), testkit.Receive(t, "the second attempt", b.handled)
		if first != "issue not handled" || second != want {
			t.Errorf("refused %d times: %s, then %s; want %s", times, first, second, want)
		}
		dead, err := b.inbox.DeadLetters(t.Context(), 10)
		b.must(err)
		if buried := len(dead) > 0; buried != (times == 2) {
			t.Errorf("refused %d times: %d dead letters", times, len(dead))
		}
	}
}

// What GitLab shows is old if a later state was delivered or written lately, by a clock that may be right.
func TestOldStates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tests := map[string]struct {
		seen, updated time.Time // when the later state was delivered, and its time
		coarse        bool
		believed      bool // what GitLab shows
	}{
		"delivered now":                        {now, now.Add(time.Minute), false, false},
		"delivered now, in seconds":            {now, now.Add(time.Minute).Truncate(time.Second), true, false},
		"in seconds, of the same second":       {now, now.Truncate(time.Second), true, true},
		"delivered before GitLab was restored": {now.Add(-10 * time.Minute), now.Add(time.Minute), false, true},
		"dated into the future":                {now, now.AddDate(0, 0, 2), false, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, rule("sees", func(in triage.Input) triage.Verdict {
				if in.HasLabel("delivered") {
					return triage.Want("so", triage.AddLabel{Label: "old"})
				}
				return triage.Want("so", triage.AddLabel{Label: "shown"})
			}))
			ref := b.open()
			issue, err := b.viewer.Issue(t.Context(), ref)
			b.must(err)
			issue.UpdatedAt, issue.SecondPrecision, issue.Labels = tt.updated, tt.coarse, []string{"delivered"}
			body, err := record.Event{Event: triage.Event{Kind: triage.Updated | triage.LabelsChanged, Actor: b.people["ann"], At: tt.updated, ReceivedAt: tt.seen}, Issue: issue}.Encode()
			b.must(err)
			_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body, Delay: time.Hour})
			b.must(err)
			b.look(ref)
			if i := b.lab.Issue(ref); i.Has("shown") != tt.believed || i.Has("old") == tt.believed {
				t.Errorf("labels %v; what GitLab shows is to be believed: %t", i.Labels, tt.believed)
			}
		})
	}
}
