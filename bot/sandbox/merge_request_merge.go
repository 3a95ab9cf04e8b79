package sandbox

import (
	"fmt"
	"time"
)

// closingPause is how much later every fifth of the issues that a merge request closes is closed, and those behind it.
const closingPause = 5 * time.Minute

// mayMerge reports why a merge request cannot be merged by the user, nil if it can.
func (s *Server) mayMerge(by actor, m *mergeRequest) error {
	switch {
	case by.levelIn(m.project.path) < Developer:
		return forbiddenError{"merge this merge request"}
	case !m.isOpen(), isDraft(m.title), !m.isApproved():
		return errNotMergeable
	}
	return nil
}

// errNotMergeable is a merge request that is a draft, closed, or not approved: 405.
var errNotMergeable = notMergeableError{}

type notMergeableError struct{}

func (notMergeableError) Error() string {
	return "the merge request cannot be merged: it has to be open, ready and approved"
}

// mergeSoon merges as GitLab's page does: it locks the merge request, which no webhook tells, and leaves the rest to a background job.
func (s *Server) mergeSoon(by actor, m *mergeRequest) error {
	if err := s.mayMerge(by, m); err != nil {
		return err
	}
	s.lockRequest(m)
	s.later("merge "+m.ref().String(), 0, func() { s.finishMerge(by, m) })
	s.notify()
	return nil
}

// merge merges while the caller waits, as the API does.
func (s *Server) merge(by actor, m *mergeRequest) error {
	if err := s.mayMerge(by, m); err != nil {
		return err
	}
	s.lockRequest(m)
	s.finishMerge(by, m)
	return nil
}

func (s *Server) lockRequest(m *mergeRequest) { m.locked, m.updated = true, s.nextChangeTime(m.issue) }

// finishMerge is what follows when a merge request was merged, in GitLab's order: it is marked as merged, its issues are left to jobs of their own, and only
// then the webhooks are told.
func (s *Server) finishMerge(by actor, m *mergeRequest) {
	before := s.requestSnapshot(m)
	at := s.nextChangeTime(m.issue)
	m.locked, m.closed, m.mergedAt, m.mergedBy, m.updated, m.updatedBy = false, true, at, by.user, at, by.user
	m.mergeCommit = s.commitFrom(by.user, "").id
	m.stateEvents = append(m.stateEvents, stateEvent{s.nextID(), by.user, at, "merged"})
	s.closeIssues(by, m)
	s.sendRequest(by, m, "merge", s.diffRequest(before, s.requestSnapshot(m)), nil)
	s.notify()
}

// closeIssues leaves the issues that a merge request closes to jobs: only those whose project has auto-close on, and that the one who merged may change or
// that were linked by hand. From every fifth on they come five minutes later.
func (s *Server) closeIssues(by actor, m *mergeRequest) {
	if !m.toDefault() {
		return
	}
	delay := time.Duration(0)
	for n, c := range m.closing {
		if (n+1)%5 == 0 {
			delay += closingPause
		}
		i := c.issue
		if i.project.noAutoClose || c.fromText && !by.mayChange(i) {
			continue
		}
		s.later("close issue "+i.ref().String(), delay, func() { s.closeByMerge(by, i, m) })
	}
}

// mayChange reports whether the user may close somebody else's issue, or it is their own.
func (a actor) mayChange(i *issue) bool {
	return a.levelIn(i.project.path) >= Planner || a.user == i.author
}

// closeByMerge closes an issue because a merge request was merged: one delivery, without the update that follows when people close one.
func (s *Server) closeByMerge(by actor, i *issue, m *mergeRequest) {
	if i.closed {
		return
	}
	before := s.snapshot(i)
	i.updated, i.updatedBy = s.nextChangeTime(i), by.user
	s.setState(by, i, "close", nil, i.updated)
	s.systemNote(by, i, "closed with merge request "+m.issue.referenceFrom(i.project), i.updated)
	s.sendIssue(by, i, "close", stateDiff(before, s.snapshot(i)))
}

// referenceFrom is how a text in a project refers to an issue or a merge request.
func (i *issue) referenceFrom(p *project) string {
	path := ""
	if p != i.project {
		path = i.project.path
	}
	return fmt.Sprintf("%s%s%d", path, i.ref().Kind.Sign(), i.iid)
}
