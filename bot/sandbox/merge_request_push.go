package sandbox

import (
	"regexp"
	"slices"
)

// draftCommit begins the message of a commit that makes a merge request a draft.
var draftCommit = regexp.MustCompile(`(?i)^(?:draft: |\[draft\]|fixup! |squash! )`)

// push adds commits to the branch of a merge request. GitLab stores what it closes now and then tells the webhooks, with the head before. Whether approvals
// are gone is decided in the background, later.
func (s *Server) push(by actor, m *mergeRequest, messages []string) error {
	switch {
	case m.source == nil || by.levelIn(m.source.path) < Developer:
		return forbiddenError{"push to this branch"}
	case len(messages) == 0:
		return invalidError{"base", "there is nothing to push"}
	}
	old, before := m.head(), s.requestSnapshot(m)
	draft := false
	for _, message := range messages {
		m.commits = append(m.commits, s.commitFrom(by.user, message))
		draft = draft || draftCommit.MatchString(message)
	}
	if !m.isOpen() {
		return nil
	}
	s.storeClosing(m, by.user)
	m.updated = s.nextChangeTime(m.issue)
	s.systemNote(by, m.issue, "added commits", m.updated)
	changes := s.diffRequest(before, s.requestSnapshot(m))
	if draft && !isDraft(m.title) { // which only the attributes show
		m.title = draftTitle(m.title, true)
		s.systemNote(by, m.issue, "marked this merge request as **draft** from a commit", m.updated)
	}
	s.sendRequest(by, m, "update", changes, object{"oldrev": old})
	if len(m.approvedBy) > 0 && !m.project.keepApprovals && s.opt.Edition == Premium {
		s.later("reset approvals "+m.ref().String(), 0, func() { s.resetApprovals(by, m) })
	}
	s.notify()
	return nil
}

// resetApprovals takes the approvals away after a push. The webhook names the one who pushed, and not whose approvals these were; before 18.6 there is none.
func (s *Server) resetApprovals(by actor, m *mergeRequest) {
	if len(m.approvedBy) == 0 {
		return
	}
	was := m.isApproved()
	for n, r := range m.reviewers {
		if slices.Contains(m.approvedBy, r.user) {
			m.reviewers[n].state = "unapproved"
		}
	}
	m.approvedBy = nil
	action := "unapproval"
	if was && !m.isApproved() {
		action = "unapproved"
	}
	if s.atLeast(18, 6) {
		s.sendRequest(by, m, action, object{}, object{"system": true, "system_action": "approvals_reset_on_push"})
	}
}

// isApproved reports whether all rules for approvals are met. Without any they are.
func (m *mergeRequest) isApproved() bool { return len(m.approvedBy) >= m.project.approvals }

// approve approves a merge request. The webhook tells of it at once, and in the background GitLab notes it and moves the time of update: what the webhook
// says is older than that.
func (s *Server) approve(by actor, m *mergeRequest) error {
	if !s.mayApprove(by.user, m) || slices.Contains(m.approvedBy, by.user) || m.mergeState() == "merged" {
		return forbiddenError{"approve this merge request"}
	}
	m.approvedBy = append(m.approvedBy, by.user)
	m.review(by.user, "approved")
	action := "approval"
	if m.isApproved() {
		action = "approved"
	}
	s.sendRequest(by, m, action, object{}, nil)
	s.noteLater(by, m, "approved this merge request")
	return nil
}

// unapprove takes an approval back.
func (s *Server) unapprove(by actor, m *mergeRequest) error {
	if !slices.Contains(m.approvedBy, by.user) {
		return forbiddenError{"take an approval back that was not given"}
	}
	was := m.isApproved()
	m.approvedBy = slices.DeleteFunc(slices.Clone(m.approvedBy), func(u *user) bool { return u == by.user })
	m.review(by.user, "unapproved")
	action := "unapproval"
	if was && (!m.isApproved() || m.project.approvals == 0) {
		action = "unapproved"
	}
	s.sendRequest(by, m, action, object{}, nil)
	s.noteLater(by, m, "unapproved this merge request")
	return nil
}

// mayApprove reports whether the user may approve: a Developer, and not the author unless the GitLab has no approval rules.
func (s *Server) mayApprove(u *user, m *mergeRequest) bool {
	return u.levelIn(m.project.path) >= Developer && (u != m.author || s.opt.Edition != Premium)
}

// review sets what a reviewer's review came to.
func (m *mergeRequest) review(u *user, state string) {
	for n, r := range m.reviewers {
		if r.user == u {
			m.reviewers[n].state = state
		}
	}
}

// noteLater has GitLab note something in the background, which moves the time of update. No webhook tells of that.
func (s *Server) noteLater(by actor, m *mergeRequest, text string) {
	s.later("note on merge request "+m.ref().String(), 0, func() {
		m.updated = s.nextChangeTime(m.issue)
		s.systemNote(by, m.issue, text, m.updated)
	})
	s.notify()
}
