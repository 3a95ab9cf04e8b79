package inboxtest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"flowkeeper/bot/inbox"
	"flowkeeper/rules/triage"
)

func (s *store) projects(want ...int64) {
	s.t.Helper()
	got, err := s.Store.Projects(s.t.Context())
	s.must("projects", err)
	equal(s.t, "projects", want, slices.Clip(got))
}

func (s *store) touch(project int64) {
	s.t.Helper()
	s.accept(inbox.Delivery{Issue: triage.Ref{Project: project, IID: 1}}, inbox.Stored)
}

// touchAll has deliveries of the projects from one to another, with many senders.
func (s *store) touchAll(from, to int64) {
	s.t.Helper()
	var group sync.WaitGroup
	const senders = 64
	for n := range int64(senders) {
		group.Go(func() {
			for project := from + n; project <= to; project += senders {
				d := inbox.Delivery{Issue: triage.Ref{Project: project, IID: 1}}
				if _, err := s.Enqueue(s.t.Context(), d); err != nil {
					s.t.Errorf("accepting: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
}

func testProjects(t *testing.T, open Open) {
	cases(t, open, map[string]func(*testing.T, *store){
		"all that delivered, ascending": func(t *testing.T, s *store) {
			none, err := s.Store.Projects(t.Context())
			s.must("projects", err)
			equal(t, "projects of an empty store", 0, len(none))
			for _, project := range []int64{9, 100, 1 << 40, 10, 9, 1} {
				s.touch(project)
			}
			s.projects(1, 9, 10, 100, 1<<40)
		},
		"they stay when all is handled": func(_ *testing.T, s *store) {
			s.put(1, "a")
			s.done(s.claim(1), inbox.Result{})
			s.Advance(1000 * 24 * time.Hour)
			s.projects(7)
		},
		"what the store refuses is not noted": func(t *testing.T, s *store) {
			d := inbox.Delivery{Issue: triage.Ref{Project: 1, IID: 1}, IdempotencyKey: "k", ContentKey: "m"}
			s.accept(d, inbox.Stored)
			d.Issue.Project = 2
			s.accept(d, inbox.Duplicate)
			d.IdempotencyKey = "other"
			s.accept(d, inbox.Duplicate)
			s.projects(1)
		},
		"those that somebody remembers": func(_ *testing.T, s *store) {
			s.touch(2)
			s.must("touch none", s.TouchProjects(s.t.Context(), nil))
			s.projects(2)
			s.Advance(2 * inbox.TouchedEvery)
			most := make([]int64, inbox.MaxProjects-1)
			for n := range most {
				most[n] = int64(n + 3)
			}
			s.must("touch", s.TouchProjects(s.t.Context(), most))
			s.must("touch again", s.TouchProjects(s.t.Context(), most[:1]))
			s.projects(append([]int64{2}, most...)...)
			s.must("touch one more", s.TouchProjects(s.t.Context(), []int64{1}))
			s.projects(append([]int64{1}, most...)...)
		},
		"the one silent for the longest goes first": func(_ *testing.T, s *store) {
			s.many()
			s.touch(2)
			s.Advance(time.Minute)
			s.touch(1)
			s.Advance(inbox.TouchedEvery)
			s.touch(2)
			s.Advance(time.Minute)
			s.touchAll(3, inbox.MaxProjects)
			all := make([]int64, inbox.MaxProjects)
			for n := range all {
				all[n] = int64(n + 1)
			}
			s.projects(all...)
			s.touch(inbox.MaxProjects + 1)
			s.projects(append(all[1:], inbox.MaxProjects+1)...)
			s.touch(inbox.MaxProjects + 2)
			s.projects(append(all[2:], inbox.MaxProjects+1, inbox.MaxProjects+2)...)
		},
	})
}
