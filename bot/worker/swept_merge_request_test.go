package worker_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/bot/record"
	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/engine"
	"flowkeeper/rules/triage"
)

// sweeping is a bench whose workers infer what was missed.
type sweeping struct {
	*bench
	kept *keeping
}

func sweepBench(t *testing.T) *sweeping {
	t.Helper()
	kept := &keeping{}
	b := startBench(t, setup{rules: []engine.Setting{besides()}, lookback: time.Hour, store: func(i inbox.Inbox) inbox.Inbox { kept.Inbox = i; return kept }})
	b.must(b.lab.SetAutoClose(b.project, false))
	return &sweeping{b, kept}
}

// request opens a merge request as omar. Nobody tells the bot.
func (b *sweeping) request(title, description string) triage.Ref {
	b.Helper()
	m, err := b.lab.OpenMergeRequest("omar", b.project, sandbox.MergeRequestOptions{Title: title, Description: description})
	b.must(err)
	b.must(b.lab.AwaitDelivered(b.Context()))
	return m
}

// sweep tells the bot of a merge request as a sweep does that looks from then on, and waits until it is done.
func (b *sweeping) sweep(ref triage.Ref, from, came time.Time) {
	b.Helper()
	m, err := b.viewer.Issue(b.Context(), ref)
	b.must(err)
	body, err := record.Event{Event: triage.Event{Kind: triage.Swept, At: m.UpdatedAt, ReceivedAt: time.Now()}, Issue: m, Came: came, Since: from}.Encode()
	b.must(err)
	_, err = b.inbox.Enqueue(b.Context(), inbox.Delivery{Issue: ref, Body: body})
	b.must(err)
	b.idle()
}

// beside is what the issue remembers of its first merge request.
func (b *sweeping) beside(ref triage.Ref) triage.MergeRequest {
	b.Helper()
	left, known := b.kept.all.Load(ref)
	if !known {
		return triage.MergeRequest{}
	}
	var m triage.Memory
	b.must(json.Unmarshal(left.(inbox.Result).Memory, &m))
	if len(m.Context.MergeRequests) == 0 {
		return triage.MergeRequest{}
	}
	return m.Context.MergeRequests[0]
}

// TestSweptMergeRequestCosts: what nobody told of costs what its first delivery would have cost, and what was delivered nothing, also where the delivery
// had its time in whole seconds.
func TestSweptMergeRequestCosts(t *testing.T) {
	t.Parallel()
	b := sweepBench(t)
	ref := b.open()
	m := b.request("m", fmt.Sprintf("Closes #%d", ref.IID))
	b.sweep(m, time.Time{}, time.Time{})
	reads := slices.DeleteFunc(b.reads(), func(line string) bool { return !strings.Contains(line, "1!1") && !strings.HasPrefix(line, "project ") })
	if want := []string{"project 1", "closes issues 1!1", "related issues 1!1"}; !slices.Equal(reads, want) {
		t.Errorf("an unknown one costs %q, want %q", reads, want)
	}
	if said := b.said(ref); said != "!1 3" {
		t.Errorf("its issue knows %q", said)
	}
	b.sweep(m, time.Time{}, time.Time{})
	b.ahead.Add(int64(2 * time.Second))
	b.must(b.lab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
	b.reads()
	b.deliverCut(m)
	b.sweep(m, time.Time{}, time.Time{})
	if reads := b.reads(); len(reads) > 0 {
		t.Errorf("a known state costs %q", reads)
	}
}

// deliverCut tells the bot of a merge request as a webhook does whose times are in whole seconds.
func (b *sweeping) deliverCut(ref triage.Ref) {
	b.Helper()
	m, err := b.viewer.Issue(b.Context(), ref)
	b.must(err)
	m.Description, m.SecondPrecision, m.UpdatedAt = "", true, m.UpdatedAt.Truncate(time.Second)
	m.MergeRequest.ToDefault, m.MergeRequest.DefaultUnknown = true, false
	body, err := record.Event{Event: triage.Event{Kind: triage.Updated, Actor: b.people["omar"], At: m.UpdatedAt, ReceivedAt: time.Now()}, Issue: m}.Encode()
	b.must(err)
	_, err = b.inbox.Enqueue(b.Context(), inbox.Delivery{Issue: ref, Body: body})
	b.must(err)
	b.idle()
}

// TestSweptStageHasItsTime: issues are told when the merge request came into its stage, however late something else moved it.
func TestSweptStageHasItsTime(t *testing.T) {
	t.Parallel()
	for stage, come := range map[triage.MergeRequestStage]func(b *sweeping, m triage.Ref) error{
		triage.StageDraft: func(b *sweeping, m triage.Ref) error {
			return b.lab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Draft: new(true)})
		},
		triage.StageReady: func(b *sweeping, m triage.Ref) error {
			return b.lab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Draft: new(bool)})
		},
		triage.StageClosed: func(b *sweeping, m triage.Ref) error {
			return b.lab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{Close: true}})
		},
		triage.StageMerged: func(b *sweeping, m triage.Ref) error { return b.lab.Merge("mia", m) },
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("stage %d, known before %t", stage, known), func(t *testing.T) {
				t.Parallel()
				b := sweepBench(t)
				ref := b.open()
				title := map[bool]string{true: "Draft: m", false: "m"}[stage == triage.StageReady]
				m := b.request(title, fmt.Sprintf("Closes #%d", ref.IID))
				if known {
					b.deliver(m)
					b.idle()
				}
				b.ahead.Add(int64(time.Minute))
				b.must(come(b, m))
				b.must(b.lab.AwaitDelivered(t.Context()))
				came := b.lab.MergeRequest(m).UpdatedAt
				b.ahead.Add(int64(time.Minute))
				b.must(b.lab.EditMergeRequest("omar", m, sandbox.MergeRequestChange{Change: sandbox.Change{AddLabels: []string{"x"}}}))
				b.sweep(m, time.Time{}, time.Time{})
				if got := b.beside(ref); got.Stage() != stage || got.Since.Sub(came).Abs() > time.Second {
					t.Errorf("the issue knows stage %d since %s, want %d since %s", got.Stage(), got.Since, stage, came)
				}
			})
		}
	}
}

