package sandbox

import (
	"fmt"
	"regexp"
	"slices"
)

var usernameForm = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)

// AddUser creates a person with an access level in all projects, or changes the name and level of one, and gives the id. The level 0
// is no member.
func (s *Server) AddUser(username, name string, level int) (int64, error) {
	if !usernameForm.MatchString(username) {
		return 0, fmt.Errorf("adding user %q: a username has letters, digits, '_', '-' and '.' only", username)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userNamed(username)
	if u == nil {
		u = &user{id: s.nextID(), username: username}
		s.users = append(s.users, u)
	}
	u.name, u.level = name, level
	s.notify()
	return u.id, nil
}

// AddBot creates the bot user that GitLab makes for an access token, with its token, and gives its id.
func (s *Server) AddBot(username string, level int, token string) (int64, error) {
	id, err := s.AddUser(username, username, level)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.userID(id).bot = true
	s.tokens[token] = s.userID(id)
	return id, nil
}

// DeleteUser deletes a person or a bot user, as GitLab does when a token is revoked: what they wrote is the ghost's from then on.
func (s *Server) DeleteUser(username string) error {
	ghost, err := s.AddUser("ghost", "Ghost User", 0)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	gone, heir := s.userNamed(username), s.userID(ghost)
	if gone == nil {
		return fmt.Errorf("deleting %s: %w", username, s.noSuchUser(username))
	}
	for _, p := range s.projects {
		for _, i := range p.issues {
			i.transferAuthorship(gone, heir)
		}
		for _, m := range p.requests {
			m.transferAuthorship(gone, heir)
		}
	}
	for token, u := range s.tokens {
		if u == gone {
			delete(s.tokens, token)
		}
	}
	s.users = slices.DeleteFunc(s.users, func(u *user) bool { return u == gone })
	s.notify()
	return nil
}

// transferAuthorship makes somebody else the one who wrote, reacted and changed things.
func (i *issue) transferAuthorship(gone, heir *user) {
	pass := func(u **user) {
		if *u == gone {
			*u = heir
		}
	}
	pass(&i.author)
	awards := [][]*award{i.awards}
	for _, n := range i.notes {
		pass(&n.author)
		awards = append(awards, n.awards)
	}
	for _, list := range awards {
		for _, a := range list {
			pass(&a.user)
		}
	}
	for n := range i.labelEvents {
		pass(&i.labelEvents[n].user)
	}
	for n := range i.weightEvents {
		pass(&i.weightEvents[n].user)
	}
	for n := range i.stateEvents {
		pass(&i.stateEvents[n].user)
	}
	for n := range i.milestoneEvents {
		pass(&i.milestoneEvents[n].user)
	}
}

// AddToken gives a person an API token.
func (s *Server) AddToken(username, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userNamed(username)
	if u == nil {
		return fmt.Errorf("adding a token for %s: %w", username, s.noSuchUser(username))
	}
	s.tokens[token] = u
	return nil
}

// LimitScopes gives a token other scopes than api. What they do not allow is refused with 403.
func (s *Server) LimitScopes(token string, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes[token] = scopes
}

// DenyAPI keeps a person out of the API: whatever is asked with one of the person's tokens is refused with 403 and these words, such as "Your
// account has been blocked.". "" lets the person in again.
func (s *Server) DenyAPI(username, words string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userNamed(username)
	if u == nil {
		return fmt.Errorf("denying %s the API: %w", username, s.noSuchUser(username))
	}
	u.denied = words
	return nil
}

// AddLabel creates a label of a project. color is "#rrggbb"; "" is GitLab's default.
func (s *Server) AddLabel(project int64, name, color, description string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return fmt.Errorf("adding label %q: %w", name, err)
	}
	if color == "" {
		color = defaultColor
	}
	if l := p.label(name); l != nil {
		l.color, l.description = color, description
		return nil
	}
	p.labels = append(p.labels, &label{id: s.nextID(), name: name, color: color, description: description, created: s.now()})
	s.notify()
	return nil
}

// ArchiveLabel archives a label of a project, creating it if there is none: issues keep it, and none is given it. GitLab says nothing to
// those who try.
func (s *Server) ArchiveLabel(project int64, name string) error {
	if err := s.AddLabel(project, name, "", ""); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.project(project).label(name).archived = true
	return nil
}

// AddHook adds a webhook to a project and gives its id. A project may have several.
func (s *Server) AddHook(project int64, h Hook) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err != nil {
		return 0, fmt.Errorf("adding a hook: %w", err)
	}
	made, err := newHook(h)
	if err != nil {
		return 0, fmt.Errorf("adding a hook: %w", err)
	}
	made.ID, made.created = s.nextID(), s.now()
	p.hooks = append(p.hooks, made)
	return made.ID, nil
}
