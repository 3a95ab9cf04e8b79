package sandbox

import (
	"errors"
	"fmt"
	"slices"

	"flowkeeper/rules/triage"
)

// IssueOptions describe a new issue. Type is "Issue" if empty.
type IssueOptions struct {
	Title        string
	Description  string
	Labels       []string
	Weight       *int
	Assignees    []string
	Milestone    string // a title
	Due          string // "2026-12-07", "" is none
	Confidential bool
	Type         string
}

// Change is what a person does to an issue in one go. nil and empty fields leave things as they are.
type Change struct {
	Title        *string
	Description  *string
	AddLabels    []string
	RemoveLabels []string
	Weight       *int
	ClearWeight  bool
	Assignees    *[]string // replaces all; an empty list unassigns
	Milestone    *string   // a title; "" removes it
	Due          *string   // "2026-12-07"; "" removes it
	Confidential *bool
	Locked       *bool
	Close        bool
	Cancel       bool // closes it with the first status that is canceled: "Won't do"
	Reopen       bool
}

// Open creates an issue as a person.
func (s *Server) Open(username string, project int64, o IssueOptions) (triage.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("opening an issue as %s: %w", username, err)
	}
	c := change{title: &o.Title, description: &o.Description, add: o.Labels, confidential: &o.Confidential, due: &o.Due}
	if o.Weight != nil {
		c.weight = &weightTo{o.Weight}
	}
	if o.Type != "" {
		c.kind = &o.Type
	}
	u, err := s.resolveChange(username, p, &c, &o.Assignees, &o.Milestone)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("opening an issue as %s: %w", username, err)
	}
	i, err := s.open(actor{user: u}, p, c)
	if err != nil {
		return triage.Ref{}, fmt.Errorf("opening an issue as %s: %w", username, err)
	}
	return i.ref(), nil
}

// Edit changes an issue as a person. Everything in one Change is one update, as with one save.
func (s *Server) Edit(username string, ref triage.Ref, ch Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.mustIssue(ref)
	if err != nil {
		return fmt.Errorf("editing issue %s as %s: %w", ref, username, err)
	}
	c := change{
		title: ch.Title, description: ch.Description, add: ch.AddLabels, remove: ch.RemoveLabels, due: ch.Due,
		confidential: ch.Confidential, locked: ch.Locked,
	}
	switch {
	case ch.Close:
		c.state = "close"
	case ch.Cancel:
		c.state, c.status = "close", s.canceledStatus(i)
	case ch.Reopen:
		c.state = "reopen"
	}
	if ch.Weight != nil || ch.ClearWeight {
		c.weight = &weightTo{ch.Weight}
	}
	u, err := s.resolveChange(username, i.project, &c, ch.Assignees, ch.Milestone)
	if err == nil && !i.visible(u) {
		err = fmt.Errorf("there is no issue %s for %s to see", ref, username)
	}
	if err == nil {
		err = s.update(actor{user: u}, i, c)
	}
	if err != nil {
		return fmt.Errorf("editing issue %s as %s: %w", ref, username, err)
	}
	return nil
}

// Comment writes a comment as a person and gives its id. The id is 0 if the comment was nothing but quick actions: those are carried
// out and no comment is left.
func (s *Server) Comment(username string, ref triage.Ref, text string) (int64, error) {
	return s.commentAs(username, ref, text, false)
}

// CommentInternally writes a comment that only Planners and up can read.
func (s *Server) CommentInternally(username string, ref triage.Ref, text string) (int64, error) {
	return s.commentAs(username, ref, text, true)
}

// Reply answers a comment in its thread, as a person, and gives the new comment's id: 0 as for Comment. A reply to an internal comment
// is internal.
func (s *Server) Reply(username string, ref triage.Ref, id int64, text string) (int64, error) {
	return s.addComment(username, ref, id, text, false)
}

func (s *Server) commentAs(username string, ref triage.Ref, text string, internal bool) (int64, error) {
	return s.addComment(username, ref, 0, text, internal)
}

// addComment adds a comment, in the thread of another one unless its id is 0.
func (s *Server) addComment(username string, ref triage.Ref, to int64, text string, internal bool) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, parent, err := s.findAll(username, ref, to)
	if err == nil && parent != nil {
		if parent.system {
			err = fmt.Errorf("note %d is one of GitLab's own: nobody can reply to it", to)
		}
		parent = i.threadOf(parent, u)[0]
	}
	if err != nil {
		return 0, fmt.Errorf("commenting on issue %s as %s: %w", ref, username, err)
	}
	n, _, err := s.comment(actor{user: u}, i, text, internal, parent)
	switch {
	case errors.Is(err, errNothingLeft):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("commenting on issue %s as %s: %w", ref, username, err)
	}
	return n.id, nil
}

