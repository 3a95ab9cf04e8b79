package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowkeeper/bot/inbox"
)

// testModel runs random operations on a store and on a model of it. Times are in whole minutes, so that the time that really passes
// decides nothing but the order of issues due in the same minute.
func testModel(t *testing.T, open Open) {
	rapid.Check(t, func(rt *rapid.T) {
		clock := &Clock{}
		m := &model{
			in: open(t, Options{Clock: clock, MaxDeliveries: modelMax}), clock: clock, ctx: t.Context(),
			boxes: map[int64]*modelBox{}, keys: map[string]int{}, dead: map[int64]modelLetter{},
		}
		defer func() {
			if err := m.in.Close(); err != nil {
				rt.Errorf("closing: %v", err)
			}
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"accept":   m.accept,
			"claim":    m.claim,
			"claim 2":  m.claim, // more often than others, because most of them need a batch
			"extend":   m.extend,
			"remember": m.remember,
			"done":     m.done,
			"retry":    m.retry,
			"release":  m.release,
			"bury":     m.bury,
			"revive":   m.revive,
			"drop":     m.drop,
			"advance":  m.advance,
			"":         m.check,
		})
	})
}

// model is what a store should hold. Times are minutes since the start.
type model struct {
	in    inbox.Inbox
	clock *Clock
	ctx   context.Context //nolint:containedctx // the one of the test that runs the model
	now   int
	next  int // number of the next delivery
	boxes map[int64]*modelBox
	keys  map[string]int // until when they suppress repeats
	dead  map[int64]modelLetter
	held  []heldBatch // every batch ever claimed, outdated ones too
}

type heldBatch struct {
	batch *inbox.Batch
	issue int64
	woken bool
	mail  []int
}

type modelBox struct {
	mail    []int
	due     *int
	wake    *int
	delayed bool
	lease   int // index in held + 1, 0 for none
	until   int
	attempt int
	cause   string
	memory  string
	kept    int  // until when there is a memory
	again   bool // wake was revived under the lease
}

type modelLetter struct {
	mail     []int
	cause    string
	attempts int
	woken    bool
}

func (m *model) box(n int64) *modelBox {
	if m.boxes[n] == nil {
		m.boxes[n] = &modelBox{}
	}
	return m.boxes[n]
}

// claimable is when the issue may be claimed, nil for never.
func (b *modelBox) claimable() *int {
	switch {
	case b.lease != 0:
		return &b.until
	case b.delayed || b.wake == nil || (b.due != nil && *b.due <= *b.wake):
		return b.due
	default:
		return b.wake
	}
}

func (b *modelBox) rest(now int) {
	b.due, b.delayed, b.attempt, b.cause = nil, false, 0, ""
	if len(b.mail) > 0 {
		b.due = &now
	}
}

// remembers is the memory that has not expired.
func (b *modelBox) remembers(now int) string {
	if now >= b.kept {
		return ""
	}
	return b.memory
}

// modelMax is low enough to be reached now and then.
const modelMax = 8

func (m *model) waiting() int {
	n := 0
	for _, b := range m.boxes {
		n += len(b.mail)
	}
	return n
}

var drawIssue = rapid.Int64Range(1, 3)

