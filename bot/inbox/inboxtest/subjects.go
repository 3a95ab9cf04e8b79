package inboxtest

import (
	"errors"
	"testing"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

// An issue and a merge request of one project with the same number.
var twins = []triage.Ref{{Project: 7, IID: 12}, {Project: 7, Kind: triage.SubjectMergeRequest, IID: 12}}

func testSubjects(t *testing.T, open Open) {
	s := newStore(t, open)
	for _, ref := range twins {
		s.accept(inbox.Delivery{Issue: ref, Body: []byte("body " + ref.String())}, inbox.Stored)
	}
	claim := func() (issue, mergeRequest *inbox.Batch) {
		t.Helper()
		batches := map[triage.Ref]*inbox.Batch{}
		for range twins {
			b, err := s.Claim(t.Context(), 0)
			if err != nil || b == nil {
				t.Fatalf("claiming: got %v, %v, want a batch each of %s", b, err, twins)
			}
			batches[b.Issue] = b
		}
		if len(batches) != 2 || batches[twins[0]] == nil || batches[twins[1]] == nil {
			t.Fatalf("got batches of %v, want one each of %s", batches, twins)
		}
		return batches[twins[0]], batches[twins[1]]
	}

	// Mailboxes, memories and records.
	issue, mergeRequest := claim()
	for _, b := range []*inbox.Batch{issue, mergeRequest} {
		s.bodies(b.Deliveries, b.Issue.String())
		s.done(b, inbox.Result{Memory: []byte("memory " + b.Issue.String()), Record: []byte("record " + b.Issue.String())})
	}
	for _, ref := range twins {
		records, err := s.Records(t.Context(), ref, 10)
		if err != nil || len(records) != 1 || records[0].Issue != ref || string(records[0].Body) != "record "+ref.String() {
			t.Errorf("records of %s: got %v, %v, want its own alone", ref, records, err)
		}
		s.accept(inbox.Delivery{Issue: ref, Body: []byte("body " + ref.String())}, inbox.Stored)
	}

	// Leases and dead letters.
	issue, mergeRequest = claim()
	for _, b := range []*inbox.Batch{issue, mergeRequest} {
		equal(t, "memory", "memory "+b.Issue.String(), string(b.Memory))
	}
	s.bury(mergeRequest, "cause", nil)
	s.must("extending the lease on the issue", s.Extend(t.Context(), issue))
	letters, err := s.DeadLetters(t.Context(), 10)
	if err != nil || len(letters) != 1 || letters[0].Issue != mergeRequest.Issue {
		t.Fatalf("dead letters: got %v, %v, want that of %s", letters, err, mergeRequest.Issue)
	}
	if err := s.Redrive(t.Context(), issue.Issue); !errors.Is(err, inbox.ErrNotFound) {
		t.Errorf("reviving %s: got %v, want that there is no letter of it", issue.Issue, err)
	}
	s.bury(issue, "another", nil)
	s.must("dropping the letter of the merge request", s.DropDeadLetter(t.Context(), mergeRequest.Issue))
	s.must("reviving that of the issue", s.Redrive(t.Context(), issue.Issue))
	b, err := s.Claim(t.Context(), 0)
	if err != nil || b == nil || b.Issue != issue.Issue {
		t.Fatalf("claiming: got %v, %v, want the issue that was revived", b, err)
	}
	s.bodies(b.Deliveries, b.Issue.String())
	s.none()
}
