package inboxtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func testRecords(t *testing.T, open Open) {
	// texts are the bodies of records, and whose they are.
	texts := func(records []inbox.Record) []string {
		all := make([]string, len(records))
		for i, r := range records {
			all[i] = r.Issue.String() + " " + string(r.Body)
		}
		return all
	}
	cases(t, open, map[string]func(*testing.T, *store){
		"the newest come first, of one issue and of all": func(t *testing.T, s *store) {
			from := s.Now()
			for i := range 6 {
				n := int64(i%2 + 1)
				s.put(n, fmt.Sprint(i))
				s.done(s.claim(n), inbox.Result{Record: fmt.Appendf(nil, "r %d", i)})
			}
			s.put(1, "no record")
			s.done(s.claim(1), inbox.Result{})
			one, err := s.Store.Records(t.Context(), issue(1), 2)
			s.must("records", err)
			equal(t, "records of an issue", []string{"7#1 r 4", "7#1 r 2"}, texts(one))
			all, err := s.RecentRecords(t.Context(), 4)
			s.must("recent", err)
			equal(t, "records of all", []string{"7!1 r 5", "7#1 r 4", "7!1 r 3", "7#1 r 2"}, texts(all))
			between(t, "time of a record", from, all[0].At, s.Now())
			none, err := s.Store.Records(t.Context(), issue(3), 10)
			s.must("records", err)
			equal(t, "records of an unknown issue", []string{}, texts(none))
			none, err = s.RecentRecords(t.Context(), 0)
			s.must("recent", err)
			equal(t, "no records", []string{}, texts(none))
		},
		"an issue keeps its newest": func(t *testing.T, s *store) {
			s.put(2, "other")
			s.done(s.claim(2), inbox.Result{Record: []byte("other")})
			var want []string
			for i := range inbox.RecordsPerIssue + 5 {
				s.put(1, fmt.Sprint(i))
				s.done(s.claim(1), inbox.Result{Record: fmt.Appendf(nil, "%d", i)})
				if i >= 5 {
					want = append([]string{fmt.Sprintf("7#1 %d", i)}, want...)
				}
			}
			one, err := s.Store.Records(t.Context(), issue(1), 100)
			s.must("records", err)
			equal(t, "records of the issue", want, texts(one))
			all, err := s.RecentRecords(t.Context(), 100)
			s.must("recent", err)
			equal(t, "records of all", append(want, "7!1 other"), texts(all))
		},
		"all issues together keep the newest": func(t *testing.T, s *store) {
			s.many()
			const perIssue, beyond = 10, 50
			s.put(1, "oldest")
			s.done(s.claim(1), inbox.Result{Record: []byte("oldest")})
			s.fillRecords((inbox.RecordsOverall+beyond)/perIssue, perIssue)
			all, err := s.RecentRecords(t.Context(), 2*inbox.RecordsOverall)
			s.must("recent", err)
			equal(t, "how many are kept", inbox.RecordsOverall, len(all))
			one, err := s.Store.Records(t.Context(), issue(1), 10)
			s.must("records", err)
			equal(t, "records of the issue with the oldest", []string{}, texts(one))
			for i := range inbox.RecordsPerIssue + 1 { // the last one replaces one of its own issue
				s.put(1, fmt.Sprint(i))
				s.done(s.claim(1), inbox.Result{Record: []byte("newest")})
			}
			all, err = s.RecentRecords(t.Context(), 2*inbox.RecordsOverall)
			s.must("recent", err)
			equal(t, "how many are still kept", inbox.RecordsOverall, len(all))
			of := map[triage.Ref]int{}
			for _, r := range all {
				of[r.Issue]++
			}
			for ref, n := range of {
				one, err := s.Store.Records(t.Context(), ref, inbox.RecordsPerIssue+1)
				s.must("records", err)
				equal(t, "records of "+ref.String(), n, len(one))
			}
		},
	})
}

// fillRecords leaves so many records on each of so many issues, from number 2, with many workers.
func (s *store) fillRecords(issues, each int) {
	s.t.Helper()
	for n := range int64(issues) {
		d := inbox.Delivery{Issue: issue(n + 2)}
		s.accept(d, inbox.Stored)
	}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for {
				b, err := s.Claim(s.t.Context(), 0)
				if err != nil || b == nil {
					if err != nil {
						s.t.Errorf("claiming: %v", err)
					}
					return
				}
				result := inbox.Result{Record: []byte("r")}
				if done := len(b.Memory) + 1; done < each {
					result.Memory, result.WakeAt = make([]byte, done), s.Now().Add(-time.Hour)
				}
				if err := s.Complete(s.t.Context(), b, result); err != nil {
					s.t.Errorf("done: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
}