func (m *model) accept(t *rapid.T) {
	n := drawIssue.Draw(t, "issue")
	key := rapid.SampledFrom([]string{"", "k1", "k2", "k3", "k4"}).Draw(t, "key")
	meaning := rapid.SampledFrom([]string{"", "m1", "m2"}).Draw(t, "meaning")
	delay := rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "delay")
	if rapid.Bool().Draw(t, "fresh") {
		key = fmt.Sprint("fresh ", m.next)
		meaning = ""
	}
	want, full := inbox.Stored, false
	switch {
	case key != "" && m.keys["k"+key] > m.now:
		want = inbox.Duplicate
	case meaning != "" && m.keys["m"+meaning] > m.now:
		want = inbox.Duplicate
		m.keys["k"+key] = m.now + minutes(inbox.KeepIdempotencyKeys)
	case m.waiting() >= modelMax:
		want, full = "", true
	default:
		m.keys["k"+key] = m.now + minutes(inbox.KeepIdempotencyKeys)
		m.keys["m"+meaning] = m.now + minutes(inbox.KeepContentKeys)
		b := m.box(n)
		b.mail = append(b.mail, m.next)
		if due := m.now + delay; b.lease == 0 && !b.delayed && (b.due == nil || due < *b.due) {
			b.due = &due
		}
	}
	got, err := m.in.Enqueue(m.ctx, inbox.Delivery{
		Issue: issue(n), IdempotencyKey: key, ContentKey: meaning, Delay: time.Duration(delay) * time.Minute, Body: fmt.Append(nil, m.next),
	})
	if got != want || full != errors.Is(err, inbox.ErrFull) || (err != nil && !full) {
		t.Fatalf("got %s, %v, want %s, full: %t", got, err, want, full)
	}
	m.next++
}

func (m *model) claim(t *rapid.T) {
	got, err := m.in.Claim(m.ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	first := m.now + 1
	for _, b := range m.boxes {
		if at := b.claimable(); at != nil {
			first = min(first, *at)
		}
	}
	if got == nil {
		if first <= m.now {
			t.Fatalf("got nothing, want an issue due since minute %d (now is %d)", first, m.now)
		}
		return
	}
	b := m.box(number(got.Issue))
	if at := b.claimable(); at == nil || *at != first {
		t.Fatalf("got %s, want an issue due since minute %d (now is %d)", got.Issue, first, m.now)
	}
	b.attempt++
	b.again = false
	woken := b.wake != nil && *b.wake <= m.now
	slices.Sort(b.mail)
	want := &inbox.Batch{
		Issue: got.Issue, Attempt: b.attempt, Abandoned: b.lease != 0, LastError: b.cause, Woken: woken, FencingToken: got.FencingToken, LeaseUntil: got.LeaseUntil,
		Deliveries: got.Deliveries, Memory: got.Memory, StoreCreatedAt: got.StoreCreatedAt,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("batch (-want +got):\n%s", diff)
	}
	if got, want := string(got.Memory), b.remembers(m.now); got != want {
		t.Fatalf("memory is %q, want %q", got, want)
	}
	checkMail(t, b.mail, got.Deliveries)
	m.held = append(m.held, heldBatch{batch: got, issue: number(got.Issue), woken: woken, mail: slices.Clone(b.mail)})
	b.lease, b.until = len(m.held), m.now+minutes(Lease)
}

// draw picks any batch ever claimed and says whether its lease still stands.
func (m *model) draw(t *rapid.T) (heldBatch, *modelBox, bool) {
	if len(m.held) == 0 {
		t.Skip("nothing was claimed")
	}
	// Mostly the newest: old ones are outdated nearly always.
	i := len(m.held) - 1 - min(len(m.held)-1, rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 5}).Draw(t, "batch"))
	h := m.held[i]
	b := m.box(h.issue)
	return h, b, b.lease == i+1
}

// fenced checks the answer to a write and reports whether it counts.
func fenced(t *rapid.T, holds bool, err error) bool {
	if holds && err != nil {
		t.Fatalf("got %v, want it done", err)
	}
	if !holds && !errors.Is(err, inbox.ErrLeaseLost) {
		t.Fatalf("got %v, want the lease lost", err)
	}
	return holds
}

func (m *model) extend(t *rapid.T) {
	h, b, holds := m.draw(t)
	if fenced(t, holds, m.in.Extend(m.ctx, h.batch)) {
		b.until = m.now + minutes(Lease)
	}
}

func (m *model) remember(t *rapid.T) {
	h, b, holds := m.draw(t)
	memory := fmt.Sprint("memory ", m.next)
	m.next++
	if fenced(t, holds, m.in.SaveMemory(m.ctx, h.batch, []byte(memory))) {
		b.memory, b.kept = memory, m.now+minutes(inbox.KeepMemory)
	}
}

