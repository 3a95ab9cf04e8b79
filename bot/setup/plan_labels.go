package setup

import (
	"fmt"
	"maps"
	"slices"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// home is where labels and milestones of a project are created: the topmost group in which the token may, else the project.
func (p *planner) home(one Project) gitlab.Place {
	if p.Here {
		return one.Place
	}
	for _, path := range one.Groups {
		if g := p.found.Groups[path]; g.Level >= triage.Planner {
			return g.Place
		}
	}
	return one.Place
}

// homes are the projects by where their labels are created, in the order of the projects.
func (p *planner) homes() []homeGroup {
	var list []homeGroup
	for _, one := range p.found.Projects {
		home := p.home(one)
		at := slices.IndexFunc(list, func(h homeGroup) bool { return h.place == home })
		if at < 0 {
			at = len(list)
			list = append(list, homeGroup{place: home})
		}
		list[at].projects = append(list[at].projects, one)
	}
	return list
}

// homeGroup is a place with the projects whose labels are created there.
type homeGroup struct {
	place    gitlab.Place
	projects []Project
}

// labels plans the labels that are not there, and tells of those that look like one that is wanted.
func (p *planner) labels() {
	archived, alike := map[string][]gitlab.Place{}, map[[2]string][]gitlab.Place{}
	for _, home := range p.homes() {
		for _, wanted := range p.Labels {
			var lacking []Project
			for _, one := range home.projects {
				switch label, state := findLabel(one.Labels, wanted.Name); state {
				case labelMissing:
					lacking = append(lacking, one)
				case labelArchived:
					archived[label] = append(archived[label], one.Place)
				case labelAlike:
					alike[[2]string{wanted.Name, label}] = append(alike[[2]string{wanted.Name, label}], one.Place)
				case labelThere:
				}
			}
			p.createFor(home, lacking, Action{Kind: KindLabel, Name: wanted.Name, Why: wanted.Description, label: wanted})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(archived)) {
		p.warn(AboutLabels, fmt.Sprintf("the label %s is archived in %s: the bot cannot set it", triage.Quoted(name), named(archived[name])),
			"unarchive it in GitLab, or give it another name in the configuration")
	}
	for _, pair := range slices.SortedFunc(maps.Keys(alike), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		p.warn(AboutLabels, fmt.Sprintf("the label %s of %s differs only in spelling from %s, which the bot would write", triage.Quoted(pair[1]), named(alike[pair]), triage.Quoted(pair[0])),
			"rename it in GitLab, or write its name in the configuration; until then no second one is created")
	}
}

// createFor plans something for the projects that lack it: where it is created for all of them, unless one of the others has its own, which one of
// the group would double.
func (p *planner) createFor(home homeGroup, lacking []Project, a Action) {
	a.Do = "create"
	switch {
	case len(lacking) == 0:
	case len(lacking) == len(home.projects):
		a.Place = home.place
		p.act(a)
	default:
		for _, one := range lacking {
			a.Place = one.Place
			p.act(a)
		}
	}
}

// labelState is how a label is there.
type labelState int

const (
	labelMissing labelState = iota
	labelThere
	labelArchived
	labelAlike // another one differs only in case or blanks
)

// findLabel looks for a label among those of a project; found is its name as it is there.
func findLabel(labels []gitlab.Label, name string) (found string, state labelState) {
	for _, l := range labels {
		switch {
		case l.Name == name && !l.Archived:
			return name, labelThere
		case l.Name == name:
			state, found = labelArchived, name
		case state == labelMissing && !l.Archived && triage.SameSpelling(l.Name, name):
			state, found = labelAlike, l.Name
		}
	}
	return found, state
}

// milestone plans the milestone of the backlog.
func (p *planner) milestone() {
	for _, home := range p.homes() {
		lacking := slices.DeleteFunc(slices.Clone(home.projects), func(one Project) bool { return one.Ready })
		p.createFor(home, lacking, Action{Kind: KindMilestone, Name: p.Milestone, Why: "the rule minor-backlog puts small issues there"})
	}
}
