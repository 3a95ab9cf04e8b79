package sandbox

import (
	"cmp"
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// MergeRequestOptions describe a new merge request. Empty branches are "feature-<n>" and the default branch.
type MergeRequestOptions struct {
	Title        string // "Draft: …" for a draft
	Description  string
	SourceBranch string
	TargetBranch string
	From         int64    // the fork that the branch is in, 0 is the project itself
	Commits      []string // messages, the oldest first; none is one with the title
	Labels       []string
	Assignees    []string
	Reviewers    []string
	Milestone    string // a title
}

// MergeRequestChange is what a person does to a merge request in one go. nil and empty fields leave things as they are. Of Change the weight, the due
// date and whether it is confidential count for nothing.
type MergeRequestChange struct {
	Change
	Draft        *bool
	Reviewers    *[]string // replaces all
	TargetBranch string
}

// OpenMergeRequest creates a merge request in a project as a person. What it closes is known, and its webhook sent, only when GitLab has prepared it in the
// background.
func (s *Server) OpenMergeRequest(username string, project int64, o MergeRequestOptions) (triage.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.openAs(username, project, o)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("opening a merge request as %s: %w", username, err)
	}
	return m.ref(), nil
}

func (s *Server) openAs(username string, project int64, o MergeRequestOptions) (*mergeRequest, error) {
	p, err := s.mustProject(project)
	if err != nil {
		return nil, err
	}
	from, err := s.mustProject(cmp.Or(o.From, project))
	if err != nil {
		return nil, err
	}
	c := change{title: &o.Title, description: &o.Description, add: o.Labels}
	u, err := s.resolveChange(username, p, &c, &o.Assignees, &o.Milestone)
	if err != nil {
		return nil, err
	}
	if err := s.resolveReviewers(&c, &o.Reviewers); err != nil {
		return nil, err
	}
	m := s.newRequest(p, from, o.SourceBranch, o.TargetBranch)
	for _, message := range o.Commits {
		m.commits = append(m.commits, s.commitFrom(u, message))
	}
	return m, s.openRequest(actor{user: u}, m, c)
}

// newRequest is a merge request that was not opened yet.
func (s *Server) newRequest(p, from *project, source, target string) *mergeRequest {
	m := &mergeRequest{issue: &issue{project: p, kind: "Merge Request"}, source: from, sourceBranch: source, targetBranch: cmp.Or(target, defaultBranch)}
	m.request = m
	if source == "" {
		m.sourceBranch = fmt.Sprintf("feature-%d", s.nextID())
	}
	return m
}

func (s *Server) resolveReviewers(c *change, names *[]string) error {
	if names == nil {
		return nil
	}
	users := []*user{}
	for _, name := range *names {
		u := s.userNamed(name)
		if u == nil {
			return s.noSuchUser(name)
		}
		users = append(users, u)
	}
	c.reviewers = &users
	return nil
}

// EditMergeRequest changes a merge request as a person. Everything in one change is one update, as with one save.
func (s *Server) EditMergeRequest(username string, ref triage.Ref, ch MergeRequestChange) error {
	return s.asPerson("editing", username, ref, func(by actor, m *mergeRequest) error {
		c := change{
			title: ch.Title, description: ch.Description, add: ch.AddLabels, remove: ch.RemoveLabels, locked: ch.Locked, draft: ch.Draft, target: &ch.TargetBranch,
		}
		switch {
		case ch.Close:
			c.state = "close"
		case ch.Reopen:
			c.state = "reopen"
		}
		if _, err := s.resolveChange(username, m.project, &c, ch.Assignees, ch.Milestone); err != nil {
			return err
		}
		if err := s.resolveReviewers(&c, ch.Reviewers); err != nil {
			return err
		}
		return s.updateRequest(by, m, c)
	})
}

// Push adds commits with these messages to the branch of a merge request.
func (s *Server) Push(username string, ref triage.Ref, messages ...string) error {
	return s.asPerson("pushing to", username, ref, func(by actor, m *mergeRequest) error { return s.push(by, m, messages) })
}

// Approve approves a merge request. Its webhook says a time of update from before the approval.
func (s *Server) Approve(username string, ref triage.Ref) error {
	return s.asPerson("approving", username, ref, s.approve)
}

// Unapprove takes an approval back.
func (s *Server) Unapprove(username string, ref triage.Ref) error {
	return s.asPerson("taking an approval back of", username, ref, s.unapprove)
}

