// Package inboxtest is what every inbox store owes, as tests: the stores run the same suite. It uses the exported interface only.
package inboxtest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowkeeper/bot/coordination"
	"flowkeeper/bot/coordination/coordinationtest"
	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// Lease is how long the stores under test must keep a claimed issue from others.
const Lease = time.Minute

// Clock is the time of a store under test.
type Clock = coordinationtest.Clock

// Options say what store a test needs.
type Options struct {
	Clock         *Clock
	MaxDeliveries int
}

// Store is an inbox with the projects whose deliveries it took, and with small values beside, which coordinationtest looks at.
type Store interface {
	inbox.Inbox
	coordination.ProjectList
	coordination.Store
}

// Open makes an empty store that uses the clock. It closes the store when the test ends; the suite may close it before.
type Open func(t *testing.T, o Options) Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, group := range []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"Enqueue", testEnqueue},
		{"Claim", testClaim},
		{"Subjects", testSubjects},
		{"Due", testDue},
		{"Lease", testLease},
		{"Fence", testFence},
		{"Done", testDone},
		{"Wake", testWake},
		{"Records", testRecords},
		{"Dead", testDead},
		{"Projects", testProjects},
		{"Full", testFull},
		{"Stats", testStats},
		{"Close", testClose},
		{"Concurrent", testConcurrent},
		{"Model", testModel},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, open) })
	}
}

// cases runs named tests, each with a store of its own.
func cases(t *testing.T, open Open, all map[string]func(*testing.T, *store)) {
	t.Helper()
	for name, run := range all {
		t.Run(name, func(t *testing.T) { run(t, newStore(t, open)) })
	}
}

// many is for cases that fill a store up to a high bound, which takes thousands of synced writes.
func (s *store) many() {
	s.t.Helper()
	if testing.Short() {
		s.t.Skip("writes thousands of times")
	}
}

// store is an inbox with its clock; its methods fail the test where a test does not care for the error.
type store struct {
	Store
	*Clock
	t *testing.T
}

func newStore(t *testing.T, open Open) *store {
	t.Helper()
	return newBounded(t, open, 0)
}

// newBounded has room for so many deliveries, 0 for any number.
func newBounded(t *testing.T, open Open, most int) *store {
	t.Helper()
	clock := &Clock{}
	return &store{Store: open(t, Options{Clock: clock, MaxDeliveries: most}), Clock: clock, t: t}
}

// issue is one of the subjects of the tests, all of one project. They come in pairs of an issue and a merge request with the same number,
// so that every test of two or more holds the two apart.
func issue(n int64) triage.Ref {
	ref := triage.Ref{Project: 7, IID: (n + 1) / 2}
	if n%2 == 0 {
		ref.Kind = triage.SubjectMergeRequest
	}
	return ref
}

// number is the n of issue(n).
func number(ref triage.Ref) int64 {
	if ref.Kind == triage.SubjectMergeRequest {
		return 2 * ref.IID
	}
	return 2*ref.IID - 1
}

// delivery is one with its own keys.
func delivery(n int64, name string) inbox.Delivery {
	return inbox.Delivery{
		ID: "id " + name, Issue: issue(n), IdempotencyKey: "key " + name, ContentKey: "meaning " + name, Body: []byte("body " + name),
	}
}

func (s *store) accept(d inbox.Delivery, want inbox.Outcome) {
	s.t.Helper()
	got, err := s.Enqueue(s.t.Context(), d)
	if err != nil {
		s.t.Fatalf("accepting %q: %v", d.ID, err)
	}
	if got != want {
		s.t.Fatalf("accepting %q: got %s, want %s", d.ID, got, want)
	}
}

// put accepts a new delivery of the issue. What is put later is due later, also by a clock of milliseconds.
func (s *store) put(n int64, name string) {
	s.t.Helper()
	s.accept(delivery(n, name), inbox.Stored)
	s.Advance(time.Millisecond)
}

// claim takes the issue that must be the next one.
func (s *store) claim(n int64) *inbox.Batch {
	s.t.Helper()
	b, err := s.Claim(s.t.Context(), 0)
	if err != nil {
		s.t.Fatalf("claiming: %v", err)
	}
	if b == nil || b.Issue != issue(n) {
		s.t.Fatalf("claiming: got %+v, want a batch of %s", b, issue(n))
	}
	return b
}

// none checks that no issue is due.
func (s *store) none() {
	s.t.Helper()
	b, err := s.Claim(s.t.Context(), 0)
	if err != nil || b != nil {
		s.t.Fatalf("claiming: got %+v, %v, want nothing", b, err)
	}
}

func (s *store) done(b *inbox.Batch, r inbox.Result) {
	s.t.Helper()
	s.must("done", s.Complete(s.t.Context(), b, r))
}

func (s *store) retry(b *inbox.Batch, delay time.Duration, cause string) {
	s.t.Helper()
	s.must("retry", s.Retry(s.t.Context(), b, delay, cause))
}

func (s *store) bury(b *inbox.Batch, cause string, record []byte) {
	s.t.Helper()
	s.must("bury", s.DeadLetter(s.t.Context(), b, cause, record))
}

func (s *store) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// bodies checks what is in a batch, in order, without the word "body".
func (s *store) bodies(deliveries []inbox.Message, want ...string) {
	s.t.Helper()
	var got []string
	for i, d := range deliveries {
		got = append(got, string(d.Body))
		if i > 0 && deliveries[i-1].Seq >= d.Seq {
			s.t.Errorf("delivery %d has number %d, the one before it %d", i, d.Seq, deliveries[i-1].Seq)
		}
	}
	full := make([]string, len(want))
	for i, w := range want {
		full[i] = "body " + w
	}
	if diff := cmp.Diff(full, append([]string{}, got...)); diff != "" {
		s.t.Fatalf("deliveries (-want +got):\n%s", diff)
	}
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// between checks a time of the store against the test's own, to the millisecond.
func between(t *testing.T, what string, from, got, to time.Time) {
	t.Helper()
	if got.Before(from.Truncate(time.Millisecond)) || got.After(to.Add(time.Millisecond)) {
		t.Errorf("%s is %s, want between %s and %s", what, got, from, to)
	}
}
