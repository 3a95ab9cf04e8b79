package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowkeeper/rules/triage"
)

// Status is a status that work items may have. Category is one of StatusCategories: those of the last two are closed.
type Status struct{ Name, Category, Color, Description string }

// StatusCategories are the categories of statuses, as hooks and GraphQL write them.
func StatusCategories() []string {
	return []string{"triage", "to_do", "in_progress", "done", "canceled"}
}

// maxStatuses is how many statuses a lifecycle may have.
const maxStatuses = 30

type status struct {
	Status
	id     int64
	system bool // one of GitLab's own
}

// gid is the global id by which GraphQL and hooks name it.
func (t *status) gid() string {
	if t.system {
		return fmt.Sprintf("gid://gitlab/WorkItems::Statuses::SystemDefined::Status/%d", t.id)
	}
	return fmt.Sprintf("gid://gitlab/WorkItems::Statuses::Custom::Status/%d", t.id)
}

// closes reports whether work items with the status are closed.
func (t *status) closes() bool { return t.Category == "done" || t.Category == "canceled" }

// lifecycle is which statuses the work items of some types may have, in their order, and which they have by default.
type lifecycle struct {
	types                   []string
	statuses                []*status
	open, closed, duplicate *status
}

// systemLifecycle is GitLab's own. It is valid for a group until that customises its statuses.
var systemLifecycle = newLifecycle([]string{"Issue", "Task"}, []*status{
	{Status{"To do", "to_do", "#737278", ""}, 1, true}, {Status{"In progress", "in_progress", "#1f75cb", ""}, 2, true},
	{Status{"Done", "done", "#108548", ""}, 3, true}, {Status{"Won't do", "canceled", "#DD2B0E", ""}, 4, true},
	{Status{"Duplicate", "canceled", "#DD2B0E", ""}, 5, true},
})

// newLifecycle takes the first open status, the first that is done and the last canceled one for the defaults.
func newLifecycle(types []string, statuses []*status) *lifecycle {
	l := &lifecycle{types: types, statuses: statuses}
	for _, t := range statuses {
		switch {
		case !t.closes():
			l.open = cmp.Or(l.open, t)
		case t.Category == "done":
			l.closed = cmp.Or(l.closed, t)
		default:
			l.duplicate = t
		}
	}
	l.closed = cmp.Or(l.closed, l.duplicate)
	l.duplicate = cmp.Or(l.duplicate, l.closed)
	return l
}

// SetStatuses gives the work items of some types ("Issue", "Task"; none is both) below a top-level group statuses of its own, in this order. From then on
// GitLab's own statuses are no good there, not by their ids either. Another lifecycle of these types is replaced; issues whose status is not among the
// new ones by its name have the default.
func (s *Server) SetStatuses(root string, statuses []Status, types ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupNamed(root)
	if g == nil || strings.Contains(root, "/") {
		return fmt.Errorf("setting statuses: there is no top-level group %q", root)
	}
	if len(types) == 0 {
		types = systemLifecycle.types
	}
	var made []*status
	for _, t := range statuses {
		if !slices.Contains(StatusCategories(), t.Category) || t.Name == "" || slices.ContainsFunc(made, func(o *status) bool { return o.named(t.Name) }) {
			return fmt.Errorf("setting statuses: %q with the category %q is no status, or is there twice", t.Name, t.Category)
		}
		made = append(made, &status{Status: t, id: s.nextID()})
	}
	l := newLifecycle(types, made)
	if l.open == nil || l.closed == nil || len(made) > maxStatuses {
		return fmt.Errorf("setting statuses: there have to be an open and a closed one, and at most %d", maxStatuses)
	}
	g.lifecycles = append([]*lifecycle{l}, g.lifecycles...)
	s.eachStatus(g, func(i *issue) *status { return s.lifecycleOf(i).named(i.status.Name) })
	return nil
}

// named reports whether the status has the name, whatever its case.
func (t *status) named(name string) bool { return strings.EqualFold(t.Name, name) }

func (l *lifecycle) named(name string) *status {
	for _, t := range l.statuses {
		if t.named(name) {
			return t
		}
	}
	return nil
}

// eachStatus replaces the statuses that issues below a group have.
func (s *Server) eachStatus(g *group, replace func(*issue) *status) {
	for _, p := range s.projects {
		for _, i := range p.issues {
			if i.status != nil && slices.Contains(p.groups, g) && s.lifecycleOf(i) != nil {
				i.status = replace(i)
			}
		}
	}
	s.notify()
}

// RenameStatus renames a status of a top-level group. No webhook tells.
func (s *Server) RenameStatus(root, from, to string) error {
	return s.withStatus(root, from, func(_ *group, _ *lifecycle, t *status) { t.Name = to })
}

// DeleteStatus deletes a status of a top-level group that is no default. Its id names nothing any more, and issues that had it have the default.
func (s *Server) DeleteStatus(root, name string) error {
	return s.withStatus(root, name, func(g *group, l *lifecycle, gone *status) {
		l.statuses = slices.DeleteFunc(l.statuses, func(t *status) bool { return t == gone })
		s.eachStatus(g, func(i *issue) *status {
			if i.status == gone {
				return nil
			}
			return i.status
		})
	})
}

