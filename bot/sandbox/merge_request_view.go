package sandbox

import (
	"time"

	"flowkeeper/rules/triage"
)

// MergeRequest is a merge request as plain values. People are usernames. Server.Issue shows its notes and events, by the same reference.
type MergeRequest struct {
	triage.Ref
	ID                         int64
	Path                       string // of the project
	URL                        string
	Title, Description         string
	State                      string // "opened", "locked", "closed" or "merged"
	Draft                      bool
	SourceBranch, TargetBranch string
	Head                       string // the id of the last commit, "" if there is none
	Author                     string
	Assignees                  []string
	Reviewers                  []string
	ApprovedBy                 []string
	Labels                     []string
	Closes                     []triage.Ref // the stored set: whether merging closes them is up to their projects
	Prepared                   bool         // its webhook was sent
	CreatedAt                  time.Time
	UpdatedAt                  time.Time
	MergedAt                   time.Time // zero unless it is merged
}

// MergeRequest shows a merge request as it is now; the zero one if there is none.
func (s *Server) MergeRequest(ref triage.Ref) MergeRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.issue(ref); i != nil && i.request != nil {
		return s.viewRequest(i.request)
	}
	return MergeRequest{}
}

// ClosingMergeRequests shows the merge requests that close an issue, or closed it, in whatever project, the newest first.
func (s *Server) ClosingMergeRequests(issue triage.Ref) []MergeRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []MergeRequest
	for _, m := range closingRequests(s.projects, s.issue(issue)) {
		list = append(list, s.viewRequest(m))
	}
	return list
}

func (s *Server) viewRequest(m *mergeRequest) MergeRequest {
	v := MergeRequest{
		Ref: m.ref(), ID: m.id, Path: m.project.path, URL: s.issueURL(m.issue), Title: m.title, Description: m.description, State: m.mergeState(),
		Draft: isDraft(m.title), SourceBranch: m.sourceBranch, TargetBranch: m.targetBranch, Head: m.head(), Author: m.author.username,
		Assignees: usernames(m.assignees), ApprovedBy: usernames(m.approvedBy), Labels: labelTitles(m.labels), Prepared: !m.prepared.IsZero(),
		CreatedAt: m.created, UpdatedAt: m.updated, MergedAt: m.mergedAt,
	}
	for _, r := range m.reviewers {
		v.Reviewers = append(v.Reviewers, r.username)
	}
	for _, c := range m.closing {
		v.Closes = append(v.Closes, c.issue.ref())
	}
	return v
}

func usernames(users []*user) []string {
	var names []string
	for _, u := range users {
		names = append(names, u.username)
	}
	return names
}
