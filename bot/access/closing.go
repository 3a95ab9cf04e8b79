package access

import (
	"fmt"
	"slices"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// ClosingAdvice is what is wrong with how closing an issue fits the workflow, and what to do about it.
type ClosingAdvice struct{ What, Do string }

// ClosingMisfits says where closing an issue in a namespace does not end in the state of the workflow that means done: GitLab gives an issue that is closed
// the default of its statuses, which may stand for no state, for one that means dropped, or for another one. It also says where a state that means done is
// an open status. None for a team that keeps no states in statuses or has no state that means done.
func ClosingMisfits(namespace string, set gitlab.StatusSet, team *triage.Team) []ClosingAdvice {
	if len(set) == 0 || !team.KeepsStatus() || !team.Workflow.Has(triage.Done) {
		return nil
	}
	name := team.Workflow.Named(triage.Done)
	done, _ := triage.StatusOf(team.StateStatus(name))
	var all []ClosingAdvice
	add := func(text, do string) {
		a := ClosingAdvice{namespace + " " + text, do}
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	for _, kind := range gitlab.StatusTypes() {
		if status, err := set.Find(kind, done); err == nil && !status.Closes() {
			add(fmt.Sprintf("keeps issues with the status %q open, which is that of the state %q: it is never set on a closed issue", status.Name, name),
				fmt.Sprintf("give the state %q a status of the category done in workflow.states", name))
		}
		closed, told := set.ClosedDefault(kind)
		if !told {
			continue
		}
		if then := outcome(team, closed, done); then != "" {
			add(fmt.Sprintf("closes issues with the status %q, %s", closed.Name, then), fmt.Sprintf(
				"make %q the default for closed items in the group's Settings > Issues > Statuses, or write status: %q for the state %q in workflow.states", done, closed.Name, name))
		}
	}
	return all
}

// outcome says what comes of issues that are closed with the status, as a clause; "" if they are done.
func outcome(team *triage.Team, closed gitlab.Status, done string) string {
	label := team.Canonical(triage.StatusLabel(closed.Name))
	state, _ := team.StateOf(label)
	switch is := team.Workflow.State(state).Is; {
	case team.KnowsStatus(label) && is == triage.Done:
		return ""
	case team.KnowsStatus(label) && is == triage.Dropped:
		return fmt.Sprintf("that of the state %q: what is closed counts as dropped, unless somebody chooses %q", state, done)
	case team.KnowsStatus(label):
		return fmt.Sprintf("that of the state %q, which does not mean done: only what was in work is then given %q", state, done)
	case closed.Category == triage.Canceled:
		return fmt.Sprintf("which stands for no state of the workflow and means that the work was not done: what is closed is never done, unless somebody chooses %q", done)
	}
	return fmt.Sprintf("which stands for no state of the workflow: only what was in work is then given %q", done)
}