// ReRequestReview asks a reviewer once more. Before 18.6 no webhook tells.
func (s *Server) ReRequestReview(username string, ref triage.Ref, reviewer string) error {
	return s.asPerson("asking for a review of", username, ref, func(by actor, m *mergeRequest) error {
		u := s.userNamed(reviewer)
		if u == nil {
			return s.noSuchUser(reviewer)
		}
		return s.reRequest(by, m, u)
	})
}

// Merge merges a merge request as GitLab's page does: it is locked at once and merged in the background, and the issues that it closes are closed by
// further jobs, before or after its own webhook is sent.
func (s *Server) Merge(username string, ref triage.Ref) error {
	return s.asPerson("merging", username, ref, s.mergeSoon)
}

// LinkClosing links a merge request in the Development widget of an issue: it closes the issue whatever its texts say. No webhook tells.
func (s *Server) LinkClosing(username string, ref, issue triage.Ref) error {
	return s.asPerson("linking", username, ref, func(_ actor, m *mergeRequest) error {
		i, err := s.mustIssue(issue)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(m.closing, func(c closing) bool { return c.issue == i })
		if at < 0 {
			m.closing = append(m.closing, closing{issue: i})
			at = len(m.closing) - 1
		}
		m.closing[at].byHand = true
		s.notify()
		return nil
	})
}

// asPerson does something to a merge request as a person.
func (s *Server) asPerson(what, username string, ref triage.Ref, do func(actor, *mergeRequest) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, _, err := s.findAll(username, ref, 0)
	if err == nil && i.request == nil {
		err = fmt.Errorf("%s is no merge request", ref)
	}
	if err == nil {
		err = do(actor{user: u}, i.request)
	}
	if err != nil {
		return fmt.Errorf("%s merge request %s as %s: %w", what, ref, username, err)
	}
	return nil
}

// DeleteMergeRequest deletes a merge request, which takes an Owner. No webhook tells, and its number is never given again.
func (s *Server) DeleteMergeRequest(username string, ref triage.Ref) error {
	return s.asPerson("deleting", username, ref, func(by actor, m *mergeRequest) error {
		if by.levelIn(m.project.path) < Owner {
			return forbiddenError{"delete this merge request"}
		}
		m.project.requests = slices.DeleteFunc(m.project.requests, func(other *mergeRequest) bool { return other == m })
		s.notify()
		return nil
	})
}

// Fork makes a copy of a project in which others can push, and gives its id.
func (s *Server) Fork(project int64, path string) (int64, error) {
	id := s.AddProject(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.mustProject(project)
	if err != nil {
		return 0, fmt.Errorf("forking: %w", err)
	}
	s.project(id).forkOf = of
	return id, nil
}

// DeleteFork deletes a fork. Its open merge requests are closed first; then they have no source any more.
func (s *Server) DeleteFork(username string, id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userNamed(username)
	fork, err := s.mustProject(id)
	if err == nil && u == nil {
		err = s.noSuchUser(username)
	}
	if err != nil {
		return fmt.Errorf("deleting a fork: %w", err)
	}
	for _, p := range s.projects {
		for _, m := range p.requests {
			if m.source == fork && p != fork {
				s.closeWithFork(actor{user: u}, m)
				m.source = nil
			}
		}
	}
	s.projects = slices.DeleteFunc(s.projects, func(p *project) bool { return p == fork })
	s.notify()
	return nil
}

// closeWithFork closes an open merge request whose fork goes away: one delivery.
func (s *Server) closeWithFork(by actor, m *mergeRequest) {
	if !m.isOpen() {
		return
	}
	before := s.requestSnapshot(m)
	m.updated, m.updatedBy = s.nextChangeTime(m.issue), by.user
	s.setState(by, m.issue, "close", nil, m.updated)
	s.sendRequest(by, m, "close", s.diffRequest(before, s.requestSnapshot(m)), nil)
}

// SetAutoClose says whether merging a merge request closes the issues of a project. GitLab's own setting is on.
func (s *Server) SetAutoClose(id int64, on bool) error {
	return s.configure(id, func(p *project) { p.noAutoClose = !on })
}

// RequireApprovals says how many approvals the merge requests of a project need. GitLab's own setting is 0.
func (s *Server) RequireApprovals(id int64, approvals int) error {
	return s.configure(id, func(p *project) { p.approvals = approvals })
}

// KeepApprovals has pushes leave the approvals of a project's merge requests alone. GitLab takes them away unless told otherwise.
func (s *Server) KeepApprovals(id int64) error {
	return s.configure(id, func(p *project) { p.keepApprovals = true })
}

func (s *Server) configure(id int64, set func(*project)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(id)
	if err != nil {
		return fmt.Errorf("setting up a project: %w", err)
	}
	set(p)
	s.notify()
	return nil
}
