package sandbox

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The visibilities of a project. Private is for members, Internal for everybody with an account, Public for everybody.
const (
	Private  = "private"
	Internal = "internal"
	Public   = "public"
)

// firstGroupID begins the ids of groups: no project and nothing else has them.
const firstGroupID = 501

// group holds projects and groups, and labels, webhooks and milestones for all issues below it.
type group struct {
	id         int64
	path       string // "group" or "group/subgroup"
	labels     []*label
	hooks      []*hook
	milestones []*milestone
	lifecycles []*lifecycle // of a top-level group that has statuses of its own, the newest first
}

// AddGroup creates a group, and those above it, and gives its id; of one that exists, that one's.
func (s *Server) AddGroup(path string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	groups := s.groupsAt(path)
	if len(groups) == 0 {
		return 0
	}
	s.notify()
	return groups[0].id
}

// AddProject creates a project ("group/project") with its groups and gives its id; of one that exists, that one's. It is Internal.
func (s *Server) AddProject(path string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.projectNamed(path); p != nil {
		return p.id
	}
	id := int64(1)
	for _, p := range s.projects {
		id = max(id, p.id+1)
	}
	return s.addProject(id, path).id
}

// addProject creates a project. The caller holds the lock.
func (s *Server) addProject(id int64, name string) *project {
	p := &project{id: id, path: name, groups: s.groupsAt(path.Dir(name)), visibility: Internal}
	s.projects = append(s.projects, p)
	s.notify()
	return p
}

// AddGroupLabel creates a label that all projects of a group have. color is "#rrggbb"; "" is GitLab's default. One that exists stays as it is.
func (s *Server) AddGroupLabel(group, name, color, description string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupNamed(group)
	if g == nil {
		return fmt.Errorf("adding label %q: there is no group %q", name, group)
	}
	if slices.ContainsFunc(g.labels, func(l *label) bool { return l.name == name }) {
		return nil
	}
	g.labels = append(g.labels, &label{
		id: s.nextID(), groupID: g.id, name: name, color: cmp.Or(color, defaultColor), description: description, created: s.now(),
	})
	s.notify()
	return nil
}

// SetVisibility makes a project Private, Internal or Public.
func (s *Server) SetVisibility(project int64, visibility string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.mustProject(project)
	if err == nil && !slices.Contains([]string{Private, Internal, Public}, visibility) {
		err = fmt.Errorf("%q is none of %s, %s and %s", visibility, Private, Internal, Public)
	}
	if err != nil {
		return fmt.Errorf("setting the visibility of project %d: %w", project, err)
	}
	p.visibility = visibility
	return nil
}

// groupsAt are the group of a path and those above it, the nearest first. Those that do not exist are created. "." is none.
func (s *Server) groupsAt(name string) []*group {
	var list []*group
	for ; name != "." && name != "/" && name != ""; name = path.Dir(name) {
		g := s.groupNamed(name)
		if g == nil {
			g = &group{id: firstGroupID + int64(len(s.groups)), path: name}
			s.groups = append(s.groups, g)
		}
		list = append(list, g)
	}
	return list
}

// groupNamed finds a group by its numeric id or its path.
func (s *Server) groupNamed(idOrPath string) *group {
	id, err := strconv.ParseInt(idOrPath, 10, 64)
	for _, g := range s.groups {
		if err == nil && g.id == id || strings.EqualFold(g.path, idOrPath) {
			return g
		}
	}
	return nil
}

// projectsOf are the projects of a group and of the groups below it that the user may see, the oldest first.
func (s *Server) projectsOf(g *group, u *user) []*project {
	return slices.DeleteFunc(slices.Clone(s.projects), func(p *project) bool { return !slices.Contains(p.groups, g) || !p.visible(u) })
}

// visible reports whether the user may see the project.
func (p *project) visible(u *user) bool { return p.visibility != Private || u.level > 0 }

// within reports whether the project is the place, or belongs to it. "" is everywhere.
func (p *project) within(place string) bool {
	return place == "" || place == strconv.FormatInt(p.id, 10) || strings.EqualFold(place, p.path) ||
		slices.ContainsFunc(p.groups, func(g *group) bool { return strings.EqualFold(g.path, place) || strconv.FormatInt(g.id, 10) == place })
}
