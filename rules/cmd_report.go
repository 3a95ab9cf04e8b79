package rules

import (
	"strings"

	"flowkeeper/rules/planning"
	"flowkeeper/rules/triage"
)

// commandReport has the documents of a report made again from what GitLab shows now.
var commandReport = triage.Command{
	Name: "report", Summary: "On a report's issue: composes the report afresh.", Example: "report",
	Who: triage.Member,
	Run: func(_ triage.Input, call triage.Call) triage.Outcome {
		report, out, ok := reportOf(call)
		switch {
		case !ok:
			return out
		case report.Kind == "":
			return refuseOutside(report, "those that have one are "+reportNames())
		}
		return onReport("composes the report afresh", triage.ReportEdit{})
	},
}

// reportNames are the reports that have an issue of their own.
func reportNames() string {
	var names []string
	for _, k := range planning.Kinds() {
		if k.Place() == planning.OwnIssue {
			names = append(names, strings.ReplaceAll(string(k), "-", " "))
		}
	}
	return joinWords(names)
}
