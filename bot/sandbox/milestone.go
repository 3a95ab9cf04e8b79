package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// milestone belongs to a project or to a group.
type milestone struct {
	id, iid          int64
	projectID        int64 // 0 of a group
	groupID          int64 // 0 of a project
	path             string
	title            string
	description      string
	closed           bool
	start, due       string // "2026-11-30"; empty for none
	created, updated time.Time
}

// MilestoneOptions describe a milestone. Dates are "2026-11-30", "" is none.
type MilestoneOptions struct {
	Title      string
	Start, Due string
	Closed     bool
}

// AddMilestone creates a milestone of a project and gives its id; of one of that title that exists, that one's.
func (s *Server) AddMilestone(project int64, title string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return 0, fmt.Errorf("adding milestone %q: %w", title, err)
	}
	if m := titled(p.milestones, title); m != nil {
		return m.id, nil
	}
	m, err := s.addMilestone(&p.milestones, milestone{projectID: p.id, path: p.path}, MilestoneOptions{Title: title})
	if err != nil {
		return 0, fmt.Errorf("adding milestone %q: %w", title, err)
	}
	return m.id, nil
}

// AddGroupMilestone creates a milestone of a group and gives its id. All issues of the group, and of the groups below it, may have it.
func (s *Server) AddGroupMilestone(group string, o MilestoneOptions) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupNamed(group)
	if g == nil {
		return 0, fmt.Errorf("adding milestone %q: there is no group %q", o.Title, group)
	}
	m, err := s.addMilestone(&g.milestones, milestone{groupID: g.id, path: "groups/" + g.path}, o)
	if err != nil {
		return 0, fmt.Errorf("adding milestone %q: %w", o.Title, err)
	}
	return m.id, nil
}

// DateMilestone sets the dates of a project's milestone, or of one of the groups above it, as "2026-11-30"; "" is none. No hook tells of it.
func (s *Server) DateMilestone(project int64, title, start, due string) error {
	return s.editMilestone(project, title, func(m *milestone) { m.start, m.due = start, due })
}

// CloseMilestone closes a project's milestone, or one of the groups above it. No issue changes.
func (s *Server) CloseMilestone(project int64, title string) error {
	return s.editMilestone(project, title, func(m *milestone) { m.closed = true })
}

func (s *Server) editMilestone(project int64, title string, edit func(*milestone)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return fmt.Errorf("editing milestone %q: %w", title, err)
	}
	m := p.milestoneTitled(title)
	if m == nil {
		return fmt.Errorf("editing milestone %q: %s has none of that title", title, p.path)
	}
	edit(m)
	m.updated = s.now()
	s.notify()
	return nil
}

// addMilestone adds a milestone to those of its project or group.
func (s *Server) addMilestone(list *[]*milestone, m milestone, o MilestoneOptions) (*milestone, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if titled(*list, o.Title) != nil {
		return nil, invalidError{"title", "already being used for another group or project milestone."}
	}
	m.id, m.iid, m.created = s.nextID(), int64(len(*list))+1, s.now()
	m.title, m.start, m.due, m.closed, m.updated = o.Title, o.Start, o.Due, o.Closed, m.created
	*list = append(*list, &m)
	s.notify()
	return &m, nil
}

// check refuses what GitLab's model does.
func (o MilestoneOptions) check() error {
	switch {
	case dueDate(o.Start) != nil:
		return badParam{"start_date"}
	case dueDate(o.Due) != nil:
		return dueDate(o.Due)
	case strings.TrimSpace(o.Title) == "":
		return invalidError{"title", "can't be blank"}
	case o.Start != "" && o.Due != "" && o.Start > o.Due:
		return invalidError{"due_date", "must be greater than start date"}
	}
	return nil
}

// allMilestones are those that issues of the project may have: its own, then those of its groups, the nearest first.
func (p *project) allMilestones() []*milestone {
	list := slices.Clone(p.milestones)
	for _, g := range p.groups {
		list = append(list, g.milestones...)
	}
	return list
}

func (p *project) milestone(id int64) *milestone {
	for _, m := range p.allMilestones() {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (p *project) milestoneTitled(title string) *milestone { return titled(p.allMilestones(), title) }

func titled(list []*milestone, title string) *milestone {
	for _, m := range list {
		if m.title == title {
			return m
		}
	}
	return nil
}

// recordMilestone notes a change of the milestone. From one to another GitLab notes only the one that came.
func (s *Server) recordMilestone(by actor, i *issue, before *milestone, at time.Time) {
	e := milestoneEvent{id: s.nextID(), user: by.user, at: at, milestone: i.milestone, added: true}
	if i.milestone == nil {
		e.milestone, e.added = before, false
	}
	i.milestoneEvents = append(i.milestoneEvents, e)
}
