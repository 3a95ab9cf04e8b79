package sandbox

import (
	"slices"
	"strings"
	"time"
)

const defaultColor = "#6699cc"

// relabel changes the issue's labels: names that do not exist become labels of the project, a scoped label replaces its siblings
// where the edition has that, and every label that comes or goes leaves an event.
func (s *Server) relabel(by actor, i *issue, c change, at time.Time) bool {
	if c.labels == nil && len(c.add) == 0 && len(c.remove) == 0 {
		return false
	}
	before := i.labels
	after, added := slices.Clone(before), s.labelsNamed(by, i.project, c.add, at)
	if c.labels != nil {
		added = append(s.labelsNamed(by, i.project, *c.labels, at), added...)
		after = nil
	}
	for _, l := range added {
		if !slices.Contains(after, l) {
			after = append(after, l)
		}
	}
	after = slices.DeleteFunc(after, func(l *label) bool { return slices.Contains(c.remove, l.name) })
	if s.opt.Edition == Premium {
		after = oneOfEachScope(after, added)
	}
	changed := false
	for _, l := range after {
		if !slices.Contains(before, l) {
			i.labelEvents = append(i.labelEvents, labelEvent{s.nextID(), by.user, at, l, true})
			changed = true
		}
	}
	for _, l := range before {
		if !slices.Contains(after, l) {
			i.labelEvents = append(i.labelEvents, labelEvent{s.nextID(), by.user, at, l, false})
			changed = true
		}
	}
	i.labels = after
	return changed
}

// oneOfEachScope leaves one label in every scope that an added label touches: the one added last. Old pairs in other scopes stay.
func oneOfEachScope(labels, added []*label) []*label {
	winner := map[string]*label{}
	for _, l := range added {
		if scope := labelScope(l.name); scope != "" && slices.Contains(labels, l) {
			winner[scope] = l
		}
	}
	return slices.DeleteFunc(slices.Clone(labels), func(l *label) bool {
		w := winner[labelScope(l.name)]
		return w != nil && w != l
	})
}

// labelScope is everything before the last "::", "" if there is none. It repeats the bot's own idea of a scope on purpose: the
// sandbox answers for GitLab.
func labelScope(name string) string {
	at := strings.LastIndex(name, "::")
	return name[:max(at, 0)]
}

// labelsNamed finds labels. Those that do not exist are created if the user may manage labels, and silently left out otherwise, as are those
// that are archived.
func (s *Server) labelsNamed(by actor, p *project, names []string, at time.Time) []*label {
	var found []*label
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		l := p.label(name)
		if l == nil && !by.canPlan() || l != nil && l.archived {
			continue
		}
		if l == nil {
			l = &label{id: s.nextID(), name: name, color: defaultColor, created: at}
			p.labels = append(p.labels, l)
		}
		found = append(found, l)
	}
	return found
}
