package sandbox

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// SetLevel gives a person another access level in a group or project ("group" or "group/project") and all that is below it. The level 0 is no
// member.
func (s *Server) SetLevel(username, place string, level int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userNamed(username)
	if u == nil {
		return fmt.Errorf("setting the level of %s: %w", username, s.noSuchUser(username))
	}
	if u.levels == nil {
		u.levels = map[string]int{}
	}
	u.levels[place] = level
	s.notify()
	return nil
}

// levelIn is the user's access level in the group or project of a path.
func (u *user) levelIn(place string) int {
	for ; place != "." && place != "/" && place != ""; place = path.Dir(place) {
		if level, ok := u.levels[place]; ok {
			return level
		}
	}
	return u.level
}

// place is the path of the request's project or group.
func (c *apiCall) place() string {
	if c.project != nil {
		return c.project.path
	}
	return c.group.path
}

// ExpireToken says from which day on a token is no good, "2026-12-01". It is only told, not enforced.
func (s *Server) ExpireToken(token, day string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expiries[token] = day
}

// ArchiveProject makes a project one that can only be read.
func (s *Server) ArchiveProject(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(id)
	if err != nil {
		return fmt.Errorf("archiving a project: %w", err)
	}
	p.archived = true
	return nil
}

// DisableIssues switches the issues of a project off.
func (s *Server) DisableIssues(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(id)
	if err != nil {
		return fmt.Errorf("switching off issues: %w", err)
	}
	p.noIssues = true
	return nil
}

// DisableMergeRequests switches the merge requests of a project off: nobody sees any, though they are kept.
func (s *Server) DisableMergeRequests(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(id)
	if err != nil {
		return fmt.Errorf("switching off merge requests: %w", err)
	}
	p.noRequests = true
	return nil
}

// atLeast reports whether the GitLab is of this version or a later one.
func (s *Server) atLeast(major, minor int) bool {
	parts := strings.SplitN(s.opt.Version, ".", 3)
	m, _ := strconv.Atoi(parts[0])
	n := 0
	if len(parts) > 1 {
		n, _ = strconv.Atoi(parts[1])
	}
	return m > major || m == major && n >= minor
}

// GroupHooks lists a group's webhooks.
func (s *Server) GroupHooks(group string) []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupNamed(group)
	if g == nil {
		return nil
	}
	list := make([]Hook, len(g.hooks))
	for n, h := range g.hooks {
		list[n] = h.Hook
	}
	return list
}
