package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// openRequest creates a merge request. GitLab prepares it afterwards, in the background: only then it knows what it closes and tells the webhooks. What
// happens to it in between is told before it was opened.
func (s *Server) openRequest(by actor, m *mergeRequest, c change) error {
	p := m.project
	switch {
	case m.source == nil || by.levelIn(m.source.path) < Developer:
		return forbiddenError{"open merge requests from this project"}
	case m.source == p && m.sourceBranch == m.targetBranch:
		return invalidError{"base", "You can't use same project/branch for source and target"}
	case len(p.requests) >= maxRequests:
		return invalidError{"base", "the sandbox holds no more than 10000 merge requests in a project"}
	}
	for _, other := range p.requests {
		if other.isOpen() && other.source == m.source && other.sourceBranch == m.sourceBranch && other.targetBranch == m.targetBranch {
			return takenError{fmt.Sprintf("Another open merge request already exists for this source branch: !%d", other.iid)}
		}
	}
	if c.title == nil {
		c.title = new(string)
	}
	now := s.now()
	m.id, m.iid, m.author, m.created, m.updated = s.nextID(), p.lastIID+1, by.user, now, now
	if err := s.prepare(by, m.issue, &c); err != nil {
		return err
	}
	p.requests, p.lastIID = append(p.requests, m), m.iid
	s.applyChange(by, m.issue, c, now)
	s.applyRequestChange(by, m, c, now)
	m.notes, m.editedAt, m.editedBy = nil, time.Time{}, nil
	if len(m.commits) == 0 {
		m.commits = []commit{s.commitFrom(by.user, m.title)}
	}
	s.later("prepare merge request "+m.ref().String(), 0, func() { s.prepareRequest(by, m) })
	s.notify()
	return nil
}

// takenError is what another one has already: 409.
type takenError struct{ text string }

func (e takenError) Error() string { return e.text }

// prepareRequest is what follows in the background when a merge request was created.
func (s *Server) prepareRequest(by actor, m *mergeRequest) {
	before := s.requestSnapshot(m)
	m.prepared = s.nextChangeTime(m.issue)
	m.updated = m.prepared
	s.storeClosing(m, by.user)
	s.noticeMentions(m.issue, nil, by.user, "", m.description, m.prepared)
	s.sendRequest(by, m, "open", s.diffRequest(before, s.requestSnapshot(m)), nil)
}

// updateRequest changes a merge request: one delivery with everything that changed, or two if it was closed or reopened, as with issues.
func (s *Server) updateRequest(by actor, m *mergeRequest, c change) error {
	if err := s.prepare(by, m.issue, &c); err != nil {
		return err
	}
	before := s.requestSnapshot(m)
	wasTexts, wasDescription := m.targetBranch+m.texts(), m.description
	if c.state == "close" && m.isOpen() || c.state == "reopen" && m.mergeState() == "closed" {
		m.updated, m.updatedBy = s.nextChangeTime(m.issue), by.user
		s.setState(by, m.issue, c.state, nil, m.updated)
		s.storeClosing(m, by.user)
		s.sendRequest(by, m, c.state, s.diffRequest(before, s.requestSnapshot(m)), nil)
	}
	at := s.nextChangeTime(m.issue)
	common, own := s.applyChange(by, m.issue, c, at), s.applyRequestChange(by, m, c, at)
	if common || own {
		m.updated, m.updatedBy = at, by.user
	}
	if m.targetBranch+m.texts() != wasTexts {
		s.storeClosing(m, by.user)
	}
	if c.description != nil {
		s.noticeMentions(m.issue, nil, by.user, wasDescription, m.description, m.updated)
	}
	s.sendRequest(by, m, "update", s.diffRequest(before, s.requestSnapshot(m)), nil)
	s.awardAll(by, m.issue, c.react)
	s.notify()
	return s.finishRequestActions(by, m, c)
}

// finishRequestActions carries out the quick actions that are no change of the merge request's fields.
func (s *Server) finishRequestActions(by actor, m *mergeRequest, c change) error {
	var err error
	switch c.review {
	case "approve":
		err = s.approve(by, m)
	case "unapprove":
		err = s.unapprove(by, m)
	}
	if err == nil && c.merge {
		err = s.mergeSoon(by, m)
	}
	return err
}

// reduceRequestChange drops from a change what a merge request does not have or the user may not do: all but the texts and the state is for Developers alone,
// and left out without a word.
func (s *Server) reduceRequestChange(by actor, m *mergeRequest, c *change) {
	c.weight, c.due, c.kind, c.confidential = nil, nil, nil, nil
	if c.draft != nil {
		title := m.title
		if c.title != nil {
			title = *c.title
		}
		title = draftTitle(title, *c.draft)
		c.title = &title
	}
	if !m.mayLabel(by.user) {
		c.labels, c.add, c.remove, c.assignees, c.reviewers, c.milestone, c.locked = nil, nil, nil, nil, nil, nil, nil
	}
	if c.reviewers != nil && len(*c.reviewers) > 1 && s.opt.Edition != Premium {
		first := (*c.reviewers)[:1]
		c.reviewers = &first
	}
}

// applyRequestChange writes what only a merge request has, with its system notes, and reports whether anything is different.
func (s *Server) applyRequestChange(by actor, m *mergeRequest, c change, at time.Time) bool {
	different := false
	if c.reviewers != nil {
		different = s.setReviewers(by, m, *c.reviewers, at)
	}
	if c.target != nil && *c.target != "" && *c.target != m.targetBranch {
		s.systemNote(by, m.issue, "changed target branch from `"+m.targetBranch+"` to `"+*c.target+"`", at)
		m.targetBranch, different = *c.target, true
	}
	return different
}

// setReviewers asks others for a review. Who stays keeps what the review came to.
func (s *Server) setReviewers(by actor, m *mergeRequest, users []*user, at time.Time) bool {
	var after []reviewer
	var said []string
	for _, u := range users {
		n := slices.IndexFunc(m.reviewers, func(r reviewer) bool { return r.user == u })
		if n < 0 {
			after = append(after, reviewer{user: u, state: "unreviewed"})
			said = append(said, "requested review from @"+u.username)
			continue
		}
		after = append(after, m.reviewers[n])
	}
	for _, r := range m.reviewers {
		if !slices.Contains(users, r.user) {
			said = append(said, "removed review request for @"+r.username)
		}
	}
	if len(said) == 0 {
		return false
	}
	m.reviewers = after
	s.systemNote(by, m.issue, strings.Join(said, " and "), at)
	return true
}

// reRequest asks somebody once more. The webhook says so with the reviewer, and has no changes.
func (s *Server) reRequest(by actor, m *mergeRequest, u *user) error {
	n := slices.IndexFunc(m.reviewers, func(r reviewer) bool { return r.user == u })
	switch {
	case n < 0:
		return invalidError{"base", "is no reviewer"}
	case !m.mayUpdate(by.user):
		return forbiddenError{"ask for a review"}
	}
	m.reviewers[n].state, m.reviewers[n].reRequests = "unreviewed", true
	if s.atLeast(18, 6) {
		s.sendRequest(by, m, "update", object{}, nil)
	}
	m.reviewers[n].reRequests = false
	s.notify()
	return nil
}
