package worker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// besides is a rule that says what it knows of merge requests.
func besides() engine.Setting {
	s := rule("besides", func(in triage.Input) triage.Verdict {
		if !in.Knows(triage.NeedMergeRequests) {
			return triage.Load("more has to be known", triage.NeedMergeRequests)
		}
		var said []string
		for _, m := range in.Memory.Context.MergeRequests {
			said = append(said, fmt.Sprintf("!%d %d", m.IID, m.Stage()))
		}
		return triage.Nothing(strings.Join(said, ", "))
	})
	s.On = triage.MergeRequestChanged
	return s
}

// forgetful is a store that fails at one of the events for issues.
type forgetful struct {
	inbox.Inbox
	mu     sync.Mutex
	failAt int  // which of them, from 1; 0 is none
	after  bool // it stores the event first
	dies   bool // the process comes to its end there
	stored map[triage.Ref]int
}

func (f *forgetful) Enqueue(ctx context.Context, d inbox.Delivery) (inbox.Outcome, error) {
	if !strings.HasPrefix(d.IdempotencyKey, "merge-request/") {
		return f.Inbox.Enqueue(ctx, d)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failAt--
	if f.failAt == 0 && !f.after {
		return "", f.fail()
	}
	outcome, err := f.Inbox.Enqueue(ctx, d)
	if outcome == inbox.Stored {
		f.stored[d.Issue]++
	}
	if f.failAt == 0 {
		return "", f.fail()
	}
	return outcome, err
}

func (f *forgetful) fail() error {
	if f.dies {
		panic("killed")
	}
	return fmt.Errorf("%w: tried out", inbox.ErrUnavailable)
}

// deliver tells the bot of a merge request as it is now.
func (b *bench) deliver(ref triage.Ref) {
	b.Helper()
	m, err := b.viewer.Issue(b.Context(), ref)
	b.must(err)
	m.Description, m.MergeRequest.ToDefault, m.MergeRequest.DefaultUnknown = "", true, false
	body, err := record.Event{Event: triage.Event{Kind: triage.Updated, Actor: b.people["omar"], At: m.UpdatedAt, ReceivedAt: time.Now()}, Issue: m}.Encode()
	b.must(err)
	_, err = b.inbox.Enqueue(b.Context(), inbox.Delivery{Issue: ref, Body: body})
	b.must(err)
}

// idle waits until nothing waits in the inbox.
func (b *bench) idle() {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), reachable)
	defer cancel()
	for {
		stats, err := b.inbox.Stats(ctx)
		b.must(err)
		if stats.Deliveries == 0 {
			return
		}
		select {
		case <-b.handled:
		case <-ctx.Done():
			b.Fatal("deliveries still wait in the inbox")
		}
	}
}

// TestTellingIssuesFails: at whichever issue the telling breaks off, before or behind its event is stored, each issue is told once.
func TestTellingIssuesFails(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		for _, after := range []bool{false, true} {
			for _, dies := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d, stored %t, killed %t", n, after, dies), func(t *testing.T) {
					t.Parallel()
					store := &forgetful{failAt: n, after: after, dies: dies, stored: map[triage.Ref]int{}}
					b := startBench(t, setup{rules: []engine.Setting{besides()}, store: func(i inbox.Inbox) inbox.Inbox { store.Inbox = i; return store }})
					issues := []triage.Ref{b.open(), b.open(), b.open()}
					m, err := b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: "Draft: m", Description: "Closes #1, #2, #3"})
					b.must(err)
					b.must(b.lab.AwaitDelivered(t.Context()))
					b.deliver(m)
					b.idle()
					for _, ref := range issues {
						if store.stored[ref] != 1 || b.said(ref) != "!1 2" {
							t.Errorf("%s was told %d times and knows %q", ref, store.stored[ref], b.said(ref))
						}
					}
					if dead, err := b.inbox.DeadLetters(t.Context(), 10); err != nil || len(dead) > 0 {
						t.Errorf("dead letters %+v, error %v", dead, err)
					}
				})
			}
		}
	}
}

