package sandbox

import (
	"fmt"
	"time"
)

// ImportedMergeRequest is a merge request with its times, as it comes from another GitLab.
type ImportedMergeRequest struct {
	MergeRequestOptions
	Author    string
	CreatedAt time.Time
	UpdatedAt time.Time
	ClosedAt  time.Time // zero if it was not closed unmerged
	MergedAt  time.Time // zero if it was not merged
}

// ImportMergeRequests puts merge requests into a project as GitLab's import does, see Import. They get the next numbers.
func (s *Server) ImportMergeRequests(project int64, all []ImportedMergeRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return fmt.Errorf("importing merge requests: %w", err)
	}
	for _, im := range all {
		m, err := s.importedRequest(p, im)
		if err != nil {
			return fmt.Errorf("importing merge request %q: %w", im.Title, err)
		}
		p.requests, p.lastIID = append(p.requests, m), m.iid
	}
	s.notify()
	return nil
}

// importedRequest makes a merge request of a project.
func (s *Server) importedRequest(p *project, im ImportedMergeRequest) (*mergeRequest, error) {
	var people change
	author, err := s.resolveChange(im.Author, p, &people, &im.Assignees, &im.Milestone)
	if err != nil {
		return nil, err
	}
	if err := s.resolveReviewers(&people, &im.Reviewers); err != nil {
		return nil, err
	}
	by := actor{user: author}
	m := s.newRequest(p, p, im.SourceBranch, im.TargetBranch)
	m.id, m.iid, m.author, m.assignees = s.nextID(), p.lastIID+1, author, *people.assignees
	m.title, m.description = im.Title, im.Description
	m.created, m.updated, m.prepared = im.CreatedAt.UTC(), im.UpdatedAt.UTC(), im.CreatedAt.UTC()
	for _, u := range *people.reviewers {
		m.reviewers = append(m.reviewers, reviewer{user: u, state: "unreviewed"})
	}
	if len(im.Commits) == 0 {
		im.Commits = []string{im.Title}
	}
	for _, message := range im.Commits {
		c := s.commitFrom(author, message)
		c.at = m.created
		m.commits = append(m.commits, c)
	}
	if err := s.importMilestones(by, m.issue, Imported{}, people.milestone.value); err != nil {
		return nil, err
	}
	s.importLabels(by, m.issue, Imported{IssueOptions: IssueOptions{Labels: im.Labels}})
	s.storeClosing(m, author)
	switch {
	case !im.MergedAt.IsZero():
		m.closed, m.mergedAt, m.mergedBy = true, im.MergedAt.UTC(), author
		m.mergeCommit = s.commitFrom(author, "").id
		m.stateEvents = append(m.stateEvents, stateEvent{s.nextID(), author, m.mergedAt, "merged"})
	case !im.ClosedAt.IsZero():
		s.setState(by, m.issue, "close", nil, im.ClosedAt.UTC())
	}
	return m, nil
}
