package sandbox

import (
	"slices"
	"strings"
)

// applyRequestAction adds a quick action to the change of a merge request. It is not known if it is the same one as with issues.
func (s *Server) applyRequestAction(by actor, m *mergeRequest, q quickAction, c *change, changed map[string]any) (said string, applied, known bool) {
	yes, no := true, false
	metadata := []string{"label", "labels", "relabel", "unlabel", "remove_label", "assign", "unassign", "milestone", "remove_milestone", "lock", "unlock"}
	switch {
	case slices.Contains(metadata, q.name):
		return "", false, !m.mayLabel(by.user)
	case !m.mayUpdate(by.user):
		return "", false, true
	}
	switch q.name {
	case "close", "reopen", "title":
		return "", false, m.mergeState() == "merged"
	case "draft":
		c.draft, changed["wip_event"] = &yes, "draft"
		return "Set the Draft status.", true, true
	case "ready":
		c.draft, changed["wip_event"] = &no, "ready"
		return "Set the Ready status.", true, true
	case "target_branch":
		c.target, changed["target_branch"] = &q.arg, q.arg
		return "Set target branch to " + q.arg + ".", q.arg != "", true
	case "approve":
		c.review, changed["approve"] = "approve", true
		return "Approved the current merge request.", s.mayApprove(by.user, m) && !slices.Contains(m.approvedBy, by.user), true
	case "unapprove":
		c.review, changed["unapprove"] = "unapprove", true
		return "Unapproved the current merge request.", slices.Contains(m.approvedBy, by.user), true
	case "merge":
		c.merge, changed["merge"] = true, m.head()
		return "Merged this merge request.", s.mayMerge(by, m) == nil, true
	case "assign_reviewer", "reviewer", "request_review", "unassign_reviewer", "remove_reviewer":
		said, applied = s.applyReviewer(by, m, q, c, changed)
		return said, applied, true
	}
	return "", false, true
}

func (s *Server) applyReviewer(by actor, m *mergeRequest, q quickAction, c *change, changed map[string]any) (string, bool) {
	if !m.mayLabel(by.user) {
		return "", false
	}
	var users []*user
	for _, r := range m.reviewers {
		users = append(users, r.user)
	}
	removes := strings.HasPrefix(q.name, "un") || strings.HasPrefix(q.name, "remove")
	if removes && q.arg == "" {
		users = nil
	}
	for word := range strings.FieldsSeq(q.arg) {
		u := s.userNamed(strings.TrimPrefix(word, "@"))
		switch {
		case u == nil:
			return "", false
		case removes:
			users = slices.DeleteFunc(users, func(o *user) bool { return o == u })
		case !slices.Contains(users, u):
			users = append(users, u)
		}
	}
	c.reviewers, changed["reviewer_ids"] = &users, userIDs(users)
	return "Changed reviewer(s).", true
}