// TestSweptMergeRequestThatIsLongOver: the issue is not told of what nobody knows and what came to its end before the sweep looks, or was so before the bot
// came to the project.
func TestSweptMergeRequestThatIsLongOver(t *testing.T) {
	t.Parallel()
	before, after := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		merged     bool
		from, came time.Time
		told       bool
	}{
		"merged before the sweep looks": {true, after, before, false},
		"merged since":                  {true, before, before, true},
		"merged before the bot came":    {true, before, after, false},
		"open before the sweep looks":   {false, after, before, true},
		"open before the bot came":      {false, before, after, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sweepBench(t)
			ref := b.open()
			m := b.request("m", fmt.Sprintf("Closes #%d", ref.IID))
			if test.merged {
				b.must(b.lab.Merge("mia", m))
				b.must(b.lab.AwaitDelivered(t.Context()))
			}
			b.sweep(m, test.from, test.came)
			if told := b.beside(ref).IID != 0; told != test.told {
				t.Errorf("told %t, want %t", told, test.told)
			}
			b.sweep(m, test.from, test.came)
			b.ahead.Add(int64(time.Minute))
			change := sandbox.MergeRequestChange{Change: sandbox.Change{Close: !test.merged, AddLabels: []string{"x"}}}
			b.must(b.lab.EditMergeRequest("omar", m, change))
			b.sweep(m, test.from, test.came)
			if told := b.beside(ref).State == triage.MRClosed; told == test.merged {
				t.Errorf("told of what came later %t", told)
			}
		})
	}
}

// TestSweptIsNotHeard: a project whose merge requests only a sweep finds is none whose merge requests are delivered. A new issue asks GitLab.
func TestSweptIsNotHeard(t *testing.T) {
	t.Parallel()
	b := sweepBench(t)
	b.sweep(b.request("m", "Only words."), time.Time{}, time.Time{})
	ref := b.open()
	b.tell(ref, b.opened(ref))
	b.request("Draft: lost", fmt.Sprintf("Closes #%d", ref.IID))
	b.sweep(b.request("m", fmt.Sprintf("Closes #%d", ref.IID)), time.Time{}, time.Time{})
	if said := b.said(ref); said != "!3 3, !2 2" {
		t.Errorf("its issue knows %q", said)
	}
}

// TestSweptWithinOneSecond: a list shows a draft, and a delivery of the same second, whose time is cut, says that it is ready. Nobody knows which came
// later, so GitLab is asked, in whichever order they come.
func TestSweptWithinOneSecond(t *testing.T) {
	t.Parallel()
	for _, sweptFirst := range []bool{false, true} {
		b := sweepBench(t)
		ref := b.open()
		m := b.request("m", fmt.Sprintf("Closes #%d", ref.IID))
		delivered, err := b.viewer.Issue(t.Context(), m)
		b.must(err)
		delivered.UpdatedAt, delivered.SecondPrecision = delivered.UpdatedAt.Truncate(time.Second).Add(-time.Second), true
		swept, details := delivered, *delivered.MergeRequest
		swept.UpdatedAt, swept.SecondPrecision, details.Draft = swept.UpdatedAt.Add(300*time.Millisecond), false, true
		swept.MergeRequest = &details
		events := []record.Event{
			{Event: triage.Event{Kind: triage.Updated, At: delivered.UpdatedAt, ReceivedAt: time.Now()}, Issue: delivered},
			{Event: triage.Event{Kind: triage.Swept, At: swept.UpdatedAt, ReceivedAt: time.Now()}, Issue: swept},
		}
		if sweptFirst {
			slices.Reverse(events)
		}
		for _, e := range events {
			body, err := e.Encode()
			b.must(err)
			_, err = b.inbox.Enqueue(t.Context(), inbox.Delivery{Issue: m, Body: body})
			b.must(err)
			b.idle()
		}
		reads := b.reads()
		if got := b.beside(ref); got.Stage() != triage.StageReady || !slices.Contains(reads, "merge request 1!1") {
			t.Errorf("swept first %t: the issue knows stage %d, after %q", sweptFirst, got.Stage(), reads)
		}
	}
}

// TestCommentedIsNotHeard: nor is one of whose merge requests only comments are delivered, as by a webhook without the trigger for merge requests.
func TestCommentedIsNotHeard(t *testing.T) {
	t.Parallel()
	b := sweepBench(t)
	first := b.request("m", "Only words.")
	said := b.event("omar", triage.Noted)
	said.Note = &triage.Note{ID: 1}
	body, err := record.Event{Event: said, Issue: triage.Issue{Ref: first}}.Encode()
	b.must(err)
	_, err = b.inbox.Enqueue(b.Context(), inbox.Delivery{Issue: first, Body: body})
	b.must(err)
	b.idle()
	ref := b.open()
	b.tell(ref, b.opened(ref))
	b.request("Draft: lost", fmt.Sprintf("Closes #%d", ref.IID))
	b.sweep(b.request("m", fmt.Sprintf("Closes #%d", ref.IID)), time.Time{}, time.Time{})
	if said := b.said(ref); said != "!3 3, !2 2" {
		t.Errorf("its issue knows %q", said)
	}
}
