package rules

import "flowkeeper/rules/triage"

// commandDuplicate follows "Triage Process": a duplicate gets its label and is closed. Its original is linked.
var commandDuplicate = triage.Command{
	Name: "duplicate", Args: "#n", Summary: "Closes the issue as a duplicate of another and links the two.", Example: "duplicate #12",
	Section: "Triage Process", Who: triage.Member,
	Run: func(in triage.Input, call triage.Call) triage.Outcome {
		original, out, ok := parseOtherIssue(in, call, "of", "duplicate", "an issue cannot be its own duplicate")
		if !ok {
			return out
		}
		out = triage.Did("closes the issue as a duplicate")
		if !in.Has(triage.Duplicate) {
			out.Actions = append(out.Actions, triage.AddLabel{Label: in.Team.Label(triage.Duplicate)})
		}
		out.Actions = append(out.Actions, triage.Close{})
		out.Links = []triage.WantedLink{{Kind: triage.RelatesTo, To: original}}
		return out
	},
}
