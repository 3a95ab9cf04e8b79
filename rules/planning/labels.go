package planning

import (
	"slices"

	"flowkeeper/rules/triage"
)

// reportLabels are those of a report's issue: the one by which the rules leave it alone, and the group's. Usual is what the handbook calls the former; a
// team that does not call it so has told how it does.
func (s Snapshot) reportLabels(usual string) []string {
	labels := []string{usual}
	if names := s.Team.LabelNames(triage.Skip); !slices.Contains(names, usual) {
		labels[0] = names[0]
	}
	if s.Team.GroupLabel != "" {
		labels = append(labels, s.Team.GroupLabel)
	}
	return labels
}

// planningLabels are those of an issue of a milestone's planning.
func (s Snapshot) planningLabels() []string { return s.reportLabels(planningIssue) }

// planningIssue is what the handbook labels the issues of a milestone's planning with.
const planningIssue = "Planning Issue"

// scopeLabels are the labels of an issue that count of some scopes, as far as it has any.
func scopeLabels(in *triage.Input, scopes ...triage.LabelRole) []string {
	var labels []string
	for _, r := range scopes {
		l := in.Winner(in.Team.Label(r))
		if r == triage.WorkflowScope {
			l = in.StateLabel()
		}
		if l != "" {
			labels = append(labels, l)
		}
	}
	return labels
}

// assignable are those of some people whom GitLab can assign to one issue together: on Free the first alone.
func (s Snapshot) assignable(people []string) []string {
	people = distinct(people)
	if !s.Home.Premium && len(people) > 1 {
		return people[:1]
	}
	return people
}
