package rules

import "flowkeeper/rules/triage"

// commandTriageWorkaround follows "Triage Process": a bug with a workaround is severity 3 and priority 3.
var commandTriageWorkaround = triage.Command{
	Name: "triage workaround", Summary: "There is a workaround: severity 3 and priority 3.", Example: "triage workaround",
	Section: "Triage Process", Who: triage.Member, Uses: triage.UsesLevels,
	Words: func(t *triage.Team) string {
		return "There is a workaround: " + levelPair(t, (*triage.Levels).Minor) + "."
	},
	Run: func(in triage.Input, _ triage.Call) triage.Outcome {
		return setLevels(in, (*triage.Levels).Minor)
	},
}
