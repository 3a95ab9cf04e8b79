package access

import (
	"fmt"
	"slices"

	"flowkeeper/bot/gitlab"
	"flowkeeper/rules/triage"
)

// DefaultAdvice is what is wrong with how opening or closing an issue fits the workflow, and what to do about it.
type DefaultAdvice struct{ What, Do string }

// DefaultMisfits says where the statuses that GitLab gives by itself do not fit the workflow: an issue that is opened begins in no state of it, or one that
// is closed does not end in the state that means done. None for a team that keeps no states in statuses.
func DefaultMisfits(namespace string, set gitlab.StatusSet, team *triage.Team) []DefaultAdvice {
	if !team.KeepsStatus() {
		return nil
	}
	var all []DefaultAdvice
	for _, kind := range gitlab.StatusTypes() {
		for _, a := range slices.Concat(openingMisfits(kind, set, team), closingMisfits(kind, set, team)) {
			a.What = namespace + " " + a.What
			if !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// openingMisfits are those of issues that are opened.
func openingMisfits(kind string, set gitlab.StatusSet, team *triage.Team) []DefaultAdvice {
	opened, told := set.Default(kind, false)
	if !told || team.KnowsStatus(team.Canonical(triage.StatusLabel(opened.Name))) {
		return nil
	}
	return []DefaultAdvice{{
		fmt.Sprintf("opens issues with the status %q, which stands for no state of the workflow: they stay in it unless the rule workflow-intake acts", opened.Name),
		fmt.Sprintf("write status: %q for the state %q in workflow.states, or make another status the default for open items", opened.Name, team.Workflow.Start),
	}}
}

// closingMisfits are those of issues that are closed, which may get a status of no state, of one that means dropped, or of another one; and of a state that
// means done and whose status is an open one.
func closingMisfits(kind string, set gitlab.StatusSet, team *triage.Team) []DefaultAdvice {
	if !team.Workflow.Has(triage.Done) {
		return nil
	}
	name := team.Workflow.Named(triage.Done)
	done, _ := triage.StatusOf(team.StateStatus(name))
	var all []DefaultAdvice
	if status, err := set.Find(kind, done); err == nil && !status.Closes() {
		all = append(all, DefaultAdvice{
			fmt.Sprintf("keeps issues with the status %q open, which is that of the state %q: it is never set on a closed issue", status.Name, name),
			fmt.Sprintf("give the state %q a status of the category done in workflow.states", name),
		})
	}
	closed, told := set.Default(kind, true)
	if !told {
		return all
	}
	if then := outcome(team, closed, done); then != "" {
		all = append(all, DefaultAdvice{
			fmt.Sprintf("closes issues with the status %q, %s", closed.Name, then),
			fmt.Sprintf("make %q the default for closed items in the group's Settings > Issues > Statuses, or write status: %q for the state %q in workflow.states",
				done, closed.Name, name),
		})
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
