package rules

import "flowkeeper/rules/triage"

const marksAndLinks = "Marks the issue as blocked and links the issue that blocks it."

// commandBlockedBy says by what an issue of "Workflow labels" is blocked.
var commandBlockedBy = triage.Command{
	Name: "blocked by", Args: "#n", Summary: marksAndLinks, Example: "blocked by #12",
	Section: "Workflow labels", Who: triage.Member,
	Words: func(t *triage.Team) string {
		if !t.Workflow.Has(triage.Blocked) {
			return "Links the issue that blocks this one."
		}
		return marksAndLinks
	},
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		by, out, ok := parseOtherIssue(in, call, "by", "blocked by", "an issue cannot block itself")
		if !ok {
			return out
		}
		out = triage.Did("the issue is blocked, another issue is linked as what blocks it")
		if blocked := in.Team.Workflow.Named(triage.Blocked); !in.Is(triage.Blocked) && blocked != "" {
			if !in.Team.Workflow.MayMove(in.State(), blocked) {
				return refuseMove(in, blocked)
			}
			out = triage.Did("marks the issue as blocked", stateAction(in, triage.Blocked))
		}
		out.Links = []triage.WantedLink{{Kind: triage.BlockedBy, To: by}}
		return out
	},
}
