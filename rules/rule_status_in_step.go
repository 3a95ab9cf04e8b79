package rules

import "flowkeeper/rules/triage"

// statusInStep keeps the label and the status of an issue's workflow state in step, for a team that keeps its states in both: whichever somebody
// touched last counts.
var statusInStep = triage.Rule{
	Meta: triage.Meta{
		ID:      "status-in-step",
		Summary: "Keeps the status and the workflow label of an issue in step, where a team uses both; the one that was touched last counts.",
		Section: "Workflow labels",
		On:      triage.Opened | triage.LabelsChanged | triage.Closed | triage.Reopened,
		Mode:    triage.Act,
		MaxMode: triage.Act,
		Closed:  true,
		Follows: true,
	},
	Decide: func(in triage.Input, _ triage.Options) triage.Verdict {
		label, status := in.StateLabels()
		foreign := !in.Team.KnowsStatus(status)
		switch {
		case in.Team.Store != triage.StoreBoth:
			return triage.Nothing("the team keeps its workflow states in one place")
		case status == "":
			return triage.Nothing("GitLab shows no status of the issue")
		case foreign && !in.LabelMoved():
			return triage.Nothing("the issue's status stands for none of the team's workflow states")
		case foreign && !in.Knows(triage.NeedDefaultStatus):
			return triage.Load("whether GitLab gave the issue its status by itself has to be looked up", triage.NeedDefaultStatus)
		case foreign && !in.Issue.DefaultStatus:
			return triage.Nothing("somebody gave the issue a status that stands for none of the team's workflow states")
		case in.State() == "":
			return triage.Nothing("the issue has no workflow state")
		case in.Team.StateStatus(in.State()) == "":
			return triage.Nothing("the issue's workflow state has no status of its own")
		}
		if want := in.Team.State(in.State()); in.StateLabel() != label && want != label {
			if u, undone := in.Memory.Undone[triage.AddLabel{Label: want}.Key()]; undone && label == "" && u.By != triage.ByGitLab {
				return triage.Nothing("somebody took the workflow label off, and the status is still the same")
			}
			return triage.Want("the status of the issue was changed last, to "+triage.Quoted(status), triage.AddLabel{Label: want})
		}
		if want := in.Team.StateStatus(in.State()); want != status {
			return triage.Want("the workflow label of the issue was changed last", triage.AddLabel{Label: want})
		}
		return triage.Nothing("the status and the workflow label of the issue are in step")
	},
}
