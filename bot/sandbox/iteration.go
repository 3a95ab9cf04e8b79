package sandbox

import (
	"fmt"

	"flowkeeper/rules/triage"
)

// Iteration is a stretch of time that issues are planned for. Most have no title. Days are "2026-11-30".
type Iteration struct {
	Title      string
	Start, Due string
}

// SetIteration plans an issue for an iteration, nil for none, as a person. Only Premium has iterations. The hook tells that the issue was
// updated, but neither the iteration nor that it is another.
func (s *Server) SetIteration(username string, ref triage.Ref, to *Iteration) error {
	return s.plan(username, ref, func(i *issue) { i.iteration = to })
}

// SetHealth sets the health status of an issue, "" for none, as a person. Only Premium has one. The hook shows it, but not as a change.
func (s *Server) SetHealth(username string, ref triage.Ref, status string) error {
	return s.plan(username, ref, func(i *issue) { i.health = status })
}

// plan changes what only Premium has of an issue.
func (s *Server) plan(username string, ref triage.Ref, edit func(*issue)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, _, err := s.findAll(username, ref, 0)
	if err == nil && (s.opt.Edition != Premium || !u.canPlan()) {
		err = forbiddenError{"plan this issue"}
	}
	if err != nil {
		return fmt.Errorf("planning issue %s as %s: %w", ref, username, err)
	}
	before := s.snapshot(i)
	edit(i)
	i.updated, i.updatedBy = s.nextChangeTime(i), u
	s.sendIssue(actor{user: u}, i, "update", diffSnapshots(before, s.snapshot(i)))
	s.notify()
	return nil
}

// rest is the iteration as the API shows it, null for none.
func (t *Iteration) rest() any {
	if t == nil {
		return nil
	}
	return object{"id": 1, "iid": 1, "sequence": 1, "title": orNull(t.Title), "start_date": t.Start, "due_date": t.Due, "state": 2}
}