// TestMergeRequestCosts: the first event of a head and description costs at most three calls, the next ones none, and an issue that nothing changed
// for is not told.
func TestMergeRequestCosts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		description string
		off         bool // GitLab closes no issues by itself
		calls       int
	}{
		"nothing":             {"Only words.", false, 1},
		"what GitLab closes":  {"Closes #1", false, 1},
		"what only text says": {"Closes #1", true, 2},
		"what is not there":   {"Closes #99, other/project#1 and PLAN-1", false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBench(t, setup{rules: []engine.Setting{besides()}})
			b.must(b.lab.SetAutoClose(b.project, !test.off))
			b.open()
			m, err := b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: "m", Description: test.description})
			b.must(err)
			b.must(b.lab.AwaitDelivered(t.Context()))
			of := func() (calls int) {
				for _, line := range b.reads() {
					if strings.Contains(line, "closes") || strings.Contains(line, "related issues") || strings.Contains(line, "merge request 1!1") {
						calls++
					}
				}
				return calls
			}
			b.deliver(m)
			b.idle()
			if n := of(); n != test.calls {
				t.Errorf("the first event costs %d calls, want %d", n, test.calls)
			}
			labels := sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}
			b.must(b.lab.EditMergeRequest("omar", m, labels))
			b.deliver(m)
			b.idle()
			if all := b.reads(); len(all) > 0 {
				t.Errorf("the next one costs %q", all)
			}
		})
	}
}

// TestHiddenMergeRequest: what the token may not see is kept as a dead letter with the reason, and not asked for again and again.
func TestHiddenMergeRequest(t *testing.T) {
	t.Parallel()
	b := startBench(t, setup{rules: []engine.Setting{besides()}})
	ref := triage.Ref{Project: 4711, Kind: triage.SubjectMergeRequest, IID: 3}
	at := time.Now().Add(-time.Second)
	hidden := triage.Issue{Ref: ref, UpdatedAt: at, MergeRequest: &triage.MergeRequestDetails{State: triage.MROpened, ToDefault: true, TargetBranch: "main"}}
	body, err := record.Event{Event: triage.Event{Kind: triage.Opened, At: at, ReceivedAt: at}, Issue: hidden}.Encode()
	b.must(err)
	_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: ref, Body: body})
	b.must(err)
	b.idle()
	dead, err := b.inbox.DeadLetters(t.Context(), 10)
	if err != nil || len(dead) != 1 || !strings.Contains(dead[0].Cause, "the token cannot see the project") {
		t.Errorf("dead letters %+v, error %v", dead, errors.Join(err))
	}
}

// TestMergeRequestBudget: a thousand events of merge requests over a hundred issues, with two heads each, take at most 250 calls of all kinds.
func TestMergeRequestBudget(t *testing.T) {
	t.Parallel()
	const issues = 100
	b := startBench(t, setup{rules: []engine.Setting{besides()}})
	first, err := b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: "before"})
	b.must(err)
	b.deliver(first) // so that the bot knows that it hears of merge requests here
	b.idle()
	began, events := len(b.lab.Calls()), 0
	for range issues {
		ref := b.open()
		b.tell(ref, b.opened(ref))
		m, err := b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: "Draft: m", Description: fmt.Sprintf("Closes #%d", ref.IID)})
		b.must(err)
		b.must(b.lab.AwaitDelivered(t.Context()))
		b.deliver(m)
		for n := range 9 {
			change := sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{fmt.Sprint("l", n)}}}
			switch n {
			case 3:
				b.must(b.lab.Push("omar", m, "more"))
			case 7:
				change.Assignees = &[]string{"omar"}
				change.AddLabels = nil
			}
			b.must(b.lab.EditMergeRequest("omar", m, change))
			b.deliver(m)
		}
		events += 10
		b.idle()
		if said := b.said(ref); !strings.HasPrefix(said, fmt.Sprintf("!%d ", m.IID)) {
			t.Fatalf("%s knows %q", ref, said)
		}
	}
	calls := 0
	for _, c := range b.lab.Calls()[began:] {
		if c.User == botName {
			calls++
		}
	}
	if events != 1000 || calls > 250 {
		t.Errorf("%d events take %d calls, want at most 250", events, calls)
	}
}
