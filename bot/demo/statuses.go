package demo

import (
	"slices"
	"strings"

	"flowkeeper/bot/sandbox"
	"flowkeeper/rules/triage"
)

// addStatuses gives the group the statuses of a team that keeps its states there. A new issue has the one of the state in which work begins.
func (s *stage) addStatuses(team *triage.Team) error {
	if !team.KeepsStatus() {
		return nil
	}
	w := team.Workflow
	all := []sandbox.Status{statusOf(team, w.State(w.Start))}
	for _, state := range w.States() {
		all = append(all, statusOf(team, state))
	}
	all = append(all, sandbox.Status{Name: "Done", Category: "done"}, sandbox.Status{Name: "Duplicate", Category: "canceled"})
	var statuses []sandbox.Status
	for _, t := range all {
		if !slices.ContainsFunc(statuses, func(had sandbox.Status) bool { return strings.EqualFold(had.Name, t.Name) }) {
			statuses = append(statuses, t)
		}
	}
	return s.gitlab.SetStatuses("demo", statuses)
}

// statusOf is the status of a state, with the category that GitLab would expect of it.
func statusOf(team *triage.Team, state triage.State) sandbox.Status {
	name, _ := triage.StatusOf(team.StateStatus(state.Name))
	category := "to_do"
	switch w := team.Workflow; {
	case state.Is == triage.Done:
		category = "done"
	case state.Is == triage.Dropped:
		category = "canceled"
	case state.Is == triage.Blocked, w.Has(triage.Development) && !w.Before(state.Name, triage.Development):
		category = "in_progress"
	}
	return sandbox.Status{Name: name, Category: category}
}

// statesOf are the states in which an issue is, without repetition.
func statesOf(team *triage.Team, i sandbox.Issue) []string {
	var states []string
	for _, l := range team.SeeStatus(triage.Issue{Labels: i.Labels, StatusName: i.Status}).Labels {
		if name, is := team.StateOf(l); is && !slices.Contains(states, name) {
			states = append(states, name)
		}
	}
	return states
}

// narrateStatus prints the statuses that the bot set, as GitLab notes them, if the team keeps its states there.
func (s *stage) narrateStatus(notes []sandbox.Note) {
	if !s.options.Policy.Team.KeepsStatus() {
		return
	}
	for _, n := range notes {
		name, is := strings.CutPrefix(n.Text, "set status to **")
		if is && n.System && n.Author == botName {
			s.printf("the bot sets the status to %q", strings.TrimSuffix(name, "**"))
		}
	}
}