// SetClosedDefault makes a status the one that work items of its lifecycle get when they are closed without naming one. GitLab takes one of the
// categories done and canceled.
func (s *Server) SetClosedDefault(root, name string) error {
	fits := true
	err := s.withStatus(root, name, func(_ *group, l *lifecycle, t *status) {
		if fits = t.closes(); fits {
			l.closed = t
		}
	})
	if err == nil && !fits {
		err = fmt.Errorf("making %q the default of what is closed: it is an open status", name)
	}
	return err
}

func (s *Server) withStatus(path, name string, do func(*group, *lifecycle, *status)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groupNamed(path); g != nil {
		for _, l := range g.lifecycles {
			if t := l.named(name); t != nil {
				do(g, l, t)
				s.notify()
				return nil
			}
		}
	}
	return fmt.Errorf("changing a status: %q has none of its own called %q", path, name)
}

// Statuses are those that an issue may have, in their order; none if it can have none.
func (s *Server) Statuses(ref triage.Ref) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.issue(ref)
	if i == nil || s.lifecycleOf(i) == nil {
		return nil
	}
	var list []Status
	for _, t := range s.lifecycleOf(i).statuses {
		list = append(list, t.Status)
	}
	return list
}

// SetStatus sets the status of an issue as a person. One that is closed closes an open issue, and one that is open reopens a closed one: two deliveries.
func (s *Server) SetStatus(username string, ref triage.Ref, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, i, _, err := s.findAll(username, ref, 0)
	if err == nil {
		err = s.setStatusAs(actor{user: u}, i, name)
	}
	if err != nil {
		return fmt.Errorf("setting the status of issue %s as %s: %w", ref, username, err)
	}
	return nil
}

func (s *Server) setStatusAs(by actor, i *issue, name string) error {
	l := s.lifecycleOf(i)
	if l == nil {
		return errors.New("it can have no status: there is no licence for that, or not for its type")
	}
	t := l.named(name)
	if t == nil {
		return fmt.Errorf("there is no status %q", name)
	}
	return s.update(by, i, change{status: t})
}

// lifecycleOf is the lifecycle of a work item; nil if it has no status: without a licence, before 18.2, or of another type.
func (s *Server) lifecycleOf(i *issue) *lifecycle {
	if i.request != nil {
		return nil
	}
	return s.lifecycleFor(i.project.groups, i.kind)
}

func (s *Server) lifecycleFor(groups []*group, kind string) *lifecycle {
	if s.opt.Edition != Premium || !s.atLeast(18, 2) || len(groups) == 0 || !slices.Contains(systemLifecycle.types, kind) {
		return nil
	}
	root := groups[len(groups)-1]
	for _, l := range root.lifecycles {
		if slices.Contains(l.types, kind) {
			return l
		}
	}
	return systemLifecycle
}

// statusOf is the status that a work item has, nil if it can have none.
func (s *Server) statusOf(i *issue) *status {
	l := s.lifecycleOf(i)
	switch {
	case l == nil:
		return nil
	case i.status != nil:
		return i.status
	case i.duplicateOf != nil && i.closed:
		return l.duplicate
	case i.closed:
		return l.closed
	}
	return l.open
}

// statusHook is a status as hooks show it.
func statusHook(t *status) any {
	if t == nil {
		return nil
	}
	return object{"id": t.gid(), "name": t.Name, "category": t.Category, "color": t.Color, "description": orNull(t.Description)}
}

// maySetStatus reports whether the user may set a work item's status: a Planner, the author, and who it is assigned to.
func (i *issue) maySetStatus(u *user) bool {
	level := u.levelIn(i.project.path)
	return level >= Planner || level >= Guest && (u == i.author || slices.Contains(i.assignees, u))
}

// resolveStatus turns a wanted status into what it does to the state, and drops it silently where it cannot be: without a licence, out of another lifecycle,
// or for somebody who may not set it.
func (s *Server) resolveStatus(by actor, i *issue, c *change) {
	if c.status == nil {
		return
	}
	if l := s.lifecycleOf(i); l == nil || !slices.Contains(l.statuses, c.status) || !i.maySetStatus(by.user) {
		c.status = nil
		return
	}
	switch {
	case c.status.closes() && !i.closed:
		c.state = "close"
	case !c.status.closes() && i.closed:
		c.state = "reopen"
	}
}

// changeStatus gives a work item a status, nil for the default of its state, with GitLab's note if it is another one than before.
func (s *Server) changeStatus(by actor, i *issue, before, to *status, at time.Time) bool {
	i.status = to
	now := s.statusOf(i)
	if now == nil || now == before {
		return false
	}
	s.systemNote(by, i, "set status to **"+now.Name+"**", at)
	return true
}

// canceledStatus is the first status with which an issue is closed undone, nil if it has none.
func (s *Server) canceledStatus(i *issue) *status {
	if l := s.lifecycleOf(i); l != nil {
		for _, t := range l.statuses {
			if t.Category == "canceled" {
				return t
			}
		}
	}
	return nil
}