// EditNote replaces the text of a comment. Its quick actions run again.
func (s *Server) EditNote(username string, ref triage.Ref, id int64, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, n, err := s.findAll(username, ref, id)
	if err == nil {
		_, err = s.editNote(actor{user: u}, i, n, text)
	}
	if err != nil && !errors.Is(err, errNothingLeft) {
		return fmt.Errorf("editing note %d of issue %s as %s: %w", id, ref, username, err)
	}
	return nil
}

// DeleteNote removes a comment. GitLab sends no hook for that.
func (s *Server) DeleteNote(username string, ref triage.Ref, id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, n, err := s.findAll(username, ref, id)
	if err == nil {
		err = s.deleteNote(actor{user: u}, i, n)
	}
	if err != nil {
		return fmt.Errorf("deleting note %d of issue %s as %s: %w", id, ref, username, err)
	}
	return nil
}

// React adds a reaction ("thumbsup") to an issue, or to one of its notes if the id is not 0.
func (s *Server) React(username string, ref triage.Ref, noteID int64, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, n, err := s.findAll(username, ref, noteID)
	if err == nil {
		_, err = s.react(actor{user: u}, i, n, name)
	}
	if err != nil {
		return fmt.Errorf("reacting to issue %s as %s: %w", ref, username, err)
	}
	return nil
}

// Unreact takes a reaction back.
func (s *Server) Unreact(username string, ref triage.Ref, noteID int64, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, n, err := s.findAll(username, ref, noteID)
	if err != nil {
		return fmt.Errorf("taking back a reaction on issue %s as %s: %w", ref, username, err)
	}
	for _, a := range *awardsOf(i, n) {
		if a.user == u && a.name == EmojiName(name) {
			s.unreact(i, n, a)
			return nil
		}
	}
	return fmt.Errorf("taking back a reaction on issue %s as %s: there is no %s", ref, username, name)
}

// findAll finds a person, an issue that the person may see, and one of its notes unless the id is 0.
func (s *Server) findAll(username string, ref triage.Ref, noteID int64) (*user, *issue, *note, error) {
	u := s.userNamed(username)
	if u == nil {
		return nil, nil, nil, s.noSuchUser(username)
	}
	i, err := s.mustIssue(ref)
	if err != nil {
		return nil, nil, nil, err
	}
	if !i.visible(u) {
		return nil, nil, nil, fmt.Errorf("there is no issue %s for %s to see", ref, username)
	}
	if noteID == 0 {
		return u, i, nil, nil
	}
	n := i.note(noteID)
	if n == nil || !n.visible(u) {
		return nil, nil, nil, fmt.Errorf("there is no note %d", noteID)
	}
	return u, i, n, nil
}

// resolveChange finds a person and fills in the assignees and the milestone of a change.
func (s *Server) resolveChange(username string, p *project, c *change, assignees *[]string, milestone *string) (*user, error) {
	u := s.userNamed(username)
	if u == nil {
		return nil, s.noSuchUser(username)
	}
	if assignees != nil {
		users := []*user{}
		for _, name := range *assignees {
			a := s.userNamed(name)
			if a == nil {
				return nil, s.noSuchUser(name)
			}
			users = append(users, a)
		}
		c.assignees = &users
	}
	if milestone != nil {
		m := p.milestoneTitled(*milestone)
		if m == nil && *milestone != "" {
			return nil, fmt.Errorf("there is no milestone %q", *milestone)
		}
		c.milestone = &milestoneTo{m}
	}
	return u, nil
}

func (s *Server) mustProject(id int64) (*project, error) {
	if p := s.project(id); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no project %d", id)
}

func (s *Server) mustIssue(ref triage.Ref) (*issue, error) {
	if i := s.issue(ref); i != nil {
		return i, nil
	}
	return nil, fmt.Errorf("there is no issue %s", ref)
}

func (s *Server) noSuchUser(username string) error {
	names := make([]string, len(s.users))
	for n, u := range s.users {
		names[n] = u.username
	}
	slices.Sort(names)
	return fmt.Errorf("there is no user %q; there are %v", username, names)
}
