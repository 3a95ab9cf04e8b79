package sandbox

import (
	"fmt"
	"path"
	"slices"
	"time"
)

// Imported is an issue with its history, as it comes from another GitLab.
type Imported struct {
	IssueOptions
	IID       int64 // 0 is the next one; numbers that are left out have no issue
	Author    string
	CreatedAt time.Time
	UpdatedAt time.Time
	ClosedAt  time.Time // zero if it is open

	LabelledAt map[string]time.Time // when labels came: when the issue was opened where none is named; zero is that there is no event
	Milestones []string             // titles that it had before the one it has, the first one first
}

// ImportProject creates a project with the id, which no other may have, and says whether it worked.
func (s *Server) ImportProject(id int64, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || s.project(id) != nil || s.projectNamed(name) != nil || path.Dir(name) == "." {
		return fmt.Errorf("importing project %d as %q: the id or the path is taken, or is none", id, name)
	}
	s.addProject(id, name)
	return nil
}

// Import puts issues into a project as GitLab's import does: with their authors, times and events, and without a webhook, a notification or a
// quick action. People and milestones have to be there. The numbers go up, and are higher than those that are there.
func (s *Server) Import(project int64, issues []Imported) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return fmt.Errorf("importing issues: %w", err)
	}
	for _, im := range issues {
		i, err := s.imported(p, im)
		if err != nil {
			return fmt.Errorf("importing issue %q: %w", im.Title, err)
		}
		p.issues = append(p.issues, i)
	}
	s.notify()
	return nil
}

// imported makes an issue of a project.
func (s *Server) imported(p *project, im Imported) (*issue, error) {
	next := p.nextIID()
	switch {
	case im.IID == 0:
		im.IID = next
	case im.IID < next:
		return nil, fmt.Errorf("number %d is taken or comes too late: the next one is %d", im.IID, next)
	}
	if len(p.issues) >= maxIssues {
		return nil, invalidError{"base", "the sandbox holds no more than 10000 issues in a project"}
	}
	var people change
	author, err := s.resolveChange(im.Author, p, &people, &im.Assignees, &im.Milestone)
	if err != nil {
		return nil, err
	}
	i := &issue{
		id: s.nextID(), iid: im.IID, project: p, kind: "Issue", title: im.Title, description: im.Description, confidential: im.Confidential,
		weight: im.Weight, due: im.Due, author: author, assignees: *people.assignees,
		created: im.CreatedAt.UTC(), updated: im.UpdatedAt.UTC(),
	}
	if im.Type != "" {
		i.kind = im.Type
	}
	by := actor{user: author}
	if err := s.importMilestones(by, i, im, people.milestone.value); err != nil {
		return nil, err
	}
	s.importLabels(by, i, im)
	if !im.ClosedAt.IsZero() {
		s.setState(by, i, "close", nil, im.ClosedAt.UTC())
	}
	return i, nil
}

func (s *Server) importLabels(by actor, i *issue, im Imported) {
	for _, name := range im.Labels {
		at, known := im.LabelledAt[name]
		if !known {
			at = i.created
		}
		l := i.project.label(name)
		if l == nil {
			l = &label{id: s.nextID(), name: name, color: defaultColor, created: i.created}
			i.project.labels = append(i.project.labels, l)
		}
		if !slices.Contains(i.labels, l) {
			i.labels = append(i.labels, l)
		}
		if !at.IsZero() {
			i.labelEvents = append(i.labelEvents, labelEvent{s.nextID(), by.user, at.UTC(), l, true})
		}
	}
	slices.SortStableFunc(i.labelEvents, func(a, b labelEvent) int { return a.at.Compare(b.at) })
}

// importMilestones writes the events of the milestones that the issue had, an hour after one another, and gives it the one it has.
func (s *Server) importMilestones(by actor, i *issue, im Imported, now *milestone) error {
	at := i.created
	for _, title := range im.Milestones {
		m := i.project.milestoneTitled(title)
		if m == nil {
			return fmt.Errorf("there is no milestone %q", title)
		}
		before := i.milestone
		i.milestone, at = m, at.Add(time.Hour)
		s.recordMilestone(by, i, before, at)
	}
	if before := i.milestone; before != now {
		i.milestone = now
		s.recordMilestone(by, i, before, at.Add(time.Hour))
	}
	return nil
}
