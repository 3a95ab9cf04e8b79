package rules

import (
	"strings"

	"flowkeeper/rules/triage"
)

// deliverableNeeds follows "Build Board" and "Issue Selection": what is selected for a release is weighted, assigned and ready.
var deliverableNeeds = triage.Rule{
	Meta: triage.Meta{
		ID:      "deliverable-needs",
		Summary: "Lists what an issue still needs that is a deliverable of a release.",
		Section: "Build Board",
		On:      triage.Opened | triage.AllChanges,
		Mode:    triage.Remind,
		MaxMode: triage.Remind,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		if !in.Has(triage.Deliverable) {
			return triage.Nothing("the issue is not a deliverable")
		}
		var missing []triage.Item
		var lacks []string
		need := func(what string, item triage.Item) {
			lacks, missing = append(lacks, what), append(missing, item)
		}
		if in.Issue.Milestone == 0 {
			need("a milestone", milestoneItem(in))
		}
		if len(in.Issue.Assignees) == 0 {
			need("an assignee", assigneeItem("", nil))
		}
		if lacksWeight(in) {
			need("a weight", weightItem(in))
		}
		if beforeReady(in) {
			ready := in.Team.Workflow.State(in.Team.Workflow.Named(triage.Ready))
			need("the state "+ready.Name, triage.Item{
				Slot: "ready", Title: "A later workflow label", Text: "A deliverable is " + ready.Where + ".", Do: triage.HowTo(stateAction(in, triage.Ready)),
			})
		}
		if len(missing) == 0 {
			return triage.Nothing("the deliverable has what it needs")
		}
		return triage.Ask("the deliverable lacks "+joinWords(lacks), missing...)
	},
}

// beforeReady reports whether the issue's state says that it cannot be developed yet. States beside the path say nothing about that.
func beforeReady(in triage.Input) bool {
	w := in.Team.Workflow
	return w.Has(triage.Ready) && (in.State() == "" || w.Before(in.State(), triage.Ready))
}

// milestoneItem asks for a milestone, in the same words for every rule that needs one.
func milestoneItem(in triage.Input) triage.Item {
	do := triage.HowTo(triage.SetMilestone{Title: "title"})
	if in.Has(triage.FollowUp) && !in.Has(triage.Deliverable) {
		do += ", or add the issue to the planning issue"
	}
	return triage.Item{Slot: "milestone", Title: "A milestone", Do: do}
}

// joinWords joins words the way a sentence does: "a, b and c".
func joinWords(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