func (m *model) done(t *rapid.T) {
	h, b, holds := m.draw(t)
	var r inbox.Result
	if rapid.Bool().Draw(t, "remembers") {
		r.Memory = fmt.Append(nil, "memory ", m.next)
		m.next++
	}
	var wake *int
	if in := rapid.SampledFrom([]int{-1, -1, 0, 2, 5}).Draw(t, "wakes in"); in >= 0 {
		at := m.now + in
		wake, r.WakeAt = &at, m.clock.Now().Add(time.Duration(in)*time.Minute)
	}
	if !fenced(t, holds, m.in.Complete(m.ctx, h.batch, r)) {
		return
	}
	b.lease = 0
	b.mail = without(b.mail, h.mail)
	b.memory = b.remembers(m.now)
	if r.Memory != nil {
		b.memory = string(r.Memory)
	}
	b.kept = m.now + minutes(inbox.KeepMemory)
	if !b.again {
		b.wake = wake
	}
	b.rest(m.now)
}

func (m *model) retry(t *rapid.T) {
	h, b, holds := m.draw(t)
	delay := rapid.IntRange(0, 4).Draw(t, "delay")
	cause := rapid.SampledFrom([]string{"", "this", "that"}).Draw(t, "cause")
	if !fenced(t, holds, m.in.Retry(m.ctx, h.batch, time.Duration(delay)*time.Minute, cause)) {
		return
	}
	due := m.now + delay
	b.lease, b.due, b.delayed, b.cause = 0, &due, true, cause
}

func (m *model) release(t *rapid.T) {
	h, b, holds := m.draw(t)
	if !fenced(t, holds, m.in.Requeue(m.ctx, h.batch)) {
		return
	}
	b.lease = 0
	b.attempt--
}

func (m *model) bury(t *rapid.T) {
	h, b, holds := m.draw(t)
	cause := fmt.Sprint("cause ", m.next)
	m.next++
	if !fenced(t, holds, m.in.DeadLetter(m.ctx, h.batch, cause, nil)) {
		return
	}
	earlier := m.dead[h.issue]
	m.dead[h.issue] = modelLetter{
		mail: append(slices.Clone(earlier.mail), h.mail...), cause: cause, attempts: b.attempt, woken: earlier.woken || h.woken,
	}
	b.lease = 0
	b.mail = without(b.mail, h.mail)
	if h.woken && !b.again {
		b.wake = nil
	}
	b.rest(m.now)
}

func (m *model) revive(t *rapid.T) {
	n := drawIssue.Draw(t, "issue")
	err := m.in.Redrive(m.ctx, issue(n))
	l, there := m.dead[n]
	if !there {
		if !errors.Is(err, inbox.ErrNotFound) {
			t.Fatalf("got %v, want not found", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	delete(m.dead, n)
	b := m.box(n)
	b.mail = append(b.mail, l.mail...)
	if now := m.now; l.woken {
		b.wake, b.again = &now, b.lease != 0
	}
	if b.lease == 0 {
		b.rest(m.now)
	}
}

func (m *model) drop(t *rapid.T) {
	n := drawIssue.Draw(t, "issue")
	err := m.in.DropDeadLetter(m.ctx, issue(n))
	if _, there := m.dead[n]; there != (err == nil) || (!there && !errors.Is(err, inbox.ErrNotFound)) {
		t.Fatalf("got %v, there is a letter: %t", err, there)
	}
	delete(m.dead, n)
}

func (m *model) advance(t *rapid.T) {
	by := rapid.SampledFrom([]int{
		1, 1, 1, 2, 5, minutes(inbox.KeepContentKeys), minutes(inbox.KeepIdempotencyKeys), minutes(inbox.KeepMemory),
	}).Draw(t, "minutes")
	m.now += by
	m.clock.Advance(time.Duration(by) * time.Minute)
}
